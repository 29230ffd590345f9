"""Finding on matrices: groups seen from several sides, chance, newcomers, and what continues."""

import numpy as np

from ringmain.segment.behaviour import Behaviour, Column, Side
from ringmain.segment.finding import Finding, Past, PastTribe, find_tribes
from tests.segment.town import Group, Planted, planted

NOODLES, TEA = Column(Side.CATEGORY, "noodles"), Column(Side.CATEGORY, "tea")
NIGHT = Column(Side.PART, "night")


def _members(town: Planted, found: Finding) -> dict[Column, list[int]]:
    """Return how many of each planted group are in each tribe, by what the tribe is named by."""
    truth = dict(zip(town.given.people, town.truth, strict=True))
    counts = {one.name[0]: [0] * len(town.groups) for one in found.tribes}
    for one in found.placed:
        counts[found.tribes[one.tribe].name[0]][truth[one.person]] += 1
    return counts


def test_groups_are_found_from_the_side_that_they_stand_out_from() -> None:
    """People of tea, and people of the night whatever they buy, are two tribes; sizes are of their own members."""
    town = planted([Group(40, "tea", share=0.8), Group(15, part="night", share=0.4), Group(150)])
    found = find_tribes(town.given, Past(), 1)
    assert _members(town, found) == {TEA: [40, 0, 0], NIGHT: [0, 15, 0]}
    assert [(one.size, one.stability > 0.9) for one in found.tribes] == [(40, True), (15, True)]


def test_a_group_with_two_habits_is_one_tribe() -> None:
    """Noodles, and always in the evening: one tribe is told, and the second habit is among what sets it apart."""
    town = planted([Group(60, "noodles", "evening"), Group(40, "tea"), Group(200)])
    found = find_tribes(town.given, Past(), 1)
    assert sorted(_members(town, found)) == [NOODLES, TEA]
    (noodles,) = [one for one in found.tribes if one.name == (NOODLES,)]
    assert noodles.size >= 55
    assert [lift.column for lift in noodles.apart] == [NOODLES, Column(Side.PART, "evening")]


def test_chance_makes_no_tribes_however_many_people() -> None:
    """Control: of 3,000 people who all do as everybody does some stand out by luck, and none of it is a tribe."""
    town = planted([Group(3_000, visits=20)])
    assert find_tribes(town.given, Past(), 1) == Finding(3_000, 0)


def test_nine_people_are_no_tribe() -> None:
    """A group of nine is withheld however clear it is, one of twelve is told."""
    nine = find_tribes(planted([Group(9, "bookshop", share=0.9), Group(100)]).given, Past(), 1)
    twelve = find_tribes(planted([Group(12, "bookshop", share=0.9), Group(100)]).given, Past(), 1)
    assert (nine.tribes, [one.size for one in twelve.tribes]) == ((), [12])


def test_the_rule_finds_its_members_and_few_others() -> None:
    """At most three conditions in fives, met by nine in ten members of another draw of the same town."""
    groups = [Group(40, "tea"), Group(40, "noodles"), Group(120)]
    found = find_tribes(planted(groups).given, Past(), 1)
    other = planted(groups, seed=5)
    shares = other.given.grid.shares(other.given.counts) * 100
    for one in found.tribes:
        met = np.ones(len(shares), dtype=bool)
        for condition in one.rule:
            share = shares[:, other.given.columns.index(condition.column)]
            met &= share >= condition.per_cent if condition.at_least else share <= condition.per_cent
        group = {TEA: 0, NOODLES: 1}[one.name[0]]
        member = np.array(other.truth) == group
        assert 1 <= len(one.rule) <= 3
        assert met[member].mean() >= 0.9
        assert member[met].mean() >= 0.9


def test_newcomers_are_placed_as_often_right_as_is_said() -> None:
    """People of five visits, placed at seven in ten likely and more: the mean of what is said is how many are right."""
    groups = [Group(100, "tea"), Group(100, "noodles"), Group(300)]
    town = planted(groups)
    new = planted([Group(one.people, one.category, visits=5) for one in groups], seed=3, prefix="n")
    given = _together(town, new)
    found = find_tribes(given, Past(), 1)
    truth = dict(zip(new.given.people, new.truth, strict=True))
    group = {number: {TEA: 0, NOODLES: 1}[one.name[0]] for number, one in enumerate(found.tribes)}
    placed = [one for one in found.placed if one.probability is not None]
    said = float(np.mean([one.probability for one in placed]))
    right = float(np.mean([truth[one.person] == group[one.tribe] for one in placed]))
    assert found.newcomers == 500
    assert len(placed) > 60
    assert abs(said - right) < 0.1
    assert right > 0.75


def _together(town: Planted, new: Planted) -> Behaviour:
    assert town.given.columns == new.given.columns
    return Behaviour(
        town.given.people + new.given.people,
        town.given.columns,
        np.vstack([town.given.counts, new.given.counts]),
        np.concatenate([town.given.visits, new.given.visits]),
    )


def test_a_tribe_continues_the_one_it_shares_people_with() -> None:
    """Under another seed and with other people beside, tribes know their past; the name stays the old one."""
    town = planted([Group(40, "tea"), Group(40, "noodles"), Group(100)])
    first = find_tribes(town.given, Past(), 1)
    tribes = tuple(PastTribe(str(n), (NIGHT, one.name[0]), one.centre) for n, one in enumerate(first.tribes))
    past = Past(tribes, {one.person: one.tribe for one in first.placed})
    more = planted([Group(40, "tea"), Group(40, "noodles"), Group(12, "florist"), Group(90)])
    second = find_tribes(more.given, past, 2)
    known = {one.continues: one.name for one in second.tribes}
    assert known[None] == (Column(Side.CATEGORY, "florist"),)
    assert {known[0], known[1]} == {(NIGHT, TEA), (NIGHT, NOODLES)}
    assert {second.tribes[n].continues for n in range(3)} == {0, 1, None}


def test_the_same_people_and_past_give_the_same_finding() -> None:
    """Finding is repeatable."""
    town = planted([Group(30, "tea"), Group(100)])
    assert find_tribes(town.given, Past(), 4) == find_tribes(town.given, Past(), 4)
