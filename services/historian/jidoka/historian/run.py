"""The historian's life: lead or stand by, prepare, then batch after batch."""

import sys
from datetime import UTC, datetime

import psycopg

from jidoka.historian import VERSION, metrics
from jidoka.historian.alarms import rebuilt
from jidoka.historian.announce import announce
from jidoka.historian.attempts import Attempts
from jidoka.historian.conditions import Conditions
from jidoka.historian.database import Database, translated
from jidoka.historian.line import Retention
from jidoka.historian.migrate import claim_line, engine_of, migrate
from jidoka.historian.settings import HistorianSettings
from jidoka.historian.sqlstate import Refused
from jidoka.historian.store import Store
from jidoka.historian.upkeep import Upkeep
from jidoka.historian.writer import Writer
from jidoka.runtime.bus import Bus
from jidoka.runtime.journal import Journal
from jidoka.runtime.logs import log
from jidoka.runtime.service import Service
from jidoka.runtime.settings import line_scope, load_settings, load_toml, section
from jidoka.schemas import RECORDS, Scope, Severity

WEEK_S = 7 * 86_400


def record() -> None:
    """Runs the service."""
    settings = load_settings(HistorianSettings)
    line, _ = load_toml(settings.line_file)
    scope, retention = line_scope(line, settings.line_file), section(Retention, line, "historian", settings.line_file)
    url = settings.database_url.get_secret_value()
    with (
        Service("historian", settings, VERSION) as service,
        Database(url, f"{settings.instance} {scope.site}/{scope.line}") as database,
    ):
        service.check("database", database.problem)
        if lead(service, database, settings, scope):
            journal = Journal(settings.journal_path)
            bus = Bus(settings.mqtt, scope, "historian", settings.instance, VERSION, journal, session_expiry=WEEK_S,
                      receive_maximum=2 * settings.batch_messages)  # fmt: skip
            # before it says that it is online: what publishers then repeat must not find nobody
            bus.subscribe(*RECORDS)
            bus.subscribe_repeats()
            with bus:
                service.watch("bus", bus)
                Historian(settings, database, bus, retention).work(service)
            journal.close()


def lead(service: Service, database: Database, settings: HistorianSettings, scope: Scope) -> bool:
    """Waits for the writer's lock, and brings the database to this release. False when the service ends first."""
    while service.alive():
        with service.patience("database"):
            if database.lead():
                with translated():
                    applied = migrate(database.connection, settings.database_engine)
                    claim_line(database.connection, scope.site, scope.line)
                    engine = engine_of(database.connection)
                log.info("leading", engine=engine, migrations=applied)
                metrics.LEADING.set(1)
                return True
            service.wait(1.0)
    return False


def migrate_only() -> None:
    """Brings the database to this release and ends: for deployment jobs."""
    settings = load_settings(HistorianSettings)
    with Database(settings.database_url.get_secret_value(), "migrate") as database, translated():
        for name in migrate(database.connect(), settings.database_engine):
            sys.stdout.write(f"{name}\n")


class Historian:
    """The leading historian between its database and its bus."""

    def __init__(self, settings: HistorianSettings, database: Database, bus: Bus, retention: Retention) -> None:
        self._settings, self._database, self._bus = settings, database, bus
        self._writer = Writer(database, Attempts(settings.data_dir), Store(retention.keep()))
        self._conditions = Conditions(bus.publish, settings.instance)
        self._upkeep = Upkeep(database, bus.publish, self._conditions, retention, settings.data_dir)

    def work(self, service: Service) -> None:
        """Commits batches and says so, until the service ends. Refused: an alarm, and out."""
        ready = False
        try:
            while service.alive():
                with service.patience("database"):
                    if not ready:
                        self._start()
                        ready = True
                    self._turn()
        except (Refused, psycopg.Error) as error:
            message = f"the historian stopped: {error}"
            self._conditions.is_true("database_refuses", "historian", Severity.CRITICAL, message)
            raise

    def _start(self) -> None:
        # tables ready, receipts and alarms as the database has them; only then the first batch
        self._upkeep.prepare()
        with self._database.transaction() as cursor:
            self._conditions.load(cursor)
            states = rebuilt(cursor, datetime.now(UTC))
        for message in [*self._writer.start(), *states]:
            self._bus.publish(message)

    def _turn(self) -> None:
        with self._bus.batch(self._settings.batch_messages, self._settings.batch_seconds, ahead=True) as batch:
            self._writer.write(batch)
        announce(self._writer.take(), self._writer.receipts, self._bus.publish, self._conditions)
        self._upkeep.turn()
