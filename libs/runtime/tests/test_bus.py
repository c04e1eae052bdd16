"""The bus on a real mosquitto: the traps of broker and client library that it must survive."""

import resource
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from jidoka.runtime import network
from jidoka.runtime.bus import Bus
from jidoka.runtime.errors import ConfigError
from jidoka.runtime.journal import Journal
from jidoka.runtime.settings import MqttSettings
from jidoka.runtime.testing import Mosquitto, free_port, mosquitto, until
from jidoka.schemas import Custody, Evidence, Lost, PartArrived, Scope, ServiceStatus, Stream, TagBatch

SCOPE = Scope("demo", "line1")


@pytest.fixture(scope="module")
def shared() -> Iterator[Mosquitto]:
    with mosquitto() as broker:
        yield broker


def bus(broker: Mosquitto, service: str = "plc-gateway", **options: Any) -> Bus:
    return Bus(broker.settings, SCOPE, service, f"{service}-1", "0", **options)


def collect(reader: Bus, count: int) -> list[Any]:
    got: list[Any] = []

    def enough() -> bool:
        with reader.batch(count, 0.05) as batch:
            got.extend(batch)
        return len(got) >= count

    until(enough, 20, f"{count} deliveries")
    return got


def connection(of: Bus) -> socket.socket:
    found = of._paho._client.socket()
    assert isinstance(found, socket.socket)
    return found


def test_a_record_is_sent_after_its_transaction_and_never_when_that_fails(shared: Mosquitto, make: Any) -> None:
    journal = Journal(None)
    with bus(shared, "reader") as reader, bus(shared, journal=journal) as gateway:
        reader.subscribe(PartArrived)
        assert reader.settled(10)
        assert gateway.settled(10)
        with pytest.raises(ValueError, match="no"), journal.transaction():
            gateway.publish(make.part())
            raise ValueError("no")
        with journal.transaction():
            sent = make.part()
            gateway.publish(sent)
            with reader.batch(1, 0.2) as batch:
                assert len(batch) == 0
        (got,) = collect(reader, 1)
    assert got.message == sent
    assert got.custody.seq == 1


def test_many_threads_publish_without_gap_or_disorder(shared: Mosquitto, make: Any) -> None:
    with bus(shared, "reader", receive_maximum=500) as reader, bus(shared, journal=Journal(None)) as gateway:
        reader.subscribe(PartArrived)
        assert reader.settled(10)

        def publish_fifty() -> None:
            for _ in range(50):
                gateway.publish(make.part())

        threads = [threading.Thread(target=publish_fifty) for _ in range(4)]
        for thread in threads:
            thread.start()
        got = collect(reader, 200)
        for thread in threads:
            thread.join()
    assert [delivery.custody.seq for delivery in got] == list(range(1, 201))


def test_without_a_journal_there_are_no_records(shared: Mosquitto, make: Any) -> None:
    with bus(shared) as gateway, pytest.raises(ValueError, match="PartArrived is a record and this bus has no journal"):
        gateway.publish(make.part())


def test_leaving_sends_what_is_left_and_says_so(make: Any) -> None:
    with mosquitto() as broker, bus(broker, "reader", receive_maximum=500) as reader:
        reader.subscribe(PartArrived)
        reader.subscribe(ServiceStatus, service="plc-gateway")
        assert reader.settled(10)
        with bus(broker, journal=Journal(None)) as gateway:
            assert gateway.settled(10)
            for _ in range(50):
                gateway.publish(make.part())
        messages = [delivery.message for delivery in collect(reader, 52)]
    statuses = [message.online for message in messages if isinstance(message, ServiceStatus)]
    assert statuses == [True, False]
    assert sum(isinstance(message, PartArrived) for message in messages) == 50
    assert not gateway.connected


def test_a_broker_that_is_away_is_waited_for(make: Any) -> None:
    with mosquitto() as broker:
        broker.kill()
        with bus(broker, journal=Journal(None)) as gateway, bus(broker, "reader", session_expiry=60) as reader:
            reader.subscribe(PartArrived)
            gateway.publish(make.part())
            until(lambda: "refused" in (gateway.trouble() or ""), 10)
            assert gateway.alive()
            assert not gateway.settled(0)
            broker.start()
            assert reader.settled(30)
            assert gateway.settled(30)
            assert gateway.trouble() is None


