"""Tests of reading lift from the lake: whose visits count when, merged people, and figures checked by hand."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from ringmain.kit.lake.connect import connect
from ringmain.loop import analysis
from ringmain.loop.analysis import LAKE_TABLES, DealtRows, Facts
from ringmain.loop.api import LiftOf, State, aa_watch, campaign_lift, campaign_parts
from tests.loop.lake import SmallLake, day

CAMPAIGN, OTHER = UUID(int=1), UUID(int=2)


@pytest.fixture
def lake(tmp_path: Path) -> SmallLake:
    """Give an empty lake."""
    return SmallLake(tmp_path)


@contextmanager
def facts(lake: SmallLake) -> Iterator[Facts]:
    """Write the lake and open it."""
    lake.write()
    with connect(lake.root, LAKE_TABLES, network_id=lake.network_id, memory_limit="200MB", threads=1) as connection:
        yield analysis.facts_of(connection)


def dealt(lake: SmallLake, shops: list[str] | None = None) -> DealtRows:
    """Run the expression with windows of 14 and 28 days."""
    with facts(lake) as opened:
        return analysis.dealt_rows(opened, 14, 28, shops)


def test_visits_are_counted_in_windows_of_each_person(lake: SmallLake) -> None:
    """Visits of two weeks from the moment of dealing, of four weeks before, and of the four weeks before those."""
    lake.deal("c", "ann", 60, treated=True)
    lake.walk("ann", ("A", 3.9), ("A", 4), ("A", 31.9), ("A", 32), ("B", 59.9), ("A", 60), ("A", 73.9), ("A", 74))
    lake.deal("c", "bob", 61, treated=False)
    every, at_a = dealt(lake), dealt(lake, ["A"])
    assert every.person == ["ann", "bob"]
    assert every.treated.tolist() == [True, False]
    assert every.visits.tolist() == every.visits_before.tolist() == every.visits_earlier.tolist() == [2, 0]
    assert at_a.visits_before.tolist() == [1, 0]
    # Each sale is 1,000, of which vouchers paid 200.
    assert (every.paid_minor.tolist(), every.paid_before.tolist()) == ([1_600, 0], [1_600, 0])


def test_refunds_are_not_paid_and_what_was_not_them_is_no_visit(lake: SmallLake) -> None:
    """Half refunded counts half; a sale of which somebody says that it was not theirs counts for nothing."""
    lake.deal("c", "ann", 10, treated=True)
    lake.walk("ann", ("A", 11), ("A", 12))
    lake.refund("ann-A-11", 11, 300)
    lake.say("ann-A-12", 13)
    rows = dealt(lake)
    assert (rows.visits.tolist(), rows.paid_minor.tolist()) == ([1], [500])


def test_who_got_the_offer_by_hand_is_in_neither_group(lake: SmallLake) -> None:
    """Of either group, also as another subject of the same person, and of that campaign only."""
    for who, treated in (("ann", True), ("bob", False), ("cai", True)):
        lake.deal("c", who, 10, treated=treated)
    lake.deal("d", "bob", 10, treated=False)
    lake.breach("c", "anna", 9)
    lake.breach("c", "bob", 12)
    lake.merge("anna", "ann")
    rows = dealt(lake)
    assert sorted(zip(rows.campaign, rows.person, strict=True)) == [("c", "cai"), ("d", "bob")]


def test_merged_people_count_once_where_they_were_dealt_first(lake: SmallLake) -> None:
    """Dealt as two subjects to both groups, then merged: one person, of the first group, with all visits."""
    lake.deal("c", "ann", 12, treated=True)
    lake.deal("c", "anna", 10, treated=False)
    lake.walk("ann", ("A", 13))
    lake.walk("anna", ("B", 14))
    lake.merge("anna", "ann")
    rows = dealt(lake)
    assert (rows.person, rows.treated.tolist(), rows.visits.tolist()) == (["ann"], [False], [2])


def test_campaigns_are_apart_and_turns_are_left_out(lake: SmallLake) -> None:
    """A person of two campaigns is a row of each; who was dealt by turns is none of these."""
    lake.deal("c", "ann", 1, treated=True)
    lake.deal("d", "ann", 2, treated=False)
    lake.deal("e", "ann", 3, treated=False, turn=7)
    assert dealt(lake).campaign == ["c", "d"]


def town(lake: SmallLake, campaign: UUID, people: int, more: float, seed: int) -> None:
    """Deal people over 20 days who come once in two weeks, `more` when treated, and who came so before."""
    random = np.random.default_rng(seed)
    for number in range(people):
        who, on = f"{campaign.int}-{number}", 60 + 20 * number / people
        treated = bool(random.random() >= 0.1)
        lake.deal(str(campaign), who, on, treated=treated)
        for before in random.uniform(0, 56, random.poisson(4)):
            lake.sale(f"{who}-b{before}", who, "A", on - float(before))
        for after in random.uniform(0, 14, random.poisson(1 + more * treated)):
            lake.sale(f"{who}-a{after}", who, "A", on + float(after))


def test_a_campaign_is_read_while_it_runs_and_when_it_has_ended(lake: SmallLake) -> None:
    """People whose two weeks are not over wait; when all are over the effect is told, in visits."""
    town(lake, CAMPAIGN, 1_000, 0.6, 1)
    lake.write()
    asked = LiftOf(CAMPAIGN, None, 0.1, day(80))
    early = campaign_lift(lake.root, lake.network_id, asked, day(66))
    assert (early.people, early.final, early.visits.state) == (0, False, State.TOO_EARLY)
    assert early.waiting == 1_000
    assert early.days_needed is not None
    running = campaign_lift(lake.root, lake.network_id, asked, day(84))
    assert (running.people, running.waiting, running.final) == (501, 499, False)
    ended = campaign_lift(lake.root, lake.network_id, asked, day(80) + timedelta(days=14))
    assert (ended.people, ended.waiting, ended.final) == (1_000, 0, True)
    assert (ended.visits.state, ended.paid.state) == (State.EFFECT, State.EFFECT)
    assert ended.visits.interval is not None
    assert ended.visits.interval.holds(0.6 * ended.visits.treated)
    assert ended.first_at == day(60)


def test_nobody_dealt_is_too_early(lake: SmallLake) -> None:
    """Of a campaign that met nobody yet nothing is known, not even when."""
    lake.sale("s", "ann", "A", 1)
    lake.write()
    found = campaign_lift(lake.root, lake.network_id, LiftOf(OTHER, None, 0.1, day(80)), day(66))
    assert (found.people, found.waiting, found.first_at, found.days_needed) == (0, 0, None, None)
    assert found.visits.state is State.TOO_EARLY


def test_what_was_before_is_watched(lake: SmallLake) -> None:
    """One chance for each campaign with people enough; a campaign alone is too few to judge the dealing by."""
    town(lake, CAMPAIGN, 700, 0.0, 2)
    town(lake, OTHER, 20, 0.0, 3)
    lake.write()
    found = aa_watch(lake.root, lake.network_id)
    assert (found.count, found.chance, found.alarm) == (1, None, False)
    assert aa_watch(lake.root, lake.network_id, [OTHER]).count == 0


def test_hops_lead_back_to_the_first_shop(lake: SmallLake) -> None:
    """Won at A, spent at B; the sale at B led to a voucher spent at C: B and A led to C, A led to B, nothing to A."""
    lake.walk("ann", ("A", 1), ("B", 2), ("C", 3))
    lake.grant("v", "ann", "A", ["B"], 1)
    lake.redeem("v", "ann", "B", 2, "ann-B-2")
    lake.grant("w", "ann", "B", ["C"], 2, led_by="ann-B-2")
    lake.redeem("w", "ann", "C", 3, "ann-C-3")
    with facts(lake) as opened:
        rows = opened.read(analysis.hops_to_visits).to_pylist()
    assert sorted((row["sale_id"], row["hop_shop_id"]) for row in rows) == [
        ("ann-B-2", "A"),
        ("ann-C-3", "A"),
        ("ann-C-3", "B"),
    ]


def test_the_parts_of_a_campaign_sum_to_its_lift(lake: SmallLake) -> None:
    """Vouchers won at A lead half of the treated to B: A's part is those visits, with own ones they are the lift."""
    random, shops = np.random.default_rng(4), [str(UUID(int=90)), str(UUID(int=91))]
    for number in range(900):
        who, treated = f"p{number}", bool(random.random() >= 0.1)
        lake.deal(str(CAMPAIGN), who, 10, treated=treated)
        if random.random() < 0.2:
            lake.sale(f"{who}-own", who, shops[1], 12)
        if treated and random.random() < 0.5:
            lake.grant(f"v-{who}", who, shops[0], [shops[1]], 10)
            lake.sale(f"{who}-led", who, shops[1], 14)
            lake.redeem(f"v-{who}", who, shops[1], 14, f"{who}-led")
    lake.write()
    asked = LiftOf(CAMPAIGN, (UUID(int=91),), 0.1, day(20))
    whole = campaign_lift(lake.root, lake.network_id, asked, day(40)).visits
    own, led = campaign_parts(lake.root, lake.network_id, asked, day(40))
    assert (own.shop_id, led.shop_id) == (None, UUID(int=90))
    assert whole.total is not None
    assert own.total + led.total == pytest.approx(whole.total)
    assert led.total == pytest.approx(0.5 * whole.treated, rel=0.1)
    assert own.interval.holds(0.0)
    assert campaign_parts(lake.root, lake.network_id, LiftOf(OTHER, None, 0.1, day(20)), day(40)) == ()


def test_turns_are_read_from_pairs(lake: SmallLake) -> None:
    """Ten pairs of days of one area, one visit more per person with it than without: the interval leaves out nought."""
    random = np.random.default_rng(5)
    first = random.random(10) < 0.5
    for turn in range(20, 40):
        treated = bool(first[(turn - 20) // 2]) == (turn % 2 == 0)
        for number in range(4):
            who = f"{turn}-{number}"
            lake.deal(str(CAMPAIGN), who, turn, treated=treated, turn=turn)
            lake.walk(who, *(("A", turn + 0.1 + 0.1 * n) for n in range(1 + treated)), ("A", turn + 1.5))
    lake.write()
    asked = LiftOf(CAMPAIGN, None, 0.1, day(40), 24)
    found = campaign_lift(lake.root, lake.network_id, asked, day(60))
    assert found.turns is not None
    assert found.turns.pairs == 10
    assert found.turns.effect == pytest.approx(1.0)
    assert found.turns.interval.shows_effect
    assert found.people == 0
