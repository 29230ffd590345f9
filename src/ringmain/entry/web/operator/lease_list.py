"""The lease list: all tenants of a mall at once, from a file, looked at before anything is written."""

import base64
from uuid import UUID

from msgspec import Struct
from starlette.responses import Response

from ringmain.entry.web.audiences import OPERATOR
from ringmain.kit.audit import Actor, Facts, audit
from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import RequestInvalid
from ringmain.kit.pages import PageRoute, Visit
from ringmain.kit.pure.errors import RuleBroken
from ringmain.network import api as network

# The file, and what the browser adds around it.
_MOST_BYTES = 512 * 1024
_PREVIEWED = 200


class Imported(Struct, frozen=True):
    """What an import has opened."""

    merchants: int
    shops: int
    invited: int


class Funded(Struct, frozen=True):
    """A payment into the pool."""

    deposit_id: UUID


async def ask(visit: Visit) -> Response:
    """Ask for the file."""
    return await _asked(visit)


async def _asked(visit: Visit, rule: RuleBroken | None = None, preview: network.TenantImport | None = None,
                 data: bytes = b"", done: Imported | None = None) -> Response:  # fmt: skip
    async with visit.unit() as uow:
        pool = await network.pool_balance(uow)
    form = visit.form if visit.request.method == "POST" else None
    return visit.page(
        "operator/lease_list.html",
        200 if rule is None else rule.status,
        rule=rule,
        preview=preview,
        rejected=list(preview.rejected[:_PREVIEWED]) if preview else [],
        data=base64.b64encode(data).decode() if preview else "",
        done=done,
        pool=pool,
        latitude=form.text("latitude") if form else "",
        longitude=form.text("longitude") if form else "",
    )


async def look(visit: Visit) -> Response:
    """Say what the file would do, without doing it."""
    file = visit.form.files.get("file")
    data = await file.read() if file is not None else b""
    try:
        async with visit.unit() as uow:
            found = await network.import_tenants(uow, data, place=_place(visit), dry_run=True)
    except RuleBroken as rule:
        return await _asked(visit, rule)
    return await _asked(visit, preview=found, data=data)


async def take(visit: Visit) -> Response:
    """Open what the previewed file holds, and invite the owners whose addresses it names."""
    try:
        data = base64.b64decode(visit.form.text("data"), validate=True)
    except ValueError:
        raise RequestInvalid(fields=["data"]) from None

    async def act(uow: UnitOfWork) -> Imported:
        found = await network.import_tenants(uow, data, place=_place(visit), partly=True)
        invited = 0
        for owner in found.owners:
            name = owner.email.partition("@")[0]
            known = await network.find_account(uow, visit.site.keyring, owner.email)
            if known is None:
                new = network.NewAccount(owner.email, name, "owner", owner.merchant_id)
                await network.add_account(uow, visit.site.keyring, new)
                invited += 1
        facts = {"merchants": found.merchants_new, "shops": found.shops_new, "invited": invited}
        await audit(uow, Actor("account", visit.holder_id), "import_tenants", "network", uow.network_id, facts)
        return Imported(found.merchants_new, found.shops_new, invited)

    return await _asked(visit, done=await visit.once("page_import_tenants", act, Imported))


async def fund(visit: Visit) -> Response:
    """Credit a payment to the network's own pool."""

    async def act(uow: UnitOfWork) -> Funded:
        currency = (await network.network_of(uow)).currency
        amount = visit.form.minor("amount", visit.speech.precision(currency))
        reference = visit.form.text("reference")[:200]
        if not amount or not reference:
            raise RequestInvalid(fields=["amount", "reference"])
        made = await network.fund_pool(uow, amount, currency, reference, visit.holder_id)
        facts: Facts = {"amount_minor": amount, "currency": currency}
        await audit(uow, Actor("account", visit.holder_id), "fund_pool", "deposit", made.id, facts)
        return Funded(made.id)

    await visit.once("page_fund_pool", act, Funded)
    return visit.go("/operator/lease-list")


def _place(visit: Visit) -> tuple[float, float] | None:
    try:
        return float(visit.form.text("latitude")), float(visit.form.text("longitude"))
    except ValueError:
        return None


PAGES: tuple[PageRoute, ...] = (
    PageRoute(path="/operator/lease-list", audience=OPERATOR, get=ask, post=look, most_bytes=_MOST_BYTES),
    PageRoute(path="/operator/lease-list/taken", audience=OPERATOR, post=take, most_bytes=2 * _MOST_BYTES),
    PageRoute(path="/operator/pool", audience=OPERATOR, post=fund),
)
