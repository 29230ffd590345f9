"""Whether a person comes to a shop within days, and which shop is the likeliest."""

import numpy as np

from ringmain.match.api import Outcomes, Shops, best_rows
from ringmain.match.closing.chance import Curve
from tests.need.place.walks import journal

A, B, C = range(3)
# Person 0 goes A B A C A; person 1 goes B B.
WALK = journal([(0, A, 0), (1, B, 0.5), (0, B, 1), (0, A, 2), (1, B, 2.5), (0, C, 9), (0, A, 10)])


def test_a_voucher_closes_within_its_days() -> None:
    """The seventh day counts, the eighth does not; another person's visit and the visit itself do not."""
    visits = np.array([0, 0, 0, 3, 3, 2])
    places = np.array([B, C, A, C, B, C])
    assert Outcomes(WALK, 7).close(visits, places).tolist() == [True, False, True, True, False, False]


def test_later_visits_are_those_of_the_same_person_within_the_days() -> None:
    """All visits after one, up to the end of its days."""
    row, later = Outcomes(WALK, 7).later(np.array([0, 1, 3, 6]))
    assert row.tolist() == [0, 0, 1, 2]
    assert later.tolist() == [2, 3, 4, 5]


def test_a_voucher_leads_to_another_shop_of_the_same_ring() -> None:
    """Neither to the shop itself, nor out of the ring, nor from a place that is no shop."""
    ring = Shops(np.array([0, 0, 1, -1, 0]), days=7)
    assert ring.reachable(np.array([0, 3])).tolist() == [[False, True, False, False, True], [False] * 5]


def test_the_best_of_each_visit_come_first() -> None:
    """Highest chance first, of equal ones the earlier row."""
    visit = np.array([4, 4, 4, 7, 7])
    assert best_rows(visit, np.array([0.1, 0.3, 0.3, 0.2, 0.1]), 1).tolist() == [1, 3]
    assert best_rows(visit, np.array([0.1, 0.3, 0.3, 0.2, 0.1]), 2).tolist() == [1, 2, 3, 4]


def test_the_curve_says_how_often_it_came_true() -> None:
    """Where 0.2 was said one in four came, and where 0.6 was said half: the curve says that."""
    said = np.repeat([0.2, 0.6], 40)
    came = np.concatenate([np.tile([True, False, False, False], 10), np.tile([True, False], 20)])
    curve = Curve.fit(said, came)
    np.testing.assert_allclose(curve(np.array([0.2, 0.6, 0.9])), [0.25, 0.5, 0.5])
    assert Curve.fit(np.zeros(0), np.zeros(0, dtype=bool))(np.array([0.5])).tolist() == [0]
