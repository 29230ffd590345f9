"""Signing in by password and code, and signing out."""

from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from ringmain.entry.web.audiences import ACCOUNT, VISITOR
from ringmain.entry.web.services import services
from ringmain.entry.web.signin.common import (
    DEVICE,
    TICKET,
    address_of,
    home_of,
    keep_device,
    keep_ticket,
    kept,
    let_in,
    passkeys_possible,
    wait_text,
    wanted,
    with_next,
)
from ringmain.kit.http import Limit
from ringmain.kit.pages import PageRoute, Visit
from ringmain.network import api as network
from ringmain.network.errors import CodeWrong, SignInExpired, SignInLocked, SignInRefused

# Beside the locks that the database keeps: what one address may cost us in comparisons of passwords.
_RATE = (Limit(60, seconds=60.0, per="address"),)


async def ask(visit: Visit) -> Response:
    """Show the ways to sign in."""
    return _shown(visit)


async def sign_in(visit: Visit) -> Response:
    """Take e-mail and password."""
    email = visit.form.text("email")
    device = kept(visit, DEVICE) or None
    attempt = network.PasswordTry(email, visit.form.text("password"), address_of(visit), device)
    try:
        answer = await network.sign_in(visit.site.database, visit.site.keyring, attempt)
        if isinstance(answer, network.CodeNeeded):
            return keep_ticket(visit, visit.go(with_next("/sign-in/code", wanted(visit))), answer.ticket)
        path = await let_in(visit, answer, wanted(visit))
    except SignInRefused as refused:
        return _shown(visit, refused.status, email=email, wrong=True)
    except SignInLocked as locked:
        return _shown(visit, locked.status, email=email, locked=wait_text(visit, locked))
    return keep_device(visit, visit.go(path), answer)


async def ask_code(visit: Visit) -> Response:
    """Ask for the code of the app."""
    if not kept(visit, TICKET):
        return visit.go(with_next("/sign-in", wanted(visit)))
    return _code_shown(visit)


async def take_code(visit: Visit) -> Response:
    """Take a code of the app, or a recovery code."""
    code = visit.form.text("code")
    try:
        signed_in = await network.sign_in_with_code(visit.site.database, visit.site.keyring, kept(visit, TICKET), code)
        path = await let_in(visit, signed_in, wanted(visit))
    except CodeWrong as wrong:
        return _code_shown(visit, wrong.status, wrong=True)
    except SignInLocked as locked:
        return _code_shown(visit, locked.status, locked=wait_text(visit, locked))
    except (SignInExpired, SignInRefused) as over:
        return _shown(visit, over.status, expired=True)
    return keep_device(visit, visit.go(path), signed_in)


async def ask_to_leave(visit: Visit) -> Response:
    """Show who would sign out."""
    return visit.page("signin/sign_out.html")


async def leave(visit: Visit) -> Response:
    """End this session."""
    await visit.sign_out()
    return visit.go("/sign-in?out=1")


async def lead_home(visit: Visit) -> Response:
    """Lead to the console of whoever is signed in."""
    return visit.go(home_of(str(visit.known.facts.get("role"))))


def _shown(visit: Visit, status: int = HTTPStatus.OK, **values: Any) -> Response:
    known = visit.session if visit.session is not None and visit.session.holder_id is not None else None
    next_path = wanted(visit)
    shown = {"email": "", "wrong": False, "locked": "", "expired": False} | values
    return visit.page(
        "signin/sign_in.html",
        status,
        next=next_path,
        known=known,
        home=home_of(str(known.facts.get("role"))) if known else "",
        out=bool(visit.query("out")),
        organisation=with_next("/sign-in/organisation", next_path) if services(visit).organisation else "",
        passkeys=passkeys_possible(visit),
        demo=services(visit).demo_network is not None,
        **shown,
    )


def _code_shown(visit: Visit, status: int = HTTPStatus.OK, *, wrong: bool = False, locked: str = "") -> Response:
    recovery = bool(visit.query("recovery")) or (visit.request.method == "POST" and visit.form.ticked("recovery"))
    return visit.page(
        "signin/code.html", status, next=wanted(visit), wrong=wrong, locked=locked, recovery=recovery,
        other=with_next("/sign-in/code", wanted(visit)),
    )  # fmt: skip


PAGES: tuple[PageRoute, ...] = (
    PageRoute(path="/sign-in", audience=VISITOR, get=ask, post=sign_in, limit=_RATE),
    PageRoute(path="/sign-in/code", audience=VISITOR, get=ask_code, post=take_code, limit=_RATE),
    PageRoute(path="/sign-out", audience=ACCOUNT, get=ask_to_leave, post=leave),
    PageRoute(path="/console", audience=ACCOUNT, get=lead_home),
)
