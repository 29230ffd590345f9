"""Tribes are found where people have something in common, told by a rule, and keep their people over time."""

import numpy as np
from numpy.typing import NDArray

from ringmain.segment.api import Condition, Rule, Tribes, find, move_on, rule_of, shares_of_everybody, successors

NAMES = ("Bar", "Gym", "Office", "Park", "Museum", "Shop")
SIZES = (40, 30, 30)
Int64s = NDArray[np.int64]


def people(seed: int = 0) -> tuple[NDArray[np.float64], Int64s]:
    """Return counts of 40 people of bars, 30 of gyms, 30 of offices, 60 of everything alike, and who is who."""
    random = np.random.default_rng(seed)
    everything = np.full(len(NAMES), 1 / len(NAMES))
    truth = np.repeat(np.arange(4), (*SIZES, 60))
    counts = np.full((len(truth), len(NAMES)), 100.0)
    for person in np.flatnonzero(truth < 3):
        counts[person] = random.multinomial(600, 0.75 * everything + 0.25 * np.eye(len(NAMES))[truth[person]])
    return counts, truth


def test_what_stands_out_is_found_and_nothing_else() -> None:
    """Three things stand out, so there are three tribes, with their people; those of everything alike have none."""
    counts, truth = people()
    tribes = find(counts, seed=1)
    assert sorted(tribes.anchors.tolist()) == [0, 1, 2]
    named = np.append(tribes.anchors, 3)[tribes.place(counts)]
    assert np.mean(named == truth) > 0.9


def test_the_same_people_and_seed_give_the_same_tribes() -> None:
    """Finding is repeatable, and here even another seed and another order of people finds the same."""
    counts, _ = people()
    first, again = find(counts, seed=1), find(counts, seed=1)
    other = find(counts[::-1], seed=2)
    assert first.anchors.tolist() == again.anchors.tolist()
    assert sorted(other.anchors.tolist()) == sorted(first.anchors.tolist())
    assert other.place(counts).tolist().count(3) == first.place(counts).tolist().count(3)


def test_no_tribe_has_fewer_than_ten_people() -> None:
    """Nine people of the museum are no tribe, eleven are one."""
    counts, _ = people()
    museum = np.zeros((11, len(NAMES)))
    museum[:, 4] = 600
    nine, eleven = find(np.vstack([counts, museum[:9]]), 0), find(np.vstack([counts, museum]), 0)
    assert 4 not in nine.anchors.tolist()
    assert 4 in eleven.anchors.tolist()
    assert all((nine.place(np.vstack([counts, museum[:9]])) == each).sum() >= 10 for each in range(len(nine.anchors)))


def test_people_without_a_past_are_in_no_tribe() -> None:
    """Nobody is placed by nothing, and one visit to a bar is not yet a tribe that a gym could not become."""
    tribes = find(people()[0], seed=1)
    nothing = np.zeros((1, len(NAMES)))
    assert tribes.place(nothing).tolist() == [3]
    ten_at_the_gym = np.zeros((1, len(NAMES)))
    ten_at_the_gym[0, 1] = 10
    assert tribes.anchors[tribes.place(ten_at_the_gym)].tolist() == [1]


def test_everybody_counts_alike_however_much_they_do() -> None:
    """The shares of everybody are means over people, not over events."""
    shares = shares_of_everybody(np.array([[1000.0, 0.0], [0.0, 10.0]]))
    assert np.abs(shares - 0.5).max() < 0.01


def test_a_rule_finds_members_nobody_has_seen() -> None:
    """A rule made from half of the people finds nine in ten of the others' members by three conditions at most."""
    counts, truth = people()
    shares = counts / counts.sum(axis=1, keepdims=True)
    rule = rule_of(shares[::2], truth[::2] == 0, [0, 1, 2])
    met = rule.holds(shares[1::2])
    assert 1 <= len(rule.conditions) <= 3
    assert rule.conditions[0].column == 0
    assert met[truth[1::2] == 0].mean() >= 0.9
    assert (truth[1::2] == 0)[met].mean() >= 0.8


def test_a_rule_may_be_asked_to_say_less() -> None:
    """Where each thing is said once and only what is worth it, no column comes twice and conditions are no more."""
    counts, truth = people()
    shares = counts / counts.sum(axis=1, keepdims=True)
    full = rule_of(shares, truth == 0, [0, 0, 1, 2])
    plain = rule_of(shares, truth == 0, [0, 0, 1, 2], worth=0.05, once=True)
    columns = [one.column for one in plain.conditions]
    assert len(set(columns)) == len(columns) <= len(full.conditions)
    assert plain.conditions[0] == full.conditions[0]


def test_a_rule_in_words() -> None:
    """A rule is one sentence in either language."""
    rule = Rule((Condition(0, at_least=True, per_cent=20), Condition(2, at_least=False, per_cent=5)))
    assert rule.words(NAMES, "en") == "Of what they do, at least 20 % Bar and at most 5 % Office."
    assert rule.words(NAMES, "zh") == "在其全部消费中，至少 20% 是「Bar」，至多 5% 是「Office」。"
    assert Rule(()).words(NAMES, "en") == "Everybody."
    none = Condition(1, at_least=False, per_cent=0)
    assert (none.words(NAMES, "en"), none.words(NAMES, "zh")) == ("no Gym", "几乎没有「Gym」")
    assert rule.holds(np.array([[0.2, 0.5, 0.05], [0.2, 0.5, 0.06], [0.19, 0.5, 0.0]])).tolist() == [True, False, False]


def test_a_tribe_keeps_its_identity_when_numbers_change() -> None:
    """Later tribes continue those with whom they share people and centres; one without a past is new."""
    counts, _ = people()
    old = find(counts, seed=1)
    order = np.array([2, 0, 1])
    new = Tribes(old.anchors[order], old.everybody, old.centres[[2, 0, 1, 3]])
    was = old.place(counts)
    becomes = new.place(counts)
    assert successors(old, new, was, becomes) == {0: 2, 1: 0, 2: 1}
    fewer = Tribes(old.anchors[:2], old.everybody, old.centres[[0, 1, 3]])
    nobody = np.where(was == 2, 2, was)
    assert successors(fewer, new, np.minimum(nobody, 2), becomes) == {1: 0, 2: 1}


def test_one_odd_week_moves_nobody_and_a_move_has_its_reason() -> None:
    """A person of bars stays after a week of sport, and moves when sport clearly stands out, because of it."""
    counts, _ = people()
    tribes = find(counts, seed=1)
    bar, gym = (tribes.anchors.tolist().index(column) for column in (0, 1))
    lives = np.zeros((2, len(NAMES)))
    lives[0, :2] = 40, 42
    lives[1, :2] = 40, 160
    now, moves = move_on(tribes, np.array([bar, bar]), lives)
    assert now.tolist() == [bar, gym]
    assert [(move.person, move.left, move.joined, move.because) for move in moves] == [(1, bar, gym, 1)]
