"""How a voucher was won in a game: who played where, by which odds, and the chance by which it was decided."""

from dataclasses import dataclass
from uuid import UUID

from ringmain.campaign.errors import NotWonInGame
from ringmain.campaign.games.model import chance_of, packed
from ringmain.campaign.games.store import choices as choice_store
from ringmain.campaign.games.store.told import ToldPlay, plays_of_vouchers
from ringmain.kit.db import UnitOfWork
from ringmain.voucher import api as voucher


@dataclass(frozen=True, slots=True)
class PlayStory:
    """The play of a voucher, or of the voucher that it is a part of (`shared`).

    `chance`, from 0 to 1, is the last 62 bits of the play's id, which the server made before anything was decided: who
    knows the odds and what was left can work the prize out again. `shown`: the places that could be chosen from.
    """

    play: ToldPlay
    chance: float
    shown: tuple[int, ...]
    shared: bool


async def play_story(uow: UnitOfWork, voucher_id: UUID) -> PlayStory:
    """Return how a voucher was won. Raises `VoucherNotFound`, or `NotWonInGame`."""
    way = (await voucher.show(uow, voucher_id)).lineage
    whole = next((hop for hop in way if hop.origin_kind != "split"), way[-1])
    play = (await plays_of_vouchers(uow, [whole.voucher_id])).get(whole.voucher_id)
    if play is None:
        raise NotWonInGame()
    row = await choice_store.read_choice(uow, play.voucher_id)
    shown = () if row is None else tuple(row.places)
    chance = float(chance_of(packed([play.voucher_id]))[0])
    return PlayStory(play, chance, shown, shared=whole.voucher_id != voucher_id)
