"""Who may do what: log-in, tokens, refresh, roles, lines, users, audit."""

import json
import re
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import jwt
import psycopg
import pytest

from jidoka.api.commands import verify_audit
from jidoka.runtime.testing import until

READS = (
    "/line", "/stations", "/devices", "/services", "/queues", "/kpis", "/parts", "/missed-parts", "/inspections",
    "/defects", "/models", "/tags", "/alarms", "/dispositions", "/me", f"/parts/{uuid4()}", f"/images/{uuid4()}",
    f"/alarms/{uuid4()}",  f"/alarms/{uuid4()}/events",
    "/tags/Process.Temperature/history", "/live/AOI1/top", "/live/AOI1/top/stream.mjpeg",
    "/exports/parts.csv", "/exports/defects.csv", "/exports/alarms.csv", "/openapi.json", "/stations/AOI1",
    "/serials?prefix=S", "/serials/S-1", "/recall", "/kpis/series", "/exports/inspections.csv",
    "/exports/dispositions.csv", "/exports/recall.csv", "/exports/kpis.csv", "/exports/tags/Process.Temperature.csv",
)  # fmt: skip
OPERATOR_ACTS: tuple[tuple[str, str, Any], ...] = (
    ("POST", f"/alarms/{uuid4()}/acknowledge", {}),
    ("POST", f"/alarms/{uuid4()}/shelve", {"minutes": 5}),
    ("POST", f"/alarms/{uuid4()}/unshelve", {}),
    ("POST", f"/parts/{uuid4()}/keep", {}),
    ("POST", "/dispositions", {"part_id": str(uuid4()), "disposition": "scrap"}),
    ("POST", f"/dispositions/{uuid4()}/undo", {}),
)
ADMIN_ACTS: tuple[tuple[str, str, Any], ...] = (
    ("GET", "/users", None),
    ("POST", "/users", {"username": "someone", "password": "long enough 1", "role": "viewer"}),
    ("PATCH", f"/users/{uuid4()}", {"disabled": True}),
    ("GET", "/audit", None),
)
# open to all: to log in, and to see whether it is well
OPEN = {"/api/v1/auth/login", "/api/v1/auth/refresh", "/api/v1/auth/logout"}
SECRET = sha256(b"only for these tests").hexdigest()


@pytest.fixture(scope="module")
def live(plant: Any, api: Any) -> Any:
    """The same plant in MODE=live."""
    with plant.api(MODE="live", DEMO_USERS="") as running:
        yield running


@pytest.fixture(scope="module")
def limited(plant: Any, api: Any) -> Any:
    """An API that answers a few requests only."""
    with plant.api(LOGIN_RATE_LIMIT="3/minute", API_RATE_LIMIT="5") as running:
        yield running


@pytest.fixture(scope="module")
def replica(plant: Any, api: Any) -> Any:
    """Another API on the same plant, whose secret is the next one already."""
    with plant.api(JWT_SECRET=sha256(b"the next one").hexdigest(), JWT_SECRET_PREVIOUS=SECRET) as running:
        yield running


@pytest.fixture(scope="module")
def other_line(plant: Any, api: Any) -> str:
    """The token of an operator of another line, who may not log in here: taken while the line was theirs."""
    admin = api.token("admin")
    new = {"username": "elsewhere", "password": "long enough 1", "role": "admin", "lines": ["demo/line1"]}
    user = api.post("/users", new, admin).json()
    token = str(api.log_in("elsewhere", "long enough 1")["access_token"])
    change = {"lines": ["demo/line2"]}
    assert api.http.patch(f"/api/v1/users/{user['id']}", json=change, headers=_auth(admin)).status_code == 200
    return token


