"""The clock is passed in: the database's in production, a fixed one in tests and replays."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Clock(Protocol):
    """Anything that knows what time it is, in UTC."""

    def now(self) -> datetime:
        """Return the current time with the UTC time zone."""
        ...


class SystemClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        """Return the machine's time."""
        return datetime.now(tz=UTC)


@dataclass(slots=True)
class FixedClock:
    """A clock that stands still until it is set: for tests and replays."""

    at: datetime

    def now(self) -> datetime:
        """Return the time it was set to."""
        return self.at


def microseconds(at: datetime) -> int:
    """Return a time as whole microseconds since 1970: exact, unlike a float of seconds."""
    return (at - _EPOCH) // _MICROSECOND
