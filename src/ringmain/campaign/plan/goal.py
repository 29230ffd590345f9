"""Whom the goal of a campaign leaves out: who is no new guest, or has not stayed away, by purchases at its merchant."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from ringmain.campaign.plan.model import Campaign, NewCampaign
from ringmain.kit.db import UnitOfWork
from ringmain.member import api as member
from ringmain.member.api import Known
from ringmain.profile import api as profile
from ringmain.sale import api as sale


async def left_out(
    uow: UnitOfWork, campaigns: Sequence[Campaign], known: Mapping[UUID, Known], at: datetime
) -> dict[UUID, frozenset[UUID]]:
    """Return by campaign, where its goal narrows it, which of these people (by the keys of `known`) it is not for.

    Where somebody bought is looked at only with their consent to personalisation: who does not agree is new as far as
    the network may tell, and has not stayed away from anywhere. Sales that were undone, or that the person says were
    not theirs, do not count. Of the network's own campaigns every shop does.
    """
    narrowed = [one for one in campaigns if one.said.narrows]
    if not narrowed or not known:
        return {one.id: frozenset() for one in narrowed}
    subjects = {id_: one.subject_id for one in known.values() for id_ in one.subject_ids}
    agreed = await member.consented(uow, sorted(set(subjects.values())), member.Purpose.PERSONALISATION)
    theirs = {id_: person for id_, person in subjects.items() if person in agreed}
    last = await _last_at(uow, theirs, {one.said.merchant_id for one in narrowed})
    asked: dict[UUID, list[UUID]] = {}
    for id_, person in known.items():
        asked.setdefault(person.subject_id, []).append(id_)
    return {one.id: _left_out_of(one.said, last[one.said.merchant_id], asked, at) for one in narrowed}


async def _last_at(
    uow: UnitOfWork, theirs: Mapping[UUID, UUID], merchants: Collection[UUID]
) -> dict[UUID, dict[UUID, datetime]]:
    """Return when people bought something last, by merchant and person; the network stands for every merchant.

    `theirs` names for every subject the one that stands for its person.
    """
    last: dict[UUID, dict[UUID, datetime]] = {id_: {} for id_ in merchants}
    if not theirs:
        return last
    every = last.get(uow.network_id)
    asked = None if every is not None else sorted(merchants)
    for row in await sale.last_at_merchants(uow, theirs, asked, without=profile.DISPUTED_BY):
        if row.merchant_id in last:
            last[row.merchant_id][row.subject_id] = row.last_at
        if every is not None:
            every[row.subject_id] = max(row.last_at, every.get(row.subject_id, row.last_at))
    return last


def _left_out_of(
    said: NewCampaign, last: Mapping[UUID, datetime], asked: Mapping[UUID, Sequence[UUID]], at: datetime
) -> frozenset[UUID]:
    """Return which of the `asked` (ids by person) a campaign is not for; `last`: when people bought there last.

    All who never bought there are alike: about them the campaign is asked once.
    """
    bought = [person for person in last if person in asked]
    others = () if said.is_for(None, at) else asked.keys() - last.keys()
    people = [*(person for person in bought if not said.is_for(last[person], at)), *others]
    return frozenset(id_ for person in people for id_ in asked[person])


async def apart(
    uow: UnitOfWork, campaigns: Sequence[Campaign], subject_id: UUID | None, at: datetime
) -> frozenset[UUID]:
    """Return the campaigns (ids) whose goal leaves out one person; nobody who is known yet (None) may be new."""
    narrowed = [one for one in campaigns if one.said.narrows]
    if subject_id is None:
        return frozenset(one.id for one in narrowed if not one.said.is_for(None, at))
    if not narrowed:
        return frozenset()
    found = await left_out(uow, narrowed, await member.people_of(uow, [subject_id]), at)
    return frozenset(id_ for id_, people in found.items() if people)
