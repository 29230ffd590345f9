"""The life of a campaign: drafted, approved by partners where it needs them, run, paused, ended, copied."""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from ringmain.campaign.errors import (
    CampaignInvalid,
    CampaignMoveRefused,
    CampaignNotFound,
    OfferInCampaign,
    PartnershipLimit,
    PartnershipNotAgreed,
    PartnershipNotFound,
)
from ringmain.campaign.plan.model import (
    DAY_MINUTES,
    LEAST_COMPARED_BP,
    LEAST_LAPSED,
    MOST_COMPARED_BP,
    MOST_LAPSED,
    MOVES,
    Campaign,
    NewCampaign,
    State,
)
from ringmain.campaign.plan.store import campaigns as store
from ringmain.campaign.plan.store import partnerships as partner_store
from ringmain.campaign.store import Budget, add_budget, end_budget
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.ids import uuid7
from ringmain.network import api as network
from ringmain.segment import api as segment
from ringmain.voucher import api as voucher
from ringmain.voucher.api import PublishedOffer

_SALT_BYTES = 16


async def draft_campaign(uow: UnitOfWork, new: NewCampaign, *, by: UUID | None) -> Campaign:
    """Keep a campaign as a draft, of merchant `by` only where one is given (None: the operator).

    Raises `CampaignInvalid` with the field, `CampaignNotFound` for another merchant's, `PartnershipNotFound`,
    `SegmentUnknown`. The budget is in the currency of its offer. Announces `campaign_changed`.
    """
    if by not in (None, new.merchant_id):
        raise CampaignNotFound
    if new.merchant_id != uow.network_id:
        await network.merchant_of(uow, new.merchant_id)
    now = await uow.now()
    offer = await _offer(uow, new)
    _check(new, now)
    if new.partnership_id is not None:
        found = await partner_store.partnership(uow, new.partnership_id)
        if found is None or new.merchant_id not in found.merchant_ids:
            raise PartnershipNotFound
    if new.audience.category is not None:
        await _check_category(uow, new.audience.category)
    if by is not None and new.audience.tribe_id is not None:
        # Giving to a group that is not shown to it would tell a merchant of it.
        shown = (await segment.tribes_of_merchant(uow, by)).tribes
        if new.audience.tribe_id not in {one.tribe_id for one in shown}:
            raise CampaignInvalid(field="audience.tribe_id", reason="Name a group that is shown to this merchant.")
    if new.audience.segment_id is not None:
        # Of others' segments a merchant may know nothing, not even by giving to them.
        whose = None if new.merchant_id == uow.network_id else new.merchant_id
        await segment.segment_of(uow, new.audience.segment_id, whose)
    one = Campaign(
        id=uuid7(now),
        said=new,
        currency=offer.terms.currency,
        salt=secrets.token_bytes(_SALT_BYTES),
        state=State.DRAFT,
        changed_at=now,
        made_at=now,
    )
    await store.add(uow, one)
    await store.move(uow, one.id, State.DRAFT, by or uow.network_id, now)
    uow.record("campaign_changed", [one.id])
    return one


async def _offer(uow: UnitOfWork, new: NewCampaign) -> PublishedOffer:
    """Return the offer of a campaign, which has to be its merchant's own and cost no points."""
    offer = (await voucher.read_offers(uow, [new.offer_id])).get(new.offer_id)
    if offer is None or offer.creator_merchant_id != new.merchant_id:
        raise CampaignInvalid(field="offer_id", reason="Name an offer that this merchant has published.")
    if offer.terms.price_points:
        raise CampaignInvalid(field="offer_id", reason="An offer that costs points is given by no campaign.")
    if new.budget_minor < offer.terms.cost_minor:
        raise CampaignInvalid(field="budget_minor", reason="The budget pays for one voucher at least.")
    return offer


