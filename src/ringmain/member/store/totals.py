"""How many people a network knows."""

from dataclasses import dataclass

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
