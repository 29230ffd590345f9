"""Which vouchers a member holds, and which redemptions a sale has: read without locks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import UnitOfWork, pack_uuids


@dataclass(frozen=True, slots=True)
class HeldVoucher:
    """A voucher that a member holds and that is open."""

    subject_id: UUID
    id: UUID
    offer_id: UUID


_HELD_BY = """
    SELECT subject_id, id, offer_id FROM voucher
    WHERE network_id = %(network)s AND subject_id = ANY(%(subjects)s) AND closed IS NULL AND valid_until > %(after)s
    ORDER BY subject_id, id
"""


async def open_vouchers_of(uow: UnitOfWork, subjects: Sequence[UUID], after: datetime) -> list[HeldVoucher]:
    """Return the vouchers that members hold, that are open and end after a time."""
    params = {"network": uow.network_id, "subjects": pack_uuids(subjects), "after": after}
    return await uow.rows(HeldVoucher, _HELD_BY, params)


@dataclass(frozen=True, slots=True)
class WalletRow:
    """A voucher of a member, with where and when it was won; `part`: of another voucher, which somebody shared."""

    id: UUID
    sender_shop_id: UUID | None
    granted_at: datetime
    part: bool


_VOUCHERS_OF = """
    SELECT id, sender_shop_id, granted_at, origin_kind IS NOT DISTINCT FROM 'split' AS part FROM voucher
    WHERE network_id = %(network)s AND subject_id = ANY(%(subjects)s)
"""


async def vouchers_of(uow: UnitOfWork, subjects: Sequence[UUID], limit: int) -> list[WalletRow]:
    """Return the newest vouchers that members hold or held."""
    params = {"network": uow.network_id, "subjects": pack_uuids(subjects), "limit": limit}
    return await uow.rows(WalletRow, f"{_VOUCHERS_OF} ORDER BY id DESC LIMIT %(limit)s", params)


async def voucher_of(uow: UnitOfWork, subjects: Sequence[UUID], voucher_id: UUID) -> WalletRow | None:
    """Return one voucher, where one of these members holds it."""
    params = {"network": uow.network_id, "subjects": pack_uuids(subjects), "id": voucher_id}
    return await uow.row(WalletRow, f"{_VOUCHERS_OF} AND id = %(id)s", params)


@dataclass(frozen=True, slots=True)
class LastUse:
    """When and where a voucher was last used."""

    voucher_id: UUID
    redeemed_at: datetime
    shop_id: UUID


_LAST_USES = """
    SELECT DISTINCT ON (r.voucher_id) r.voucher_id, coalesce(r.used_at, r.redeemed_at) AS redeemed_at, r.shop_id
    FROM redemption r
    WHERE r.network_id = %(network)s AND r.voucher_id = ANY(%(ids)s)
    ORDER BY r.voucher_id, r.sequence DESC
"""


async def last_uses(uow: UnitOfWork, voucher_ids: Sequence[UUID]) -> dict[UUID, LastUse]:
    """Return when and where vouchers were last used, by voucher."""
    params = {"network": uow.network_id, "ids": pack_uuids(voucher_ids)}
    return {row.voucher_id: row for row in await uow.rows(LastUse, _LAST_USES, params)}


@dataclass(frozen=True, slots=True)
class _IdRow:
    id: UUID


_REDEMPTIONS_OF_SALE = """
    SELECT r.id FROM redemption r
    WHERE r.network_id = %(network)s AND r.sale_id = %(sale)s AND NOT EXISTS (
        SELECT FROM reversal v WHERE v.network_id = r.network_id AND v.redemption_id = r.id)
    ORDER BY r.id
"""


async def redemptions_of_sale(uow: UnitOfWork, sale_id: UUID) -> list[UUID]:
    """Return the redemptions of a sale that have not been undone."""
    rows = await uow.rows(_IdRow, _REDEMPTIONS_OF_SALE, {"network": uow.network_id, "sale": sale_id})
    return [row.id for row in rows]


@dataclass(frozen=True, slots=True)
class SaleUse:
    """One voucher that was spent in a sale; `reversed`: that was undone later."""

    sale_id: UUID
    redemption_id: UUID
    voucher_id: UUID
    offer_id: UUID
    offer_name: str
    amount_minor: int
    currency: str
    reversed: bool


_USES_OF_SALES = """
    SELECT r.sale_id, r.id AS redemption_id, r.voucher_id, o.id AS offer_id, o.name AS offer_name, r.amount_minor,
           r.currency,
           EXISTS (SELECT FROM reversal x WHERE x.network_id = r.network_id AND x.redemption_id = r.id) AS reversed
    FROM redemption r
    JOIN voucher v ON v.network_id = r.network_id AND v.id = r.voucher_id
    JOIN offer o ON o.network_id = v.network_id AND o.id = v.offer_id
    WHERE r.network_id = %s AND r.sale_id = ANY(%s) ORDER BY r.sale_id, r.id
"""


async def uses_of_sales(uow: UnitOfWork, sale_ids: Sequence[UUID]) -> list[SaleUse]:
    """Return the vouchers that were spent in sales, with the names of their offers."""
    return await uow.rows(SaleUse, _USES_OF_SALES, (uow.network_id, pack_uuids(list(sale_ids))))


@dataclass(frozen=True, slots=True)
class HeldOffer:
    """That a person has a voucher of an offer to spend."""

    subject_id: UUID
    offer_id: UUID


async def holders(
    uow: UnitOfWork, subjects: Mapping[UUID, UUID], offer_ids: Sequence[UUID], at: datetime
) -> set[tuple[UUID, UUID]]:
    """Return who of many people has an open voucher of these offers, as (subject, offer).

    `subjects` names for every subject the one that stands for its person, and is returned.
    """
    query = """
        SELECT DISTINCT t.asked AS subject_id, v.offer_id
        FROM unnest(%(subjects)s, %(asked)s) AS t (subject_id, asked)
        JOIN voucher v ON v.network_id = %(network)s AND v.subject_id = t.subject_id
        WHERE v.offer_id = ANY(%(offers)s) AND v.valid_until > %(at)s AND v.closed IS NULL
    """
    params = {
        "network": uow.network_id,
        "subjects": pack_uuids(list(subjects)),
        "asked": pack_uuids(list(subjects.values())),
        "offers": pack_uuids(offer_ids),
        "at": at,
    }
    return {(row.subject_id, row.offer_id) for row in await uow.rows(HeldOffer, query, params)}
