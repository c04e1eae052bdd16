"""Alarms in the database: conditions come in, states go out."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from uuid import UUID

from psycopg.types.json import Jsonb

from jidoka.historian.alarm import Alarm, conditioned, expired
from jidoka.historian.clock import Fact
from jidoka.historian.database import Cursor
from jidoka.historian.effects import Effects
from jidoka.schemas import AlarmCondition, AlarmState, Severity

_COLUMNS = tuple(one.name for one in fields(Alarm))
_LIST = ", ".join(_COLUMNS)
_SELECT = f"SELECT {_LIST} FROM record.alarms "  # noqa: S608 - column names of the class
_SAVE = (
    f"INSERT INTO record.alarms ({_LIST}) VALUES ({', '.join(f'%({name})s' for name in _COLUMNS)}) "  # noqa: S608
    f"ON CONFLICT (id) DO UPDATE SET {', '.join(f'{name} = EXCLUDED.{name}' for name in _COLUMNS[1:])}"
)
_EVENT = """
INSERT INTO record.alarm_events (alarm_id, event, actor, comment, at, claimed_at) VALUES (%s, %s, %s, %s, %s, %s)
"""
_NEWEST = f"""
SELECT DISTINCT ON (source, code, subject) {_LIST} FROM record.alarms
WHERE cleared_at IS NULL OR acknowledged_at IS NULL OR changed_at > now() - interval '30 days'
ORDER BY source, code, subject, raised_at DESC, id DESC
"""  # noqa: S608 - column names of the class

Event = tuple[UUID, str, str | None, str | None, datetime, datetime | None]


def store_conditions(cursor: Cursor, facts: Sequence[Fact[AlarmCondition]], effects: Effects) -> None:
    """Conditions of sources, in order; publishes the state of every alarm that changed."""
    known = load(cursor, {fact.message.alarm_id for fact in facts})
    events: list[Event] = []
    for fact in facts:
        condition = fact.message
        known[condition.alarm_id] = conditioned(known.get(condition.alarm_id), condition, fact.at)
        event = "raised" if condition.active else "cleared"
        events.append((condition.alarm_id, event, None, condition.message, fact.at, fact.claimed_at))
    save(cursor, known.values(), events)
    effects.count("alarm_events", len(events))
    effects.publish += published(cursor, known.values(), facts[-1].received_at)


def load(cursor: Cursor, ids: Iterable[UUID]) -> dict[UUID, Alarm]:
    """The alarms of these ids that exist."""
    rows = cursor.execute(_SELECT + "WHERE id = ANY(%s)", (list(ids),)).fetchall()
    return {alarm.id: alarm for alarm in map(_alarm, rows)}


def save(cursor: Cursor, alarms: Iterable[Alarm], events: Sequence[Event]) -> None:
    """Writes alarms and what happened to them."""
    cursor.executemany(_SAVE, [asdict(alarm) | {"context": Jsonb(dict(alarm.context))} for alarm in alarms])
    cursor.executemany(_EVENT, events)


def published(cursor: Cursor, alarms: Iterable[Alarm], now: datetime) -> list[AlarmState]:
    """The states to publish: one retained state a topic, so an older occurrence does not overwrite a newer one."""
    states = []
    for alarm in alarms:
        newer = cursor.execute(
            "SELECT 1 FROM record.alarms WHERE source = %s AND code = %s AND subject = %s AND raised_at > %s LIMIT 1",
            (alarm.source, alarm.code, alarm.subject, alarm.raised_at),
        ).fetchone()
        if newer is None:
            states.append(alarm.state(now))
    return states


def rebuilt(cursor: Cursor, now: datetime) -> list[AlarmState]:
    """The newest state of every topic, for a start after which the broker may know nothing."""
    return [_alarm(row).state(now) for row in cursor.execute(_NEWEST).fetchall()]


def expire_shelving(cursor: Cursor, now: datetime) -> list[AlarmState]:
    """Ends the shelvings whose time is over."""
    due = cursor.execute(_SELECT + "WHERE shelved_until <= %s FOR UPDATE", (now,)).fetchall()
    alarms = [expired(_alarm(row), now) for row in due]
    save(cursor, alarms, [(alarm.id, "shelving_expired", None, None, now, None) for alarm in alarms])
    return published(cursor, alarms, now)


def _alarm(row: tuple[object, ...]) -> Alarm:
    values = dict(zip(_COLUMNS, row, strict=True))
    return Alarm(**(values | {"severity": Severity(str(values["severity"]))}))  # type: ignore[arg-type]
