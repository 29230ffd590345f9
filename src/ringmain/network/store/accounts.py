"""The rows of accounts, their secrets, recovery codes, invitations and passkeys, and the directory of e-mails."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.network.model.accounts import Account

_ACCOUNT = """
    SELECT network_id, id, role, merchant_id, master_version, wrapped, name_sealed, email_sealed, made_at, disabled_at,
           sessions_from, signed_in_at, password_set_at, totp_since, passkeys
    FROM account
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """What the directory tells of an e-mail."""

    account_id: UUID
    network_id: UUID


@dataclass(frozen=True, slots=True)
class Secret:
    """What a sign-in is checked against; everything is sealed with the account's data key."""

    password_sealed: bytes | None = field(repr=False)
    totp_sealed: bytes | None = field(repr=False)
    totp_pending: bytes | None = field(repr=False)
    totp_step: int


@dataclass(frozen=True, slots=True)
class InvitationRow:
    """An invitation that may still be used."""

    account_id: UUID
    version: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class _Network:
    network_id: UUID


@dataclass(frozen=True, slots=True)
class _Version:
    version: int


@dataclass(frozen=True, slots=True)
class _Count:
    n: int


# ------------------------------------------------------------------------------------------------------------- accounts


async def insert(uow: UnitOfWork, account: Account) -> None:
    """Add an account, without secrets yet."""
    await uow.execute(
        """
        INSERT INTO account (network_id, id, role, merchant_id, master_version, wrapped, name_sealed, email_sealed,
                             made_at, sessions_from)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        (
            uow.network_id, account.id, account.role, account.merchant_id, account.master_version, account.wrapped,
            account.name_sealed, account.email_sealed, account.made_at, account.sessions_from,
        ),
    )  # fmt: skip
    await uow.execute(
        "INSERT INTO account_secret (network_id, account_id) VALUES (%s, %s)", (uow.network_id, account.id)
    )


async def account(uow: UnitOfWork, id_: UUID, *, lock: bool = False) -> Account | None:
    """Return an account; with `lock`, nobody else changes it until this transaction ends."""
    query = f"{_ACCOUNT} WHERE network_id = %s AND id = %s"
    return await uow.row(Account, f"{query} FOR UPDATE" if lock else query, (uow.network_id, id_))


async def list_accounts(uow: UnitOfWork, after: UUID | None, limit: int, merchant_id: UUID | None) -> list[Account]:
    """Return accounts in the order of their ids, of one merchant where that is given."""
    return await uow.rows(
        Account,
        f"""
        {_ACCOUNT}
        WHERE network_id = %(network)s AND (%(after)s::uuid IS NULL OR id > %(after)s)
          AND (%(merchant)s::uuid IS NULL OR merchant_id = %(merchant)s)
        ORDER BY id LIMIT %(limit)s
        """,
        {"network": uow.network_id, "after": after, "merchant": merchant_id, "limit": limit},
    )


async def disable(uow: UnitOfWork, account_id: UUID, at: datetime) -> None:
    """Let nobody sign in any more; the first time stays."""
    await uow.execute(
        "UPDATE account SET disabled_at = coalesce(disabled_at, %s), sessions_from = %s"
        " WHERE network_id = %s AND id = %s",
        (at, at, uow.network_id, account_id),
    )


async def clear(uow: UnitOfWork, account_id: UUID, at: datetime) -> None:
    """Enable an account and take its password and second factors away."""
    await uow.execute(
        """
        UPDATE account SET disabled_at = NULL, sessions_from = %s, password_set_at = NULL, totp_since = NULL,
                           passkeys = 0
        WHERE network_id = %s AND id = %s
        """,
        (at, uow.network_id, account_id),
    )
    await uow.execute(
        "UPDATE account_secret SET password_sealed = NULL, totp_sealed = NULL, totp_pending = NULL"
        " WHERE network_id = %s AND account_id = %s",
        (uow.network_id, account_id),
    )
    key = (uow.network_id, account_id)
    await uow.execute("DELETE FROM account_recovery_code WHERE network_id = %s AND account_id = %s", key)
    await uow.execute("DELETE FROM account_passkey WHERE network_id = %s AND account_id = %s", key)


async def note_sign_in(uow: UnitOfWork, account_id: UUID, at: datetime) -> None:
    """Write when somebody signed in last."""
    await uow.execute(
        "UPDATE account SET signed_in_at = %s WHERE network_id = %s AND id = %s", (at, uow.network_id, account_id)
    )


async def old_accounts(uow: UnitOfWork, newest: int, most: int) -> list[Account]:
    """Return and lock accounts whose data key is wrapped by an older master key."""
    return await uow.rows(
        Account,
        f"{_ACCOUNT} WHERE network_id = %s AND master_version < %s ORDER BY id LIMIT %s FOR UPDATE",
        (uow.network_id, newest, most),
    )


async def set_wrapped(uow: UnitOfWork, account_id: UUID, version: int, wrapped: bytes) -> None:
    """Put a data key that a newer master key wrapped in the place of the old one."""
    await uow.execute(
        "UPDATE account SET master_version = %s, wrapped = %s WHERE network_id = %s AND id = %s",
        (version, wrapped, uow.network_id, account_id),
    )


# ------------------------------------------------------------------------------------------------------------ directory


async def entry(uow: UnitOfWork, email_hashes: Sequence[bytes]) -> Entry | None:
    """Return whose an e-mail is, under the hash of any version; the network need not be known."""
    return await uow.row(
        Entry,
        "SELECT account_id, network_id FROM account_directory WHERE email_hash = ANY(%s) LIMIT 1",
        (list(email_hashes),),
    )


async def claim_email(uow: UnitOfWork, email_hash: bytes, account_id: UUID) -> bool:
    """Put an e-mail into the directory; False where it is somebody's already."""
    row = await uow.row(
        _Network,
        "INSERT INTO account_directory (email_hash, account_id, network_id) VALUES (%s, %s, %s)"
        " ON CONFLICT DO NOTHING RETURNING network_id",
        (email_hash, account_id, uow.network_id),
    )
    return row is not None


async def release_email(uow: UnitOfWork, email_hashes: Sequence[bytes]) -> None:
    """Take hashes of an e-mail out of the directory."""
    await uow.execute("DELETE FROM account_directory WHERE email_hash = ANY(%s)", (list(email_hashes),))


# -------------------------------------------------------------------------------------------------------------- secrets


async def secret(uow: UnitOfWork, account_id: UUID, *, lock: bool = False) -> Secret | None:
    """Return what a sign-in is checked against."""
    query = """
        SELECT password_sealed, totp_sealed, totp_pending, totp_step
        FROM account_secret WHERE network_id = %s AND account_id = %s
    """
    return await uow.row(Secret, f"{query} FOR UPDATE" if lock else query, (uow.network_id, account_id))


async def set_password(uow: UnitOfWork, account_id: UUID, sealed: bytes, at: datetime | None) -> None:
    """Write a password's hash; with `at` it is a new password, and sessions that began before are over."""
    await uow.execute(
        "UPDATE account_secret SET password_sealed = %s WHERE network_id = %s AND account_id = %s",
        (sealed, uow.network_id, account_id),
    )
    if at is not None:
        await uow.execute(
            "UPDATE account SET password_set_at = %s, sessions_from = %s WHERE network_id = %s AND id = %s",
            (at, at, uow.network_id, account_id),
        )


async def set_pending_totp(uow: UnitOfWork, account_id: UUID, sealed: bytes) -> None:
    """Keep a secret that was shown until its first code confirms it."""
    await uow.execute(
        "UPDATE account_secret SET totp_pending = %s WHERE network_id = %s AND account_id = %s",
        (sealed, uow.network_id, account_id),
    )


async def confirm_totp(uow: UnitOfWork, account_id: UUID, step: int, at: datetime) -> None:
    """Put the shown secret into use; the code that confirmed it is used up."""
    await uow.execute(
        "UPDATE account_secret SET totp_sealed = totp_pending, totp_pending = NULL, totp_step = %s"
        " WHERE network_id = %s AND account_id = %s",
        (step, uow.network_id, account_id),
    )
    await uow.execute(
        "UPDATE account SET totp_since = %s WHERE network_id = %s AND id = %s", (at, uow.network_id, account_id)
    )


async def use_step(uow: UnitOfWork, account_id: UUID, step: int) -> bool:
    """Use the code of a 30-second step up; False where it, or a later one, was used before."""
    row = await uow.row(
        _Version,
        "UPDATE account_secret SET totp_step = %s WHERE network_id = %s AND account_id = %s AND totp_step < %s"
        " RETURNING 1 AS version",
        (step, uow.network_id, account_id, step),
    )
    return row is not None


async def remove_totp(uow: UnitOfWork, account_id: UUID) -> None:
    """Forget the one-time passwords of an account, and the recovery codes that stood in for them."""
    key = (uow.network_id, account_id)
    await uow.execute(
        "UPDATE account_secret SET totp_sealed = NULL, totp_pending = NULL WHERE network_id = %s AND account_id = %s",
        key,
    )
    await uow.execute("UPDATE account SET totp_since = NULL WHERE network_id = %s AND id = %s", key)
    await uow.execute("DELETE FROM account_recovery_code WHERE network_id = %s AND account_id = %s", key)


async def replace_recovery_codes(uow: UnitOfWork, account_id: UUID, hashes: Sequence[bytes]) -> None:
    """Put new recovery codes in the place of all that there were."""
    await uow.execute(
        "DELETE FROM account_recovery_code WHERE network_id = %s AND account_id = %s", (uow.network_id, account_id)
    )
    await uow.execute(
        "INSERT INTO account_recovery_code (network_id, account_id, code_hash) SELECT %s, %s, unnest(%s::bytea[])",
        (uow.network_id, account_id, list(hashes)),
    )


async def use_recovery_code(uow: UnitOfWork, account_id: UUID, code_hash: bytes, at: datetime) -> bool:
    """Use a recovery code up; False where there is no such code or it was used before."""
    row = await uow.row(
        _Version,
        "UPDATE account_recovery_code SET used_at = %s WHERE network_id = %s AND account_id = %s AND code_hash = %s"
        " AND used_at IS NULL RETURNING 1 AS version",
        (at, uow.network_id, account_id, code_hash),
    )
    return row is not None


async def recovery_codes_left(uow: UnitOfWork, account_id: UUID) -> int:
    """Count the recovery codes that were not used."""
    row = await uow.row(
        _Count,
        "SELECT count(*) AS n FROM account_recovery_code WHERE network_id = %s AND account_id = %s AND used_at IS NULL",
        (uow.network_id, account_id),
    )
    return row.n if row else 0


# ---------------------------------------------------------------------------------------------------------- invitations


async def next_invitation(uow: UnitOfWork, account_id: UUID) -> int:
    """Return the version of the next invitation of an account that the caller has locked or just made."""
    row = await uow.row(
        _Version,
        "SELECT version + 1 AS version FROM account_invitation WHERE network_id = %s AND account_id = %s",
        (uow.network_id, account_id),
    )
    return row.version if row else 1


async def invite(
    uow: UnitOfWork, account_id: UUID, version: int, token_hash: bytes, directory_id: UUID, expires_at: datetime
) -> None:
    """Put an invitation out; the one before is void."""
    await uow.execute(
        """
        INSERT INTO account_invitation (network_id, account_id, version, token_hash, expires_at)
        VALUES (%s, %s, %s, %s, %s)
        ON CONFLICT (network_id, account_id) DO UPDATE
        SET version = excluded.version, token_hash = excluded.token_hash, expires_at = excluded.expires_at,
            used_at = NULL
        """,
        (uow.network_id, account_id, version, token_hash, expires_at),
    )
    await uow.execute(
        "INSERT INTO key_directory (id, network_id, expires_at) VALUES (%s, %s, %s)",
        (directory_id, uow.network_id, expires_at),
    )


async def invitation(uow: UnitOfWork, token_hash: bytes, now: datetime, *, lock: bool = False) -> InvitationRow | None:
    """Return an invitation that may still be used."""
    query = """
        SELECT account_id, version, expires_at FROM account_invitation
        WHERE network_id = %s AND token_hash = %s AND used_at IS NULL AND expires_at > %s
    """
    return await uow.row(InvitationRow, f"{query} FOR UPDATE" if lock else query, (uow.network_id, token_hash, now))


async def used_invitation(uow: UnitOfWork, token_hash: bytes, since: datetime) -> InvitationRow | None:
    """Return an invitation that was used a moment ago."""
    return await uow.row(
        InvitationRow,
        "SELECT account_id, version, expires_at FROM account_invitation"
        " WHERE network_id = %s AND token_hash = %s AND used_at > %s",
        (uow.network_id, token_hash, since),
    )


async def use_invitation(uow: UnitOfWork, account_id: UUID, at: datetime) -> None:
    """Use an invitation up."""
    await uow.execute(
        "UPDATE account_invitation SET used_at = %s WHERE network_id = %s AND account_id = %s",
        (at, uow.network_id, account_id),
    )


async def void_invitation(uow: UnitOfWork, account_id: UUID) -> None:
    """Let nobody use the invitation that is out."""
    await uow.execute(
        "UPDATE account_invitation SET expires_at = least(expires_at, clock_timestamp())"
        " WHERE network_id = %s AND account_id = %s",
        (uow.network_id, account_id),
    )
