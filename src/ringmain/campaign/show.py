"""Show a play to whoever holds its token."""

from ringmain.campaign import store
from ringmain.campaign.draw import Draw, shown
from ringmain.campaign.errors import DrawUnknown
from ringmain.campaign.tokens import draw_of
from ringmain.kit.db import UnitOfWork
from ringmain.kit.secrets import Keyring


async def read_draw(uow: UnitOfWork, keyring: Keyring, token: str) -> Draw:
    """Return the play that a token holds, as it stands. Raises `DrawUnknown`."""
    draw_id = draw_of(keyring, uow.network_id, token)
    play = None if draw_id is None else await store.play(uow, draw_id)
    if play is None:
        raise DrawUnknown()
    return await shown(uow, keyring, play)
