"""Tag samples a second from MQTT QoS 1 to committed rows, against a bare binary COPY of the same rows."""

import json
import sys
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests/support"))

import paho.mqtt.client as mqtt
import psycopg
from line_stack import Stack, line_stack, wait_for
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

MESSAGES, TAGS = 5_000, 100
START = datetime.now(UTC) - timedelta(days=1)
Payload = tuple[str, bytes, list[tuple[str, str]]]


def main() -> None:
    """Prints both rates and their ratio."""
    with line_stack(takt_ms=5_000) as line:
        payloads = _payloads(str(uuid.uuid4()))
        took = _through_the_bus(line, payloads)
        stored = line.sql("SELECT count(*) AS n FROM tag_samples WHERE plc = 'bench'")[0]["n"]
        bare = _bare_copy(line)
        engine = line.sql("SELECT count(*) AS n FROM pg_extension WHERE extname = 'timescaledb'")[0]["n"]
    assert stored == MESSAGES * TAGS, f"{stored} rows of {MESSAGES * TAGS} were stored"
    through, alone = MESSAGES * TAGS / took, MESSAGES * TAGS / bare
    print(f"ingest on {'TimescaleDB' if engine else 'PostgreSQL'}: {through:,.0f} samples/s from MQTT to commit")
    print(f"ingest: bare COPY {alone:,.0f} rows/s; ratio {through / alone:.2f} (goal 0.6)")


def _payloads(epoch: str) -> list[Payload]:
    made = []
    for number in range(1, MESSAGES + 1):
        at = START + timedelta(milliseconds=10 * number)
        values = {f"Bench.T{tag:03d}": number * 0.001 + tag for tag in range(TAGS)}
        body = {"plc": "bench", "group": "g", "at": at.isoformat(), "scan_no": number, "values": values, "bad": {}}
        user = {"schema": "TagBatch/1", "source": "bench-1", "stream": "samples", "epoch": epoch, "seq": str(number)}
        made.append(("jidoka/v1/demo/line1/scans/bench/g", json.dumps(body).encode(), list(user.items())))
    return made


def _through_the_bus(line: Stack, payloads: list[Payload]) -> float:
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.max_inflight_messages_set(1000)
    client.connect("127.0.0.1", line.ports["MQTT_PORT"])
    client.loop_start()
    begun = time.monotonic()
    for topic, payload, user in payloads:
        properties = Properties(PacketTypes.PUBLISH)
        properties.UserProperty = user
        client.publish(topic, payload, qos=1, properties=properties)
    committed = "SELECT upto FROM custody WHERE source = 'bench-1'"
    wait_for("last sample", lambda: [row for row in line.sql(committed) if row["upto"] == len(payloads)], 300)
    took = time.monotonic() - begun
    client.disconnect()
    client.loop_stop()
    return took


def _bare_copy(line: Stack) -> float:
    """The same rows one hour later, in one process, one transaction for each 500 messages' rows."""
    tags = [row["id"] for row in line.sql("SELECT id FROM tags WHERE plc = 'bench' ORDER BY name")]
    password = json.loads((line.data / "secrets.json").read_text())["postgres"]
    address = {"host": "127.0.0.1", "port": line.ports["DATABASE_PORT"], "dbname": "jidoka"}
    shift = START + timedelta(hours=1)
    with psycopg.connect(user="postgres", password=password, **address) as connection:
        begun = time.monotonic()
        for first in range(1, MESSAGES + 1, 500):
            _copy(connection, shift, range(first, first + 500), tags)
            connection.commit()
        return time.monotonic() - begun


def _copy(connection: psycopg.Connection, shift: datetime, numbers: range, tags: list[int]) -> None:
    statement = "COPY record.tag_samples (at, value, tag_id) FROM STDIN (FORMAT BINARY)"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(["timestamptz", "float8", "int4"])
        for number in numbers:
            at = shift + timedelta(milliseconds=10 * number)
            for index, tag in enumerate(tags):
                copy.write_row((at, number * 0.001 + index, tag))


if __name__ == "__main__":
    main()