def test_a_frame_too_large_for_the_broker_blocks_nothing_behind_it(make: Any) -> None:
    with (
        mosquitto("max_packet_size 20000\n") as broker,
        bus(broker, "reader") as reader,
        bus(broker, journal=Journal(None)) as gateway,
    ):
        reader.subscribe(PartArrived, Lost)
        assert reader.settled(10)
        assert gateway.settled(10)
        gateway.publish(make.image(size=100_000))
        gateway.publish(make.part())
        messages = [delivery.message for delivery in collect(reader, 2)]
        (lost,) = [message for message in messages if isinstance(message, Lost)]
        assert (lost.lost_stream, lost.first, lost.last) == (Stream.EVIDENCE, 1, 1)
        assert "maximum packet size" in lost.reason
        assert gateway.outbox
        assert gateway.outbox.pending()[Stream.EVIDENCE].records == 0
        assert gateway._paho._generation == 1


def test_what_the_broker_denies_is_told_and_kept(make: Any, tmp_path: Any) -> None:
    rules = tmp_path / "acl"
    rules.write_text("topic readwrite jidoka/v1/demo/line1/parts/#\ntopic readwrite jidoka/v1/demo/line1/services/#\n")
    tmp_path.chmod(0o755)
    for folder in tmp_path.parents[:2]:
        folder.chmod(0o755)
    with mosquitto(f"acl_file {rules}\n") as broker, bus(broker, journal=Journal(None)) as gateway:
        assert gateway.settled(10)
        gateway.publish(make.scan())
        gateway.publish(make.part())
        until(lambda: gateway.trouble() == "scans: the broker denies publishing", 10, "the denial")
        assert gateway.outbox
        assert gateway.outbox.pending()[Stream.SAMPLES].records == 1


def test_wrong_credentials_are_named_and_tried_again(tmp_path: Any, make: Any) -> None:
    with mosquitto("allow_anonymous false\n") as broker:
        settings = broker.settings.model_copy(update={"username": "gateway", "password": SecretStr("wrong")})
        with Bus(settings, SCOPE, "plc-gateway", "plc-gateway-1", "0") as gateway:
            until(lambda: "Not authorized" in (gateway.trouble() or ""), 10, "the refusal")
            assert gateway.alive()
            assert "wrong" not in (gateway.trouble() or "")


