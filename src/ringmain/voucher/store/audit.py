"""Full scans that compare vouchers with their facts; for `verify`, never for a request."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

import numpy as np
import numpy.typing as npt

from ringmain.kit.db import UnitOfWork, pack_texts, pack_uuids

_MOST_FAULTS = 20


@dataclass(frozen=True, slots=True)
class _Row:
    looked_at: int
    faults: list[str] | None


# An open voucher has left what it was worth, less what was redeemed, plus what was reversed; a closed one has nothing.
_VALUES = """
    WITH spent AS MATERIALIZED (
        SELECT r.voucher_id, sum(r.amount_minor)::bigint AS amount, count(*) AS times
        FROM redemption r WHERE r.network_id = %(network)s
          -- What was undone too late to live again stays spent: its money went back to the funder.
          AND NOT EXISTS (SELECT FROM reversal v
                          WHERE v.network_id = r.network_id AND v.redemption_id = r.id AND v.revived)
        GROUP BY r.voucher_id
    ), judged AS (
        SELECT v.id, CASE
            WHEN s.amount > v.face_minor THEN 'spent beyond its value'
            WHEN v.uses <> coalesce(s.times, 0) AND v.closed IS NULL THEN 'uses differ from its redemptions'
            WHEN v.closed IS NOT NULL AND v.remaining_minor <> 0 THEN 'closed with value left'
            WHEN v.closed IS NULL AND v.remaining_minor > v.face_minor - coalesce(s.amount, 0)
                THEN 'more left than its redemptions allow'
            END AS fault
        FROM voucher v LEFT JOIN spent s ON s.voucher_id = v.id
        WHERE v.network_id = %(network)s
    )
    SELECT count(*) AS looked_at,
           (array_agg(id::text || ': ' || fault) FILTER (WHERE fault IS NOT NULL))[1:%(most)s] AS faults
    FROM judged
"""
# Transfers and vouchers are added up where they lie, by pairs of accounts and by offers: of both there are few.
_HELD = """
    WITH pair AS MATERIALIZED (
        SELECT debit_account_id, credit_account_id, sum(amount_minor) AS amount
        FROM ledger_transfer WHERE network_id = %(network)s AND state IN (0, 2)
        GROUP BY debit_account_id, credit_account_id
    ), ledger AS (
        SELECT a.holder_id, a.currency, sum(e.amount) AS held
        FROM ledger_account a JOIN (
            SELECT credit_account_id AS account_id, amount FROM pair
            UNION ALL
            SELECT debit_account_id, -amount FROM pair) e ON e.account_id = a.id
        WHERE a.network_id = %(network)s AND a.code = %(code)s GROUP BY a.holder_id, a.currency
    ), vouchers AS (
        SELECT o.funder_id AS holder_id, o.currency, sum(h.held) AS held
        FROM offer o JOIN (
            SELECT offer_id, sum(held_minor) AS held FROM voucher WHERE network_id = %(network)s GROUP BY offer_id
            UNION ALL
            -- An order of codes holds the money of those that do not exist yet.
            SELECT m.offer_id, (m.wanted - m.minted) * p.cost_minor
            FROM mint m JOIN offer p ON p.network_id = m.network_id AND p.id = m.offer_id
            WHERE m.network_id = %(network)s
            UNION ALL
            -- So does a lot for those that nobody has won yet.
            SELECT l.offer_id, (l.ordered - l.issued) * p.cost_minor
            FROM lot l JOIN offer p ON p.network_id = l.network_id AND p.id = l.offer_id
            WHERE l.network_id = %(network)s) h ON h.offer_id = o.id
        WHERE o.network_id = %(network)s GROUP BY o.funder_id, o.currency
    ), judged AS (
        SELECT coalesce(l.holder_id, v.holder_id) AS holder_id, coalesce(l.held, 0) - coalesce(v.held, 0) AS difference
        FROM ledger l FULL JOIN vouchers v ON (l.holder_id, l.currency) = (v.holder_id, v.currency)
    )
    SELECT count(*) AS looked_at,
           (array_agg(holder_id::text || ': differs by ' || difference)
               FILTER (WHERE difference <> 0))[1:%(most)s] AS faults
    FROM judged
"""
_POSTED = """
    WITH judged AS (
        SELECT r.id, r.amount_minor, count(t.id) AS times, coalesce(sum(t.amount_minor), 0) AS posted
        FROM redemption r
        LEFT JOIN ledger_transfer t ON t.network_id = r.network_id AND t.reference_id = r.id AND t.code = %(code)s
        WHERE r.network_id = %(network)s GROUP BY r.id, r.amount_minor
    )
    SELECT count(*) AS looked_at,
           (array_agg(id::text || ': posted ' || posted || ' of ' || amount_minor)
               FILTER (WHERE posted <> amount_minor OR times > 1))[1:%(most)s] AS faults
    FROM judged
