"""Ended vouchers in PostgreSQL: which there are to close, what was closed, and how far the sweep has come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import UnitOfWork, pack_int8, pack_texts, pack_timestamps, pack_uuids
from ringmain.kit.pure.clock import microseconds
from ringmain.voucher.model import Ended

_INSERT_ENDS = """
    INSERT INTO voucher_end (network_id, id, voucher_id, how, released_minor, ended_at)
    SELECT %(network)s, * FROM unnest(%(ids)s, %(vouchers)s, %(hows)s, %(released)s, %(at)s)
"""


async def insert_ends(uow: UnitOfWork, ended: Sequence[Ended]) -> None:
    """Append what became of vouchers that expired or were taken back."""
    await uow.execute(
        _INSERT_ENDS,
        {
            "network": uow.network_id,
            "ids": pack_uuids([one.id for one in ended]),
            "vouchers": pack_uuids([one.voucher_id for one in ended]),
            "hows": pack_texts(one.how for one in ended),
            "released": pack_int8(one.released_minor for one in ended),
            "at": pack_timestamps(microseconds(one.at) for one in ended),
        },
    )


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the order in which vouchers end."""

    valid_until: datetime
    voucher_id: UUID


@dataclass(frozen=True, slots=True)
class EndingRow:
    """A voucher whose time is over; `open` where nobody has closed it yet."""

    id: UUID
    valid_until: datetime
    open: bool


_ENDED_AFTER = """
    SELECT id, valid_until, closed IS NULL AS open FROM voucher
    WHERE network_id = %(network)s AND valid_until <= %(now)s AND (valid_until, id) > (%(until)s, %(after)s)
    ORDER BY valid_until, id LIMIT %(most)s
"""
_FIRST_ENDED = """
    SELECT id, valid_until, closed IS NULL AS open FROM voucher
    WHERE network_id = %(network)s AND valid_until <= %(now)s ORDER BY valid_until, id LIMIT %(most)s
"""


async def ended_after(uow: UnitOfWork, after: Place | None, now: datetime, most: int) -> list[EndingRow]:
    """Return the next vouchers, in the order of their ends, whose time is over; closed ones are among them."""
    params = {"network": uow.network_id, "now": now, "most": most}
    if after is None:
        return await uow.rows(EndingRow, _FIRST_ENDED, params)
    params |= {"until": after.valid_until, "after": after.voucher_id}
    return await uow.rows(EndingRow, _ENDED_AFTER, params)


async def expiry_place(uow: UnitOfWork) -> Place | None:
    """Return how far the sweep has come."""
    query = "SELECT valid_until, voucher_id FROM expiry_cursor WHERE network_id = %s"
    return await uow.row(Place, query, (uow.network_id,))


_ADVANCE = """
    INSERT INTO expiry_cursor (network_id, valid_until, voucher_id) VALUES (%(network)s, %(until)s, %(voucher)s)
    ON CONFLICT (network_id) DO UPDATE SET valid_until = excluded.valid_until, voucher_id = excluded.voucher_id
    WHERE (expiry_cursor.valid_until, expiry_cursor.voucher_id) < (excluded.valid_until, excluded.voucher_id)
"""


async def advance_expiry(uow: UnitOfWork, place: Place) -> None:
    """Note how far the sweep has come; never backwards."""
    params = {"network": uow.network_id, "until": place.valid_until, "voucher": place.voucher_id}
    await uow.execute(_ADVANCE, params)


async def forget_ended_holds(uow: UnitOfWork, now: datetime) -> None:
    """Delete validations and typed codes whose time is over, and counts of wrong digits older than a day."""
    params = {"network": uow.network_id, "now": now}
    await uow.execute("DELETE FROM validation WHERE network_id = %(network)s AND held_until <= %(now)s", params)
    await uow.execute("DELETE FROM typed_code WHERE network_id = %(network)s AND expires_at <= %(now)s", params)
    await uow.execute(
        "DELETE FROM typed_code_failure WHERE network_id = %(network)s AND hour < %(now)s - interval '1 day'", params
    )


@dataclass(frozen=True, slots=True)
class _Sum:
    minor: int


# Of a voucher that was shared, what its parts did not need came back, too.
_RELEASED = """
    WITH asked AS (
        SELECT unnest(%(ids)s) AS id
        UNION
        SELECT id FROM voucher
        WHERE network_id = %(network)s AND origin_kind = 'split' AND origin_id = ANY(%(ids)s)
    )
    SELECT (
        coalesce((SELECT sum(released_minor) FROM voucher_end
                  WHERE network_id = %(network)s AND voucher_id IN (SELECT id FROM asked)), 0)
        + coalesce((SELECT sum(r.released_minor) FROM redemption r
                    WHERE r.network_id = %(network)s AND r.voucher_id IN (SELECT id FROM asked)
                      AND NOT EXISTS (SELECT FROM reversal v
                                      WHERE v.network_id = r.network_id AND v.redemption_id = r.id)), 0)
    )::bigint AS minor
"""


async def released(uow: UnitOfWork, voucher_ids: Sequence[UUID]) -> int:
    """Return what of the money set aside for vouchers went back to their funders, in minor units."""
    row = await uow.row(_Sum, _RELEASED, {"network": uow.network_id, "ids": pack_uuids(voucher_ids)})
    assert row is not None
    return row.minor
