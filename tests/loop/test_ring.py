"""How the ring turns: A -> B -> A beside the people kept apart, power, flow between groups, stages, sharing."""

from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np
import pytest

from ringmain.loop.model.lift import State
from ringmain.loop.model.ring import sharing_of
from ringmain.loop.ring import Cell, Ring, Whose, own_ring, ring
from ringmain.network.api import Shop
from tests.loop.lake import SmallLake, day

NOW = day(200)
SHOPS = [
    Shop(
        uuid4(), uuid4(), f"Shop {number}", ("tea", "noodles")[number % 2], 30.0 + number // 2, 120.0, "UTC", None, NOW
    )
    for number in range(5)
]
A, B, C, D, E = (str(shop.id) for shop in SHOPS)
LINK = uuid4()


class Lake(SmallLake):
    """A lake whose sales and redemptions carry the merchants of the shops."""

    def write(self) -> SmallLake:
        """Write all facts."""
        merchants = {str(shop.id): str(shop.merchant_id) for shop in SHOPS}
        for kind in ("sale", "redemption"):
            for row in self.rows.get(kind, []):
                row["merchant_id"] = merchants[row["shop_id"]]
        return super().write()


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Give an empty lake."""
    return Lake(tmp_path)


def read(lake: Lake, now: datetime = NOW) -> Ring:
    """Write the lake and read the ring."""
    lake.write()
    return ring(lake.root, lake.network_id, Whose(SHOPS, [LINK]), now)


def moved(lake: Lake, who: str, won: str, spent: str, on: float, paid_by: int = 0) -> None:
    """Let somebody win a voucher at one shop and spend it at another three days later."""
    name = f"{who}-{won}-{on}"
    lake.sale(name, who, spent, on + 3)
    lake.grant(name, who, won, [spent], on, paid_by=str(SHOPS[paid_by].merchant_id))
    lake.redeem(name, who, spent, on + 3, name)


def played(lake: Lake, people: int, *, treated: float, kept: float, shop: str = A, seed: int = 1) -> None:
    """Deal people at a shop; these shares of both groups go elsewhere and come back."""
    random = np.random.default_rng(seed)
    for number in range(people):
        who, gets_it = f"p{seed}-{number}", bool(random.random() < 0.7)
        lake.deal(str(UUID(int=seed)), who, 60 + number / people, treated=gets_it, shop=shop)
        if random.random() < (treated if gets_it else kept):
            lake.walk(who, ((B, C, D)[number % 3], 65), (shop, 70))


def test_the_way_back_is_read_beside_people_kept_apart(lake: Lake) -> None:
    """Where a voucher makes a third more come back A -> B -> A, the interval holds that and leaves out nought."""
    played(lake, 600, treated=0.5, kept=0.2)
    found = read(lake)
    one = found.effects["round"]
    assert one.state is State.EFFECT
    assert one.interval is not None
    assert one.total is not None
    assert one.interval.holds(0.3 * one.treated)
    # What they bought at A after playing: 800 for each who came back, vouchers left out.
    paid = found.effects["here_paid"]
    assert paid.total == pytest.approx(one.total * 800)
    # Every sale of this lake had a voucher in it: there is nothing to compare.
    assert found.effects["full"].total is None


def test_a_visit_before_the_other_shop_is_no_way_back(lake: Lake) -> None:
    """A, then B is not A -> B -> A; nor is a walk that began before the play."""
    for number in range(200):
        who = f"p{number}"
        lake.deal("c", who, 60, treated=number % 2 == 0, shop=A)
        lake.walk(who, (B, 55), (A, 61), (B, 62), (A, 90))
    one = read(lake).effects["round"]
    assert (one.total, one.state) == (None, State.TOO_EARLY)


def test_people_whose_days_are_not_over_say_nothing(lake: Lake) -> None:
    """On the day after, nobody has been followed for four weeks."""
    played(lake, 600, treated=0.5, kept=0.2)
    one = read(lake, day(80)).effects["round"]
    assert (one.treated, one.total) == (0, None)


def test_power_is_what_goes_from_one_to_another(lake: Lake) -> None:
    """A's money spent at B is injected by A and received by B; its own at its own till is neither."""
    moved(lake, "ann", A, B, 1)
    moved(lake, "bob", A, B, 1, paid_by=1)
    moved(lake, "cid", C, A, 1)
    power = {one.merchant_id: {side.side: side for side in one.given} for one in read(lake).power}
    a, b = power[SHOPS[0].merchant_id], power[SHOPS[1].merchant_id]
    assert (a["injected"].vouchers, a["injected"].amount_minor) == (1, 200)
    assert (b["received"].vouchers, b["received"].amount_minor) == (1, 200)
    assert (a["received"].vouchers, b["injected"].vouchers) == (0, 0)
    assert (a["sent"].people, a["came"].people, b["sent"].people, b["came"].people) == (2, 1, 0, 2)


