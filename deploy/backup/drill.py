"""The proof that a dump can be restored: it is, into a database of its own; rows are counted and images hashed."""

from datetime import UTC, datetime

from counts import counted, hashed
from dump import Dump
from errors import BackupError
from psycopg import sql
from restore import restore
from server import Server

SCRATCH = "jidoka_drill"


def drill(server: Server, dump: Dump) -> str:
    """A line to print. Raises BackupError when the counts differ from those noted when the dump was made."""
    note = dump.note()
    expected, images = note.get("rows", {}), note.get("images", {})
    _drop(server)
    try:
        restore(server, dump, SCRATCH)
        with server.connection(SCRATCH) as connection:
            found, pictures = counted(connection), hashed(connection)
    finally:
        _drop(server)
    wrong = {table: (rows, found.get(table)) for table, rows in expected.items() if found.get(table) != rows}
    if wrong or not expected:
        raise BackupError(f"{dump.name} restored with other counts (noted, found): {wrong or 'none were noted'}")
    if pictures != images:
        raise BackupError(f"{dump.name} restored with other images: {len(images.items() ^ pictures.items())} differ")
    dump.drilled(datetime.now(UTC))
    return f"{dump.name}: {sum(found.values()):,} rows in {len(found)} tables, as noted" + (
        f"; {len(images)} images" if images else ""
    )


def _drop(server: Server) -> None:
    with server.connection("postgres") as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(SCRATCH)))
