"""Disks that fill, and a database that was restored: said before it is too late, and nothing goes."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg

from jidoka.historian.conditions import Conditions
from jidoka.historian.line import Retention
from jidoka.historian.migrate import claim_line
from jidoka.historian.policies import RESTORED, drop_old
from jidoka.historian.room import filled
from jidoka.historian.upkeep import Upkeep


def conditions_of(record: Any, folder: Path, retention: Retention) -> list[tuple[str, str, bool]]:
    said: list[Any] = []
    upkeep = Upkeep(record.database, said.append, Conditions(said.append, "historian-1"), retention, folder)
    upkeep.turn()
    return [(one.code, one.subject, one.active) for one in said]


def test_a_database_that_has_nearly_filled_its_share_raises_an_alarm(record: Any, tmp_path: Path) -> None:
    with record.database.transaction() as cursor:
        size = cursor.execute("SELECT pg_database_size(current_database())").fetchone()[0] / 2**30
    assert ("disk_nearly_full", "database", True) in conditions_of(
        record, tmp_path, Retention(database_gib=size * 1.05)
    )
    roomy = conditions_of(record, tmp_path, Retention(database_gib=size * 2))
    assert ("disk_nearly_full", "database", True) not in roomy


def test_how_full_is_told_in_a_sentence(record: Any, tmp_path: Path) -> None:
    with record.database.transaction() as cursor:
        told = {whose: (share, said) for whose, share, said in filled(cursor, tmp_path, Retention(database_gib=1000))}
    assert 0 < told["historian"][0] < 1
    assert str(tmp_path) in told["historian"][1]
    assert told["database"][0] < 0.01
    assert "of 1000 GiB" in told["database"][1]


def test_a_restored_database_keeps_its_images_for_a_week(
    database_url: str, server: Any, source: Any, other: Any, make: Any, open_record: Any
) -> None:
    first = open_record(database_url)
    with psycopg.connect(database_url, autocommit=True) as connection:
        claim_line(connection, "demo", "line1")
        connection.execute("UPDATE record.line SET since = now() - interval '1 year'")
    part = make.part(at=make.now - timedelta(days=13))
    seen = make.inspection(part)
    first.write(source.send(part) + other.send(seen, make.evidence(seen)))
    first.database.close()
    name, copy = database_url.rsplit("/", 1)[1], f"{database_url}_restored"
    with psycopg.connect(server.url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}_restored TEMPLATE {name}".encode())
    restored = open_record(copy)
    with psycopg.connect(copy, autocommit=True) as connection:
        claim_line(connection, "demo", "line1")
        claim_line(connection, "demo", "line1")
    for record, days, images in ((restored, 3, 1), (restored, RESTORED.days + 1, 0), (first, 3, 0)):
        record.restart()
        with record.database.transaction() as cursor:
            drop_old(cursor, make.now + timedelta(days=days))
        assert record.one("SELECT count(*) FROM images") == images
    restored.database.close()
    with psycopg.connect(server.url, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {name}_restored WITH (FORCE)".encode())
