"""Accounts of people who sign in to the consoles."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import Call, Listed, Name, Page, Request, Role, Route, keys_of, listed
from ringmain.network import accounts
from ringmain.network.errors import (
    AccountNotFound,
    AccountScopeInvalid,
    EmailInvalid,
    EmailTaken,
    MerchantNotFound,
    RoleNotGranted,
)
from ringmain.network.invitations import invitation_path, invitation_token
from ringmain.network.model.accounts import Account, AccountRole, Invitation, NewAccount

_MANAGERS: frozenset[Role] = frozenset({"operator", "merchant"})
_ID = "01932c5e-7b41-7c3d-9f21-3b1a8e0c7d42"
_AT = "2026-03-01T09:00:00Z"

Email = Annotated[str, Meta(min_length=3, max_length=254)]


class AddAccount(Request, frozen=True):
    """A person to let in; a merchant adds owners and managers of its own."""

    email: Email
    name: Name
    role: AccountRole
    merchant_id: UUID | None = None


class InvitationKept(Struct, frozen=True):
    """An invitation by what its token is derived from: neither token, name nor e-mail is kept with idempotency keys."""

    account_id: UUID
    role: AccountRole
    merchant_id: UUID | None
    version: int
    master_version: int
    expires_at: datetime


class InvitationAnswer(Struct, frozen=True):
    """A person who was invited, and the path of the link that is shown here only.

    The path is null where the master key that made it was forgotten since.
    """

    account_id: UUID
    role: AccountRole
    merchant_id: UUID | None
    invitation_path: str | None
    expires_at: datetime


class Accounts(Page, frozen=True):
    """Which accounts to list."""

    merchant_id: UUID | None = None


class AccountAnswer(Struct, frozen=True):
    """A person who may sign in; `second_factor_missing` where an operator or owner has only a password."""

    id: UUID
    role: AccountRole
    merchant_id: UUID | None
    name: str
    email: str
    made_at: datetime
    disabled_at: datetime | None
    signed_in_at: datetime | None
    has_password: bool
    passkeys: int
    second_factor_missing: bool


class AccountDisabled(Struct, frozen=True):
    """A person who may sign in no more."""

    id: UUID
    disabled_at: datetime


async def _add(uow: UnitOfWork, call: Call, body: AddAccount) -> InvitationKept:
    own = call.merchant_scope()
    merchant_id = body.merchant_id or own
    if own is not None and body.role == "operator":
        raise RoleNotGranted(role=body.role)
    if own not in (None, merchant_id):
        raise MerchantNotFound(merchant_id=merchant_id)
    new = NewAccount(body.email, body.name, body.role, merchant_id)
    return _kept(await accounts.add_account(uow, call.keyring, new))


async def _reset(uow: UnitOfWork, call: Call, _: None) -> InvitationKept:
    return _kept(await accounts.reset_account(uow, call.keyring, call.id("account_id")))


async def _disable(uow: UnitOfWork, call: Call, _: None) -> AccountDisabled:
    account = await accounts.disable_account(uow, call.id("account_id"), call.merchant_scope())
    assert account.disabled_at is not None
    return AccountDisabled(account.id, account.disabled_at)


async def _list(uow: UnitOfWork, call: Call) -> Listed[AccountAnswer]:
    query: Accounts = call.query
    after = keys_of(query.after, tuple[UUID])
    own = call.merchant_scope()
    if own is not None and query.merchant_id not in (None, own):
        return Listed([])
    rows = await accounts.accounts(
        uow, after=after and after[0], limit=query.limit + 1, merchant_id=own or query.merchant_id
    )
    return listed([_shown(call, row) for row in rows], query.limit, lambda account: (account.id,))


def _reveal(call: Call, kept: InvitationKept) -> InvitationAnswer:
    token = invitation_token(call.keyring, kept.account_id, kept.version, kept.master_version)
    path = None if token is None else invitation_path(token)
    return InvitationAnswer(kept.account_id, kept.role, kept.merchant_id, path, kept.expires_at)


def _kept(invitation: Invitation) -> InvitationKept:
    account = invitation.account
    return InvitationKept(
        account.id,
        account.role,
        account.merchant_id,
        invitation.version,
        invitation.master_version,
        invitation.expires_at,
    )


def _shown(call: Call, account: Account) -> AccountAnswer:
    return AccountAnswer(
        account.id,
        account.role,
        account.merchant_id,
        accounts.name_of(call.keyring, account),
        accounts.email_of(call.keyring, account),
        account.made_at,
        account.disabled_at,
        account.signed_in_at,
        account.password_set_at is not None,
        account.passkeys,
        account.second_factor_missing,
    )


_INVITED = {
    "account_id": _ID,
    "role": "owner",
    "merchant_id": _ID,
    "invitation_path": "/invitations/nUF2wBd...",
    "expires_at": "2026-03-04T09:00:00Z",
}
_ACCOUNT = {
    "id": _ID,
    "role": "owner",
    "merchant_id": _ID,
    "name": "Mei Lin",
    "email": "mei@lotus.example",
    "made_at": _AT,
    "disabled_at": None,
    "signed_in_at": None,
    "has_password": False,
    "passkeys": 0,
    "second_factor_missing": True,
}

ACCOUNT_ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/v1/accounts",
        operation="add_account",
        summary="Invite a person to the consoles",
        description="The link is in this answer only and works once within 72 hours; a retry with the same idempotency"
        " key gets it again.",
        tag="accounts",
        roles=_MANAGERS,
        transaction="write",
        handler=_add,
        request=AddAccount,
        kept=InvitationKept,
        reveal=_reveal,
        response=InvitationAnswer,
        status=201,
        errors=(AccountScopeInvalid, EmailInvalid, EmailTaken, MerchantNotFound, RoleNotGranted),
        example={"email": "mei@lotus.example", "name": "Mei Lin", "role": "owner", "merchant_id": _ID},
        example_response=_INVITED,
    ),
    Route(
        method="GET",
        path="/v1/accounts",
        operation="list_accounts",
        summary="List the people who may sign in to the consoles",
        tag="accounts",
        roles=_MANAGERS,
        handler=_list,
        query=Accounts,
        response=Listed[AccountAnswer],
        example_query={"limit": "50"},
        example_response={"items": [_ACCOUNT], "next": None},
    ),
    Route(
        method="POST",
        path="/v1/accounts/{account_id}/reset",
        operation="reset_account",
        summary="Give a person a new start",
        description="Password, passkeys and codes are void, sessions end, a disabled account is enabled again; the link"
        " in the answer lets them set a new password.",
        tag="accounts",
        roles=frozenset({"operator"}),
        transaction="write",
        handler=_reset,
        kept=InvitationKept,
        reveal=_reveal,
        response=InvitationAnswer,
        errors=(AccountNotFound,),
        example_response=_INVITED,
    ),
    Route(
        method="DELETE",
        path="/v1/accounts/{account_id}",
        operation="disable_account",
        summary="Let a person sign in no more",
        tag="accounts",
        roles=_MANAGERS,
        transaction="write",
        handler=_disable,
        response=AccountDisabled,
        errors=(AccountNotFound,),
        example_response={"id": _ID, "disabled_at": _AT},
    ),
)
