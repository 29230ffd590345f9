"""Accounts of people who sign in to the consoles: added with an invitation, listed, disabled, reset."""

from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pages import end_sessions_of
from ringmain.kit.pure.ids import uuid7
from ringmain.kit.secrets import DataKey, Keyring, Wrapped
from ringmain.network.errors import AccountNotFound, AccountScopeInvalid, EmailInvalid, EmailTaken
from ringmain.network.invitations import invite
from ringmain.network.model.accounts import SESSION_KIND, Account, Invitation, NewAccount, normal_email
from ringmain.network.open import merchant_of
from ringmain.network.store import accounts as store

_EMAIL = "account-email"


async def add_account(uow: UnitOfWork, keyring: Keyring, new: NewAccount) -> Invitation:
    """Add a person and return the invitation with which they set their password, within 72 hours.

    Raises as `open_account`.
    """
    return await invite(uow, keyring, await open_account(uow, keyring, new))


async def open_account(uow: UnitOfWork, keyring: Keyring, new: NewAccount) -> Account:
    """Add a person without an invitation: for demonstrations, and for those whose organisation vouches for them.

    Raises `AccountScopeInvalid`, `MerchantNotFound`, `EmailInvalid` or `EmailTaken`.
    """
    if (new.role == "operator") != (new.merchant_id is None):
        raise AccountScopeInvalid(role=new.role)
    if new.merchant_id is not None:
        await merchant_of(uow, new.merchant_id)
    email = normal_email(new.email)
    if email is None:
        raise EmailInvalid
    now = await uow.now()
    id_ = uuid7(now)
    hashes = keyring.lookup_hashes(_EMAIL, email)
    # A rotation of the master key is under way while there are older hashes: whose e-mail it is may be under those.
    if await store.entry(uow, hashes) is not None or not await store.claim_email(uow, hashes[0], id_):
        raise EmailTaken
    key = keyring.new_data_key(uow.network_id, id_)
    wrapped = keyring.wrap(key, uow.network_id, id_)
    account = Account(
        network_id=uow.network_id,
        id=id_,
        role=new.role,
        merchant_id=new.merchant_id,
        master_version=wrapped.version,
        wrapped=wrapped.data,
        name_sealed=key.seal("name", new.name.strip()),
        email_sealed=key.seal("email", email),
        made_at=now,
        disabled_at=None,
        sessions_from=now,
        signed_in_at=None,
        password_set_at=None,
        totp_since=None,
        passkeys=0,
    )
    await store.insert(uow, account)
    return account


async def account_of(
    uow: UnitOfWork, account_id: UUID, merchant_id: UUID | None = None, *, lock: bool = False
) -> Account:
    """Return an account of the network, or of the merchant who asks; with `lock`, nobody changes it until our commit.

    Raises `AccountNotFound`.
    """
    return _visible(await store.account(uow, account_id, lock=lock), account_id, merchant_id)


async def accounts(
    uow: UnitOfWork, *, after: UUID | None = None, limit: int = 50, merchant_id: UUID | None = None
) -> list[Account]:
    """Return accounts in the order of their ids, of one merchant where that is given."""
    return await store.list_accounts(uow, after, limit, merchant_id)


async def find_account(uow: UnitOfWork, keyring: Keyring, email: str) -> store.Entry | None:
    """Return account and network of an e-mail; the unit of work needs no network."""
    normal = normal_email(email)
    return None if normal is None else await store.entry(uow, keyring.lookup_hashes(_EMAIL, normal))


async def disable_account(uow: UnitOfWork, account_id: UUID, merchant_id: UUID | None = None) -> Account:
    """Let a person sign in no more, and end their sessions; once more changes nothing. Raises `AccountNotFound`."""
    account = _visible(await store.account(uow, account_id, lock=True), account_id, merchant_id)
    if account.disabled_at is None:
        await store.disable(uow, account_id, await uow.now())
        await store.void_invitation(uow, account_id)
        await end_sessions_of(uow, SESSION_KIND, account_id)
    return await account_of(uow, account_id)


async def reset_account(uow: UnitOfWork, keyring: Keyring, account_id: UUID) -> Invitation:
    """Give a person a new start: enabled, without password, passkeys and codes, and a new invitation.

    Raises `AccountNotFound`.
    """
    account = _visible(await store.account(uow, account_id, lock=True), account_id, None)
    await store.clear(uow, account.id, await uow.now())
    await end_sessions_of(uow, SESSION_KIND, account_id)
    return await invite(uow, keyring, await account_of(uow, account_id))


def data_key(keyring: Keyring, account: Account) -> DataKey:
    """Return the key of what an account has sealed."""
    return keyring.unwrap(Wrapped(account.master_version, account.wrapped), account.network_id, account.id)


def email_of(keyring: Keyring, account: Account) -> str:
    """Return the e-mail of an account."""
    return data_key(keyring, account).open("email", account.email_sealed)


def name_of(keyring: Keyring, account: Account) -> str:
    """Return the name of an account."""
    return data_key(keyring, account).open("name", account.name_sealed)


async def rewrap_accounts(uow: UnitOfWork, keyring: Keyring, most: int = 1_000) -> int:
    """Move up to `most` accounts of this network to the newest master key; return how many.

    Call it, each time in a new transaction, until it returns 0 (see `Keyring.rotate`).
    """
    rows = await store.old_accounts(uow, keyring.newest, most)
    for account in rows:
        wrapped = keyring.rewrap(Wrapped(account.master_version, account.wrapped), account.network_id, account.id)
        hashes = keyring.lookup_hashes(_EMAIL, email_of(keyring, account))
        await store.claim_email(uow, hashes[0], account.id)
        await store.release_email(uow, hashes[1:])
        await store.set_wrapped(uow, account.id, wrapped.version, wrapped.data)
    return len(rows)


def _visible(account: Account | None, account_id: UUID, merchant_id: UUID | None) -> Account:
    if account is None or merchant_id not in (None, account.merchant_id):
        raise AccountNotFound(account_id=account_id)
    return account
