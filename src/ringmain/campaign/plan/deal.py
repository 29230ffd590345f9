"""Whether a campaign's offer may be given to somebody here and now, and the record of who would have been shown it.

People of the comparison group never get the offer and win something else. The moment at which somebody would have been
shown it is recorded in both groups alike, before the group makes any difference: those people are compared later.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringmain.campaign.plan import goal, switch_off
from ringmain.campaign.plan.assignment import area_of, has_turn, is_compared, turn_at
from ringmain.campaign.plan.model import Campaign, Channel, State
from ringmain.campaign.plan.store import campaigns as store
from ringmain.campaign.plan.store import partnerships as partner_store
from ringmain.campaign.plan.store.campaigns import Opportunity
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.ids import uuid7
from ringmain.member import api as member
from ringmain.need import api as need
from ringmain.network import api as network
from ringmain.network.api import Shop
from ringmain.segment import api as segment


@dataclass(frozen=True, slots=True)
class Dealing:
    """What campaigns say of offers, for one person at one place and moment; offers of no campaign are in none.

    `closed`: given to nobody like this, here and now. `held_out`: open, but the person, or the turn, is compared with.
    `not_meant`: those of the closed ones whose goal leaves this person out, whenever and wherever.
    """

    closed: frozenset[UUID]
    held_out: frozenset[UUID]
    open: tuple[Campaign, ...]
    subject_id: UUID | None
    shop: Shop | None
    at: datetime
    not_meant: frozenset[UUID] = frozenset()

    @property
    def shut(self) -> frozenset[UUID]:
        """Every offer that is not to be given."""
        return self.closed | self.held_out


async def dealing(
    uow: UnitOfWork,
    subject_id: UUID | None,
    offer_ids: Sequence[UUID] | None,
    at: datetime,
    *,
    channel: Channel,
    at_shop_id: UUID | None = None,
) -> Dealing:
    """Return what campaigns say of these offers (None: of all), for a person, or somebody nobody knows yet (None).

    Who is not known yet is held out of no campaign that deals people, and may be new to every merchant: ask again when
    they are known, before anything is given.
    """
    live = await store.live(uow, offer_ids)
    if not live:
        return Dealing(frozenset(), frozenset(), (), subject_id, None, at)
    zone = (await network.network_of(uow)).time_zone
    shop = next(iter(await network.shops(uow, [at_shop_id])), None) if at_shop_id is not None else None
    ids = [one.said.partnership_id for one in live if one.said.partnership_id is not None]
    parties = await partner_store.parties(uow, ids) if ids else {}
    tribe_id = None
    if subject_id is not None and any(one.said.audience.kind == "tribe" for one in live):
        tribe_id = await segment.tribe_of(uow, subject_id)
    segments = await _segments(uow, live, subject_id)
    wanted = await _wanted(uow, live, subject_id, at)
    apart = await goal.apart(uow, live, subject_id, at)
    # Where the money is switched off no campaign gives anything, to nobody: none of them is recorded either.
    is_off = switch_off.holds(await switch_off.current(uow, at), shop) if shop is not None else False
    place = None if shop is None else (shop.latitude, shop.longitude)
    open_ = tuple(
        one
        for one in live
        if one.state is State.RUNNING
        and not is_off
        and one.id not in apart
        and channel in one.said.channels
        and one.said.schedule.open_at(at, zone)
        and one.said.audience.takes_in(tribe_id, segments, place, wanted)
        and _at_partner(one, shop, parties)
    )
    held_out = frozenset(one.said.offer_id for one in open_ if _is_held_out(one, subject_id, shop, at))
    closed = frozenset(one.said.offer_id for one in live) - {one.said.offer_id for one in open_}
    not_meant = frozenset(one.said.offer_id for one in live if one.id in apart)
    return Dealing(closed, held_out, open_, subject_id, shop, at, not_meant)


async def _segments(uow: UnitOfWork, live: Sequence[Campaign], subject_id: UUID | None) -> frozenset[UUID]:
    """Return those segments that campaigns ask about and that the person is in."""
    asked = {one.said.audience.segment_id for one in live} - {None}
    if subject_id is None:
        return frozenset()
    return frozenset([id_ for id_ in asked if id_ and await segment.in_segment(uow, id_, [subject_id])])


async def by_message(uow: UnitOfWork, at: datetime) -> tuple[tuple[Campaign, ...], dict[UUID, frozenset[UUID]]]:
    """Return the campaigns that give by message on this day, and the parties of their partnerships."""
    zone = (await network.network_of(uow)).time_zone
    found = tuple(
        one
        for one in await store.live(uow, None)
        if one.state is State.RUNNING and "message" in one.said.channels and one.said.schedule.open_on(at, zone)
    )
    ids = [one.said.partnership_id for one in found if one.said.partnership_id is not None]
    return found, await partner_store.parties(uow, ids) if ids else {}


def reaches(one: Campaign, shop: Shop | None, parties: dict[UUID, frozenset[UUID]]) -> bool:
    """Say whether a campaign gives to people who were last at a shop, whoever they are."""
    if one.said.audience.kind == "area":
        place = None if shop is None else (shop.latitude, shop.longitude)
        if not one.said.audience.takes_in(None, frozenset(), place):
            return False
    return _at_partner(one, shop, parties)


def chosen(one: Campaign, subject_id: UUID, shop: Shop | None, at: datetime) -> Opportunity:
    """Return the moment at which a message was chosen for a person who was last at a shop, with their group."""
    shut = frozenset([one.said.offer_id]) if _is_held_out(one, subject_id, shop, at) else frozenset()
    return _opportunity(one, Dealing(frozenset(), shut, (one,), subject_id, shop, at), subject_id)


async def _wanted(uow: UnitOfWork, live: Sequence[Campaign], subject_id: UUID | None, at: datetime) -> frozenset[str]:
    """Return the categories that a person who agrees to personalisation is expected to want; read only where asked."""
    if subject_id is None or not any(one.said.audience.kind == "need" for one in live):
        return frozenset()
    if not await member.consented(uow, [subject_id], member.Purpose.PERSONALISATION):
        return frozenset()
    return await need.wanted(uow, [subject_id], at)


async def in_campaigns(uow: UnitOfWork, offer_ids: Sequence[UUID]) -> frozenset[UUID]:
    """Return those of these offers that a campaign gives now, running or paused: people are compared with in it."""
    return frozenset(one.said.offer_id for one in await store.live(uow, offer_ids))


async def held_out(uow: UnitOfWork, subject_id: UUID, offer_ids: Sequence[UUID], at: datetime) -> frozenset[UUID]:
    """Return those of these offers that a person must not get: they are compared with, or no campaign's goal."""
    live = await store.live(uow, offer_ids)
    apart = await goal.apart(uow, live, subject_id, at)
    return frozenset(one.said.offer_id for one in live if one.id in apart or _is_held_out(one, subject_id, None, at))


