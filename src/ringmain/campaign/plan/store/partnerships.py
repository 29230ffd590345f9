"""Partnerships between merchants in PostgreSQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from ringmain.campaign.plan.model import Partnership
from ringmain.kit.db import UnitOfWork

_PARTNERSHIP = """
    SELECT p.id, p.name, p.proposed_by, p.merchant_ids, p.currency, p.limit_minor, p.proposed_at,
           ARRAY(SELECT e.merchant_id FROM partnership_event e
                 WHERE e.network_id = p.network_id AND e.partnership_id = p.id AND e.kind = 'agreed'
                 ORDER BY e.happened_at, e.merchant_id) AS agreed,
           (SELECT min(e.happened_at) FROM partnership_event e
            WHERE e.network_id = p.network_id AND e.partnership_id = p.id AND e.kind = 'ended') AS ended_at,
           (SELECT e.merchant_id FROM partnership_event e
            WHERE e.network_id = p.network_id AND e.partnership_id = p.id AND e.kind = 'ended'
            ORDER BY e.happened_at, e.merchant_id LIMIT 1) AS ended_by
    FROM partnership p WHERE p.network_id = %(network)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    id: UUID
    name: str
    proposed_by: UUID
    merchant_ids: Sequence[UUID]
    currency: str
    limit_minor: int
    proposed_at: datetime
    agreed: Sequence[UUID]
    ended_at: datetime | None
    ended_by: UUID | None

    def partnership(self) -> Partnership:
        """Return it as the model has it."""
        return Partnership(
            id=self.id,
            name=self.name,
            proposed_by=self.proposed_by,
            merchant_ids=tuple(self.merchant_ids),
            currency=self.currency,
            limit_minor=self.limit_minor,
            proposed_at=self.proposed_at,
            agreed=tuple(self.agreed),
            ended_at=self.ended_at,
            ended_by=self.ended_by,
        )


async def add(uow: UnitOfWork, one: Partnership) -> None:
    """Write a partnership, without who agrees."""
    await uow.execute(
        "INSERT INTO partnership (network_id, id, name, proposed_by, merchant_ids, currency, limit_minor, proposed_at)"
        " VALUES (%s, %s, %s, %s, %s::uuid[], %s, %s, %s)",
        (
            uow.network_id,
            one.id,
            one.name,
            one.proposed_by,
            list(one.merchant_ids),
            one.currency,
            one.limit_minor,
            one.proposed_at,
        ),
    )


async def note(
    uow: UnitOfWork, partnership_id: UUID, merchant_id: UUID, kind: Literal["agreed", "ended"], at: datetime
) -> None:
    """Write that a party agrees, or ends it; once more changes nothing."""
    await uow.execute(
        "INSERT INTO partnership_event (network_id, partnership_id, merchant_id, kind, happened_at)"
        " VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (uow.network_id, partnership_id, merchant_id, kind, at),
    )


async def partnership(uow: UnitOfWork, partnership_id: UUID) -> Partnership | None:
    """Return a partnership as it stands."""
    params = {"network": uow.network_id, "id": partnership_id}
    found = await uow.row(_Row, f"{_PARTNERSHIP} AND p.id = %(id)s", params)
    return None if found is None else found.partnership()


async def of_merchant(uow: UnitOfWork, merchant_id: UUID | None) -> list[Partnership]:
    """Return the newest 200 partnerships, of one party or of all."""
    query = f"""
        {_PARTNERSHIP} AND (%(merchant)s::uuid IS NULL OR p.merchant_ids @> ARRAY[%(merchant)s::uuid])
        ORDER BY p.id DESC LIMIT 200
    """
    rows = await uow.rows(_Row, query, {"network": uow.network_id, "merchant": merchant_id})
    return [row.partnership() for row in rows]


async def parties(uow: UnitOfWork, partnership_ids: Sequence[UUID]) -> dict[UUID, frozenset[UUID]]:
    """Return the parties of partnerships that nobody has ended."""
    query = f"{_PARTNERSHIP} AND p.id = ANY(%(ids)s::uuid[])"
    rows = await uow.rows(_Row, query, {"network": uow.network_id, "ids": list(partnership_ids)})
    return {row.id: frozenset(row.merchant_ids) for row in rows if row.ended_at is None}


@dataclass(frozen=True, slots=True)
class _Id:
    id: UUID


@dataclass(frozen=True, slots=True)
class _Bound:
    partnership_id: UUID
    merchant_id: UUID
    minor: int


_COMMITTED = """
    SELECT c.partnership_id, c.merchant_id, sum(c.budget_minor)::bigint AS minor FROM campaign c
    WHERE c.network_id = %(network)s AND c.partnership_id = ANY(%(ids)s::uuid[])
      AND (SELECT e.state FROM campaign_event e WHERE e.network_id = c.network_id AND e.campaign_id = c.id
           ORDER BY e.number DESC LIMIT 1) IN ('awaiting_approval', 'running', 'paused')
    GROUP BY c.partnership_id, c.merchant_id
"""


_OPEN = """
    SELECT c.id FROM campaign c
    WHERE c.network_id = %s AND c.partnership_id = %s
      AND (SELECT e.state FROM campaign_event e WHERE e.network_id = c.network_id AND e.campaign_id = c.id
           ORDER BY e.number DESC LIMIT 1) IN ('awaiting_approval', 'running', 'paused')
    ORDER BY c.id
"""


async def open_exchanges(uow: UnitOfWork, partnership_id: UUID) -> list[UUID]:
    """Return the campaigns under a partnership that wait, run or pause, in the order in which they are locked."""
    return [row.id for row in await uow.rows(_Id, _OPEN, (uow.network_id, partnership_id))]


async def committed(uow: UnitOfWork, partnership_ids: Sequence[UUID]) -> dict[tuple[UUID, UUID], int]:
    """Return the budgets of campaigns that wait, run or pause, in minor units, by partnership and party with any."""
    rows = await uow.rows(_Bound, _COMMITTED, {"network": uow.network_id, "ids": list(partnership_ids)})
    return {(row.partnership_id, row.merchant_id): row.minor for row in rows}
