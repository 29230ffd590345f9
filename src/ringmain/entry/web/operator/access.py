"""Who gets in: API keys of programs, accounts of people."""

from datetime import timedelta
from typing import cast
from uuid import UUID

from msgspec import Struct
from starlette.responses import Response

from ringmain.entry.web.audiences import OPERATOR
from ringmain.entry.web.operator.common import names
from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import RequestInvalid
from ringmain.kit.pages import PageRoute, Visit
from ringmain.network import api as network
from ringmain.network.api import AccountRole, KeyRole, Minted, NewAccount

_MOST = 200
_OVERLAP = timedelta(days=1)
_KEY_ROLES: tuple[KeyRole, ...] = ("operator", "merchant", "analyst")
_ACCOUNT_ROLES: tuple[AccountRole, ...] = ("operator", "owner", "manager")


class KeyShown(Struct, frozen=True):
    """A key by what its token is derived from."""

    key_id: UUID
    role: KeyRole
    version: int
    master_version: int


class Gone(Struct, frozen=True):
    """The key or account that is out of use."""

    id: UUID


class Invited(Struct, frozen=True):
    """An account by what its invitation is derived from."""

    account_id: UUID
    version: int
    master_version: int


async def keys(visit: Visit) -> Response:
    """Show the keys, and the form for a new one."""
    return await _keys(visit, "")


async def _keys(visit: Visit, token: str) -> Response:
    async with visit.unit() as uow:
        known = await names(uow)
        rows = await network.list_keys(uow, None, _MOST, None)
    rows.sort(key=lambda one: (one.revoked_at is not None, one.role == "terminal", one.name))
    return visit.page("operator/keys.html", names=known, keys=rows, token=token, roles=_KEY_ROLES)


async def make_key(visit: Visit) -> Response:
    """Make a key and show its token, here only; sent twice it is one key."""
    role = cast("KeyRole", visit.form.text("role"))
    name, merchant_id = visit.form.text("name")[:200], visit.form.id("merchant_id")

    async def act(uow: UnitOfWork) -> KeyShown:
        if role not in _KEY_ROLES or not name:
            raise RequestInvalid(fields=["role", "name"])
        owner = merchant_id if role == "merchant" else None
        return _shown(await network.make_key(uow, visit.site.keyring, role, name, owner))

    return await _keys(visit, _token(visit, await visit.once("page_make_key", act, KeyShown)))


async def change_key(visit: Visit) -> Response:
    """Rotate a key and show its new token, or take it out of use."""
    key_id = visit.path_id("key_id")
    if visit.form.text("do") == "revoke":

        async def revoke(uow: UnitOfWork) -> Gone:
            await network.revoke_key(uow, key_id)
            return Gone(key_id)

        await visit.once("page_revoke_key", revoke, Gone)
        return visit.go("/operator/keys")

    async def rotate(uow: UnitOfWork) -> KeyShown:
        return _shown(await network.rotate_key(uow, visit.site.keyring, key_id, _OVERLAP))

    return await _keys(visit, _token(visit, await visit.once("page_rotate_key", rotate, KeyShown)))


def _shown(minted: Minted) -> KeyShown:
    return KeyShown(minted.key.id, minted.key.role, minted.key.version, minted.master_version)


def _token(visit: Visit, made: KeyShown) -> str:
    return network.token_text(visit.site.keyring, made.role, made.key_id, made.version, made.master_version) or ""


async def accounts(visit: Visit) -> Response:
    """Show the people who may sign in, and the form for a new one."""
    return await _accounts(visit, "")


async def _accounts(visit: Visit, link: str) -> Response:
    keyring = visit.site.keyring
    async with visit.unit() as uow:
        known = await names(uow)
        rows = await network.accounts(uow, limit=_MOST)
    people = [(one, network.name_of(keyring, one), network.email_of(keyring, one)) for one in rows]
    return visit.page("operator/accounts.html", names=known, people=people, link=link, roles=_ACCOUNT_ROLES)


async def add_account(visit: Visit) -> Response:
    """Add a person and show the invitation."""
    form = visit.form
    role = cast("AccountRole", form.text("role"))

    async def act(uow: UnitOfWork) -> Invited:
        if role not in _ACCOUNT_ROLES or not form.text("name"):
            raise RequestInvalid(fields=["role", "name"])
        merchant_id = None if role == "operator" else form.id("merchant_id")
        new = NewAccount(form.text("email"), form.text("name")[:200], role, merchant_id)
        return _invited(await network.add_account(uow, visit.site.keyring, new))

    return await _accounts(visit, _link(visit, await visit.once("page_add_account", act, Invited)))


async def change_account(visit: Visit) -> Response:
    """Give a person a new start with a new invitation, or let them sign in no more."""
    account_id = visit.path_id("account_id")
    if visit.form.text("do") == "disable":

        async def disable(uow: UnitOfWork) -> Gone:
            if account_id == visit.holder_id:
                raise RequestInvalid(fields=["account"])
            await network.disable_account(uow, account_id)
            return Gone(account_id)

        await visit.once("page_disable_account", disable, Gone)
        return visit.go("/operator/accounts")

    async def reset(uow: UnitOfWork) -> Invited:
        return _invited(await network.reset_account(uow, visit.site.keyring, account_id))

    return await _accounts(visit, _link(visit, await visit.once("page_reset_account", reset, Invited)))


def _invited(invitation: network.Invitation) -> Invited:
    return Invited(invitation.account.id, invitation.version, invitation.master_version)


def _link(visit: Visit, made: Invited) -> str:
    token = network.invitation_token(visit.site.keyring, made.account_id, made.version, made.master_version)
    return visit.base_url + network.invitation_path(token) if token else ""


PAGES: tuple[PageRoute, ...] = (
    PageRoute(path="/operator/keys", audience=OPERATOR, get=keys, post=make_key),
    PageRoute(path="/operator/keys/{key_id:uuid}", audience=OPERATOR, post=change_key),
    PageRoute(path="/operator/accounts", audience=OPERATOR, get=accounts, post=add_account),
    PageRoute(path="/operator/accounts/{account_id:uuid}", audience=OPERATOR, post=change_account),
)
