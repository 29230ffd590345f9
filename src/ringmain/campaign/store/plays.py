"""Plays, their prizes and what became of them, in PostgreSQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from ringmain.campaign.model import Play, StoredPrize
from ringmain.kit.db import UnitOfWork, pack_bytes, pack_uuids

_PLAY = """
    SELECT d.id, d.scene_id, d.touch_id, d.shop_id, d.sale_id, d.subject_id, d.day, d.drawn_at, d.expires_at,
           c.voucher_id, c.subject_id AS claimed_by
    FROM draw d LEFT JOIN draw_claim c ON c.network_id = d.network_id AND c.draw_id = d.id
"""
# A phone that somebody else has won with is free for the next person who signs in on it.
_PLAY_OF = f"""
    {_PLAY}
    WHERE d.network_id = %(network)s AND d.scene_id = %(scene)s AND d.day = %(day)s
      AND (
          c.subject_id = ANY(%(subjects)s)
          OR (d.player = ANY(%(players)s)
              AND (c.subject_id IS NULL OR NOT %(known)s OR c.subject_id = ANY(%(subjects)s)))
      )
    ORDER BY c.claimed_at NULLS LAST, d.id LIMIT 1
"""


async def play_of(
    uow: UnitOfWork, scene_id: UUID, day: date, players: Sequence[bytes], subject_ids: Sequence[UUID]
) -> Play | None:
    """Return the play of a person or phone at a scene on a day."""
    params = {
        "network": uow.network_id,
        "scene": scene_id,
        "day": day,
        "players": pack_bytes(players),
        "subjects": pack_uuids(subject_ids),
        "known": bool(subject_ids),
    }
    return await uow.row(Play, _PLAY_OF, params)


async def play(uow: UnitOfWork, draw_id: UUID) -> Play | None:
    """Return a play as it stands."""
    return await uow.row(Play, f"{_PLAY} WHERE d.network_id = %s AND d.id = %s", (uow.network_id, draw_id))


async def play_of_sale(uow: UnitOfWork, sale_id: UUID) -> Play | None:
    """Return the play that a receipt has led to."""
    return await uow.row(Play, f"{_PLAY} WHERE d.network_id = %s AND d.sale_id = %s", (uow.network_id, sale_id))


@dataclass(frozen=True, slots=True)
class _Id:
    id: UUID


async def lock_draw(uow: UnitOfWork, draw_id: UUID) -> bool:
    """Lock a play: who claims its prize is alone until the end of the transaction. False where there is none."""
    query = "SELECT id FROM draw WHERE network_id = %s AND id = %s FOR NO KEY UPDATE"
    return await uow.row(_Id, query, (uow.network_id, draw_id)) is not None


_LOCK_PERSON = "SELECT pg_advisory_xact_lock(hashtextextended(%s::text || %s::text, 14))"


async def lock_person(uow: UnitOfWork, subject_id: UUID) -> None:
    """Let one claim at a time of this person go on, at whatever scene: what a person may get at all is counted."""
    await uow.execute(_LOCK_PERSON, (str(uow.network_id), str(subject_id)))


_ADD = """
    INSERT INTO draw (network_id, id, scene_id, touch_id, shop_id, sale_id, subject_id, player, day, candidates,
                      drawn_at, expires_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT DO NOTHING RETURNING id
"""
_ADD_PRIZES = """
    INSERT INTO draw_prize (network_id, draw_id, place, offer_id, shop_id, propensity, reasons)
    SELECT %s, %s, t.place, t.offer, t.shop, t.propensity, t.reasons::jsonb
    FROM unnest(%s::smallint[], %s, %s, %s::float8[], %s::text[]) AS t (place, offer, shop, propensity, reasons)
"""


async def add_play(uow: UnitOfWork, play: Play, player: bytes, candidates: int, prizes: Sequence[StoredPrize]) -> bool:
    """Write a play with its prizes; False where the player, or the sale, has one already."""
    row = await uow.row(
        _Id,
        _ADD,
        (
            uow.network_id,
            play.id,
            play.scene_id,
            play.touch_id,
            play.shop_id,
            play.sale_id,
            play.subject_id,
            player,
            play.day,
            candidates,
            play.drawn_at,
            play.expires_at,
        ),
    )
    if row is None:
        return False
    await uow.execute(
        _ADD_PRIZES,
        (
            uow.network_id,
            play.id,
            [prize.place for prize in prizes],
            pack_uuids([prize.offer_id for prize in prizes]),
            pack_uuids([prize.shop_id for prize in prizes]),
            [prize.propensity for prize in prizes],
            [msgspec.json.encode(prize.reasons).decode() for prize in prizes],
        ),
    )
    return True


@dataclass(frozen=True, slots=True)
class _PrizeRow:
    place: int
    offer_id: UUID
    shop_id: UUID
    propensity: float
    reasons: Any


async def prizes(uow: UnitOfWork, draw_id: UUID) -> list[StoredPrize]:
    """Return what was drawn, by place."""
    query = """
        SELECT place, offer_id, shop_id, propensity, reasons FROM draw_prize
        WHERE network_id = %s AND draw_id = %s ORDER BY place
    """
    rows = await uow.rows(_PrizeRow, query, (uow.network_id, draw_id))
    return [
        StoredPrize(
            row.place, row.offer_id, row.shop_id, row.propensity, tuple((code, facts) for code, facts in row.reasons)
        )
        for row in rows
    ]


async def keep_until(uow: UnitOfWork, draw_id: UUID, until: datetime) -> None:
    """Show the prizes of a play for longer."""
    await uow.execute(
        "UPDATE draw SET expires_at = %s WHERE network_id = %s AND id = %s", (until, uow.network_id, draw_id)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The one voucher of a play."""

    draw_id: UUID
    voucher_id: UUID
    offer_id: UUID
    chosen_id: UUID
    stand_in: bool
    subject_id: UUID
    scene_id: UUID
    day: date
    claimed_at: datetime


_ADD_CLAIM = """
    INSERT INTO draw_claim (network_id, draw_id, voucher_id, offer_id, chosen_id, stand_in, subject_id, scene_id, day,
                            claimed_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_CLAIM = """
    SELECT draw_id, voucher_id, offer_id, chosen_id, stand_in, subject_id, scene_id, day, claimed_at
    FROM draw_claim WHERE network_id = %s AND draw_id = %s
"""


async def add_claim(uow: UnitOfWork, claim: Claim) -> None:
    """Write which voucher a play has led to; once, the key sees to that."""
    await uow.execute(
        _ADD_CLAIM,
        (
            uow.network_id,
            claim.draw_id,
            claim.voucher_id,
            claim.offer_id,
            claim.chosen_id,
            claim.stand_in,
            claim.subject_id,
            claim.scene_id,
            claim.day,
            claim.claimed_at,
        ),
    )


async def claim_of(uow: UnitOfWork, draw_id: UUID) -> Claim | None:
    """Return which voucher a play has led to."""
    return await uow.row(Claim, _CLAIM, (uow.network_id, draw_id))


_CLAIMS = """
    SELECT draw_id, voucher_id, offer_id, chosen_id, stand_in, subject_id, scene_id, day, claimed_at FROM draw_claim
    WHERE network_id = %s AND draw_id = ANY(%s) AND claimed_at >= %s ORDER BY claimed_at, draw_id
"""


async def claims(uow: UnitOfWork, draw_ids: Sequence[UUID], since: datetime) -> list[Claim]:
    """Return which vouchers these plays have led to since a time, the oldest first."""
    return await uow.rows(Claim, _CLAIMS, (uow.network_id, pack_uuids(draw_ids), since))


_WON = """
    SELECT draw_id, voucher_id, offer_id, chosen_id, stand_in, subject_id, scene_id, day, claimed_at FROM draw_claim
    WHERE network_id = %s AND scene_id = %s AND day = %s AND subject_id = ANY(%s) LIMIT 1
"""


async def won(uow: UnitOfWork, scene_id: UUID, day: date, subject_ids: Sequence[UUID]) -> Claim | None:
    """Return what a person has won at a scene on a day."""
    return await uow.row(Claim, _WON, (uow.network_id, scene_id, day, pack_uuids(subject_ids)))


_ADD_MISS = """
    INSERT INTO draw_miss (network_id, id, scene_id, day, player, missed_at) VALUES (%s, %s, %s, %s, %s, %s)
    ON CONFLICT DO NOTHING RETURNING id
"""


async def add_miss(uow: UnitOfWork, id_: UUID, scene_id: UUID, day: date, player: bytes, at: datetime) -> bool:
    """Write that nothing could be won; False where that was written of this player today."""
    params = (uow.network_id, id_, scene_id, day, player, at)
    return await uow.row(_Id, _ADD_MISS, params) is not None


@dataclass(frozen=True, slots=True)
class Missed:
    """How often people left a scene without a prize because nothing could be granted, and when last."""

    scene_id: UUID
    people: int
    last_at: datetime


async def missed(uow: UnitOfWork, since: datetime) -> list[Missed]:
    """Return the scenes at which people left without a prize since a moment, the most first."""
    query = """
        SELECT scene_id, count(*) AS people, max(missed_at) AS last_at FROM draw_miss
        WHERE network_id = %s AND missed_at >= %s GROUP BY scene_id ORDER BY people DESC, scene_id LIMIT 200
    """
    return await uow.rows(Missed, query, (uow.network_id, since))


@dataclass(frozen=True, slots=True)
class Receipt:
    """The scene whose code stands on the receipt of a sale."""

    sale_id: UUID
    scene_id: UUID
    made_at: datetime


_RECEIPT = "SELECT sale_id, scene_id, made_at FROM receipt_scene WHERE network_id = %s"
_LOCK_SALE = "SELECT pg_advisory_xact_lock(hashtextextended(%s::text, 15))"


async def lock_receipt(uow: UnitOfWork, sale_id: UUID) -> None:
    """Let one maker of a sale's receipt go on at a time."""
    await uow.execute(_LOCK_SALE, (str(sale_id),))


async def receipt_of_sale(uow: UnitOfWork, sale_id: UUID) -> Receipt | None:
    """Return the receipt of a sale."""
    return await uow.row(Receipt, f"{_RECEIPT} AND sale_id = %s", (uow.network_id, sale_id))


async def receipt_of_scene(uow: UnitOfWork, scene_id: UUID) -> Receipt | None:
    """Return the receipt that a scene stands on; None for every other scene."""
    return await uow.row(Receipt, f"{_RECEIPT} AND scene_id = %s", (uow.network_id, scene_id))


async def add_receipt(uow: UnitOfWork, receipt: Receipt) -> None:
    """Write the receipt of a sale; once, the key sees to that."""
    await uow.execute(
        "INSERT INTO receipt_scene (network_id, sale_id, scene_id, made_at) VALUES (%s, %s, %s, %s)",
        (uow.network_id, receipt.sale_id, receipt.scene_id, receipt.made_at),
    )
