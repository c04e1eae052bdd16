"""Every metric of the PLC gateway."""

from prometheus_client import Counter, Gauge, Histogram

PLC_CONNECTION = Gauge("plc_connection_status", "1 while all connections to the PLC work, else 0.", ["plc"])
RECONNECTS = Counter("plc_reconnects", "Connections to the PLC that were given up and built again.", ["plc", "lane"])
SCAN_SECONDS = Histogram(
    "plc_scan_duration_seconds",
    "Time from the start of a scan to its message.",
    ["plc", "group"],
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2),
)
SCANS = Counter("plc_scans", "Scans made.", ["plc", "group"])
OVERRUNS = Counter("plc_scan_overruns", "Scans left out because the one before took too long.", ["plc", "group"])
READ_ERRORS = Counter("plc_read_errors", "Tags that could not be read, by reason.", ["plc", "reason"])
UNCERTAIN = Counter("plc_uncertain_values", "Values sent as uncertain, by reason.", ["plc", "reason"])
PARTS = Counter("parts", "Parts taken from the controller.", ["station"])
PARTS_MISSED = Counter("parts_missed", "Parts that the controller counted and whose records were gone.", ["station"])
PARTS_PENDING = Gauge("parts_pending", "Parts that wait for a ruling.")
DECISIONS = Counter("decisions", "Decisions made.", ["station", "ruling", "reason"])
UNCONFIRMED = Counter("decisions_unconfirmed", "Decisions that the controller could not be read back on.", ["station"])
LATE_VERDICTS = Counter("late_verdicts", "Verdicts that came after their part was decided without them.", ["station"])
DECISION_SECONDS = Histogram(
    "decision_latency_seconds",
    "From the part's arrival seen to the verdict read back.",
    ["station"],
    buckets=(0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 3, 5, 10),
)
WRITE_SECONDS = Histogram(
    "verdict_write_seconds",
    "From the ruling to the verdict read back: the gateway's own share.",
    ["station"],
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.04, 0.1, 0.5, 1, 5),
)
LINE_STOPS = Counter("line_stops", "Line stops asked for after fails in a row.", ["station"])
ALARMS = Counter("alarm_conditions", "Alarm conditions raised.", ["code"])
