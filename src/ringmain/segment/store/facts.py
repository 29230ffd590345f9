"""What segments are decided of, read for a set of people at once: whose a fact is, and what stands of each person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from ringmain.kit.db import UnitOfWork, pack_uuids
from ringmain.sale import api as sale


@dataclass(frozen=True, slots=True)
class _Touched:
    fact_id: UUID
    subject_id: UUID


# By kind of fact: which sale the fact is about, and so whose it is.
_SALES_OF: Mapping[str, LiteralString] = {
    "sale": "SELECT id AS fact_id, id AS sale_id FROM sale WHERE network_id = %(network)s AND id = ANY(%(ids)s)",
    "sale_change": "SELECT id, sale_id FROM sale_change WHERE network_id = %(network)s AND id = ANY(%(ids)s)",
    "sale_disputed": "SELECT id, sale_id FROM sale_dispute WHERE network_id = %(network)s AND id = ANY(%(ids)s)",
    "redemption": "SELECT id, sale_id FROM redemption WHERE network_id = %(network)s AND id = ANY(%(ids)s)",
    "reversal": """
        SELECT v.id, r.sale_id FROM reversal v
        JOIN redemption r ON r.network_id = v.network_id AND r.id = v.redemption_id
        WHERE v.network_id = %(network)s AND v.id = ANY(%(ids)s)
    """,
}
OF_SALES = frozenset(_SALES_OF)


async def touched_by(uow: UnitOfWork, kind: str, fact_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Return the subject of the sale that each fact of a kind (`OF_SALES`) is about, by fact; of nobody's, nothing."""
    rows = await uow.rows(
        _Touched,
        f"""
        WITH named (fact_id, sale_id) AS MATERIALIZED ({_SALES_OF[kind]})
        SELECT n.fact_id, s.subject_id FROM named n
        JOIN sale s ON s.network_id = %(network)s AND s.id = n.sale_id
        WHERE s.subject_id IS NOT NULL
        """,
        {"network": uow.network_id, "ids": pack_uuids(fact_ids)},
    )
    return {row.fact_id: row.subject_id for row in rows}


@dataclass(frozen=True, slots=True)
class _Person:
    subject_id: UUID
    person: UUID
    known: bool


async def persons_of(uow: UnitOfWork, subject_ids: Sequence[UUID]) -> dict[UUID, UUID | None]:
    """Return which subject stands for the person of each subject now; None where nobody does, after an erasure."""
    rows = await uow.rows(
        _Person,
        """
        SELECT t.subject_id, coalesce(a.canonical_subject_id, t.subject_id) AS person, k.subject_id IS NOT NULL AS known
        FROM unnest(%(subjects)s) AS t (subject_id)
        LEFT JOIN subject_alias a ON a.network_id = %(network)s AND a.subject_id = t.subject_id
        LEFT JOIN member_key k ON k.network_id = %(network)s
             AND k.subject_id = coalesce(a.canonical_subject_id, t.subject_id)
        """,
        {"network": uow.network_id, "subjects": pack_uuids(subject_ids)},
    )
    return {row.subject_id: row.person if row.known else None for row in rows}


@dataclass(frozen=True, slots=True)
class VisitRow:
    """A sale of a person that stands, without what vouchers and refunds took off; `bought`: categories of its lines."""

    person: UUID
    sold_at: datetime
    shop_id: UUID
    merchant_id: UUID
    paid_minor: int
    currency: str
    redeemed: bool
    bought: list[str]


# A sale is disputed by the last word that was said of it, whoever stands for its buyer now.
_VISITS: LiteralString = f"""
    WITH everybody AS MATERIALIZED (
        SELECT t.subject_id AS person, t.subject_id FROM unnest(%(persons)s) AS t (subject_id)
        UNION ALL
        SELECT a.canonical_subject_id, a.subject_id FROM subject_alias a
        WHERE a.network_id = %(network)s AND a.canonical_subject_id = ANY(%(persons)s)
    ), standing AS MATERIALIZED (
        SELECT e.person, s.id, s.sold_at, s.shop_id, s.merchant_id, s.total_minor, s.redeemed_minor, s.currency
        FROM everybody e JOIN sale s ON s.network_id = %(network)s AND s.subject_id = e.subject_id
        WHERE s.total_minor >= 0 AND NOT {sale.UNDONE}
          AND NOT coalesce((
              SELECT d.not_me FROM sale_dispute d
              WHERE d.network_id = %(network)s AND d.merchant_id = s.merchant_id AND d.sale_id = s.id
              ORDER BY d.said_at DESC, d.id DESC LIMIT 1), false)
    )
    SELECT s.person, s.sold_at, s.shop_id, s.merchant_id, s.currency,
           (coalesce(c.completed, s.total_minor) - s.redeemed_minor - coalesce(c.refunded, 0))::bigint AS paid_minor,
           EXISTS (
               SELECT FROM redemption r
               LEFT JOIN reversal v ON v.network_id = r.network_id AND v.redemption_id = r.id
               WHERE r.network_id = %(network)s AND r.sale_id = s.id AND v.id IS NULL) AS redeemed,
           CASE WHEN %(lines)s THEN ARRAY(
               SELECT DISTINCT l.category FROM sale_line l
               WHERE l.network_id = %(network)s AND l.sale_id = s.id AND l.category IS NOT NULL
           ) ELSE '{{}}' END AS bought
    FROM standing s CROSS JOIN LATERAL (
        SELECT max(c.amount_minor) FILTER (WHERE c.kind = 'completion') AS completed,
               sum(c.amount_minor) FILTER (WHERE c.kind = 'refund') AS refunded
        FROM sale_change c WHERE c.network_id = %(network)s AND c.sale_id = s.id) AS c
"""


async def visits(uow: UnitOfWork, persons: Sequence[UUID], *, lines: bool) -> list[VisitRow]:
    """Return every visit of people that stands, those of merged subjects included; `lines`: with what was bought."""
    params = {"network": uow.network_id, "persons": pack_uuids(persons), "lines": lines}
    return await uow.rows(VisitRow, _VISITS, params)


@dataclass(frozen=True, slots=True)
class _Tribe:
    subject_id: UUID
    tribe_id: UUID


async def tribes_of(uow: UnitOfWork, persons: Sequence[UUID]) -> dict[UUID, UUID]:
    """Return the tribe of each person who is in one."""
    rows = await uow.rows(
        _Tribe,
        """
        SELECT m.subject_id, m.tribe_id
        FROM tribe_member m JOIN tribe t ON t.network_id = m.network_id AND t.id = m.tribe_id
        WHERE m.network_id = %s AND m.subject_id = ANY(%s) AND t.withdrawn_at IS NULL
        """,
        (uow.network_id, pack_uuids(persons)),
    )
    return {row.subject_id: row.tribe_id for row in rows}
