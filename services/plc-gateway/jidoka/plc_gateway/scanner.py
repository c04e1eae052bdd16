"""The scan thread of one PLC: every group on its grid, over one long-lived connection."""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event

from jidoka.plc_gateway.backoff import Backoff, Endurance
from jidoka.plc_gateway.deadband import NOTHING, Filter
from jidoka.plc_gateway.grid import Grid
from jidoka.plc_gateway.health import Health
from jidoka.plc_gateway.line import Group, Plc
from jidoka.plc_gateway.link import Address, LinkError, WrongAddress
from jidoka.plc_gateway.metrics import OVERRUNS, READ_ERRORS, SCAN_SECONDS, SCANS, UNCERTAIN
from jidoka.plc_gateway.plan import Plan, plan_group, understand
from jidoka.plc_gateway.plc import Reader
from jidoka.plc_gateway.quality import SLOW, kind, stopped
from jidoka.plc_gateway.watch import Watch
from jidoka.runtime.channel import Channel
from jidoka.runtime.errors import ConfigError
from jidoka.runtime.logs import log
from jidoka.schemas import Scalar, TagBatch

LANE = "scan"
_REFRESH = 5.0
_BAD_AGAIN = 10.0
_MODE_AGAIN = 1.0
_TICK = 0.5
_MOST = 5000


@dataclass(slots=True)
class Job:
    """One group and where it stands."""

    group: Group
    grid: Grid
    filter: Filter
    plan: Plan = field(default_factory=lambda: Plan((), {}))
    leaves: set[str] = field(default_factory=set)
    bad: dict[str, str] = field(default_factory=dict)
    bad_told: float = 0.0

    def spread(self, bad: Mapping[str, str]) -> dict[str, str]:
        """A structure or array that is bad makes all the scalars bad that it was read as."""
        return {leaf: reason for name, reason in bad.items() for leaf in self._below(name)}

    def _below(self, name: str) -> list[str]:
        if name in self.leaves:
            return [name]
        return [leaf for leaf in self.leaves if leaf.startswith((f"{name}.", f"{name}["))] or [name]


