"""Taking an invitation: the link says who it is for, a password makes it theirs."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from ringmain.kit.db import Database
from ringmain.kit.http import persist
from ringmain.kit.secrets import Keyring
from ringmain.network.accounts import account_of, data_key, email_of, name_of
from ringmain.network.errors import InvitationInvalid
from ringmain.network.invitations import directory_id, token_hash
from ringmain.network.model.accounts import Account, SignedIn
from ringmain.network.passwords import compare, set_password
from ringmain.network.sign_in import finish
from ringmain.network.store import accounts as store
from ringmain.network.store import keys
from ringmain.network.tries import counted, password_tries

_AGAIN = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Invited:
    """Who an invitation is for, and until when it may be used."""

    account: Account
    email: str = field(repr=False)
    name: str = field(repr=False)
    expires_at: datetime


async def invitation_of(database: Database, keyring: Keyring, token: str) -> Invited:
    """Return who an invitation is for. Raises `InvitationInvalid`."""
    async with database.unit(await _network_of(database, token)) as uow:
        row = await store.invitation(uow, token_hash(token), await uow.now())
        if row is None:
            raise InvitationInvalid
        account = await account_of(uow, row.account_id)
    return Invited(account, email_of(keyring, account), name_of(keyring, account), row.expires_at)


async def accept_invitation(database: Database, keyring: Keyring, token: str, password: str) -> SignedIn:
    """Set the password of whoever was invited, and sign them in; the invitation is used up.

    The same form sent twice has one answer: for some minutes the password that was set opens the used invitation again.
    Raises `InvitationInvalid`, or `PasswordTooWeak`, after which the invitation can still be used.
    """
    network_id = await _network_of(database, token)
    used = await _used(database, network_id, token)
    if used is not None:
        await _same_again(database, keyring, used, password)
        return await finish(database, keyring, network_id, used.id, "invitation")

    async def accept() -> UUID:
        async with database.unit(network_id) as uow:
            now = await uow.now()
            row = await store.invitation(uow, token_hash(token), now, lock=True)
            if row is None:
                raise InvitationInvalid
            account = await account_of(uow, row.account_id)
            if account.totp_since is not None or account.passkeys:
                # Somebody has made themselves at home meanwhile: the link would lead past their second factor.
                raise InvitationInvalid
            await set_password(uow, keyring, account, password)
            await store.use_invitation(uow, account.id, now)
            return account.id

    account_id = await persist(accept)
    return await finish(database, keyring, network_id, account_id, "invitation")


async def _used(database: Database, network_id: UUID, token: str) -> Account | None:
    async with database.unit(network_id) as uow:
        row = await store.used_invitation(uow, token_hash(token), await uow.now() - _AGAIN)
        return None if row is None else await account_of(uow, row.account_id)


async def _same_again(database: Database, keyring: Keyring, account: Account, password: str) -> None:
    """Raise `InvitationInvalid` where this is another password than the one that was set."""
    async with counted(database, password_tries(keyring, account.id)):
        async with database.unit(account.network_id) as uow:
            secret = await store.secret(uow, account.id)
        sealed = None if secret is None else secret.password_sealed
        same = (await compare(data_key(keyring, account), sealed, password)).right
        if not same or account.totp_since is not None or account.passkeys:
            raise InvitationInvalid


async def _network_of(database: Database, token: str) -> UUID:
    async with database.unit(None) as uow:
        network_id = await keys.network_of(uow, directory_id(token))
    if network_id is None:
        raise InvitationInvalid
    return network_id
