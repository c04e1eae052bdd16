"""Chromium for tests of the dashboard: one browser, pages logged in as a role; an error in the console is a failure."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

QUIET = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
DESK = (1920, 1080)
ROLES = ("viewer", "operator", "engineer", "admin")
# a browser beside a whole line on a busy machine is slow; what never comes costs as much
PATIENCE_MS = 60_000
expect.set_options(timeout=PATIENCE_MS)


@contextmanager
def chromium(*more: str) -> Iterator[Browser]:
    """Debian's Chromium, headless; `more` are its command line's."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=[*QUIET, *more])
        yield browser
        browser.close()


def context_of(
    browser: Browser, address: str, role: str | None = None, size: tuple[int, int] = DESK, theme: str = "light"
) -> BrowserContext:
    """A browser's memory of its own: nobody in it, or a demo user whose name, role and password are the same word."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, base_url=address)
    context.set_default_timeout(PATIENCE_MS)
    context.add_init_script(f"localStorage.setItem('jidoka.theme', '{theme}')")
    if role is not None:
        answer = context.request.post("/api/v1/auth/login", data={"username": role, "password": role})
        assert answer.ok, f"{role} may not log in: {answer.status}"
        context.add_init_script("localStorage.setItem('jidoka.session', '')")
    return context


@contextmanager
def page_of(context: BrowserContext, place: str = "") -> Iterator[Page]:
    """A page at `place` (what follows `#/`) that has its first snapshot.

    Fails at its end for an error that the page threw and for a breach of the content security policy.
    """
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if "Content Security Policy" in said.text else None)
    open_at(page, place)
    yield page
    page.close()
    assert errors == []


def open_at(page: Page, place: str) -> None:
    """Goes there and waits until the page hears from the line."""
    page.goto(f"/#/{place}")
    expect(page.locator("[data-link=open]")).to_be_visible()
