"""All metrics of the historian."""

from prometheus_client import Counter, Gauge, Histogram

COMMITS = Counter("historian_commits_total", "Batches committed to the database")
COMMIT_SECONDS = Histogram(
    "historian_commit_seconds",
    "Time from the begin of a batch's transaction to its commit",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
)
BATCH_MESSAGES = Histogram(
    "historian_batch_messages", "Messages in a batch, repeats included", buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500)
)
ROWS = Counter("historian_rows_total", "Rows written, by table", ["table"])
REPEATS = Counter("historian_repeats_total", "Messages that were in the record already, by source", ["source"])
LOST = Counter("historian_lost_total", "Records given up by full outboxes", ["source", "stream"])
DEAD_LETTERS = Counter("historian_dead_letters_total", "Messages set aside, by kind", ["kind"])
DEAD_LETTERS_OPEN = Gauge("historian_dead_letters_open", "Messages set aside and neither replayed nor dismissed")
GAPS = Gauge("historian_gap_records", "Numbered records that have not come, though later ones have", ["source"])
OUT_OF_WINDOW = Counter("historian_clock_rejected_total", "Records stored under the time received", ["source"])
NEWEST_RECORD = Gauge("historian_newest_record_timestamp_seconds", "Time of the newest record committed (Unix time)")
LEADING = Gauge("historian_leading", "1 while this process holds the writer's lock of the line")
UPKEEP_SECONDS = Histogram(
    "historian_upkeep_seconds",
    "Time that one upkeep task took",
    ["task"],
    buckets=(0.005, 0.02, 0.1, 0.5, 2, 10, 60),
)
UPKEEP_FAILURES = Counter("historian_upkeep_failures_total", "Upkeep tasks that failed, to be tried again", ["task"])
DISK_USED = Gauge(
    "historian_disk_used_share",
    "How full the historian's own disk is, and the database of what line.toml gives it",
    ["whose"],
)
