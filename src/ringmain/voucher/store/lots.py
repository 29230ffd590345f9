"""Lots in PostgreSQL: vouchers whose cost is set aside before anybody wins them, issued as columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np
import numpy.typing as npt

from ringmain.kit.db import UnitOfWork, pack_bytes, pack_int8, pack_timestamps, pack_uuids
from ringmain.kit.pure.id_columns import order_by
from ringmain.voucher.model.lots import Issue, Lot

_COLUMNS = "id, offer_id, ordered, issued, closed_at, kept"
_LOCK = f"""
    SELECT {_COLUMNS} FROM lot WHERE network_id = %(network)s AND id = ANY(%(ids)s) ORDER BY id FOR NO KEY UPDATE
"""


async def insert_lot(uow: UnitOfWork, lot: Lot) -> None:
    """Write an ordered lot."""
    query = "INSERT INTO lot (network_id, id, offer_id, ordered) VALUES (%s, %s, %s, %s)"
    await uow.execute(query, (uow.network_id, lot.id, lot.offer_id, lot.ordered))


async def lock_lots(uow: UnitOfWork, ids: Sequence[UUID]) -> dict[UUID, Lot]:
    """Lock lots in the order of their ids, and return them as they are under the lock."""
    rows = await uow.rows(Lot, _LOCK, {"network": uow.network_id, "ids": pack_uuids(ids)})
    return {row.id: row for row in rows}


async def read_lots(uow: UnitOfWork, ids: Sequence[UUID]) -> dict[UUID, Lot]:
    """Return lots as they stand."""
    query = f"SELECT {_COLUMNS} FROM lot WHERE network_id = %s AND id = ANY(%s)"
    return {row.id: row for row in await uow.rows(Lot, query, (uow.network_id, pack_uuids(ids)))}


async def enlarge_lot(uow: UnitOfWork, id_: UUID, more: int) -> None:
    """Add vouchers to a lot that is open."""
    query = "UPDATE lot SET ordered = ordered + %s WHERE network_id = %s AND id = %s AND closed_at IS NULL"
    await uow.execute(query, (more, uow.network_id, id_))


async def close_lots(uow: UnitOfWork, ids: Sequence[UUID], at: datetime) -> None:
    """Close lots: nothing is left in them."""
    query = """
        UPDATE lot SET ordered = issued, closed_at = %s WHERE network_id = %s AND id = ANY(%s) AND closed_at IS NULL
    """
    await uow.execute(query, (at, uow.network_id, pack_uuids(ids)))


_COUNT = """
    UPDATE lot SET issued = lot.issued + c.count FROM unnest(%(ids)s, %(counts)s) AS c (id, count)
    WHERE lot.network_id = %(network)s AND lot.id = c.id AND lot.closed_at IS NULL
"""
# Nothing that a page is sorted by is null: an id of zeros stands for "at no shop" on the way here.
_ISSUE = """
    INSERT INTO voucher (network_id, id, offer_id, secret, subject_id, sender_shop_id, origin_kind, origin_id,
                         face_minor, remaining_minor, held_minor, granted_at, valid_from, valid_until)
    SELECT %(network)s, id, offer, secret, subject, nullif(sender, '00000000-0000-0000-0000-000000000000'), 'lot', lot,
           face, face, held, granted, begins, ends
    FROM unnest(%(ids)s, %(offers)s, %(secrets)s, %(subjects)s, %(senders)s, %(lots)s, %(faces)s, %(held)s,
                %(granted)s, %(begins)s, %(ends)s)
         AS t (id, offer, secret, subject, sender, lot, face, held, granted, begins, ends)
"""


@dataclass(frozen=True, slots=True)
class IssuedColumns:
    """What the lots and offers of issued vouchers say, one element per voucher; times in UTC microseconds."""

    offer_ids: npt.NDArray[np.void]
    lot_ids: npt.NDArray[np.void]
    face_minor: npt.NDArray[np.int64]
    held_minor: npt.NDArray[np.int64]
    begins_us: npt.NDArray[np.int64]
    ends_us: npt.NDArray[np.int64]


async def insert_issued(uow: UnitOfWork, issue: Issue, columns: IssuedColumns, secrets: npt.NDArray[np.void]) -> None:
    """Write the vouchers of a batch."""
    order = order_by(columns.offer_ids)
    await uow.execute(
        _ISSUE,
        {
            "network": uow.network_id,
            "ids": pack_uuids(issue.ids[order]),
            "offers": pack_uuids(columns.offer_ids[order]),
            "secrets": pack_bytes(secrets[order]),
            "subjects": pack_uuids(issue.subject_ids[order]),
            "senders": pack_uuids(issue.sender_shop_ids[order]),
            "lots": pack_uuids(columns.lot_ids[order]),
            "faces": pack_int8(columns.face_minor[order]),
            "held": pack_int8(columns.held_minor[order]),
            "granted": pack_timestamps(issue.at_us[order]),
            "begins": pack_timestamps(columns.begins_us[order]),
            "ends": pack_timestamps(columns.ends_us[order]),
        },
    )


async def count_issued(uow: UnitOfWork, counts: Mapping[UUID, int]) -> None:
    """Count what was issued, one row per lot and batch; a CHECK refuses more than was set aside."""
    params = {"network": uow.network_id, "ids": pack_uuids(list(counts)), "counts": pack_int8(counts.values())}
    await uow.execute(_COUNT, params)


_KEEP = """
    UPDATE lot SET kept = lot.kept + c.count FROM unnest(%(ids)s, %(counts)s) AS c (id, count)
    WHERE lot.network_id = %(network)s AND lot.id = c.id AND lot.closed_at IS NULL
"""


async def count_kept(uow: UnitOfWork, counts: Mapping[UUID, int]) -> None:
    """Count what is kept for somebody, or (below zero) no longer is; a CHECK refuses more than was set aside."""
    params = {"network": uow.network_id, "ids": pack_uuids(list(counts)), "counts": pack_int8(counts.values())}
    await uow.execute(_KEEP, params)
