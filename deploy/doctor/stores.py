"""The record: gaps, dead letters, outboxes; and its backups."""

import time
from collections.abc import Iterator

from engine import Engine
from report import Finding, Verdict, judged

PUBLISHERS = ("plc-gateway", "vision-gateway", "inference", "historian")
DAY = 86_400


def checks(engine: Engine) -> Iterator[Finding]:
    """Of a running line."""
    yield _database(engine)
    gaps = engine.sql("SELECT source, missing FROM custody_gaps")
    found = "cannot tell" if gaps is None else (f"{gaps}" if gaps else "none")
    yield judged("records missing", found, gaps == [], "see CustodyGap in the runbook")
    letters = engine.sql("SELECT count(*) FROM dead_letters WHERE resolved_at IS NULL")
    found = "cannot tell" if letters is None else letters[0][0]
    yield judged("dead letters", found, letters == [["0"]], "see DeadLetters in the runbook", Verdict.WARN)
    for service in PUBLISHERS:
        yield _outbox(engine, service)
    yield _backup(engine)


def _database(engine: Engine) -> Finding:
    rows = engine.sql(
        "SELECT current_setting('server_version'), coalesce((SELECT extversion FROM pg_extension"
        " WHERE extname = 'timescaledb'), 'no TimescaleDB')"
    )
    if not rows:
        return judged("database", "does not answer", False, "docker compose logs database")
    server, extension = rows[0]
    do = "without TimescaleDB large histories are slow"
    return judged("database", f"PostgreSQL {server}, {extension}", extension[0].isdigit(), do, Verdict.WARN)


def _outbox(engine: Engine, service: str) -> Finding:
    figures = engine.metrics(service) or {}
    ages = [value for name, value in figures.items() if name.startswith("jidoka_outbox_oldest_age_seconds")]
    if not ages:
        return judged(f"outbox of {service}", "cannot tell", False, f"docker compose logs {service}", Verdict.WARN)
    do = "see OutboxBacklog in the runbook"
    return judged(f"outbox of {service}", f"oldest record {max(ages):.0f} s", max(ages) < 60, do, Verdict.WARN)


def _backup(engine: Engine) -> Finding:
    figures = engine.metrics("backup")
    if figures is None:
        return Finding(Verdict.WARN, "backup", "does not run", "start it with --profile backup")
    age = time.time() - figures.get("jidoka_backup_last_success_seconds", 0)
    drill = time.time() - figures.get("jidoka_backup_drill_last_success_seconds", 0)
    if age > 365 * DAY:
        return Finding(
            Verdict.WARN, "backup", "none yet", "docker compose exec backup python /opt/backup/main.py nightly"
        )
    if drill > 365 * DAY:
        do = "docker compose exec backup python /opt/backup/main.py drill"
        return Finding(Verdict.WARN, "backup", f"newest {age / 3600:.0f} h old, none proven yet", do)
    found = f"newest {age / 3600:.0f} h old, proven {drill / 3600:.0f} h ago"
    return judged("backup", found, age < 30 * 3600 and drill < 8 * DAY, "docker compose logs backup")
