"""Times as numbers. Which time it is, a unit of work says: the database's clock, or a time that was injected."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(at: datetime) -> int:
    """Return a time as whole microseconds since 1970: exact, unlike a float of seconds."""
    return (at - _EPOCH) // _MICROSECOND
