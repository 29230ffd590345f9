"""Notes to dead ends in PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.loop.model.notes import Note

_COLUMNS = "id, merchant_id, shop_id, week, kind, sent_on, came, words, state, made_at, decided_at"
_ADD = f"""
    INSERT INTO pressure_note (network_id, {_COLUMNS})
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT ON CONSTRAINT pressure_note_once_a_week DO NOTHING
"""
_LIST = f"""
    SELECT {_COLUMNS} FROM pressure_note n
    WHERE n.network_id = %(network)s AND (%(merchant)s::uuid IS NULL OR n.merchant_id = %(merchant)s)
      AND (NOT %(sent)s OR n.state = 'sent')
    ORDER BY n.state = 'draft' DESC, n.id DESC LIMIT %(limit)s
"""
_LOCK = f"SELECT {_COLUMNS} FROM pressure_note n WHERE n.network_id = %s AND n.id = %s FOR UPDATE"
_DECIDE = "UPDATE pressure_note SET state = %s, words = %s, decided_at = %s WHERE network_id = %s AND id = %s"


async def add(uow: UnitOfWork, notes: Sequence[Note]) -> None:
    """Write drafts; a shop that has one of the same week keeps it as it is."""
    for one in notes:
        await uow.execute(
            _ADD,
            (
                uow.network_id,
                one.id,
                one.merchant_id,
                one.shop_id,
                one.week,
                one.kind,
                one.sent_on,
                one.came,
                one.words,
                one.state,
                one.made_at,
                one.decided_at,
            ),
        )


async def notes(uow: UnitOfWork, merchant_id: UUID | None, *, sent: bool, limit: int) -> list[Note]:
    """Return notes, drafts first, then the newest; of one merchant, or those that were sent only, where asked."""
    params = {"network": uow.network_id, "merchant": merchant_id, "sent": sent, "limit": limit}
    return await uow.rows(Note, _LIST, params)


async def locked(uow: UnitOfWork, note_id: UUID) -> Note | None:
    """Return a note under its lock."""
    return await uow.row(Note, _LOCK, (uow.network_id, note_id))


async def decide(uow: UnitOfWork, note_id: UUID, state: str, words: str | None, at: datetime) -> None:
    """Note what became of a draft."""
    await uow.execute(_DECIDE, (state, words, at, uow.network_id, note_id))
