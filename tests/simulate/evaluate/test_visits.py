"""The judge of visits: figures by hand, ties by their expected place."""

import numpy as np

from ringmain.need.api import Visits
from ringmain.simulate.evaluate.visits import from_own_past


def test_own_past_is_judged_by_hand() -> None:
    """Person 0 alternates between two stores, comes again to one of them, and buys one known and one unknown kind.

    Visits on days 0, 10, ..., 90 at stores 0 and 1; the cut is day 95; then on days 100 and 105, store 1.
    """
    day = np.array([*range(0, 100, 10), 100, 105, 150])
    store = np.array([0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 1, 1, 1])
    kinds = np.array([0] * 10 + [0, 30, 0, 0])
    basket = np.array([*range(10), 10, 10, 11, 12])
    who = np.zeros(13, dtype=np.int64)
    case = from_own_past(Visits(who, store, day, np.ones(13), basket, kinds, 1, 2, 31), 95)
    assert case.came.tolist() == [True]
    # Nine visits in 90 days are 1.4 in 14, of which there were two.
    assert np.isclose(case.count_error[0], 2 - 1.4)
    assert np.isclose(case.chance[0], 1 - np.exp(-9.5 / 90 * 14))
    # Five visits at store 1 against four at store 0 within 90 days of the cut.
    assert case.store_hit.tolist() == [1.0]
    # Kind 0 is first; kind 30 ties with 29 others for nine places.
    assert np.allclose(case.kind_recall, (1 + 9 / 30) / 2)
    # Gaps after days 100 and 105 are 5 and 30 at most; the own median is 10.
    assert case.gap_error.tolist() == [5.0, 20.0]
