"""What the door tells about itself: one line of JSON per request and metrics; no body, query, header or secret."""

import asyncio
import os
import sys
from collections.abc import Callable
from itertools import count
from uuid import UUID

import msgspec
from prometheus_client import Counter, Histogram

from ringmain.kit.metrics import REQUEST_SECONDS, REQUESTS

_FLUSH_SECONDS = 0.2
_ENCODER = msgspec.json.Encoder()


class AccessLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """One answered request: the operation stands for the path, whose parameters may name people's things."""

    event: str
    at: float
    request: str
    method: str
    operation: str
    status: int
    milliseconds: float
    role: str = ""
    network: UUID | None = None
    principal: UUID | None = None
    code: str = ""


class AccessLog:
    """Collects lines and writes them together, a few times a second, so that a line costs no system call."""

    def __init__(self, write: Callable[[bytes], object] | None = None) -> None:
        self._write = write or _to_standard_error
        self._lines: list[bytes] = []

    def add(self, line: AccessLine) -> None:
        """Add a line; it is written within 0.2 seconds."""
        if not self._lines:
            asyncio.get_running_loop().call_later(_FLUSH_SECONDS, self.flush)
        self._lines.append(_ENCODER.encode(line))

    def flush(self) -> None:
        """Write what was collected."""
        if self._lines:
            lines, self._lines = self._lines, []
            self._write(b"\n".join(lines) + b"\n")


class RequestMetrics:
    """Counts and times requests, with the labelled children looked up once."""

    def __init__(self) -> None:
        self._counters: dict[tuple[str, int], Counter] = {}
        self._timers: dict[str, Histogram] = {}

    def add(self, operation: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        counter = self._counters.get((operation, status))
        if counter is None:
            counter = self._counters[operation, status] = REQUESTS.labels(operation, str(status))
        counter.inc()
        timer = self._timers.get(operation)
        if timer is None:
            timer = self._timers[operation] = REQUEST_SECONDS.labels(operation)
        timer.observe(seconds)


class RequestIds:
    """Ids of requests: random per process, counted within it; cheap, unique, and not guessable from outside."""

    def __init__(self) -> None:
        self._prefix = os.urandom(8).hex()
        self._numbers = count(1)

    def next(self) -> str:
        """Return the next id, such as `b3c1f0a97d2e4c55-1a`."""
        return f"{self._prefix}-{next(self._numbers):x}"


def _to_standard_error(lines: bytes) -> None:
    sys.stderr.buffer.write(lines)
    sys.stderr.buffer.flush()
