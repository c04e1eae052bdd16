"""The broker's figures: what mosquitto publishes below $SYS."""

from collections.abc import Iterator
from typing import Any, Self

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

GAUGES = {
    "clients/connected": ("jidoka_broker_clients", "Clients connected."),
    "clients/total": ("jidoka_broker_sessions", "Sessions, of clients connected or not."),
    "subscriptions/count": ("jidoka_broker_subscriptions", "Subscriptions."),
    "retained messages/count": ("jidoka_broker_retained_messages", "Retained messages."),
    "store/messages/count": ("jidoka_broker_stored_messages", "Messages held in memory, queued ones included."),
    "store/messages/bytes": ("jidoka_broker_stored_bytes", "Bytes of the messages held in memory."),
    "heap/current": ("jidoka_broker_heap_bytes", "Memory that the broker has taken."),
    "uptime": ("jidoka_broker_uptime_seconds", "Seconds since the broker started."),
}
COUNTERS = {
    "publish/messages/received": ("jidoka_broker_received", "Messages that clients published."),
    "publish/messages/sent": ("jidoka_broker_sent", "Messages given to clients."),
    "publish/messages/dropped": ("jidoka_broker_dropped", "Messages dropped because a queue was full."),
    "publish/bytes/received": ("jidoka_broker_received_bytes", "Bytes that clients published."),
    "publish/bytes/sent": ("jidoka_broker_sent_bytes", "Bytes given to clients."),
}
PREFIX = "$SYS/broker/"


class BrokerFigures(Collector):
    """A client of the broker while entered; `collect` gives the newest value of each figure."""

    def __init__(self, host: str, port: int, username: str, password: str, ca_file: str) -> None:
        self._address, self._values = (host, port), dict[str, float]()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, "exporter", protocol=mqtt.MQTTv5)
        self._client.username_pw_set(username, password)
        self._client.tls_set(ca_file)
        self._client.on_connect = self._connected
        self._client.on_disconnect = self._disconnected
        self._client.on_message = self._message
        self._up = False

    def __enter__(self) -> Self:
        self._client.connect_async(*self._address, keepalive=20)
        self._client.loop_start()
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def collect(self) -> Iterator[Metric]:
        """Prometheus asks. Without a connection there is only `jidoka_broker_up` 0."""
        yield GaugeMetricFamily("jidoka_broker_up", "1 while the exporter is logged in at the broker.", int(self._up))
        for figures, family in ((GAUGES, GaugeMetricFamily), (COUNTERS, CounterMetricFamily)):
            for topic, (name, words) in figures.items():
                if self._up and topic in self._values:
                    yield family(name, words, self._values[topic])

    def _connected(self, client: mqtt.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if not reason.is_failure:
            self._up = True
            client.subscribe(PREFIX + "#")

    def _disconnected(self, *_: Any) -> None:
        self._up = False

    def _message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        number = message.payload.decode("ascii", "replace").split(" ")[0]  # the uptime is "12 seconds"
        if number.isdigit():
            self._values[message.topic.removeprefix(PREFIX)] = float(number)
