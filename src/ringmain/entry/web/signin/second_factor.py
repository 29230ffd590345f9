"""The app that makes codes: shown as a QR code, confirmed by its first code, removed by its last; recovery codes."""

from http import HTTPStatus
from uuid import UUID

import msgspec
from starlette.responses import Response

from ringmain.entry.web.audiences import ACCOUNT
from ringmain.entry.web.signin.account import rail
from ringmain.entry.web.signin.common import note_factors, wait_text
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pages import PageRoute, Visit
from ringmain.network import api as network
from ringmain.network.errors import CodeWrong, SignInExpired, SignInLocked


class Begun(msgspec.Struct, frozen=True):
    """A secret that waits for its first code."""

    account_id: UUID


class Made(msgspec.Struct, frozen=True):
    """A batch of recovery codes; their text is derived when it is shown."""

    batch: UUID


async def begin(visit: Visit) -> Response:
    """Make a secret, and lead to where it is shown."""

    async def act(uow: UnitOfWork) -> Begun:
        await network.begin_totp(uow, visit.site.keyring, visit.holder_id, await _issuer(uow))
        return Begun(visit.holder_id)

    await visit.once("begin own app", act, Begun)
    return visit.go("/account/app")


async def show(visit: Visit) -> Response:
    """Show the secret that waits."""
    return await _enrolment_shown(visit)


async def confirm(visit: Visit) -> Response:
    """Take the first code, and show the recovery codes."""

    async def act(uow: UnitOfWork) -> Made:
        batch = await network.confirm_totp(uow, visit.site.keyring, visit.holder_id, visit.form.text("code"))
        await note_factors(visit, uow)
        return Made(batch)

    try:
        made = await visit.once("confirm own app", act, Made)
    except CodeWrong as wrong:
        return await _enrolment_shown(visit, wrong.status, wrong=True)
    except SignInExpired:
        return visit.go("/account")
    return await _codes_shown(visit, made)


async def ask_code(visit: Visit) -> Response:
    """Ask for a code before the app is removed or recovery codes are made anew."""
    return _asked(visit)


async def change(visit: Visit) -> Response:
    """Remove the app, or make new recovery codes, with a code."""
    keyring, account_id, code = visit.site.keyring, visit.holder_id, visit.form.text("code")

    async def remove(uow: UnitOfWork) -> Begun:
        await network.remove_totp(uow, keyring, account_id, code)
        await note_factors(visit, uow)
        return Begun(account_id)

    async def renew(uow: UnitOfWork) -> Made:
        return Made(await network.renew_recovery_codes(uow, keyring, account_id, code))

    try:
        async with network.counted(visit.site.database, network.code_tries(keyring, account_id)):
            if visit.form.text("what") == "remove":
                await visit.once("remove own app", remove, Begun)
                return visit.go("/account?done=app-removed")
            made = await visit.once("renew own recovery codes", renew, Made)
    except CodeWrong as wrong:
        return _asked(visit, wrong.status, wrong=True)
    except SignInLocked as locked:
        return _asked(visit, locked.status, locked=wait_text(visit, locked))
    return await _codes_shown(visit, made)


async def _enrolment_shown(visit: Visit, status: int = HTTPStatus.OK, *, wrong: bool = False) -> Response:
    async with visit.unit() as uow:
        enrolment = await network.pending_totp(uow, visit.site.keyring, visit.holder_id, await _issuer(uow))
    if enrolment is None:
        return visit.go("/account")
    groups = [enrolment.secret[start : start + 4] for start in range(0, len(enrolment.secret), 4)]
    return visit.page("signin/app.html", status, uri=enrolment.uri, groups=groups, wrong=wrong, **rail(visit))


async def _codes_shown(visit: Visit, made: Made) -> Response:
    async with visit.unit() as uow:
        account = await network.account_of(uow, visit.holder_id)
    codes = network.recovery_codes(visit.site.keyring, account, made.batch)
    return visit.page("signin/recovery_codes.html", codes=codes, **rail(visit))


def _asked(visit: Visit, status: int = HTTPStatus.OK, *, wrong: bool = False, locked: str = "") -> Response:
    given = visit.form.text("what") if visit.request.method == "POST" else visit.query("what")
    what = "remove" if given == "remove" else "renew"
    return visit.page("signin/app_code.html", status, what=what, wrong=wrong, locked=locked, **rail(visit))


async def _issuer(uow: UnitOfWork) -> str:
    """Return the name under which the app lists its codes."""
    return (await network.network_of(uow)).name


PAGES: tuple[PageRoute, ...] = (
    PageRoute(path="/account/app", audience=ACCOUNT, get=show, post=confirm),
    PageRoute(path="/account/app/new", audience=ACCOUNT, post=begin),
    PageRoute(path="/account/app/change", audience=ACCOUNT, get=ask_code, post=change),
)