async def _check_category(uow: UnitOfWork, category: str) -> None:
    """Refuse a need of what is too personal to be told of anybody, and of what no shop of the network has."""
    if segment.is_sensitive(category):
        reason = "Nobody is chosen by needs of health, faith and the like."
    elif not any(shop.category == category for shop in await network.all_shops(uow)):
        reason = "Name a category that shops of the network have."
    else:
        return
    raise CampaignInvalid(field="audience.category", reason=reason)


def _check(new: NewCampaign, now: datetime) -> None:
    when = new.schedule
    faults = (
        (not new.name.strip(), "name", "A campaign has a name."),
        (when.ends_at <= when.starts_at, "ends_at", "It ends after it starts."),
        (when.ends_at <= now, "ends_at", "It ends in the future."),
        (when.until_minute <= when.from_minute, "until_minute", "Its hours end after they begin, on one day."),
        (not set(when.weekdays) <= set(range(1, 8)), "weekdays", "Days are 1 (Monday) to 7."),
        (
            new.goal == "quiet_hours" and when.until_minute - when.from_minute == DAY_MINUTES and not when.weekdays,
            "from_minute",
            "Say which hours or days are quiet.",
        ),
        (new.audience.fault is not None, f"audience.{new.audience.fault}", "This kind of audience needs other fields."),
        (
            not LEAST_COMPARED_BP <= new.comparison_bp <= MOST_COMPARED_BP,
            "comparison_bp",
            "The comparison group is 500 to 1,000 of 10,000 people.",
        ),
        (
            (new.goal == "exchange") != (new.partnership_id is not None),
            "partnership_id",
            "An exchange needs a partnership, and other goals have none.",
        ),
        (not new.channels, "channels", "Name one channel at least."),
        (
            not LEAST_LAPSED <= new.lapsed_days <= MOST_LAPSED,
            "lapsed_days",
            "A guest has stayed away after 7 to 730 days.",
        ),
    )
    for wrong, field, reason in faults:
        if wrong:
            raise CampaignInvalid(field=field, reason=reason)


async def read_campaign(uow: UnitOfWork, campaign_id: UUID, *, by: UUID | None) -> Campaign:
    """Return a campaign as it stands. Partners may read what they are asked to approve. Raises `CampaignNotFound`."""
    one = await store.campaign(uow, campaign_id)
    if one is None:
        raise CampaignNotFound
    if by in (None, one.said.merchant_id):
        return one
    if one.said.partnership_id is not None and one.state is not State.DRAFT:
        found = await partner_store.partnership(uow, one.said.partnership_id)
        if found is not None and by in found.merchant_ids:
            return one
    raise CampaignNotFound


async def start_campaign(uow: UnitOfWork, campaign_id: UUID, *, by: UUID | None) -> Campaign:
    """Let a draft, or a paused campaign, run; an exchange first waits until every partner has approved it.

    Raises `CampaignNotFound`, `CampaignMoveRefused`, `OfferInCampaign`, and for an exchange `PartnershipNotAgreed` or
    `PartnershipLimit`.
    """
    one = await _locked(uow, campaign_id, by)
    if one.said.schedule.ends_at <= await uow.now():
        raise CampaignMoveRefused(state=one.state.value, wanted=State.RUNNING.value)
    if one.state is State.DRAFT and one.said.partnership_id is not None:
        await _check_partnership(uow, one, one.said.partnership_id)
        return await _move(uow, one, State.AWAITING_APPROVAL, by)
    if one.state is State.AWAITING_APPROVAL:
        raise CampaignMoveRefused(state=one.state.value, wanted=State.RUNNING.value)
    return await _move(uow, one, State.RUNNING, by)


