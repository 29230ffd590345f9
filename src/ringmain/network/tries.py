"""How often somebody may try: counted in the database before the try is made, and given back where it was right."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Self
from uuid import UUID

from ringmain.kit.db import Database
from ringmain.kit.http import persist
from ringmain.kit.pure.framing import Part
from ringmain.kit.secrets import Keyring
from ringmain.network.errors import SignInLocked
from ringmain.network.model.accounts import CODE_PATIENCE, Patience, Tries
from ringmain.network.store import sign_in as store

_SWEPT_AT_ONCE = 50
_KEPT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Subject:
    """Who or what tries, as a keyed hash, and how patient we are with it.

    `clean` forgets all wrong tries after a right one; else only the right one is taken off again, so that somebody who
    knows one password cannot wipe out what they tried with others.
    """

    hash: bytes
    patience: Patience
    clean: bool = True

    @classmethod
    def of(cls, keyring: Keyring, patience: Patience, *parts: Part, clean: bool = True) -> Self:
        """Return the subject of these parts; the first says what kind it is."""
        return cls(keyring.lookup_hash("sign-in-tries", *parts), patience, clean)


def password_tries(keyring: Keyring, account_id: UUID) -> list[Subject]:
    """Return what the old password counts for, where somebody who is signed in changes it."""
    return [Subject.of(keyring, CODE_PATIENCE, "change-password", account_id)]


def code_tries(keyring: Keyring, account_id: UUID) -> list[Subject]:
    """Return what codes of a second factor count for, wherever they are typed."""
    return [Subject.of(keyring, CODE_PATIENCE, "code", account_id)]


async def take_try(database: Database, subjects: Sequence[Subject]) -> None:
    """Count one try for each subject. Raises `SignInLocked`, and then counts nothing, where one of them is locked.

    The count is committed before the try is made: a thousand guesses at once are not more than one after another. A try
    during a lock does not make it longer.
    """

    async def count() -> SignInLocked | None:
        async with database.unit(None) as uow:
            now = await uow.now()
            known = await store.locked_tries(uow, [one.hash for one in subjects], now)
            locks = [one.locked_until for one in known.values() if one.locked_until is not None and one.is_locked(now)]
            if locks:
                until = max(locks)
                return SignInLocked(locked_until=until, wait_seconds=-int(-(until - now).total_seconds() // 1))
            await store.set_tries(uow, {one.hash: known[one.hash].one_more(one.patience, now) for one in subjects})
            await store.sweep_tries(uow, now - _KEPT, _SWEPT_AT_ONCE)
            return None

    locked = await persist(count)
    if locked is not None:
        raise locked


@asynccontextmanager
async def counted(database: Database, subjects: Sequence[Subject]) -> AsyncIterator[None]:
    """Count what is done inside as one try; what raises was a wrong one. Raises `SignInLocked` as `take_try`."""
    await take_try(database, subjects)
    yield
    await forgive(database, subjects)


async def forgive(database: Database, subjects: Sequence[Subject]) -> None:
    """Take a right try off again."""

    async def forget() -> None:
        async with database.unit(None) as uow:
            known = await store.locked_tries(uow, [one.hash for one in subjects], await uow.now())
            await store.set_tries(uow, {one.hash: _forgiven(one, known[one.hash]) for one in subjects})

    await persist(forget)


def _forgiven(subject: Subject, known: Tries) -> Tries:
    if subject.clean:
        return Tries(0, known.last_at, None)
    tries = max(0, known.tries - 1)
    return Tries(tries, known.last_at, known.locked_until if tries >= subject.patience.free else None)
