"""The API's own tables: numbered SQL files, applied once each, one process at a time."""

from importlib.resources import files

from psycopg import AsyncConnection
from psycopg.rows import DictRow

_LOCK = 0x6A69646F6B61  # "jidoka"


async def migrate(connection: AsyncConnection[DictRow]) -> None:
    """Applies what is missing, in the connection's transaction. The historian's migration makes the schema `auth`."""
    await connection.execute("SELECT pg_advisory_xact_lock(%s, 1)", (_LOCK & 0x7FFFFFFF,))
    # the group role owns the tables, so that the owner's login can restore them and any API login can use them
    await connection.execute("SET LOCAL ROLE jidoka_auth")
    await connection.execute(
        "CREATE TABLE IF NOT EXISTS auth.migrations (name text PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())"
    )
    cursor = await connection.execute("SELECT name FROM auth.migrations")
    applied = {row["name"] for row in await cursor.fetchall()}
    for path in sorted(files("jidoka.api").joinpath("sql").iterdir(), key=lambda path: path.name):
        if path.name.endswith(".sql") and path.name not in applied:
            await connection.execute(path.read_bytes())
            await connection.execute("INSERT INTO auth.migrations (name) VALUES (%s)", (path.name,))
    await connection.execute("RESET ROLE")
