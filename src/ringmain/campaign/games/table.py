"""What plays of a game are decided on: its prizes, their odds at each scene, and in which period a play counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from ringmain.campaign.games.choices import Bools, clashing
from ringmain.campaign.games.model import Game, GameScene, Prize, PrizeShops, allowed, days_of
from ringmain.kit.db import UnitOfWork
from ringmain.network import api as network
from ringmain.voucher import api as voucher

Int64s = npt.NDArray[np.int64]

HOUR_US = 3_600_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KEPT = "campaign.games.odds"


@dataclass(frozen=True, slots=True)
class Table:
    """A game on the table: its prizes, all scenes of the batch, and at which of them each play is made."""

    game: Game
    prizes: Sequence[Prize]
    scenes: Sequence[GameScene]
    scene_of_play: Int64s


class Odds(NamedTuple):
    """The odds of each prize (column) at each scene (row), 0 where it may not be won, and where it stands in.

    `clash` says which prizes are not shown beside each other.
    """

    odds: npt.NDArray[np.float64]
    stand_ins: Bools
    clash: Bools


async def odds_of(uow: UnitOfWork, table: Table, lots: Sequence[voucher.OpenLot]) -> Odds:
    """Return the odds of each prize at each scene, and where it stands in.

    What they follow from is looked at each time; they are worked out again only where it has changed.
    """
    rivals = frozenset(await network.rival_shops(uow))
    follows_from = (rivals, tuple(table.scenes), tuple(table.prizes))
    kept: dict[tuple[UUID, UUID], tuple[object, Odds]]
    kept = uow.kept.setdefault(_KEPT, {})
    before = kept.get((uow.network_id, table.game.id))
    if before is not None and before[0] == follows_from:
        return before[1]
    led_to = [one.offer.terms.shop_ids for one in lots]
    wanted = {shop for shops in led_to for shop in shops} | {one.shop_id for one in table.scenes if one.shop_id}
    owner = {shop.id: shop.merchant_id for shop in await network.shops(uow, sorted(wanted))}
    leads = [PrizeShops(tuple((owner[shop], shop) for shop in shops)) for shops in led_to]
    at = [(owner[one.shop_id], one.shop_id) if one.shop_id else None for one in table.scenes]
    fits = np.array([[allowed(shop, prize, rivals) for prize in leads] for shop in at], dtype=np.bool_)
    odds = fits * np.array([float(prize.odds) for prize in table.prizes])
    stand_ins = fits & np.array([prize.stand_in for prize in table.prizes])
    found = Odds(odds, stand_ins, clashing(leads))
    kept[uow.network_id, table.game.id] = (follows_from, found)
    return found


async def periods_of(uow: UnitOfWork, game: Game, at_us: Int64s) -> Int64s:
    """Return in which period each play is counted: the day of the network, or the one of the whole game."""
    if game.period == "game" or not len(at_us):
        return np.zeros(len(at_us), dtype=np.int64)
    zone = ZoneInfo((await network.network_of(uow)).time_zone)
    hours, place = np.unique(at_us // HOUR_US, return_inverse=True)
    # The offset of a zone changes at whole or half hours; at those that it changes within, the first half decides.
    offsets = [_local_offset_us(int(hour) * HOUR_US, zone) for hour in hours]
    return days_of(at_us, np.array(offsets, dtype=np.int64)[place])


def _local_offset_us(at_us: int, zone: ZoneInfo) -> int:
    offset = (EPOCH + timedelta(microseconds=at_us)).astimezone(zone).utcoffset()
    assert offset is not None
    return offset // timedelta(microseconds=1)
