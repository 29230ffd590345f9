"""What plans say for people who are met: which offers come first, which benefits they see, how often they are written.

Nobody is served by a plan who does not agree to personal answers, is not of its tribe, or is not known: of them there
is no fact either. Everybody else is recorded at the first meeting, in both groups alike, before the group makes any
difference; those people are compared later, as they were dealt.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from ringmain.campaign import store as given_store
from ringmain.campaign.plan.assignment import is_compared
from ringmain.campaign.service import store
from ringmain.campaign.service.model import Benefit, Met, ServicePlan
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.ids import uuid7
from ringmain.member.api import Known
from ringmain.network import api as network
from ringmain.scene import api as scene
from ringmain.scene.api import Touch
from ringmain.segment import api as segment


async def first_offers(uow: UnitOfWork, known: Known | None, touch: Touch, at: datetime) -> frozenset[UUID]:
    """Meet a person at a scene: return the offers that come first for them, empty for whoever has no plan.

    Announces `service_met` where it is the first time under a plan.
    """
    mine = await _plans_of(uow, known)
    if known is None or not mine:
        return frozenset()
    where = await scene.scene(uow, touch.scene_id)
    return await _met_at(uow, known, mine, (where.kind, where.merchant_id), at)


async def first_found(uow: UnitOfWork, known: Known | None, at_shop_id: UUID | None, at: datetime) -> frozenset[UUID]:
    """Meet a person who looks for something nearby, at a shop where one is given; return as `first_offers` does.

    A merchant's plan works for whoever stands at its shops. Raises `ShopNotFound`. Announces `service_met`.
    """
    mine = await _plans_of(uow, known)
    if known is None or not mine:
        return frozenset()
    merchant_id = None if at_shop_id is None else (await network.shop_of(uow, at_shop_id)).merchant_id
    return await _met_at(uow, known, mine, ("search", merchant_id), at)


async def _plans_of(uow: UnitOfWork, known: Known | None) -> list[ServicePlan]:
    return [] if known is None else await _of_tribe(uow, await store.running(uow), known.subject_id)


async def _met_at(
    uow: UnitOfWork, known: Known, mine: Sequence[ServicePlan], where: tuple[str, UUID | None], at: datetime
) -> frozenset[UUID]:
    """Meet a person under those of their plans that work at a kind of scene of a merchant; return what comes first."""
    mine = [one for one in mine if one.works_at(*where, uow.network_id)]
    await meet(uow, [_met(one, known.subject_id, at) for one in mine])
    served = [one for one in mine if not held_out(one, known.subject_id)]
    return frozenset(id_ for one in served for id_ in one.said.offer_ids)


async def benefits_of(
    uow: UnitOfWork, known: Known, merchant_ids: Sequence[UUID] | None
) -> list[tuple[UUID, tuple[Benefit, ...]]]:
    """Return the benefits that a person has now, each with whose they are, the network's first; from the first meeting.

    `merchant_ids`: at whose shops; None everywhere. Nothing where they do not agree to personal answers any more.
    """
    return [(one.owner_id, one.said.benefits) for one in await benefit_plans(uow, known, merchant_ids)]


async def benefit_plans(uow: UnitOfWork, known: Known, merchant_ids: Sequence[UUID] | None) -> list[ServicePlan]:
    """Return the plans of which `benefits_of` tells, the network's first."""
    plans = await store.met_running(uow, known.subject_ids)
    mine = await _of_tribe(uow, [one for one in plans if one.said.benefits], known.subject_id)
    owners = None if merchant_ids is None else {uow.network_id, *merchant_ids}
    found = [one for one in mine if not held_out(one, known.subject_id) and (owners is None or one.owner_id in owners)]
    return sorted(found, key=lambda one: one.owner_id != uow.network_id)


def held_out(one: ServicePlan, subject_id: UUID) -> bool:
    """Say whether a person is served as if there were no plan: dealt as in campaigns, decision 0026."""
    return is_compared(one.salt, subject_id, one.held_out_bp)


async def _of_tribe(uow: UnitOfWork, plans: Sequence[ServicePlan], subject_id: UUID) -> list[ServicePlan]:
    """Return the plans of the tribe of a person; of whoever does not agree to personal answers, none."""
    if not plans:
        return []
    tribe_id = await segment.tribe_of(uow, subject_id)
    return [one for one in plans if one.tribe_id == tribe_id]


async def meet(uow: UnitOfWork, rows: Sequence[Met]) -> None:
    """Write who was met under which plan, where it is for the first time. Announces `service_met`."""
    first = await store.add_met(uow, rows) if rows else []
    if first:
        uow.record("service_met", first)


