"""`dead-letters list | show ID | replay ID... | replay all | dismiss ID... REASON`."""

import sys
from datetime import datetime

from jidoka.historian.clock import is_stored, placed
from jidoka.historian.database import Cursor, Database, translated
from jidoka.historian.effects import Effects
from jidoka.historian.line import Retention
from jidoka.historian.settings import HistorianSettings
from jidoka.historian.store import Store
from jidoka.runtime.errors import ConfigError
from jidoka.runtime.settings import load_settings, load_toml, section
from jidoka.schemas import Packet, SchemaError, decode

USAGE = "dead-letters list | show ID | replay all | replay ID... | dismiss ID REASON"

_LIST = """
SELECT id, last_at, times, kind, topic, length(payload), error FROM record.dead_letters
WHERE resolved_at IS NULL ORDER BY id
"""
_ONE = """
SELECT topic, payload, content_type, properties, source, received_at FROM record.dead_letters
WHERE id = %s AND resolved_at IS NULL FOR UPDATE
"""
_RESOLVE = """
UPDATE record.dead_letters SET resolved_at = now(), resolution = %s WHERE id = %s AND resolved_at IS NULL
"""


def dead_letters(arguments: list[str]) -> None:
    """Runs one of the commands; the historian may run meanwhile. Raises ConfigError for wrong usage."""
    settings = load_settings(HistorianSettings)
    with Database(settings.database_url.get_secret_value(), "dead-letters") as database:
        with translated():
            database.connect()
        match arguments:
            case ["list"]:
                _list(database)
            case ["show", number] if number.isdigit():
                _show(database, int(number))
            case ["replay", *numbers] if numbers == ["all"] or (numbers and all(map(str.isdigit, numbers))):
                line, _ = load_toml(settings.line_file)
                store = Store(section(Retention, line, "historian", settings.line_file).keep())
                _replay(database, store, _open(database) if numbers == ["all"] else [int(one) for one in numbers])
            case ["dismiss", number, *reason] if number.isdigit() and reason:
                _dismiss(database, int(number), " ".join(reason))
            case _:
                raise ConfigError(f"usage: {USAGE}")


def replay(cursor: Cursor, store: Store, letter: int) -> str | None:
    """Stores one dead letter as this release reads it. Returns why it still cannot be stored, or None."""
    row = cursor.execute(_ONE, (letter,)).fetchone()
    if row is None:
        return "there is no such open dead letter"
    topic, payload, content_type, properties, source, received_at = row
    packet = Packet(topic, bytes(payload), content_type, tuple((key, value) for key, value in properties))
    try:
        effects = _store(cursor, store, packet, source or "dead-letters", received_at)
    except SchemaError as error:
        return str(error)
    if effects.refused:
        return effects.refused[0][2]
    cursor.execute(_RESOLVE, ("replayed", letter))
    return None


def _store(cursor: Cursor, store: Store, packet: Packet, source: str, received_at: datetime) -> Effects:
    message = decode(packet)
    if not is_stored(message):
        raise SchemaError(type(message).__name__, "schema", "the historian keeps no such message")
    return store.write(cursor, [placed(message, source, received_at)])


def _open(database: Database) -> list[int]:
    with database.transaction() as cursor:
        return [row[0] for row in cursor.execute(_LIST).fetchall()]


def _list(database: Database) -> None:
    with database.transaction() as cursor:
        for number, at, times, kind, topic, size, error in cursor.execute(_LIST).fetchall():
            sys.stdout.write(f"{number}\t{at:%Y-%m-%d %H:%M:%S}\t{times}x\t{kind}\t{topic}\t{size} bytes\t{error}\n")


def _show(database: Database, letter: int) -> None:
    with database.transaction() as cursor:
        row = cursor.execute(_ONE, (letter,)).fetchone()
    if row is None:
        raise ConfigError(f"{letter}: there is no such open dead letter")
    for key, value in row[3]:
        sys.stdout.write(f"{key}: {value}\n")
    sys.stdout.flush()
    sys.stdout.buffer.write(bytes(row[1]) + b"\n")


def _replay(database: Database, store: Store, letters: list[int]) -> None:
    for letter in letters:
        with database.transaction() as cursor:
            problem = replay(cursor, store, letter)
        sys.stdout.write(f"{letter}: {problem or 'replayed'}\n")


def _dismiss(database: Database, letter: int, reason: str) -> None:
    with database.transaction() as cursor:
        if cursor.execute(_RESOLVE, (f"dismissed: {reason}", letter)).rowcount == 0:
            raise ConfigError(f"{letter}: there is no such open dead letter")
    sys.stdout.write(f"{letter}: dismissed\n")
