"""One-time codes: six digits sent to a phone, bound to one challenge, for five minutes and five tries."""

import hmac
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

import msgspec

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure import ids
from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.secrets import DataKey, Keyring
from ringmain.member.errors import ChallengeUnknown, OneTimeCodesNotConfigured, OneTimeCodeWrong, TooManyCodes
from ringmain.member.keys import hashes
from ringmain.member.model import Identifier
from ringmain.member.store import challenges

CODE_LIFE = timedelta(minutes=5)
PHONE_LIFE = timedelta(minutes=15)
TRIES = 5
CODES_PER_HOUR = 5
_DIGITS = 6
_KEPT = timedelta(days=1)
_SWEPT_AT_ONCE = 100


class OneTimeCodes(Protocol):
    """The way a code reaches its phone; an implementation keeps phone and code out of logs and errors."""

    async def send(self, uow: UnitOfWork, challenge_id: UUID, phone: str, code: str) -> None:
        """Hand a code over for sending once this transaction is committed."""
        ...


class DevelopmentCodes:
    """Keeps codes in a table that operators can read: for development, where no message is sent."""

    async def send(self, uow: UnitOfWork, challenge_id: UUID, phone: str, code: str) -> None:
        """Keep the code; the phone is not kept."""
        await challenges.keep_code(uow, challenge_id, code)


class CodesNotConfigured:
    """Refuses: nobody has said how codes are to be sent."""

    async def send(self, uow: UnitOfWork, challenge_id: UUID, phone: str, code: str) -> None:
        """Raise `OneTimeCodesNotConfigured`."""
        raise OneTimeCodesNotConfigured


class _Sealed(msgspec.Struct, frozen=True):
    """What a challenge remembers: whose phone, and what the person paid with."""

    phone: Identifier | None
    tokens: tuple[Identifier, ...]


@dataclass(frozen=True, slots=True)
class Sent:
    """A question that waits for its answer until `expires_at`."""

    challenge_id: UUID
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Met:
    """A challenge that was met: the phone is the person's, and so are the tokens of their payment."""

    phone: Identifier
    tokens: tuple[Identifier, ...]


async def send_code(uow: UnitOfWork, keyring: Keyring, sender: OneTimeCodes, phone: Identifier) -> Sent:
    """Send a code to a phone and return the challenge it is bound to.

    Raises `TooManyCodes` after five unused codes within an hour, or `OneTimeCodesNotConfigured`.
    """
    challenge_id = ids.uuid7(await uow.now())
    return await _send(uow, keyring, sender, challenge_id, _Sealed(phone, ()))


async def ask_for_phone(uow: UnitOfWork, keyring: Keyring, tokens: tuple[Identifier, ...]) -> Sent:
    """Open a challenge for whoever paid with these tokens: it waits a quarter of an hour for their phone."""
    now = await uow.now()
    new = challenges.Challenge(
        id=ids.uuid7(now),
        made_at=now,
        expires_at=now + PHONE_LIFE,
        phone_hash=None,
        master_version=keyring.newest,
        sealed=b"",
        code_hash=None,
        tries_left=TRIES,
    )
    sealed = _seal(keyring, uow.network_id, new.id, _Sealed(None, tokens))
    await challenges.put(uow, replace(new, sealed=sealed))
    return Sent(new.id, new.expires_at)


async def asked_tokens(uow: UnitOfWork, keyring: Keyring, challenge_id: UUID) -> tuple[Identifier, ...]:
    """Return the tokens of a challenge that waits for a phone. Raises `ChallengeUnknown`."""
    row = await challenges.waiting_for_phone(uow, challenge_id, await uow.now())
    if row is None:
        raise ChallengeUnknown
    return _open(keyring, uow.network_id, row).tokens


async def confirm_phone(
    uow: UnitOfWork,
    keyring: Keyring,
    sender: OneTimeCodes,
    challenge_id: UUID,
    phone: Identifier,
    tokens: tuple[Identifier, ...],
) -> Sent:
    """Send a code to the phone given at a payment; the challenge now waits for the code. Raises as `send_code`."""
    return await _send(uow, keyring, sender, challenge_id, _Sealed(phone, tokens))


async def meet(uow: UnitOfWork, keyring: Keyring, challenge_id: UUID, code: str) -> Met | RuleBroken:
    """Compare a code with the one that was sent; a met challenge is gone.

    Returns `ChallengeUnknown` or `OneTimeCodeWrong` instead of raising, because the try has to be kept: the caller
    hands the refusal on and lets the transaction commit.
    """
    row = await challenges.take_try(uow, challenge_id, await uow.now())
    if row is None:
        return ChallengeUnknown()
    expected = _code_hash(keyring, uow.network_id, challenge_id, code, row.master_version)
    if row.code_hash is None or not hmac.compare_digest(row.code_hash, expected):
        return OneTimeCodeWrong(tries_left=row.tries_left)
    known = _open(keyring, uow.network_id, row)
    await challenges.close(uow, challenge_id)
    assert known.phone is not None
    return Met(known.phone, known.tokens)


async def development_code(uow: UnitOfWork, challenge_id: UUID) -> str | None:
    """Return a code that `DevelopmentCodes` kept instead of sending it."""
    return await challenges.read_code(uow, challenge_id)


async def _send(uow: UnitOfWork, keyring: Keyring, sender: OneTimeCodes, challenge_id: UUID, known: _Sealed) -> Sent:
    assert known.phone is not None
    network_id, now = uow.network_id, await uow.now()
    phone_hashes = hashes(keyring, network_id, known.phone)
    if await challenges.codes_sent_since(uow, phone_hashes, now - timedelta(hours=1)) >= CODES_PER_HOUR:
        raise TooManyCodes
    code = f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}}"
    new = challenges.Challenge(
        id=challenge_id,
        made_at=now,
        expires_at=now + CODE_LIFE,
        phone_hash=phone_hashes[0],
        master_version=keyring.newest,
        sealed=_seal(keyring, network_id, challenge_id, known),
        code_hash=_code_hash(keyring, network_id, challenge_id, code, keyring.newest),
        tries_left=TRIES,
    )
    await challenges.sweep(uow, now - _KEPT, _SWEPT_AT_ONCE)
    await challenges.put(uow, new)
    await sender.send(uow, challenge_id, known.phone.value, code)
    return Sent(challenge_id, new.expires_at)


def _code_hash(keyring: Keyring, network_id: UUID, challenge_id: UUID, code: str, version: int) -> bytes:
    return keyring.lookup_hash(network_id, "one-time-code", challenge_id, code.strip(), version=version)


def _challenge_key(keyring: Keyring, network_id: UUID, challenge_id: UUID, version: int) -> DataKey:
    return DataKey(keyring.derived("challenge", network_id, version=version), (network_id, challenge_id))


def _seal(keyring: Keyring, network_id: UUID, challenge_id: UUID, known: _Sealed) -> bytes:
    key = _challenge_key(keyring, network_id, challenge_id, keyring.newest)
    return key.seal("challenge", msgspec.json.encode(known).decode())


def _open(keyring: Keyring, network_id: UUID, row: challenges.Challenge) -> _Sealed:
    key = _challenge_key(keyring, network_id, row.id, row.master_version)
    return msgspec.json.decode(key.open("challenge", row.sealed), type=_Sealed)