class Scanner:
    """Scans until `stop` is set. A tag that turns out wrong on the first connection ever is a ConfigError."""

    def __init__(self, plc: Plc, bus: Channel, health: Health, watch: Watch, stop: Event) -> None:
        self._plc, self._address, self._bus = plc, Address.of(plc), bus
        self._health, self._watch, self._stop = health, watch, stop
        self._backoff, self._endurance = Backoff(), Endurance(stop, f"journal for {plc.name}")
        self._proven = False
        self._refreshed = 0.0
        self._mode: tuple[str | None, float] = (None, -math.inf)
        start = time.monotonic()
        self._jobs = [
            Job(group, Grid(group.period_ms / 1000, start), Filter(group.heartbeat_ms / 1000)) for group in plc.group
        ]

    def run(self) -> None:
        """The thread's work. Raises ConfigError."""
        while not self._stop.is_set():
            try:
                with Reader(self._address) as link:
                    self._backoff.connected()
                    self._look_up(link)
                    self._health.up(LANE)
                    self._serve(link)
            except LinkError as error:
                if isinstance(error, WrongAddress) and not self._proven:
                    raise ConfigError(self._plc.mistake(error.key, error)) from error
                self._lost(error)

    def _serve(self, link: Reader) -> None:
        self._mode = (None, -math.inf)
        for job in self._jobs:
            job.grid.advance(time.monotonic())
        while not self._stop.is_set():
            job = min(self._jobs, key=lambda job: job.grid.due)
            wait = job.grid.due - time.monotonic()
            if wait > 0 and self._stop.wait(min(wait, _TICK)):
                return
            with self._endurance.round():
                if wait <= _TICK:
                    self._scan(link, job)
                self._health.tick()

    def _scan(self, link: Reader, job: Job) -> None:
        began = time.monotonic()
        readings = link.read(job.plan.asks)
        now = time.monotonic()
        answer = understand(job.plan, readings)
        stands = self._stopped(link, began)
        uncertain = dict.fromkeys(answer.values, stands) | answer.uncertain if stands else answer.uncertain
        slow = SLOW if now - began > job.grid.period else None
        job.filter.bands.update(answer.bands)
        job.leaves.update(answer.values)
        values, bad = job.filter.pick(now, answer.values, uncertain, slow), job.spread(answer.bad)
        job.filter.forget(bad)
        if slow:
            uncertain = dict.fromkeys(values, slow) | uncertain
        self._publish(job, values, self._news(job, bad, now), uncertain)
        self._watch.feed(now, answer.values, bad)
        self._measure(job, began)
        self._heal(link, bad, now)

    def _stopped(self, link: Reader, now: float) -> str | None:
        """Why the controller's program does not run; asked once a second, after the scan that it is first about."""
        if now - self._mode[1] >= _MODE_AGAIN:
            reason = stopped(link.status())
            if reason != self._mode[0]:
                log.warning("plc_mode", plc=self._plc.name, doubt=reason or "none: the program runs")
            self._mode = (reason, now)
        return self._mode[0]

    def _publish(
        self, job: Job, values: Mapping[str, Scalar], bad: Mapping[str, str], uncertain: Mapping[str, str] = NOTHING
    ) -> None:
        if not values and not bad:
            return
        doubts = {name: reason for name, reason in uncertain.items() if name in values}
        for reason in doubts.values():
            UNCERTAIN.labels(self._plc.name, kind(reason)).inc()
        batch = TagBatch(
            plc=self._plc.name,
            group=job.group.name,
            at=datetime.now(UTC),
            scan_no=job.grid.number,
            values=dict(values),
            bad=dict(bad),
            uncertain=doubts,
        )
        self._bus.publish(batch)

    def _news(self, job: Job, bad: dict[str, str], now: float) -> dict[str, str]:
        """Bad tags when they change, and all of them again from time to time."""
        for name, reason in bad.items():
            READ_ERRORS.labels(self._plc.name, _short(name, reason)).inc()
        if now - job.bad_told >= _BAD_AGAIN:
            job.bad_told, news = now, bad
        else:
            news = {name: reason for name, reason in bad.items() if job.bad.get(name) != reason}
        job.bad = bad
        return news

    def _measure(self, job: Job, began: float) -> None:
        labels = (self._plc.name, job.group.name)
        ended = time.monotonic()
        SCANS.labels(*labels).inc()
        SCAN_SECONDS.labels(*labels).observe(ended - began)
        left_out = job.grid.advance(ended)
        if left_out:
            OVERRUNS.labels(*labels).inc(left_out)

    def _look_up(self, link: Reader) -> None:
        for job in self._jobs:
            job.plan = plan_group(job.group, link.catalogue)
            for text in job.plan.unknown.values():
                if not self._proven:
                    raise ConfigError(f"plc {self._plc.name}, group {job.group.name}: tags: {text}")
                log.warning("tag_unknown", plc=self._plc.name, group=job.group.name, reason=text)
            size = sum(item.request.count for item in job.plan.items)
            if size > _MOST:
                raise ConfigError(
                    f"plc {self._plc.name}, group {job.group.name}: tags: {size} values; a group holds at most {_MOST}"
                )
        self._proven, self._refreshed = True, time.monotonic()

    def _heal(self, link: Reader, bad: dict[str, str], now: float) -> None:
        """A program download may take tags away and bring them back under an open connection."""
        changed = any("no such tag" in reason or "has no" in reason for reason in bad.values())
        if changed and now - self._refreshed >= _REFRESH:
            link.refresh()
            self._look_up(link)

    def _lost(self, error: LinkError) -> None:
        self._health.down(LANE, str(error))
        READ_ERRORS.labels(self._plc.name, "connection").inc()
        for job in self._jobs:
            if job.leaves and job.bad.keys() != job.leaves:
                job.bad = dict.fromkeys(sorted(job.leaves), f"the PLC does not answer: {error}"[:500])
                job.filter.forget(job.leaves)
                with self._endurance.round():
                    self._publish(job, {}, job.bad)
        self._wait(self._backoff.delay())

    def _wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while True:
            with self._endurance.round():
                self._health.tick()
            left = end - time.monotonic()
            if left <= 0 or self._stop.wait(min(left, _TICK)):
                return


def _short(name: str, reason: str) -> str:
    return "unknown tag" if reason.startswith(name) else reason.partition(" (")[0]
