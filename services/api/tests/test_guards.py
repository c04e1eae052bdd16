"""What stands around every request."""

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from jidoka.api.commands import print_openapi

PAGE = "<!doctype html><title>page</title>"


@pytest.mark.parametrize("path", ["/", "/parts/some/where", "/alarms"])
def test_the_page_answers_for_its_own_addresses(strict: Any, path: str) -> None:
    answer = strict.http.get(path)
    assert (answer.status_code, answer.text) == (200, PAGE)
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/nothing", "/assets/none.js", "/favicon.ico"])
def test_what_is_not_there_is_a_problem_even_beside_a_page(strict: Any, path: str) -> None:
    answer = strict.http.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.parametrize(
    "path", ["/../secret.txt", "/%2e%2e/secret.txt", "/assets/..%2f..%2fsecret.txt", "/assets//etc/passwd"]
)
def test_nothing_outside_the_page_is_served(strict: Any, path: str) -> None:
    with socket.create_connection(("127.0.0.1", strict.port), 10) as raw:
        raw.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: raw.recv(65536), b""))
    assert b"root:" not in answer
    assert b"\r\n\r\nsecret" not in answer


def test_other_origins_are_answered_only_from_the_list(strict: Any) -> None:
    ours = strict.http.get("/api/v1/line", headers={"Origin": "https://mes.example"})
    foreign = strict.http.get("/api/v1/line", headers={"Origin": "https://evil.example"})
    assert ours.headers["access-control-allow-origin"] == "https://mes.example"
    assert "access-control-allow-origin" not in foreign.headers


@pytest.mark.parametrize(
    "name", ["content-security-policy", "x-content-type-options", "x-frame-options", "referrer-policy"]
)
@pytest.mark.parametrize("path", ["/api/v1/line", "/api/v1/nothing", "/api/health"])
def test_every_answer_has_the_security_headers(api: Any, path: str, name: str) -> None:
    assert api.http.get(path).headers[name]


def test_errors_are_problems(api: Any) -> None:
    answers = {
        404: api.http.get("/api/v1/nothing"),
        405: api.http.delete("/api/v1/line"),
        422: api.get("/parts", limit=0),
        400: api.http.post("/api/v1/auth/login", content=b"{", headers={"Content-Type": "application/json"}),
    }
    for status, answer in answers.items():
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
        assert answer.json()["status"] == status
    assert answers[422].json()["errors"][0]["where"] == "query.limit"


@pytest.mark.parametrize(
    "query",
    [{"limit": 501}, {"limit": "x"}, {"station": "a b"}, {"from": "yesterday"}, {"from": "2026-01-01T00:00:00"},
     {"unknown": "1"},
     {"serial": "a\x00b"}, {"serial": "x" * 100}, {"result": "good"}, {"after": "!!"}],
)  # fmt: skip
def test_bad_filters_are_named(api: Any, query: dict[str, Any]) -> None:
    answer = api.get("/parts", **query)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["where"].startswith("query.")


@pytest.mark.parametrize("cursor", ["AAAA", "W10", "WzEsMl0", "WyIyMDI2LTAxLTAxIiwgIjEiXQ", "A"])
def test_a_cursor_that_is_none_of_ours_is_refused(api: Any, cursor: str) -> None:
    answer = api.get("/parts", after=cursor)
    assert (answer.status_code, answer.json()["title"]) == (400, "Bad Request")


@pytest.mark.parametrize(
    "text", ["' OR '1'='1", "x'; DROP TABLE record.parts; --", "%s", "%(station)s", "\\", '"', "${x}"]
)
@pytest.mark.parametrize("name", ["serial", "sku", "batch"])
def test_sql_in_a_filter_is_only_text(plant: Any, api: Any, name: str, text: str) -> None:
    answer = api.get("/parts", **{name: text})
    assert (answer.status_code, answer.json()["items"]) == (200, [])
    made = plant.part(store=False, **{name: text})
    plant.stored("parts", made.id)
    assert str(made.id) in {item["id"] for item in api.get("/parts", **{name: text}).json()["items"]}


@pytest.mark.parametrize(
    ("path", "name"), [("/serials", "prefix"), ("/tags", "prefix"), ("/recall", "batch"), ("/alarms", "code")]
)
def test_sql_elsewhere_is_only_text_too(api: Any, path: str, name: str) -> None:
    answer = api.get(path, **{name: "x' OR 'a'='a"})
    assert answer.status_code in (200, 422)
    assert "part_id" not in answer.text
    assert "acknowledged_by" not in answer.text


def test_a_body_that_is_too_large_is_refused(api: Any) -> None:
    body = json.dumps({"username": "x", "password": "y" * 200_000})
    announced = api.http.post("/api/v1/auth/login", content=body)
    chunked = api.http.post("/api/v1/auth/login", content=iter([body.encode()] * 2))
    assert (announced.status_code, chunked.status_code) == (413, 413)


def test_requests_that_never_end_are_cut_off(api: Any) -> None:
    address = ("127.0.0.1", api.port)
    with socket.create_connection(address, 40) as head, socket.create_connection(address, 40) as body:
        head.sendall(b"GET /api/v1/line HTTP/1.1\r\nHost: x\r\n")
        fields = "Host: x\r\nContent-Type: application/json\r\nContent-Length: 100"
        body.sendall(f"POST /api/v1/auth/login HTTP/1.1\r\n{fields}\r\n\r\n{{".encode())
        assert head.recv(1) == b""
        assert body.recv(100).startswith(b"HTTP/1.1 408")


def test_bodies_that_are_no_utf8_are_refused(api: Any) -> None:
    answer = api.http.post("/api/v1/auth/login", content=b"\xff\xfe", headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_metrics_name_what_was_asked(api: Any) -> None:
    api.get("/parts")
    text = api.http.get("/metrics").text
    assert 'jidoka_api_requests_total{operation="list_parts",status="200"}' in text


def test_memory_is_told(api: Any) -> None:
    memory = api.http.get("/api/health/memory").json()
    assert 10_000_000 < memory["resident"] <= memory["peak"]


def test_the_openapi_document_is_fresh(capsys: pytest.CaptureFixture[str]) -> None:
    print_openapi()
    committed = (Path(__file__).parents[1] / "openapi.json").read_text()
    assert capsys.readouterr().out == committed, "run: python -m jidoka.api openapi > services/api/openapi.json"


def test_the_openapi_document_is_served(api: Any) -> None:
    document = api.http.get("/api/v1/openapi.json").json()
    assert document["openapi"] == "3.1.0"
    assert "/api/v1/parts" in document["paths"]


def test_secrets_stay_out_of_the_log(plant: Any, api: Any) -> None:
    api.token("admin")
    log = api.program.log.read_text()
    assert api.program.environment["JWT_SECRET"] not in log
    assert plant.url not in log
