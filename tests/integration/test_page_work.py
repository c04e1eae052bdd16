"""What an operator does on the dashboard: judge, acknowledge, find, zoom."""

import re
import time
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from alarm_source import AlarmSource
from bus_tap import tap
from line_stack import Stack
from page_browser import chromium, context_of, open_at, page_of
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

pytestmark = pytest.mark.timeout(300)
SOON = 60_000
# a defect of minutes ago is in sums that the historian makes anew in the background
SUMMED = 90_000


@pytest.fixture(scope="module")
def operator(line: Stack) -> Iterator[BrowserContext]:
    """A browser in which the operator is logged in, beside a line that has parts and makes no more."""
    line.simulator("rate", {"takt_ms": 400})
    with chromium() as browser:
        yield _operator(line, browser)


def _operator(line: Stack, browser: Browser) -> BrowserContext:
    line.drain()
    return context_of(browser, line.api, "operator")


def test_a_false_call_leaves_the_pareto_and_undoing_it_brings_it_back(operator: BrowserContext) -> None:
    with page_of(operator, "defects") as page:
        cards = page.locator(".gallery li button")
        expect(cards.first).to_be_visible(timeout=SOON)
        number = next(at for at, said in enumerate(cards.all_inner_texts()) if "not reviewed" in said)
        card = cards.nth(number)
        card.click()
        kind = str(card.locator("svg").get_attribute("aria-label"))
        found = page.get_by_role("row", name=kind).get_by_role("cell").nth(2)
        expect(found).to_have_text(re.compile(r"\d"))
        before = int(found.inner_text())
        page.get_by_placeholder("Comment").fill("dust on the lens")
        page.get_by_placeholder("Comment").press("Enter")
        page.keyboard.press("f")
        expect(card).to_contain_text("False call", timeout=SOON)
        _count_is(page, kind, before - 1)
        page.keyboard.press("u")
        expect(card).to_contain_text("not reviewed", timeout=SOON)
        _count_is(page, kind, before)


def _count_is(page: Page, kind: str, wanted: int) -> None:
    """A class that is found no more has no row."""
    row = page.get_by_role("row", name=kind)
    if wanted == 0:
        expect(row).to_have_count(0, timeout=SUMMED)
    else:
        expect(row.get_by_role("cell").nth(2)).to_have_text(str(wanted), timeout=SUMMED)


def test_an_alarm_rings_is_silenced_acknowledged_and_found_in_the_history(
    line: Stack, operator: BrowserContext
) -> None:
    message = "Coolant is below its mark"
    with tap(line.ports["MQTT_PORT"]) as bus, page_of(operator, "alarms") as page:
        source = AlarmSource(bus)
        alarm = source.say("coolant-low", message, "critical")
        row = page.get_by_role("row").filter(has_text=message)
        expect(row).to_contain_text("Not acknowledged", timeout=SOON)
        expect(row).to_contain_text("Critical")
        page.get_by_label("Severity").select_option("low")
        expect(row).to_have_count(0)
        page.get_by_label("Severity").select_option("critical")
        page.get_by_role("button", name=re.compile("Silence|Click for sound")).click()
        row.get_by_role("button", name="Acknowledge").click()
        page.get_by_role("dialog").get_by_label("Comment").fill("closed it")
        page.get_by_role("dialog").get_by_role("button", name="Acknowledge").click()
        expect(row).to_contain_text("operator", timeout=SOON)
        expect(row).to_contain_text("closed it")
        expect(row.get_by_role("button", name="Acknowledge")).to_have_count(0)
        source.say("coolant-low", message, "critical", alarm_id=alarm, active=False)
        expect(row).to_have_count(0, timeout=SOON)
        page.get_by_role("link", name="History").click()
        expect(row).to_contain_text("Closed", timeout=SOON)


def test_a_part_is_found_by_its_serial_and_its_passport_is_whole(line: Stack, operator: BrowserContext) -> None:
    part = line.get("/api/v1/parts", result="fail", limit=1)["items"][0]
    with page_of(operator, "parts") as page:
        page.get_by_label("Serial").fill(part["serial"])
        page.get_by_role("button", name="Search").click()
        expect(page.locator("tbody tr")).to_have_count(1, timeout=SOON)
        page.get_by_role("link", name=part["serial"]).click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(part["serial"], timeout=SOON)
        expect(page.get_by_role("img", name="Inspected frame")).to_be_visible(timeout=SOON)
        for said in ("reject", "pcb-defects", part["batch"], "Process.Temperature"):
            expect(page.get_by_text(said).first).to_be_visible()


def test_dragging_over_a_trend_asks_for_the_time_that_was_dragged_over(operator: BrowserContext) -> None:
    with page_of(operator, "trends?tags=Process.Temperature&span=tenMinutes") as page:
        chart = page.locator(".u-over")
        expect(chart).to_be_visible(timeout=SOON)
        box = chart.bounding_box()
        assert box is not None
        middle = box["y"] + box["height"] / 2
        with page.expect_request(lambda asked: "/history" in asked.url) as closer:
            page.mouse.move(box["x"] + box["width"] * 0.6, middle)
            page.mouse.down()
            page.mouse.move(box["x"] + box["width"] * 0.9, middle, steps=5)
            page.mouse.up()
        asked = parse_qs(urlsplit(closer.value.url).query)
        begin, end = (datetime.fromisoformat(asked[name][0]).timestamp() for name in ("from", "to"))
        assert end - begin == pytest.approx(180, abs=2), "three tenths of ten minutes"
        assert 55 < time.time() - end < 120, "up to a tenth of ten minutes ago"
        follow = page.get_by_role("button", name="Follow the line")
        expect(follow).to_be_visible()
        shown = parse_qs(urlsplit(page.url).fragment.split("?")[1])
        assert [float(shown[name][0]) / 1000 for name in ("from", "to")] == pytest.approx([begin, end])
        follow.click()
        expect(follow).to_have_count(0)


def test_a_chart_stays_where_it_is_when_its_samples_come(operator: BrowserContext) -> None:
    held: list[Route] = []

    def hold(asked: Route) -> None:
        held.append(asked)

    page = operator.new_page()
    page.route("**/history?*", hold)
    with page.expect_request("**/history?*"):
        open_at(page, "trends?tags=Process.Temperature&span=tenMinutes")
    chart, drawn = page.locator(".u-over"), page.locator("figcaption", has_text=re.compile(r"\d\s+\("))
    expect(chart).to_be_visible(timeout=SOON)
    before = chart.bounding_box()
    assert before is not None
    for asked in held:
        asked.continue_()
    page.mouse.move(before["x"] + before["width"] - 2, before["y"] + 20)
    expect(drawn).to_be_visible(timeout=SOON)
    assert chart.bounding_box() == before
    page.close()
