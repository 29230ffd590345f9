"""Times of wall clocks: the same as Python's own, and hours that come twice or never are noticed."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringmain.sale.local_time import to_utc

ZONES = ("Asia/Shanghai", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns", "Asia/Tehran")
EPOCH, BEGIN, END = datetime(1970, 1, 1), datetime(2000, 1, 1), datetime(2037, 12, 31)  # noqa: DTZ001 - wall clocks.


def micros(text: str) -> int:
    """Return a wall-clock time as the function takes it."""
    return (datetime.fromisoformat(text) - EPOCH) // timedelta(microseconds=1)


@settings(deadline=None)
@given(
    st.sampled_from(ZONES),
    st.lists(st.datetimes(BEGIN, END), min_size=1, max_size=50),
)
def test_every_time_is_the_one_that_python_gives(zone: str, walls: list[datetime]) -> None:
    """UTC is what zoneinfo says, for the earlier and the later of two equal times."""
    local = np.array([(wall - EPOCH) // timedelta(microseconds=1) for wall in walls])
    for later in (False, True):
        utc, _, never = to_utc(local, zone, later=later)
        for wall, at, skipped in zip(walls, utc.tolist(), never.tolist(), strict=True):
            expected = wall.replace(tzinfo=ZoneInfo(zone), fold=int(later)).astimezone(UTC).replace(tzinfo=None)
            assert skipped or EPOCH + timedelta(microseconds=at) == expected


@pytest.mark.parametrize(
    ("zone", "wall", "kind", "earlier", "later"),
    [
        ("America/New_York", "2025-11-02 01:30", "twice", "2025-11-02 05:30", "2025-11-02 06:30"),
        ("America/New_York", "2025-11-02 00:59:59.999999", "once", "2025-11-02 04:59:59.999999", None),
        ("America/New_York", "2025-11-02 02:00", "once", "2025-11-02 07:00", None),
        ("America/New_York", "2025-03-09 02:30", "never", None, None),
        ("Australia/Lord_Howe", "2025-04-06 01:45", "twice", "2025-04-05 14:45", "2025-04-05 15:15"),
        ("Asia/Shanghai", "2025-11-02 01:30", "once", "2025-11-01 17:30", None),
        # Newfoundland changed its clocks one minute past midnight: 00:01 became 23:01 of the day before.
        ("America/St_Johns", "2010-11-06 23:30", "twice", "2010-11-07 02:00", "2010-11-07 03:00"),
    ],
)
def test_clocks_that_change(zone: str, wall: str, kind: str, earlier: str | None, later: str | None) -> None:
    """A time shown twice has two instants an hour (or half of one) apart; one that was never shown is told."""
    local = np.array([micros(wall)])
    first, twice, never = to_utc(local, zone, later=False)
    second, _, _ = to_utc(local, zone, later=True)
    assert (bool(twice[0]), bool(never[0])) == (kind == "twice", kind == "never")
    if earlier:
        assert first[0] == micros(earlier)
        assert second[0] == micros(later or earlier)
