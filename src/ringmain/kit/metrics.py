"""The Prometheus metrics of the kit, in one place so that no name is made twice."""

from prometheus_client import Counter, Gauge, Histogram

COALESCED_BATCH = Histogram(
    "ringmain_coalesced_batch_items",
    "Items in one coalesced batch.",
    ["door"],
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024),
)
COALESCER_WAITING = Gauge("ringmain_coalescer_waiting", "Callers waiting for the next batch.", ["door"])
COALESCER_REFUSED = Counter("ringmain_coalescer_refused", "Callers refused because the queue was full.", ["door"])
FOLLOWER_LAG_SECONDS = Gauge(
    "ringmain_follower_lag_seconds", "Age of the oldest fact that a follower has not read.", ["follower"]
)
FOLLOWER_STALLED = Gauge(
    "ringmain_follower_stalled", "1 while an old transaction holds a follower back beyond its limit.", ["follower"]
)
FOLLOWER_EPOCH_CHANGED = Gauge(
    "ringmain_follower_epoch_changed",
    "1 while a follower refuses to read because the database is not the one it read before.",
    ["follower"],
)
REQUESTS = Counter("ringmain_http_requests", "Answered requests.", ["operation", "status"])
REQUEST_SECONDS = Histogram(
    "ringmain_http_request_seconds",
    "From the first byte of a request to the last of its answer.",
    ["operation"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0),
)
WEBHOOK_ATTEMPTS = Counter("ringmain_webhook_attempts", "Attempts to deliver an event.", ["outcome"])
