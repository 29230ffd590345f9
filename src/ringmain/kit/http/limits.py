"""Token buckets: how often a key, or an address, may ask."""

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `quota` requests in any `seconds` on average, with a burst of `quota`."""

    quota: int
    seconds: float = 1.0
    per: Literal["key", "address", "all"] = "key"


class Bucket:
    """The tokens of one caller; full at first."""

    __slots__ = ("at", "left")

    def __init__(self, limit: Limit, now: float) -> None:
        self.left = float(limit.quota)
        self.at = now

    def take(self, limit: Limit, now: float) -> bool:
        """Take one token; False where none is left. `now` is monotonic seconds."""
        left = self.left
        if now > self.at:
            left += (now - self.at) * limit.quota / limit.seconds
            self.at = now
        if left > limit.quota:
            left = float(limit.quota)
        if left < 1.0:
            self.left = left
            return False
        self.left = left - 1.0
        return True

    def wait_seconds(self, limit: Limit) -> int:
        """Return the whole seconds until there is a token again, at least 1."""
        return max(1, round((1.0 - self.left) * limit.seconds / limit.quota + 0.5))


class Buckets:
    """The buckets of many callers for one limit; those that are full again are forgotten."""

    def __init__(self, limit: Limit, *, most: int = 50_000, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.limit = limit
        self._most = most
        self._monotonic = monotonic
        self._buckets: dict[Hashable, Bucket] = {}

    def take(self, caller: Hashable) -> Bucket | None:
        """Take one token of a caller; returns the empty bucket where none is left, else None."""
        bucket = self.of(caller)
        return None if bucket.take(self.limit, self._monotonic()) else bucket

    def of(self, caller: Hashable) -> Bucket:
        """Return the bucket of a caller."""
        bucket = self._buckets.get(caller)
        if bucket is None:
            if len(self._buckets) >= self._most:
                self._forget()
            bucket = self._buckets[caller] = Bucket(self.limit, self._monotonic())
        return bucket

    def _forget(self) -> None:
        """Drop the buckets that have filled up since, and the oldest half where all are in use."""
        full = self._monotonic() - self.limit.seconds
        kept = [(caller, bucket) for caller, bucket in self._buckets.items() if bucket.at > full]
        self._buckets = dict(kept if len(kept) < self._most else kept[len(kept) // 2 :])
