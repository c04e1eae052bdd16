"""The line page in headless Chromium: first load, time to the wall view, main thread and memory under load.

Real messages of eight stations go over the broker through the API to the page. The main thread's share is processor
time of Chromium's renderer thread from /proc; beside it stands the time that DevTools' Performance domain counts as
tasks, which includes waiting for a busy machine. Memory is the JavaScript heap after a forced collection. PAGE_RATE
verdicts a second in all (20), PAGE_MINUTES of load (2).
"""

import gzip
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests/support"))

from line_stack import line_stack
from page_browser import chromium, context_of, open_at
from playwright.sync_api import Browser, CDPSession, Page

from jidoka.runtime.testing import Postgres
from page_feed import LINE, STATIONS, feeding
from plant import Plant, plant

ROOT = Path(__file__).resolve().parents[1]
RATE = float(os.environ.get("PAGE_RATE", "20"))
MINUTES = float(os.environ.get("PAGE_MINUTES", "2"))
LOADS, WARM_UP_S, EVERY_S, TOLD_EVERY_S = 10, 30.0, 10.0, 300
SEEN = """
  window.seen = null;
  const look = () => {
    if (document.querySelector(".verdict svg")) window.seen = performance.now();
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
"""


@dataclass(frozen=True, slots=True)
class Reading:
    """The renderer at one moment: seconds on the clock, of processor, of tasks; bytes; numbers of things."""

    at: float
    processor: float
    tasks: float
    heap: float
    nodes: float
    listeners: float
    resident: float


def main() -> None:
    """Prints first load, opening times, share of the main thread, and how memory goes."""
    with chromium("--enable-precise-memory-info") as browser:
        with line_stack(takt_ms=1500) as line:
            _opening(browser, line.api, "demo")
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            file.write(LINE)
            file.flush()
            names = {"LINE_FILE": file.name, "WEB_DIR": str(ROOT / "services/web/dist")}
            with plant("", **names) as here, _historian(here, file.name), feeding(here.broker.settings, RATE):
                time.sleep(5)
                _opening(browser, here.url, f"{len(STATIONS)} stations, {RATE:g} verdicts/s")
                _load(browser, here)


def _opening(browser: Browser, address: str, what: str) -> None:
    """From the first byte asked for to a verdict on the screen, each time with an empty cache."""
    took, files = [], set()
    for _ in range(LOADS):
        context = context_of(browser, address)
        context.add_init_script(SEEN)
        page = context.new_page()
        page.on("response", lambda answer: files.add(answer.url.split("?")[0]))
        page.goto("/")
        page.wait_for_function("() => window.seen !== null")
        took.append(float(page.evaluate("() => window.seen")))
        context.close()
    took.sort()
    assets = [ROOT / "services/web/dist" / url.split("/", 3)[3] for url in files if "/api/" not in url]
    bodies = [(path if path.is_file() else ROOT / "services/web/dist/index.html").read_bytes() for path in assets]
    print(f"page, {what}: line view with a verdict after {took[len(took) // 2]:.0f} ms (median of {LOADS}), "
          f"{took[-1]:.0f} ms at most (goal 1000)")  # fmt: skip
    print(f"page, {what}: first load {sum(len(gzip.compress(body)) for body in bodies) / 1000:.0f} kB compressed, "
          f"{len(bodies)} files (goal 300)")  # fmt: skip


