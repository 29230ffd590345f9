"""The table of scenes and tribes: who was met, what they did, what worked, and one thing to do about each row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import numpy as np

from ringmain.campaign import api as campaign
from ringmain.campaign.api import ServicePlan
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.clock import microseconds
from ringmain.kit.secrets import Keyring
from ringmain.loop import analysis
from ringmain.loop.analysis import DealtRows
from ringmain.loop.lift import BEFORE_DAYS, WINDOW_DAYS, microseconds_of
from ringmain.loop.model import lift as model
from ringmain.loop.model.lift import Dealt, Interval
from ringmain.loop.model.scene_tribes import Action, Measured, advise
from ringmain.loop.served import (
    KEY,
    PlanEffect,
    PlanOf,
    facts_of,
    in_fives,
    in_two_digits,
    plan_effects,
    read_until,
)
from ringmain.member import api as member
from ringmain.network import api as network
from ringmain.scene import api as scene
from ringmain.segment import api as segment

MET_DAYS = 28
_FULL_BP = 10_000
_MOST = 200
_SCENES = 1_000


@dataclass(frozen=True, slots=True)
class _Tried:
    """A campaign that was for a tribe."""

    id: UUID
    name: str
    tribe_id: UUID
    share: float
    by_message: bool
    by_scene: bool


@dataclass(frozen=True, slots=True)
class TableOf:
    """What there is to read: for one merchant (its shops), or the network (None), up to a moment.

    `tribe_of`: the tribe of everybody who agrees to personal answers, by subject; `scenes`: the kind of each scene.
    """

    merchant_id: UUID | None
    network_id: UUID
    shop_ids: tuple[UUID, ...] | None
    until: datetime
    tribe_of: Mapping[str, UUID]
    scenes: Mapping[str, str]
    plans: Sequence[ServicePlan]
    campaigns: Sequence[_Tried]
    margins: Mapping[UUID, int]
    currency: str


@dataclass(frozen=True, slots=True)
class Worked:
    """The best of what was tried for a tribe at a scene: a plan or a campaign; what one person did more."""

    kind: Literal["plan", "campaign"]
    id: UUID
    name: str
    measured: Measured


@dataclass(frozen=True, slots=True)
class SceneTribe:
    """A tribe at a kind of scene: people met in four weeks, and what they did in the two weeks after: counted.

    `margin_minor`: of the turnover at merchants that have stated a margin, which is `margin_share` of it (0 to 1); None
    where nobody has. `best`: caused, beside who was held out or compared with; None where nothing was tried.
    """

    tribe_id: UUID
    scene: str
    people: int
    visits: int
    full_price: int
    paid_minor: int
    margin_minor: int | None
    margin_share: float
    best: Worked | None
    running_plan_id: UUID | None
    running: Measured | None
    action: Action


@dataclass(frozen=True, slots=True)
class SceneTribes:
    """The table, by tribe and scene; days are those in which people were met."""

    since: datetime
    until: datetime
    window_days: int
    currency: str
    rows: tuple[SceneTribe, ...] = field(default=())


async def table_of(uow: UnitOfWork, merchant_id: UUID | None) -> TableOf:
    """Return what there is to read of scenes and tribes, for a merchant, or for the network (None)."""
    until = await read_until(uow, merchant_id)
    if merchant_id is None:
        tribes = [one.id for one in (await segment.tribes_of_network(uow)).tribes]
        shops = None
    else:
        tribes = [one.tribe_id for one in (await segment.tribes_of_merchant(uow, merchant_id)).tribes]
        shops = tuple(shop.id for shop in await network.shops_of(uow, merchant_id))
    owner = merchant_id or uow.network_id
    tribe_of: dict[str, UUID] = {}
    for tribe_id in tribes:
        people = await segment.of_tribe(uow, tribe_id)
        agreed = await member.consented(uow, people, member.Purpose.PERSONALISATION) if people else set()
        tribe_of |= {str(id_): tribe_id for id_ in agreed}
    plans = [one for one in await campaign.plans_of(uow, owner) if one.tribe_id in set(tribes)]
    tried = [
        _Tried(
            one.id,
            one.said.name,
            one.said.audience.tribe_id,
            one.said.comparison_bp / _FULL_BP,
            "message" in one.said.channels,
            "scene" in one.said.channels,
        )
        for one in await campaign.campaigns_of(uow, owner, limit=_MOST)
        if one.said.audience.tribe_id is not None
        and one.said.audience.tribe_id in set(tribes)
        and one.said.turn_hours is None
    ]
    return TableOf(
        merchant_id=merchant_id,
        network_id=uow.network_id,
        shop_ids=shops,
        until=until,
        tribe_of=tribe_of,
        scenes=await _kinds(uow, shops),
        plans=plans,
        campaigns=tried,
        margins=await network.stated_margins(uow, merchant_id),
        currency=(await network.network_of(uow)).currency,
    )


async def _kinds(uow: UnitOfWork, shops: Sequence[UUID] | None) -> dict[str, str]:
    if shops is not None:
        return {str(one.id): one.kind for one in await scene.at_shops(uow, shops, _SCENES)}
    found: dict[str, str] = {}
    after: UUID | None = None
    while page := await scene.list_scenes(uow, None, after, _SCENES):
        found |= {str(one.id): one.kind for one in page}
        after = page[-1].id
    return found


def scene_tribes(lake: Path, keyring: Keyring, asked: TableOf) -> SceneTribes:
    """Read the table; blocks for some seconds. Tribes of fewer than ten people met at a scene are no row."""
    last = asked.until - timedelta(days=WINDOW_DAYS)
    days = last - timedelta(days=MET_DAYS), last
    shops = None if asked.shop_ids is None else [str(id_) for id_ in asked.shop_ids]
    with facts_of(lake, asked.network_id) as facts:
        scenes = analysis.kinds_of_scenes(asked.scenes)
        found = facts.read(analysis.met_at_scenes, scenes, *days, WINDOW_DAYS, shops).to_pylist()
        ids = [str(one.id) for one in asked.campaigns]
        dealt = analysis.dealt_rows(facts, WINDOW_DAYS, BEFORE_DAYS, shops, ids) if ids else None
    plans = [
        PlanOf(one.id, asked.shop_ids, one.held_out_bp / _FULL_BP, one.ended_at, asked.until, bool(asked.merchant_id))
        for one in asked.plans
    ]
    effects = plan_effects(lake, keyring, asked.network_id, plans)
    cells = _cells(found, asked, keyring.derived(KEY))
    rows = [_row(asked, cells, place, effects, dealt) for place in sorted(cells, key=lambda one: _order(asked, one))]
    return SceneTribes(days[0], days[1], WINDOW_DAYS, asked.currency, tuple(rows))


@dataclass(slots=True)
class _Cell:
    told: int
    visits: int = 0
    full_price: int = 0
    paid_minor: int = 0
    stated_minor: int = 0
    margin_minor: int = 0


def _cells(found: Sequence[Mapping[str, Any]], asked: TableOf, key: bytes) -> dict[tuple[UUID, str], _Cell]:
    """Return what may be told, by tribe and scene: of ten people and more, and not of nearly all who were met there."""
    people: dict[tuple[UUID, str], set[str]] = {}
    everybody: dict[str, set[str]] = {}
    for row in found:
        tribe_id = asked.tribe_of.get(row["subject_id"])
        everybody.setdefault(row["scene"], set()).add(row["subject_id"])
        if tribe_id is not None:
            people.setdefault((tribe_id, row["scene"]), set()).add(row["subject_id"])
    cells = {}
    for place, who in people.items():
        told = segment.rounded(sorted(who), key) if asked.merchant_id else len(who)
        others = len(everybody[place[1]]) - len(who)
        if told is None or told < segment.FEWEST or (asked.merchant_id and others < segment.FEWEST):
            continue
        cells[place] = _Cell(told)
    for row in found:
        cell = cells.get((asked.tribe_of.get(row["subject_id"], asked.network_id), row["scene"]))
        if cell is None or row["merchant_id"] is None:
            continue
        cell.visits += row["visits"]
        cell.full_price += row["full_price"]
        cell.paid_minor += int(row["paid_minor"])
        margin = asked.margins.get(UUID(row["merchant_id"]))
        if margin is not None:
            cell.stated_minor += int(row["paid_minor"])
            cell.margin_minor += round(int(row["paid_minor"]) * margin / _FULL_BP)
    for cell in cells.values() if asked.merchant_id else ():
        cell.visits, cell.full_price = in_fives(cell.visits), in_fives(cell.full_price)
        cell.paid_minor, cell.stated_minor = in_two_digits(cell.paid_minor), in_two_digits(cell.stated_minor)
        cell.margin_minor = in_two_digits(cell.margin_minor)
    return cells


def _row(
    asked: TableOf,
    cells: Mapping[tuple[UUID, str], _Cell],
    place: tuple[UUID, str],
    effects: Mapping[UUID, PlanEffect],
    dealt: DealtRows | None,
) -> SceneTribe:
    (tribe_id, where), cell = place, cells[place]
    plans = [one for one in asked.plans if (one.tribe_id, one.scene) == place]
    running = next((one for one in plans if one.ended_at is None), None)
    tried = [Worked("plan", one.id, "", _of_plan(effects[one.id])) for one in plans]
    tried += [
        Worked("campaign", one.id, one.name, _of_campaign(one, dealt, asked.until))
        for one in asked.campaigns
        if one.tribe_id == tribe_id and (one.by_message if where == analysis.MESSAGE else one.by_scene)
    ]
    now = None if running is None else _of_plan(effects[running.id])
    past = [one.measured for one in tried if running is None or one.id != running.id]
    served = {one.scene for one in asked.plans if one.tribe_id == tribe_id and one.ended_at is None}
    free = sum(one == tribe_id and scene_ not in served and scene_ in campaign.SCENES for one, scene_ in cells)
    return SceneTribe(
        tribe_id=tribe_id,
        scene=where,
        people=cell.told,
        visits=cell.visits,
        full_price=cell.full_price,
        paid_minor=cell.paid_minor,
        margin_minor=cell.margin_minor if asked.margins else None,
        margin_share=cell.stated_minor / cell.paid_minor if cell.paid_minor else 0.0,
        best=max(tried, key=_rank, default=None),
        running_plan_id=None if running is None else running.id,
        running=now,
        action=advise(now, max(past, key=_low, default=None), free_scenes=free),
    )


def _order(asked: TableOf, place: tuple[UUID, str]) -> tuple[int, str]:
    return list(dict.fromkeys(asked.tribe_of.values())).index(place[0]), place[1]


def _low(one: Measured) -> float:
    return one.interval.low if one.interval is not None else -np.inf


def _rank(one: Worked) -> float:
    return _low(one.measured)


def _of_plan(one: PlanEffect) -> Measured:
    people = (one.served.people or 0) + (one.held_out.people or 0)
    return Measured(one.visits.state, one.visits.more, one.visits.interval, people)


def _of_campaign(one: _Tried, rows: DealtRows | None, until: datetime) -> Measured:
    """Read a campaign by the interval that holds at any look."""
    if rows is None:
        return Measured(model.State.TOO_EARLY, None, None, 0)
    mine = np.asarray(rows.campaign, dtype=object) == str(one.id)
    ripe = mine & (rows.entered_at + microseconds_of(timedelta(days=WINDOW_DAYS)) <= microseconds(until))
    outcome, before = rows.visits[ripe].astype(np.float64), rows.visits_before[ripe].astype(np.float64)
    found = model.read(Dealt(rows.treated[ripe], outcome, before), one.share, final=False)
    if found.per_person is None or found.interval is None:
        return Measured(found.state, None, None, int(ripe.sum()))
    interval = Interval(found.interval.low / found.treated, found.interval.high / found.treated)
    return Measured(found.state, found.per_person, interval, int(ripe.sum()))
