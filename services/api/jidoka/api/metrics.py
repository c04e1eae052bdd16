"""Metrics of the API."""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter("jidoka_api_requests", "Answers given, by operation and status.", ["operation", "status"])
REQUEST_SECONDS = Histogram(
    "jidoka_api_request_seconds",
    "Time until an answer's first byte, by operation.",
    ["operation"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
REFUSED = Counter(
    "jidoka_api_refused", "Requests refused, by reason: token, role, line, origin, rate, login.", ["reason"]
)
CLIENTS = Gauge("jidoka_api_live_clients", "Open WebSockets and MJPEG streams.")
EVENTS = Counter("jidoka_api_events", "Events offered to WebSocket clients, by kind.", ["kind"])
SLOW_CLIENTS = Counter("jidoka_api_slow_clients", "WebSocket clients closed because they did not read.")
SHARED = Gauge("jidoka_api_redis_up", "1 while rate limits and cached answers are shared through Redis.")
ACTIONS = Counter("jidoka_api_actions", "People's actions, by kind and outcome.", ["kind", "outcome"])
