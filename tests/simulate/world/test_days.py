"""A town lives by its clock: the same days from the same seed, visits only where it is open, vouchers spent once."""

from dataclasses import fields

import numpy as np
import pytest

from ringmain.simulate.world.days import Visits, joined, live, live_all
from ringmain.simulate.world.families.family import Held
from ringmain.simulate.world.families.registry import family_of
from ringmain.simulate.world.parameters import FamilyName, Parameters
from ringmain.simulate.world.world import build

FAMILIES: tuple[FamilyName, ...] = ("choice", "rhythm")


def _parameters(family: FamilyName, effect: float = 1.0) -> Parameters:
    return Parameters(
        people=400, shops=60, districts=3, days=30, family=family, opens_later=0.3, closes_earlier=0.3, effect=effect
    )


def _same(one: Visits, other: Visits) -> bool:
    return all(np.array_equal(getattr(one, field.name), getattr(other, field.name)) for field in fields(Visits))


@pytest.mark.parametrize("family", FAMILIES)
def test_the_same_seed_gives_the_same_days(family: FamilyName) -> None:
    """Bit for bit; the last week may be short."""
    parameters = _parameters(family)

    first, again = (live_all(family_of(build(parameters))) for _ in range(2))

    assert _same(first, again)
    assert len(first.person) > 400
    assert (first.day.min(), first.day.max()) == (0, 29)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_closed_shop_has_no_visits(family: FamilyName) -> None:
    """Not before it opens, not after it closes, not on its day of rest, not outside its hours; control: others have."""
    world = build(_parameters(family))
    visits = live_all(family_of(world))
    shops, day, shop = world.shops, visits.day, visits.shop

    assert (day >= shops.opens_on[shop]).all()
    assert (day < shops.closes_on[shop]).all()
    assert (day % 7 != shops.rests_on[shop]).all()
    assert ((visits.minute >= shops.opens[shop]) & (visits.minute < shops.closes[shop])).all()
    late = (shops.opens_on > 0) & (shops.opens_on < 20)
    assert np.isin(np.flatnonzero(late), shop).mean() > 0.7


@pytest.mark.parametrize("family", FAMILIES)
def test_a_voucher_is_spent_once_and_only_by_its_holder_at_its_shop(family: FamilyName) -> None:
    """The first visit of the week redeems it, for no more than the sale."""
    world = build(_parameters(family, effect=3.0))
    behaviour = family_of(world)
    slot = np.full(400, -1, dtype=np.int64)
    slot[::2] = np.random.default_rng(1).integers(0, 36, 200)
    face = world.shops.face_minor[world.reach[np.arange(400), slot]].astype(float)
    given = Held(slot, face)

    visits = live(behaviour, 0, given)

    spent = visits.redeemed
    assert spent.sum() > 10
    assert len(np.unique(visits.person[spent])) == spent.sum()
    assert np.array_equal(visits.slot[spent], slot[visits.person[spent]])
    assert (visits.off_minor <= np.minimum(visits.amount_minor, face[visits.person])).all()
    came = np.isin(np.flatnonzero(slot >= 0), visits.person[visits.slot == slot[visits.person]])
    assert came.sum() == spent.sum()
    assert np.array_equal(given.slot, slot)


def test_weeks_are_joined_in_order() -> None:
    """Two weeks lived one by one are the two weeks lived together."""
    parameters = Parameters(people=100, shops=40, days=14)
    behaviour = family_of(build(parameters))

    parts = [live(behaviour, first, Held.none(100)) for first in (0, 7)]

    assert _same(joined(parts), live_all(family_of(build(parameters))))
