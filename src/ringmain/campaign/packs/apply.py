"""Make drafts of a pack for a merchant: paused offers and campaigns that nobody gets until they are started."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from ringmain.campaign.errors import PackCampaignUnknown, PackNeedsUsual
from ringmain.campaign.packs import store
from ringmain.campaign.packs.load import pack_of
from ringmain.campaign.packs.model import PackCampaign
from ringmain.campaign.packs.usual import usual_purchase
from ringmain.campaign.plan.model import Audience, NewCampaign, Schedule
from ringmain.campaign.plan.partner import partnerships_of
from ringmain.campaign.plan.run import draft_campaign
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.errors import RuleBroken
from ringmain.network import api as network
from ringmain.network.api import Shop
from ringmain.segment import api as segment
from ringmain.voucher import api as voucher
from ringmain.voucher.api import NewOffer, PublishedOffer, Terms

_PERCENT, _BP = 100, 100


class LeftOut(StrEnum):
    """Why a campaign of a pack was not made."""

    NO_SHOP = "no_shop"  # the merchant has no shop yet
    NO_TRIBE = "no_tribe"  # no group is shown to the merchant yet
    NO_PARTNER = "no_partner"  # no partnership is agreed by all
    SENSITIVE = "sensitive"  # nobody is chosen by wanting such shops
    NO_SEGMENT_LEFT = "no_segment_left"  # the merchant has as many segments as it may have


@dataclass(frozen=True, slots=True)
class Applied:
    """What was made of a pack now, what had been before (campaigns by key), and what was left out, with the reason.

    `usual_minor`: the usual purchase of which offers are percent; `from_sales` is of how many sales it is the median,
    None where it was named.
    """

    made: dict[str, UUID]
    before: dict[str, UUID]
    left_out: dict[str, LeftOut]
    usual_minor: int
    from_sales: int | None


@dataclass(frozen=True, slots=True)
class _Wish:
    """For whom drafts are made: a merchant, its shops, and what a usual purchase costs."""

    merchant_id: UUID
    pack: str
    language: str
    usual_minor: int
    shops: Sequence[Shop]
    here: network.Network
    now: datetime


async def apply_pack(
    uow: UnitOfWork, name: str, merchant_id: UUID, *, usual_minor: int | None, language: str, keys: Sequence[str] | None
) -> Applied:
    """Make drafts of a pack's campaigns, of all or of some; what was made before is left as it is.

    `usual_minor`: what a usual purchase costs, of which offers are percent; None: the median of what was sold of late.
    Offers are paused until their campaign is started. Raises `PackNotFound`, `PackCampaignUnknown`, `PackNeedsUsual`,
    `MerchantNotFound`, or what drafting refuses; then nothing is made. Announces `offer_published` and
    `campaign_changed`.
    """
    pack = pack_of(name)
    await network.merchant_of(uow, merchant_id)
    known = {one.key: one for one in pack.campaigns}
    unknown = sorted(set(keys or ()) - set(known))
    if unknown:
        raise PackCampaignUnknown(keys=unknown)
    await store.lock(uow, merchant_id)
    before = dict(await store.made(uow, merchant_id, name))
    shops = await network.shops_of(uow, merchant_id)
    sold = None if usual_minor is not None else await usual_purchase(uow, shops)
    usual = usual_minor if sold is None else sold.minor
    if usual is None:
        raise PackNeedsUsual
    wish = _Wish(
        merchant_id,
        name,
        language,
        usual,
        shops,
        await network.network_of(uow),
        await uow.now(),
    )
    made: dict[str, UUID] = {}
    left_out: dict[str, LeftOut] = {}
    for one in pack.campaigns:
        if one.key in before or (keys is not None and one.key not in keys):
            continue
        answer = await _draft(uow, wish, one)
        if isinstance(answer, LeftOut):
            left_out[one.key] = answer
        else:
            made[one.key] = answer
            await store.add(uow, merchant_id, name, (one.key, answer), wish.now)
    kept = {key: id_ for key, id_ in before.items() if keys is None or key in keys}
    return Applied(made, kept, left_out, usual, None if sold is None else sold.sales)


async def pack_drafts(uow: UnitOfWork, merchant_id: UUID, name: str) -> dict[str, UUID]:
    """Return the campaigns that a pack has made for a merchant, by their keys."""
    return dict(await store.made(uow, merchant_id, name))


async def _draft(uow: UnitOfWork, wish: _Wish, one: PackCampaign) -> UUID | LeftOut:
    if not wish.shops:
        return LeftOut.NO_SHOP
    partnership_id = None
    if one.goal == "exchange":
        agreed = [found.id for found in await partnerships_of(uow, wish.merchant_id) if found.state == "agreed"]
        if not agreed:
            return LeftOut.NO_PARTNER
        partnership_id = agreed[0]
    audience = await _audience(uow, wish, one)
    if isinstance(audience, LeftOut):
        return audience
    offer = await _offer(uow, wish, one)
    zone = ZoneInfo(wish.here.time_zone)
    midnight = datetime.combine(wish.now.astimezone(zone).date() + timedelta(days=1), datetime.min.time(), zone)
    goal: Any = one.goal
    channels: Any = one.channels
    new = NewCampaign(
        merchant_id=wish.merchant_id,
        name=one.name.of(wish.language),
        goal=goal,
        offer_id=offer.id,
        budget_minor=one.vouchers * offer.terms.cost_minor,
        schedule=Schedule(
            starts_at=midnight,
            ends_at=midnight + timedelta(days=one.days),
            weekdays=one.weekdays,
            from_minute=one.from_minute,
            until_minute=one.until_minute,
        ),
        audience=audience,
        channels=channels,
        partnership_id=partnership_id,
    )
    return (await draft_campaign(uow, new, by=None)).id


async def _audience(uow: UnitOfWork, wish: _Wish, one: PackCampaign) -> Audience | LeftOut:
    """Return for whom a campaign is; a segment is made where the merchant has none of this name."""
    first = wish.shops[0]
    if one.audience == "area":
        return Audience(kind="area", latitude=first.latitude, longitude=first.longitude, metres=one.metres)
    if one.audience == "need":
        if segment.is_sensitive(first.category):
            return LeftOut.SENSITIVE
        return Audience(kind="need", category=first.category)
    if one.audience == "tribe":
        found = (await segment.tribes_of_merchant(uow, wish.merchant_id)).tribes
        return Audience(kind="tribe", tribe_id=found[0].tribe_id) if found else LeftOut.NO_TRIBE
    return await _not_seen(uow, wish, one) if one.audience == "segment" else Audience()


async def _not_seen(uow: UnitOfWork, wish: _Wish, one: PackCampaign) -> Audience | LeftOut:
    """Return the guests who were not seen for so many days, as a segment of this name."""
    name = one.name.of(wish.language)
    own = await segment.segments(uow, wish.merchant_id)
    same = next((found for found in own if found.name == name), None)
    if same is None:
        if len(own) >= segment.MOST_SEGMENTS:
            return LeftOut.NO_SEGMENT_LEFT
        clause = segment.Clause(kind="last_visit", days=one.not_seen_days)
        same = await segment.define(uow, name, [clause], wish.merchant_id)
    return Audience(kind="segment", segment_id=same.id)


async def _offer(uow: UnitOfWork, wish: _Wish, one: PackCampaign) -> PublishedOffer:
    """Publish the offer of a campaign, paused: it is given by nothing until the campaign is started."""
    said = one.offer
    kind: Any = said.kind
    terms = Terms(
        kind=kind,
        currency=wish.here.currency,
        face_minor=_round(wish.usual_minor * said.worth / _PERCENT),
        percent_bp=None if said.percent is None else said.percent * _BP,
        minimum_minor=_round(wish.usual_minor * said.minimum / _PERCENT) if said.minimum else 0,
        shop_ids=tuple(shop.id for shop in wish.shops),
        valid_days=said.valid_days,
        holder_only=said.holder_only,
        per_member=said.per_member,
    )
    id_ = uuid5(wish.merchant_id, f"{wish.pack}/{one.key}")
    new = NewOffer(
        id=id_,
        creator_merchant_id=wish.merchant_id,
        funder_id=wish.merchant_id,
        name=one.name.of(wish.language),
        terms=terms,
    )
    answer = (await voucher.publish(uow, [new], by_operator=True))[0]
    if isinstance(answer, RuleBroken):
        raise answer
    return await voucher.set_paused(uow, answer.id, paused=True)


def _round(amount_minor: float) -> int:
    """Return an amount with two digits that count, as prices are said; at least 1."""
    amount = max(1, round(amount_minor))
    step = int(10 ** max(0, len(str(amount)) - 2))
    return max(1, round(amount / step) * step)
