"""Merchants of the network: who is there, bringing a new one on in one form, rivals, payments."""

from http import HTTPStatus
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
from ringmain.network.api import NewAccount, NewMerchant, NewShop

_CATEGORIES = (
    "restaurant",
    "cafe",
    "bakery",
    "books",
    "hairdresser",
    "florist",
    "cinema",
    "toys",
    "clothes",
    "grocery",
)
_KEPT = ("legal_name", "shop", "category", "latitude", "longitude", "hours", "owner", "email")


class Onboarded(Struct, frozen=True):
    """What one form has opened, and what the invitation is derived from."""

    merchant_id: UUID
    shop_id: UUID
    account_id: UUID
    version: int
    master_version: int


class Changed(Struct, frozen=True):
    """The merchant whose rivals, or money, changed."""

    merchant_id: UUID


async def list_all(visit: Visit) -> Response:
    """Show every merchant with its shops and what it can spend."""
    async with visit.unit() as uow:
        here = await network.network_of(uow)
        merchants = await network.all_merchants(uow)
        shops: dict[UUID, list[network.Shop]] = {}
        for shop in await network.all_shops(uow):
            shops.setdefault(shop.merchant_id, []).append(shop)
        accounts = await network.accounts(uow, limit=1_000)
    invited = {one.merchant_id for one in accounts if one.merchant_id and one.disabled_at is None}
    return visit.page("operator/merchants.html", network=here, merchants=merchants, shops=shops, with_account=invited)


async def ask(visit: Visit) -> Response:
    """Ask for what a new merchant needs; what another page proposes stands there already."""
    given = {name: visit.query(name)[:100] for name in ("category", "latitude", "longitude")}
    return await _asked(visit, {name: text for name, text in given.items() if text}, None)


async def _asked(visit: Visit, values: dict[str, str], rule: RuleBroken | None) -> Response:
    async with visit.unit() as uow:
        shops = await network.all_shops(uow)
    # A new shop mostly stands near the others: their middle is the first guess.
    if shops and not {"latitude", "longitude"} <= set(values):
        values["latitude"] = f"{sum(one.latitude for one in shops) / len(shops):.5f}"
        values["longitude"] = f"{sum(one.longitude for one in shops) / len(shops):.5f}"
    status = HTTPStatus.OK if rule is None else rule.status
    return visit.page("operator/onboard.html", status, values=values, rule=rule, categories=_CATEGORIES)


async def onboard(visit: Visit) -> Response:
    """Open merchant, shop and the owner's account at once, and show the invitation."""
    try:
        made = await visit.once("onboard_merchant", lambda uow: _onboard(visit, uow), Onboarded)
    except RuleBroken as rule:
        return await _asked(visit, {name: visit.form.text(name) for name in _KEPT}, rule)
    token = network.invitation_token(visit.site.keyring, made.account_id, made.version, made.master_version)
    link = visit.base_url + network.invitation_path(token) if token else ""
    async with visit.unit() as uow:
        merchant = await network.merchant_of(uow, made.merchant_id)
        shop = await network.shop_of(uow, made.shop_id)
    return visit.page("operator/onboarded.html", merchant=merchant, shop=shop, link=link)


async def _onboard(visit: Visit, uow: UnitOfWork) -> Onboarded:
    form = visit.form
    latitude, longitude = _degrees(form.text("latitude"), 90), _degrees(form.text("longitude"), 180)
    names = [form.text(name)[:200] for name in ("legal_name", "shop", "category", "owner")]
    if not all(names) or latitude is None or longitude is None:
        raise RequestInvalid(fields=["legal_name", "shop", "category", "owner", "latitude", "longitude"])
    legal_name, shop_name, category, owner = names
    zone = (await network.network_of(uow)).time_zone
    hours = network.hours_of(form.text("hours"))
    (merchant,) = await network.open_merchants(uow, [NewMerchant(legal_name)])
    new = NewShop(merchant.id, shop_name, category, latitude, longitude, zone, hours)
    (shop,) = await network.open_shops(uow, [new])
    account = NewAccount(form.text("email"), owner, "owner", merchant.id)
    invitation = await network.add_account(uow, visit.site.keyring, account)
    facts = {"shop_id": shop.id, "account_id": invitation.account.id}
    await audit(uow, Actor("account", visit.holder_id), "onboard_merchant", "merchant", merchant.id, facts)
    return Onboarded(merchant.id, shop.id, invitation.account.id, invitation.version, invitation.master_version)