async def approve_campaign(uow: UnitOfWork, campaign_id: UUID, *, partner: UUID) -> Campaign:
    """Approve a partner's exchange; when all other parties have, it runs. Once more changes nothing.

    Raises `CampaignNotFound`, also for its own merchant, `CampaignMoveRefused`, `PartnershipNotAgreed` or
    `OfferInCampaign`.
    """
    one = await _to_approve(uow, campaign_id, partner)
    assert one.said.partnership_id is not None
    found = await _check_partnership(uow, one, one.said.partnership_id, counted=True)
    await store.approve(uow, one.id, partner, await uow.now())
    missing = set(found) - {one.said.merchant_id} - await store.approvals(uow, one.id)
    return one if missing else await _move(uow, one, State.RUNNING, partner)


async def decline_campaign(uow: UnitOfWork, campaign_id: UUID, *, partner: UUID) -> Campaign:
    """Send a partner's exchange back to be a draft. Raises `CampaignNotFound` or `CampaignMoveRefused`."""
    return await _move(uow, await _to_approve(uow, campaign_id, partner), State.DRAFT, partner)


async def pause_campaign(uow: UnitOfWork, campaign_id: UUID, *, by: UUID | None) -> Campaign:
    """Give its offer to nobody until it runs again. Raises `CampaignNotFound` or `CampaignMoveRefused`."""
    return await _move(uow, await _locked(uow, campaign_id, by), State.PAUSED, by)


async def end_campaign(uow: UnitOfWork, campaign_id: UUID, *, by: UUID | None) -> Campaign:
    """End a campaign for good; vouchers that are out stay valid. Raises `CampaignNotFound` or `CampaignMoveRefused`."""
    return await _move(uow, await _locked(uow, campaign_id, by), State.ENDED, by)


async def end_due_campaigns(uow: UnitOfWork) -> list[UUID]:
    """End the campaigns whose time is over, or whose partnership is; return their ids."""
    now, ended, live = await uow.now(), [], await store.live(uow, None)
    ids = [one.said.partnership_id for one in live if one.said.partnership_id is not None]
    stand = await partner_store.parties(uow, ids) if ids else {}
    for one in live:
        orphaned = one.said.partnership_id is not None and one.said.partnership_id not in stand
        if orphaned or one.said.schedule.ends_at <= now:
            await _move(uow, await _locked(uow, one.id, None), State.ENDED, None)
            ended.append(one.id)
    return ended


async def release_exchanges(uow: UnitOfWork, partnership_id: UUID, *, by: UUID) -> list[UUID]:
    """Free what exchanges have bound under a partnership that `by` ends: those that are given end for good.

    Those that wait for approval are drafts again. Without the partnership none of them could be given any more.
    """
    changed = []
    for id_ in await partner_store.open_exchanges(uow, partnership_id):
        one = await _locked(uow, id_, None)
        wanted = State.DRAFT if one.state is State.AWAITING_APPROVAL else State.ENDED
        if one.state not in (State.DRAFT, State.ENDED):
            await _move(uow, one, wanted, by)
            changed.append(one.id)
    return changed


async def in_the_way(uow: UnitOfWork, one: Campaign) -> Campaign | None:
    """Return the campaign that runs or pauses with the offer of another one, which cannot start meanwhile."""
    return next((other for other in await store.live(uow, [one.said.offer_id]) if other.id != one.id), None)


async def copy_campaign(
    uow: UnitOfWork, campaign_id: UUID, *, starts_at: datetime, ends_at: datetime, by: UUID | None
) -> Campaign:
    """Draft the same campaign again for another time; its people are dealt anew. Raises as `draft_campaign` does."""
    one = await store.campaign(uow, campaign_id)
    if one is None or by not in (None, one.said.merchant_id):
        raise CampaignNotFound
    schedule = replace(one.said.schedule, starts_at=starts_at, ends_at=ends_at)
    return await draft_campaign(uow, replace(one.said, schedule=schedule, copied_from=one.id), by=by)


async def campaigns_of(
    uow: UnitOfWork, merchant_id: UUID | None, *, before: UUID | None = None, limit: int = 50
) -> list[Campaign]:
    """Return the newest campaigns, of one merchant or of all."""
    return await store.page(uow, merchant_id, before, limit)


