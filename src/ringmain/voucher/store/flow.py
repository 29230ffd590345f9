"""What flows between shops, as the start page shows it: vouchers won at one shop and spent at another."""

from dataclasses import dataclass
from uuid import UUID

from ringmain.kit.db import UnitOfWork


@dataclass(frozen=True, slots=True)
class FlowEdge:
    """Redeemed vouchers from the shop where they were won to the shop where they were spent."""

    won_at: UUID
    spent_at: UUID
    redemptions: int
    people: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class FlowTotals:
    """All vouchers that were won at some shop, and those of them that were spent."""

    won: int
    redeemed: int
    people: int
    amount_minor: int


# A voucher spent where it was won is no flow between shops; a redemption that was undone is none at all.
_REDEEMED = """
    SELECT v.sender_shop_id AS won_at, r.shop_id AS spent_at, r.subject_id, r.amount_minor
    FROM redemption r JOIN voucher v ON v.network_id = r.network_id AND v.id = r.voucher_id
    WHERE r.network_id = %(network)s AND v.sender_shop_id IS NOT NULL AND v.sender_shop_id <> r.shop_id
      AND NOT EXISTS (SELECT FROM reversal u WHERE u.network_id = r.network_id AND u.redemption_id = r.id)
"""
_EDGES = f"""
    SELECT won_at, spent_at, count(*) AS redemptions, count(DISTINCT subject_id) AS people,
           sum(amount_minor)::bigint AS amount_minor
    FROM ({_REDEEMED}) AS flow GROUP BY won_at, spent_at
    ORDER BY people DESC, redemptions DESC, won_at, spent_at LIMIT %(limit)s
"""
_TOTALS = f"""
    SELECT (SELECT count(*) FROM voucher
            WHERE network_id = %(network)s AND sender_shop_id IS NOT NULL) AS won,
           count(*) AS redeemed, count(DISTINCT subject_id) AS people,
           coalesce(sum(amount_minor), 0)::bigint AS amount_minor
    FROM ({_REDEEMED}) AS flow
"""


async def flow_edges(uow: UnitOfWork, limit: int) -> list[FlowEdge]:
    """Return the edges that most people travelled, the strongest first; a scan of all redemptions, for summaries."""
    return await uow.rows(FlowEdge, _EDGES, {"network": uow.network_id, "limit": limit})


async def flow_totals(uow: UnitOfWork) -> FlowTotals:
    """Return how many vouchers were won at shops and how many of those were spent at another; a scan, for summaries."""
    totals = await uow.row(FlowTotals, _TOTALS, {"network": uow.network_id})
    assert totals is not None
    return totals
