"""What a person's own baskets say of each item they hold: how often, how lately, how regularly."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ringmain.need.basket.histories import BasketHistories, Int64s

Floats32 = NDArray[np.float32]
Floats = NDArray[np.float64]

COLUMNS = (
    "own_count",
    "own_share",
    "own_decayed_slow",
    "own_decayed_fast",
    "own_ago",
    "own_first_ago",
    "own_gap",
    "own_overdue",
    "own_periods_ago",
    "own_period_gap",
    "own_rate_since_first",
)


@dataclass(frozen=True, slots=True, eq=False)
class Own:
    """One entry per person and item bought: `key` = person * items + item, ascending; `values` (entries, COLUMNS)."""

    key: Int64s
    values: Floats32

    def at(self, key: Int64s) -> Floats32:
        """Return the values of each key (keys, COLUMNS); NaN in all columns where the item was never bought."""
        place = np.minimum(np.searchsorted(self.key, key), len(self.key) - 1)
        found = self.values[place]
        found[self.key[place] != key] = np.nan
        return found


def own_items(known: BasketHistories, when: Floats, now: Floats) -> Own:
    """Return what the histories say of every item of every person.

    `when` (rows,) is the period of each row, `now` (persons,) that of the person's last basket.
    """
    keys = known.person.astype(np.int64) * known.items + known.item
    order = np.lexsort((known.basket, keys))
    sorted_keys, age = keys[order], known.age[order].astype(np.float64)
    key, first, count = np.unique(sorted_keys, return_index=True, return_counts=True)
    last = first + count - 1
    person = key // known.items
    baskets = known.baskets_of[person]
    gap = np.where(count > 1, (age[first] - age[last]) / np.maximum(count - 1, 1), np.nan)
    periods_ago = now[person] - when[order][last]
    period_gap = np.where(count > 1, (when[order][last] - when[order][first]) / np.maximum(count - 1, 1), np.nan)
    values = np.column_stack(
        (
            count,
            count / baskets,
            np.add.reduceat(0.9**age, first),
            np.add.reduceat(0.6**age, first),
            age[last],
            age[first],
            gap,
            age[last] / gap,
            periods_ago,
            period_gap,
            count / (age[first] + 1),
        )
    )
    return Own(key, values.astype(np.float32))
