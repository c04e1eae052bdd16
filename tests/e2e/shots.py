"""`make screenshots`: every page of the dashboard in both themes, at a desk's size and a telephone's, as WebP."""

import argparse
import base64
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from alarm_source import AlarmSource
from bus_tap import tap
from line_stack import Stack, line_stack, wait_for
from page_browser import chromium, context_of, open_at
from playwright.sync_api import BrowserContext, Page

ROOT = Path(__file__).resolve().parents[2]
SIZES = {"desk": (1920, 1080), "phone": (390, 844)}
WALL = (3840, 2160)
THEMES = ("light", "dark")
SETTLE_S = 1.2
Act = Callable[[Page], None]


def main() -> None:
    """Starts a line, or takes the one that `--address` names, and writes the pictures."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--address", help="a running line that has parts, alarms and findings")
    words.add_argument("--into", type=Path, default=ROOT / "docs/pictures/pages")
    words.add_argument("--whole", action="store_true", help="the whole page, however long")
    words.add_argument("--only", default="", help="names of pages, by commas")
    given = words.parse_args()
    only = set(given.only.split(",")) - {""}
    if given.address:
        shoot(given.address, given.into, given.whole, only)
        return
    with line_stack(takt_ms=900) as line:
        furnish(line)
        shoot(line.api, given.into, given.whole, only)


ALARMS = (
    ("door-open", "critical", "Oven door is open"),
    ("temperature-high", "high", "Process.Temperature is 91.2, above 90"),
    ("focus-low", "medium", "Image of AOI1.top is less sharp than it should be"),
    ("paper-low", "low", "Label printer: paper is nearly used up"),
)


def furnish(line: Stack) -> None:
    """Lets the line make parts, defects to review, and alarms."""
    with tap(line.ports["MQTT_PORT"]) as bus:
        source = AlarmSource(bus)
        for code, severity, message in ALARMS:
            source.say(code, message, severity)
        gone = source.say("air-low", "Air pressure is 4.1 bar, below 5", "high")
        source.say("air-low", "Air pressure is 4.1 bar, below 5", "high", alarm_id=gone, active=False)
    with httpx.Client(base_url=f"{line.api}/api/v1", timeout=20) as client:
        word = {"username": "operator", "password": "operator"}
        token = client.post("/auth/login", json=word).raise_for_status().json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        wait_for("30 defects", lambda: len(_defects(client)) >= 30, 180)
        for number, defect in enumerate(_defects(client)[:5]):
            says = "false_call" if number % 2 else "confirmed"
            finding = {"part_id": defect["part_id"], "defect_id": defect["id"], "disposition": says}
            client.post("/dispositions", json=finding, headers={"Idempotency-Key": f"shot-{number}"}).raise_for_status()
        low = client.get("/alarms", params={"severity": "low"}).raise_for_status().json()["items"][0]
        seen = {"comment": "a new roll is on its way"}
        path = f"/alarms/{low['id']}/acknowledge"
        client.post(path, json=seen, headers={"Idempotency-Key": "shot"}).raise_for_status()


def _defects(client: httpx.Client) -> list[dict[str, str]]:
    items: list[dict[str, str]] = client.get("/defects", params={"limit": 30}).raise_for_status().json()["items"]
    return items


def shoot(address: str, into: Path, whole: bool, only: set[str]) -> None:
    """One file a page, theme and size: `line-light-desk.webp`."""
    into.mkdir(parents=True, exist_ok=True)
    places = pages(address)
    with chromium("--force-color-profile=srgb") as browser:
        for theme in THEMES:
            for size_name, size in SIZES.items():
                context = context_of(browser, address, "admin", size, theme)
                for name, (place, act) in places.items():
                    if not only or name in only:
                        shot(context, place, act, into / f"{name}-{theme}-{size_name}.webp", whole)
                context.close()
            context = context_of(browser, address, "admin", WALL, theme)
            if not only or "wall" in only:
                shot(context, "line", nothing, into / f"wall-{theme}-4k.webp", whole, quality=50)
            context.close()


def pages(address: str) -> dict[str, tuple[str, Act]]:
    """Each page's address and what to do there first."""
    failed = httpx.get(f"{address}/api/v1/parts", params={"result": "fail", "limit": 1}, timeout=10).json()["items"]
    tags = "Process.Temperature,Process.Pressure,Line.Speed"
    return {
        "line": ("line", nothing),
        "station": ("station/AOI1", nothing),
        "defects": ("defects", nothing),
        "parts": ("parts", nothing),
        "passport": (f"parts/{failed[0]['id']}", nothing),
        "recall": (f"parts/recall?batch={failed[0]['batch']}", nothing),
        "trends": (f"trends?tags={tags}&span=tenMinutes", nothing),
        "quality": ("quality", nothing),
        "alarms": ("alarms", nothing),
        "alarm-history": ("alarms/history", nothing),
        "system": ("system", nothing),
        "login": ("line", ask_for_login),
    }


def nothing(_page: Page) -> None:
    """The page as it opens."""


def ask_for_login(page: Page) -> None:
    """Leaves the session and asks for the next one."""
    page.get_by_role("button", name="Log out").click()
    page.get_by_role("button", name="Log in").click()


def shot(context: BrowserContext, place: str, act: Act, path: Path, whole: bool, quality: int = 70) -> None:
    """Chromium's own WebP."""
    page = context.new_page()
    open_at(page, place)
    act(page)
    page.wait_for_load_state("networkidle")
    time.sleep(SETTLE_S)
    wishes = {"format": "webp", "quality": quality, "captureBeyondViewport": whole}
    if whole:
        size = page.evaluate("() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
        wishes["clip"] = {"x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1}
    answer = context.new_cdp_session(page).send("Page.captureScreenshot", wishes)
    path.write_bytes(base64.b64decode(answer["data"]))
    page.close()


if __name__ == "__main__":
    main()
