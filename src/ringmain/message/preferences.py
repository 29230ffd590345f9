"""How people want to be reached: their channel, a pause, and the rules of their network."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.member import api as member
from ringmain.member.errors import MemberUnknown
from ringmain.message.model import Channel, Preferences, Rules, check_pause, check_rules
from ringmain.message.store import wishes


async def preferences_of(uow: UnitOfWork, people: Mapping[UUID, Iterable[UUID]]) -> dict[UUID, Preferences]:
    """Return the last choice among the subjects of each person, by the key given; who never chose is absent."""
    shared: dict[UUID, list[UUID]] = {}
    for asked, subject_ids in people.items():
        for id_ in subject_ids:
            shared.setdefault(id_, []).append(asked)
    chosen: dict[UUID, Preferences] = {}
    for row in await wishes.preferences(uow, shared):
        for asked in shared[row.subject_id]:
            chosen[asked] = Preferences(Channel(row.channel), row.paused_until)
    return chosen


async def preferences(uow: UnitOfWork, member_id: UUID) -> Preferences:
    """Return how a person wants to be reached. Raises `MemberUnknown`."""
    known = await _person(uow, member_id)
    found = await preferences_of(uow, {known.subject_id: known.subject_ids})
    return found.get(known.subject_id, Preferences())


async def set_preferences(uow: UnitOfWork, member_id: UUID, chosen: Preferences) -> Preferences:
    """Keep how a person wants to be reached. Raises `MemberUnknown` or `PauseInvalid`."""
    known = await _person(uow, member_id)
    now = await uow.now()
    check_pause(chosen.paused_until, now)
    await wishes.set_preferences(uow, known.subject_id, chosen, now)
    return chosen


async def rules(uow: UnitOfWork) -> Rules:
    """Return how much this network may send, and when."""
    return await wishes.rules(uow)


async def set_rules(uow: UnitOfWork, new: Rules) -> Rules:
    """Change how much this network may send, and when. Raises `MessageRulesInvalid`."""
    await wishes.set_rules(uow, check_rules(new))
    return new


async def _person(uow: UnitOfWork, member_id: UUID) -> member.Known:
    known = (await member.subjects(uow, [member_id]))[0]
    if known is None:
        raise MemberUnknown
    return known
