"""The first users: an admin from a mounted secret, the demo's users in MODE=sim."""

from uuid import uuid4

from jidoka.api.database import Connection
from jidoka.api.people.audit import note
from jidoka.api.people.passwords import Passwords
from jidoka.api.queries import people as queries
from jidoka.api.roles import UserRole
from jidoka.api.settings import ApiSettings
from jidoka.runtime.logs import log


async def make_first_users(connection: Connection, settings: ApiSettings, passwords: Passwords) -> None:
    """Makes what is missing; users that are there keep their passwords."""
    secret = settings.admin_password
    if secret is not None and await queries.lock_admins(connection) == 0:
        await _make(connection, passwords, "admin", secret.get_secret_value(), UserRole.ADMIN)
    for name, password in settings.demo():
        role = UserRole(name) if name in list(UserRole) else UserRole.VIEWER
        await _make(connection, passwords, name, password, role)


async def _make(connection: Connection, passwords: Passwords, name: str, password: str, role: UserRole) -> None:
    if await queries.login(connection, name) is not None:
        return
    hashed = await passwords.hash(password)
    values = {"id": uuid4(), "username": name, "password_hash": hashed, "role": role.value, "lines": None}
    if await queries.add_user(connection, values) is not None:
        await note(connection, "jidoka", None, "user.add", name, role=role.value, first=True)
        log.info("user_made", username=name, role=role.value)
