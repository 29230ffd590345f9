"""Candidates, their features, and the ranker over them."""

from dataclasses import replace

import numpy as np

from ringmain.need.api import Journal, Table, before_visits, fit, fit_retriever
from ringmain.need.place import habits, table
from ringmain.need.place.retrieve import chunks
from ringmain.need.place.town import EVIDENCE, evidence, score_all
from tests.need.place.walks import journal, routines


def _cut(whole: Journal, visits: int) -> Journal:
    """The journal as it was before `visits`: nothing of later ones is in it."""
    columns = ("person", "place", "category", "second", "week_hour", "x", "y")
    return replace(whole, **{name: getattr(whole, name)[:visits] for name in columns})


def test_habits_count_what_a_person_did() -> None:
    """Three visits to A, of which two after B: counts, shares, idle days."""
    walk = journal([(0, 0, 0), (0, 1, 1), (0, 0, 2), (0, 1, 3), (0, 0, 4), (0, 1, 5), (0, 2, 6)])
    own = habits.habits(walk, before_visits(walk, np.array([6]), timed=True))
    names = habits.names(timed=True)
    row = dict(zip(names, own.values[0], strict=True))
    assert own.place.tolist() == [0, 1]
    assert row["visits"] == 3
    assert row["after_place"] == 2
    assert row["visits_share"] == 0.5
    assert row["idle_days"] == 2
    assert row["known_days"] == 6
    assert row["is_last"] == 0
    assert row["recency"] == 1
    assert own.category[0, :, 2].tolist() == [3, 3, 0, 0]


def test_features_see_nothing_from_after_their_moment() -> None:
    """Candidates and features of a visit are the same where the journal ends right after it."""
    whole = routines(persons=12, days=12, seed=1)
    visits = np.arange(300, 330)
    for timed in (True, False):
        weights = np.linspace(-1, 1, len(EVIDENCE))
        asked = before_visits(whole, visits, timed=timed)
        full = list(Table(whole).rows(asked, weights, 5))
        short = _cut(whole, 330)
        cut = list(Table(short).rows(before_visits(short, visits, timed=timed), weights, 5))
        assert len(full) == len(cut)
        for one, other in zip(full, cut, strict=True):
            assert one.place.tolist() == other.place.tolist()
            np.testing.assert_array_equal(one.values, other.values)


def test_the_quick_score_is_the_evidence_times_the_weights() -> None:
    """Both ways to score a place give the same number."""
    walk = routines(persons=10, days=10, seed=2)
    weights = np.linspace(-1, 1, len(EVIDENCE))
    for chunk in chunks(walk, before_visits(walk, np.arange(200, 240), timed=True)):
        quick = score_all(walk, chunk.town, chunk.asked, weights)
        query, place = np.divmod(np.arange(quick.size), walk.places)
        slow = evidence(walk, chunk.town, chunk.asked, query, place) @ weights
        np.testing.assert_allclose(quick.ravel(), slow, rtol=1e-3, atol=1e-3)


def test_the_ranker_learns_the_routine() -> None:
    """Nine of ten visits follow the hour and the last place: both settings find nearly all of those."""
    walk = routines(persons=15, days=24, seed=3)
    candidates = Table(walk)
    learnt, asked = np.arange(500, 900), np.arange(900, 1_050)
    for timed in (True, False):
        ranker = fit(walk, candidates, learnt, timed=timed, seed=0)
        right = 0
        for rows, score in ranker.ranked(candidates, walk, asked):
            order = np.lexsort((-score, rows.query))
            first = order[np.flatnonzero(np.diff(rows.query[order], prepend=-1))]
            right += int((rows.place[first] == walk.place[asked[rows.query[first]]]).sum())
        assert right / len(asked) > 0.8


def test_new_places_are_found_by_what_others_do() -> None:
    """Whoever comes to place 3 for the first time comes from place 2: the retriever weighs that."""
    visits = []
    for person in range(40):
        visits += [(person, 2, person), (person, 3, person + 0.1), (person, 5 + person % 3, person + 0.5)]
    walk = journal(visits, places=8)
    new = np.flatnonzero((walk.place == 3) & (walk.person >= 20))
    weights = fit_retriever(walk, before_visits(walk, new, timed=False), walk.place[new], np.random.default_rng(0))
    assert weights[EVIDENCE.index("near_last")] < 0 or weights[EVIDENCE.index("follows")] > 0
    assert len(table.names(timed=True)) == len(set(table.names(timed=True)))
