"""How many people an audience holds, as far as its merchant may know: ten and more, in fives."""

from datetime import datetime
from uuid import UUID

from ringmain.campaign.plan.model import Audience, NewCampaign
from ringmain.kit.db import UnitOfWork
from ringmain.kit.secrets import Keyring
from ringmain.member import api as member
from ringmain.need import api as need
from ringmain.network import api as network
from ringmain.sale import api as sale
from ringmain.segment import api as segment

# Of visits elsewhere a merchant sees groups over so many other merchants only.
_FEWEST_OTHERS = 3


async def audience_size(uow: UnitOfWork, keyring: Keyring, wish: NewCampaign, at: datetime) -> int | None:
    """Return about how many people a merchant's campaign is for; None where nobody can say, or it may not know.

    Of a tribe: its own guests of four weeks. Of a need: everybody who is expected to want the category, if shops of
    three other merchants and more are of it, moved and rounded as counts of tribes are. A goal that is about new
    guests, or about those who stayed away, narrows each of them. Raises `SegmentUnknown`.
    """
    audience, merchant_id = wish.audience, wish.merchant_id
    if audience.kind == "tribe" and not wish.narrows:
        found = await segment.tribes_of_merchant(uow, merchant_id)
        return next((one.people for one in found.tribes if one.tribe_id == audience.tribe_id), None)
    if audience.segment_id is not None:
        told = (await segment.segment_of(uow, audience.segment_id, merchant_id)).people.number
        if not wish.narrows or told is None:
            return told
    people = await _people(uow, audience, merchant_id, at)
    if wish.narrows:
        people = await _narrowed(uow, wish, people, at)
    key = keyring.derived("needs told to merchants")
    return None if people is None else segment.rounded([str(one) for one in people], key)


async def _people(uow: UnitOfWork, audience: Audience, merchant_id: UUID, at: datetime) -> set[UUID] | None:
    """Return who is in an audience; None where that is everybody, or who stands somewhere."""
    if audience.tribe_id is not None:
        return set(await segment.of_tribe(uow, audience.tribe_id))
    if audience.segment_id is not None:
        return set(await segment.members_of(uow, audience.segment_id))
    if audience.category is not None:
        shops = [shop for shop in await network.all_shops(uow) if shop.category == audience.category]
        few = len({shop.merchant_id for shop in shops} - {merchant_id}) < _FEWEST_OTHERS
        if few or segment.is_sensitive(audience.category):
            return set()
        return set(await need.wanting(uow, [shop.id for shop in shops], at))
    return None


async def _narrowed(uow: UnitOfWork, wish: NewCampaign, people: set[UUID] | None, at: datetime) -> set[UUID] | None:
    """Return those whom the goal is about: its own guests who stayed away; new ones of those it was told of."""
    if wish.goal == "new" and (people is None or wish.audience.kind == "tribe"):
        # How many people are guests of others only is not for one merchant to know.
        return None
    rows = await sale.last_at_merchant(uow, wish.merchant_id)
    known = await member.people_of(uow, [row.subject_id for row in rows])
    agreed = await member.consented(uow, [one.subject_id for one in known.values()], member.Purpose.PERSONALISATION)
    last: dict[UUID, datetime] = {}
    for row in rows:
        person = known[row.subject_id].subject_id if row.subject_id in known else None
        if person in agreed and person is not None:
            last[person] = max(row.last_at, last.get(person, row.last_at))
    return {one for one in (last if people is None else people) if wish.is_for(last.get(one), at)}