def test_flow_is_counted_between_shops_areas_and_categories(lake: Lake) -> None:
    """The same vouchers by each grouping; a person is counted once in each cell."""
    moved(lake, "ann", A, B, 1)
    moved(lake, "ann", C, B, 5)
    found = read(lake).matrices
    assert found["shop"] == tuple(sorted((Cell(A, B, 1, 1, 200), Cell(C, B, 1, 1, 200)), key=lambda one: one.origin))
    assert found["category"] == (Cell("tea", "noodles", 2, 1, 400),)
    assert found["area"] == (Cell("1500:6000", "1500:6000", 1, 1, 200), Cell("1550:6000", "1500:6000", 1, 1, 200))


def test_stages_narrow(lake: Lake) -> None:
    """Three won, two came, one of them spent it, and came back without one."""
    for who in ("ann", "bob", "cid"):
        lake.grant(f"v-{who}", who, A, [B], 10)
    lake.walk("bob", (B, 12))
    lake.walk("ann", (B, 13), (B, 20))
    lake.redeem("v-ann", "ann", B, 13, f"ann-{B}-13")
    lake.sale("last", "zoe", A, 60)
    found = read(lake).stages
    assert (found.won, found.came, found.spent, found.back) == (3, 2, 1, 1)


def test_sharing_counts_who_was_first_seen_at_a_shared_link(lake: Lake) -> None:
    """The first sign of life decides; who had bought before is not new, and few are too few for a factor."""
    lake.walk("old", (A, 1), (A, 99))
    lake.touch(str(LINK), "old", 90)
    lake.touch(str(LINK), "new", 91)
    lake.walk("new", (A, 92))
    lake.touch("poster", "other", 93)
    found = read(lake).sharing
    assert (found.active, found.new, found.by_sharing, found.factor) == (3, 2, 1, None)


def test_invitations_are_counted_with_what_became_of_them(lake: Lake) -> None:
    """Two people send three links within the days, one a year before: two members by them, of whom one came."""
    lake.walk("old", (A, 1), (A, 99))
    lake.walk("new", (A, 98))
    for link, who, on in (("l1", "old", 90), ("l2", "old", 91), ("l3", "new", 98), ("l0", "old", 1)):
        lake.invite(link, who, on)
    lake.refer("l1", "old", "f1", 92, came=True)
    lake.refer("l2", "old", "f2", 93)
    lake.refer("l0", "old", "f0", 2)
    found = read(lake).sharing
    assert (found.sent, found.senders, found.joined, found.came) == (3, 2, 2, 1)
    assert (found.sent_each, found.conversion) == (1.5, 2 / 3)


def test_the_factor_of_sharing_has_an_interval() -> None:
    """Ten of two hundred: 5 %, between 2.7 % and 9 %."""
    found = sharing_of(28, 200, 40, 10)
    assert found.factor == 0.05
    assert found.interval is not None
    assert (round(found.interval.low, 4), round(found.interval.high, 4)) == (0.0274, 0.0896)


def test_a_merchant_sees_groups_of_others_only(lake: Lake) -> None:
    """Nine people at others' is nothing told, nor are twelve at two others; twelve at three are."""
    merchant = SHOPS[0].merchant_id
    for number in range(12):
        moved(lake, f"p{number}", A, (B, C)[number % 2], 1)
        lake.deal("c", f"p{number}", 1, treated=True, shop=A)

    def own() -> dict[str, int | None]:
        lake.write()
        found = own_ring(lake.root, lake.network_id, Whose(SHOPS, [], merchant), NOW)
        assert (found.effects["round"] is None) == (found.effects["full"] is None)
        told = found.effects["round"] is not None
        return {side.side: side.vouchers for side in found.power.given} | {"told": int(told)}

    assert own() == {"injected": 12, "received": 0, "sent": None, "came": 0, "told": 0}
    moved(lake, "zoe", A, D, 1)
    lake.deal("c", "zoe", 1, treated=True, shop=A)
    assert own() == {"injected": 13, "received": 0, "sent": 13, "came": 0, "told": 1}


def test_another_merchant_learns_nothing_of_it(lake: Lake) -> None:
    """The control: E had no part in it, and reads noughts."""
    moved(lake, "ann", A, B, 1)
    lake.write()
    found = own_ring(lake.root, lake.network_id, Whose(SHOPS, [], SHOPS[4].merchant_id), NOW)
    assert found.power.given == ()
    assert found.effects["here"] is not None
    assert found.effects["here"].total is None
