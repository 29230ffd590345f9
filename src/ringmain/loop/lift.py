"""What campaigns brought, from the lake: people as they were dealt, each followed for as long as everybody."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import numpy as np
import pyarrow.compute as pc

from ringmain.campaign import api as campaign
from ringmain.campaign.errors import CampaignNotFound
from ringmain.kit.db import UnitOfWork
from ringmain.kit.lake.connect import connect
from ringmain.kit.pure.clock import microseconds
from ringmain.loop import analysis
from ringmain.loop.analysis import LAKE_TABLES, DealtRows, Facts
from ringmain.loop.model import lift as model
from ringmain.loop.model.attribution import attribute, credit_of
from ringmain.loop.model.lift import Dealt, Interval, Reading, Watch
from ringmain.loop.model.switchback import Turns, read_turns
from ringmain.network import api as network

WINDOW_DAYS, BEFORE_DAYS = 14, 28
_MEMORY, _THREADS = "512MB", 2
_FULL_BP = 10_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class LiftOf:
    """The campaign to read: whose visits count (`shop_ids`; None: everywhere), the share compared with, and its end.

    `turn_hours`: how long turns last where areas have it by turns; None where people are dealt.
    """

    campaign_id: UUID
    shop_ids: tuple[UUID, ...] | None
    share: float
    ends_at: datetime
    turn_hours: int | None = None


@dataclass(frozen=True, slots=True)
class CampaignLift:
    """What a campaign brought: visits, and what people paid in minor units (vouchers and refunds left out).

    `people` were followed for `window_days`; `waiting` were dealt, and their days are not over. `final`: everybody's
    are, and the campaign has ended. `days_needed`: about how many days until more can be said, at the pace so far.
    """

    window_days: int
    people: int
    waiting: int
    first_at: datetime | None
    final: bool
    visits: Reading
    paid: Reading
    days_needed: int | None
    turns: Turns | None = None


@dataclass(frozen=True, slots=True)
class PartOf:
    """What vouchers won at one shop led to of a campaign's visits, over all hops; `shop_id` None: own visits."""

    shop_id: UUID | None
    total: float
    interval: Interval


async def lift_of(uow: UnitOfWork, campaign_id: UUID, *, by: UUID | None) -> LiftOf:
    """Return what there is to read of a campaign of merchant `by` (None: of anybody). Raises `CampaignNotFound`.

    Visits at the shops of its merchant count; of the network's own campaigns those at all shops.
    """
    one = await campaign.read_campaign(uow, campaign_id, by=by)
    if by not in (None, one.said.merchant_id):
        raise CampaignNotFound
    shops = None
    if one.said.merchant_id != uow.network_id:
        shops = tuple(shop.id for shop in await network.shops_of(uow, one.said.merchant_id))
    ended = one.changed_at if one.state is campaign.State.ENDED else one.said.schedule.ends_at
    share = one.said.comparison_bp / _FULL_BP
    return LiftOf(one.id, shops, share, min(ended, one.said.schedule.ends_at), one.said.turn_hours)


def campaign_lift(lake: Path, network_id: UUID, asked: LiftOf, now: datetime) -> CampaignLift:
    """Read a campaign; blocks for a second or more. Where nobody was dealt yet it is too early to say."""
    shops = _texts(asked.shop_ids)
    with _facts(lake, network_id) as facts:
        rows = analysis.dealt_rows(facts, WINDOW_DAYS, BEFORE_DAYS, shops, [str(asked.campaign_id)])
        turns = None if asked.turn_hours is None else _turns(facts, asked, asked.turn_hours, shops)
    ripe = rows.entered_at + microseconds_of(timedelta(days=WINDOW_DAYS)) <= microseconds(now)
    final = now >= asked.ends_at + timedelta(days=WINDOW_DAYS)
    visits = model.read(_dealt(rows, ripe, rows.visits, rows.visits_before), asked.share, final=final)
    paid = model.read(_dealt(rows, ripe, rows.paid_minor, rows.paid_before), asked.share, final=final)
    first = None if not len(rows.entered_at) else timedelta(microseconds=int(rows.entered_at[0]))
    return CampaignLift(
        window_days=WINDOW_DAYS,
        people=int(ripe.sum()),
        waiting=int((~ripe).sum()),
        first_at=None if first is None else _EPOCH + first,
        final=final,
        visits=visits,
        paid=paid,
        days_needed=_days_needed(rows, ripe, visits, now),
        turns=turns,
    )


@dataclass(frozen=True, slots=True)
class Effect:
    """The visits that a campaign brought in all, with the standard error of that."""

    total: float
    error: float


def ended_effects(
    lake: Path, network_id: UUID, campaign_ids: Sequence[UUID], shop_ids: Sequence[UUID]
) -> dict[UUID, Effect]:
    """Return what ended campaigns brought at shops, of those of which enough is known. Blocks."""
    with _facts(lake, network_id) as facts:
        rows = analysis.dealt_rows(facts, WINDOW_DAYS, BEFORE_DAYS, _texts(shop_ids), _texts(campaign_ids))
    found, campaigns = {}, np.asarray(rows.campaign, dtype=object)
    for id_ in campaign_ids:
        compared = model.compare(_dealt(rows, campaigns == str(id_), rows.visits, rows.visits_before))
        if compared is not None and compared.enough and compared.error > 0:
            found[id_] = Effect(compared.effect * compared.treated, compared.error * compared.treated)
    return found


