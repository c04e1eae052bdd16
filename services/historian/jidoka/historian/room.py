"""Room on disks: how full those are that the record needs, told before they are full."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from jidoka.historian.database import Cursor
from jidoka.historian.line import Retention

FULL, ROOM_AGAIN = 0.90, 0.85
GIB = 2**30

_SIZE = "SELECT pg_database_size(current_database())"


def filled(cursor: Cursor, data_dir: Path, retention: Retention) -> Iterator[tuple[str, float, str]]:
    """For the historian's own disk, and for the database if `line.toml` says how large it may be: whose, how full (0
    to 1 and beyond), and a sentence for people.
    """
    disk = shutil.disk_usage(data_dir)
    # what other users cannot have is not free for us
    share = 1 - disk.free / (disk.used + disk.free)
    yield "historian", share, f"{share:.0%} of the disk of {data_dir} is used, {disk.free / GIB:.1f} GiB are free"
    if retention.database_gib is not None:
        row = cursor.execute(_SIZE).fetchone()
        size = (row[0] if row else 0) / GIB
        share = size / retention.database_gib
        yield "database", share, f"the database takes {size:.1f} GiB of {retention.database_gib:g} GiB"
