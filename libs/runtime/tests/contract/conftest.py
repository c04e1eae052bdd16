"""The bus on two brokers: in memory, and mosquitto (or the broker that MQTT_TEST_URL names) behind a TCP proxy."""

import os
import select
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from typing import Any
from urllib.parse import urlsplit

import pytest

from jidoka.runtime import repeats
from jidoka.runtime.bus import Bus
from jidoka.runtime.settings import MqttSettings
from jidoka.runtime.testing import FakeBroker, FakeBus, Mosquitto, mosquitto, until
from jidoka.schemas import Scope

EXTERNAL = os.environ.get("MQTT_TEST_URL")


class Proxy:
    """A TCP proxy to the broker; `cut` breaks its connections.

    While `open` is False it refuses new ones; while `deaf` it drops what the broker says.
    """

    def __init__(self, target: tuple[str, int]) -> None:
        self._target, self.open, self.deaf = target, True, False
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def cut(self) -> None:
        pairs, self._pairs = self._pairs, []
        for sock in (sock for pair in pairs for sock in pair):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.open = False
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                if not self.open:
                    raise ConnectionRefusedError
                pair = (client, socket.create_connection(self._target, timeout=5))
            except OSError:
                client.close()
                continue
            self._pairs.append(pair)
            threading.Thread(target=self._carry, args=pair, daemon=True).start()

    def _carry(self, client: socket.socket, server: socket.socket) -> None:
        poller, other = select.poll(), {client.fileno(): (client, server), server.fileno(): (server, client)}
        for number in other:
            poller.register(number, select.POLLIN)
        with suppress(OSError), client, server:
            while True:
                for number, _ in poller.poll():
                    source, target = other[number]
                    data = source.recv(65_536)
                    if not data:
                        return
                    if target is server or not self.deaf:
                        target.sendall(data)


class FakeRig:
    """Buses on the broker in memory; time passes by its clock."""

    def __init__(self, stack: ExitStack) -> None:
        self.broker, self.scope = FakeBroker(), Scope("demo", "line1")
        self._stack = stack

    def bus(self, service: str, stack: ExitStack | None = None, **options: Any) -> FakeBus:
        return (stack or self._stack).enter_context(FakeBus(self.broker, self.scope, service, **options))

    def eventually(self, condition: Callable[[], object]) -> None:
        for _ in range(200):
            if condition():
                return
            self.broker.advance(1.0)
        raise AssertionError("it did not come true within 200 s of the broker's clock")

    def pass_time(self, seconds: float) -> None:
        self.broker.advance(seconds)

    def kill(self, bus: FakeBus) -> None:
        bus.die()

    def cut(self, bus: FakeBus) -> None:
        bus.cut()

    def deafen(self, bus: FakeBus) -> None:
        bus._fake.deaf = True

    def away(self, bus: FakeBus) -> None:
        bus._fake.lose("away")

    def back(self, bus: FakeBus) -> None:
        bus._fake.open()

    def kill_broker(self) -> None:
        self.broker.stop()

    def start_broker(self) -> None:
        self.broker.start()


class RealRig:
    """Buses on a real broker, each through a proxy of its own. Waiting is for conditions, with a deadline."""

    def __init__(self, stack: ExitStack, broker: Mosquitto | None, target: MqttSettings) -> None:
        self.broker, self.scope = broker, Scope(f"test-{uuid.uuid4().hex[:8]}", "line1")
        self._stack, self._target = stack, target
        self._proxies: dict[str, Proxy] = {}

    def bus(self, service: str, stack: ExitStack | None = None, **options: Any) -> Bus:
        instance = options.pop("instance", f"{service}-1")
        proxy = self._proxies[instance] = Proxy((self._target.host, self._target.port))
        self._stack.callback(proxy.close)
        settings = self._target.model_copy(update={"host": "127.0.0.1", "port": proxy.port})
        bus = (stack or self._stack).enter_context(Bus(settings, self.scope, service, instance, "0", **options))
        assert bus.settled(10)
        return bus

    def eventually(self, condition: Callable[[], object]) -> None:
        until(condition, 30)

    def pass_time(self, seconds: float) -> None:
        threading.Event().wait(seconds)

    def kill(self, bus: Bus) -> None:
        self.away(bus)

    def cut(self, bus: Bus) -> None:
        generation = bus._paho._generation
        self._proxies[bus.instance].cut()
        self.eventually(lambda: bus._paho._generation > generation and bus.connected)

    def deafen(self, bus: Bus) -> None:
        self._proxies[bus.instance].deaf = True

    def away(self, bus: Bus) -> None:
        self._proxies[bus.instance].open = False
        self._proxies[bus.instance].cut()
        self.eventually(lambda: not bus.connected)

    def back(self, bus: Bus) -> None:
        self._proxies[bus.instance].open, self._proxies[bus.instance].deaf = True, False
        self.eventually(lambda: bus.connected)

    def kill_broker(self) -> None:
        assert self.broker
        self.broker.kill()

    def start_broker(self) -> None:
        assert self.broker
        self.broker.start()


Rig = FakeRig | RealRig


@pytest.fixture
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repeats after a third of a second, so that a real broker's test need not wait for five."""
    monkeypatch.setattr(repeats, "BASE_S", 0.3)


@pytest.fixture(scope="module")
def own_broker() -> Iterator[Mosquitto]:
    with mosquitto() as broker:
        yield broker


@pytest.fixture(params=["memory", "broker"])
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    with ExitStack() as stack:
        if request.param == "memory":
            yield FakeRig(stack)
        elif EXTERNAL:
            url = urlsplit(EXTERNAL)
            yield RealRig(stack, None, MqttSettings(host=url.hostname or "127.0.0.1", port=url.port or 1883,
                                                    username=url.username, password=url.password))  # fmt: skip
        else:
            broker = request.getfixturevalue("own_broker")
            yield RealRig(stack, broker, broker.settings)


@pytest.fixture(params=["memory"] if EXTERNAL else ["memory", "broker"])
def killable(request: pytest.FixtureRequest) -> Iterator[Rig]:
    """A rig whose broker may be killed: never one that somebody else runs."""
    with ExitStack() as stack:
        if request.param == "memory":
            yield FakeRig(stack)
        else:
            broker = stack.enter_context(mosquitto())
            yield RealRig(stack, broker, broker.settings)
