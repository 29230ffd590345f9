"""Validations that hold vouchers, and typed codes, in PostgreSQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import UnitOfWork, pack_bytes, pack_uuids


@dataclass(frozen=True, slots=True)
class Hold:
    """A validation that holds vouchers for one till; its id is the key of the lock."""

    id: UUID
    merchant_id: UUID
    shop_id: UUID
    voucher_ids: list[UUID]
    held_until: datetime


_INSERT_HOLD = """
    INSERT INTO validation (network_id, id, merchant_id, shop_id, voucher_ids, held_until)
    VALUES (%(network)s, %(id)s, %(merchant)s, %(shop)s, %(vouchers)s, %(until)s)
"""
_LOCK_FOR_HOLD = """
    UPDATE voucher SET lock_key = %(id)s, lock_until = %(until)s
    WHERE network_id = %(network)s AND id = ANY(%(vouchers)s)
"""


async def insert_hold(uow: UnitOfWork, hold: Hold) -> None:
    """Hold vouchers, which the caller has locked."""
    params = {
        "network": uow.network_id,
        "id": hold.id,
        "merchant": hold.merchant_id,
        "shop": hold.shop_id,
        "vouchers": pack_uuids(hold.voucher_ids),
        "until": hold.held_until,
    }
    await uow.execute(_INSERT_HOLD, params)
    await uow.execute(_LOCK_FOR_HOLD, params)


async def read_hold(uow: UnitOfWork, id_: UUID) -> Hold | None:
    """Return a validation that holds vouchers."""
    query = """
        SELECT id, merchant_id, shop_id, voucher_ids, held_until FROM validation WHERE network_id = %s AND id = %s
    """
    return await uow.row(Hold, query, (uow.network_id, id_))


_RELEASE = """
    UPDATE voucher AS v SET lock_key = NULL, lock_until = NULL
    FROM (SELECT id FROM voucher WHERE network_id = %(network)s AND id = ANY(%(vouchers)s) AND lock_key = %(id)s
          ORDER BY id FOR NO KEY UPDATE) AS held
    WHERE v.network_id = %(network)s AND v.id = held.id
"""


async def release_hold(uow: UnitOfWork, hold: Hold) -> None:
    """Let go of the vouchers that a validation still holds, and forget it."""
    params = {"network": uow.network_id, "id": hold.id, "vouchers": pack_uuids(hold.voucher_ids)}
    await uow.execute(_RELEASE, params)
    await uow.execute("DELETE FROM validation WHERE network_id = %(network)s AND id = %(id)s", params)


@dataclass(frozen=True, slots=True)
class _IdRow:
    id: UUID


_INSERT_TYPED = """
    INSERT INTO typed_code (network_id, shop_id, digits_hash, voucher_id, expires_at)
    VALUES (%(network)s, %(shop)s, %(hash)s, %(voucher)s, %(expires)s)
    ON CONFLICT (network_id, shop_id, digits_hash) DO UPDATE
        SET voucher_id = excluded.voucher_id, expires_at = excluded.expires_at WHERE typed_code.expires_at <= %(now)s
    RETURNING voucher_id AS id
"""


async def insert_typed_code(
    uow: UnitOfWork, shop_id: UUID, digits_hash: bytes, voucher_id: UUID, *, expires_at: datetime, now: datetime
) -> bool:
    """Write a typed code; False where the same digits are in use at this shop."""
    params = {
        "network": uow.network_id,
        "shop": shop_id,
        "hash": digits_hash,
        "voucher": voucher_id,
        "expires": expires_at,
        "now": now,
    }
    return await uow.row(_IdRow, _INSERT_TYPED, params) is not None


@dataclass(frozen=True, slots=True)
class SecretRow:
    """A voucher and its secret."""

    id: UUID
    secret: bytes


_RESOLVE_TYPED = """
    SELECT v.id, v.secret FROM typed_code t
    JOIN voucher v ON v.network_id = t.network_id AND v.id = t.voucher_id
    WHERE t.network_id = %(network)s AND t.shop_id = %(shop)s AND t.digits_hash = ANY(%(hashes)s)
      AND t.expires_at > %(now)s
"""


async def resolve_typed_code(
    uow: UnitOfWork, shop_id: UUID, digits_hashes: Sequence[bytes], now: datetime
) -> SecretRow | None:
    """Return the voucher that digits stand for at a shop."""
    params = {"network": uow.network_id, "shop": shop_id, "hashes": pack_bytes(digits_hashes), "now": now}
    return await uow.row(SecretRow, _RESOLVE_TYPED, params)


async def secret_of(uow: UnitOfWork, voucher_id: UUID) -> SecretRow | None:
    """Return the secret of a voucher."""
    query = "SELECT id, secret FROM voucher WHERE network_id = %s AND id = %s"
    return await uow.row(SecretRow, query, (uow.network_id, voucher_id))


@dataclass(frozen=True, slots=True)
class _CountRow:
    failures: int


_LOCK_FAILURES = """
    INSERT INTO typed_code_failure (network_id, principal_id, hour) VALUES (%(network)s, %(principal)s, %(hour)s)
    ON CONFLICT (network_id, principal_id, hour) DO UPDATE SET failures = typed_code_failure.failures
    RETURNING failures
"""
_COUNT_FAILURE = """
    UPDATE typed_code_failure SET failures = failures + 1
    WHERE network_id = %(network)s AND principal_id = %(principal)s AND hour = %(hour)s
"""


async def lock_failures(uow: UnitOfWork, principal_id: UUID, hour: datetime) -> int:
    """Return how many wrong digits somebody typed within an hour; whoever asks at the same time waits."""
    params = {"network": uow.network_id, "principal": principal_id, "hour": hour}
    row = await uow.row(_CountRow, _LOCK_FAILURES, params)
    assert row is not None
    return row.failures


async def count_failure(uow: UnitOfWork, principal_id: UUID, hour: datetime) -> None:
    """Count wrong digits; the row is locked."""
    await uow.execute(_COUNT_FAILURE, {"network": uow.network_id, "principal": principal_id, "hour": hour})