def _met(one: ServicePlan, subject_id: UUID, at: datetime) -> Met:
    return Met(
        id=uuid7(at),
        plan_id=one.id,
        version=one.version,
        tribe_id=one.tribe_id,
        scene=one.scene,
        subject_id=subject_id,
        treated=not held_out(one, subject_id),
        met_at=at,
    )


@dataclass(frozen=True, slots=True)
class Messaging:
    """What plans say of a day's messages, by subject.

    `shut`: owners of whose vouchers a person gets no message today, the network's id for any. `first`: by plan owner,
    the offers that come first. `plans`: those for messages, to be met when somebody could be sent something.
    """

    shut: Mapping[UUID, frozenset[UUID]]
    first: Mapping[UUID, tuple[tuple[UUID, frozenset[UUID]], ...]]
    plans: Mapping[UUID, tuple[ServicePlan, ...]]

    def met(self, subject_ids: Sequence[UUID], at: datetime) -> list[Met]:
        """Return the meetings of people who could be sent something today, in both groups alike."""
        return [_met(plan, id_, at) for id_ in subject_ids for plan in self.plans.get(id_, ())]


async def messaging(uow: UnitOfWork, people: Sequence[Known], day: date) -> Messaging:
    """Return what plans say of the messages to people who agree to personal answers; the network's local `day`.

    The pace holds for whoever was met under its plan, wherever that was; it only ever keeps messages back.
    """
    plans = await store.running(uow)
    if not plans:
        return Messaging({}, {}, {})
    roots = {one.subject_id for one in people}
    tribes = {
        id_: roots.intersection(await segment.of_tribe(uow, id_)) for id_ in sorted({one.tribe_id for one in plans})
    }
    met = await store.met_of(uow, [one.id for one in plans if one.said.message_days])
    said: dict[UUID, list[ServicePlan]] = {}
    for one in plans:
        if one.scene == "message":
            for id_ in tribes[one.tribe_id]:
                said.setdefault(id_, []).append(one)
    first = {
        id_: tuple((one.owner_id, frozenset(one.said.offer_ids)) for one in mine if not held_out(one, id_))
        for id_, mine in said.items()
    }
    subjects = {one.subject_id: one.subject_ids for one in people}
    paced: dict[UUID, list[ServicePlan]] = {}
    for one in plans:
        for id_ in tribes[one.tribe_id] if one.said.message_days else ():
            if not held_out(one, id_) and any((one.id, each) in met for each in subjects[id_]):
                paced.setdefault(id_, []).append(one)
    shut = await _paused(uow, {id_: subjects[id_] for id_ in paced}, paced, day)
    return Messaging(shut, first, {id_: tuple(mine) for id_, mine in said.items()})


async def _paused(
    uow: UnitOfWork, people: Mapping[UUID, Sequence[UUID]], paced: Mapping[UUID, Sequence[ServicePlan]], day: date
) -> dict[UUID, frozenset[UUID]]:
    """Return the owners that have had their message to a person in the days of a plan's pace."""
    if not paced:
        return {}
    most = max(one.said.message_days or 1 for mine in paced.values() for one in mine)
    subjects = {each: id_ for id_, all_ in people.items() for each in all_}
    shut: dict[UUID, set[UUID]] = {}
    for count in await given_store.given_to_each(uow, subjects, day - timedelta(days=most - 1)):
        for one in paced[count.subject_id] if count.channel == "message" else ():
            begins = day - timedelta(days=(one.said.message_days or 1) - 1)
            if count.day >= begins and one.owner_id in (uow.network_id, count.owner_id):
                shut.setdefault(count.subject_id, set()).add(one.owner_id)
    return {id_: frozenset(owners) for id_, owners in shut.items()}


async def copied_plans(uow: UnitOfWork, known: Known) -> list[dict[str, Any]]:
    """Return for a person's own copy under which plans they were met, and whether they were served or held out."""
    return [
        {
            "plan_id": one.plan_id,
            "met_at": one.met_at,
            "where": one.scene,
            "group": "served" if one.treated else "held_out",
        }
        for one in await store.met_by(uow, known.subject_ids)
    ]


async def owners_named(uow: UnitOfWork, found: Sequence[tuple[UUID, tuple[Benefit, ...]]]) -> dict[UUID, str]:
    """Return the names of the merchants whose benefits these are."""
    ids = sorted({owner for owner, _ in found} - {uow.network_id})
    return {one.id: one.legal_name for one in await network.merchants(uow, ids)} if ids else {}
