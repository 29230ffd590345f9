"""Tests of splitting lift over hops: by hand, in sum, and against a town in which every hop's doing is known."""

import numpy as np
import pytest

from ringmain.loop.model.attribution import OWN, attribute, credit_of
from ringmain.loop.model.lift import Dealt, compare

POSTER, TEA = 1, 2


def test_a_visit_is_shared_by_what_led_to_it() -> None:
    """One visit through two hops, one through a hop named twice, one that nothing led to, of two persons."""
    table = credit_of(
        np.array([0, 0, 1]),
        np.array([0, 0, 1, 1]),
        np.array([POSTER, TEA, TEA, TEA]),
        people=2,
        nodes=3,
    )
    assert table.tolist() == [[0.0, 0.5, 1.5], [1.0, 0.0, 0.0]]


def walked(people: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Let people of a poster's campaign walk: poster -> tea -> flowers; return treated, before, credit and the truth.

    3 of 10 follow the poster to tea, and 4 in 10 of those the next voucher to flowers. Whoever does not follow it comes
    to tea by themselves in 15 of 100. So one person more brings 0.3 + 0.12 visits, and 0.3 x 0.15 less by themselves.
    """
    random = np.random.default_rng(seed)
    treated = random.random(people) >= 0.1
    before = random.poisson(1.0, people)
    anyway = random.poisson(0.4 * (0.5 + before / 2))
    follows = treated & (random.random(people) < 0.3)
    by_themselves = anyway + (~follows & (random.random(people) < 0.15))
    on = follows & (random.random(people) < 0.4)
    persons = np.arange(people)
    visit_person = np.concatenate((np.repeat(persons, by_themselves), persons[follows], persons[on]))
    first = int(by_themselves.sum())
    to_tea = np.arange(first, first + int(follows.sum()))
    to_flowers = np.arange(first + len(to_tea), len(visit_person))
    hop_visit = np.concatenate((to_tea, to_flowers, to_flowers))
    hop_node = np.concatenate(
        (np.full(len(to_tea), POSTER), np.full(len(to_flowers), POSTER), np.full(len(to_flowers), TEA))
    )
    table = credit_of(visit_person, hop_visit, hop_node, people=people, nodes=3)
    return treated, before.astype(float), table, 0.3 + 0.3 * 0.4 - 0.3 * 0.15


def test_the_parts_sum_to_the_measured_lift() -> None:
    """The parts add up to the lift to the last digit; their intervals hold them."""
    treated, before, table, _ = walked(3_000, 1)
    parts = attribute(treated, before, table, seed=0, times=100)
    found = compare(Dealt(treated, table.sum(axis=1), before))
    assert found is not None
    assert sum(part.total for part in parts) == pytest.approx(found.effect * found.treated, rel=1e-9)
    assert all(part.interval.holds(part.total) for part in parts)


def test_the_parts_are_the_true_ones() -> None:
    """With many people the sum is within 5 % of the true lift, and each hop's part is near what it really did."""
    treated, before, table, truth = walked(300_000, 2)
    parts = attribute(treated, before, table, seed=0, times=40)
    count = int(treated.sum())
    assert sum(part.total for part in parts) == pytest.approx(truth * count, rel=0.05)
    assert parts[POSTER].total == pytest.approx((0.3 + 0.12 / 2) * count, rel=0.05)
    assert parts[TEA].total == pytest.approx(0.12 / 2 * count, rel=0.05)
    # What people of the comparison group did by themselves: 3 in 10 x 15 in 100 of the visits were only replaced.
    assert parts[OWN].total == pytest.approx(-0.3 * 0.15 * count, rel=0.2)


def test_counting_all_that_was_led_to_claims_too_much() -> None:
    """The control: without the comparison every visit that a hop led to is claimed, replaced ones too."""
    treated, _, table, truth = walked(300_000, 3)
    claimed = table[treated][:, 1:].sum() / treated.sum()
    assert claimed > 1.1 * truth
