"""API keys."""

from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import Call, Listed, Name, Page, Request, Role, Route, keys_of, listed
from ringmain.network import keys
from ringmain.network.errors import KeyNotFound, KeyRevoked, KeyScopeInvalid, MerchantNotFound, RoleNotGranted
from ringmain.network.model import LONGEST_OVERLAP_SECONDS, ApiKey, KeyRole
from ringmain.network.store import keys as store

_MANAGERS: frozenset[Role] = frozenset({"operator", "merchant"})
_ID = "01932c5e-7b41-7c3d-9f21-3b1a8e0c7d42"
_AT = "2026-03-01T09:00:00Z"
_DAY_SECONDS = 86_400


class MakeKey(Request, frozen=True):
    """A key to make. Terminals get theirs by pairing; a merchant makes keys of its own only."""

    role: Literal["operator", "merchant", "analyst"]
    name: Name
    merchant_id: UUID | None = None


class RotateKey(Request, frozen=True):
    """How long the secret before stays valid: at most a week."""

    overlap_seconds: Annotated[int, Meta(ge=0, le=LONGEST_OVERLAP_SECONDS)] = _DAY_SECONDS


class KeyKept(Struct, frozen=True):
    """A key by what its token is derived from."""

    id: UUID
    role: KeyRole
    merchant_id: UUID | None
    version: int
    master_version: int
    old_valid_until: datetime | None


class KeyMade(Struct, frozen=True):
    """A key with its token, which is shown here only; null where the master key that made it was forgotten since."""

    id: UUID
    role: KeyRole
    merchant_id: UUID | None
    version: int
    token: str | None
    old_valid_until: datetime | None


class Keys(Page, frozen=True):
    """Which keys to list."""

    merchant_id: UUID | None = None


class KeyAnswer(Struct, frozen=True):
    """A key without its secret."""

    id: UUID
    role: KeyRole
    merchant_id: UUID | None
    shop_id: UUID | None
    terminal_id: UUID | None
    name: str
    version: int
    old_valid_until: datetime | None
    made_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None


class KeyRevokedAnswer(Struct, frozen=True):
    """A key that is out of use; it is refused everywhere within ten seconds."""

    id: UUID
    revoked_at: datetime


async def _make(uow: UnitOfWork, call: Call, body: MakeKey) -> KeyKept:
    merchant_id = keys.granted_role(body.role, body.merchant_id, call.merchant_scope())
    return _kept(await keys.make_key(uow, call.keyring, body.role, body.name, merchant_id))


async def _rotate(uow: UnitOfWork, call: Call, body: RotateKey) -> KeyKept:
    overlap = timedelta(seconds=body.overlap_seconds)
    return _kept(await keys.rotate_key(uow, call.keyring, call.id("key_id"), overlap, call.merchant_scope()))


async def _revoke(uow: UnitOfWork, call: Call, _: None) -> KeyRevokedAnswer:
    key = await keys.revoke_key(uow, call.id("key_id"), call.merchant_scope())
    assert key.revoked_at is not None
    return KeyRevokedAnswer(key.id, key.revoked_at)


async def _list(uow: UnitOfWork, call: Call) -> Listed[KeyAnswer]:
    query: Keys = call.query
    after = keys_of(query.after, tuple[UUID])
    own = call.merchant_scope()
    if own is not None and query.merchant_id not in (None, own):
        return Listed([])
    rows = await store.list_keys(uow, after and after[0], query.limit + 1, own or query.merchant_id)
    return listed([_shown(row) for row in rows], query.limit, lambda key: (key.id,))


def _reveal(call: Call, kept: KeyKept) -> KeyMade:
    token = keys.token_text(call.keyring, kept.role, kept.id, kept.version, kept.master_version)
    return KeyMade(kept.id, kept.role, kept.merchant_id, kept.version, token, kept.old_valid_until)


def _kept(minted: keys.Minted) -> KeyKept:
    key = minted.key
    return KeyKept(key.id, key.role, key.merchant_id, key.version, minted.master_version, key.old_valid_until)


def _shown(key: ApiKey) -> KeyAnswer:
    return KeyAnswer(
        key.id,
        key.role,
        key.merchant_id,
        key.shop_id,
        key.terminal_id,
        key.name,
        key.version,
        key.old_valid_until,
        key.made_at,
        key.revoked_at,
        key.last_used_at,
    )


_MADE = {
    "id": _ID,
    "role": "merchant",
    "merchant_id": _ID,
    "version": 1,
    "token": "rm_m_AZMsXntBfD2fITsajgx9Qg_...",
    "old_valid_until": None,
}
_KEY = {
    "id": _ID,
    "role": "merchant",
    "merchant_id": _ID,
    "shop_id": None,
    "terminal_id": None,
    "name": "Console of Lotus Tea House",
    "version": 1,
    "old_valid_until": None,
    "made_at": _AT,
    "revoked_at": None,
    "last_used_at": None,
}

KEY_ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/v1/keys",
        operation="make_key",
        summary="Make an API key",
        description="The token is in this answer only; a retry with the same idempotency key gets it again.",
        tag="keys",
        roles=_MANAGERS,
        transaction="write",
        handler=_make,
        request=MakeKey,
        kept=KeyKept,
        reveal=_reveal,
        response=KeyMade,
        status=201,
        errors=(KeyScopeInvalid, MerchantNotFound, RoleNotGranted),
        example={"role": "merchant", "name": "Console of Lotus Tea House", "merchant_id": _ID},
        example_response=_MADE,
    ),
    Route(
        method="GET",
        path="/v1/keys",
        operation="list_keys",
        summary="List API keys",
        tag="keys",
        roles=_MANAGERS,
        handler=_list,
        query=Keys,
        response=Listed[KeyAnswer],
        example_query={"limit": "50"},
        example_response={"items": [_KEY], "next": None},
    ),
    Route(
        method="POST",
        path="/v1/keys/{key_id}/rotation",
        operation="rotate_key",
        summary="Give a key a new secret; the one before stays valid for a while",
        tag="keys",
        roles=_MANAGERS,
        transaction="write",
        handler=_rotate,
        request=RotateKey,
        kept=KeyKept,
        reveal=_reveal,
        response=KeyMade,
        errors=(KeyNotFound, KeyRevoked),
        example={"overlap_seconds": 86_400},
        example_response=_MADE | {"version": 2, "old_valid_until": "2026-03-02T09:00:00Z"},
    ),
    Route(
        method="DELETE",
        path="/v1/keys/{key_id}",
        operation="revoke_key",
        summary="Take a key out of use",
        tag="keys",
        roles=_MANAGERS,
        transaction="write",
        handler=_revoke,
        response=KeyRevokedAnswer,
        errors=(KeyNotFound,),
        example_response={"id": _ID, "revoked_at": _AT},
    ),
)
