"""Every metric of the runtime, with a sentence each."""

from prometheus_client import Counter, Gauge, Histogram

CONNECTED = Gauge("jidoka_bus_connected", "1 while this process is connected to the broker and subscribed, else 0.")
CONNECTIONS = Counter("jidoka_bus_connections_total", "Connections made to the broker; the first is no reconnect.")
DISCONNECTIONS = Counter("jidoka_bus_disconnections_total", "Connections to the broker that ended unasked, or refused.")
CALLBACK_ERRORS = Counter(
    "jidoka_bus_callback_errors_total", "Errors caught on the network thread; each is a bug and costs one reconnect."
)
RECEIVED = Counter("jidoka_bus_received_total", "Messages received from the broker for this service.")
BAD_MESSAGES = Counter(
    "jidoka_bad_messages_total", "Messages received that are not what their schema says.", ["schema"]
)
INBOX_DROPPED = Counter(
    "jidoka_inbox_dropped_total", "QoS 0 messages dropped, oldest first, as the service was slower than the stream."
)
STALE_ACKS = Counter(
    "jidoka_stale_acks_total", "Acknowledgements not sent because the connection they belong to is gone."
)

PENDING = Gauge("jidoka_outbox_pending", "Records in the outbox: without a receipt from the historian.", ["stream"])
BYTES = Gauge("jidoka_outbox_bytes", "Bytes of the records in the outbox, of all streams.")
CAPACITY = Gauge("jidoka_outbox_capacity_bytes", "Bytes that the outbox may hold.")
OLDEST = Gauge(
    "jidoka_outbox_oldest_age_seconds", "Age of the oldest record in the outbox, by the wall clock.", ["stream"]
)
SENT = Counter("jidoka_records_sent_total", "Records sent on their own topic; each is sent there once.", ["stream"])
REPEATS = Counter(
    "jidoka_repeats_total", "Records sent again to the historian alone, for want of a receipt.", ["stream"]
)
PRUNED = Counter("jidoka_records_receipted_total", "Records removed from the outbox by a receipt.", ["stream"])
LOST = Counter("jidoka_records_lost_total", "Records given up, each covered by a Lost record.", ["stream", "reason"])
OUTBOX_FULL = Counter(
    "jidoka_outbox_full_total", "Records refused because the outbox had no room for them.", ["stream"]
)
RECEIPTS_REFUSED = Counter(
    "jidoka_receipts_refused_total", "Watermarks of receipts refused: they cover records that were never issued."
)
UNMATCHED = Counter(
    "jidoka_records_unmatched_total", "Records that the broker accepted although nobody was subscribed.", ["stream"]
)
REFUSED = Counter(
    "jidoka_publishes_refused_total", "Messages that the broker refused, by MQTT reason code.", ["reason"]
)
STREAMS_DROPPED = Counter(
    "jidoka_streams_dropped_total", "Stream messages (frames, live views) dropped before the broker.", ["reason"]
)
COMMIT_SECONDS = Histogram(
    "jidoka_outbox_commit_seconds",
    "Time to bring one record into the outbox, durable; what is published inside a wider transaction is not counted.",
    buckets=(0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2),
)
