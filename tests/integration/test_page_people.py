"""Who may do what on the dashboard: hidden where it is forbidden, and refused by the server all the same."""

from collections.abc import Iterator

import httpx
import pytest
from line_stack import Stack
from page_browser import chromium, context_of, page_of
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.timeout(300)
NAMES = {"viewer": "Viewer", "operator": "Operator", "engineer": "Engineer", "admin": "Admin"}
JUDGES = ("operator", "engineer", "admin")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for this file."""
    with chromium() as running:
        yield running


@pytest.mark.parametrize("role", NAMES)
def test_each_role_logs_in_and_sees_what_it_may_do(line: Stack, browser: Browser, role: str) -> None:
    with page_of(context_of(browser, line.api), "defects") as page:
        expect(page.get_by_text("Log in as an operator to judge defects.")).to_be_visible()
        _log_in(page, role, role)
        expect(page.get_by_role("banner").get_by_text(f"{role} {NAMES[role]}")).to_be_visible()
        expect(page.get_by_role("button", name="False call")).to_have_count(1 if role in JUDGES else 0)
        page.get_by_role("link", name="System").click()
        expect(page.get_by_role("heading", name="Services")).to_be_visible()
        expect(page.get_by_role("heading", name="Users")).to_have_count(1 if role == "admin" else 0)
        page.get_by_role("button", name="Log out").click()
        expect(page.get_by_role("button", name="Log in")).to_be_visible()


def test_a_wrong_password_is_told_and_nobody_is_logged_in(line: Stack, browser: Browser) -> None:
    with page_of(context_of(browser, line.api)) as page:
        _log_in(page, "operator", "not the password")
        expect(page.get_by_role("alert")).to_contain_text("User name or password is wrong.")
        page.get_by_role("button", name="Cancel").click()
        expect(page.get_by_role("button", name="Log out")).to_have_count(0)


def test_what_a_viewer_is_not_shown_the_server_refuses(line: Stack, browser: Browser) -> None:
    defect = line.get("/api/v1/defects", limit=1)["items"][0]
    finding = {"part_id": defect["part_id"], "defect_id": defect["id"], "disposition": "false_call"}
    with page_of(context_of(browser, line.api, "viewer"), f"parts/{defect['part_id']}") as page:
        expect(page.get_by_role("heading", name="What people found")).to_be_visible()
        expect(page.get_by_role("button", name="Scrap")).to_have_count(0)
    with httpx.Client(base_url=f"{line.api}/api/v1") as client:
        token = client.post("/auth/login", json={"username": "viewer", "password": "viewer"}).json()["access_token"]
        named = {"Authorization": f"Bearer {token}", "Idempotency-Key": "forbidden"}
        assert client.post("/dispositions", json=finding, headers=named).status_code == 403
        assert client.get("/users", headers=named).status_code == 403
    assert line.get("/api/v1/dispositions", actor="viewer")["items"] == []


def test_an_admin_adds_a_user_who_may_log_in_until_disabled(line: Stack, browser: Browser) -> None:
    with page_of(context_of(browser, line.api, "admin"), "system") as page:
        page.get_by_role("button", name="Add a user").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("User name").fill("night.shift")
        dialog.get_by_label("Role").select_option("operator")
        dialog.get_by_label("Password").fill("first password")
        dialog.get_by_role("button", name="Save").click()
        row = page.get_by_role("row", name="night.shift").filter(has=page.get_by_role("button"))
        expect(row).to_contain_text("Operator")
        assert _enter(line, "first password") == 200
        row.get_by_role("button", name="New password").click()
        dialog.get_by_label("Password").fill("second password")
        dialog.get_by_role("button", name="Save").click()
        expect(dialog).to_have_count(0)
        assert (_enter(line, "first password"), _enter(line, "second password")) == (401, 200)
        row.get_by_role("button", name="Disable").click()
        expect(row).to_contain_text("disabled")
        expect(page.get_by_role("row", name="user.change night.shift").first).to_be_visible()
    assert _enter(line, "second password") == 401


def _enter(line: Stack, password: str) -> int:
    body = {"username": "night.shift", "password": password}
    return httpx.post(f"{line.api}/api/v1/auth/login", json=body).status_code


def _log_in(page: Page, name: str, password: str) -> None:
    page.get_by_role("button", name="Log in").click()
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("dialog").get_by_role("button", name="Log in").click()