"""
# Transactions are dated by their start: of two that follow one another within a minute, the later may bear the earlier
# date, so that the last minute of a lease is not judged; one that was spent is, with the redemption that ended it.
_LEASES = """
    WITH judged AS (
        SELECT l.id, (
            SELECT min(r.id::text) FROM redemption r
            WHERE r.network_id = l.network_id AND r.voucher_id = l.voucher_id
              AND r.terminal_id IS DISTINCT FROM l.terminal_id AND r.redeemed_at >= l.leased_from
              AND CASE WHEN l.how_ended = 'spent' THEN r.redeemed_at <= l.ended_at AND r.redeemed_at < l.free_at
                       -- What was spent and undone at one moment is free again: its own redemption comes first.
                       AND NOT EXISTS (
                           SELECT FROM redemption o
                           WHERE o.network_id = r.network_id AND o.voucher_id = r.voucher_id
                             AND o.terminal_id = l.terminal_id AND o.redeemed_at = l.ended_at
                             AND o.sequence < r.sequence)
                       ELSE r.redeemed_at < least(l.ended_at, l.free_at) - interval '1 minute' END) AS intruder
        FROM lease l WHERE l.network_id = %(network)s
    )
    SELECT count(*) AS looked_at,
           (array_agg(id::text || ': redemption ' || intruder || ' was made by another terminal')
               FILTER (WHERE intruder IS NOT NULL))[1:%(most)s] AS faults
    FROM judged
"""
_LOTS = """
    WITH issued AS (
        SELECT origin_id AS id, offer_id, count(*) AS vouchers FROM voucher
        WHERE network_id = %(network)s AND origin_kind = 'lot' GROUP BY origin_id, offer_id
    ), judged AS (
        SELECT coalesce(l.id, i.id) AS id, l.issued, i.vouchers
        FROM (SELECT id, offer_id, issued FROM lot WHERE network_id = %(network)s) l
        FULL JOIN issued i ON (i.id, i.offer_id) = (l.id, l.offer_id)
    )
    SELECT count(*) AS looked_at,
           (array_agg(id::text || ': counts ' || coalesce(issued, 0) || ' of ' || coalesce(vouchers, 0) || ' vouchers')
               FILTER (WHERE coalesce(issued, 0) <> coalesce(vouchers, 0)))[1:%(most)s] AS faults
    FROM judged
"""
# Ids of millions come as the bytes of one value: an object for each would take longer than the query.
_ORIGINS = """
    SELECT v.origin_kind AS kind, string_agg(uuid_send(v.origin_id), ''::bytea) AS ids FROM voucher v
    WHERE v.network_id = %(network)s AND v.origin_kind = ANY(%(kinds)s) GROUP BY v.origin_kind
"""
_SALES = """
    SELECT string_agg(uuid_send(s.sale_id), ''::bytea) AS ids
    FROM (SELECT DISTINCT r.sale_id FROM redemption r WHERE r.network_id = %(network)s) s
"""
_MISSING = """
    SELECT t.id FROM unnest(%(ids)s) AS t (id)
    WHERE NOT EXISTS (SELECT FROM voucher v WHERE v.network_id = %(network)s AND v.id = t.id)
"""


@dataclass(frozen=True, slots=True)
class _Id:
    id: UUID


async def values_that_differ(uow: UnitOfWork) -> tuple[int, Sequence[str]]:
    """Return the vouchers whose value does not follow from their redemptions and reversals."""
    return await _judged(uow, _VALUES)


async def held_that_differs(uow: UnitOfWork, code: int) -> tuple[int, Sequence[str]]:
    """Return the funders for whom the ledger holds another sum than their vouchers."""
    return await _judged(uow, _HELD, code=code)


async def redemptions_not_posted(uow: UnitOfWork, code: int) -> tuple[int, Sequence[str]]:
    """Return the redemptions that the ledger does not know exactly once, with their amount."""
    return await _judged(uow, _POSTED, code=code)


async def leases_not_respected(uow: UnitOfWork) -> tuple[int, Sequence[str]]:
    """Return the leases inside which another terminal redeemed their voucher."""
    return await _judged(uow, _LEASES)


async def lots_that_differ(uow: UnitOfWork) -> tuple[int, Sequence[str]]:
    """Return the lots that issued another number of vouchers than they count."""
    return await _judged(uow, _LOTS)


@dataclass(frozen=True, slots=True)
class _Ids:
    ids: bytes | None


@dataclass(frozen=True, slots=True)
class _Origins:
    kind: str
    ids: bytes


async def origin_ids(uow: UnitOfWork, kinds: Sequence[str]) -> dict[str, npt.NDArray[np.void]]:
    """Return what vouchers name as their origin, by kind: ids (V16) of sales, touches or vouchers."""
    rows = await uow.rows(_Origins, _ORIGINS, {"network": uow.network_id, "kinds": pack_texts(kinds)})
    return {row.kind: np.frombuffer(row.ids, dtype="V16") for row in rows}


async def sales_redeemed_in(uow: UnitOfWork) -> npt.NDArray[np.void]:
    """Return the sales (V16) that redemptions say they belong to."""
    row = await uow.row(_Ids, _SALES, {"network": uow.network_id})
    return np.frombuffer((row and row.ids) or b"", dtype="V16")


async def missing_vouchers(uow: UnitOfWork, ids: npt.NDArray[np.void]) -> list[UUID]:
    """Return those of these vouchers that do not exist."""
    return [row.id for row in await uow.rows(_Id, _MISSING, {"network": uow.network_id, "ids": pack_uuids(ids)})]


async def _judged(uow: UnitOfWork, query: LiteralString, **params: Any) -> tuple[int, Sequence[str]]:
    row = await uow.row(_Row, query, {"network": uow.network_id, "most": _MOST_FAULTS, **params})
    assert row is not None
    return row.looked_at, row.faults or []
