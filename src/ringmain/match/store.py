"""Blocks in PostgreSQL: appended, never changed."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import UnitOfWork, pack_uuids
from ringmain.match.model import Block

_ADD = """
    INSERT INTO match_block (network_id, id, subject_id, shop_id, offer_id, withdrawn, recorded_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s)
"""


async def add(uow: UnitOfWork, block: Block, subject_id: UUID, *, withdrawn: bool, at: datetime) -> None:
    """Append that something is not wanted, or is again."""
    params = (uow.network_id, block.id, subject_id, block.shop_id, block.offer_id, withdrawn, at)
    await uow.execute(_ADD, params)


# A person may have several subjects, merged into one: the last word of any of them counts.
_IN_FORCE = """
    SELECT id, shop_id, offer_id, recorded_at
    FROM (
        SELECT DISTINCT ON (shop_id, offer_id) id, shop_id, offer_id, recorded_at, withdrawn
        FROM match_block WHERE network_id = %(network)s AND subject_id = ANY(%(subjects)s)
        ORDER BY shop_id, offer_id, sequence DESC
    ) AS last
    WHERE NOT withdrawn ORDER BY recorded_at, id LIMIT 5000
"""


async def in_force(uow: UnitOfWork, subject_ids: Sequence[UUID]) -> list[Block]:
    """Return what a person does not want now, the oldest first."""
    params = {"network": uow.network_id, "subjects": pack_uuids(subject_ids)}
    return await uow.rows(Block, _IN_FORCE, params)
