"""What remains when the money stops: known effects are found, chance is not called an effect, few say nothing."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np
import pytest

from ringmain.campaign.api import SwitchOff, area_of, is_off
from ringmain.loop.model.switch_off import Period, Stopped, read, read_areas
from ringmain.loop.switch_off import MerchantStop, StopAsked, SwitchedOff, switched_off
from ringmain.network.api import Shop
from tests.loop.lake import SmallLake, day

NOW, STOP = day(200), day(100)
DAY_US = 86_400_000_000
SHOPS = [
    Shop(uuid4(), uuid4(), f"Shop {number}", "tea", 30.0 + number / 10, 120.0, "UTC", None, NOW) for number in range(8)
]
A, B = SHOPS[0], SHOPS[1]


def dealt(people: int, seed: int, *, during: float, after: tuple[float, float, float]) -> Stopped:
    """Draw people who come once a week by habit; who could win comes so much more often a week in each period."""
    random = np.random.default_rng(seed)
    treated, habit = random.random(people) < 0.8, random.gamma(4, 1 / 4, people)
    more = [np.maximum(habit + treated * extra, 0) for extra in (during, *after)]
    return Stopped(
        np.arange(people) % 2,
        treated,
        np.zeros(people, dtype=np.int64),
        np.full(people, 42 * DAY_US),
        random.poisson(habit * 4),
        random.poisson(more[0] * 6),
        np.column_stack([random.poisson(one * 30 / 7) for one in more[1:]]),
    )


def test_what_is_left_is_found_and_what_is_not_is_not() -> None:
    """Of half a visit a week a quarter is left after 30 days, and nothing after 90; habit is what the others do."""
    found: dict[str, Period] = {
        one.name: one for one in read(dealt(4_000, 1, during=0.5, after=(0.25, 0.1, 0.0)), 200 * DAY_US)
    }
    for name, truth in (("during", 0.5), ("after_30", 0.25), ("after_60", 0.1), ("after_90", 0.0)):
        one = found[name]
        assert one.interval is not None
        assert one.interval.holds(truth)
        assert one.interval.high - one.interval.low < 0.2
    assert found["during"].interval is not None
    assert found["during"].interval.low > 0
    after = found["after_30"]
    assert after.habit == pytest.approx(1.0, abs=0.1)
    assert after.rate == pytest.approx(1.25, abs=0.05)
    assert found["before"].interval is None


def test_nineteen_of_twenty_intervals_hold_the_truth() -> None:
    """Over a hundred draws with another true effect each, 90 at least; and without any, at most ten alarms."""
    held = alarms = 0
    for seed in range(100):
        truth = seed / 200
        one = read(dealt(900, seed, during=truth, after=(truth, truth, 0.0)), 200 * DAY_US)
        assert one[2].interval is not None
        assert one[4].interval is not None
        held += one[2].interval.holds(truth)
        alarms += one[4].interval.shows_effect
    assert held >= 90
    assert alarms <= 10


def test_a_period_is_read_when_its_days_are_over() -> None:
    """A second before the thirtieth day is over it is too early to say; then it is said."""
    rows = dealt(900, 3, during=0.5, after=(0.5, 0.5, 0.5))
    over = (42 + 30) * DAY_US
    early, late = read(rows, over - 1)[2], read(rows, over)[2]
    assert early == Period("after_30", 0, 0, None, None, None, None, None)
    assert late.interval is not None
    # Fifty people in each group are needed to say anything of the difference.
    few = read(rows.of(np.arange(60)), over)[2]
    assert (few.rate is not None, few.interval) == (True, None)


def test_areas_without_money_are_read_beside_areas_with_it() -> None:
    """Of twelve areas four lose a third of their visits; the interval holds it. Without an effect 5 in 100 alarms."""
    random = np.random.default_rng(0)
    alarms = 0
    before, chance, off = np.ones(12), np.ones(12), np.zeros(12, dtype=np.bool_)
    for number in range(200):
        before = random.gamma(20, 10, 12)
        off = random.permutation(12) < 4
        chance = np.exp(random.normal(0, 0.08, 12))
        one = read_areas(before, before * chance, off, number)
        assert one is not None
        alarms += not one.interval.holds(1.0)
    assert alarms <= 20
    one = read_areas(before, before * chance * np.where(off, 2 / 3, 1.0), off, 1)
    assert one is not None
    assert one.interval.holds(2 / 3)
    assert one.interval.high < 1
    assert (one.off, one.on) == (4, 8)
    assert read_areas(before[:5], before[:5], np.array([True, True, True, False, False]), 1) is None


class Lake(SmallLake):
    """A lake whose sales carry the merchants of the shops."""

    def write(self) -> SmallLake:
        """Write all facts."""
        merchants = {str(shop.id): str(shop.merchant_id) for shop in SHOPS}
        for row in self.rows.get("sale", []):
            row["merchant_id"] = merchants[row["shop_id"]]
        return super().write()


def asked(*stops: MerchantStop, running: tuple[UUID, ...] = (), planned: tuple[SwitchOff, ...] = ()) -> StopAsked:
    """Return what there is to read."""
    return StopAsked(stops, frozenset(running), planned, SHOPS, uuid4())


def test_a_merchants_stop_is_read_from_the_lake(tmp_path: Path) -> None:
    """Visits to its own shops count: before people met it, while it ran, and in thirty days after the stop."""
    lake, campaign = Lake(tmp_path), uuid4()
    for number in range(240):
        who, treated = f"p{number}", number % 2 == 0
        lake.deal(str(campaign), who, 60, treated=treated, shop=str(B.id))
        # Once before; four times while it ran where it could be won, else twice; then once or not at all.
        times = [50, 70, 80, *((75, 90, 110) if treated else ()), *((150,) if number % 3 else ())]
        lake.walk(who, *((str(A.id), on + number / 1_000) for on in times), (str(B.id), 105))
    lake.deal(str(campaign), "late", 101, treated=True)
    lake.write()
    found = switched_off(
        lake.root, lake.network_id, asked(MerchantStop(A.merchant_id, STOP, (campaign,), topping_up=True)), NOW
    )
    ring, mine = found.stops
    assert (ring.merchant_id, ring.area, mine.merchant_id, mine.topping_up) == (None, None, A.merchant_id, True)
    assert ring.periods == mine.periods
    before, during, first, second, third = mine.periods
    assert (before.treated, before.compared_with, before.rate, before.others) == (120, 120, 0.25, 0.25)
    assert during.rate == pytest.approx(4 * 7 / 40)
    assert during.others == pytest.approx(2 * 7 / 40)
    assert first.rate == pytest.approx(7 / 30)
    assert first.others == 0
    assert first.more == pytest.approx(7 / 30)
    assert second.rate == second.others == pytest.approx(80 / 120 * 7 / 30)
    assert second.more == pytest.approx(0, abs=1e-12)
    assert third.rate == third.others == 0


def test_an_area_is_read_when_all_its_money_has_stopped(tmp_path: Path) -> None:
    """Two merchants of one area, both over: read together; while one of them runs, neither area nor ring is."""
    lake = Lake(tmp_path)
    lake.write()
    near = [Shop(uuid4(), one.merchant_id, "Near", "tea", 30.0, 120.0, "UTC", None, NOW) for one in (A, B)]
    stops = tuple(MerchantStop(one.merchant_id, STOP, (uuid4(),), topping_up=False) for one in (A, B))

    def shown(running: tuple[UUID, ...], given: tuple[MerchantStop, ...]) -> list[tuple[bool, bool]]:
        question = StopAsked(given, frozenset(running), (), near, uuid4())
        found = switched_off(lake.root, lake.network_id, question, NOW)
        return [(one.merchant_id is not None, one.area is not None) for one in found.stops]

    assert shown((), stops) == [(False, False), (True, False), (True, False), (False, True)]
    assert shown((B.merchant_id,), stops[:1]) == [(True, False)]


def test_a_planned_switch_off_is_read_beside_the_areas_that_go_on(tmp_path: Path) -> None:
    """Of eight areas some lose half their visits from the day on; a period that an early end cut off is not read."""
    salt = next(
        salt
        for salt in (bytes([number]) * 16 for number in range(250))
        if sum(_off(salt)) == 4  # exactly half of them
    )
    one = SwitchOff(
        id=uuid4(),
        salt=salt,
        share_bp=5_000,
        starts_at=STOP,
        ends_at=STOP + timedelta(days=90),
        planned_at=STOP,
        stopped_at=STOP + timedelta(days=70),
    )
    lake = Lake(tmp_path)
    for number, (shop, off) in enumerate(zip(SHOPS, _off(salt), strict=True)):
        each = 10 + number
        lake.walk(f"b{number}", *((str(shop.id), 45 + turn * 55 / (8 * each)) for turn in range(8 * each)))
        many = each * 4 // (2 if off else 1)
        for begins in (100, 130):
            lake.walk(f"a{number}", *((str(shop.id), begins + turn * 30 / many) for turn in range(many)))
    lake.write()
    (found,) = _read(lake, one).planned
    assert (len(found.off), len(found.on)) == (4, 4)
    first, second, third = found.remaining
    assert first is not None
    assert second is not None
    assert first.share == pytest.approx(0.5, abs=0.05)
    assert first.interval.high < 1
    assert third is None
    assert _read(lake, one, day(120)).planned[0].remaining == (None, None, None)


def _off(salt: bytes) -> list[bool]:
    one = SwitchOff(
        id=uuid4(), salt=salt, share_bp=5_000, starts_at=STOP, ends_at=NOW, planned_at=STOP, stopped_at=None
    )
    return [is_off(one, area_of(shop.latitude, shop.longitude)) for shop in SHOPS]


def _read(lake: SmallLake, one: SwitchOff, now: object = NOW) -> SwitchedOff:
    return switched_off(lake.root, lake.network_id, asked(planned=(one,)), now)  # type: ignore[arg-type]
