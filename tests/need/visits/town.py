"""Visitors whose rhythm is known: some come weekly, some every ten days, to a store and for goods of their own."""

import numpy as np

from ringmain.need.api import Visits


def town(persons: int = 60, days: int = 200) -> Visits:
    """Return persons who come every 7 (even) or 10 days (odd), until day 100 if their number is a multiple of 5.

    Person p visits store p % 3 and buys kinds p % 20 and 19; the number of the first day is p % 7.
    """
    rows = sorted(
        (day, who)
        for who in range(persons)
        for day in range(who % 7, 100 if who % 5 == 0 else days, 7 if who % 2 == 0 else 10)
    )
    day, who = np.array(rows).T
    kinds = np.unique(np.concatenate([np.arange(len(day)) * 20 + who % 20, np.arange(len(day)) * 20 + 19]))
    return Visits(who, who % 3, day, np.full(len(day), 900.0), kinds // 20, kinds % 20, persons, 3, 20)
