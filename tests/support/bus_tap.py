"""A plain MQTT 5 client for black-box tests: collects what is published, publishes what it is told."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties


@dataclass(slots=True)
class Tap:
    """What came in since the start: (topic, payload, user properties)."""

    client: mqtt.Client
    seen: list[tuple[str, bytes, dict[str, str]]] = field(default_factory=list)
    dropped: bool = False
    _last: mqtt.MQTTMessageInfo | None = None

    def topics(self) -> set[str]:
        """All topics seen."""
        return {topic for topic, _, _ in list(self.seen)}

    def post(self, topic: str, payload: bytes, user: dict[str, str] | None = None) -> None:
        """Publishes at QoS 1."""
        properties = Properties(PacketTypes.PUBLISH)
        if user:
            properties.UserProperty = list(user.items())
        self._last = self.client.publish(topic, payload, qos=1, properties=properties)

    def settle(self) -> None:
        """Waits for the broker's word on the last message posted."""
        assert self._last is not None
        self._last.wait_for_publish(60)


@contextmanager
def tap(port: int, *filters: str) -> Iterator[Tap]:
    """A connected client that is subscribed to the filters."""
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    ready, one = threading.Event(), Tap(client)
    client.on_connect = lambda c, *_: c.subscribe([(wanted, 1) for wanted in filters]) if filters else ready.set()
    client.on_subscribe = lambda *_: ready.set()

    def note(_client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        user = dict(getattr(message.properties, "UserProperty", [])) if message.properties else {}
        one.seen.append((message.topic, message.payload, user))

    def lost(*_: Any) -> None:
        one.dropped = True

    client.on_message, client.on_disconnect = note, lost
    client.connect("127.0.0.1", port)
    client.loop_start()
    try:
        assert ready.wait(20), "the broker did not answer"
        yield one
    finally:
        client.disconnect()
        client.loop_stop()
