"""Dead letters: what could not be stored, byte for byte, to be looked at and replayed."""

import json
from dataclasses import dataclass

from jidoka.historian import VERSION
from jidoka.historian.custody import content_hash
from jidoka.historian.database import Cursor
from jidoka.runtime.batch import Delivery

_INSERT = """
INSERT INTO record.dead_letters AS d (received_at, last_at, kind, error, sqlstate, topic, content_type, properties,
                                      payload, hash, source, stream, epoch, seq, service_version)
VALUES (%(at)s, %(at)s, %(kind)s, %(error)s, %(sqlstate)s, %(topic)s, %(content_type)s, %(properties)s,
        %(payload)b, %(hash)s, %(source)s, %(stream)s, %(epoch)s, %(seq)s, %(version)s)
ON CONFLICT (hash, topic, kind) WHERE resolved_at IS NULL DO UPDATE SET times = d.times + 1, last_at = EXCLUDED.last_at
"""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A delivery and why it was not stored: `schema`, `custody`, `data`, `conflict` or `bug`."""

    delivery: Delivery
    kind: str
    error: str
    sqlstate: str | None = None


def bury(cursor: Cursor, letter: DeadLetter) -> None:
    """Stores one; the same content again raises its count."""
    packet, custody = letter.delivery.packet, letter.delivery.custody
    row = {
        "at": letter.delivery.received_at,
        "kind": letter.kind,
        "error": storable(letter.error)[:1000],
        "sqlstate": letter.sqlstate,
        "topic": storable(packet.topic),
        "content_type": None if packet.content_type is None else storable(packet.content_type),
        # json, not jsonb: it keeps every escape as it is written
        "properties": json.dumps(packet.properties),
        "payload": packet.payload,
        "hash": content_hash(packet),
        "source": custody.source if custody else None,
        "stream": custody.stream.value if custody else None,
        "epoch": custody.epoch if custody else None,
        "seq": custody.seq if custody else None,
        "version": VERSION,
    }
    cursor.execute(_INSERT, row)


def storable(text: str) -> str:
    """Text that PostgreSQL takes: lone surrogates and NUL written as escapes."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")
