"""How many people a network knows, and all of them, page by page."""

from dataclasses import dataclass
from uuid import UUID

from ringmain.kit.db import UnitOfWork


@dataclass(frozen=True, slots=True)
class _Count:
    count: int


async def count_people(uow: UnitOfWork) -> int:
    """Count the people: merged members are one, erased ones none. A scan, for summaries."""
    row = await uow.row(
        _Count,
        "SELECT count(*) AS count FROM member WHERE network_id = %s AND canonical_id = id AND erased_at IS NULL",
        (uow.network_id,),
    )
    return row.count if row is not None else 0


@dataclass(frozen=True, slots=True)
class _Subject:
    subject_id: UUID


_PAGE = """
    SELECT k.subject_id FROM member_key k JOIN member m ON m.network_id = k.network_id AND m.id = k.member_id
    WHERE k.network_id = %(network)s AND m.canonical_id = m.id
      AND (%(after)s::uuid IS NULL OR k.subject_id > %(after)s)
    ORDER BY k.subject_id LIMIT %(limit)s
"""


async def people_page(uow: UnitOfWork, after: UUID | None, limit: int) -> list[UUID]:
    """Return the subjects of people in their order, from the one after `after` on: of merged members one."""
    params = {"network": uow.network_id, "after": after, "limit": limit}
    return [row.subject_id for row in await uow.rows(_Subject, _PAGE, params)]
