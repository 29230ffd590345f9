"""A merchant's guests: visits of single people, and what all of them do elsewhere, as counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import Pending, UnitOfWork, pack_uuids
from ringmain.kit.pure.ids import first_id
from ringmain.loop.store.standing import THEIRS


@dataclass(frozen=True, slots=True)
class VisitsRow:
    """What one subject did at a merchant's shops."""

    subject_id: UUID
    visits: int
    with_vouchers: int
    last_at: datetime | None


_VISITS = f"""
    SELECT n.subject_id, count(s.id) AS visits, count(s.id) FILTER (WHERE s.redeemed_minor > 0) AS with_vouchers,
           max(s.sold_at) AS last_at
    FROM unnest(%(subjects)s) AS n (subject_id)
    LEFT JOIN sale s ON s.network_id = %(network)s AND s.subject_id = n.subject_id AND s.merchant_id = %(merchant)s
         AND {THEIRS}
    GROUP BY n.subject_id
"""


async def visits(uow: UnitOfWork, merchant_id: UUID, subject_ids: Sequence[UUID]) -> list[VisitsRow]:
    """Return the visits of each subject at a merchant."""
    params = {"network": uow.network_id, "merchant": merchant_id, "subjects": pack_uuids(subject_ids)}
    return await uow.rows(VisitsRow, _VISITS, params)


# The guests of some days, and the sales of the same people in the same days.
_GUEST = f"""
    guest AS (
        SELECT DISTINCT coalesce(a.canonical_subject_id, s.subject_id) AS person
        FROM unnest(%(shops)s) AS h (shop_id)
        JOIN sale s ON s.network_id = %(network)s AND s.shop_id = h.shop_id AND s.id >= %(since)s
        LEFT JOIN subject_alias a ON a.network_id = %(network)s AND a.subject_id = s.subject_id
        WHERE s.subject_id IS NOT NULL AND {THEIRS}
    )
"""


@dataclass(frozen=True, slots=True)
class CountRow:
    """How many."""

    count: int


async def guest_count(uow: UnitOfWork, shop_ids: Sequence[UUID], since: datetime) -> Pending[CountRow]:
    """Ask how many people were recognised at these shops since a time."""
    params = {"network": uow.network_id, "shops": pack_uuids(shop_ids), "since": first_id(since)}
    return await uow.start(CountRow, f"WITH {_GUEST} SELECT count(*) AS count FROM guest", params)


@dataclass(frozen=True, slots=True)
class ElsewhereRow:
    """How many of the guests bought in a category of other merchants, and at how many of those."""

    category: str
    people: int
    merchants: int


_ELSEWHERE = f"""
    WITH {_GUEST},
    subject AS (
        SELECT person, person AS subject_id FROM guest
        UNION ALL
        SELECT g.person, a.subject_id FROM guest g
        JOIN subject_alias a ON a.network_id = %(network)s AND a.canonical_subject_id = g.person
    )
    SELECT h.category, count(DISTINCT u.person) AS people, count(DISTINCT s.merchant_id) AS merchants
    FROM subject u
    JOIN sale s ON s.network_id = %(network)s AND s.subject_id = u.subject_id AND s.id >= %(since)s
    JOIN shop h ON h.network_id = %(network)s AND h.id = s.shop_id
    WHERE s.merchant_id <> %(merchant)s AND {THEIRS}
    GROUP BY h.category
    HAVING count(DISTINCT u.person) >= %(people)s AND count(DISTINCT s.merchant_id) >= %(merchants)s
    ORDER BY people DESC, h.category
"""


async def elsewhere(
    uow: UnitOfWork, merchant_id: UUID, shop_ids: Sequence[UUID], since: datetime, people: int, merchants: int
) -> Pending[ElsewhereRow]:
    """Ask in which categories guests buy at others; only groups of so many people over so many merchants."""
    params = {
        "network": uow.network_id,
        "merchant": merchant_id,
        "shops": pack_uuids(shop_ids),
        "since": first_id(since),
        "people": people,
        "merchants": merchants,
    }
    return await uow.start(ElsewhereRow, _ELSEWHERE, params)
