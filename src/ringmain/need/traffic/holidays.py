"""Days that are no ordinary day of the week: public holidays, and weekends that are worked to make up for them.

China, by the yearly notices of the General Office of the State Council on the arrangement of holidays: for 2015
Guobanfamingdian (2014) 28 and, for the Victory Day of that year, Guofamingdian (2015) 1; for 2016 Guobanfamingdian
(2015) 18.
"""

from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

Kinds = NDArray[np.int8]
Day = np.datetime64


class Kind(IntEnum):
    """What a day is to shops."""

    ORDINARY = 0
    HOLIDAY = 1
    MADE_UP = 2
    UNTRUSTED = 3


# Each row: first and last day off.
_CHINA_OFF: Final = (
    ("2015-01-01", "2015-01-03"),
    ("2015-02-18", "2015-02-24"),
    ("2015-04-04", "2015-04-06"),
    ("2015-05-01", "2015-05-03"),
    ("2015-06-20", "2015-06-22"),
    ("2015-09-03", "2015-09-05"),
    ("2015-09-26", "2015-09-27"),
    ("2015-10-01", "2015-10-07"),
    ("2016-01-01", "2016-01-03"),
    ("2016-02-07", "2016-02-13"),
    ("2016-04-02", "2016-04-04"),
    ("2016-04-30", "2016-05-02"),
    ("2016-06-09", "2016-06-11"),
    ("2016-09-15", "2016-09-17"),
    ("2016-10-01", "2016-10-07"),
)
_CHINA_MADE_UP: Final = (
    "2015-01-04",
    "2015-02-15",
    "2015-02-28",
    "2015-09-06",
    "2015-10-10",
    "2016-02-06",
    "2016-02-14",
    "2016-06-12",
    "2016-09-18",
    "2016-10-08",
    "2016-10-09",
)


def china(first: Day, days: int) -> Kinds:
    """Return the kind (days,) of each day from `first` on; days outside 2015 and 2016 are ordinary."""
    kinds = np.zeros(days, dtype=np.int8)
    for begin, end in _CHINA_OFF:
        low, high = _row(first, begin), _row(first, end) + 1
        kinds[max(low, 0) : max(high, 0)] = Kind.HOLIDAY
    for worked in _CHINA_MADE_UP:
        row = _row(first, worked)
        if 0 <= row < days:
            kinds[row] = Kind.MADE_UP
    return kinds


def _row(first: Day, day: str) -> int:
    return int((np.datetime64(day, "D") - first).astype(np.int64))
