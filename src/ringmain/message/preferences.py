"""How people want to be reached: by which channels, when and about what, and the rules of their network."""

from collections.abc import Iterable, Mapping
from uuid import UUID
from zoneinfo import ZoneInfo

from ringmain.kit.db import UnitOfWork
from ringmain.member import api as member
from ringmain.member.errors import MemberUnknown
from ringmain.message.errors import PreferencesInvalid
from ringmain.message.model import Moment, Preferences, Rules, check_preferences, check_rules
from ringmain.message.store import wishes
from ringmain.network import api as network


async def preferences_of(uow: UnitOfWork, people: Mapping[UUID, Iterable[UUID]]) -> dict[UUID, Preferences]:
    """Return the last choice among the subjects of each person, by the key given; who never chose is absent."""
    shared: dict[UUID, list[UUID]] = {}
    for asked, subject_ids in people.items():
        for id_ in subject_ids:
            shared.setdefault(id_, []).append(asked)
    chosen: dict[UUID, Preferences] = {}
    for row in await wishes.preferences(uow, shared):
        for asked in shared[row.subject_id]:
            chosen[asked] = row.preferences
    return chosen


async def preferences(uow: UnitOfWork, member_id: UUID) -> Preferences:
    """Return how a person wants to be reached. Raises `MemberUnknown`."""
    known = await _person(uow, member_id)
    found = await preferences_of(uow, {known.subject_id: known.subject_ids})
    return found.get(known.subject_id, Preferences())


async def set_preferences(uow: UnitOfWork, member_id: UUID, chosen: Preferences) -> Preferences:
    """Keep how a person wants to be reached. Raises `MemberUnknown`, `PauseInvalid` or `PreferencesInvalid`."""
    known = await _person(uow, member_id)
    now, home = await uow.now(), await network.network_of(uow)
    if chosen.time_zone is not None and not network.known_time_zone(chosen.time_zone):
        raise PreferencesInvalid(reason="time_zone")
    moment = Moment(now, ZoneInfo(home.time_zone))
    check_preferences(chosen, await wishes.rules(uow), moment, own_zone(chosen))
    await wishes.set_preferences(uow, known.subject_id, chosen, now)
    return chosen


def own_zone(chosen: Preferences) -> ZoneInfo | None:
    """Return the time zone of a person's quiet hours; None: the network's."""
    return None if chosen.time_zone is None else ZoneInfo(chosen.time_zone)


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
