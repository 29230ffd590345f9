"""Invite by a link, join by one, and reward the first visit that it led to, wherever in the network that is.

What is not a new person's own first visit earns nothing: who was a member before, who joins on the phone on which the
link was made, a visit together with who shared it, and one that was undone.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from ringmain.campaign import caps
from ringmain.campaign import store as campaign_store
from ringmain.campaign.errors import CapReached, ReferralRuleInvalid
from ringmain.campaign.model import play_day
from ringmain.campaign.plan.deal import in_campaigns
from ringmain.campaign.referrals import store
from ringmain.campaign.referrals.store import Arrived, Figures, Invitation, Referral, Reward, Rule
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.ids import uuid7
from ringmain.kit.secrets import Keyring
from ringmain.member import api as member
from ringmain.member.api import Known
from ringmain.network import api as network
from ringmain.scene import api as scene
from ringmain.scene.errors import SceneUnknown
from ringmain.voucher import api as voucher
from ringmain.voucher.api import Granted

_PURPOSE = "campaign.invitation"
# A friend's first visit counts for two months; one together with who shared the link (bought there within a quarter of
# an hour) shows nothing. A visit that is undone later than in three months is not looked for.
FIRST_VISIT_WITHIN = timedelta(days=60)
_TOGETHER = timedelta(minutes=15)
_WATCHED = timedelta(days=90)
BATCH = 100


async def invite(
    uow: UnitOfWork, scene_id: UUID, subject_id: UUID, kind: str, keyring: Keyring | None = None, device: str = ""
) -> None:
    """Note that a scene is a link that somebody hands on; `device`: by what the phone is known that it was made on.

    Announces `invitation`.
    """
    hash_ = keyring.lookup_hash(_PURPOSE, uow.network_id, device) if keyring is not None and device else None
    await store.add_invitation(uow, Invitation(scene_id, subject_id, kind, hash_, await uow.now()))
    uow.record("invitation", [scene_id])


async def join_by(uow: UnitOfWork, keyring: Keyring, token: str, friend: Known, device: str) -> None:
    """Note that somebody has just become a member after they met a scene, where that was an invitation.

    Announces `referral`.
    """
    try:
        met = await scene.find_scene(uow, token)
    except SceneUnknown:
        return
    invited = await store.invitation(uow, met.id)
    if invited is None or invited.subject_id in friend.subject_ids:
        return
    sharer = (await member.people_of(uow, [invited.subject_id])).get(invited.subject_id)
    if sharer is None:
        return
    own = await store.devices_of(uow, sharer.subject_ids)
    known = keyring.lookup_hashes(_PURPOSE, uow.network_id, device)
    now = await uow.now()
    new = Referral(
        id=uuid7(now),
        scene_id=met.id,
        sharer_id=sharer.subject_id,
        friend_id=friend.subject_id,
        refused=None if own.isdisjoint(known) else "same_phone",
        joined_at=now,
    )
    if await store.add_referral(uow, new):
        uow.record("referral", [new.id])


async def waiting_rewards(uow: UnitOfWork, after: UUID | None = None) -> list[Arrived]:
    """Return first visits of friends that have earned nothing yet, `BATCH` at most, after a referral."""
    if await store.rule(uow) is None:
        return []
    since = await uow.now() - 2 * FIRST_VISIT_WITHIN
    return await store.arrived(uow, since, FIRST_VISIT_WITHIN, _TOGETHER, after, BATCH)


async def reward(uow: UnitOfWork, found: Arrived) -> bool:
    """Give who shared a link the voucher that a friend's first visit has earned; False where that has to wait.

    What the rule, caps, stock or money do not allow now is looked at again by the next run. One in a transaction, since
    each locks its person. Announces `grant` and `referral_reward`.
    """
    said, now = await store.rule(uow), await uow.now()
    sharer = (await member.people_of(uow, [found.sharer_id])).get(found.sharer_id)
    if said is None or sharer is None:
        return False
    admission = await _admitted(uow, said, sharer, now)
    if admission is None:
        return False
    offer, place = admission.offer, await scene.scene(uow, found.scene_id)
    grant = voucher.Grant(
        offer_id=offer.id,
        at=now,
        subject_id=sharer.subject_id,
        sender_shop_id=place.shop_id,
        origin_kind="sale",
        origin_id=found.sale_id,
    )
    granted = (await voucher.grant(uow, [grant]))[0]
    if not isinstance(granted, Granted):
        return False
    to_shop = offer.terms.shop_ids[0] if len(offer.terms.shop_ids) == 1 else None
    await caps.note(uow, admission, granted.voucher_id, now, from_shop=place.shop_id, to_shop=to_shop)
    new = Reward(uuid7(now), found.referral_id, found.sale_id, granted.voucher_id, now)
    await store.add_reward(uow, new)
    uow.record("referral_reward", [new.id])
    return True


async def _admitted(uow: UnitOfWork, said: Rule, sharer: Known, now: datetime) -> caps.Admission | None:
    """Lock who shared and what the voucher draws on, and say whether the rule, caps and budgets bear it."""
    zone = (await network.network_of(uow)).time_zone
    await campaign_store.lock_person(uow, sharer.subject_id)
    if await store.rewards_since(uow, sharer.subject_ids, _month(now, zone)) >= said.most_a_month:
        return None
    day = play_day(now, zone)
    try:
        await caps.check_person(uow, sharer, "share", day)
    except CapReached:
        return None
    if await in_campaigns(uow, [said.offer_id]):
        return None
    offer = (await voucher.read_offers(uow, [said.offer_id]))[said.offer_id]
    return await caps.admit(uow, sharer, offer, "share", day, now)


def _month(now: datetime, zone: str) -> datetime:
    return now.astimezone(ZoneInfo(zone)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


async def take_back_undone(uow: UnitOfWork) -> int:
    """Take rewards back whose visit was undone, `BATCH` at most; returns how many.

    A voucher that was spent meanwhile stays spent; the reward is none all the same, and another visit can earn one.
    """
    now = await uow.now()
    found = await store.undone(uow, now - _WATCHED, BATCH)
    if found:
        await voucher.void(uow, sorted(one.voucher_id for one in found))
    for one in found:
        await store.undo(uow, one.id, now)
    return len(found)


@dataclass(frozen=True, slots=True)
class Sharing:
    """What an invitation earns now (None: nothing), and what became of those of one person, or of all."""

    rule: Rule | None
    figures: Figures


async def sharing_of(uow: UnitOfWork, known: Known | None, days: int) -> Sharing:
    """Return what invitations earn, and what became of those of the last days, of a person or of all (None)."""
    subject_ids = None if known is None else known.subject_ids
    since = await uow.now() - timedelta(days=days)
    return Sharing(await store.rule(uow), await store.figures(uow, subject_ids, since))


async def set_rule(uow: UnitOfWork, new: Rule | None) -> None:
    """Say what a friend's first visit earns; None: nothing. Raises `ReferralRuleInvalid`."""
    if new is not None:
        offer = (await voucher.read_offers(uow, [new.offer_id])).get(new.offer_id)
        if offer is None or offer.terms.price_points:
            raise ReferralRuleInvalid()
    await store.set_rule(uow, new, await uow.now())
