"""The bus over MQTT 5: the only file that knows paho."""

import socket
import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from jidoka.runtime import metrics
from jidoka.runtime.batch import Batch, Delivery
from jidoka.runtime.channel import OUTBOX_BYTES, Channel
from jidoka.runtime.inbox import Inbox
from jidoka.runtime.journal import Journal
from jidoka.runtime.link import Acked, Closed, Control, Event, Incoming, Opened, Outgoing, Subscription
from jidoka.runtime.logs import log
from jidoka.runtime.network import Network
from jidoka.runtime.pump import Pump
from jidoka.runtime.settings import MqttSettings
from jidoka.runtime.subscriptions import Subscriptions
from jidoka.runtime.tls import tls_context
from jidoka.runtime.wire import publish_properties, read_publish
from jidoka.schemas import Scope

__all__ = ["Batch", "Bus", "Delivery"]

MOST_PACKET_BYTES = 40 * 2**20
CONNECT_TIMEOUT_S = 3.0
FLUSH_S, FAREWELL_S = 2.0, 1.0
DISCONNECT_WITH_WILL, FAILED, PACKET_TOO_LARGE = 0x04, 0x80, 0x95
CONTROL_ID, INBOX_ID = 1, 2


class Bus(Channel):
    """Connects in the background when entered; a broker that is away is waited for. Its last will says offline.

    `instance` is the client id and the source of its records. Leaving flushes briefly, says offline and disconnects.
    `session_expiry` in seconds: how long the broker keeps what is not acknowledged; 0 is a clean start each time.
    """

    def __init__(self, settings: MqttSettings, scope: Scope, service: str, instance: str, version: str,  # noqa: PLR0917
                 journal: Journal | None = None, session_expiry: int = 0, receive_maximum: int = 100,
                 outbox_bytes: int = OUTBOX_BYTES) -> None:  # fmt: skip
        link = PahoLink(settings, instance, session_expiry, receive_maximum)
        super().__init__(link, scope, service, instance, version, journal, receive_maximum, outbox_bytes)
        link.attach(self._inbox, self._sender.post, lambda: self._status(online=False))
        self._paho, self._pump = link, Pump(self._sender)
        self._entered = False

    def __enter__(self) -> Self:
        self._entered = True
        self._pump.start()
        self._paho.network.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._flush(FLUSH_S)
        self._leaving = True
        self._sender.state(self._status(online=False))
        said = self._flush(FAREWELL_S)
        self._entered = False
        self._pump.stop()
        self._paho.leave(said=said)
        self._inbox.close()
        self._ahead.close()

    def alive(self) -> bool:
        """Whether the network thread and the sender thread run."""
        return not self._entered or (self._pump.alive() and self._paho.network.alive())


