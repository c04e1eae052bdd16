"""Sessions: log-in, refresh with rotation, log-out, and whether a session still stands."""

import hashlib
import secrets
import time
from collections import OrderedDict
from dataclasses import replace
from uuid import UUID, uuid4

from jidoka.api.database import Connection, Database
from jidoka.api.people.audit import note
from jidoka.api.people.person import Person
from jidoka.api.people.tokens import TokenSigner, unauthorized
from jidoka.api.problems import Unavailable
from jidoka.api.queries import people as queries
from jidoka.api.roles import UserRole

STANDING_S = 3.0
TICKET_S = 30
_KEPT = 10_000


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


class Sessions:
    """Refresh tokens and tickets are kept as hashes only; what a session may do is asked anew every few seconds."""

    def __init__(self, database: Database, signer: TokenSigner, seconds: int) -> None:
        self._database, self._signer, self._seconds = database, signer, seconds
        self._known: OrderedDict[UUID, tuple[float, Person | None]] = OrderedDict()

    @property
    def access_token_s(self) -> int:
        """Life of an access token."""
        return self._signer.seconds

    async def open(self, connection: Connection, user_id: UUID) -> tuple[str, str, Person]:
        """Access token, refresh token and person of a new session."""
        session = uuid4()
        await queries.open_session(connection, session, user_id, self._seconds)
        return await self._tokens(connection, session)

    async def refresh(self, token: str, address: str | None) -> tuple[str, str, Person]:
        """New tokens for a refresh token, which is spent by this.

        Raises Problem 401; a token that comes a second time ends its session, since one of the two was a thief.
        """
        async with self._database.writing() as connection:
            used = await queries.use_refresh(connection, _digest(token))
            if used is None:
                raise unauthorized("the refresh token is not known")
            if not used["before"]:
                await queries.extend_session(connection, used["session_id"], self._seconds)
                return await self._tokens(connection, used["session_id"])
            owner = await queries.standing(connection, used["session_id"])
            await queries.revoke_session(connection, used["session_id"], "refresh token used twice")
            actor = owner["username"] if owner else "unknown"
            await note(connection, actor, address, "session.reuse", str(used["session_id"]))
        self._known.pop(used["session_id"], None)
        raise unauthorized("the refresh token was used before: the session is over, log in again")

    async def close(self, session: UUID, because: str) -> None:
        """Ends a session at once here, within seconds on other replicas."""
        async with self._database.writing() as connection:
            await queries.revoke_session(connection, session, because)
        self._known[session] = (time.monotonic(), None)

    async def session_of(self, refresh_token: str) -> UUID | None:
        """The session of a refresh token, which stays as it is."""
        async with self._database.reading() as connection:
            return await queries.refresh_session(connection, _digest(refresh_token))

    def forget(self) -> None:
        """Asks the database anew for every session: a user was changed."""
        self._known.clear()

    async def person(self, token: str) -> Person:
        """The person of an access token, with the role of now. Raises Problem 401, or Unavailable."""
        claims = self._signer.read(token)
        person = await self.standing(claims.session)
        if person is None or person.subject != str(claims.user):
            raise unauthorized("the session is over")
        return replace(person, expires_at=claims.expires_at)

    async def standing(self, session: UUID) -> Person | None:
        """Who a living session belongs to. While the database is away the last answer counts, if there is one."""
        known = self._known.get(session)
        if known and time.monotonic() - known[0] < STANDING_S:
            return known[1]
        try:
            async with self._database.reading() as connection:
                found = await queries.standing(connection, session)
        except Unavailable:
            if known:
                return known[1]
            raise
        person = _person(found, session) if found else None
        self._known[session] = (time.monotonic(), person)
        self._known.move_to_end(session)
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)
        return person

    async def ticket(self, person: Person) -> str:
        """A ticket that opens one WebSocket or stream for this person."""
        secret = secrets.token_urlsafe(32)
        async with self._database.writing() as connection:
            await queries.add_ticket(connection, _digest(secret), person.dump(), TICKET_S)
        return secret

    async def redeem(self, ticket: str) -> Person | None:
        """The person of a ticket, which is spent by this; None when it is over, spent or none."""
        async with self._database.writing() as connection:
            dumped = await queries.take_ticket(connection, _digest(ticket))
        return Person.load(dumped) if dumped else None

    async def _tokens(self, connection: Connection, session: UUID) -> tuple[str, str, Person]:
        found = await queries.standing(connection, session)
        if found is None:
            raise unauthorized("the session is over")
        refresh_token = secrets.token_urlsafe(32)
        await queries.add_refresh(connection, _digest(refresh_token), session)
        access, expires = self._signer.issue(found["id"], session)
        return access, refresh_token, replace(_person(found, session), expires_at=expires)


def _person(found: dict[str, object], session: UUID) -> Person:
    lines = found["lines"]
    assert lines is None or isinstance(lines, list)
    own = None if lines is None else tuple(lines)
    return Person(str(found["id"]), str(found["username"]), UserRole(str(found["role"])), own, session)
