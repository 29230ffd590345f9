"""Red packets in PostgreSQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringmain.campaign.packets.model import Opening, Packet, Part
from ringmain.kit.db import UnitOfWork, pack_int8, pack_uuids

_COLUMNS = """
    id, voucher_id, offer_id, subject_id, scene_id, parts, amount_minor, least_minor, seed, made_at, ends_at, ended_at
"""
_PACKET = f"SELECT {_COLUMNS} FROM red_packet WHERE network_id = %s"
_ADD = f"""
    INSERT INTO red_packet (network_id, {_COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_ADD_PARTS = """
    INSERT INTO red_packet_part (network_id, packet_id, number, amount_minor, fee_minor)
    SELECT %s, %s, t.* FROM unnest(%s, %s, %s) AS t
"""


async def add_packet(uow: UnitOfWork, new: Packet, parts: Sequence[Part]) -> None:
    """Write a packet and what was drawn for it."""
    ids = (new.id, new.voucher_id, new.offer_id, new.subject_id, new.scene_id)
    values = (new.parts, new.amount_minor, new.least_minor, new.seed, new.made_at, new.ends_at, new.ended_at)
    await uow.execute(_ADD, (uow.network_id, *ids, *values))
    params = (
        uow.network_id,
        new.id,
        pack_int8(part.number for part in parts),
        pack_int8(part.amount_minor for part in parts),
        pack_int8(part.fee_minor for part in parts),
    )
    await uow.execute(_ADD_PARTS, params)


async def lock_packet(uow: UnitOfWork, packet_id: UUID) -> Packet | None:
    """Lock a packet: one person at a time opens a part of it."""
    return await uow.row(Packet, f"{_PACKET} AND id = %s FOR NO KEY UPDATE", (uow.network_id, packet_id))


async def read_packet(uow: UnitOfWork, packet_id: UUID) -> Packet | None:
    """Return a packet."""
    return await uow.row(Packet, f"{_PACKET} AND id = %s", (uow.network_id, packet_id))


async def packet_of_scene(uow: UnitOfWork, scene_id: UUID) -> Packet | None:
    """Return the packet that a link leads to."""
    return await uow.row(Packet, f"{_PACKET} AND scene_id = %s", (uow.network_id, scene_id))


async def newest_of_voucher(uow: UnitOfWork, voucher_id: UUID, subject_ids: Sequence[UUID]) -> Packet | None:
    """Return the last packet that was made of a voucher by one of these subjects."""
    query = f"{_PACKET} AND subject_id = ANY(%s) AND voucher_id = %s ORDER BY id DESC LIMIT 1"
    return await uow.row(Packet, query, (uow.network_id, pack_uuids(subject_ids), voucher_id))


async def part_of(uow: UnitOfWork, packet_id: UUID, number: int) -> Part:
    """Return a part of a packet by its number."""
    query = """
        SELECT number, amount_minor, fee_minor FROM red_packet_part
        WHERE network_id = %s AND packet_id = %s AND number = %s
    """
    row = await uow.row(Part, query, (uow.network_id, packet_id, number))
    assert row is not None  # parts are written with their packet
    return row


_OPENINGS = """
    SELECT o.number, o.subject_id, o.voucher_id, o.opened_at, p.amount_minor
    FROM red_packet_opening o
    JOIN red_packet_part p ON p.network_id = o.network_id AND p.packet_id = o.packet_id AND p.number = o.number
    WHERE o.network_id = %s AND o.packet_id = %s ORDER BY o.number
"""


async def openings(uow: UnitOfWork, packet_id: UUID) -> list[Opening]:
    """Return who has opened a packet, in order."""
    return await uow.rows(Opening, _OPENINGS, (uow.network_id, packet_id))


async def add_opening(uow: UnitOfWork, packet_id: UUID, new: Opening) -> None:
    """Write who opened a part; a second one of a person, or of a part, is refused."""
    await uow.execute(
        "INSERT INTO red_packet_opening (network_id, packet_id, number, subject_id, voucher_id, opened_at)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        (uow.network_id, packet_id, new.number, new.subject_id, new.voucher_id, new.opened_at),
    )


async def end_packet(uow: UnitOfWork, packet_id: UUID, at: datetime) -> None:
    """Note that nothing more of a packet, which is locked, can be opened; the first time stays."""
    query = "UPDATE red_packet SET ended_at = %s WHERE network_id = %s AND id = %s AND ended_at IS NULL"
    await uow.execute(query, (at, uow.network_id, packet_id))


@dataclass(frozen=True, slots=True)
class _Id:
    id: UUID


async def due(uow: UnitOfWork, now: datetime) -> UUID | None:
    """Return a packet whose time is over."""
    query = """
        SELECT id FROM red_packet WHERE network_id = %s AND ended_at IS NULL AND ends_at <= %s ORDER BY ends_at LIMIT 1
    """
    row = await uow.row(_Id, query, (uow.network_id, now))
    return None if row is None else row.id


@dataclass(frozen=True, slots=True)
class _Audit:
    looked_at: int
    faults: list[str] | None


_UNLIKE = """
    WITH parts AS (
        SELECT p.packet_id, sum(p.amount_minor) AS amount, min(p.amount_minor) AS least, count(*) AS parts,
               bool_and(o.number IS NULL OR (
                   v.face_minor = p.amount_minor AND v.subject_id = o.subject_id AND v.origin_kind = 'split'
                   AND v.origin_id = r.voucher_id AND v.offer_id = r.offer_id)) AS alike,
               sum(p.amount_minor) FILTER (WHERE o.number IS NULL) AS unopened
        FROM red_packet_part p
        JOIN red_packet r ON r.network_id = p.network_id AND r.id = p.packet_id
        LEFT JOIN red_packet_opening o
            ON o.network_id = p.network_id AND o.packet_id = p.packet_id AND o.number = p.number
        LEFT JOIN voucher v ON v.network_id = o.network_id AND v.id = o.voucher_id
        WHERE p.network_id = %(network)s GROUP BY p.packet_id
    ), judged AS (
        SELECT r.id, CASE
            WHEN p.amount IS DISTINCT FROM r.amount_minor OR p.parts <> r.parts OR p.least < r.least_minor
                THEN 'is not divided as it was made'
            WHEN NOT p.alike THEN 'a part became another voucher than was drawn'
            WHEN r.ended_at IS NULL AND v.closed IS NULL AND v.remaining_minor < coalesce(p.unopened, 0)
                THEN 'less is left than was not opened'
            END AS fault
        FROM red_packet r
        JOIN voucher v ON v.network_id = r.network_id AND v.id = r.voucher_id
        LEFT JOIN parts p ON p.packet_id = r.id
        WHERE r.network_id = %(network)s
    )
    SELECT count(*) AS looked_at,
           (array_agg(id::text || ': ' || fault) FILTER (WHERE fault IS NOT NULL))[1:20] AS faults
    FROM judged
"""


async def packets_unlike_their_parts(uow: UnitOfWork) -> tuple[int, Sequence[str]]:
    """Return how many packets there are, and those whose parts and vouchers do not fit: a full scan, for `verify`."""
    row = await uow.row(_Audit, _UNLIKE, {"network": uow.network_id})
    assert row is not None
    return row.looked_at, row.faults or []
