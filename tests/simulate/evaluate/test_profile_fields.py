"""The judge of the image: figures by hand, on people whose next visits are known."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from ringmain.profile.api import Visit
from ringmain.simulate.evaluate.profile_fields import judge
from ringmain.simulate.evaluate.profile_judges import Judged

CUT = datetime(2026, 3, 1, tzinfo=UTC)


def visit(day: float, shop: int, minor: int, category: str = "tea") -> Visit:
    """Return a visit so many days after the cut."""
    at = CUT + timedelta(days=day)
    return Visit(UUID(int=abs(int(day * 10))), UUID(int=shop), str(shop), category, at, at, minor, "EUR", ())


def shares(judged: dict[str, Judged], metric: str) -> dict[str, float]:
    """Return the mean of each way of saying it."""
    return {name: sum(scores) / len(scores) for name, scores in judged[metric].scores.items()}


def test_fields_are_held_against_what_came() -> None:
    """Ann goes to shop 1 and once to 2; Ben, whom all are like, to shop 3; what came within four weeks counts."""
    ann = [visit(-30, 1, 500), visit(-20, 1, 700), visit(-10, 2, 900), visit(5, 1, 800), visit(6, 2, 600)]
    ben = [visit(-9 + n / 2, 3, 1_000) for n in range(8)]
    late = [*ann, visit(40, 3, 5_000)]
    judged: dict[str, Judged] = {}
    judge(judged, [late, ben], CUT)
    assert judged["favourite_shops.acc@1"].person == [0, 0]
    assert shares(judged, "favourite_shops.acc@1") == {"ringmain": 0.5, "everybody": 0.0, "last time": 0.5}
    assert shares(judged, "favourite_shops.acc@3") == {"ringmain": 1.0, "everybody": 1.0, "last time": 0.5}
    # Her mean is 7.00; everybody's is (2,100 + 8,000) / 11 = 9.18; the last was 9.00.
    assert shares(judged, "average_basket.mae") == pytest.approx({"ringmain": 1.0, "everybody": 2.18, "last time": 2.0})
    # All shops are of one category: there is nothing to tell.
    assert "favourite_categories.acc@1" not in judged


def test_whoever_has_too_few_facts_is_not_judged() -> None:
    """Two visits are no image, and what lies further back than the image looks is not counted."""
    judged: dict[str, Judged] = {}
    judge(judged, [[visit(-200, 1, 100), visit(-20, 1, 100), visit(-10, 1, 100), visit(5, 1, 100)]], CUT)
    assert judged == {}


def test_shares_are_held_against_what_came_by_their_square() -> None:
    """Ann uses a voucher every other time and is at shop 1 two of three times; the next she is not, and is there."""
    ann = [replace(visit(-30 + n, 1 + (n % 3 == 2), 500), with_voucher=n % 2 == 0) for n in range(12)]
    ben = [visit(-20 + n, 1, 500) for n in range(12)]
    judged: dict[str, Judged] = {}
    judge(judged, [[*ann, visit(2, 1, 500), visit(3, 1, 500)], ben], CUT)
    assert judged["voucher_use.brier"].person == [0, 0]
    assert shares(judged, "voucher_use.brier") == {"ringmain": 0.25, "everybody": 0.0625, "last time": 0.0}
    # Shop 1 has 20 of 24 visits of everybody, shop 2 four; she was last at shop 2.
    loyalty = shares(judged, "loyalty.brier")
    assert loyalty == pytest.approx({"ringmain": (1 / 3) ** 2, "everybody": (1 / 6) ** 2, "last time": 1.0})
    assert shares(judged, "novelty.brier") == {"ringmain": 0.0, "everybody": 0.0, "last time": 0.0}


def test_gaps_and_the_next_visit_are_held_against_days() -> None:
    """Ann comes every second day, Ben every fourth; the next day is judged only where it has not passed."""
    ann = [visit(-20 + 2 * n, 1, 500) for n in range(10)]
    ben = [visit(-42 + 4 * n, 1, 500) for n in range(11)]
    judged: dict[str, Judged] = {}
    judge(judged, [[*ann, visit(1, 1, 500), visit(4, 1, 500)], [*ben, visit(2, 1, 500)]], CUT)
    assert (judged["regularity.mae"].person, judged["next_visit.mae"].person) == ([0], [0, 1])
    # A gap of three days; everybody's middle is three.
    assert shares(judged, "regularity.mae") == {"ringmain": 1.0, "everybody": 0.0, "last time": 1.0}
    # Three and four days after their last visits.
    assert shares(judged, "next_visit.mae") == {"ringmain": 0.5, "everybody": 0.5, "last time": 0.5}


def test_products_areas_and_what_others_pay_are_held_against_what_came() -> None:
    """Bread is in every second of her next baskets, around shop 1 is where she is, and she pays twice as much."""
    ann = [replace(visit(-20 + n, 1, 2_000), products=("bread",), place=(0.0, 0.0)) for n in range(4)]
    others = [
        [replace(visit(-20 + n, 1, 1_000), products=("milk",), place=(0.0, 0.0)) for n in range(3)] for _ in range(12)
    ]
    far = replace(visit(3, 2, 1_000), products=("tea",), place=(1.0, 0.0))
    judged: dict[str, Judged] = {}
    judge(judged, [[*ann, replace(ann[0], sold_at=CUT + timedelta(days=2)), far], *others], CUT)
    assert shares(judged, "favourite_products.acc@1") == {"ringmain": 0.5, "everybody": 0.0, "last time": 0.5}
    assert "usual_areas.acc@1" not in judged
    # Nobody knows what is paid at shop 2.
    assert shares(judged, "spending_power.mae")["ringmain"] == pytest.approx(0.0)
    assert shares(judged, "spending_power.mae")["everybody"] == pytest.approx(0.64, abs=0.01)
