"""The same door against a server not written here: cm-ethernetip, up to 12 atomic tags."""

import asyncio
import struct
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from ethernetip.cip.identity_info import IdentityInfo
from ethernetip.logix.logix_dispatcher import LogixDispatcher
from ethernetip.logix.tag_database import TagDatabase
from ethernetip.protocol.eip_adapter import EipAdapter

from jidoka.plc_gateway.gateway import Gateway
from jidoka.plc_gateway.line import read
from jidoka.plc_gateway.link import Address, Reading
from jidoka.plc_gateway.plc import Reader, Writer
from jidoka.plc_gateway.quality import stopped
from jidoka.runtime.journal import Journal
from jidoka.runtime.testing import FakeBroker, FakeBus, until
from jidoka.schemas import TagBatch

DINT, REAL = 0xC4, 0xCA


class Counterpart:
    """Runs the server in a thread of its own."""

    def __init__(self) -> None:
        self.tags = TagDatabase()
        for number in range(10):
            self.tags.add_tag(f"Count{number}", DINT, 1)
        self.tags.add_tag("Ratio", REAL, 1)
        self.tags.add_tag("Row", DINT, 5)
        identity = IdentityInfo(product_name="1756-L83E", major_revision=33, status=0x3060)
        self._adapter = EipAdapter(LogixDispatcher(tags=self.tags, identity=identity), identity)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._adapter.listen("127.0.0.1", 0), self._loop).result(10)
        self.address = Address(f"127.0.0.1:{self._adapter.port}")

    def dint(self, name: str, element: int = 0) -> int:
        tag = self.tags.find_by_name(name)
        assert tag is not None
        return int(struct.unpack_from("<i", tag.get_data(), 4 * element)[0])

    def close(self) -> None:
        async def stop() -> None:
            if self._adapter._server is not None:
                self._adapter._server.close()

        asyncio.run_coroutine_threadsafe(stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)


@pytest.fixture
def counterpart() -> Iterator[Counterpart]:
    server = Counterpart()
    yield server
    server.close()


def test_tags_are_uploaded_and_read(counterpart: Counterpart) -> None:
    for number in range(10):
        counterpart.tags.find_by_name(f"Count{number}").write_dint(0, number * 11)
    counterpart.tags.find_by_name("Ratio").write_real(0, 2.5)
    with Reader(counterpart.address) as link:
        assert len(list(link.catalogue.leaves())) == 12
        readings = link.read([*(f"Count{number}" for number in range(10)), "Ratio"])
        assert [reading.value for reading in readings] == [*(number * 11 for number in range(10)), 2.5]
        assert link.read(["Count3"])[0].value == 33
        assert link.read([link.catalogue.request("Row").ask])[0].value == [0, 0, 0, 0, 0]


def test_tags_are_written(counterpart: Counterpart) -> None:
    with Writer(counterpart.address, frozenset({"Count1", "Count2", "Row[3]"})) as link:
        assert link.write([("Count1", 5), ("Count2", -6)]) == [None, None]
        assert link.write([("Row[3]", 7)]) == [None]
        told = link.write_and_read([("Count1", 8), ("Count2", 9)], ["Count2", "Count1"])
        assert told == ([None, None], [Reading(9), Reading(8)])
        assert stopped(link.status()) is None
    assert (counterpart.dint("Count1"), counterpart.dint("Count2"), counterpart.dint("Row", 3)) == (8, 9, 7)


def test_an_unknown_tag_is_bad(counterpart: Counterpart) -> None:
    with Reader(counterpart.address) as link:
        good, bad = link.read(["Count0", "Nowhere"])
    assert good.value == 0
    assert bad.bad is not None


def test_the_gateway_scans_it(counterpart: Counterpart, tmp_path: Path) -> None:
    tags = [*(f"Count{number}" for number in range(10)), "Ratio", "Row"]
    group = {"name": "all", "period_ms": 50, "tags": tags}
    data = {"plc": [{"name": "other", "host": counterpart.address.host, "group": [group]}]}
    broker = FakeBroker()

    def newest() -> TagBatch | None:
        return next((message for message in reversed(broker.messages()) if isinstance(message, TagBatch)), None)

    def shows(tag: str, value: float) -> bool:
        batch = newest()
        return batch is not None and batch.values.get(tag) == value

    with (
        closing(Journal(tmp_path / "gateway.sqlite")) as journal,
        FakeBus(broker, service="plc-gateway", journal=journal) as bus,
        Gateway(read(data, "line.toml"), "a" * 64, bus, journal, "plc-gateway-1") as gateway,
    ):
        until(lambda: shows("Count7", 0), 15.0, "a scan")
        counterpart.tags.find_by_name("Count7").write_dint(0, 77)
        until(lambda: shows("Count7", 77), 15.0, "the new value")
        gateway.verify()
    batch = newest()
    assert batch is not None
    assert batch.values.keys() == {*tags[:-1], *(f"Row[{index}]" for index in range(5))}
    assert (batch.bad, batch.uncertain) == ({}, {})
