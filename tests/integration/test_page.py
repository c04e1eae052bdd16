"""The dashboard in headless Chromium shows the line as it runs."""

import os
import signal
from collections.abc import Iterator

import pytest
from line_stack import Stack
from page_browser import chromium, context_of, page_of
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.timeout(300)
SOON = 60_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for this file."""
    with chromium() as running:
        yield running


@pytest.fixture
def page(line: Stack, browser: Browser) -> Iterator[Page]:
    """The line page of the running stack."""
    line.simulator("rate", {"takt_ms": 700})
    with page_of(context_of(browser, line.api)) as page:
        yield page


def test_a_verdict_arrives_on_the_page_and_the_counts_go_on(page: Page) -> None:
    newest = page.locator(".serial a")
    expect(newest).to_be_visible(timeout=SOON)
    for _ in range(2):
        serial, before = newest.inner_text(), _decided(page)
        expect(newest).not_to_have_text(serial, timeout=SOON)
        page.wait_for_function(f"() => ({TALLY}) > {before}", timeout=SOON)


def test_the_page_shows_boxes_on_the_last_failed_part(line: Stack, page: Page) -> None:
    assert line.get("/api/v1/parts", result="fail", limit=1)["items"], "no part has failed yet"
    failed = page.locator("figure", has_text="Inspected frame").last
    expect(failed.get_by_role("img").first).to_be_visible(timeout=SOON)
    expect(failed.locator("svg rect").first).to_be_attached()


def test_the_page_says_which_links_are_up(line: Stack, page: Page) -> None:
    for name in ("plc1", "AOI1.top", "historian-1", "inference-1", "plc-gateway-1", "vision-gateway-1"):
        expect(page.get_by_text(name).first).to_be_visible(timeout=SOON)
    assert line.get("/api/v1/devices")


def test_a_server_that_falls_silent_makes_values_stale_and_is_found_again(line: Stack, page: Page) -> None:
    old = page.locator("li.stale", has_text="Line.Running")
    expect(page.get_by_text("Line.Running")).to_be_visible(timeout=SOON)
    expect(old).to_have_count(0)
    server = line.pid("api")
    os.kill(server, signal.SIGSTOP)
    try:
        expect(old).to_be_visible(timeout=SOON)
        expect(page.get_by_text("Connection lost. Values below are not current.")).to_be_visible(timeout=SOON)
        expect(page.locator("[data-link=open]")).to_have_count(0)
    finally:
        os.kill(server, signal.SIGCONT)
    _hears_again(line, page)
    expect(old).to_have_count(0)


def test_the_page_comes_back_by_itself_when_the_server_is_started_anew(line: Stack, page: Page) -> None:
    line.kill("api")
    expect(page.locator("[data-link=open]")).to_have_count(0, timeout=SOON)
    _hears_again(line, page)


def _hears_again(line: Stack, page: Page) -> None:
    expect(page.locator("[data-link=open]")).to_be_visible(timeout=SOON)
    expect(page.get_by_text("Connection lost. Values below are not current.")).to_have_count(0)
    before = _decided(page)
    page.wait_for_function(f"() => ({TALLY}) > {before}", timeout=SOON)


def test_the_page_asks_only_its_own_server_and_runs_no_inline_script(line: Stack, browser: Browser) -> None:
    context, asked = context_of(browser, line.api), set()
    context.on("request", lambda request: asked.add(request.url))
    with page_of(context) as page:
        for name in ("Defects", "Parts", "Trends", "Quality", "Alarms", "System", "Line"):
            page.get_by_role("navigation", name="Pages").get_by_role("link", name=name).click()
            expect(page.get_by_role("heading", level=1, name=name)).to_be_attached(timeout=SOON)
        policy = str(page.request.get("/").headers["content-security-policy"])
    assert "'unsafe-inline'" not in policy
    assert "'unsafe-eval'" not in policy
    assert "script-src 'self';" in policy
    strangers = {url for url in asked if not url.startswith((line.api, f"blob:{line.api}"))}
    assert strangers == set()


TALLY = """[...document.querySelectorAll("article dl dd")].slice(0, 3)
  .reduce((sum, one) => sum + Number(one.textContent.replace(/\\D/g, "")), 0)"""


def _decided(page: Page) -> int:
    """Passed, failed and held parts by the page's tally."""
    return int(page.evaluate(f"() => {TALLY}"))
