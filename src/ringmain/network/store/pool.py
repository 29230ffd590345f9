"""Payments into the network's own pool."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import UnitOfWork


@dataclass(frozen=True, slots=True)
class PoolDeposit:
    """Money that the network itself put in for vouchers; the ledger's transfer has the same id."""

    id: UUID
    amount_minor: int
    currency: str
    reference: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class _Inserted:
    id: UUID


async def insert_deposit(uow: UnitOfWork, deposit: PoolDeposit, made_by: UUID) -> bool:
    """Write a deposit; False where its reference was used before."""
    row = await uow.row(
        _Inserted,
        """
        INSERT INTO pool_deposit (network_id, id, amount_minor, currency, reference, made_by, made_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT ON CONSTRAINT pool_deposit_reference_once DO NOTHING RETURNING id
        """,
        (
            uow.network_id,
            deposit.id,
            deposit.amount_minor,
            deposit.currency,
            deposit.reference,
            made_by,
            deposit.made_at,
        ),
    )
    return row is not None


async def list_deposits(uow: UnitOfWork, before: UUID | None, limit: int) -> list[PoolDeposit]:
    """Return deposits, the newest first, older than one."""
    return await uow.rows(
        PoolDeposit,
        """
        SELECT id, amount_minor, currency, reference, made_at FROM pool_deposit
        WHERE network_id = %(network)s AND (%(before)s::uuid IS NULL OR id < %(before)s::uuid)
        ORDER BY id DESC LIMIT %(limit)s
        """,
        {"network": uow.network_id, "before": before, "limit": limit},
    )
