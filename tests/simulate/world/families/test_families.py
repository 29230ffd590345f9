"""What each family says of chance is what it does, and what a voucher does is what the world allows."""

import copy
from dataclasses import replace

import msgspec
import numpy as np
import pytest
from scipy.stats import binomtest

from ringmain.simulate.world.days import live
from ringmain.simulate.world.families.family import Family, Held
from ringmain.simulate.world.families.registry import family_of
from ringmain.simulate.world.parameters import FamilyName, Parameters, World
from ringmain.simulate.world.shops import Floats, Int64s
from ringmain.simulate.world.world import build

FAMILIES: tuple[FamilyName, ...] = ("choice", "rhythm")
PEOPLE, RUNS = 60, 150


def _lived(family: FamilyName, world: World, people: int = PEOPLE, weeks: int = 3) -> Family:
    """Return a town after weeks in which half of the people were given vouchers."""
    made = build(Parameters(people=people, shops=50, districts=2, days=60, family=family, world=world, seed=3))
    behaviour = family_of(made)
    random = np.random.default_rng(4)
    for week in range(weeks):
        slot = np.where(random.random(people) < 0.5, random.integers(0, made.reach.shape[1], people), -1)
        live(behaviour, 7 * week, Held(slot, _faces(behaviour, slot)))
    return behaviour


def _faces(behaviour: Family, slot: Int64s) -> Floats:
    world = behaviour.world
    return world.shops.face_minor[world.reach[np.arange(len(slot)), slot]].astype(np.float64)


def _again(behaviour: Family, run: int) -> Family:
    """Return the same town at the same moment, with other chance ahead."""
    other = copy.deepcopy(behaviour)
    parameters = msgspec.structs.replace(behaviour.world.parameters, seed=1_000 + run)
    other._world = replace(behaviour.world, parameters=parameters)  # type: ignore[attr-defined]
    return other


@pytest.mark.parametrize("world", ["positive", "mixed"])
@pytest.mark.parametrize("family", FAMILIES)
def test_true_chances_are_the_frequencies_of_lived_weeks(family: FamilyName, world: World) -> None:
    """With and without vouchers, person by person, by the exact binomial test; control: the wrong one is refused."""
    behaviour = _lived(family, world)
    who = np.arange(PEOPLE)
    slot = np.random.default_rng(5).integers(0, 36, PEOPLE)
    face = np.where(who % 2, _faces(behaviour, slot) * 2, 0.0)
    chance = behaviour.chance(who, slot, face, 21, 7)
    came = np.zeros(PEOPLE)
    for run in range(RUNS):
        visits = live(_again(behaviour, run), 21, Held(np.where(face > 0, slot, -1), face))
        came[np.unique(visits.person[visits.slot == slot[visits.person]])] += 1

    p = [binomtest(int(count), RUNS, one).pvalue for count, one in zip(came, np.clip(chance, 0, 1), strict=True)]

    assert min(p) > 0.01 / PEOPLE
    assert came.sum() == pytest.approx(RUNS * chance.sum(), abs=4 * np.sqrt(RUNS * (chance * (1 - chance)).sum()))
    plain = behaviour.chance(who, slot, face * 0, 21, 7)
    assert abs(came.sum() - RUNS * plain.sum()) > 6 * np.sqrt(RUNS * (plain * (1 - plain)).sum())


@pytest.mark.parametrize(("world", "least", "most"), [("zero", 0, 0), ("negative", -1, 0), ("positive", 0, 1)])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_world_allows_effects_of_its_sign_only(family: FamilyName, world: World, least: int, most: int) -> None:
    """Exactly zero where vouchers do nothing; nobody is driven away in a positive one, nor won in a negative."""
    behaviour = _lived(family, world, people=600)
    effect = _effects(behaviour)

    rounding = 0.0 if world == "zero" else 1e-12
    assert effect.min() >= least - rounding
    assert effect.max() <= most + rounding
    assert (effect.mean() != 0) == (world != "zero")


@pytest.mark.parametrize("family", FAMILIES)
def test_in_a_mixed_world_some_are_won_and_some_driven_away(family: FamilyName) -> None:
    """So who is given a voucher matters more than how many."""
    effect = _effects(_lived(family, "mixed", people=600))

    assert (effect > 0.01).mean() > 0.1
    assert (effect < -0.001).mean() > 0.05


@pytest.mark.parametrize("family", FAMILIES)
def test_a_shop_that_is_closed_all_week_is_not_visited_whatever_is_given(family: FamilyName) -> None:
    """Its chance is nothing, with a voucher too."""
    behaviour = _lived(family, "positive")
    world = behaviour.world
    person, slot = np.nonzero(world.shops.closes_on[world.reach] <= 21)
    assert len(person)
    face = np.full(len(person), 5_000.0)

    assert not behaviour.chance(person, slot, face, 21, 7).any()


def _effects(behaviour: Family) -> Floats:
    people = len(behaviour.world.reach)
    who, slot = np.arange(people), np.random.default_rng(6).integers(0, 36, people)
    with_it, without = (behaviour.chance(who, slot, _faces(behaviour, slot) * given, 21, 7) for given in (1.0, 0.0))
    return with_it - without
