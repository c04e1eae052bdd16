"""The audit log: each entry's hash covers the entry and the hash before it."""

import hashlib
import json
from collections.abc import AsyncIterable
from typing import Any

from jidoka.api.database import Connection
from jidoka.api.queries import audit as queries

START = b"\x00" * 32


def digest(previous: bytes, entry: dict[str, Any]) -> bytes:
    """The hash of an entry after the entry with the hash `previous`."""
    fields = {name: entry[name] for name in ("id", "actor", "address", "action", "object", "detail")}
    fields["at"] = entry["at"].isoformat()
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(previous + text.encode()).digest()


async def note(connection: Connection, actor: str, address: str | None, action: str, thing: str, **detail: Any) -> None:
    """Adds an entry in the connection's transaction."""
    newest = await queries.lock_newest(connection)
    entry = {
        "id": newest["id"] + 1 if newest else 1,
        "at": await queries.now(connection),
        "actor": actor,
        "address": address,
        "action": action,
        "object": thing,
        "detail": detail,
    }
    await queries.add(connection, {**entry, "hash": digest(newest["hash"] if newest else START, entry)})


async def verify(entries: AsyncIterable[dict[str, Any]]) -> tuple[int, str, str | None]:
    """How many entries are sound, the newest sound hash, and what is wrong with the next one, if anything."""
    count, previous = 0, START
    async for entry in entries:
        if entry["id"] != count + 1:
            return count, previous.hex(), f"entry {count + 1} is missing: {entry['id']} follows"
        if digest(previous, entry) != entry["hash"]:
            return count, previous.hex(), f"entry {entry['id']} was changed"
        count, previous = count + 1, entry["hash"]
    return count, previous.hex(), None
