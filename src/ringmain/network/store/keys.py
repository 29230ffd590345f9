"""The rows of API keys and of the directory that tells their networks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import UnitOfWork, pack_uuids
from ringmain.network.model import ApiKey, KeyRole

_KEY = """
    SELECT id, role, principal_id, merchant_id, shop_id, terminal_id, name, version, old_valid_until, made_at,
           revoked_at, last_used_at
    FROM api_key
"""


@dataclass(frozen=True, slots=True)
class SecretRow:
    """What a token is checked against, and whom it stands for."""

    role: KeyRole
    principal_id: UUID
    merchant_id: UUID | None
    shop_id: UUID | None
    terminal_id: UUID | None
    secret_hash: bytes
    old_secret_hash: bytes | None
    old_is_valid: bool


@dataclass(frozen=True, slots=True)
class _Entry:
    network_id: UUID


async def insert_key(uow: UnitOfWork, key: ApiKey, secret_hash: bytes) -> None:
    """Add a key, and its id to the directory."""
    await uow.execute(
        """
        INSERT INTO api_key (network_id, id, role, principal_id, merchant_id, shop_id, terminal_id, name, version,
                             secret_hash, made_at)
        VALUES (%(network)s, %(id)s, %(role)s, %(principal)s, %(merchant)s, %(shop)s, %(terminal)s, %(name)s,
                %(version)s, %(hash)s, %(made)s)
        """,
        {
            "network": uow.network_id,
            "id": key.id,
            "role": key.role,
            "principal": key.principal_id,
            "merchant": key.merchant_id,
            "shop": key.shop_id,
            "terminal": key.terminal_id,
            "name": key.name,
            "version": key.version,
            "hash": secret_hash,
            "made": key.made_at,
        },
    )
    await uow.execute("INSERT INTO key_directory (id, network_id) VALUES (%s, %s)", (key.id, uow.network_id))


async def secret(uow: UnitOfWork, key_id: UUID) -> SecretRow | None:
    """Return what a token is checked against; None where the key is unknown or revoked."""
    return await uow.row(
        SecretRow,
        """
        SELECT role, principal_id, merchant_id, shop_id, terminal_id, secret_hash, old_secret_hash,
               coalesce(old_valid_until > clock_timestamp(), false) AS old_is_valid
        FROM api_key WHERE network_id = %s AND id = %s AND revoked_at IS NULL
        """,
        (uow.network_id, key_id),
    )


async def key(uow: UnitOfWork, id_: UUID, *, lock: bool = False) -> ApiKey | None:
    """Return a key; with `lock`, nobody else changes it until this transaction ends."""
    query = f"{_KEY} WHERE network_id = %s AND id = %s"
    return await uow.row(ApiKey, f"{query} FOR UPDATE" if lock else query, (uow.network_id, id_))


async def list_keys(uow: UnitOfWork, after: UUID | None, limit: int, merchant_id: UUID | None) -> list[ApiKey]:
    """Return keys in the order of their ids, of one merchant where that is given."""
    return await uow.rows(
        ApiKey,
        f"""
        {_KEY}
        WHERE network_id = %(network)s AND (%(after)s::uuid IS NULL OR id > %(after)s)
          AND (%(merchant)s::uuid IS NULL OR merchant_id = %(merchant)s)
        ORDER BY id LIMIT %(limit)s
        """,
        {"network": uow.network_id, "after": after, "merchant": merchant_id, "limit": limit},
    )


async def replace_secret(uow: UnitOfWork, key_id: UUID, secret_hash: bytes, old_valid_until: datetime) -> None:
    """Put a new secret in the place of the present one, which stays valid until a time."""
    await uow.execute(
        """
        UPDATE api_key SET version = version + 1, old_secret_hash = secret_hash, secret_hash = %s, old_valid_until = %s
        WHERE network_id = %s AND id = %s
        """,
        (secret_hash, old_valid_until, uow.network_id, key_id),
    )


async def revoke_key(uow: UnitOfWork, key_id: UUID, at: datetime) -> None:
    """Take a key out of use for good; its first revocation stays."""
    await uow.execute(
        "UPDATE api_key SET revoked_at = coalesce(revoked_at, %s) WHERE network_id = %s AND id = %s",
        (at, uow.network_id, key_id),
    )


async def revoke_keys_of_terminal(uow: UnitOfWork, terminal_id: UUID, at: datetime) -> None:
    """Take every key of a terminal out of use."""
    await uow.execute(
        "UPDATE api_key SET revoked_at = %s WHERE network_id = %s AND terminal_id = %s AND revoked_at IS NULL",
        (at, uow.network_id, terminal_id),
    )


async def note_use(uow: UnitOfWork, used: Mapping[UUID, datetime]) -> None:
    """Write when keys were used last, in the order of their ids."""
    await uow.execute(
        """
        UPDATE api_key AS k SET last_used_at = t.at
        FROM unnest(%s, %s::timestamptz[]) AS t (id, at)
        WHERE k.network_id = %s AND k.id = t.id AND (k.last_used_at IS NULL OR k.last_used_at < t.at)
        """,
        (pack_uuids(list(used)), list(used.values()), uow.network_id),
    )


async def network_of(uow: UnitOfWork, id_: UUID) -> UUID | None:
    """Return the network of a key or pairing code; the directory is read before the network is known."""
    row = await uow.row(
        _Entry,
        "SELECT network_id FROM key_directory WHERE id = %s AND (expires_at IS NULL OR expires_at > clock_timestamp())",
        (id_,),
    )
    return None if row is None else row.network_id


async def claim_pairing(uow: UnitOfWork, pairing_id: UUID, expires_at: datetime) -> bool:
    """Put a pairing code into the directory and tidy away expired ones; False where the same code is out already."""
    await uow.execute("DELETE FROM key_directory WHERE expires_at < clock_timestamp() - interval '1 minute'")
    row = await uow.row(
        _Entry,
        "INSERT INTO key_directory (id, network_id, expires_at) VALUES (%s, %s, %s)"
        " ON CONFLICT DO NOTHING RETURNING network_id",
        (pairing_id, uow.network_id, expires_at),
    )
    return row is not None