class PahoLink:
    """One paho client, driven by our own network thread. paho's callbacks only pass on; they decode nothing."""

    def __init__(self, settings: MqttSettings, instance: str, session_expiry: int, receive_maximum: int) -> None:
        self.connected = False
        self._where = f"{settings.host}:{settings.port}"
        self._reason = "not connected yet"
        self._generation, self._open, self._lock = 0, False, threading.Lock()
        self._subscriptions = Subscriptions()
        self._limits = Opened()
        self._client = _client(settings, instance)
        self._client.connect_async(
            settings.host, settings.port, settings.keepalive_s, clean_start=session_expiry == 0,
            properties=_connect_properties(session_expiry, receive_maximum),
        )  # fmt: skip
        self._client.on_connect, self._client.on_disconnect = self._on_connect, self._on_disconnect
        self._client.received, self._client.on_publish = self._on_message, self._on_publish
        self._client.on_subscribe, self._client.on_socket_open = self._on_subscribe, _on_socket_open
        # without this callback paho writes to the socket on whichever thread publishes, which tears packets apart
        self._client.on_socket_register_write = lambda *_: None
        self.network = Network(self._client, self._prepare, self._tick, self._failed)

    def attach(self, inbox: Inbox, post: Callable[[Event], None], will: Callable[[], Outgoing]) -> None:
        """Says where messages and events go, and what the last will is."""
        self._inbox, self._post, self._will = inbox, post, will

    def subscribe(self, subscriptions: Sequence[Subscription]) -> None:
        """Remembers topic filters; the network thread subscribes what is not subscribed."""
        self._subscriptions.want(subscriptions)
        if self.network.alive():
            self.network.wake()

    def settled(self) -> bool:
        """Whether it is connected and the broker has answered every subscription."""
        return self.connected and self._subscriptions.settled()

    def send(self, outgoing: Outgoing) -> int | None:
        """Hands one message to paho, which writes it on the network thread."""
        packet = outgoing.packet
        with self._lock:
            if not self._open:
                return None
            info = self._client.publish(
                packet.topic, packet.payload, outgoing.qos, outgoing.retain, _Packed(publish_properties(outgoing))
            )
        self.network.wake()
        return info.mid if info.rc == mqtt.MQTT_ERR_SUCCESS else None

    def acknowledge(self, deliveries: Sequence[Incoming]) -> int:
        """Acknowledges in order. A packet id of an earlier connection means another message by now: it is skipped."""
        stale = 0
        with self._lock:
            for incoming in deliveries:
                if self._open and incoming.generation == self._generation:
                    self._client.ack(incoming.mid, incoming.qos)
                else:
                    stale += 1
        self.network.wake()
        return stale

    def trouble(self) -> str | None:
        """Why it does not work now, or None."""
        if not self.connected:
            return f"broker {self._where}: {self._reason}"
        denied = self._subscriptions.denied
        return f"the broker denies subscribing to {', '.join(sorted(denied))}" if denied else None

    def leave(self, *, said: bool) -> None:
        """Disconnects. The broker drops the last will if our leaving was `said`, else it publishes it."""
        reason = ReasonCode(PacketTypes.DISCONNECT, identifier=0 if said else DISCONNECT_WITH_WILL)
        self.network.stop(lambda: self._client.disconnect(reason))
        self._lost("left")

    def _prepare(self) -> None:
        self._lost(self._reason)
        with self._lock:
            self._generation += 1
        # what was not answered goes to the historian as a repeat; paho would send it on its own topic a second time
        self._client.drop_out_messages()
        will = self._will()
        self._client.will_set(
            will.packet.topic, will.packet.payload, will.qos, will.retain, _Packed(publish_properties(will))
        )

    def _failed(self, reason: str) -> None:
        if reason != self._reason:
            log.warning("broker_away", broker=self._where, reason=reason)
        self._lost(reason)

    def _lost(self, reason: str, *, too_large: bool = False) -> None:
        with self._lock:
            was_open, self._open, self.connected = self._open, False, False
        self._reason = reason
        metrics.CONNECTED.set(0)
        if was_open:
            self._post(Closed(reason, too_large))

    def _tick(self) -> None:
        """Subscribes what is not yet subscribed on this connection."""
        if not self._open:
            return
        for group in self._subscriptions.missing():
            properties = _properties(PacketTypes.SUBSCRIBE)
            properties.SubscriptionIdentifier = CONTROL_ID if group[0].control else INBOX_ID
            wanted = [(subscription.filter, SubscribeOptions(qos=subscription.qos)) for subscription in group]
            _, mid = self._client.subscribe(wanted, properties=properties)
            if mid is not None:
                self._subscriptions.asked(mid, group)
        if not self.connected and self._subscriptions.settled():
            self._settled()

    def _settled(self) -> None:
        self.connected, self._reason = True, "connection ended"
        metrics.CONNECTED.set(1)
        log.info("connected", broker=self._where)
        self._post(self._limits)

    def _on_connect(self, _c: Any, _u: Any, flags: Any, code: ReasonCode, properties: Any) -> None:
        if code.value >= FAILED:
            self._failed(f"refused: {code}")
            return
        metrics.CONNECTIONS.inc()
        limits = vars(properties)
        self._limits = Opened(limits.get("MaximumPacketSize"), limits.get("ReceiveMaximum", 65_535))
        self._subscriptions.connected()
        if flags.session_present:
            self._inbox.forget(self._generation)
        with self._lock:
            self._open = True

    def _on_disconnect(self, _c: Any, _u: Any, _flags: Any, code: ReasonCode, _properties: Any) -> None:
        if code.value:
            metrics.DISCONNECTIONS.inc()
            if self._open:
                log.warning("disconnected", broker=self._where, reason=str(code))
                self._lost(str(code), too_large=code.value == PACKET_TOO_LARGE)

    def _on_subscribe(self, _c: Any, _u: Any, mid: int, codes: list[ReasonCode], _properties: Any) -> None:
        self._subscriptions.answered(mid, [(code.value, str(code)) for code in codes])

    def _on_publish(self, _c: Any, _u: Any, mid: int, code: ReasonCode, _properties: Any) -> None:
        self._post(Acked(mid, code.value, str(code) if code.value >= FAILED else "Success"))

    def _on_message(self, header: int, body: bytes) -> None:
        publish = read_publish(header, body)
        if CONTROL_ID in publish.subscriptions:
            self._post(Control(publish.packet))
        if INBOX_ID in publish.subscriptions or not publish.subscriptions:
            self._inbox.put(
                Incoming(publish.packet, publish.qos, publish.mid, self._generation, publish.dup, publish.retain)
            )


class _Client(mqtt.Client):
    """paho, save that PUBLISH packets go to `received` unread."""

    received: Callable[[int, bytes], None]

    def _handle_publish(self) -> MQTTErrorCode:
        self.received(self._in_packet["command"], bytes(self._in_packet["packet"]))
        return MQTTErrorCode.MQTT_ERR_SUCCESS


class _Packed(Properties):
    """Properties that are bytes already."""

    packed: bytes

    def __init__(self, packed: bytes) -> None:
        object.__setattr__(self, "packed", packed)

    def pack(self) -> bytes:
        return self.packed


def _client(settings: MqttSettings, instance: str) -> _Client:
    client = _Client(CallbackAPIVersion.VERSION2, client_id=instance, protocol=mqtt.MQTTv5, manual_ack=True)
    client.max_inflight_messages_set(0)  # no queue in paho: the sender bounds what is in flight
    client.connect_timeout = CONNECT_TIMEOUT_S
    if settings.username is not None:
        client.username_pw_set(settings.username, settings.password.get_secret_value() if settings.password else None)
    if settings.tls:
        client.tls_set_context(tls_context(settings))
    return client


def _connect_properties(session_expiry: int, receive_maximum: int) -> Any:
    properties = _properties(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = session_expiry
    properties.ReceiveMaximum = receive_maximum
    properties.MaximumPacketSize = MOST_PACKET_BYTES
    return properties


def _properties(kind: int) -> Any:
    return Properties(kind)  # type: ignore[no-untyped-call]


def _on_socket_open(_c: Any, _u: Any, sock: Any) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
