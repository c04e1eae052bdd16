"""One PostgreSQL server for the session, and a fresh database for each test, on every engine that is installed."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from jidoka.historian.attempts import Attempts
from jidoka.historian.database import Connection, Database
from jidoka.historian.line import Retention
from jidoka.historian.migrate import Engine, migrate
from jidoka.historian.policies import apply_retention, make_partitions
from jidoka.historian.store import Store
from jidoka.historian.writer import Committed, Writer
from jidoka.runtime.batch import Delivery, delivery
from jidoka.runtime.link import Incoming
from jidoka.runtime.testing import SCOPE, Postgres, postgres
from jidoka.schemas import Custody, Message, Packet, Stream, encode, new_id
from historian_messages import now

HAS_TIMESCALEDB = any(Path("/usr/share/postgresql").glob("*/extension/timescaledb.control"))
ENGINES: list[Engine] = ["postgresql", "timescaledb"] if HAS_TIMESCALEDB else ["postgresql"]
PRELOAD = "shared_preload_libraries = 'timescaledb'\ntimescaledb.telemetry_level = off\n" if HAS_TIMESCALEDB else ""
