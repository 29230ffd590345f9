"""The second factor: codes of an app (TOTP, RFC 6238), each good once, and recovery codes for a lost phone."""

import hmac
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import pyotp

from ringmain.kit.audit import Actor, audit
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.ids import uuid7
from ringmain.kit.secrets import DataKey, Keyring
from ringmain.network.accounts import account_of, data_key, email_of
from ringmain.network.errors import CodeWrong, SignInExpired
from ringmain.network.model.accounts import (
    RECOVERY_ALPHABET,
    RECOVERY_CODES,
    RECOVERY_LENGTH,
    TOTP_STEP_SECONDS,
    Account,
    SignInMethod,
    normal_recovery_code,
)
from ringmain.network.store import accounts as store

# One step before and after: clocks of phones are seconds off, and typing takes some.
_TOLERANCE = 1


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an app needs: the secret as text to type, and as an address for a QR code (`otpauth://`)."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)


async def begin_totp(uow: UnitOfWork, keyring: Keyring, account_id: UUID, issuer: str) -> Enrolment:
    """Make a secret to be shown; it is not in use before `confirm_totp`. `issuer` is the name that the app shows."""
    account = await account_of(uow, account_id)
    secret = pyotp.random_base32()
    await store.set_pending_totp(uow, account_id, data_key(keyring, account).seal("totp", secret))
    return _enrolment(secret, email_of(keyring, account), issuer)


async def pending_totp(uow: UnitOfWork, keyring: Keyring, account_id: UUID, issuer: str) -> Enrolment | None:
    """Return the secret that waits for its first code, so that a page can show it again."""
    account = await account_of(uow, account_id)
    row = await store.secret(uow, account_id)
    if row is None or row.totp_pending is None:
        return None
    return _enrolment(data_key(keyring, account).open("totp", row.totp_pending), email_of(keyring, account), issuer)


async def confirm_totp(uow: UnitOfWork, keyring: Keyring, account_id: UUID, code: str) -> UUID:
    """Put the shown secret into use and return the batch of ten recovery codes (`recovery_codes` gives their text).

    Raises `CodeWrong`, or `SignInExpired` where no secret waits.
    """
    account = await account_of(uow, account_id, lock=True)
    row = await store.secret(uow, account_id, lock=True)
    if row is None or row.totp_pending is None:
        raise SignInExpired
    key, now = data_key(keyring, account), await uow.now()
    step = _step_of(key.open("totp", row.totp_pending), code, now)
    if step is None:
        raise CodeWrong
    await store.confirm_totp(uow, account_id, step, now)
    await audit(uow, Actor("account", account_id), "add_second_factor", "account", account_id)
    return await _new_recovery_codes(uow, key, account_id)


async def remove_totp(uow: UnitOfWork, keyring: Keyring, account_id: UUID, code: str) -> None:
    """Remove app and recovery codes, with one last code; the caller counts the tries. Raises `CodeWrong`."""
    account = await account_of(uow, account_id, lock=True)
    if await use_code(uow, keyring, account, code) is None:
        raise CodeWrong
    await store.remove_totp(uow, account_id)
    await audit(uow, Actor("account", account_id), "remove_second_factor", "account", account_id)


async def renew_recovery_codes(uow: UnitOfWork, keyring: Keyring, account_id: UUID, code: str) -> UUID:
    """Return the batch of ten new recovery codes, and void the old ones; the caller counts the tries.

    Raises `CodeWrong`.
    """
    account = await account_of(uow, account_id, lock=True)
    if await use_code(uow, keyring, account, code) is None:
        raise CodeWrong
    await audit(uow, Actor("account", account_id), "renew_recovery_codes", "account", account_id)
    return await _new_recovery_codes(uow, data_key(keyring, account), account_id)


def recovery_codes(keyring: Keyring, account: Account, batch: UUID) -> list[str]:
    """Return the ten codes of a batch: derived, so that an answer that was lost can be given again without being kept.

    They are shown when the batch is made, and in answer to the same form, never otherwise.
    """
    half = RECOVERY_LENGTH // 2
    return [f"{code[:half]}-{code[half:]}" for code in _codes(data_key(keyring, account), batch)]


async def recovery_codes_left(uow: UnitOfWork, account_id: UUID) -> int:
    """Count the recovery codes that were not used."""
    return await store.recovery_codes_left(uow, account_id)


async def use_code(uow: UnitOfWork, keyring: Keyring, account: Account, code: str) -> SignInMethod | None:
    """Use a code of the app or a recovery code up, and say which it was; None where it is neither, or was used.

    The caller counts the tries.
    """
    row = await store.secret(uow, account.id, lock=True)
    if row is None or row.totp_sealed is None:
        return None
    key, now = data_key(keyring, account), await uow.now()
    step = _step_of(key.open("totp", row.totp_sealed), code, now)
    if step is not None:
        return "code" if await store.use_step(uow, account.id, step) else None
    used = await store.use_recovery_code(uow, account.id, _code_hash(key, code), now)
    return "recovery_code" if used else None


def _enrolment(secret: str, email: str, issuer: str) -> Enrolment:
    return Enrolment(secret, pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=issuer))


def _step_of(secret: str, code: str, now: datetime) -> int | None:
    """Return the 30-second step whose code this is, near the present one; None where it is none."""
    digits, totp = "".join(code.split()), pyotp.TOTP(secret)
    present = int(now.timestamp()) // TOTP_STEP_SECONDS
    for step in range(present - _TOLERANCE, present + _TOLERANCE + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), digits.encode()):
            return step
    return None


async def _new_recovery_codes(uow: UnitOfWork, key: DataKey, account_id: UUID) -> UUID:
    batch = uuid7(await uow.now())
    await store.replace_recovery_codes(uow, account_id, [_code_hash(key, code) for code in _codes(key, batch)])
    return batch


def _codes(key: DataKey, batch: UUID) -> list[str]:
    secret = key.derive("recovery-codes")
    codes = []
    for place in range(RECOVERY_CODES):
        # 256 bits are so many more than the 49 that a code takes that no character is likelier than another.
        number = int.from_bytes(hmac.digest(secret, batch.bytes + place.to_bytes(4), "sha256"))
        code = ""
        for _ in range(RECOVERY_LENGTH):
            number, character = divmod(number, len(RECOVERY_ALPHABET))
            code += RECOVERY_ALPHABET[character]
        codes.append(code)
    return codes


def _code_hash(key: DataKey, code: str) -> bytes:
    return hmac.digest(key.derive("recovery-code"), normal_recovery_code(code).encode(), "sha256")
