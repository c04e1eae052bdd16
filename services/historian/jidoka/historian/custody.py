"""The transactional inbox: which deliveries are new, and what is accounted for of every source, stream and epoch."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from jidoka.historian.database import Cursor
from jidoka.historian.ledger import Ledger
from jidoka.runtime.batch import Delivery
from jidoka.schemas import Custody, Lost, Packet

TAIL = 1000
"""How many hashes stay below the watermark, to tell a repeat from a forgery."""

Key = tuple[str, str, str]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}")

_ACCOUNT = """
INSERT INTO record.custody AS c (source, stream, epoch) VALUES (%s, %s, %s)
ON CONFLICT (source, stream, epoch) DO UPDATE SET last_at = c.last_at RETURNING id, upto
"""
_SPANS = """
SELECT min(seq), max(seq) FROM (
    SELECT seq, seq - row_number() OVER (ORDER BY seq) AS island FROM record.inbox
    WHERE custody_id = %(id)s AND seq > %(upto)s
) numbered GROUP BY island
UNION ALL SELECT first, last FROM record.lost WHERE custody_id = %(id)s
"""
_CLAIM = """
INSERT INTO record.inbox (custody_id, seq, hash) SELECT * FROM unnest(%s::int[], %s::bigint[], %s::uuid[])
ON CONFLICT DO NOTHING RETURNING custody_id, seq
"""
_HASHES = """
SELECT i.custody_id, i.seq, i.hash FROM record.inbox i
JOIN unnest(%s::int[], %s::bigint[]) AS asked (custody_id, seq) USING (custody_id, seq)
"""
_LOST = """
INSERT INTO record.lost (custody_id, first, last, reason, at) VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""
_ADVANCE = """
UPDATE record.custody c SET upto = new.upto, last_at = now()
FROM unnest(%s::int[], %s::bigint[]) AS new (id, upto) WHERE c.id = new.id
"""
_PRUNE = """
DELETE FROM record.inbox i USING unnest(%s::int[], %s::bigint[]) AS new (id, upto)
WHERE i.custody_id = new.id AND i.seq <= new.upto
"""


@dataclass(frozen=True, slots=True)
class Account:
    """One source, stream and epoch: its number in the database and what is committed of it."""

    id: int
    ledger: Ledger


@dataclass(slots=True)
class Claim:
    """A batch sorted: what is new, what was here before, what claims an identity that has other content."""

    fresh: list[Delivery] = field(default_factory=list)
    repeats: list[Delivery] = field(default_factory=list)
    forged: list[Delivery] = field(default_factory=list)
    after: dict[Key, Account] = field(default_factory=dict)


