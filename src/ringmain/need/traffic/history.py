"""What is known of shops, day by day, when their next days are asked for."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ringmain.need.traffic.holidays import Kinds

Floats = NDArray[np.float64]
Int64s = NDArray[np.int64]
WEEK = 7


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """Payments and views per shop and day, and what is known of the shops.

    `pays` and `views` (shops, days) count; a day without a record is zero, and `views` may be NaN where nobody counted.
    `first` is the day of column 0. `kinds` (days + horizon at least) tells ordinary days from others, those to come
    included. `groups` maps a name to one code (shops,) per shop, of shops that move together; `facts` maps a name to a
    number (shops,) per shop, NaN where it is not known.
    """

    pays: Floats
    views: Floats
    first: np.datetime64
    kinds: Kinds
    groups: Mapping[str, Int64s]
    facts: Mapping[str, Floats]

    @property
    def days(self) -> int:
        """Return how many days are recorded."""
        days: int = self.pays.shape[1]
        return days

    def weekday(self, day: int) -> int:
        """Return the weekday of a column, Monday 0; the epoch was a Thursday."""
        since_epoch: int = int(self.first.astype("datetime64[D]").astype(np.int64))
        return (since_epoch + day + 3) % WEEK
