"""Users, sessions, refresh tokens and tickets: the schema `auth`."""

from typing import Any
from uuid import UUID

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from jidoka.api.database import Connection, row, rows

USER = "id, username, role, lines, disabled, created_at, last_login_at"


async def users(connection: Connection) -> list[DictRow]:
    """All users by name."""
    return await rows(connection, f"SELECT {USER} FROM auth.users ORDER BY username LIMIT 10000")  # noqa: S608


async def user(connection: Connection, user_id: UUID) -> DictRow | None:
    """A user."""
    return await row(connection, f"SELECT {USER} FROM auth.users WHERE id = %(id)s", {"id": user_id})  # noqa: S608


async def login(connection: Connection, username: str) -> DictRow | None:
    """A user with the password's hash."""
    sql = f"SELECT {USER}, password_hash FROM auth.users WHERE username = %(username)s"  # noqa: S608
    return await row(connection, sql, {"username": username})


async def add_user(connection: Connection, values: dict[str, Any]) -> DictRow | None:
    """Makes a user of id, username, password_hash, role, lines; None when the name is taken."""
    sql = f"""INSERT INTO auth.users (id, username, password_hash, role, lines)
        VALUES (%(id)s, %(username)s, %(password_hash)s, %(role)s, %(lines)s)
        ON CONFLICT (username) DO NOTHING RETURNING {USER}"""  # noqa: S608
    return await row(connection, sql, values)


async def change_user(connection: Connection, values: dict[str, Any]) -> DictRow | None:
    """Sets password_hash, role, lines and disabled of a user; None when there is no such one."""
    sql = f"""UPDATE auth.users SET password_hash = coalesce(%(password_hash)s, password_hash), role = %(role)s,
        lines = %(lines)s, disabled = %(disabled)s WHERE id = %(id)s RETURNING {USER}"""  # noqa: S608
    return await row(connection, sql, values)


async def lock_admins(connection: Connection) -> int:
    """How many users can administer; they stay as they are until the transaction ends."""
    sql = "SELECT id FROM auth.users WHERE role = 'admin' AND NOT disabled ORDER BY id FOR UPDATE"
    return len(await rows(connection, sql))


async def rehash(connection: Connection, user_id: UUID, password_hash: str) -> None:
    """Replaces a hash by one with today's parameters."""
    sql = "UPDATE auth.users SET password_hash = %(hash)s WHERE id = %(id)s"
    await connection.execute(sql, {"hash": password_hash, "id": user_id})


async def open_session(connection: Connection, session: UUID, user_id: UUID, seconds: int) -> None:
    """Starts a session, and forgets those long over."""
    values = {"id": session, "user": user_id, "seconds": seconds}
    await connection.execute("DELETE FROM auth.sessions WHERE expires_at < now() - interval '1 day'")
    await connection.execute("UPDATE auth.users SET last_login_at = now() WHERE id = %(user)s", values)
    sql = """INSERT INTO auth.sessions (id, user_id, expires_at)
        VALUES (%(id)s, %(user)s, now() + %(seconds)s * interval '1 second')"""
    await connection.execute(sql, values)


async def extend_session(connection: Connection, session: UUID, seconds: int) -> None:
    """Lets a session live on from now."""
    sql = "UPDATE auth.sessions SET expires_at = now() + %(seconds)s * interval '1 second' WHERE id = %(id)s"
    await connection.execute(sql, {"id": session, "seconds": seconds})


async def revoke_session(connection: Connection, session: UUID, because: str) -> None:
    """Ends a session."""
    sql = """UPDATE auth.sessions SET revoked_at = now(), revoked_because = %(because)s
        WHERE id = %(id)s AND revoked_at IS NULL"""
    await connection.execute(sql, {"id": session, "because": because})


async def revoke_user(connection: Connection, user_id: UUID, because: str) -> None:
    """Ends all sessions of a user."""
    sql = """UPDATE auth.sessions SET revoked_at = now(), revoked_because = %(because)s
        WHERE user_id = %(id)s AND revoked_at IS NULL"""
    await connection.execute(sql, {"id": user_id, "because": because})


async def standing(connection: Connection, session: UUID) -> DictRow | None:
    """The user of a living session; None when it is over or the user disabled."""
    sql = """SELECT u.id, u.username, u.role, u.lines FROM auth.sessions s JOIN auth.users u ON u.id = s.user_id
        WHERE s.id = %(id)s AND s.revoked_at IS NULL AND s.expires_at > now() AND NOT u.disabled"""
    return await row(connection, sql, {"id": session})


async def add_refresh(connection: Connection, digest: bytes, session: UUID) -> None:
    """Notes a refresh token."""
    sql = "INSERT INTO auth.refresh_tokens (hash, session_id) VALUES (%(hash)s, %(session)s)"
    await connection.execute(sql, {"hash": digest, "session": session})


async def use_refresh(connection: Connection, digest: bytes) -> DictRow | None:
    """Marks a refresh token as used; the row says whether it was used `before`. None when unknown."""
    sql = """SELECT session_id, used_at IS NOT NULL AS before FROM auth.refresh_tokens
        WHERE hash = %(hash)s FOR UPDATE"""
    found = await row(connection, sql, {"hash": digest})
    mark = "UPDATE auth.refresh_tokens SET used_at = coalesce(used_at, now()) WHERE hash = %(hash)s"
    await connection.execute(mark, {"hash": digest})
    return found


async def add_ticket(connection: Connection, digest: bytes, person: dict[str, Any], seconds: int) -> None:
    """Notes a ticket, and forgets those that are over."""
    await connection.execute("DELETE FROM auth.tickets WHERE expires_at < now()")
    sql = """INSERT INTO auth.tickets (hash, person, expires_at)
        VALUES (%(hash)s, %(person)s, now() + %(seconds)s * interval '1 second')"""
    await connection.execute(sql, {"hash": digest, "person": Jsonb(person), "seconds": seconds})


async def take_ticket(connection: Connection, digest: bytes) -> dict[str, Any] | None:
    """The person of a ticket, which is spent by this; None when there is none or it is over."""
    sql = "DELETE FROM auth.tickets WHERE hash = %(hash)s RETURNING person, expires_at > now() AS valid"
    found = await row(connection, sql, {"hash": digest})
    return dict(found["person"]) if found and found["valid"] else None


async def refresh_session(connection: Connection, digest: bytes) -> UUID | None:
    """The session of a refresh token."""
    found = await row(connection, "SELECT session_id FROM auth.refresh_tokens WHERE hash = %(hash)s", {"hash": digest})
    return UUID(str(found["session_id"])) if found else None
