"""A town is drawn from its seed alone, and everything in it stands where it may."""

from dataclasses import fields

import numpy as np
import pytest

from ringmain.simulate.world.parameters import Parameters
from ringmain.simulate.world.world import World, build

SMALL = Parameters(people=300, shops=60, districts=3, days=28)


@pytest.fixture(scope="module")
def world() -> World:
    """Give a small town."""
    return build(SMALL)


def test_the_same_seed_gives_the_same_town(world: World) -> None:
    """Bit for bit, in every array; another seed gives another."""
    again, other = build(SMALL), build(Parameters(people=300, shops=60, districts=3, days=28, seed=1))

    for part in ("people", "shops"):
        for one in fields(getattr(world, part)):
            assert np.array_equal(getattr(getattr(world, part), one.name), getattr(getattr(again, part), one.name))
    for name in ("reach", "km", "match", "routine"):
        assert np.array_equal(getattr(world, name), getattr(again, name))
    assert not np.array_equal(world.reach, other.reach)


def test_everybody_reaches_different_shops_in_order(world: World) -> None:
    """So a shop is found in a person's row, and -1 where it is out of reach."""
    assert world.reach.shape == (300, 36)
    assert (np.diff(world.reach, axis=1) > 0).all()
    person, slot = np.divmod(np.arange(world.reach.size), 36)
    assert np.array_equal(world.slot_of(person, world.reach[person, slot].astype(np.int64)), slot)
    missing = np.setdiff1d(np.arange(60), world.reach[5])
    assert (world.slot_of(np.full(len(missing), 5), missing) == -1).all()


def test_friends_are_mutual_and_nobody_is_their_own(world: World) -> None:
    """About as many ties per person as asked for."""
    who = np.repeat(np.arange(300), np.diff(world.people.friend_offsets))
    ties = set(zip(who.tolist(), world.people.friends.tolist(), strict=True))

    assert all((other, one) in ties and one != other for one, other in ties)
    assert len(ties) / 300 == pytest.approx(SMALL.friends, rel=0.15)


def test_people_differ_as_people_do(world: World) -> None:
    """Tastes sum to one, who goes out often is far above the rest, and routines are shops that are open already."""
    people = world.people

    assert people.taste.sum(axis=1) == pytest.approx(np.ones(300))
    assert np.sort(people.activity)[-30:].sum() / people.activity.sum() > 0.3
    assert world.routine.any(axis=1).mean() > 0.99
    assert (world.shops.opens_on[world.reach[world.routine]] == 0).all()


def test_a_town_with_fewer_shops_than_reach_has_them_all() -> None:
    """Every person reaches every shop."""
    world = build(Parameters(people=20, shops=4, districts=1))

    assert np.array_equal(world.reach, np.tile(np.arange(4), (20, 1)))


def test_nobody_can_write_to_a_town(world: World) -> None:
    """What was drawn stays."""
    with pytest.raises(ValueError, match="read-only"):
        world.reach[0, 0] = 1
