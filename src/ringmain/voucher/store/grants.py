"""New vouchers in PostgreSQL: granted to members one by one, or minted by the million."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
import numpy.typing as npt

from ringmain.kit.db import (
    UnitOfWork,
    pack_bytes,
    pack_int8,
    pack_optional_uuids,
    pack_texts,
    pack_timestamps,
    pack_uuids,
)
from ringmain.kit.pure.clock import microseconds
from ringmain.voucher.model import Grant, Granted, Mint, Terms


@dataclass(frozen=True, slots=True)
class NewVoucher:
    """One voucher to be written."""

    grant: Grant
    granted: Granted
    secret: bytes
    held_minor: int


_INSERT = """
    INSERT INTO voucher (network_id, id, offer_id, secret, subject_id, sender_shop_id, origin_kind, origin_id,
                         face_minor, remaining_minor, held_minor, granted_at, valid_from, valid_until)
    SELECT %(network)s, id, offer, secret, subject, sender, origin_kind, origin, face, face, held, granted, begins, ends
    FROM unnest(%(ids)s, %(offers)s, %(secrets)s, %(subjects)s, %(senders)s, %(origin_kinds)s, %(origins)s, %(faces)s,
                %(held)s, %(granted)s, %(begins)s, %(ends)s)
         AS t (id, offer, secret, subject, sender, origin_kind, origin, face, held, granted, begins, ends)
"""


async def insert_vouchers(uow: UnitOfWork, vouchers: Sequence[NewVoucher]) -> None:
    """Write granted vouchers."""
    grants = [one.grant for one in vouchers]
    granted = [one.granted for one in vouchers]
    await uow.execute(
        _INSERT,
        {
            "network": uow.network_id,
            "ids": pack_uuids([one.voucher_id for one in granted]),
            "offers": pack_uuids([one.offer_id for one in granted]),
            "secrets": pack_bytes(one.secret for one in vouchers),
            "subjects": pack_optional_uuids(one.subject_id for one in grants),
            "senders": pack_optional_uuids(one.sender_shop_id for one in grants),
            "origin_kinds": pack_texts(one.origin_kind for one in grants),
            "origins": pack_optional_uuids(one.origin_id for one in grants),
            "faces": pack_int8(one.face_minor for one in granted),
            "held": pack_int8(one.held_minor for one in vouchers),
            "granted": pack_timestamps(microseconds(one.at) for one in grants),
            "begins": pack_timestamps(microseconds(one.valid_from) for one in granted),
            "ends": pack_timestamps(microseconds(one.valid_until) for one in granted),
        },
    )


_GRANTED = """
    SELECT v.id AS voucher_id, v.offer_id, v.subject_id, v.face_minor, o.currency, v.valid_from, v.valid_until
    FROM voucher v JOIN offer o ON o.network_id = v.network_id AND o.id = v.offer_id
    WHERE v.network_id = %(network)s AND v.id = ANY(%(ids)s)
"""


async def granted(uow: UnitOfWork, ids: Sequence[UUID]) -> dict[UUID, Granted]:
    """Return which of these vouchers were granted before, by id."""
    rows = await uow.rows(Granted, _GRANTED, {"network": uow.network_id, "ids": pack_uuids(ids)})
    return {row.voucher_id: row for row in rows}


_MINT_COLUMNS = "id, offer_id, wanted, minted, ordered_at, valid_from, valid_until"
_INSERT_MINT = f"""
    INSERT INTO mint (network_id, {_MINT_COLUMNS})
    VALUES (%(network)s, %(id)s, %(offer)s, %(wanted)s, 0, %(ordered)s, %(begins)s, %(ends)s)
"""


async def insert_mint(uow: UnitOfWork, mint: Mint) -> None:
    """Write an order of codes."""
    await uow.execute(
        _INSERT_MINT,
        {
            "network": uow.network_id,
            "id": mint.id,
            "offer": mint.offer_id,
            "wanted": mint.wanted,
            "ordered": mint.ordered_at,
            "begins": mint.valid_from,
            "ends": mint.valid_until,
        },
    )


async def read_mint(uow: UnitOfWork, id_: UUID) -> Mint | None:
    """Return an order of codes."""
    query = f"SELECT {_MINT_COLUMNS} FROM mint WHERE network_id = %s AND id = %s"
    return await uow.row(Mint, query, (uow.network_id, id_))


async def lock_mint(uow: UnitOfWork, id_: UUID) -> Mint | None:
    """Lock an order of codes: one process at a time mints its next chunk."""
    query = f"SELECT {_MINT_COLUMNS} FROM mint WHERE network_id = %s AND id = %s FOR NO KEY UPDATE"
    return await uow.row(Mint, query, (uow.network_id, id_))


_UNFINISHED = f"""
    SELECT {_MINT_COLUMNS} FROM mint WHERE network_id = %(network)s AND minted < wanted ORDER BY id
"""


async def unfinished_mints(uow: UnitOfWork) -> list[Mint]:
    """Return the orders of codes that are not complete, the oldest first."""
    return await uow.rows(Mint, _UNFINISHED, {"network": uow.network_id})


_MINT_CHUNK = """
    INSERT INTO voucher (network_id, id, offer_id, secret, origin_kind, origin_id, face_minor, remaining_minor,
                         held_minor, granted_at, valid_from, valid_until)
    SELECT %(network)s, id, %(offer)s, secret, 'mint', %(mint)s, %(face)s, %(face)s, %(held)s, %(ordered)s, %(begins)s,
           %(ends)s
    FROM unnest(%(ids)s, %(secrets)s) AS t (id, secret)
"""


async def insert_minted(
    uow: UnitOfWork, mint: Mint, terms: Terms, ids: npt.NDArray[np.void], secrets: npt.NDArray[np.void]
) -> None:
    """Write one chunk of unassigned vouchers, ids and secrets as arrays of 16 bytes, and count it."""
    await uow.execute(
        _MINT_CHUNK,
        {
            "network": uow.network_id,
            "mint": mint.id,
            "offer": mint.offer_id,
            "face": terms.face_minor,
            "held": terms.set_aside_minor,
            "ordered": mint.ordered_at,
            "begins": mint.valid_from,
            "ends": mint.valid_until,
            "ids": pack_uuids(ids),
            "secrets": pack_bytes(secrets),
        },
    )
    await uow.execute(
        "UPDATE mint SET minted = minted + %s WHERE network_id = %s AND id = %s", (len(ids), uow.network_id, mint.id)
    )


@dataclass(frozen=True, slots=True)
class _BytesRow:
    found: int
    data: bytes | None


_CODES = """
    SELECT count(*) AS found, string_agg(uuid_send(id) || secret, ''::bytea ORDER BY id) AS data
    FROM voucher WHERE network_id = %(network)s AND id >= %(first)s AND id < %(end)s
"""


async def code_bytes(uow: UnitOfWork, first: UUID, end: UUID) -> bytes:
    """Return id and secret (32 bytes together) of the vouchers from one id up to another, in the order of their ids."""
    params = {"network": uow.network_id, "first": first, "end": end}
    row = await uow.row(_BytesRow, _CODES, params)
    return (row.data if row else None) or b""
