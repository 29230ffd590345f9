"""API keys: made, rotated with an overlap, and revoked.

A key's secret is 256 bits derived from the master key, the key's id and its version, so that the retry of a request
that made a key gets the same answer although no secret is stored: the database knows only its SHA-256.
"""

import hmac
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.ids import uuid7
from ringmain.kit.secrets import Keyring, KeyVersionUnknown
from ringmain.network.errors import KeyNotFound, KeyRevoked, KeyScopeInvalid, RoleNotGranted
from ringmain.network.model import ApiKey, KeyRole, Token
from ringmain.network.open import merchant_of
from ringmain.network.store import keys


@dataclass(frozen=True, slots=True)
class Minted:
    """A key with what its token is derived from; `master_version` is the master key's."""

    key: ApiKey
    master_version: int


async def make_key(
    uow: UnitOfWork, keyring: Keyring, role: KeyRole, name: str, merchant_id: UUID | None = None
) -> Minted:
    """Make a key of an operator, a merchant or an analyst; terminals get theirs by pairing.

    Raises `KeyScopeInvalid` or `MerchantNotFound`.
    """
    if role == "terminal" or (role == "merchant") != (merchant_id is not None):
        raise KeyScopeInvalid(role=role)
    if merchant_id is not None:
        await merchant_of(uow, merchant_id)
    now = await uow.now()
    id_ = uuid7(now)
    # Operators act for the network and merchants for the merchant, whichever key they use: a retry with a rotated or
    # second key still meets the first answer. Analysts write nothing that they would share.
    principal_id = {"operator": uow.network_id, "merchant": merchant_id}.get(role) or id_
    return await issue(uow, keyring, _key(id_, role, principal_id, name, now, merchant_id=merchant_id))


async def make_terminal_key(
    uow: UnitOfWork, keyring: Keyring, merchant_id: UUID, shop_id: UUID, terminal_id: UUID, name: str
) -> Minted:
    """Make the key of a terminal that was just paired."""
    now = await uow.now()
    key = _key(uuid7(now), "terminal", terminal_id, name, now, merchant_id, shop_id, terminal_id)
    return await issue(uow, keyring, key)


async def issue(uow: UnitOfWork, keyring: Keyring, key: ApiKey) -> Minted:
    """Write a new key."""
    version = keyring.newest
    await keys.insert_key(uow, key, _token(keyring, key.role, key.id, key.version, version).hashed())
    return Minted(key, version)


async def rotate_key(
    uow: UnitOfWork, keyring: Keyring, key_id: UUID, overlap: timedelta, merchant_id: UUID | None = None
) -> Minted:
    """Give a key a new secret; the one before stays valid for the overlap. Raises `KeyNotFound` or `KeyRevoked`.

    `merchant_id` is the merchant who asks, who may rotate its own keys only.
    """
    key = await _owned(uow, key_id, merchant_id)
    if key.revoked_at is not None:
        raise KeyRevoked(key_id=key_id, revoked_at=key.revoked_at)
    until = await uow.now() + overlap
    version = keyring.newest
    key = replace(key, version=key.version + 1, old_valid_until=until)
    await keys.replace_secret(uow, key_id, _token(keyring, key.role, key.id, key.version, version).hashed(), until)
    return Minted(key, version)


async def revoke_key(uow: UnitOfWork, key_id: UUID, merchant_id: UUID | None = None) -> ApiKey:
    """Take a key out of use for good; once more changes nothing. Raises `KeyNotFound`."""
    key = await _owned(uow, key_id, merchant_id)
    now = await uow.now()
    await keys.revoke_key(uow, key_id, now)
    return replace(key, revoked_at=key.revoked_at or now)


def granted_role(role: KeyRole, merchant_id: UUID | None, asking_merchant: UUID | None) -> UUID | None:
    """Return the merchant of a key asked for; raises `RoleNotGranted` where a merchant asks for another's."""
    if asking_merchant is None:
        return merchant_id
    if role != "merchant" or merchant_id not in (None, asking_merchant):
        raise RoleNotGranted(role=role)
    return asking_merchant


def token_text(keyring: Keyring, role: KeyRole, key_id: UUID, version: int, master_version: int) -> str | None:
    """Return the token as its owner sends it, or None where the master key that made it was forgotten since."""
    try:
        return _token(keyring, role, key_id, version, master_version).text()
    except KeyVersionUnknown:
        return None


def _token(keyring: Keyring, role: KeyRole, key_id: UUID, version: int, master_version: int) -> Token:
    master = keyring.derived("api_key", version=master_version)
    return Token(role, key_id, hmac.digest(master, key_id.bytes + version.to_bytes(4), "sha256"))


async def _owned(uow: UnitOfWork, key_id: UUID, merchant_id: UUID | None) -> ApiKey:
    key = await keys.key(uow, key_id, lock=True)
    if key is None or merchant_id not in (None, key.merchant_id):
        raise KeyNotFound(key_id=key_id)
    return key


def _key(
    id_: UUID,
    role: KeyRole,
    principal_id: UUID,
    name: str,
    made_at: datetime,
    merchant_id: UUID | None = None,
    shop_id: UUID | None = None,
    terminal_id: UUID | None = None,
) -> ApiKey:
    return ApiKey(
        id=id_,
        role=role,
        principal_id=principal_id,
        merchant_id=merchant_id,
        shop_id=shop_id,
        terminal_id=terminal_id,
        name=name,
        version=1,
        old_valid_until=None,
        made_at=made_at,
        revoked_at=None,
        last_used_at=None,
    )
