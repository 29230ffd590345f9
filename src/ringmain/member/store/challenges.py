"""Open questions to people in PostgreSQL: codes that were sent, phones that were asked for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import UnitOfWork


@dataclass(frozen=True, slots=True)
class Challenge:
    """A question; `sealed` holds the phone and the payment tokens, and `code_hash` is missing until a code was sent."""

    id: UUID
    made_at: datetime
    expires_at: datetime
    phone_hash: bytes | None
    master_version: int
    sealed: bytes
    code_hash: bytes | None
    tries_left: int


_PUT = """
    INSERT INTO member_challenge
        (network_id, id, made_at, expires_at, phone_hash, master_version, sealed, code_hash, tries_left)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (network_id, id) DO UPDATE SET
        made_at = excluded.made_at, expires_at = excluded.expires_at, phone_hash = excluded.phone_hash,
        master_version = excluded.master_version, sealed = excluded.sealed, code_hash = excluded.code_hash,
        tries_left = excluded.tries_left
"""


async def put(uow: UnitOfWork, new: Challenge) -> None:
    """Insert a challenge, or replace it by its next step."""
    params = (
        uow.network_id, new.id, new.made_at, new.expires_at, new.phone_hash,
        new.master_version, new.sealed, new.code_hash, new.tries_left,
    )  # fmt: skip
    await uow.execute(_PUT, params)


_COLUMNS = "id, made_at, expires_at, phone_hash, master_version, sealed, code_hash, tries_left"
# One statement takes the try and reads the row, so that a thousand guesses at once still are five.
_TAKE_TRY = f"""
    UPDATE member_challenge SET tries_left = tries_left - 1
    WHERE network_id = %s AND id = %s AND tries_left > 0 AND code_hash IS NOT NULL AND expires_at > %s
    RETURNING {_COLUMNS}
"""
_OPEN = f"""
    SELECT {_COLUMNS} FROM member_challenge
    WHERE network_id = %s AND id = %s AND code_hash IS NULL AND expires_at > %s
    FOR UPDATE
"""
_CLOSE = "DELETE FROM member_challenge WHERE network_id = %s AND id = %s"


async def take_try(uow: UnitOfWork, challenge_id: UUID, now: datetime) -> Challenge | None:
    """Use up one try of a challenge that waits for its code; None where there is none, or no try left."""
    return await uow.row(Challenge, _TAKE_TRY, (uow.network_id, challenge_id, now))


async def waiting_for_phone(uow: UnitOfWork, challenge_id: UUID, now: datetime) -> Challenge | None:
    """Return and lock a challenge that waits for a phone."""
    return await uow.row(Challenge, _OPEN, (uow.network_id, challenge_id, now))


async def close(uow: UnitOfWork, challenge_id: UUID) -> None:
    """Delete a challenge that was met, and with it what it knew of the person."""
    await uow.execute(_CLOSE, (uow.network_id, challenge_id))


_LOCK_PHONE = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
_SENT_SINCE = """
    SELECT count(*) AS n FROM member_challenge WHERE network_id = %s AND phone_hash = ANY(%s) AND made_at > %s
"""


@dataclass(frozen=True, slots=True)
class _Count:
    n: int


async def codes_sent_since(uow: UnitOfWork, phone_hashes: Sequence[bytes], since: datetime) -> int:
    """Count the codes sent to a phone that were not used; others that ask for this phone wait until we are done."""
    await uow.execute(_LOCK_PHONE, (f"{uow.network_id}/{phone_hashes[-1].hex()}",))
    row = await uow.row(_Count, _SENT_SINCE, (uow.network_id, list(phone_hashes), since))
    return row.n if row else 0


_SWEEP = """
    DELETE FROM member_challenge
    WHERE network_id = %(network)s AND id IN (
        SELECT id FROM member_challenge WHERE network_id = %(network)s AND expires_at < %(before)s
        LIMIT %(most)s FOR UPDATE SKIP LOCKED
    )
"""


async def sweep(uow: UnitOfWork, before: datetime, most: int) -> None:
    """Delete some challenges that nobody can meet any more."""
    await uow.execute(_SWEEP, {"network": uow.network_id, "before": before, "most": most})


_FORGET_PHONES = "DELETE FROM member_challenge WHERE network_id = %s AND phone_hash = ANY(%s)"


async def forget_phones(uow: UnitOfWork, phone_hashes: Iterable[bytes]) -> None:
    """Delete the challenges of phones whose owner is erased."""
    await uow.execute(_FORGET_PHONES, (uow.network_id, list(phone_hashes)))


# --------------------------------------------------------------------------------------- codes in development mode

_KEEP_CODE = """
    INSERT INTO one_time_code_development (network_id, challenge_id, code) VALUES (%s, %s, %s)
    ON CONFLICT (network_id, challenge_id) DO UPDATE SET code = excluded.code
"""
_READ_CODE = "SELECT code FROM one_time_code_development WHERE network_id = %s AND challenge_id = %s"


@dataclass(frozen=True, slots=True)
class _Code:
    code: str


async def keep_code(uow: UnitOfWork, challenge_id: UUID, code: str) -> None:
    """Keep a code where operators can read it; in development only."""
    await uow.execute(_KEEP_CODE, (uow.network_id, challenge_id, code))


async def read_code(uow: UnitOfWork, challenge_id: UUID) -> str | None:
    """Return a code kept in development."""
    row = await uow.row(_Code, _READ_CODE, (uow.network_id, challenge_id))
    return row.code if row else None
