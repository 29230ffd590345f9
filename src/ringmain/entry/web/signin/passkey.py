"""Passkeys: signing in by one, adding and removing one. The browser asks the authenticator, so it takes JavaScript."""

from typing import Any
from uuid import UUID

import msgspec
from starlette.responses import Response

from ringmain.entry.web.audiences import ACCOUNT, VISITOR
from ringmain.entry.web.signin.common import keep_device, let_in, note_factors, site_of
from ringmain.entry.web.styles import local_path
from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import Limit
from ringmain.kit.pages import PageRoute, Visit
from ringmain.network import api as network

_RATE = (Limit(60, seconds=60.0, per="address"),)


class Asking(msgspec.Struct, frozen=True):
    """Nothing: the browser asks for a question to put to its authenticator."""


class SigningIn(msgspec.Struct, frozen=True):
    """What the authenticator answered, and where the person was going."""

    ticket: str
    credential: dict[str, Any]
    next: str = ""


class Adding(msgspec.Struct, frozen=True):
    """A passkey that the authenticator made, and how its owner calls it."""

    ticket: str
    credential: dict[str, Any]
    name: str = ""


class Removed(msgspec.Struct, frozen=True):
    """A passkey that is gone."""

    passkey_id: UUID


async def ask_to_sign_in(visit: Visit) -> Response:
    """Return the question with which anybody signs in."""
    await visit.sent(Asking)
    return _asked(visit, await network.begin_passkey_sign_in(visit.site.database, site_of(visit)))


async def sign_in(visit: Visit) -> Response:
    """Take the answer, and say where to go on."""
    sent = await visit.sent(SigningIn)
    credential = msgspec.json.encode(sent.credential).decode()
    signed_in = await network.sign_in_with_passkey(
        visit.site.database, visit.site.keyring, site_of(visit), sent.ticket, credential
    )
    path = await let_in(visit, signed_in, local_path(sent.next, "") if sent.next else "")
    return keep_device(visit, visit.json({"go": path}), signed_in)


async def ask_to_add(visit: Visit) -> Response:
    """Return the question with which somebody who is signed in adds a passkey."""
    await visit.sent(Asking)
    async with visit.unit() as uow:
        asked = await network.begin_passkey(uow, visit.site.keyring, site_of(visit), visit.holder_id)
    return _asked(visit, asked)


async def add(visit: Visit) -> Response:
    """Keep the passkey."""
    sent = await visit.sent(Adding)
    credential = msgspec.json.encode(sent.credential).decode()
    async with visit.unit() as uow:
        await network.add_passkey(uow, site_of(visit), visit.holder_id, sent.ticket, credential, sent.name)
        await note_factors(visit, uow)
    return visit.json({"go": "/account?done=passkey-added"})


async def remove(visit: Visit) -> Response:
    """Remove a passkey of one's own."""
    passkey_id = visit.path_id("passkey_id")

    async def act(uow: UnitOfWork) -> Removed:
        await network.remove_passkey(uow, visit.holder_id, passkey_id)
        await note_factors(visit, uow)
        return Removed(passkey_id)

    await visit.once("remove own passkey", act, Removed)
    return visit.go("/account?done=passkey-removed")


def _asked(visit: Visit, question: network.Question) -> Response:
    return visit.json({"options": msgspec.Raw(question.options.encode()), "ticket": question.ticket})


PAGES: tuple[PageRoute, ...] = (
    PageRoute(path="/sign-in/passkey/question", audience=VISITOR, post=ask_to_sign_in, json=True, limit=_RATE),
    PageRoute(path="/sign-in/passkey", audience=VISITOR, post=sign_in, json=True, limit=_RATE),
    PageRoute(path="/account/passkeys/question", audience=ACCOUNT, post=ask_to_add, json=True, limit=_RATE),
    PageRoute(path="/account/passkeys", audience=ACCOUNT, post=add, json=True, limit=_RATE),
    PageRoute(path="/account/passkeys/{passkey_id:uuid}/removal", audience=ACCOUNT, post=remove),
)
