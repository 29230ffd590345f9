"""The life of a service plan: made for a tribe at a scene, changed as a new version, ended."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from ringmain.campaign.errors import ServicePlanEnded, ServicePlanInvalid, ServicePlanNotFound, ServicePlanRunning
from ringmain.campaign.plan.store import campaigns, partnerships
from ringmain.campaign.service import store
from ringmain.campaign.service.model import (
    LEAST_HELD_OUT_BP,
    MOST_HELD_OUT_BP,
    SCENES,
    USUAL_HELD_OUT_BP,
    Said,
    Scene,
    ServicePlan,
)
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.ids import uuid7
from ringmain.network import api as network
from ringmain.segment import api as segment
from ringmain.segment.errors import TribeUnknown
from ringmain.voucher import api as voucher

_SALT_BYTES = 16
_MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class NewServicePlan:
    """A plan as somebody thinks of it; `owner_id`: a merchant, or the network for its operator's."""

    owner_id: UUID
    tribe_id: UUID
    scene: Scene
    said: Said
    held_out_bp: int = USUAL_HELD_OUT_BP


async def make_plan(uow: UnitOfWork, new: NewServicePlan, *, by: UUID | None) -> ServicePlan:
    """Let a tribe be served by a plan from now on, of merchant `by` only where one is given (None: the operator).

    Raises `ServicePlanInvalid` with the field, `TribeUnknown` (for merchants also where they are not told of the
    tribe), `ServicePlanRunning`, `ServicePlanNotFound` for another owner, `MerchantNotFound`. Announces
    `service_plan_changed`.
    """
    if by not in (None, new.owner_id):
        raise ServicePlanNotFound
    if new.owner_id != uow.network_id:
        await network.merchant_of(uow, new.owner_id)
    if new.scene not in SCENES:
        raise ServicePlanInvalid(field="scene", reason="Plans are for posters, tags, links, screens, payments, ...")
    if not LEAST_HELD_OUT_BP <= new.held_out_bp <= MOST_HELD_OUT_BP:
        raise ServicePlanInvalid(field="held_out_bp", reason="From 500 to 2,000 of 10,000 people are held out.")
    await _check(uow, new.owner_id, new.said)
    if new.tribe_id not in await _told_of(uow, new.owner_id):
        raise TribeUnknown
    await store.lock(uow, f"{new.owner_id}{new.tribe_id}{new.scene}")
    same = [one for one in await store.running(uow) if _same(one, new)]
    if same:
        raise ServicePlanRunning(plan_id=same[0].id)
    now = await uow.now()
    one = ServicePlan(
        id=uuid7(now),
        owner_id=new.owner_id,
        tribe_id=new.tribe_id,
        scene=new.scene,
        salt=secrets.token_bytes(_SALT_BYTES),
        held_out_bp=new.held_out_bp,
        version=1,
        said=new.said,
        made_at=now,
        changed_at=now,
        ended_at=None,
    )
    await store.add(uow, one)
    await store.add_version(uow, one, by or uow.network_id)
    uow.record("service_plan_changed", [one.id])
    return one


async def change_plan(uow: UnitOfWork, plan_id: UUID, said: Said, *, by: UUID | None) -> ServicePlan:
    """Let a plan say something else from now on; who is held out stays so. The same again changes nothing.

    Raises `ServicePlanNotFound`, `ServicePlanEnded`, `ServicePlanInvalid`. Announces `service_plan_changed`.
    """
    await store.lock(uow, str(plan_id))
    one = await read_plan(uow, plan_id, by=by)
    if one.ended_at is not None:
        raise ServicePlanEnded
    if said == one.said:
        return one
    await _check(uow, one.owner_id, said)
    changed = replace(one, said=said, version=one.version + 1, changed_at=await uow.now())
    await store.add_version(uow, changed, by or uow.network_id)
    uow.record("service_plan_changed", [one.id])
    return changed


async def end_plan(uow: UnitOfWork, plan_id: UUID, *, by: UUID | None) -> ServicePlan:
    """End a plan for good; once more changes nothing. Raises `ServicePlanNotFound`."""
    await store.lock(uow, str(plan_id))
    one = await read_plan(uow, plan_id, by=by)
    if one.ended_at is not None:
        return one
    now = await uow.now()
    await store.end(uow, plan_id, now)
    uow.record("service_plan_changed", [one.id])
    return replace(one, ended_at=now)


async def read_plan(uow: UnitOfWork, plan_id: UUID, *, by: UUID | None) -> ServicePlan:
    """Return a plan, to its merchant or the operator (None). Raises `ServicePlanNotFound`."""
    one = await store.plan(uow, plan_id)
    if one is None or by not in (None, one.owner_id):
        raise ServicePlanNotFound
    return one


async def plans_of(
    uow: UnitOfWork, owner_id: UUID | None, *, before: UUID | None = None, limit: int = _MOST
) -> list[ServicePlan]:
    """Return plans, the newest first, of one owner or of all."""
    return await store.page(uow, owner_id, before, limit)


async def offers_for(uow: UnitOfWork, owner_id: UUID) -> list[voucher.PublishedOffer]:
    """Return the newest offers that may come first: the network's operator names any, a merchant some.

    Its own, and those that partners give in campaigns under partnerships which all have agreed to. What costs points
    is never given at a scene.
    """
    own = owner_id != uow.network_id
    found = await voucher.newest_offers(uow, creator_merchant_id=owner_id if own else None, limit=_MOST)
    if own:
        partners = await _partners_offers(uow, owner_id)
        found += list((await voucher.read_offers(uow, sorted(partners))).values()) if partners else []
    return [one for one in found if not one.terms.price_points]


async def _partners_offers(uow: UnitOfWork, merchant_id: UUID) -> set[UUID]:
    agreed = {one.id for one in await partnerships.of_merchant(uow, merchant_id) if one.state == "agreed"}
    if not agreed:
        return set()
    live = await campaigns.live(uow, None)
    return {one.said.offer_id for one in live if one.said.partnership_id in agreed} - {
        one.said.offer_id for one in live if one.said.merchant_id == merchant_id
    }


async def _check(uow: UnitOfWork, owner_id: UUID, said: Said) -> None:
    if said.fault is not None:
        raise ServicePlanInvalid(field=said.fault[0], reason=said.fault[1])
    offers = await voucher.read_offers(uow, list(said.offer_ids)) if said.offer_ids else {}
    others = {id_ for id_ in said.offer_ids if id_ not in offers or owner_id != offers[id_].creator_merchant_id}
    if owner_id == uow.network_id:
        others -= set(offers)
    elif others:
        others -= await _partners_offers(uow, owner_id)
    if others:
        raise ServicePlanInvalid(field="offer_ids", reason="An offer is neither yours nor in a partner's campaign.")
    if any(one.terms.price_points for one in offers.values()):
        raise ServicePlanInvalid(field="offer_ids", reason="What costs points is not given at scenes.")


async def _told_of(uow: UnitOfWork, owner_id: UUID) -> Sequence[UUID]:
    """Return the tribes that an owner is told of."""
    if owner_id == uow.network_id:
        return [one.id for one in (await segment.tribes_of_network(uow)).tribes]
    return [one.tribe_id for one in (await segment.tribes_of_merchant(uow, owner_id)).tribes]


def _same(one: ServicePlan, new: NewServicePlan) -> bool:
    return (one.owner_id, one.tribe_id, one.scene) == (new.owner_id, new.tribe_id, new.scene)
