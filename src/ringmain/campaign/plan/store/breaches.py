"""Vouchers of campaigns' offers that were given by hand, in PostgreSQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from ringmain.kit.db import UnitOfWork, pack_uuids
from ringmain.kit.lake import LakeTable


@dataclass(frozen=True, slots=True)
class _Id:
    id: UUID


# A campaign runs from its start to its end; what was given before or after does not touch what is compared.
_ADD = """
    INSERT INTO campaign_breach (network_id, id, campaign_id, subject_id, happened_at)
    SELECT v.network_id, v.id, l.campaign_id, v.subject_id, v.granted_at
    FROM voucher v JOIN campaign_live l ON l.network_id = v.network_id AND l.offer_id = v.offer_id
    WHERE v.network_id = %(network)s AND v.id = ANY(%(ids)s) AND v.subject_id IS NOT NULL
    ORDER BY v.id ON CONFLICT DO NOTHING RETURNING id
"""


async def add_breaches(uow: UnitOfWork, voucher_ids: Sequence[UUID]) -> list[UUID]:
    """Record those of these vouchers that are of a campaign's offer and held by somebody; seen twice, once."""
    rows = await uow.rows(_Id, _ADD, {"network": uow.network_id, "ids": pack_uuids(voucher_ids)})
    return [row.id for row in rows]


_FACTS = """
    SELECT id::text AS breach_id, campaign_id::text, subject_id::text, happened_at
    FROM campaign_breach WHERE network_id = %(network)s AND id = ANY(%(ids)s)
"""
LAKE_TABLES = (
    LakeTable(
        kind="campaign_breach",
        columns={
            "breach_id": "string",
            "campaign_id": "string",
            "subject_id": "string",
            "happened_at": "timestamp",
        },
        query=_FACTS,
        day_column="happened_at",
    ),
)
