"""What is known of a person is what passed the tills before the morning, counted as it says."""

from dataclasses import fields

import numpy as np
import pytest

from ringmain.simulate.world.days import Visits, joined, live
from ringmain.simulate.world.families.family import Held
from ringmain.simulate.world.families.registry import family_of
from ringmain.simulate.world.observe import NAMES, Facts, known
from ringmain.simulate.world.parameters import Parameters
from ringmain.simulate.world.world import World, build


@pytest.fixture(scope="module")
def world() -> World:
    """Give a town of three people."""
    return build(Parameters(people=3, shops=40, districts=2, days=100))


def _visits(world: World, rows: list[tuple[int, int, int, int, int]]) -> Visits:
    """Return visits (person, slot, day, amount, off)."""
    person, slot, day, amount, off = np.array(rows, dtype=np.int64).reshape(-1, 5).T
    shop = world.reach[person, slot].astype(np.int64)
    zero = np.zeros(len(person), dtype=np.int64)
    return Visits(person, slot, shop, day.astype(np.int32), zero.astype(np.int32), amount, off, amount // 10)


def _row(facts: Facts, person: int, slot: int, face: float = 500.0) -> dict[str, float]:
    found = known(facts, np.array([person]), np.array([slot]), np.array([face])).raw[0]
    return dict(zip(NAMES, found.tolist(), strict=True))


def test_visits_and_vouchers_are_counted(world: World) -> None:
    """Here and in all, of late and ever, since when, what a sale is worth, what was given and redeemed."""
    visits = _visits(world, [(0, 3, 10, 2_000, 0), (0, 3, 60, 3_000, 400), (0, 7, 61, 900, 0), (1, 3, 62, 5_000, 0)])
    held = Held(np.array([3, -1, -1]), np.array([400.0, 0.0, 0.0]))
    facts = Facts(world, visits, [(56, held)], 70)

    found = _row(facts, 0, 3)

    assert np.expm1([found["here_recent"], found["here_ever"]]) == pytest.approx([1.0, 2.0])
    assert np.expm1([found["out_recent"], found["out_ever"], found["shops_known"]]) == pytest.approx([2.0, 3.0, 2.0])
    assert (found["since_here"], found["since_out"], found["never_here"]) == (10.0, 9.0, 0.0)
    assert found["weekly_here"] == pytest.approx(7 * 2 / 70)
    assert (found["given"], found["given_here"], found["redeemed_here"]) == pytest.approx((0.5, 1.0, 1.0))
    assert found["redeems"] == pytest.approx(1.0)
    elsewhere = _row(facts, 2, 3)
    assert (elsewhere["since_out"], elsewhere["never_here"], elsewhere["given"]) == (120.0, 1.0, 0.0)


def test_worth_is_beside_what_is_really_paid_there(world: World) -> None:
    """The mean of the shop's sales, whoever made them."""
    shop = world.reach[0, 3]
    other = int(np.flatnonzero(world.reach[1] == shop)[0])
    facts = Facts(world, _visits(world, [(0, 3, 10, 2_000, 0), (1, other, 11, 3_000, 0)]), [], 70)

    assert _row(facts, 0, 3, 500.0)["worth"] == pytest.approx(500 / 2_500)


def test_who_buys_what_is_reduced_is_known_by_receipts() -> None:
    """The share saved follows thrift where receipts show it; control: it does not where they show nothing."""
    found = []
    for shown in (0.5, 0.0):
        town = build(Parameters(people=500, shops=60, days=70, thrift_shown=shown))
        behaviour = family_of(town)
        visits = joined([live(behaviour, 7 * week, Held.none(500)) for week in range(10)])
        who = np.arange(500)
        rows = known(Facts(town, visits, [], 70), who, who * 0, np.full(500, 500.0)).raw
        found.append(np.corrcoef(rows[:, NAMES.index("reduced")], np.log(town.people.thrift))[0, 1])

    assert found[0] > 0.4
    assert abs(found[1]) < 0.1


def test_receipts_change_nothing_of_what_people_do() -> None:
    """The same visits and sales, whatever receipts show."""
    shown, hidden = (
        live(family_of(build(Parameters(people=80, shops=40, days=7, thrift_shown=power))), 0, Held.none(80))
        for power in (0.5, 0.0)
    )

    for one in fields(Visits):
        same = np.array_equal(getattr(shown, one.name), getattr(hidden, one.name))
        assert same == (one.name != "reduced_minor")


def test_a_town_in_which_nobody_has_been_out_is_known_too(world: World) -> None:
    """No row is missing or infinite."""
    rows = known(Facts(world, _visits(world, []), [], 7), np.array([0, 1]), np.array([0, 1]), np.array([300.0, 500.0]))

    assert np.isfinite(rows.raw).all()
    assert np.isfinite(rows.linear).all()
