"""The rows of idempotency keys in PostgreSQL."""

from collections.abc import Sequence
from typing import Any, Protocol
from uuid import UUID

from msgspec import Struct

from ringmain.kit.db import UnitOfWork, pack_bytes, pack_texts, pack_uuids


class KeptAnswer(Struct, frozen=True):
    """One decided outcome: `code` is `decided` or the rule that refused, `answer` its JSON."""

    principal_id: UUID
    key: str
    payload_hash: bytes
    code: str
    answer: bytes


class _HasKey(Protocol):
    @property
    def principal_id(self) -> UUID: ...
    @property
    def key(self) -> str: ...


# A look-up by the whole key for each item, whatever the statistics say: a join planned while an operation is new scans
# all keys of the network. OFFSET keeps the planner from taking the look-up apart.
_FIND = """
    SELECT k.* FROM unnest(%(principals)s, %(keys)s) AS t (principal_id, key),
    LATERAL (SELECT k.principal_id, k.key, k.payload_hash, k.code, convert_to(k.answer::text, 'UTF8') AS answer
             FROM idempotency_key k
             WHERE k.network_id = %(network)s AND k.principal_id = t.principal_id AND k.operation = %(operation)s
               AND k.key = t.key
             OFFSET 0) AS k
"""


async def find_answers(uow: UnitOfWork, operation: int, items: Sequence[_HasKey]) -> list[KeptAnswer]:
    """Return the kept outcomes of those keys that have one."""
    params: dict[str, Any] = {
        "network": uow.network_id,
        "operation": operation,
        "principals": pack_uuids([item.principal_id for item in items]),
        "keys": pack_texts(item.key for item in items),
    }
    return await uow.rows(KeptAnswer, _FIND, params)


_KEEP = """
    INSERT INTO idempotency_key (network_id, principal_id, operation, key, payload_hash, code, answer)
    SELECT %(network)s, p, %(operation)s, k, h, c, a::jsonb
    FROM unnest(%(principals)s, %(keys)s, %(hashes)s, %(codes)s, %(answers)s)
         AS t (p, k, h, c, a)
    ORDER BY p, k
"""


async def keep_answers(uow: UnitOfWork, operation: int, kept: Sequence[KeptAnswer]) -> None:
    """Write outcomes under their keys, in one order, so that two batches with common keys cannot deadlock."""
    await uow.execute(
        _KEEP,
        {
            "network": uow.network_id,
            "operation": operation,
            "principals": pack_uuids([row.principal_id for row in kept]),
            "keys": pack_texts(row.key for row in kept),
            "hashes": pack_bytes(row.payload_hash for row in kept),
            "codes": pack_texts(row.code for row in kept),
            "answers": pack_texts(row.answer.decode() for row in kept),
        },
    )
