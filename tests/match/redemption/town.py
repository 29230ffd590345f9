"""Buyers and campaigns of which the redeemers are known beforehand."""

import numpy as np

from ringmain.match.api import Purchases, Records


def town(households: int = 120, campaigns: int = 6) -> Records:
    """Return households that buy product 0 (even ones) or 1 (odd ones) every tenth day of a year.

    Each campaign has one coupon for product 0 and runs for 20 days, every 40 days from day 60 on; every even household
    with a number below three quarters redeems it on its third day.
    """
    days = np.repeat(np.arange(0, 365, 10), households)
    who = np.tile(np.arange(households), len(days) // households)
    lines = len(days)
    first = 60 + 40 * np.arange(campaigns)
    even = np.arange(0, households * 3 // 4, 2)
    return Records(
        households,
        Purchases(
            who,
            np.arange(lines),
            days,
            who % 2,
            np.full(lines, 500.0),
            np.full(lines, 50.0),
            np.where((who % 2 == 0) & (days % 40 == 0), 100.0, 0.0),
        ),
        np.array([0, 1]),
        np.array([0, 0]),
        np.full((households, 1), -1),
        np.zeros(campaigns, dtype=np.int64),
        first,
        first + 19,
        np.repeat(np.arange(campaigns), households),
        np.tile(np.arange(households), campaigns),
        np.arange(campaigns),
        np.arange(campaigns),
        np.zeros(campaigns, dtype=np.int64),
        np.repeat(first + 2, len(even)),
        np.tile(even, campaigns),
        np.repeat(np.arange(campaigns), len(even)),
    )
