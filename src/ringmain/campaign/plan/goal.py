"""Whom the goal of a campaign leaves out: who is no new guest, or has not stayed away, by purchases at its merchant."""

from collections.abc import Mapping, Sequence
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
    merchants = {one.said.merchant_id for one in narrowed}
    last: dict[UUID, dict[UUID, datetime]] = {}
    if theirs:
        every = uow.network_id in merchants
        for row in await sale.last_at_merchants(
            uow, theirs, None if every else sorted(merchants), without=profile.DISPUTED_BY
        ):
            last.setdefault(row.subject_id, {})[row.merchant_id] = row.last_at
    return {
        one.id: frozenset(
            id_
            for id_, person in known.items()
            if not one.said.is_for(_last(uow.network_id, one.said, last.get(person.subject_id, {})), at)
        )
        for one in narrowed
    }


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


def _last(network_id: UUID, said: NewCampaign, by_merchant: Mapping[UUID, datetime]) -> datetime | None:
    if said.merchant_id == network_id:
        return max(by_merchant.values(), default=None)
    return by_merchant.get(said.merchant_id)