class Inbox:
    """Decides what is new inside the transaction; its memory changes only by `committed`."""

    def __init__(self) -> None:
        self._accounts: dict[Key, Account] = {}

    def forget(self) -> None:
        """After a failed transaction or another writer, everything is read from the database again."""
        self._accounts.clear()

    def claim(self, cursor: Cursor, deliveries: Sequence[Delivery]) -> Claim:
        """Sorts the deliveries and writes the identities of the new ones. One without custody is new every time."""
        claim = Claim(fresh=[one for one in deliveries if not has_custody(one)])
        asked: dict[tuple[int, int], tuple[Delivery, UUID]] = {}
        for one in deliveries:
            if one.custody is None or not has_custody(one):
                continue
            account = self._account(cursor, claim, key_of(one.custody))
            place = (account.id, one.custody.seq)
            if place in asked:
                (claim.repeats if asked[place][1] == content_hash(one.packet) else claim.forged).append(one)
            else:
                asked[place] = one, content_hash(one.packet)
        above = {place: one for place, one in asked.items() if not self._settled(claim, one[0])}
        new = _insert(cursor, above)
        known = _stored_hashes(cursor, [place for place in asked if place not in new])
        for place, (one, content) in asked.items():
            if place in new:
                claim.fresh.append(one)
            else:
                (claim.repeats if known.get(place, content) == content else claim.forged).append(one)
        self._account_for(claim, [one for one in claim.fresh if has_custody(one)])
        return claim

    def give_up(self, cursor: Cursor, claim: Claim, lost: Iterable[Lost]) -> None:
        """Accounts for ranges that a full outbox dropped."""
        for one in lost:
            key = (one.source, one.lost_stream.value, str(one.lost_epoch))
            account = self._account(cursor, claim, key)
            cursor.execute(_LOST, (account.id, one.first, one.last, one.reason, one.at))
            claim.after[key] = Account(account.id, account.ledger.with_ranges([(one.first, one.last)]))

    def save(self, cursor: Cursor, claim: Claim) -> None:
        """Writes the watermarks that moved, and prunes the inbox below them."""
        accounts = sorted(claim.after.values(), key=lambda account: account.id)
        ids, marks = [one.id for one in accounts], [one.ledger.upto for one in accounts]
        cursor.execute(_ADVANCE, (ids, marks))
        cursor.execute(_PRUNE, (ids, [mark - TAIL for mark in marks]))

    def committed(self, claim: Claim) -> None:
        """The transaction is in the database."""
        self._accounts |= claim.after

    def _account(self, cursor: Cursor, claim: Claim, key: Key) -> Account:
        account = claim.after.get(key) or self._accounts.get(key) or load_account(cursor, key)
        claim.after[key] = account
        return account

    def _settled(self, claim: Claim, one: Delivery) -> bool:
        assert one.custody is not None
        return one.custody.seq <= claim.after[key_of(one.custody)].ledger.upto

    def _account_for(self, claim: Claim, fresh: Sequence[Delivery]) -> None:
        seqs: dict[Key, list[int]] = {}
        for one in fresh:
            assert one.custody is not None
            seqs.setdefault(key_of(one.custody), []).append(one.custody.seq)
        for key, numbers in seqs.items():
            account = claim.after[key]
            claim.after[key] = Account(account.id, account.ledger.with_seqs(numbers))


def load_account(cursor: Cursor, key: Key) -> Account:
    """What the database has of one epoch; makes its row when it is new."""
    row = cursor.execute(_ACCOUNT, key).fetchone()
    assert row is not None
    spans = cursor.execute(_SPANS, {"id": row[0], "upto": row[1]}).fetchall()
    return Account(row[0], Ledger(row[1]).with_ranges((first, last) for first, last in spans))


def has_custody(one: Delivery) -> bool:
    """Whether a receipt can be published for it: its source must be able to stand in a topic."""
    return one.custody is not None and _NAME.fullmatch(one.custody.source) is not None


def key_of(custody: Custody) -> Key:
    """Source, stream and epoch."""
    return custody.source, custody.stream.value, custody.epoch


def content_hash(packet: Packet) -> UUID:
    """Of what a record says, the same on its own topic and on the topic for repeats."""
    digest = hashlib.blake2b(packet.payload, digest_size=16)
    for name in ("schema", "meta"):
        digest.update(b"\0" + (packet.property(name) or "").encode("utf-8", "surrogatepass"))
    return UUID(bytes=digest.digest())


def _insert(cursor: Cursor, asked: dict[tuple[int, int], tuple[Delivery, UUID]]) -> set[tuple[int, int]]:
    if not asked:
        return set()
    columns = [place[0] for place in asked], [place[1] for place in asked], [content for _, content in asked.values()]
    return {(row[0], row[1]) for row in cursor.execute(_CLAIM, columns).fetchall()}


def _stored_hashes(cursor: Cursor, places: Sequence[tuple[int, int]]) -> dict[tuple[int, int], UUID]:
    if not places:
        return {}
    rows = cursor.execute(_HASHES, ([one[0] for one in places], [one[1] for one in places])).fetchall()
    return {(row[0], row[1]): row[2] for row in rows}
