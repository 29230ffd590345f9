"""How vouchers were won in games, found from the vouchers: for who follows one back, and for the lake."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringmain.campaign.games.model import GameKind
from ringmain.kit.db import UnitOfWork, pack_uuids
from ringmain.kit.lake import LakeTable


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldPlay:
    """One play: who played where, in which game, and which of its prizes they won by what published odds.

    `shop_id` None: at the network's own scene. `period`: the day since 1970, or 0 for the whole game.
    """

    voucher_id: UUID
    game_id: UUID
    game_name: str
    kind: GameKind
    choices: int
    scene_id: UUID
    shop_id: UUID | None
    subject_id: UUID
    touch_id: UUID | None
    period: int
    place: int
    offer_id: UUID
    odds: int
    stock: int
    played_at: datetime


# From a voucher to its lot, prize and game, and to the one key under which its play stands: no search among plays.
_PLAYS = """
    FROM voucher v
    JOIN network n ON n.network_id = v.network_id
    JOIN game_prize z ON z.network_id = v.network_id AND z.lot_id = v.origin_id
    JOIN game g ON g.network_id = z.network_id AND g.id = z.game_id
    JOIN game_scene s ON s.network_id = z.network_id AND s.game_id = z.game_id
         AND s.shop_id IS NOT DISTINCT FROM v.sender_shop_id
    JOIN play p ON p.network_id = s.network_id AND p.scene_id = s.scene_id AND p.subject_id = v.subject_id
         AND p.period = CASE g.period WHEN 'day' THEN (v.granted_at AT TIME ZONE n.time_zone)::date - DATE '1970-01-01'
                        ELSE 0 END
         AND p.voucher_id = v.id
    WHERE v.network_id = %(network)s AND v.id = ANY(%(ids)s) AND v.origin_kind = 'lot'
"""
_TOLD = f"""
    SELECT p.voucher_id, g.id AS game_id, g.name AS game_name, g.kind, g.choices, p.scene_id, s.shop_id, p.subject_id,
           p.touch_id, p.period, p.place, z.offer_id, z.odds, z.stock, v.granted_at AS played_at
    {_PLAYS}
"""


async def plays_of_vouchers(uow: UnitOfWork, voucher_ids: Sequence[UUID]) -> dict[UUID, ToldPlay]:
    """Return how vouchers were won in games, by voucher; those that were not are absent."""
    rows = await uow.rows(ToldPlay, _TOLD, {"network": uow.network_id, "ids": pack_uuids(voucher_ids)})
    return {row.voucher_id: row for row in rows}


_FACTS = f"""
    SELECT p.voucher_id::text, g.id::text AS game_id, g.kind, p.scene_id::text, s.shop_id::text, p.subject_id::text,
           p.touch_id::text, p.period::bigint AS period, p.place::bigint AS place, z.offer_id::text,
           z.odds::bigint AS odds, z.odds = 0 AS stood_in, v.granted_at AS played_at
    {_PLAYS}
"""
# A play has no fact of its own: it is announced with its voucher.
LAKE_TABLES = (
    LakeTable(
        kind="play",
        columns={
            "voucher_id": "string",
            "game_id": "string",
            "kind": "string",
            "scene_id": "string",
            "shop_id": "string",
            "subject_id": "string",
            "touch_id": "string",
            "period": "int64",
            "place": "int64",
            "offer_id": "string",
            "odds": "int64",
            "stood_in": "bool",
            "played_at": "timestamp",
        },
        query=_FACTS,
        day_column="played_at",
        announced_as=("grant",),
        per_id=False,
    ),
)
