"""No page of the dashboard has a serious barrier: axe, in both themes, at a desk and on a telephone."""

from collections.abc import Iterator
from typing import Any

import pytest
from alarm_source import AlarmSource
from bus_tap import tap
from line_stack import ROOT, Stack
from page_browser import chromium, context_of, open_at, page_of
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.timeout(300)
AXE = ROOT / "services/web/node_modules/axe-core/axe.min.js"
SIZES = {"light": (1920, 1080), "dark": (390, 844)}
RUN = """async () => {
  const found = await axe.run(document, { resultTypes: ["violations"] });
  return found.violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => ({ id, where: nodes.map(({ target }) => target.join(" ")) }));
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for this file."""
    with chromium() as running:
        yield running


@pytest.mark.parametrize("theme", SIZES)
def test_no_page_has_a_serious_problem(line: Stack, browser: Browser, theme: str) -> None:
    failed = line.get("/api/v1/parts", result="fail", limit=1)["items"][0]
    places = {
        "line": "Active alarms",
        "station/AOI1": "Cycle time of the latest parts",
        "defects": "Pareto of defects",
        "parts": "Find parts",
        f"parts/{failed['id']}": "Tags when it arrived",
        "trends?tags=Process.Temperature": "mean, with the band",
        "quality": "First-pass yield",
        "alarms": "Not acknowledged",
        "alarms/history": "Not acknowledged",
        "system": "Audit log",
    }
    context = context_of(browser, line.api, "admin", SIZES[theme], theme)
    with tap(line.ports["MQTT_PORT"]) as bus, page_of(context) as page:
        source = AlarmSource(bus)
        alarm = source.say(f"axe-{theme}", "Something for axe to read", "medium")
        page.evaluate(AXE.read_text(encoding="utf-8"))
        problems = {place: _problems(page, place, sign) for place, sign in places.items()}
        page.get_by_role("button", name="Add a user").click()
        problems["dialog"] = page.evaluate(RUN)
        source.say(f"axe-{theme}", "Something for axe to read", "medium", alarm_id=alarm, active=False)
    assert {place: found for place, found in problems.items() if found} == {}


def _problems(page: Page, place: str, sign: str) -> list[dict[str, Any]]:
    open_at(page, place)
    expect(page.get_by_text(sign).filter(visible=True).first).to_be_visible()
    found: list[dict[str, Any]] = page.evaluate(RUN)
    return found
