"""Vouchers by the learnt chance that they close: of allowed stores only, and never from what came later."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from ringmain.need.api import Journal
from ringmain.simulate.choice import ABSENT_US
from ringmain.simulate.foretold import foretell

_DAY_S = 86_400
_PEOPLE, _STORES, _DAYS = 80, 9, 180
_ORIGIN_S = 56 * _DAY_S


@pytest.fixture(scope="module")
def journal() -> Journal:
    """Give half a year of people who each go around three stores of their own, in turn, and stray now and then."""
    random = np.random.default_rng(5)
    visits = _PEOPLE * _DAYS // 2
    second = np.sort(random.integers(0, _DAYS * _DAY_S, visits))
    person = random.integers(0, _PEOPLE, visits)
    turn = np.zeros(visits, dtype=np.int64)
    for one in range(_PEOPLE):
        rows = np.flatnonzero(person == one)
        turn[rows] = np.arange(len(rows))
    place = np.where(random.random(visits) < 0.1, random.integers(0, _STORES, visits), (person + turn // 20) % _STORES)
    nothing = np.zeros(visits)
    return Journal(
        person,
        place.astype(np.int64),
        np.zeros(visits, dtype=np.int64),
        second,
        second % (7 * _DAY_S) / 3_600,
        nothing,
        nothing,
        persons=_PEOPLE,
        places=_STORES,
        categories=1,
    )


@pytest.fixture(scope="module")
def chosen(journal: Journal) -> NDArray[np.int64]:
    """Give what is chosen at each visit."""
    return foretell(journal, seed=0)


def test_before_the_first_origin_nothing_is_chosen(journal: Journal, chosen: NDArray[np.int64]) -> None:
    """Eight weeks of visits are learnt from first; after them most visits earn something."""
    early = journal.second < journal.second[0] + _ORIGIN_S

    assert set(chosen[early].tolist()) == {-1}
    assert (chosen[~early] >= 0).mean() > 0.5


def test_only_stores_that_the_rule_allows(journal: Journal, chosen: NDArray[np.int64]) -> None:
    """Chosen is never the store of the visit, nor one where the person was in the 30 days before."""
    last: dict[tuple[int, int], int] = {}
    for person, place, second, store in zip(
        journal.person.tolist(), journal.place.tolist(), journal.second.tolist(), chosen.tolist(), strict=True
    ):
        if store >= 0:
            assert store != place
            assert (second - last.get((person, store), -ABSENT_US)) * 1_000_000 >= ABSENT_US
        last[person, place] = second


def test_what_comes_later_changes_no_choice(journal: Journal, chosen: NDArray[np.int64]) -> None:
    """Where everybody does something else after a day, all that was chosen until then stays as it was."""
    until = int(np.searchsorted(journal.second, 120 * _DAY_S))
    place = journal.place.copy()
    place[until:] = np.random.default_rng(6).integers(0, _STORES, len(place) - until)

    other = foretell(replace(journal, place=place), seed=0)

    assert chosen[:until].tolist() == other[:until].tolist()
    # The control: the later choices do depend on it.
    assert chosen[until:].tolist() != other[until:].tolist()
