"""Planned switch-offs in PostgreSQL."""

from datetime import datetime
from uuid import UUID

from ringmain.campaign.plan.model import SwitchOff
from ringmain.kit.db import UnitOfWork

_COLUMNS = "id, salt, share_bp, starts_at, ends_at, planned_at, stopped_at"


async def lock(uow: UnitOfWork) -> None:
    """Let one switch-off be planned at a time in a network."""
    await uow.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s::text, 50))", (str(uow.network_id),))


async def add(uow: UnitOfWork, one: SwitchOff) -> None:
    """Write a switch-off."""
    await uow.execute(
        f"INSERT INTO switch_off (network_id, {_COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (
            uow.network_id,
            one.id,
            one.salt,
            one.share_bp,
            one.starts_at,
            one.ends_at,
            one.planned_at,
            one.stopped_at,
        ),
    )


async def stop(uow: UnitOfWork, id_: UUID, at: datetime) -> bool:
    """Stop one that is not over; False where there is none."""
    query = f"""
        UPDATE switch_off SET stopped_at = %s
        WHERE network_id = %s AND id = %s AND stopped_at IS NULL AND ends_at > %s RETURNING {_COLUMNS}
    """
    return await uow.row(SwitchOff, query, (at, uow.network_id, id_, at)) is not None


async def newest(uow: UnitOfWork, limit: int) -> list[SwitchOff]:
    """Return the newest ones."""
    query = f"SELECT {_COLUMNS} FROM switch_off WHERE network_id = %s ORDER BY id DESC LIMIT %s"
    return await uow.rows(SwitchOff, query, (uow.network_id, limit))


async def open_after(uow: UnitOfWork, at: datetime) -> list[SwitchOff]:
    """Return those that run at a moment or will run later."""
    query = f"""
        SELECT {_COLUMNS} FROM switch_off
        WHERE network_id = %s AND ends_at > %s AND (stopped_at IS NULL OR stopped_at > %s) ORDER BY id
    """
    return await uow.rows(SwitchOff, query, (uow.network_id, at, at))
