"""Migrations, roles, the writer's lock."""

from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from jidoka.historian.database import Database, Displaced
from jidoka.historian.migrate import Engine, claim_line, engine_of, migrate
from jidoka.runtime.errors import ConfigError
from jidoka.runtime.testing import until

PLANT_SQL = (
    "SELECT id, sku, batch, station, result, cycle_time_ms, quality_score, created_at FROM parts",
    "SELECT id, part_id, frame_id, class, confidence, station, disposition, bounding_box, created_at FROM defects",
    "SELECT id, code, severity, message, station, status, acknowledged_by, acknowledged_at, cleared_at, context,"
    " created_at FROM alarms",
)


def test_migrations_are_applied_once_and_fix_the_engine(database_url: str, engine: Engine) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        assert migrate(connection) == []
        assert engine_of(connection) == engine


def test_a_migration_that_was_changed_is_refused(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("UPDATE jidoka_migrations SET sha256 = 'other' WHERE version = 2")
        with pytest.raises(ConfigError, match="0002_custody"):
            migrate(connection)


def test_a_newer_database_is_refused(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("INSERT INTO jidoka_migrations VALUES (9999, 'x', 'x')")
        with pytest.raises(ConfigError, match="9999"):
            migrate(connection)


def test_a_database_holds_one_line(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        claim_line(connection, "demo", "line1")
        claim_line(connection, "demo", "line1")
        with pytest.raises(ConfigError, match="line2"):
            claim_line(connection, "demo", "line2")


def test_readers_see_the_views_and_nothing_else(record: Any, source: Any, make: Any) -> None:
    record.write(source.send(make.part(), make.scan()))
    with psycopg.connect(record.url, autocommit=True) as reader:
        reader.execute("SET ROLE jidoka_read")
        for query in PLANT_SQL:
            assert reader.execute(query.encode()).fetchall() is not None
        tag = reader.execute("SELECT id FROM tags").fetchone()
        assert tag
        assert reader.execute(
            "SELECT count(*) FROM tag_trend(%s, now() - interval '1 day', now())", tag
        ).fetchone() == (1,)
        assert reader.execute("SELECT * FROM station_figures(now() - interval '1 day', now())").fetchall() == []
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute("SELECT * FROM record.parts")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute("INSERT INTO custody VALUES (DEFAULT)")


def test_the_api_owns_its_schema(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as api:
        api.execute("SET ROLE jidoka_auth")
        api.execute("CREATE TABLE auth.users (name text)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            api.execute("CREATE TABLE record.mine (name text)")


def test_a_second_historian_stands_by_until_the_first_is_gone(record: Any) -> None:
    with Database(record.url, "second") as second:
        assert not second.lead()
        record.database.close()
        until(second.lead, what="leading")
        with pytest.raises(Displaced), record.database.transaction():
            pass
        assert "standby" not in str(second.problem())


def test_an_address_that_is_none_is_a_configuration_error() -> None:
    with pytest.raises(ConfigError, match="DATABASE_URL"):
        Database("postgresql://[", "x")


WITHOUT_THREE_HOURS = """
DROP TABLE record.tag_three_hours CASCADE;
DELETE FROM record.series WHERE name = 'tag_three_hours';
DELETE FROM public.jidoka_migrations WHERE version >= 14
"""


def test_a_record_of_an_earlier_release_gets_its_three_hours(database_url: str) -> None:
    hours = [datetime(2026, 3, 29, hour, tzinfo=UTC) for hour in range(24)]
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(WITHOUT_THREE_HOURS)
        connection.execute("SELECT record.make_partitions(%s, %s)", (hours[0], hours[-1]))
        for hour in hours:
            connection.execute(
                "INSERT INTO record.tag_hours (bucket, tag_id, samples, bad, minimum, maximum, total, numbers)"
                " VALUES (%s, 1, 10, 1, %s, 99, 450, 9)",
                (hour, hour.hour),
            )
        assert migrate(connection) == ["0014_trend_levels.sql"]
        found = connection.execute("SELECT samples, bad, minimum, mean FROM tag_three_hours ORDER BY bucket").fetchall()
    assert found == [(30, 3, hour, 50.0) for hour in range(0, 24, 3)]
