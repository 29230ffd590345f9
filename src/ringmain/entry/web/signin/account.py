"""The account of whoever is signed in: password, passkeys, app, and where they are signed in."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

import msgspec
from starlette.responses import Response

from ringmain.entry.web.audiences import ACCOUNT
from ringmain.entry.web.signin.common import home_of, passkeys_possible, wait_text
from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import NotFound
from ringmain.kit.pages import PageRoute, Visit, end_session, sessions_of
from ringmain.network import api as network
from ringmain.network.errors import PasswordTooWeak, SignInLocked, SignInRefused


class Changed(msgspec.Struct, frozen=True):
    """An account whose password was changed."""

    account_id: UUID


class Ended(msgspec.Struct, frozen=True):
    """A session that has ended."""

    session_id: UUID


async def show(visit: Visit) -> Response:
    """Show the account."""
    return await _shown(visit)


async def ask_password(visit: Visit) -> Response:
    """Ask for a new password."""
    return await _password_shown(visit)


async def change_password(visit: Visit) -> Response:
    """Change the password; other sessions end."""
    old, new = visit.form.text("old"), visit.form.text("password")
    if new != visit.form.text("again"):
        return await _password_shown(visit, HTTPStatus.UNPROCESSABLE_ENTITY, differs=True)
    keyring, account_id = visit.site.keyring, visit.holder_id

    async def act(uow: UnitOfWork) -> Changed:
        await network.change_password(uow, keyring, account_id, old, new, session_id=visit.known.id)
        return Changed(account_id)

    try:
        async with visit.unit() as uow:
            network.check_new_password(keyring, await network.account_of(uow, account_id), new)
        async with network.counted(visit.site.database, network.password_tries(keyring, account_id)):
            await visit.once("change own password", act, Changed)
    except PasswordTooWeak as weak:
        return await _password_shown(visit, weak.status, weak=str(weak.facts["reason"]))
    except SignInRefused as refused:
        return await _password_shown(visit, refused.status, wrong=True)
    except SignInLocked as locked:
        return await _password_shown(visit, locked.status, locked=wait_text(visit, locked))
    return visit.go("/account?done=password-changed")


async def end(visit: Visit) -> Response:
    """End a session of one's own; ending this one signs out."""
    session_id, account_id = visit.path_id("session_id"), visit.holder_id
    if session_id == visit.known.id:
        await visit.sign_out()
        return visit.go("/sign-in?out=1")

    async def act(uow: UnitOfWork) -> Ended:
        if session_id not in {one.id for one in await sessions_of(uow, ACCOUNT.kind, account_id)}:
            raise NotFound
        await end_session(uow, session_id)
        return Ended(session_id)

    await visit.once("end own session", act, Ended)
    return visit.go("/account?done=session-ended")


async def _shown(visit: Visit) -> Response:
    async with visit.unit() as uow:
        account = await network.account_of(uow, visit.holder_id)
        place = await network.network_of(uow)
        return visit.page(
            "signin/account.html",
            account=account,
            name=network.name_of(visit.site.keyring, account),
            email=network.email_of(visit.site.keyring, account),
            network=place,
            passkeys=await network.passkeys(uow, account.id),
            codes_left=await network.recovery_codes_left(uow, account.id),
            sessions=await sessions_of(uow, ACCOUNT.kind, account.id),
            done=visit.query("done"),
            possible=passkeys_possible(visit),
            **rail(visit),
        )


async def _password_shown(visit: Visit, status: int = HTTPStatus.OK, **values: Any) -> Response:
    async with visit.unit() as uow:
        account = await network.account_of(uow, visit.holder_id)
    shown = {"weak": "", "differs": False, "wrong": False, "locked": ""} | values
    email = network.email_of(visit.site.keyring, account)
    return visit.page("signin/password.html", status, account=account, email=email, **rail(visit), **shown)


def rail(visit: Visit) -> dict[str, Any]:
    """Return what the layout of consoles needs."""
    speech = visit.speech
    home = home_of(str(visit.known.facts.get("role")))
    return {
        "rail": [
            ("", [(home, "home", speech.text("Console")), ("/account", "person", speech.text("My account"))]),
        ],
        "here": "/account",
    }


PAGES: tuple[PageRoute, ...] = (
    PageRoute(path="/account", audience=ACCOUNT, get=show),
    PageRoute(path="/account/password", audience=ACCOUNT, get=ask_password, post=change_password),
    PageRoute(path="/account/sessions/{session_id:uuid}/end", audience=ACCOUNT, post=end),
)
