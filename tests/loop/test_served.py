"""Tests of reading service plans from the lake: counted and caused, a known effect, none at all, and rounding."""

from datetime import datetime
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from ringmain.kit.secrets import Keyring
from ringmain.loop.api import Action, Measured, PlanOf, State, plan_effect
from ringmain.loop.model.lift import Interval
from ringmain.loop.model.scene_tribes import LONG_ENOUGH, advise
from tests.loop.lake import SmallLake, day

PLAN, OTHER = UUID(int=1), UUID(int=2)
SHOP, ELSEWHERE = UUID(int=90), UUID(int=91)
KEYRING = Keyring({1: bytes(range(32))})


@pytest.fixture
def lake(tmp_path: Path) -> SmallLake:
    """Give an empty lake."""
    return SmallLake(tmp_path)


def asked(until: datetime, *, ended: datetime | None = None, rounded: bool = False, own: bool = False) -> PlanOf:
    """Return the plan to read."""
    return PlanOf(PLAN, (SHOP,) if own else None, 0.1, ended, until, rounded)


def town(lake: SmallLake, people: int, more: float, seed: int) -> None:
    """Meet people over 20 days who come once in two weeks, `more` when served, and who came so before."""
    random = np.random.default_rng(seed)
    for number in range(people):
        who, on = f"p{number}", 60 + 20 * number / people
        treated = bool(random.random() >= 0.1)
        lake.serve(str(PLAN), who, on, treated=treated)
        for before in random.uniform(0, 56, random.poisson(4)):
            lake.sale(f"{who}-b{before}", who, str(SHOP), on - float(before))
        for after in random.uniform(0, 14, random.poisson(1 + more * treated)):
            lake.sale(f"{who}-a{after}", who, str(SHOP), on + float(after))


def test_counted_are_visits_from_the_first_meeting_on(lake: SmallLake) -> None:
    """Two weeks of each person; a visit with a voucher is none at full price; merged people count once."""
    lake.serve(str(PLAN), "ann", 60, treated=True)
    lake.serve(str(PLAN), "anna", 58, treated=True)
    lake.merge("anna", "ann")
    lake.serve(str(PLAN), "bob", 61, treated=False)
    lake.serve(str(OTHER), "bob", 61, treated=True)
    for on in (57, 59, 71.9, 72):
        lake.sale(f"s{on}", "ann", str(SHOP), on)
    lake.rows["sale"][1]["redeemed_minor"] = 0
    for plan, on in ((PLAN, 60), (PLAN, 62), (PLAN, 95), (OTHER, 62)):
        lake.give_benefit(str(plan), "ann", on)
    lake.write()
    found = plan_effect(lake.root, KEYRING, lake.network_id, asked(day(90)))
    assert (found.served.people, found.served.visits, found.served.full_price) == (1, 2, 1)
    assert found.served.paid_minor == 1_000 + 800
    assert found.given == 2
    assert (found.held_out.people, found.held_out.visits, found.waiting) == (1, 0, 0)
    assert (found.visits.state, found.visits.more) == (State.TOO_EARLY, None)
    waiting = plan_effect(lake.root, KEYRING, lake.network_id, asked(day(70)))
    assert (waiting.served.people, waiting.waiting) == (0, 2)


def test_a_known_effect_is_found_and_holds(lake: SmallLake) -> None:
    """Six visits of ten people more: the interval that holds at any look holds it, and leaves out nought."""
    town(lake, 1_500, 0.6, 1)
    lake.write()
    found = plan_effect(lake.root, KEYRING, lake.network_id, asked(day(100)))
    assert found.visits.state is State.EFFECT
    assert found.visits.interval is not None
    assert found.visits.interval.holds(0.6)
    assert not found.final
    early = plan_effect(lake.root, KEYRING, lake.network_id, asked(day(75)))
    assert early.waiting is not None
    assert early.waiting > 1_000
    elsewhere = PlanOf(PLAN, (ELSEWHERE,), 0.1, None, day(100), rounded=False)
    assert plan_effect(lake.root, KEYRING, lake.network_id, elsewhere).served.visits == 0


def test_no_effect_is_never_claimed(lake: SmallLake) -> None:
    """The control: without an effect it stays too early while it runs, and "no effect seen" when all is over."""
    town(lake, 1_200, 0.0, 2)
    lake.write()
    running = plan_effect(lake.root, KEYRING, lake.network_id, asked(day(100)))
    assert running.visits.state is State.TOO_EARLY
    over = plan_effect(lake.root, KEYRING, lake.network_id, asked(day(100), ended=day(81)))
    assert (over.final, over.visits.state) == (True, State.NO_EFFECT_SEEN)


def test_groups_of_other_sizes_say_nothing(lake: SmallLake) -> None:
    """Where a half was held out instead of a tenth, the reading says that it was miscounted."""
    for number in range(200):
        lake.serve(str(PLAN), f"p{number}", 60, treated=number % 2 == 0)
    lake.write()
    assert plan_effect(lake.root, KEYRING, lake.network_id, asked(day(90))).visits.state is State.MISCOUNTED


def test_merchants_read_people_in_fives(lake: SmallLake) -> None:
    """Ten and more, moved by a secret and rounded down; of fewer than ten nothing is said."""
    for number in range(43):
        lake.serve(str(PLAN), f"p{number}", 60, treated=number >= 4)
        lake.give_benefit(str(PLAN), f"p{number}", 61)
    lake.write()
    found = plan_effect(lake.root, KEYRING, lake.network_id, asked(day(90), rounded=True))
    assert found.served.people in (35, 40)
    assert (found.held_out.people, found.held_out.visits) == (None, None)
    assert found.given == 45


@pytest.mark.parametrize(
    ("running", "before", "free", "action"),
    [
        (None, None, 1, Action.MAKE_PLAN),
        (None, (0.1, 0.3, 500), 1, Action.REPEAT),
        (None, (-0.1, 0.3, 500), 1, Action.MAKE_PLAN),
        ((0.1, 0.3, 500), None, 1, Action.EXTEND_PLAN),
        ((0.1, 0.3, 500), None, 0, Action.KEEP_PLAN),
        ((-0.3, -0.1, 500), None, 1, Action.END_HARMFUL),
        ((-0.1, 0.1, LONG_ENOUGH), None, 1, Action.END_USELESS),
        ((-0.1, 0.1, LONG_ENOUGH - 1), None, 1, Action.WAIT),
    ],
)
def test_each_row_has_one_action(
    running: tuple[float, float, int] | None, before: tuple[float, float, int] | None, free: int, action: Action
) -> None:
    """What works is extended or repeated, what harms or does nothing for long is ended, all else runs on or begins."""

    def measured(ends: tuple[float, float, int] | None) -> Measured | None:
        if ends is None:
            return None
        low, high, people = ends
        shows = low > 0 or high < 0
        return Measured(State.EFFECT if shows else State.TOO_EARLY, (low + high) / 2, Interval(low, high), people)

    assert advise(measured(running), measured(before), free_scenes=free) is action
