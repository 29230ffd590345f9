"""Times of a shop's clock as UTC, a column at once; hours that clocks show twice or never are told apart."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from ringmain.kit.pure.clock import microseconds

Longs = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_SECOND = 1_000_000
_DAY = 86_400 * _SECOND
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - a time of a wall clock, whose zone is given beside it.
_HOURS = range(25)


def to_utc(local: Longs, zone: str, *, later: bool) -> tuple[Longs, Flags, Flags]:
    """Return UTC microseconds of wall-clock microseconds, and which of them the clocks showed twice, and never.

    Of two equal times the earlier is meant, or with `later` the later. `local` counts microseconds since 1970 as the
    clock showed them, and must lie in the years 2 to 9998.
    """
    days, place = np.unique(local // _DAY, return_inverse=True)
    offsets = [_offset_of_day(zone, int(day)) for day in days]
    changing = np.array([offset is None for offset in offsets], bool)
    shift = np.array([offset or 0 for offset in offsets], np.int64)
    utc = local - shift[place]
    twice, never = np.zeros(len(local), bool), np.zeros(len(local), bool)
    for row in np.flatnonzero(changing[place]):
        first, second = (_offset(zone, int(local[row]), fold) for fold in (0, 1))
        twice[row], never[row] = first > second, first < second
        utc[row] = local[row] - (second if later else first)
    return utc, twice, never


@lru_cache(maxsize=100_000)
def _offset_of_day(zone: str, day: int) -> int | None:
    """Return the offset from UTC, in microseconds, of a whole local day; None on a day that changes it."""
    offsets = {_offset(zone, day * _DAY + hour * 3600 * _SECOND, fold) for hour in _HOURS for fold in (0, 1)}
    return offsets.pop() if len(offsets) == 1 else None


def _offset(zone: str, local: int, fold: int) -> int:
    wall = (_EPOCH + timedelta(microseconds=local)).replace(fold=fold, tzinfo=ZoneInfo(zone))
    offset = wall.utcoffset()
    assert offset is not None
    return offset // timedelta(microseconds=1)


def utc_of(year: int) -> int:
    """Return the first moment of a year in UTC, in microseconds since 1970."""
    return microseconds(datetime(year, 1, 1, tzinfo=UTC))
