"""The dashboard in headless Chromium shows the line as it runs."""

from collections.abc import Iterator

import pytest
from line_stack import Stack
from playwright.sync_api import Page, expect, sync_playwright

QUIET = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]


@pytest.fixture
def page(line: Stack) -> Iterator[Page]:
    """The line page of the running stack; an error in the browser's console fails the test."""
    line.simulator("rate", {"takt_ms": 700})
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=QUIET)
        page = browser.new_page(viewport={"width": 1920, "height": 1080})
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(line.api)
        yield page
        browser.close()
    assert errors == []


def test_the_page_shows_the_newest_verdict_and_counts_on(line: Stack, page: Page) -> None:
    expect(page.get_by_text("AOI1", exact=True).first).to_be_visible(timeout=20_000)
    newest = line.get("/api/v1/parts", limit=1)["items"][0]["serial"]
    number = int(newest.rsplit("-", 1)[1])
    for later in (number + 3, number + 5):
        expect(page.get_by_text(f"{newest.rsplit('-', 1)[0]}-{later:08d}").first).to_be_visible(timeout=20_000)


def test_the_page_shows_boxes_on_the_last_failed_part(line: Stack, page: Page) -> None:
    failed = line.get("/api/v1/parts", result="fail", limit=1)["items"]
    assert failed, "no part has failed yet"
    expect(page.get_by_text("Inspected frame").first).to_be_visible(timeout=30_000)


def test_the_page_says_which_links_are_up(line: Stack, page: Page) -> None:
    for name in ("plc1", "AOI1.top", "historian-1", "inference-1", "plc-gateway-1", "vision-gateway-1"):
        expect(page.get_by_text(name).first).to_be_visible(timeout=20_000)
    assert line.get("/api/v1/devices")