def _auth(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Idempotency-Key": str(uuid4())}


def _ask(api: Any, method: str, path: str, body: Any, token: str | None) -> httpx.Response:
    headers = _auth(token) if token else {"Idempotency-Key": "1"}
    answer: httpx.Response = api.http.request(method, f"/api/v1{path}", json=body, headers=headers)
    return answer


def test_no_endpoint_is_left_out_here() -> None:
    document = json.loads((Path(__file__).parents[1] / "openapi.json").read_text())
    asked = (
        [("GET", path) for path in READS] + [act[:2] for act in OPERATOR_ACTS + ADMIN_ACTS] + [("POST", "/ws-ticket")]
    )
    for path, operations in document["paths"].items():
        pattern = re.compile(re.sub(r"\{\w+\}", "[^/]+", path.removeprefix("/api/v1")) + r"(\?.*)?")
        for method in operations if path.startswith("/api/v1/") and path not in OPEN else ():
            assert any(verb == method.upper() and pattern.fullmatch(one) for verb, one in asked), f"{method} {path}"


@pytest.mark.parametrize(("method", "path", "body"), (*OPERATOR_ACTS, *ADMIN_ACTS, ("POST", "/ws-ticket", None)))
def test_a_live_line_changes_nothing_without_a_token(live: Any, method: str, path: str, body: Any) -> None:
    assert _ask(live, method, path, body, None).status_code == 401


def test_another_lines_people_get_no_ticket(api: Any, other_line: str) -> None:
    assert api.post("/ws-ticket", token=other_line).status_code == 403


@pytest.mark.parametrize("path", READS)
def test_a_live_line_shows_nothing_without_a_token(live: Any, path: str) -> None:
    answer = live.get(path)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", READS)
def test_another_lines_people_see_nothing(api: Any, other_line: str, path: str) -> None:
    assert api.get(path, other_line).status_code == 403


@pytest.mark.parametrize(("method", "path", "body"), OPERATOR_ACTS + ADMIN_ACTS)
def test_another_lines_people_change_nothing(api: Any, other_line: str, method: str, path: str, body: Any) -> None:
    assert _ask(api, method, path, body, other_line).status_code == 403


@pytest.mark.parametrize(("method", "path", "body"), OPERATOR_ACTS)
def test_viewers_do_not_act(api: Any, method: str, path: str, body: Any) -> None:
    assert _ask(api, method, path, body, api.token("viewer")).status_code == 403
    assert _ask(api, method, path, body, None).status_code == 403
    assert _ask(api, method, path, body, api.token("operator")).status_code == 404


@pytest.mark.parametrize(("method", "path", "body"), ADMIN_ACTS)
def test_only_admins_administer(api: Any, method: str, path: str, body: Any) -> None:
    assert _ask(api, method, path, body, api.token("engineer")).status_code == 403
    assert _ask(api, method, path, body, api.token("admin")).status_code in (200, 201, 404, 409)


def test_a_fresh_database_is_waited_for_and_gets_the_mounted_admin(plant: Any, api: Any) -> None:
    secret = plant.folder / "admin-password"
    secret.write_text("correct horse battery")
    plant.create_database("fresh")
    url, owner = (f"{one.rsplit('/', 1)[0]}/fresh" for one in (plant.url, plant.database.url))
    with plant.api(wait=False, MODE="live", DEMO_USERS="", ADMIN_PASSWORD_FILE=str(secret), DATABASE_URL=url) as fresh:
        until(lambda: "not ready" in fresh.database_error(), 20, "the complaint about the schema")
        plant.migrate(owner)
        until(fresh.ready, 20, "readiness")
        token = fresh.log_in("admin", "correct horse battery")["access_token"]
        assert [user["username"] for user in fresh.get("/users", token).json()] == ["admin"]


@pytest.mark.parametrize(("username", "password"), [("operator", "wrong"), ("nobody", "operator"), ("operator", "")])
def test_a_wrong_log_in_says_no_more_than_that(api: Any, username: str, password: str) -> None:
    answer = api.post("/auth/login", {"username": username, "password": password})
    assert (answer.status_code, answer.json()["detail"]) == (401, "user name or password is wrong")


def test_log_ins_are_throttled(limited: Any) -> None:
    answers = [limited.post("/auth/login", {"username": "operator", "password": "x"}) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429, 429]
    assert int(answers[-1].headers["retry-after"]) >= 1


def test_requests_are_limited(limited: Any) -> None:
    codes = [limited.get("/line").status_code for _ in range(8)]
    assert codes == [200] * 5 + [429] * 3


def test_refreshing_rotates_the_token(api: Any) -> None:
    first = api.log_in("operator")
    second = api.post("/auth/refresh", {"refresh_token": first["refresh_token"]}).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert api.get("/me", second["access_token"]).json()["username"] == "operator"


def test_the_cookie_refreshes_without_a_body(plant: Any, api: Any) -> None:
    with httpx.Client(base_url=api.url) as browser:
        login = browser.post("/api/v1/auth/login", json={"username": "operator", "password": "operator"})
        cookie = login.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert browser.post("/api/v1/auth/refresh").status_code == 200


def test_a_refresh_token_used_twice_ends_the_session(api: Any) -> None:
    first = api.log_in("operator")
    second = api.post("/auth/refresh", {"refresh_token": first["refresh_token"]}).json()
    assert api.post("/auth/refresh", {"refresh_token": first["refresh_token"]}).status_code == 401
    assert api.post("/auth/refresh", {"refresh_token": second["refresh_token"]}).status_code == 401
    assert api.get("/me", second["access_token"]).status_code == 401


def test_logging_out_counts_at_once(api: Any) -> None:
    tokens = api.log_in("operator")
    assert api.get("/me", tokens["access_token"]).status_code == 200
    assert api.post("/auth/logout", {"refresh_token": tokens["refresh_token"]}).status_code == 204
    assert api.get("/me", tokens["access_token"]).status_code == 401


def test_logging_out_counts_on_every_replica(api: Any, replica: Any) -> None:
    tokens = api.log_in("operator")
    assert replica.get("/me", tokens["access_token"]).status_code == 200
    api.post("/auth/logout", {"refresh_token": tokens["refresh_token"]})
    until(lambda: replica.get("/me", tokens["access_token"]).status_code == 401, 10, "the other replica's refusal")
    assert replica.post("/auth/refresh", {"refresh_token": tokens["refresh_token"]}).status_code == 401


def _claims(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def _key(secret: str) -> bytes:
    return sha256(b"jidoka access token\n" + secret.encode()).digest()


def _signed(claims: dict[str, Any], key: bytes, kid: str | None = None, algorithm: str = "HS256") -> str:
    return jwt.encode(claims, key, algorithm, {"kid": kid or sha256(_key(SECRET)).hexdigest()[:8]})


def test_our_own_signature_is_accepted(api: Any) -> None:
    token = _signed(_claims(api.token("operator")), _key(SECRET))
    assert api.get("/me", token).status_code == 200


@pytest.mark.parametrize("missing", ["exp", "iat", "iss", "aud", "sub", "jti", "sid"])
def test_a_token_without_a_claim_is_refused(api: Any, missing: str) -> None:
    claims = _claims(api.token("operator"))
    del claims[missing]
    assert api.get("/me", _signed(claims, _key(SECRET))).status_code == 401


@pytest.mark.parametrize(
    "change",
    [
        {"exp": datetime.now(UTC) - timedelta(minutes=1)},
        {"aud": "jidoka-ws"},
        {"iss": "somebody"},
        {"sub": str(uuid4())},
        {"sid": str(uuid4())},
        {"sid": "none"},
        {"exp": 1e300},
    ],
)
def test_a_token_with_another_claim_is_refused(api: Any, change: dict[str, Any]) -> None:
    assert api.get("/me", _signed({**_claims(api.token("operator")), **change}, _key(SECRET))).status_code == 401


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_other_algorithms_and_keys_are_refused(api: Any) -> None:
    claims = _claims(api.token("operator"))
    kid = sha256(_key(SECRET)).hexdigest()[:8]
    none = jwt.encode(claims, "", "none", {"kid": kid})
    forged = [
        none,
        _signed(claims, _key(SECRET), algorithm="HS512"),
        _signed(claims, b"k" * 32),
        _signed(claims, _key("x"), sha256(_key("x")).hexdigest()[:8]),
        jwt.encode(claims, _key(SECRET), "HS256"),
        "not.a.token",
        "x" * 9000,
    ]
    assert [api.get("/me", token).status_code for token in forged] == [401] * len(forged)


def test_a_secret_can_be_changed_without_logging_people_out(api: Any, replica: Any) -> None:
    assert replica.get("/me", api.token("operator")).status_code == 200
    assert api.get("/me", replica.token("operator")).status_code == 401


def test_users_are_made_changed_and_shut_out(api: Any) -> None:
    admin = api.token("admin")
    name = f"user-{uuid4().hex[:8]}"
    new = {"username": name, "password": "long enough 1", "role": "viewer"}
    user = api.post("/users", new, admin).json()
    assert (user["role"], user["disabled"]) == ("viewer", False)
    assert "password" not in str(user)
    assert api.post("/users", new, admin).status_code == 409
    token = str(api.log_in(name, "long enough 1")["access_token"])
    path = f"/api/v1/users/{user['id']}"
    assert api.http.patch(path, json={"role": "operator"}, headers=_auth(admin)).json()["role"] == "operator"
    assert api.get("/me", token).status_code == 401
    assert api.http.patch(path, json={"disabled": True}, headers=_auth(admin)).json()["disabled"] is True
    assert api.post("/auth/login", {"username": name, "password": "long enough 1"}).status_code == 401


def test_the_last_admin_stays(api: Any) -> None:
    admin = api.token("admin")
    users = {user["username"]: user for user in api.get("/users", admin).json()}
    others = [user for user in users.values() if user["role"] == "admin" and user["username"] != "admin"]
    for other in others:
        api.http.patch(f"/api/v1/users/{other['id']}", json={"role": "viewer"}, headers=_auth(admin))
    answer = api.http.patch(f"/api/v1/users/{users['admin']['id']}", json={"disabled": True}, headers=_auth(admin))
    assert (answer.status_code, answer.json()["detail"]) == (409, "this is the last admin")


def test_the_audit_log_says_who_did_what(api: Any) -> None:
    admin = api.token("admin")
    name = f"user-{uuid4().hex[:8]}"
    api.post("/users", {"username": name, "password": "long enough 1", "role": "viewer"}, admin)
    entries = api.get("/audit", admin, action="user.add", limit=500).json()["items"]
    mine = next(entry for entry in entries if entry["object"] == name)
    assert (mine["actor"], mine["detail"]["role"]) == ("admin", "viewer")
    assert "long enough" not in str(entries)


def test_a_changed_or_missing_audit_entry_is_found(
    plant: Any, api: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    api.log_in("operator")
    api.log_in("viewer")
    monkeypatch.setenv("DATABASE_URL", plant.url)
    verify_audit()
    assert "entries are sound" in capsys.readouterr().out
    entry = plant.sql("SELECT id, actor FROM auth.audit ORDER BY id LIMIT 1 OFFSET 1")[0]
    plant.sql("ALTER TABLE auth.audit DISABLE TRIGGER audit_is_final")
    plant.sql("UPDATE auth.audit SET actor = 'someone else' WHERE id = %s", entry["id"])
    with pytest.raises(SystemExit, match=f"entry {entry['id']} was changed"):
        verify_audit()
    plant.sql("UPDATE auth.audit SET actor = %s WHERE id = %s", entry["actor"], entry["id"])
    kept = plant.sql("DELETE FROM auth.audit WHERE id = %s RETURNING *", entry["id"])[0]
    with pytest.raises(SystemExit, match=f"entry {entry['id']} is missing"):
        verify_audit()
    restored = """INSERT INTO auth.audit
        VALUES (%(id)s, %(at)s, %(actor)s, %(address)s, %(action)s, %(object)s, %(detail)s, %(hash)s)"""
    plant.put(restored, kept)
    plant.sql("ALTER TABLE auth.audit ENABLE TRIGGER audit_is_final")
    verify_audit()


def test_the_apis_own_login_cannot_rewrite_the_audit_log(plant: Any, api: Any) -> None:
    api.token("operator")
    with psycopg.connect(plant.url) as connection, pytest.raises(psycopg.errors.RaiseException):
        connection.execute("DELETE FROM auth.audit")
