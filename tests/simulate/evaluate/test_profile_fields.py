"""The judge of the image: figures by hand, on people whose next visits are known."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from ringmain.profile.api import Visit
from ringmain.simulate.evaluate.profile_fields import Judged, judge

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
