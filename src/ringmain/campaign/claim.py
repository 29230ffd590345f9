"""Claim the prize of a play: one voucher per play and per person, scene and day, however often it is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringmain.campaign import caps, store
from ringmain.campaign.errors import (
    AlreadyPlayed,
    DrawExpired,
    DrawTaken,
    DrawUnknown,
    NoPrizeLeft,
    PrizeGone,
    PrizeNotDrawn,
)
from ringmain.campaign.model import Play, StoredPrize, play_day
from ringmain.campaign.plan.deal import dealing, held_out, record_opportunities
from ringmain.campaign.store import Claim
from ringmain.campaign.tokens import draw_of
from ringmain.kit.db import UnitOfWork
from ringmain.kit.secrets import Keyring
from ringmain.match import api as match
from ringmain.member import api as member
from ringmain.member.api import Known
from ringmain.member.errors import MemberUnknown
from ringmain.network import api as network
from ringmain.voucher import api as voucher
from ringmain.voucher.api import Granted

_STAND_INS = 200


@dataclass(frozen=True, slots=True)
class Claimed:
    """The voucher of a play; `stand_in` where every prize had gone and the network gave another one."""

    draw_id: UUID
    voucher_id: UUID
    offer_id: UUID
    stand_in: bool


async def claim(uow: UnitOfWork, keyring: Keyring, token: str, offer_id: UUID, member_id: UUID) -> Claimed:
    """Grant one prize of the play that `token` holds to a member; asked again, the first answer.

    Where the chosen offer ran out, `PrizeGone` names the prizes that are left; where all ran out, a voucher that the
    network itself pays for stands in. Raises also `DrawUnknown`, `DrawExpired`, `DrawTaken`, `AlreadyPlayed`,
    `PrizeNotDrawn`, `CapReached`, `NoPrizeLeft`, `MemberUnknown`; then nothing was granted. Announces `draw_claimed`.
    """
    known = (await member.subjects(uow, [member_id]))[0]
    if known is None:
        raise MemberUnknown()
    play = await _locked(uow, keyring, token)
    first = await store.claim_of(uow, play.id)
    if first is not None:
        if first.subject_id not in known.subject_ids:
            raise DrawTaken()
        return Claimed(play.id, first.voucher_id, first.offer_id, first.stand_in)
    now = await uow.now()
    prizes = await _check(uow, play, offer_id, known, now)
    never = await _held_out(uow, play, prizes, known, now)
    left = [one for one in prizes if one.offer_id not in never]
    granted, stand_in = await _granted(uow, play, offer_id, left, known, now)
    await store.add_claim(
        uow,
        Claim(
            draw_id=play.id,
            voucher_id=granted.voucher_id,
            offer_id=granted.offer_id,
            chosen_id=offer_id,
            stand_in=stand_in,
            subject_id=known.subject_id,
            scene_id=play.scene_id,
            day=play.day,
            claimed_at=now,
        ),
    )
    uow.record("draw_claimed", [play.id])
    return Claimed(play.id, granted.voucher_id, granted.offer_id, stand_in)


async def _locked(uow: UnitOfWork, keyring: Keyring, token: str) -> Play:
    draw_id = draw_of(keyring, uow.network_id, token)
    if draw_id is None or not await store.lock_draw(uow, draw_id):
        raise DrawUnknown()
    # Read after the lock: what another claim has committed meanwhile is seen.
    play = await store.play(uow, draw_id)
    assert play is not None
    return play


async def _check(uow: UnitOfWork, play: Play, offer_id: UUID, known: Known, now: datetime) -> list[StoredPrize]:
    if play.subject_id is not None and play.subject_id not in known.subject_ids:
        raise DrawTaken()
    if play.expires_at <= now:
        raise DrawExpired(expired_at=play.expires_at)
    prizes = await store.prizes(uow, play.id)
    if offer_id not in {prize.offer_id for prize in prizes}:
        raise PrizeNotDrawn()
    await store.lock_person(uow, known.subject_id)
    won = await store.won(uow, play.scene_id, play.day, known.subject_ids)
    if won is not None:
        raise AlreadyPlayed(voucher_id=won.voucher_id)
    await caps.check_person(uow, known, play.channel, play_day(now, (await network.network_of(uow)).time_zone))
    return prizes


async def _held_out(
    uow: UnitOfWork, play: Play, prizes: Sequence[StoredPrize], known: Known, now: datetime
) -> frozenset[UUID]:
    """Return the prizes that this person must not get; where nobody knew them at the draw, record that now.

    Those that they are compared with in, and those of campaigns for new guests, who may turn out to be none.
    """
    ids = [prize.offer_id for prize in prizes]
    dealt = await dealing(uow, known.subject_id, ids, now, channel="scene", at_shop_id=play.shop_id)
    if play.subject_id is None:
        await record_opportunities(uow, dealt, ids)
    return dealt.held_out | dealt.not_meant


async def _granted(
    uow: UnitOfWork, play: Play, offer_id: UUID, prizes: Sequence[StoredPrize], known: Known, now: datetime
) -> tuple[Granted, bool]:
    """Grant the chosen prize, or what stands in for it; `prizes` are those that the person may get at all.

    Who is compared with and has chosen the campaign's offer gets the next prize instead: were they refused, nothing of
    them would be recorded, and the groups would differ.
    """
    to_shop = {prize.offer_id: prize.shop_id for prize in prizes}
    for id_ in [offer_id] if offer_id in to_shop else list(to_shop):
        granted = await _grant(uow, play, (id_, to_shop[id_]), known, now)
        if granted is not None:
            return granted, id_ != offer_id
    others = [prize.offer_id for prize in prizes if prize.offer_id != offer_id]
    left = await _left(uow, known, others, now)
    if left:
        raise PrizeGone(offer_ids=[id_ for id_ in others if id_ in left])
    stand_ins = await _stand_ins(uow, play, known, now)
    never = await held_out(uow, known.subject_id, [id_ for id_, _ in stand_ins], now)
    for stand_in in [one for one in stand_ins if one[0] not in never]:
        granted = await _grant(uow, play, stand_in, known, now)
        if granted is not None:
            return granted, True
    raise NoPrizeLeft()


async def _left(uow: UnitOfWork, known: Known, offer_ids: Sequence[UUID], now: datetime) -> set[UUID]:
    """Return those of these offers that the person could be given; read without locks."""
    if not offer_ids:
        return set()
    day = play_day(now, (await network.network_of(uow)).time_zone)
    shut = await caps.shut(uow, known, day, now)
    return {
        offer.id
        for offer in await voucher.grantable(uow, now, offer_ids=offer_ids)
        if offer.id not in shut.offer_ids and offer.creator_merchant_id not in shut.owner_ids
    }


async def _grant(uow: UnitOfWork, play: Play, prize: tuple[UUID, UUID], known: Known, now: datetime) -> Granted | None:
    """Grant a prize, an offer at a shop, where caps, budgets, stock and funds bear it."""
    offer_id, shop_id = prize
    offers = await voucher.read_offers(uow, [offer_id])
    day = play_day(now, (await network.network_of(uow)).time_zone)
    admission = await caps.admit(uow, known, offers[offer_id], play.channel, day, now)
    if admission is None:
        return None
    kind, origin_id = play.origin
    grant = voucher.Grant(
        offer_id=offer_id,
        at=now,
        subject_id=known.subject_id,
        sender_shop_id=play.shop_id,
        origin_kind="sale" if kind == "sale" else "touch",
        origin_id=origin_id,
    )
    answer = (await voucher.grant(uow, [grant]))[0]
    if not isinstance(answer, Granted):
        return None
    await caps.note(uow, admission, answer.voucher_id, now, from_shop=play.shop_id, to_shop=shop_id)
    return answer


async def _stand_ins(uow: UnitOfWork, play: Play, known: Known, now: datetime) -> list[tuple[UUID, UUID]]:
    """Return offers that the network itself pays for, each at its best shop here, the smallest value first."""
    context = match.Context(
        at=now,
        at_shop_id=play.shop_id,
        subject_ids=known.subject_ids,
        personal=False,
        limit=_STAND_INS,
        with_offers_only=True,
    )
    shops: dict[UUID, UUID] = {}
    for one in await match.nearby(uow, context):
        for offer in one.offers:
            if not offer.price_points:
                shops.setdefault(offer.id, one.shop.id)
    own = [
        offer
        for offer in await voucher.grantable(uow, now, offer_ids=sorted(shops))
        if offer.funder_id == uow.network_id
    ]
    return [(offer.id, shops[offer.id]) for offer in sorted(own, key=lambda offer: (offer.terms.face_minor, offer.id))]
