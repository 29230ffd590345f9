"""Passwords: what they must be, how they are kept and compared, and how they are changed."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from ringmain.kit.audit import Actor, audit
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pages import end_sessions_of
from ringmain.kit.secrets import DataKey, Keyring
from ringmain.network.accounts import account_of, data_key, email_of, name_of
from ringmain.network.errors import PasswordTooWeak, SignInRefused
from ringmain.network.model.accounts import (
    PASSWORD_LENGTH,
    PASSWORD_LONGEST,
    SESSION_KIND,
    Account,
    normal_password,
    weakness,
)
from ringmain.network.store import accounts as store

# OWASP's first choice for Argon2id (46 MiB, one lane) with one pass more: about 60 ms on a small server.
_HASHER = PasswordHasher(time_cost=2, memory_cost=46 * 1_024, parallelism=1)
# Nobody's password: compared where there is none, so that the answer takes as long.
_NOBODY = _HASHER.hash("nobody")
# Each comparison takes 46 MiB: more at once would be a way to exhaust the memory.
_WORKERS = ThreadPoolExecutor(4, thread_name_prefix="argon2")
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Compared:
    """Whether a password was right, and whether its hash was made with other parameters than today's."""

    right: bool
    outdated: bool = False


async def compare(key: DataKey | None, sealed: bytes | None, given: str) -> Compared:
    """Compare a password with the kept one; exactly one comparison is made, also where nothing is kept."""
    stored = None if key is None or sealed is None else key.open("password", sealed)
    right = await _in_turn(_verify, stored or _NOBODY, normal_password(given[: PASSWORD_LONGEST * 4]))
    return Compared(right and stored is not None, stored is not None and _HASHER.check_needs_rehash(stored))


async def keep(key: DataKey, password: str) -> bytes:
    """Return the hash of a password as it is kept: Argon2id, sealed with the account's data key."""
    return key.seal("password", await _in_turn(_HASHER.hash, normal_password(password)))


def check_new_password(keyring: Keyring, account: Account, password: str) -> None:
    """Raise `PasswordTooWeak` where somebody may not have this password."""
    reason = weakness(password, email_of(keyring, account), name_of(keyring, account))
    if reason is not None:
        raise PasswordTooWeak(reason=reason, at_least=PASSWORD_LENGTH)


async def set_password(uow: UnitOfWork, keyring: Keyring, account: Account, password: str) -> None:
    """Set a password; sessions that began before are over. Raises `PasswordTooWeak`."""
    check_new_password(keyring, account, password)
    sealed = await keep(data_key(keyring, account), password)
    await store.set_password(uow, account.id, sealed, await uow.now())


async def change_password(
    uow: UnitOfWork, keyring: Keyring, account_id: UUID, old: str, new: str, *, session_id: UUID | None = None
) -> None:
    """Change the password of somebody who is signed in, and end their sessions but the one that asks.

    Who has none yet (a passkey is enough) sets the first one. The caller counts the tries (`password_tries`) and has
    asked `check_new_password` before. Raises `SignInRefused` where the old password is wrong, or `PasswordTooWeak`.
    """
    account = await account_of(uow, account_id, lock=True)
    secret = await store.secret(uow, account_id, lock=True)
    sealed = None if secret is None else secret.password_sealed
    if sealed is not None and not (await compare(data_key(keyring, account), sealed, old)).right:
        raise SignInRefused
    await set_password(uow, keyring, account, new)
    await end_sessions_of(uow, SESSION_KIND, account_id, but=session_id)
    await audit(uow, Actor("account", account_id), "change_password", "account", account_id)


def _verify(stored: str, given: str) -> bool:
    try:
        return _HASHER.verify(stored, given)
    except (VerificationError, InvalidHashError):
        return False


async def _in_turn(work: Callable[..., _Result], *arguments: str) -> _Result:
    return await asyncio.get_running_loop().run_in_executor(_WORKERS, work, *arguments)
