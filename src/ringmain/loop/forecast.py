"""What a campaign may bring, before it is paid for: from offers like its own, ended campaigns, what people expect."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from pathlib import Path
from uuid import UUID

import numpy as np

from ringmain.campaign import api as campaign
from ringmain.campaign.api import Asked, Campaign, NewCampaign
from ringmain.campaign.errors import CampaignInvalid
from ringmain.kit.db import UnitOfWork
from ringmain.kit.secrets import Keyring
from ringmain.loop.lift import WINDOW_DAYS, ended_effects
from ringmain.loop.model.forecast import FEWEST_SPENT, Expected, Seen, expect
from ringmain.loop.model.preview import PastOffer, known_of
from ringmain.loop.preview import Plan, Preview, preview
from ringmain.loop.store import offers as store
from ringmain.need import api as need
from ringmain.network import api as network
from ringmain.voucher import api as voucher
from ringmain.voucher.api import PublishedOffer

_CAMPAIGNS, _OFFERS, _PEOPLE = 100, 200, 5_000
_DAY, _WEEK = timedelta(days=1), timedelta(days=7)
# Of fewer winners the share that is new says more about chance.
_LOOK_BACK_DAYS, _FEWEST_WON = 28, 30


@dataclass(frozen=True, slots=True)
class Ended:
    """A campaign that can be learnt from: its vouchers that were spent."""

    campaign_id: UUID
    spent: int


@dataclass(frozen=True, slots=True)
class Planned:
    """A campaign that somebody thinks of: its costs, whom it may reach, and what a forecast rests on.

    `given`: vouchers, as many as budget, pace and people allow. `people`: about how many its audience holds, None where
    that is not known or not told. `share`: what a formula says of how many of its visits would not come anyway.
    """

    costs: Preview
    given: int
    people: int | None
    past: tuple[PastOffer, ...]
    share: float
    ended: tuple[Ended, ...]
    shop_ids: tuple[UUID, ...]


async def planned(uow: UnitOfWork, keyring: Keyring, wish: NewCampaign) -> Planned:
    """Gather what a merchant's campaign is forecast from; nothing is kept.

    Raises `CampaignInvalid` for another's offer, `MerchantNotFound`, `CurrencyNotOfNetwork` or `SegmentUnknown`.
    """
    own, now = wish.merchant_id, await uow.now()
    await network.merchant_of(uow, own)
    offer = (await voucher.read_offers(uow, [wish.offer_id])).get(wish.offer_id)
    if offer is None or offer.creator_merchant_id != own:
        raise CampaignInvalid(field="offer_id", reason="Name an offer that this merchant has published.")
    terms = offer.terms
    plan = Plan(
        kind=terms.kind,
        currency=terms.currency,
        face_minor=terms.face_minor,
        fee_minor=terms.cost_minor - terms.face_minor,
        budget_minor=wish.budget_minor,
    )
    costs = await preview(uow, own, plan)
    people = await campaign.audience_size(uow, keyring, wish, now)
    rows = await store.past_offers(uow, terms.kind, terms.currency, terms.face_minor, now)
    past = [PastOffer(row.creator_id == own, str(row.creator_id), row.ended, row.spent) for row in rows]
    shops = tuple(shop.id for shop in await network.shops_of(uow, own))
    ended = [one for one in await campaign.campaigns_of(uow, own, limit=_CAMPAIGNS) if _is_over(one, now)]
    return Planned(
        costs,
        _given(wish, costs, people, await _meant(uow, wish, now)),
        people,
        tuple(known_of(past)),
        await _share(uow, wish, offer, shops, now),
        tuple(await _spent(uow, ended)),
        shops,
    )


def forecast(lake: Path, network_id: UUID, asked: Planned) -> Expected:
    """Return what a planned campaign may bring; blocks for a second where campaigns have ended that it learns from."""
    spent = {one.campaign_id: one.spent for one in asked.ended}
    effects = ended_effects(lake, network_id, tuple(spent), asked.shop_ids) if spent else {}
    seen = [Seen(one.total / spent[id_], one.error / spent[id_]) for id_, one in effects.items()]
    return expect(asked.given, asked.past, seen, asked.share)


def _is_over(one: Campaign, now: datetime) -> bool:
    """Say whether the days of everybody in an ended campaign are over; areas by turns are read in another way."""
    days = one.changed_at + timedelta(days=WINDOW_DAYS)
    return one.state is campaign.State.ENDED and one.said.turn_hours is None and days <= now


def _given(wish: NewCampaign, costs: Preview, people: int | None, meant: float) -> int:
    """Return how many vouchers go out: as the budget allows, at the pace of late, and one a week for each person.

    `meant`: the share of those who win now that its goal is about.
    """
    when = wish.schedule
    days = (when.ends_at - when.starts_at) / _DAY
    given = costs.vouchers
    if costs.vouchers_per_day is not None:
        open_share = (when.until_minute - when.from_minute) / campaign.DAY_MINUTES * (len(when.weekdays) or 7) / 7
        given = min(given, ceil(costs.vouchers_per_day * days * open_share * meant))
    return given if people is None else min(given, people * ceil(days * _DAY / _WEEK))


async def _meant(uow: UnitOfWork, wish: NewCampaign, now: datetime) -> float:
    """Return the share of those who won this merchant's vouchers of late that the goal of a campaign is about."""
    if not wish.narrows:
        return 1.0
    row = await store.guests_who_won(uow, wish.merchant_id, now - timedelta(days=_LOOK_BACK_DAYS), wish.lapsed_days)
    if row.people < _FEWEST_WON:
        return 1.0
    return (row.new if wish.goal == "new" else row.lapsed) / row.people


async def _share(
    uow: UnitOfWork, wish: NewCampaign, offer: PublishedOffer, shop_ids: Sequence[UUID], now: datetime
) -> float:
    """Return how many of its visits would not come anyway, by the formula that values vouchers when they are given.

    For the people of whom something is expected at these shops (of new guests: who was never there); where that is
    nobody, for somebody never seen.
    """
    been = wish.goal == "lapsed" if wish.narrows else None
    weeks = await need.weeks_at(uow, shop_ids, now, _PEOPLE, been=been)
    faces = [one.terms.face_minor for one in await voucher.newest_offers(uow, limit=_OFFERS) if one.terms.face_minor]
    usual = float(np.median(faces)) if faces else 1.0
    chance = np.array(weeks or [np.nan], dtype=np.float64)
    pull = offer.terms.face_minor / (offer.terms.face_minor + usual)
    rows = len(chance)
    asked = Asked(chance, np.full(rows, np.nan), np.ones(rows), np.full(rows, pull))
    more, without = campaign.expected(asked), campaign.without(asked)
    return float(more.sum() / (more + without).sum())


async def _spent(uow: UnitOfWork, ended: Sequence[Campaign]) -> list[Ended]:
    """Return the campaigns of whose vouchers enough were spent."""
    if not ended:
        return []
    spans = [store.Span(one.id, one.said.offer_id, one.said.schedule.starts_at, one.changed_at) for one in ended]
    counts = await store.spent_within(uow, spans)
    return [Ended(one.id, one.spent) for one in counts if one.spent >= FEWEST_SPENT]
