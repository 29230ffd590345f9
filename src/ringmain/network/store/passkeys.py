"""The rows of passkeys; an account counts its own, so that lists need not look here."""

from datetime import datetime
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.network.model.accounts import Passkey

_PASSKEY = """
    SELECT id, account_id, credential_id, public_key, sign_count, name, added_at, last_used_at FROM account_passkey
"""


async def insert(uow: UnitOfWork, passkey: Passkey) -> bool:
    """Add a passkey; False where this credential was added before."""
    row = await uow.row(
        Passkey,
        """
        INSERT INTO account_passkey (network_id, id, account_id, credential_id, public_key, sign_count, name, added_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT (network_id, credential_id) DO NOTHING
        RETURNING id, account_id, credential_id, public_key, sign_count, name, added_at, last_used_at
        """,
        (
            uow.network_id, passkey.id, passkey.account_id, passkey.credential_id, passkey.public_key,
            passkey.sign_count, passkey.name, passkey.added_at,
        ),
    )  # fmt: skip
    if row is None:
        return False
    await _count(uow, passkey.account_id)
    return True


async def remove(uow: UnitOfWork, account_id: UUID, passkey_id: UUID) -> bool:
    """Remove a passkey; False where the account has none of this id."""
    row = await uow.row(
        Passkey,
        """
        DELETE FROM account_passkey WHERE network_id = %s AND account_id = %s AND id = %s
        RETURNING id, account_id, credential_id, public_key, sign_count, name, added_at, last_used_at
        """,
        (uow.network_id, account_id, passkey_id),
    )
    if row is None:
        return False
    await _count(uow, account_id)
    return True


async def of_account(uow: UnitOfWork, account_id: UUID) -> list[Passkey]:
    """Return the passkeys of an account, the oldest first."""
    return await uow.rows(
        Passkey, f"{_PASSKEY} WHERE network_id = %s AND account_id = %s ORDER BY id", (uow.network_id, account_id)
    )


async def by_credential(uow: UnitOfWork, account_id: UUID, credential_id: bytes) -> Passkey | None:
    """Return and lock the passkey of an account with this credential."""
    return await uow.row(
        Passkey,
        f"{_PASSKEY} WHERE network_id = %s AND account_id = %s AND credential_id = %s FOR UPDATE",
        (uow.network_id, account_id, credential_id),
    )


async def note_use(uow: UnitOfWork, passkey_id: UUID, sign_count: int, at: datetime) -> None:
    """Write how often the authenticator says it was used, and when."""
    await uow.execute(
        "UPDATE account_passkey SET sign_count = %s, last_used_at = %s WHERE network_id = %s AND id = %s",
        (sign_count, at, uow.network_id, passkey_id),
    )


async def _count(uow: UnitOfWork, account_id: UUID) -> None:
    await uow.execute(
        """
        UPDATE account SET passkeys = (
            SELECT count(*) FROM account_passkey WHERE network_id = %(network)s AND account_id = %(account)s
        ) WHERE network_id = %(network)s AND id = %(account)s
        """,
        {"network": uow.network_id, "account": account_id},
    )