def test_an_error_on_the_network_thread_costs_a_reconnect_and_no_message(
    shared: Mosquitto, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with bus(shared, "reader", session_expiry=60) as reader, bus(shared, journal=Journal(None)) as gateway:
        reader.subscribe(PartArrived)
        assert reader.settled(10)
        put, calls = reader._inbox.put, []

        def failing(incoming: Any) -> None:
            calls.append(incoming)
            if len(calls) == 1:
                raise KeyError("bug")
            put(incoming)

        monkeypatch.setattr(reader._inbox, "put", failing)
        with capture_logs() as logs:
            sent = [make.part(), make.part()]
            for message in sent:
                gateway.publish(message)
            got = {delivery.message.counter for delivery in collect(reader, 2)}
        assert got == {message.counter for message in sent}
        assert "network_thread_error" in {line["event"] for line in logs}
        assert reader.alive()


def test_a_dead_thread_is_told_and_ends_the_service(
    shared: Mosquitto, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(thread: network.Network) -> None:
        thread._stop_by = 0.0

    with monkeypatch.context() as patched:
        patched.setattr(network.Network, "_connection", die)
        with bus(shared, journal=Journal(None)) as gateway:
            until(lambda: not gateway.alive(), 10)
            with pytest.raises(RuntimeError, match="thread has died"):
                gateway.publish(make.part())
            with pytest.raises(RuntimeError, match="thread has died"), gateway.batch(1, 0):
                pass


def test_two_with_one_name_do_not_drive_the_broker_mad(shared: Mosquitto) -> None:
    with bus(shared) as first, bus(shared) as second:
        until(lambda: first._paho._generation + second._paho._generation >= 4, 20)
        assert first._paho._generation + second._paho._generation < 12
        assert first.alive()
        assert second.alive()


def test_it_works_in_a_process_with_more_than_a_thousand_files_open(shared: Mosquitto, make: Any) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2048 if hard == resource.RLIM_INFINITY else min(2048, hard)
    assert wanted > 1200
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    held = [socket.socket() for _ in range(1100)]
    try:
        with bus(shared, "reader") as reader, bus(shared, journal=Journal(None)) as gateway:
            reader.subscribe(PartArrived)
            assert reader.settled(10)
            assert connection(reader).fileno() > 1023
            gateway.publish(make.part())
            assert len(collect(reader, 1)) == 1
    finally:
        for sock in held:
            sock.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_small_packets_are_not_held_back(shared: Mosquitto) -> None:
    with bus(shared) as gateway:
        assert gateway.settled(10)
        assert connection(gateway).getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_records_of_a_killed_run_are_taken_by_the_next_as_repeats(
    shared: Mosquitto, make: Any, new_journal: Callable[[str], Journal]
) -> None:
    with bus(shared, "historian") as keeper:
        keeper.subscribe(TagBatch)
        keeper.subscribe_repeats()
        assert keeper.settled(10)
        journal = new_journal("j")
        dead = bus(shared, journal=journal)
        sent = make.scan()
        dead.publish(sent)
        journal.close()
        with bus(shared, journal=new_journal("j")) as gateway:
            (got,) = collect(keeper, 1)
            assert (got.message, got.packet.topic) == (sent, SCOPE.repeats("plc-gateway-1"))
            keeper.publish(make.receipt("plc-gateway-1", [got.custody]))
            assert gateway.outbox
            box = gateway.outbox
            until(lambda: box.pending()[Stream.SAMPLES].records == 0, 20)
    assert isinstance(got.custody, Custody)


@pytest.fixture
def certificates(tmp_path: Path) -> Path:
    """A certificate authority, and a broker's certificate for 127.0.0.1 that it signed."""
    script = """
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=ca -keyout ca.key \\
      -out ca.pem -addext keyUsage=critical,keyCertSign,cRLSign
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=broker -keyout broker.key -out broker.csr
    echo subjectAltName=IP:127.0.0.1 > names
    openssl x509 -req -in broker.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out broker.pem
    chmod 644 *
    """
    subprocess.run(["sh", "-ec", script], cwd=tmp_path, check=True, capture_output=True)
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    return tmp_path


def test_large_and_small_messages_come_through_tls_and_a_stranger_is_not_trusted(certificates: Path, make: Any) -> None:
    port = free_port()
    extra = f"listener {port} 127.0.0.1\ncertfile {certificates}/broker.pem\nkeyfile {certificates}/broker.key\n"
    with mosquitto(extra) as broker:
        trusting = broker.settings.model_copy(update={"port": port, "tls": True, "ca_file": certificates / "ca.pem"})
        with (
            Bus(trusting, SCOPE, "reader", "reader-1", "0") as reader,
            Bus(trusting, SCOPE, "gateway", "gateway-1", "0", Journal(None)) as gateway,
        ):
            reader.subscribe(PartArrived, Evidence)
            assert reader.settled(20)
            for size in (3_000_000, 10, 300_000):
                gateway.publish(make.image(size=size))
                gateway.publish(make.part())
            sizes = [len(m.image) for d in collect(reader, 6) if isinstance(m := d.message, Evidence)]
            assert sizes == [3_000_000, 10, 300_000]
        wary = trusting.model_copy(update={"ca_file": None})
        with Bus(wary, SCOPE, "wary", "wary-1", "0") as stranger:
            until(lambda: "certificate" in (stranger.trouble() or ""), 20, "the refusal")


def test_tls_files_that_cannot_be_used_are_a_configuration_error() -> None:
    settings = MqttSettings(port=free_port(), tls=True, ca_file="/nowhere/ca.pem")
    with pytest.raises(ConfigError, match=r"MQTT_CA_FILE.*No such file"):
        Bus(settings, SCOPE, "x", "x-1", "0")
