"""How the tests of plays draw and claim."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from ringmain.campaign import api
from ringmain.campaign.api import Claimed, Draw, Player
from ringmain.member.api import Known
from tests.match.street import NOW, Street


def phone(known: Known | None = None) -> Player:
    """Return the phone of somebody new, or of a member who is signed in."""
    return Player(uuid4().hex, known)


async def draw(street: Street, token: str, player: Player | None = None, at: datetime = NOW, **more: Any) -> Draw:
    """Let somebody scan a code, and draw."""
    touch = await street.touch(token, at)
    async with street.unit(at) as uow:
        return await api.draw(uow, street.keyring, touch, player or phone(), **more)


async def claim(street: Street, drawn: Draw, known: Known, offer_id: UUID | None = None, at: datetime = NOW) -> Claimed:
    """Choose a prize: the first, where nothing else is said."""
    async with street.unit(at) as uow:
        chosen = offer_id or drawn.prizes[0].offer.id
        return await api.claim(uow, street.keyring, drawn.token, chosen, known.member_id)
