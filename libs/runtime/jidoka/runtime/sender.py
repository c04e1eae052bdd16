"""The one place that hands messages to the connection: states, records, streams, each at its turn."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from jidoka.runtime import metrics
from jidoka.runtime.custody import Custodian, Sending
from jidoka.runtime.link import WINDOW, Acked, Closed, Control, Event, Link, Opened, Outgoing, packet_size
from jidoka.runtime.logs import log
from jidoka.schemas import Stream

STREAMS_WAITING = 16
VIEWS_WAITING = 4
REPEATS_AT_ONCE = 20
REPEATED = (Stream.FACTS, Stream.EVIDENCE, Stream.SAMPLES)
FLIGHT_BYTES = 8 * 2**20
IDLE_S = 1.0
NOT_AUTHORIZED, NO_SUBSCRIBERS, FAILED = 0x87, 0x10, 0x80
TOO_LARGE = "larger than the broker's maximum packet size"


@dataclass(frozen=True, slots=True)
class _Flight:
    outgoing: Outgoing
    sending: Sending | None = None


class Sender:
    """Bounded in flight: what does not fit stays in the outbox. `step` belongs to one thread, all else is thread safe.

    States are kept, the newest of each topic, and published again on each connect: a broker that lost its retained
    messages has them back. Streams wait only while connected, and the oldest gives way; those of QoS 0 (live views)
    wait in a line of their own, so that they displace no frame.
    """

    def __init__(self, link: Link, custodian: Custodian | None, hello: Callable[[], Outgoing],
                 clock: Callable[[], float] = time.monotonic) -> None:  # fmt: skip
        self._link, self._custodian, self._hello, self._clock = link, custodian, hello, clock
        self._events: deque[Event] = deque()
        self._states: dict[str, Outgoing] = {}
        self._changed: deque[str] = deque()
        self._said: dict[str, Outgoing] = {}
        self._streams: deque[Outgoing] = deque(maxlen=STREAMS_WAITING)
        self._views: deque[Outgoing] = deque(maxlen=VIEWS_WAITING)
        self._flights: dict[int, _Flight] = {}
        self._flight_bytes = 0
        self._limits: Opened | None = None
        self._denied: dict[str, str] = {}
        self.woken: Callable[[], None] = lambda: None

    def post(self, event: Event) -> None:
        """What the connection has to say. Called on its thread."""
        self._events.append(event)
        self.woken()

    def wake(self) -> None:
        """There is a new record."""
        self.woken()

    def state(self, outgoing: Outgoing) -> None:
        """Publishes a retained state as soon as connected; an empty payload retracts it."""
        self._states[outgoing.packet.topic] = outgoing
        self._changed.append(outgoing.packet.topic)
        self.woken()

    def stream(self, outgoing: Outgoing) -> None:
        """Publishes at best effort."""
        if self._limits is None:
            metrics.STREAMS_DROPPED.labels("offline").inc()
            return
        waiting = self._streams if outgoing.qos else self._views
        if len(waiting) == waiting.maxlen:
            metrics.STREAMS_DROPPED.labels("slow").inc()
        waiting.append(outgoing)
        self.woken()

    def step(self) -> float:
        """Does what can be done now; returns the seconds until there is something to do again unless woken."""
        now = self._clock()
        wait = IDLE_S
        while self._events:
            self._handle(self._events.popleft(), now)
        # before the housekeeping, whose commit to disk may take as long as all else on a part's way
        while self._free() > 0 and self._send_urgent(now):
            pass
        if self._custodian:
            wait = self._custodian.tend(now)
        while self._free() > 0 and self._send_some(now):
            pass
        return max(0.0, min(wait, IDLE_S))

    def idle(self) -> bool:
        """Whether nothing waits to be sent for the first time or to be acknowledged."""
        waiting = self._changed or self._streams or self._views or self._flights or self._events
        return not waiting and (self._custodian is None or self._custodian.idle())

    def trouble(self) -> str | None:
        """What the broker denies, or None."""
        return "; ".join(f"{kind}: {reason}" for kind, reason in self._denied.items()) or None

    def _free(self) -> int:
        if self._limits is None or self._flight_bytes > FLIGHT_BYTES:
            return 0
        return min(WINDOW, self._limits.max_inflight) - len(self._flights)

    def _send_some(self, now: float) -> bool:
        """Sends what is most urgent; whether there was anything."""
        if self._send_urgent(now):
            return True
        if self._streams or self._views:
            return self._send_stream()
        return self._send_new(Stream.EVIDENCE, now) or self._send_new(Stream.SAMPLES, now) or self._send_repeats(now)

    def _send_urgent(self, now: float) -> bool:
        return self._send_state() if self._changed else self._send_new(Stream.FACTS, now)

    def _send_state(self) -> bool:
        topic = self._changed.popleft()
        outgoing = self._states.get(topic)
        if outgoing is None or outgoing is self._said.get(topic) or self._too_large(outgoing):
            return True
        self._said[topic] = outgoing
        return self._launch(_Flight(outgoing))

    def _send_stream(self) -> bool:
        outgoing = self._streams.popleft() if self._streams else self._views.popleft()
        if self._too_large(outgoing):
            metrics.STREAMS_DROPPED.labels("too_large").inc()
            return True
        return self._launch(_Flight(outgoing))

    def _send_new(self, stream: Stream, now: float) -> bool:
        return self._send_records(self._custodian.take(stream, self._free(), now), now) if self._custodian else False

    def _send_repeats(self, now: float) -> bool:
        # what is new goes first, and between two handfuls of repeats it is looked for again
        if self._custodian is None:
            return False
        count = min(self._free(), REPEATS_AT_ONCE)
        return any(self._send_records(self._custodian.take_repeats(stream, count, now), now) for stream in REPEATED)

    def _send_records(self, sendings: list[Sending], now: float) -> bool:
        assert self._custodian
        for index, sending in enumerate(sendings):
            outgoing = self._custodian.outgoing(sending)
            if self._too_large(outgoing):
                self._custodian.give_up(sending, TOO_LARGE)
            elif self._launch(_Flight(outgoing, sending)):
                self._custodian.sent(sending, now)
            else:
                self._custodian.put_back(sendings[index:])
                return False
        return bool(sendings)

    def _too_large(self, outgoing: Outgoing) -> bool:
        limit = self._limits.max_packet if self._limits else None
        if limit is None or packet_size(outgoing) <= limit:
            return False
        log.error("message_too_large", topic=outgoing.packet.topic, bytes=packet_size(outgoing), limit=limit)
        return True

    def _launch(self, flight: _Flight) -> bool:
        token = self._link.send(flight.outgoing)
        if token is None:
            return False
        self._flights[token] = flight
        self._flight_bytes += len(flight.outgoing.packet.payload)
        return True

    def _handle(self, event: Event, now: float) -> None:
        if isinstance(event, Acked):
            self._acked(event)
        elif isinstance(event, Control):
            if self._custodian:
                self._custodian.control(event.packet, now)
        elif isinstance(event, Opened):
            self._limits, self._said = event, {}
            hello = self._hello()
            self._states[hello.packet.topic] = hello
            self._changed.extend(list(self._states))
        else:
            self._closed(event)

    def _closed(self, event: Closed) -> None:
        flights, self._flights, self._limits = list(self._flights.values()), {}, None
        self._flight_bytes = 0
        self._streams.clear()
        self._views.clear()
        if self._custodian is None:
            return
        self._custodian.closed()
        if event.too_large:
            # the broker does not say which one it was: of the unanswered ones, the largest
            records = [flight.sending for flight in flights if flight.sending]
            if records:
                self._custodian.give_up(max(records, key=lambda sending: sending.row.size), TOO_LARGE)

    def _acked(self, event: Acked) -> None:
        flight = self._flights.pop(event.token, None)
        if flight is None:
            return
        self._flight_bytes -= len(flight.outgoing.packet.payload)
        topic, record = flight.outgoing.packet.topic, flight.sending
        if event.code >= FAILED:
            self._refused(topic, event)
            return
        self._denied.pop(_kind(topic), None)
        if event.code == NO_SUBSCRIBERS and record:
            metrics.UNMATCHED.labels(record.row.stream.value).inc()
        if not flight.outgoing.packet.payload and self._states.get(topic) is flight.outgoing:
            del self._states[topic]

    def _refused(self, topic: str, event: Acked) -> None:
        metrics.REFUSED.labels(event.reason).inc()
        if event.code == NOT_AUTHORIZED:
            if _kind(topic) not in self._denied:
                log.error("publish_denied", topic=topic, reason=event.reason)
            self._denied[_kind(topic)] = "the broker denies publishing"
        else:
            log.warning("publish_refused", topic=topic, reason=event.reason)


def _kind(topic: str) -> str:
    """`parts` of `jidoka/v1/demo/line1/parts/AOI1`."""
    return topic.split("/")[4] if topic.count("/") > 3 else topic