async def campaigns_to_approve(uow: UnitOfWork, merchant_id: UUID) -> Sequence[Campaign]:
    """Return the exchanges of partners that wait for a merchant's approval."""
    return await store.awaiting(uow, merchant_id)


async def _locked(uow: UnitOfWork, campaign_id: UUID, by: UUID | None) -> Campaign:
    await store.lock(uow, campaign_id)
    # Read after the lock: what another change has committed meanwhile is seen.
    one = await store.campaign(uow, campaign_id)
    if one is None or by not in (None, one.said.merchant_id):
        raise CampaignNotFound
    return one


async def _to_approve(uow: UnitOfWork, campaign_id: UUID, partner: UUID) -> Campaign:
    one = await _locked(uow, campaign_id, None)
    if one.said.partnership_id is None or partner == one.said.merchant_id or one.state is State.DRAFT:
        raise CampaignNotFound
    found = await partner_store.partnership(uow, one.said.partnership_id)
    if found is None or partner not in found.merchant_ids:
        raise CampaignNotFound
    if one.state is not State.AWAITING_APPROVAL:
        raise CampaignMoveRefused(state=one.state.value, wanted=State.RUNNING.value)
    return one


async def _check_partnership(
    uow: UnitOfWork, one: Campaign, partnership_id: UUID, *, counted: bool = False
) -> tuple[UUID, ...]:
    """Return the parties; `counted`: the campaign waits already, and its budget is among those counted."""
    await store.lock(uow, partnership_id)
    found = await partner_store.partnership(uow, partnership_id)
    if found is None or found.state != "agreed" or found.currency != one.currency:
        raise PartnershipNotAgreed
    bound = await partner_store.committed(uow, [partnership_id])
    committed = bound.get((partnership_id, one.said.merchant_id), 0)
    if committed + (0 if counted else one.said.budget_minor) > found.limit_minor:
        raise PartnershipLimit(limit_minor=found.limit_minor, committed_minor=committed)
    return found.merchant_ids


async def _open_budget(uow: UnitOfWork, one: Campaign, now: datetime) -> None:
    """Let what plays give of its offer draw on the campaign's budget, which is known by the campaign's id."""
    said, when = one.said, one.said.schedule
    budget = Budget(
        id=one.id,
        owner_id=said.merchant_id,
        name=said.name.strip(),
        currency=one.currency,
        limit_minor=said.budget_minor,
        begins_at=when.starts_at,
        ends_at=when.ends_at,
    )
    offer = (await voucher.read_offers(uow, [said.offer_id]))[said.offer_id]
    await add_budget(uow, budget, [(offer.id, offer.terms.cost_minor)], now)


async def _move(uow: UnitOfWork, one: Campaign, wanted: State, by: UUID | None) -> Campaign:
    if wanted not in MOVES[one.state]:
        raise CampaignMoveRefused(state=one.state.value, wanted=wanted.value)
    now = await uow.now()
    if wanted in (State.RUNNING, State.PAUSED):
        if not await store.set_live(uow, one, paused=wanted is State.PAUSED):
            other = await in_the_way(uow, one)
            raise OfferInCampaign(offer_id=one.said.offer_id, campaign_id=None if other is None else other.id)
    else:
        await store.unset_live(uow, one.id)
    # An offer that was given only by a campaign is not given without it: nobody would be compared with.
    if {one.state, wanted} & {State.RUNNING, State.PAUSED}:
        await voucher.set_paused(uow, one.said.offer_id, paused=wanted is not State.RUNNING)
    if wanted is State.RUNNING and one.state is not State.PAUSED:
        await _open_budget(uow, one, now)
    if wanted is State.ENDED:
        await end_budget(uow, one.id, now)
    await store.move(uow, one.id, wanted, by or uow.network_id, now)
    uow.record("campaign_changed", [one.id])
    return replace(one, state=wanted, changed_at=now)
