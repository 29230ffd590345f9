"""Take a voucher of an offer that was found: a play at the scene of searches, its prize chosen by its person."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from ringmain.campaign import caps, store
from ringmain.campaign.claim import Claimed
from ringmain.campaign.draw import Player, players_of
from ringmain.campaign.errors import OfferNotOpen, OfferTaken
from ringmain.campaign.model import KEPT_FOR, Play, StoredPrize, play_day
from ringmain.campaign.plan.deal import dealing
from ringmain.campaign.store import Claim
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.ids import uuid7
from ringmain.kit.secrets import Keyring
from ringmain.match import api as match
from ringmain.match.api import Match
from ringmain.member import api as member
from ringmain.member.api import Known
from ringmain.member.errors import MemberUnknown
from ringmain.network import api as network
from ringmain.scene import api as scene
from ringmain.voucher import api as voucher
from ringmain.voucher.api import Granted


async def take(
    uow: UnitOfWork, keyring: Keyring, offer_id: UUID, member_id: UUID, *, at_shop_id: UUID | None = None
) -> Claimed:
    """Grant a voucher of an offer to who has found it, once per person and day of the network; again, the first answer.

    What a draw may not show cannot be taken either: offers of the shop where the person stands (`at_shop_id`) or of its
    rivals, blocked, paused, used up, without cover, beyond a cap or a budget, or paid for in points. The voucher was
    led to by a touch of the network's scene of searches, and nobody has sent it. Its propensity is 1: nothing was left
    to chance.

    Raises `OfferNotOpen`, `OfferTaken` (`voucher_id` is what they have), `CapReached`, `MemberUnknown`, and
    `SceneRetired` where the operator has closed searches; then nothing was granted. Announces `touch`, `draw` and
    `draw_claimed`.
    """
    known = (await member.subjects(uow, [member_id]))[0]
    if known is None:
        raise MemberUnknown()
    found, now = await scene.search_scene(uow), await uow.now()
    day = play_day(now, (await network.network_of(uow)).time_zone)
    await store.lock_person(uow, known.subject_id)
    won = await store.won(uow, found.id, day, known.subject_ids)
    if won is not None and won.chosen_id == offer_id:
        return Claimed(won.draw_id, won.voucher_id, won.offer_id, won.stand_in)
    if won is not None:
        raise OfferTaken(voucher_id=won.voucher_id)
    await _check_wallet(uow, known, offer_id)
    dealt = await dealing(uow, known.subject_id, [offer_id], now, channel="search", at_shop_id=at_shop_id)
    if offer_id in dealt.shut:
        raise OfferNotOpen(offer_id=offer_id)
    best = await _best_shop(uow, known, offer_id, now, at_shop_id)
    await caps.check_person(uow, known, "search", day)
    touch = (await scene.touch(uow, [scene.NewTouch(found.token, known.subject_id)]))[0]
    play = Play(
        id=uuid7(now),
        scene_id=found.id,
        touch_id=touch.id,
        shop_id=None,
        sale_id=None,
        subject_id=known.subject_id,
        day=day,
        drawn_at=now,
        expires_at=now + KEPT_FOR,
    )
    return await _granted(uow, keyring, play, best, offer_id, known)


async def taken_today(uow: UnitOfWork, subject_ids: Sequence[UUID]) -> UUID | None:
    """Return the voucher that a person has taken by a search on this day of the network."""
    day = play_day(await uow.now(), (await network.network_of(uow)).time_zone)
    won = await store.won(uow, scene.search_scene_id(uow.network_id), day, subject_ids) if subject_ids else None
    return None if won is None else won.voucher_id


async def _check_wallet(uow: UnitOfWork, known: Known, offer_id: UUID) -> None:
    """Raise `OfferTaken` where the person has a voucher of this offer to spend: nobody may hoard what others want."""
    for held in await voucher.wallet(uow, known.subject_ids):
        if held.offer.id == offer_id and held.state in ("open", "later"):
            raise OfferTaken(voucher_id=held.voucher.id)


async def _best_shop(uow: UnitOfWork, known: Known, offer_id: UUID, now: datetime, at_shop_id: UUID | None) -> Match:
    """Return the best of the shops to which the offer leads; raises `OfferNotOpen` where it may not be shown."""
    context = match.Context(
        at=now, at_shop_id=at_shop_id, subject_ids=known.subject_ids, personal=False, limit=1, offer_id=offer_id
    )
    found = await match.nearby(uow, context)
    if not found or any(offer.price_points for offer in found[0].offers):
        raise OfferNotOpen(offer_id=offer_id)
    return found[0]


async def _granted(uow: UnitOfWork, keyring: Keyring, play: Play, best: Match, offer_id: UUID, known: Known) -> Claimed:
    offers = await voucher.read_offers(uow, [offer_id])
    admission = await caps.admit(uow, known, offers[offer_id], "search", play.day, play.drawn_at)
    if admission is None:
        raise OfferNotOpen(offer_id=offer_id)
    grant = voucher.Grant(
        offer_id=offer_id,
        at=play.drawn_at,
        subject_id=known.subject_id,
        sender_shop_id=None,
        origin_kind="touch",
        origin_id=play.touch_id,
    )
    granted = (await voucher.grant(uow, [grant]))[0]
    if not isinstance(granted, Granted):
        raise OfferNotOpen(offer_id=offer_id)
    await caps.note(uow, admission, granted.voucher_id, play.drawn_at, from_shop=None, to_shop=best.shop.id)
    player = players_of(keyring, uow.network_id, Player(known=known))[0]
    reasons = tuple((reason.code, reason.facts) for reason in best.reasons)
    prize = StoredPrize(place=1, offer_id=offer_id, shop_id=best.shop.id, propensity=1.0, reasons=reasons)
    await store.add_play(uow, play, player, 1, [prize])
    await store.add_claim(
        uow,
        Claim(
            draw_id=play.id,
            voucher_id=granted.voucher_id,
            offer_id=offer_id,
            chosen_id=offer_id,
            stand_in=False,
            subject_id=known.subject_id,
            scene_id=play.scene_id,
            day=play.day,
            claimed_at=play.drawn_at,
        ),
    )
    uow.record("draw", [play.id])
    uow.record("draw_claimed", [play.id])
    return Claimed(play.id, granted.voucher_id, offer_id, False)
