"""Tests of the table of scenes and tribes: counted by hand, with margin, small rows left out, and one action a row."""

from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from ringmain.campaign.api import Said, ServicePlan
from ringmain.kit.secrets import Keyring
from ringmain.loop.api import Action, State, scene_tribes
from ringmain.loop.scene_tribes import TableOf
from tests.loop.lake import SmallLake, day

TEA, BOOKS = UUID(int=1), UUID(int=2)
SHOP, ELSEWHERE = str(UUID(int=90)), str(UUID(int=91))
POSTER, SCREEN = str(UUID(int=50)), str(UUID(int=51))
KEYRING = Keyring({1: bytes(range(32))})


@pytest.fixture
def lake(tmp_path: Path) -> SmallLake:
    """Give a lake: twelve of one tribe met a poster and came twice, once at full price; three met a screen."""
    lake = SmallLake(tmp_path)
    for number in range(12):
        who = f"p{number}"
        lake.touch(POSTER, who, 20)
        lake.touch(POSTER, who, 30)
        lake.sale(f"{who}-before", who, SHOP, 19)
        lake.sale(f"{who}-1", who, SHOP, 21)
        lake.sale(f"{who}-2", who, ELSEWHERE, 33)
        lake.sale(f"{who}-late", who, SHOP, 34.1)
        lake.rows["sale"][-2]["redeemed_minor"] = 0
    for number in range(3):
        lake.touch(SCREEN, f"p{number}", 25)
    for number in range(40):
        lake.touch(POSTER, f"q{number}", 25)
    return lake.write()


def table(lake: SmallLake, **changes: object) -> TableOf:
    """Return what there is to read of the network."""
    every = TableOf(
        merchant_id=None,
        network_id=lake.network_id,
        shop_ids=None,
        until=day(50),
        tribe_of={f"p{number}": TEA for number in range(12)} | {f"q{number}": BOOKS for number in range(5)},
        scenes={POSTER: "poster", SCREEN: "screen"},
        plans=(),
        campaigns=(),
        margins={},
        currency="CNY",
    )
    return replace(every, **changes)  # type: ignore[arg-type]


def test_a_row_counts_people_visits_full_price_turnover_and_margin(lake: SmallLake) -> None:
    """Of two weeks after the first meeting; margin where it is stated; fewer than ten people are no row."""
    (row,) = scene_tribes(lake.root, KEYRING, table(lake)).rows
    assert (row.tribe_id, row.scene, row.people, row.visits, row.full_price) == (TEA, "poster", 12, 24, 12)
    assert (row.paid_minor, row.margin_minor) == (12 * 1_800, None)
    assert (row.best, row.action) == (None, Action.MAKE_PLAN)
    (row,) = scene_tribes(lake.root, KEYRING, table(lake, margins={UUID(SHOP): 5_000})).rows
    assert row.margin_minor == 12 * 400
    assert row.margin_share == pytest.approx(8 / 18)


def test_a_merchant_sees_its_own_shops_in_fives(lake: SmallLake) -> None:
    """Only what happened at its shop, people in fives; nothing where nearly all who were met are of the tribe."""
    own = {"merchant_id": UUID(SHOP), "shop_ids": (UUID(SHOP),)}
    lake.rows = {}
    for number in range(60):
        lake.rows.setdefault("touch", [])
        lake.touch(POSTER, f"p{number}", 20)
        lake.rows["touch"][-1]["shop_id"] = SHOP
    lake.write()
    people = {f"p{number}": TEA for number in range(20)}
    (row,) = scene_tribes(lake.root, KEYRING, table(lake, tribe_of=people, **own)).rows
    assert row.people in (15, 20)
    assert row.visits <= 20
    nearly = {f"p{number}": TEA for number in range(55)}
    assert scene_tribes(lake.root, KEYRING, table(lake, tribe_of=nearly, **own)).rows == ()


def test_the_plan_that_runs_decides_the_action(lake: SmallLake) -> None:
    """A plan that met too few says that it is too early, and is to be let run."""
    plan = ServicePlan(
        id=UUID(int=7),
        owner_id=lake.network_id,
        tribe_id=TEA,
        scene="poster",
        salt=bytes(16),
        held_out_bp=1_000,
        version=1,
        said=Said(message_days=7),
        made_at=day(10),
        changed_at=day(10),
        ended_at=None,
    )
    (row,) = scene_tribes(lake.root, KEYRING, table(lake, plans=(plan,))).rows
    assert (row.running_plan_id, row.action) == (plan.id, Action.WAIT)
    assert row.best is not None
    assert (row.best.kind, row.best.measured.state) == ("plan", State.TOO_EARLY)