async def record_opportunities(uow: UnitOfWork, dealt: Dealing, shown: Sequence[UUID]) -> None:
    """Record that a known person would have been shown these offers, whichever group they are in; once per campaign.

    `shown` is what chance chose before it was asked who is compared with. Announces `campaign_opportunity`.
    """
    if dealt.subject_id is None:
        return
    rows = [_opportunity(one, dealt, dealt.subject_id) for one in dealt.open if one.said.offer_id in set(shown)]
    if rows:
        uow.record("campaign_opportunity", await store.add_opportunities(uow, rows))


def _opportunity(one: Campaign, dealt: Dealing, subject_id: UUID) -> Opportunity:
    hours = one.said.turn_hours
    return Opportunity(
        id=uuid7(dealt.at),
        campaign_id=one.id,
        subject_id=subject_id,
        treated=one.said.offer_id not in dealt.held_out,
        area="" if hours is None else _area(dealt.shop),
        turn=0 if hours is None else turn_at(dealt.at, hours),
        shop_id=None if dealt.shop is None else dealt.shop.id,
        happened_at=dealt.at,
    )


def _at_partner(one: Campaign, shop: Shop | None, parties: dict[UUID, frozenset[UUID]]) -> bool:
    """Say whether an exchange is given here: at the shops of its partners, while the partnership holds."""
    if one.said.partnership_id is None:
        return True
    return shop is not None and shop.merchant_id in parties.get(one.said.partnership_id, frozenset())


def _is_held_out(one: Campaign, subject_id: UUID | None, shop: Shop | None, at: datetime) -> bool:
    if one.said.turn_hours is not None:
        return not has_turn(one.salt, _area(shop), turn_at(at, one.said.turn_hours))
    return subject_id is not None and is_compared(one.salt, subject_id, one.said.comparison_bp)


def _area(shop: Shop | None) -> str:
    return "" if shop is None else area_of(shop.latitude, shop.longitude)
