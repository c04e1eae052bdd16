"""What replicas share through Redis, and that nobody misses it."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from signal import SIGCONT, SIGSTOP
from typing import Any

import pytest

from jidoka.runtime.testing import free_port, until


@dataclass
class Redis:
    """A redis-server that a test may kill and start again on the same port."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        options = ["--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--dir", str(self.folder)]
        self.process = subprocess.Popen(["redis-server", *options], stdout=subprocess.DEVNULL)

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    server = Redis(free_port(), tmp_path)
    server.start()
    yield server
    server.kill()


def _url(redis: Redis) -> str:
    return f"redis://127.0.0.1:{redis.port}/0"


def _shared(api: Any, up: bool) -> None:
    until(lambda: ("redis" in api.http.get("/api/health").json()["warnings"]) != up, 20, f"Redis up={up}")


def _codes(*apis: Any, path: str = "/line", times: int = 4) -> list[int]:
    return [api.get(path).status_code for _ in range(times) for api in apis]


def _alarms(api: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = api.get("/alarms", code="redis-away", limit=500).json()["items"]
    return items


def test_two_replicas_count_together_and_apart_when_redis_dies(plant: Any, api: Any, redis: Redis) -> None:
    shared = {"REDIS_URL": _url(redis), "API_RATE_LIMIT": "6/hour"}
    with plant.api(**shared) as one, plant.api(**shared) as two:
        _shared(one, True)
        _shared(two, True)
        together = _codes(one, two)
        redis.kill()
        apart = _codes(one, two)
        ready = one.http.get("/api/health/ready").status_code
        _shared(one, False)
        until(lambda: [alarm["active"] for alarm in _alarms(api)].count(True) == 2, 20, "an alarm of each replica")
        redis.start()
        _shared(one, True)
        until(lambda: not any(alarm["active"] for alarm in _alarms(api)), 20, "the end of both alarms")
        again = _codes(one, two)
    assert together == [200] * 6 + [429] * 2
    assert apart == [200] * 8
    assert ready == 200
    assert again == [200] * 6 + [429] * 2, "Redis lost its counts with its memory"


def test_a_silent_redis_holds_nobody_up(plant: Any, api: Any, redis: Redis) -> None:
    with plant.api(REDIS_URL=_url(redis)) as one:
        _shared(one, True)
        assert redis.process is not None
        redis.process.send_signal(SIGSTOP)
        try:
            codes = _codes(one, times=50)
            _shared(one, False)
        finally:
            redis.process.send_signal(SIGCONT)
        _shared(one, True)
    assert codes == [200] * 50


def test_figures_are_computed_once_for_all_replicas(plant: Any, api: Any, redis: Redis) -> None:
    shared = {"REDIS_URL": _url(redis), "CACHE_TTL": "600"}
    now = datetime.now(UTC)
    span = {"from": now.isoformat(), "to": (now + timedelta(hours=1)).isoformat()}
    with plant.api(**shared) as one, plant.api(**shared) as two:
        _shared(one, True)
        _shared(two, True)
        first = one.get("/kpis", **span).json()
        plant.sql(
            """INSERT INTO record.parts (id, created_at, station, arrived, result)
            VALUES (gen_random_uuid(), now(), 'AOI1', true, 'pass')"""
        )
        kept = two.get("/kpis", **span).json()
        other = two.get("/kpis", station="AOI1", **span).json()
        redis.kill()
        alone = two.get("/kpis", **span).json()
    assert kept == first
    assert other["produced"] == first["produced"] + 1, "another parameter is another answer"
    assert alone["produced"] == first["produced"] + 1, "without Redis it is computed anew"


def test_an_alarm_outlives_the_process_and_ends_with_redis(plant: Any, api: Any, redis: Redis) -> None:
    mine = {"INSTANCE": "api-lonely", "REDIS_URL": _url(redis), "DATA_DIR": str(plant.folder / "lonely")}
    redis.kill()

    def active() -> list[bool]:
        return [alarm["active"] for alarm in _alarms(api) if alarm["source"] == "api-lonely"]

    with plant.api(**mine):
        until(lambda: active() == [True], 20, "the alarm")
    with plant.api(**mine | {"REDIS_URL": ""}):
        until(lambda: active() == [False], 20, "its end, since no Redis is wanted")
    assert active() == [False]
