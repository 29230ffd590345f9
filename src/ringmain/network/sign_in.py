"""Signing in by password, and then by a code where the person has enrolled one.

Unknown e-mails, wrong passwords and disabled accounts get the same answer after the same work: the same statements and
one comparison of a password. Tries are counted per e-mail and address, per e-mail, and per address. Who signed in from
a browser before is counted by that browser alone, so that strangers who try an e-mail cannot lock its owner out.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from uuid import UUID

import msgspec

from ringmain.kit.audit import Actor, audit
from ringmain.kit.db import Database
from ringmain.kit.http import persist
from ringmain.kit.secrets import Keyring, KeyVersionUnknown
from ringmain.network.accounts import data_key, find_account
from ringmain.network.errors import CodeWrong, SignInExpired, SignInRefused
from ringmain.network.model.accounts import (
    ACCOUNT_PATIENCE,
    ADDRESS_PATIENCE,
    DEVICE_PATIENCE,
    PAIR_PATIENCE,
    Account,
    CodeNeeded,
    SignedIn,
    SignInMethod,
    normal_email,
)
from ringmain.network.passwords import compare, keep
from ringmain.network.second_factor import use_code
from ringmain.network.store import accounts as store
from ringmain.network.tickets import open_ticket, put_ticket, read_ticket, take_ticket
from ringmain.network.tries import Subject, code_tries, forgive, take_try

CODE_LIFE = timedelta(minutes=10)
_CODE = "code"
_DONE = "code-done"
_DONE_LIFE = timedelta(minutes=1)
# The network of an e-mail that nobody has: it has no rows, and asking it takes as long as asking another.
_NOWHERE = UUID(int=0)
_MARK_BYTES = 16
_MAC_BYTES = 16
_DEVICE_BYTES = 1 + 16 + _MARK_BYTES + _MAC_BYTES


@dataclass(frozen=True, slots=True)
class PasswordTry:
    """Who says they are, from which address; `device` is what an earlier sign-in left in this browser."""

    email: str = field(repr=False)
    password: str = field(repr=False)
    address: str
    device: str | None = field(default=None, repr=False)


class _Done(msgspec.Struct, frozen=True):
    """Who has signed in with this ticket, and with which code: the same form sent twice has one answer."""

    network_id: UUID
    account_id: UUID
    method: SignInMethod
    digest: bytes


class _Waiting(msgspec.Struct, frozen=True):
    """Whose password was right."""

    network_id: UUID
    account_id: UUID


async def sign_in(database: Database, keyring: Keyring, attempt: PasswordTry) -> SignedIn | CodeNeeded:
    """Return who signed in, or the ticket with which `sign_in_with_code` goes on.

    Raises `SignInRefused`, or `SignInLocked` after too many wrong tries.
    """
    async with database.unit(None) as uow:
        entry = await find_account(uow, keyring, attempt.email)
    subjects = _subjects(keyring, attempt, None if entry is None else entry.account_id)
    await take_try(database, subjects)
    account = secret = None
    async with database.unit(_NOWHERE if entry is None else entry.network_id) as uow:
        account_id = _NOWHERE if entry is None else entry.account_id
        account = await store.account(uow, account_id)
        secret = await store.secret(uow, account_id)
    key = None if account is None else data_key(keyring, account)
    compared = await compare(key, None if secret is None else secret.password_sealed, attempt.password)
    if account is None or secret is None or key is None or not compared.right or account.disabled_at is not None:
        raise SignInRefused
    await forgive(database, subjects)
    if compared.outdated:
        sealed = await keep(key, attempt.password)
        async with database.unit(account.network_id) as uow:
            await store.set_password(uow, account.id, sealed, None)
    if secret.totp_sealed is None:
        return await finish(database, keyring, account.network_id, account.id, "password")
    async with database.unit(None) as uow:
        waiting = _Waiting(account.network_id, account.id)
        return CodeNeeded(*await open_ticket(uow, _CODE, waiting, CODE_LIFE))


async def sign_in_with_code(database: Database, keyring: Keyring, ticket: str, code: str) -> SignedIn:
    """Return who signed in: the ticket says whose password was right, the code is of their app or a recovery code.

    The same ticket with the same code gives the same answer for a minute. Raises `CodeWrong`, `SignInLocked` after five
    wrong codes, or `SignInExpired`.
    """
    digest = hashlib.sha256(code.encode()).digest()
    async with database.unit(None) as uow:
        waiting = await read_ticket(uow, _CODE, ticket, _Waiting)
        done = None if waiting is not None else await read_ticket(uow, _DONE, ticket, _Done)
    if done is not None and hmac.compare_digest(done.digest, digest):
        return await finish(database, keyring, done.network_id, done.account_id, done.method)
    if waiting is None:
        raise SignInExpired
    subjects = code_tries(keyring, waiting.account_id)
    await take_try(database, subjects)

    async def attempt() -> SignInMethod | None:
        async with database.unit(waiting.network_id) as uow:
            account = await store.account(uow, waiting.account_id)
            if account is None or account.disabled_at is not None:
                raise SignInRefused
            method = await use_code(uow, keyring, account, code)
            if method is not None:
                if await take_ticket(uow, _CODE, ticket, _Waiting) is None:
                    raise SignInExpired
                await put_ticket(uow, _DONE, ticket, _Done(account.network_id, account.id, method, digest), _DONE_LIFE)
            return method

    method = await persist(attempt)
    if method is None:
        raise CodeWrong
    await forgive(database, subjects)
    return await finish(database, keyring, waiting.network_id, waiting.account_id, method)


async def finish(
    database: Database, keyring: Keyring, network_id: UUID, account_id: UUID, method: SignInMethod
) -> SignedIn:
    """Note that somebody has signed in, and say who. Raises `SignInRefused` where they were disabled meanwhile."""

    async def note() -> tuple[Account | None, datetime]:
        async with database.unit(network_id) as uow:
            account, now = await store.account(uow, account_id, lock=True), await uow.now()
            if account is not None and account.disabled_at is None:
                await store.note_sign_in(uow, account_id, now)
                await audit(uow, Actor("account", account_id), "sign_in", "account", account_id, {"method": method})
            return account, now

    account, now = await persist(note)
    if account is None or account.disabled_at is not None:
        raise SignInRefused
    return signed_in_as(keyring, account, method, now)


def signed_in_as(keyring: Keyring, account: Account, method: SignInMethod, at: datetime) -> SignedIn:
    """Return what a session is made of, for somebody who has proven who they are, or in a demonstration."""
    return SignedIn(
        network_id=account.network_id,
        account_id=account.id,
        role=account.role,
        merchant_id=account.merchant_id,
        method=method,
        second_factor_missing=account.second_factor_missing and method != "organisation",
        at=at,
        device=_device(keyring, account.id),
    )


def _subjects(keyring: Keyring, attempt: PasswordTry, account_id: UUID | None) -> list[Subject]:
    """Return what this try counts for."""
    mark = None if account_id is None else _mark_of(keyring, account_id, attempt.device)
    if account_id is not None and mark is not None:
        return [Subject.of(keyring, DEVICE_PATIENCE, "device", account_id, mark)]
    email = normal_email(attempt.email) or attempt.email
    address = _network_of(attempt.address)
    return [
        Subject.of(keyring, PAIR_PATIENCE, "pair", email, address),
        Subject.of(keyring, ACCOUNT_PATIENCE, "email", email, clean=False),
        Subject.of(keyring, ADDRESS_PATIENCE, "address", address, clean=False),
    ]


def _network_of(address: str) -> str:
    """Return what stands for an address: whoever has one IPv6 address has all 2^64 of its network."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((parsed, 64), strict=False)) if isinstance(parsed, IPv6Address) else str(parsed)


def _device(keyring: Keyring, account_id: UUID) -> str:
    """Return what tells later that this person signed in from this browser: the key's version, who, a mark, a seal."""
    version, mark = keyring.newest, secrets.token_bytes(_MARK_BYTES)
    raw = version.to_bytes(1) + account_id.bytes + mark
    return base64.urlsafe_b64encode(raw + _seal(keyring, version, raw)).rstrip(b"=").decode()


def _mark_of(keyring: Keyring, account_id: UUID, device: str | None) -> bytes | None:
    """Return the mark of a browser that this person signed in from, or None where it is another's or made up."""
    try:
        raw = base64.b64decode((device or "") + "=" * (-len(device or "") % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(raw) != _DEVICE_BYTES or raw[1:17] != account_id.bytes:
        return None
    body, seal = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
    try:
        right = hmac.compare_digest(_seal(keyring, raw[0], body), seal)
    except KeyVersionUnknown:
        return None
    return body[17:] if right else None


def _seal(keyring: Keyring, version: int, body: bytes) -> bytes:
    return hmac.digest(keyring.derived("sign-in-device", version=version), body, "sha256")[:_MAC_BYTES]
