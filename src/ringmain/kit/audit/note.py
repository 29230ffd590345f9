"""Note what was done, in the transaction that does it: both are kept, or neither."""

from uuid import UUID

from ringmain.kit.audit import store
from ringmain.kit.audit.model import Actor, Content, Facts, plain
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.ids import uuid7

# The kind of fact by which the sealer hears of entries.
ANNOUNCED = "audit_entry"


async def audit(
    uow: UnitOfWork,
    actor: Actor,
    action: str,
    object_kind: str,
    object_id: UUID | None,
    facts: Facts | None = None,
    request_id: str = "",
) -> UUID:
    """Add an entry and return its id.

    `facts` are ids, codes, amounts, times as text and names of fields: never personal data, and never what somebody
    wrote freely. Raises ValueError for a text above 100 characters.
    """
    now = await uow.now()
    entry_id = uuid7(now)
    await store.insert_entry(
        uow,
        Content(entry_id, now, actor, action, object_kind, object_id, plain(facts or {}), request_id),
    )
    uow.record(ANNOUNCED, [entry_id])
    return entry_id