def _load(browser: Browser, here: Plant) -> None:
    context = context_of(browser, here.url)
    page = context.new_page()
    open_at(page, "line")
    devtools = context.new_cdp_session(page)
    devtools.send("Performance.enable", {"timeDomain": "timeTicks"})
    renderer = _renderer(browser, page)
    time.sleep(WARM_UP_S)
    readings = [_reading(devtools, renderer)]
    begun, before = time.monotonic(), _shown(page)
    while time.monotonic() - begun < MINUTES * 60:
        time.sleep(EVERY_S)
        readings.append(_reading(devtools, renderer))
        if len(readings) % (TOLD_EVERY_S // EVERY_S) == 0:
            print(f"page: after {(time.monotonic() - begun) / 60:.0f} minutes", end=" ")
            _memory(readings)
    told = (_shown(page) - before) / (readings[-1].at - readings[0].at)
    _report(readings, told)
    context.close()


def _report(readings: list[Reading], told: float) -> None:
    first, last = readings[0], readings[-1]
    length = last.at - first.at
    print(
        f"page: {length / 60:.0f} minutes of {told:.1f} verdicts/s on {len(STATIONS)} stations as the page counted them"
    )
    print(f"page: main thread {100 * (last.processor - first.processor) / length:.1f} % of a core by processor time, "
          f"{100 * (last.tasks - first.tasks) / length:.1f} % by DevTools' tasks (goal 50)")  # fmt: skip
    _memory(readings)


def _memory(readings: list[Reading]) -> None:
    first, last = readings[0], readings[-1]
    slope = _slope([(one.at / 3600, one.heap / 1e6) for one in readings])
    print(f"page: heap {first.heap / 1e6:.2f} MB at first, {last.heap / 1e6:.2f} MB at last, slope {slope:+.2f} MB/h; "
          f"nodes {first.nodes:.0f} -> {last.nodes:.0f}, listeners {first.listeners:.0f} -> {last.listeners:.0f}, "
          f"renderer {first.resident / 1e6:.0f} -> {last.resident / 1e6:.0f} MB resident")  # fmt: skip


def _reading(devtools: CDPSession, renderer: int) -> Reading:
    """Collects garbage first; the time that takes counts for the main thread, too."""
    devtools.send("HeapProfiler.collectGarbage")
    found = {one["name"]: one["value"] for one in devtools.send("Performance.getMetrics")["metrics"]}
    fields = Path(f"/proc/{renderer}/task/{renderer}/stat").read_text().rsplit(") ", 1)[1].split()
    processor = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    resident = int(Path(f"/proc/{renderer}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return Reading(
        time.monotonic(), processor, found["TaskDuration"], found["JSHeapUsedSize"], found["Nodes"],
        found["JSEventListeners"], resident,
    )  # fmt: skip


def _renderer(browser: Browser, page: Page) -> int:
    """The process of the page: of all renderers, the one that works when the page is told to."""
    devtools = browser.new_browser_cdp_session()

    def used() -> dict[int, float]:
        all_processes = devtools.send("SystemInfo.getProcessInfo")["processInfo"]
        return {int(one["id"]): float(one["cpuTime"]) for one in all_processes if one["type"] == "renderer"}

    before = used()
    page.evaluate("() => { const end = performance.now() + 1500; while (performance.now() < end); }")
    return max(used().items(), key=lambda one: one[1] - before.get(one[0], 0.0))[0]


def _shown(page: Page) -> float:
    """Verdicts of the day by the page's own tallies."""
    words = page.locator("article dl dd").all_inner_texts()
    return sum(float(word.replace(",", "")) for word in words if word.replace(",", "").isdigit())


def _slope(points: list[tuple[float, float]]) -> float:
    """By least squares."""
    count = len(points)
    x, y = sum(one for one, _ in points) / count, sum(two for _, two in points) / count
    return sum((one - x) * (two - y) for one, two in points) / sum((one - x) ** 2 for one, _ in points)


@contextmanager
def _historian(here: Plant, line_file: str) -> Iterator[None]:
    """Stores the images that the page asks for."""
    database: Postgres = here.database
    with tempfile.TemporaryDirectory() as folder:
        settings = {
            "MODE": "sim", "LINE_FILE": line_file, "DATA_DIR": folder, "MQTT_PORT": str(here.broker.port),
            "MQTT_HOST": "127.0.0.1", "DATABASE_URL": database.url, "HTTP_PORT": "0", "LOG_LEVEL": "warning",
        }  # fmt: skip
        process = subprocess.Popen([sys.executable, "-m", "jidoka.historian"], env={**os.environ, **settings})
        try:
            yield
        finally:
            process.terminate()
            process.wait(30)


if __name__ == "__main__":
    main()
