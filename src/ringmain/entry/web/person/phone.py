"""The phone's session: which network it is in, by what it plays before anybody has joined, and who holds it."""

import secrets
from typing import Any
from uuid import UUID

from ringmain.entry.web.audiences import PHONE
from ringmain.entry.web.services import services
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pages import Visit
from ringmain.kit.pages.sessions import change_facts
from ringmain.member import api as member
from ringmain.member.api import Known
from ringmain.network import api as network

# What a phone keeps when its holder signs in: what it plays with, and where it was last.
_CARRIED = ("device", "scene", "touch", "touched_at", "shop", "choice", "take", "game", "packet", "challenge", "next")
_DEVICE_BYTES = 16


async def enter(visit: Visit, network_id: UUID) -> None:
    """Give this browser a session in a network, where it has none there; nobody is known by it yet."""
    if visit.session is None or visit.session.network_id != network_id:
        async with visit.unit(network_id) as uow:
            await visit.sign_in(uow, PHONE, None, {"device": secrets.token_hex(_DEVICE_BYTES)})


async def home(visit: Visit) -> UUID | None:
    """Return the network that a phone is in: the session's, else the demo's, else the only one of the present.

    None where there are several: then the phone has to scan a code first.
    """
    if visit.session is not None:
        return visit.session.network_id
    if services(visit).demo_network is not None:
        return services(visit).demo_network
    async with visit.site.database.unit(None) as uow:
        found = await network.all_networks(uow)
    present = []
    for network_id in found:
        async with visit.unit(network_id) as uow:
            if not (await network.network_of(uow)).simulated:
                present.append(network_id)
    return present[0] if len(present) == 1 else None


async def sign_in(visit: Visit, member_id: UUID) -> None:
    """Let a member hold this phone from now on.

    The session before stays as it was, for it stands for nobody: a second tap on the button, already on its way with
    the old cookie, is answered like the first one.
    """
    before, visit.session = visit.known, None
    kept = {name: before.facts[name] for name in _CARRIED if name in before.facts}
    async with visit.unit(before.network_id) as uow:
        await visit.sign_in(uow, PHONE, member_id, kept)


async def holder(visit: Visit, uow: UnitOfWork) -> Known | None:
    """Return who holds this phone; None where nobody is known, or where they were erased."""
    if visit.session is None or visit.session.holder_id is None:
        return None
    return (await member.subjects(uow, [visit.session.holder_id]))[0]


async def remember(visit: Visit, uow: UnitOfWork, **facts: Any) -> None:
    """Change what this phone's session remembers; None forgets a fact."""
    await change_facts(uow, visit.known, **facts)
    visit.known.facts.update(facts)


def device(visit: Visit) -> str:
    """Return by what this phone plays before anybody has joined."""
    return str(visit.known.facts.get("device") or visit.known.id)