def _days_needed(rows: DealtRows, ripe: model.Bools, reading: Reading, now: datetime) -> int | None:
    """Return about how many days until enough people have been followed, those who wait among them."""
    if reading.state is not model.State.TOO_EARLY or not len(rows.entered_at):
        return None
    if reading.people_needed is None:
        return None
    so_far, span = len(rows.entered_at), timedelta(microseconds=microseconds(now) - int(rows.entered_at[0]))
    missing = reading.people_needed - int((~ripe).sum())
    more = model.days_needed(missing, so_far, span) if missing > 0 else 0
    return (more or 0) + WINDOW_DAYS


def _turns(facts: Facts, asked: LiftOf, hours: int, shops: list[str] | None) -> Turns | None:
    """Read turns: visits per person met, of the two turns of each pair in which an area met people in both."""
    every = facts.read(analysis.dealt_turns, hours, shops).to_pylist()
    rows = [row for row in every if row["campaign_id"] == str(asked.campaign_id)]
    mean = {(row["area"], row["turn"] // 2, row["treated"]): row["visits"] / row["people"] for row in rows}
    pairs = sorted({key[:2] for key in mean if (*key[:2], True) in mean and (*key[:2], False) in mean})
    during, without = (np.array([mean[(*pair, group)] for pair in pairs]) for group in (True, False))
    return read_turns(during, without, seed=asked.campaign_id.int % 2**32)


def campaign_parts(lake: Path, network_id: UUID, asked: LiftOf, now: datetime) -> tuple[PartOf, ...]:
    """Split a campaign's visits over the shops whose vouchers led to them; the parts sum to the lift. Blocks.

    Empty where nothing may be said of the whole: too few people, or groups of other sizes than promised.
    """
    shops = _texts(asked.shop_ids)
    with _facts(lake, network_id) as facts:
        rows = analysis.dealt_rows(facts, WINDOW_DAYS, BEFORE_DAYS, shops, [str(asked.campaign_id)])
        after = facts.read(analysis.visits_after, WINDOW_DAYS, shops)
        seen = after.filter(pc.field("campaign_id") == str(asked.campaign_id)).to_pylist()
        hops = facts.read(analysis.hops_to_visits).to_pylist()
    ripe = rows.entered_at + microseconds_of(timedelta(days=WINDOW_DAYS)) <= microseconds(now)
    dealt = _dealt(rows, ripe, rows.visits, rows.visits_before)
    final = now >= asked.ends_at + timedelta(days=WINDOW_DAYS)
    if model.read(dealt, asked.share, final=final).interval is None:
        return ()
    place = {rows.person[row]: number for number, row in enumerate(np.flatnonzero(ripe))}
    mine = [one for one in seen if one["subject_id"] in place]
    visit = {one["sale_id"]: number for number, one in enumerate(mine)}
    led = [one for one in hops if one["sale_id"] in visit]
    nodes = {id_: number for number, id_ in enumerate(sorted({one["hop_shop_id"] for one in led}), 1)}
    credit = credit_of(
        np.array([place[one["subject_id"]] for one in mine], dtype=np.int64),
        np.array([visit[one["sale_id"]] for one in led], dtype=np.int64),
        np.array([nodes[one["hop_shop_id"]] for one in led], dtype=np.int64),
        people=len(place),
        nodes=len(nodes) + 1,
    )
    found = attribute(dealt.treated, dealt.before, credit, seed=asked.campaign_id.int % 2**32)
    names = [None, *sorted(nodes, key=lambda id_: nodes[id_])]
    return tuple(PartOf(_uuid(names[one.node]), one.total, one.interval) for one in found)


def _uuid(text: str | None) -> UUID | None:
    return None if text is None else UUID(text)


def _texts(ids: Sequence[UUID] | None) -> list[str] | None:
    return None if ids is None else [str(id_) for id_ in ids]


@contextmanager
def _facts(lake: Path, network_id: UUID) -> Iterator[Facts]:
    with connect(lake, LAKE_TABLES, network_id=network_id, memory_limit=_MEMORY, threads=_THREADS) as connection:
        yield analysis.facts_of(connection)


def aa_watch(lake: Path, network_id: UUID, campaign_ids: Sequence[UUID] | None = None) -> Watch:
    """Judge how people of both groups differed before any of them was shown anything, which chance alone decides.

    One chance for each campaign: visits of the 28 days before, less what those of the 28 days earlier foretold. Groups
    whose sizes are not as dealt, or that differ before, are alarms about the dealing and recording, not about shops.
    """
    with _facts(lake, network_id) as facts:
        rows = analysis.dealt_rows(facts, WINDOW_DAYS, BEFORE_DAYS, None, _texts(campaign_ids))
    chances, campaigns = [], np.asarray(rows.campaign, dtype=object)
    for campaign_id in sorted(set(rows.campaign)):
        mine = campaigns == campaign_id
        compared = model.compare(_dealt(rows, mine, rows.visits_before, rows.visits_earlier))
        if compared is not None and compared.enough:
            chances.append(model.chance(compared))
    return model.watch(chances)


def microseconds_of(span: timedelta) -> int:
    """Return a span in microseconds."""
    return span // timedelta(microseconds=1)


def _dealt(rows: DealtRows, chosen: model.Bools, outcome: analysis.Int64s, before: analysis.Int64s) -> Dealt:
    return Dealt(rows.treated[chosen], outcome[chosen].astype(np.float64), before[chosen].astype(np.float64))
