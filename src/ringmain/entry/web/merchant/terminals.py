"""Tills of a merchant: made with a code that is shown large, paired again, and taken out of use."""

from dataclasses import replace
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from msgspec import Struct
from starlette.responses import Response

from ringmain.entry.web.audiences import MERCHANT
from ringmain.entry.web.merchant.common import Draft, console_of, merchant_id, reading, shown
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pages import PageRoute, Visit
from ringmain.network import api as network
from ringmain.voucher import api as voucher

HERE = "/merchant/terminals"
_MOST = 200


class _PairingKept(Struct, frozen=True):
    """What the code is derived from; the code itself is stored nowhere."""

    terminal_id: UUID
    seed: UUID
    version: int
    until: datetime


async def terminals(visit: Visit) -> Response:
    """Show the tills."""
    return await _page(visit, Draft())


async def make(visit: Visit) -> Response:
    """Make a till and lead to its code."""
    name, shop_id, own = visit.form.text("name"), visit.form.id("shop_id"), merchant_id(visit)
    draft = Draft({"name": name})
    if not name:
        draft.faults["name"] = visit.speech.text("Give the till a name, such as Counter.")
    if shop_id is None:
        draft.faults["shop_id"] = visit.speech.text("Choose the shop in which it stands.")
    if shop_id is None or draft.faults:
        return await _page(visit, draft, 422)
    in_shop = shop_id

    async def act(uow: UnitOfWork) -> _PairingKept:
        return _kept(await network.make_terminal(uow, visit.site.keyring, in_shop, name, own))

    return _to_code(visit, await visit.once("page make terminal", act, _PairingKept))


async def pair_again(visit: Visit) -> Response:
    """Put out a new code for a till whose device was replaced."""
    terminal_id, own = visit.path_id("terminal_id"), merchant_id(visit)

    async def act(uow: UnitOfWork) -> _PairingKept:
        return _kept(await network.pair_again(uow, visit.site.keyring, terminal_id, own))

    return _to_code(visit, await visit.once("page pair again", act, _PairingKept))


async def revoke(visit: Visit) -> Response:
    """Take a till out of use for good."""
    terminal_id, own = visit.path_id("terminal_id"), merchant_id(visit)

    async def act(uow: UnitOfWork) -> UUID:
        return (await network.revoke_terminal(uow, terminal_id, own)).id

    await visit.once("page revoke terminal", act, UUID)
    return visit.go(HERE)


async def change_offline(visit: Visit) -> Response:
    """Say whether tills take, without a network, vouchers that they have not reserved: at the merchant's own loss."""
    own, anyway = merchant_id(visit), visit.form.text("anyway") == "yes"

    async def act(uow: UnitOfWork) -> UUID:
        rule = await voucher.offline_rule(uow, own)
        await voucher.change_offline_rule(uow, own, replace(rule, accept_anyway=anyway))
        return own

    await visit.once("page change offline rule", act, UUID)
    return visit.go(HERE)


async def code(visit: Visit) -> Response:
    """Show the code of a till, large, and as a picture for its camera; where it has run out, how to get another."""
    async with reading(visit) as uow:
        console = await console_of(uow, visit)
        terminal = await network.terminal_of(uow, visit.path_id("terminal_id"), merchant_id(visit))
        now = await uow.now()
    text, until = None, None
    try:
        seed, version = UUID(visit.query("seed")), int(visit.query("version"))
        until = datetime.fromisoformat(visit.query("until"))
        if until.tzinfo is not None and until > now:
            text = network.code_text(visit.site.keyring, seed, version)
    except ValueError:
        until = None
    paired = terminal.paired_at is not None and text is None
    link = f"{visit.base_url}/till/pair?code={text}" if text else ""
    return shown(
        visit, "terminal_code.html", HERE, console, terminal=terminal, code=text, until=until, link=link, paired=paired
    )


def _kept(pairing: network.Pairing) -> _PairingKept:
    return _PairingKept(pairing.terminal.id, pairing.seed, pairing.master_version, pairing.expires_at)


def _to_code(visit: Visit, kept: _PairingKept) -> Response:
    # Without our key the seed is no code; so the address may stand in the browser's history.
    query = urlencode({"seed": str(kept.seed), "version": kept.version, "until": kept.until.isoformat()})
    return visit.go(f"{HERE}/{kept.terminal_id}/code?{query}")


async def _page(visit: Visit, draft: Draft, status: int = 200) -> Response:
    async with reading(visit) as uow:
        console = await console_of(uow, visit)
        found = await network.list_terminals(uow, None, _MOST, merchant_id(visit), None)
        rule = await voucher.offline_rule(uow, merchant_id(visit))
    in_use = [one for one in found if one.revoked_at is None]
    return shown(visit, "terminals.html", HERE, console, status, terminals=in_use, draft=draft, rule=rule)


PAGES = (
    PageRoute(path=HERE, audience=MERCHANT, get=terminals, post=make),
    PageRoute(path=f"{HERE}/offline", audience=MERCHANT, post=change_offline),
    PageRoute(path=f"{HERE}/{{terminal_id:uuid}}/code", audience=MERCHANT, get=code, post=pair_again),
    PageRoute(path=f"{HERE}/{{terminal_id:uuid}}/revoke", audience=MERCHANT, post=revoke),
)
