"""The judge of flow: moves and shares by hand."""

import numpy as np

from ringmain.loop.api import flow
from ringmain.simulate.evaluate.flow import walk

DAY = 86_400_000_000


def test_moves_are_between_shops_of_one_ring_in_a_row() -> None:
    """A stay is no move, nor is a visit to another ring or to no shop, nor what lies more than 14 days apart."""
    person = np.array([0, 0, 0, 0, 0, 0, 1, 1])
    ring = np.array([0, 0, -1, 0, 1, 0, 0, 0])
    shop = np.array([5, 5, 9, 6, 7, 5, 5, 6])
    at = np.array([0, 1, 2, 3, 4, 20, 0, 15]) * DAY
    moves = walk(person, ring, shop, at)
    assert list(zip(moves.member, moves.origin, moves.destination, moves.at // DAY, strict=True)) == [(0, 5, 6, 3)]


def test_what_two_people_do_is_shared() -> None:
    """Two of three moves are on an edge that two people used; of those that go and come, others bring one back."""
    person = np.array([0, 0, 1, 1, 2, 2])
    shop = np.array([0, 1, 0, 1, 1, 0])
    moves = walk(person, np.zeros(6, dtype=np.int64), shop, np.arange(6) * DAY)
    figures = flow(moves, permutations=1).total
    assert (figures.flow, figures.shared.value) == (3, 2 / 3)
    assert figures.returned_by_others.value == 2 / 3