def _degrees(text: str, most: float) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) <= most else None


async def show(visit: Visit) -> Response:
    """Show one merchant: shops, money, rivals."""
    merchant_id = visit.path_id("merchant_id")
    async with visit.unit() as uow:
        here = await network.network_of(uow)
        merchant = await network.merchant_of(uow, merchant_id)
        own = await network.shops_of(uow, merchant_id)
        balance = await network.merchant_balance(uow, merchant_id)
        shops = {one.id: one for one in await network.all_shops(uow)}
        rivals = sorted(shop for owner, shop in await network.rival_shops(uow) if owner == merchant_id)
        accounts = await network.accounts(uow, limit=100, merchant_id=merchant_id)
    others = [one for one in shops.values() if one.merchant_id != merchant_id and one.id not in rivals]
    return visit.page(
        "operator/merchant.html",
        network=here,
        merchant=merchant,
        own=own,
        balance=balance,
        rivals=[shops[one] for one in rivals if one in shops],
        others=others,
        accounts=len(accounts),
    )


async def deposit(visit: Visit) -> Response:
    """Credit a payment to a merchant."""
    merchant_id = visit.path_id("merchant_id")

    async def act(uow: UnitOfWork) -> Changed:
        currency = (await network.network_of(uow)).currency
        amount = visit.form.minor("amount", visit.speech.precision(currency))
        reference = visit.form.text("reference")[:200]
        if not amount or not reference:
            raise RequestInvalid(fields=["amount", "reference"])
        made = await network.make_deposit(uow, merchant_id, amount, currency, reference)
        facts: Facts = {"merchant_id": merchant_id, "amount_minor": amount, "currency": currency}
        await audit(uow, Actor("account", visit.holder_id), "make_deposit", "deposit", made.id, facts)
        return Changed(merchant_id)

    await visit.once("page_deposit", act, Changed)
    return visit.go(f"/operator/merchants/{merchant_id}")


async def rivals(visit: Visit) -> Response:
    """Declare a rival, or withdraw one."""
    merchant_id = visit.path_id("merchant_id")
    declared, withdrawn = visit.form.id("declare"), visit.form.id("withdraw")

    async def act(uow: UnitOfWork) -> Changed:
        shop_id = declared or withdrawn
        if shop_id is None:
            raise RequestInvalid(fields=["declare"])
        if declared is not None:
            await network.declare_rival(uow, merchant_id, declared)
        else:
            await network.withdraw_rival(uow, merchant_id, shop_id)
        action = "declare_rival" if declared is not None else "withdraw_rival"
        actor = Actor("account", visit.holder_id)
        await audit(uow, actor, action, "shop", shop_id, {"merchant_id": merchant_id})
        return Changed(merchant_id)

    await visit.once("page_rivals", act, Changed)
    return visit.go(f"/operator/merchants/{merchant_id}")


PAGES: tuple[PageRoute, ...] = (
    PageRoute(path="/operator/merchants", audience=OPERATOR, get=list_all),
    PageRoute(path="/operator/merchants/new", audience=OPERATOR, get=ask, post=onboard),
    PageRoute(path="/operator/merchants/{merchant_id:uuid}", audience=OPERATOR, get=show),
    PageRoute(path="/operator/merchants/{merchant_id:uuid}/deposits", audience=OPERATOR, post=deposit),
    PageRoute(path="/operator/merchants/{merchant_id:uuid}/rivals", audience=OPERATOR, post=rivals),
)
