"""The first run: from an installation without a network to a first redeemed voucher, in four steps.

The address carries a token that `ringmain up` prints, so that nobody else on the wire founds a network here; it opens
nothing any more once somebody has.
"""

import base64
import hmac
from http import HTTPStatus
from uuid import UUID

from msgspec import Struct
from starlette.responses import Response

from ringmain.entry.web.audiences import ACCOUNT, OPERATOR, VISITOR
from ringmain.entry.web.services import services
from ringmain.kit.db import Database, UnitOfWork
from ringmain.kit.http import Limit, NotFound
from ringmain.kit.pages import PageRoute, Visit
from ringmain.kit.pages.sessions import change_facts
from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.pure.ids import uuid7
from ringmain.kit.secrets import Keyring
from ringmain.network import api as network
from ringmain.sale import api as sale
from ringmain.scene import api as scene
from ringmain.voucher import api as voucher

CURRENCIES = ("CNY", "EUR", "USD", "GBP", "JPY", "HKD", "TWD", "SGD", "CHF", "KWD")
_TOKEN_BYTES = 16
_VALID_DAYS = 14
_FIRST_STEP = "/first-run"


class Opened(Struct, frozen=True):
    """The two shops with which a network begins."""

    shop_ids: tuple[UUID, UUID]


class Won(Struct, frozen=True):
    """The first voucher."""

    voucher_id: UUID


class Published(Struct, frozen=True):
    """Their first offers."""

    offer_ids: tuple[UUID, ...]


def first_run_token(keyring: Keyring) -> str:
    """Return the token of the first run's address: the same at every start, and known to this installation only."""
    raw = keyring.derived("first run", version=min(keyring.versions))[:_TOKEN_BYTES]
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


async def is_unfounded(database: Database, demo_network: UUID | None) -> bool:
    """Say whether nobody has founded a network here yet: replays and the demo street do not count."""
    async with database.unit(None) as uow:
        ids = [id_ for id_ in await network.all_networks(uow) if id_ != demo_network]
    for network_id in ids:
        async with database.unit(network_id) as uow:
            if not (await network.network_of(uow)).simulated:
                return False
    return True


async def _check(visit: Visit) -> None:
    """Let nobody in who does not know the token, or after a network was founded. Raises `NotFound`."""
    given = visit.path_text("token").encode()
    if not hmac.compare_digest(given, first_run_token(visit.site.keyring).encode()):
        raise NotFound
    if not await is_unfounded(visit.site.database, services(visit).demo_network):
        raise NotFound


async def found(visit: Visit) -> Response:
    """Ask for the network and its operator."""
    await _check(visit)
    return _asked(visit, {}, None)


def _asked(visit: Visit, values: dict[str, str], rule: RuleBroken | None) -> Response:
    currencies = [(one, one) for one in CURRENCIES]
    status = HTTPStatus.OK if rule is None else rule.status
    return visit.page("demo/found.html", status, currencies=currencies, values=values, rule=rule)


async def founded(visit: Visit) -> Response:
    """Found the network, sign its operator in, and go on; the form's press is the network's id, so twice is once."""
    async with visit.site.database.unit(None) as uow:
        if visit.press() in await network.all_networks(uow):
            return visit.go(f"{_FIRST_STEP}/shops")
    await _check(visit)
    form = visit.form
    founding = network.Founding(
        name=form.text("network"),
        currency=form.text("currency"),
        time_zone=form.text("time_zone"),
        operator_name=form.text("name"),
        email=form.text("email"),
        password=form.text("password"),
    )
    if founding.currency not in CURRENCIES or not founding.name:
        raise NotFound
    try:
        async with visit.unit(visit.press()) as uow:
            account_id = await network.found_network(uow, visit.site.keyring, founding)
            await visit.sign_in(uow, ACCOUNT, account_id, {"role": "operator", "name": founding.operator_name})
    except RuleBroken as rule:
        kept = {name: form.text(name) for name in ("network", "currency", "time_zone", "name", "email")}
        return _asked(visit, kept, rule)
    return visit.go(f"{_FIRST_STEP}/shops")


async def shops(visit: Visit) -> Response:
    """Ask for the first two shops: a ring begins with two."""
    async with visit.unit() as uow:
        here = await network.network_of(uow)
        if await network.all_shops(uow):
            return visit.go(f"{_FIRST_STEP}/offers")
    return visit.page("demo/first_shops.html", network=here, categories=_categories(visit))


async def shops_opened(visit: Visit) -> Response:
    """Open two merchants with a shop and money each."""

    async def open_both(uow: UnitOfWork) -> Opened:
        here = await network.network_of(uow)
        ids = [await _open_shop(visit, uow, here, place) for place in (1, 2)]
        return Opened((ids[0], ids[1]))

    await visit.once("first_run_shops", open_both, Opened)
    return visit.go(f"{_FIRST_STEP}/offers")


async def _open_shop(visit: Visit, uow: UnitOfWork, here: network.Network, place: int) -> UUID:
    form, zone = visit.form, here.time_zone
    name = form.text(f"name_{place}")
    money = form.minor(f"money_{place}", visit.speech.precision(here.currency))
    if not name or not money:
        raise NotFound
    merchant = (await network.open_merchants(uow, [network.NewMerchant(name)]))[0]
    latitude, longitude = (_degrees(form.text(f"{axis}_{place}")) for axis in ("latitude", "longitude"))
    shop = network.NewShop(merchant.id, name, form.text(f"category_{place}"), latitude, longitude, zone)
    opened = (await network.open_shops(uow, [shop]))[0]
    await network.make_deposit(uow, merchant.id, money, here.currency, f"first run {place}")
    return opened.id


async def offers(visit: Visit) -> Response:
    """Ask what a voucher of each shop is worth."""
    async with visit.unit() as uow:
        here = await network.network_of(uow)
        places = await network.all_shops(uow)
        if not places:
            return visit.go(f"{_FIRST_STEP}/shops")
        if await voucher.newest_offers(uow, limit=1):
            return visit.go(f"{_FIRST_STEP}/try")
    return visit.page("demo/first_offers.html", network=here, shops=places[:2], days=_VALID_DAYS)


async def offers_published(visit: Visit) -> Response:
    """Publish one offer of each shop, paid by its own merchant."""

    async def publish(uow: UnitOfWork) -> Published:
        here = await network.network_of(uow)
        new = [_offer(visit, here, shop) for shop in (await network.all_shops(uow))[:2]]
        published = []
        for answer in await voucher.publish(uow, new):
            if isinstance(answer, RuleBroken):
                raise answer
            published.append(answer.id)
        return Published(tuple(published))

    await visit.once("first_run_offers", publish, Published)
    return visit.go(f"{_FIRST_STEP}/try")


def _offer(visit: Visit, here: network.Network, shop: network.Shop) -> voucher.NewOffer:
    digits = visit.speech.precision(here.currency)
    face = visit.form.minor(f"face_{shop.id}", digits)
    minimum = visit.form.minor(f"minimum_{shop.id}", digits)
    if not face or minimum is None:
        raise NotFound
    terms = voucher.Terms(
        kind="cash",
        currency=here.currency,
        face_minor=face,
        minimum_minor=minimum,
        shop_ids=(shop.id,),
        valid_days=_VALID_DAYS,
    )
    worth = visit.speech.worth(face, here.currency)
    return voucher.NewOffer(
        creator_merchant_id=shop.merchant_id, funder_id=shop.merchant_id, name=f"{worth}, {shop.name}", terms=terms
    )


async def round_trip(visit: Visit) -> Response:
    """Show the first voucher on its way: not won yet, won, spent."""
    async with visit.unit() as uow:
        here = await network.network_of(uow)
        published = await voucher.newest_offers(uow, limit=2)
        if not published:
            return visit.go(f"{_FIRST_STEP}/offers")
        places = {shop.id: shop for shop in await network.all_shops(uow)}
        won = visit.known.facts.get("first_won")
        story = await voucher.show(uow, UUID(won)) if won else None
    offer = published[0]
    there = places[offer.terms.shop_ids[0]]
    door = next((shop for shop in places.values() if shop.id != there.id), there)
    return visit.page(
        "demo/first_round.html",
        network=here,
        offer=offer,
        door=door,
        there=there,
        basket_minor=_basket(offer),
        story=story,
        spent=visit.known.facts.get("first_spent") is not None,
    )


async def win(visit: Visit) -> Response:
    """Put up a poster at the door of one shop, touch it, and win a voucher of the other."""

    async def play(uow: UnitOfWork) -> Won:
        offer = (await voucher.newest_offers(uow, limit=2))[0]
        door = next(shop for shop in await network.all_shops(uow) if shop.id not in offer.terms.shop_ids)
        poster = (await scene.place_scenes(uow, [scene.NewScene(scene.SceneKind.POSTER, door.name, door.id)]))[0]
        touch = (await scene.touch(uow, [scene.NewTouch(poster.token)]))[0]
        grant = voucher.Grant(
            offer_id=offer.id,
            at=await uow.now(),
            sender_shop_id=door.id,
            origin_kind="touch",
            origin_id=touch.id,
        )
        granted = (await voucher.grant(uow, [grant]))[0]
        if isinstance(granted, RuleBroken):
            raise granted
        await change_facts(uow, visit.known, first_won=str(granted.voucher_id))
        return Won(granted.voucher_id)

    await visit.once("first_run_win", play, Won)
    return visit.go(f"{_FIRST_STEP}/try")


async def spend(visit: Visit) -> Response:
    """Record a sale at the other shop that is paid with the voucher."""

    async def sell(uow: UnitOfWork) -> Won:
        voucher_id = UUID(visit.known.facts["first_won"])
        offer = (await voucher.newest_offers(uow, limit=2))[0]
        secret = (await voucher.show(uow, voucher_id)).voucher.secret
        there = (await network.shops(uow, offer.terms.shop_ids))[0]
        now = await uow.now()
        bought = sale.NewSale(
            id=uuid7(now),
            shop_id=there.id,
            merchant_id=there.merchant_id,
            total_minor=_basket(offer),
            currency=offer.terms.currency,
            vouchers=(sale.VoucherUse(voucher_id, secret),),
        )
        answer = (await sale.record(uow, [bought]))[0]
        if isinstance(answer, RuleBroken):
            raise answer
        await change_facts(uow, visit.known, first_spent=str(answer.redemptions[0].redemption_id))
        return Won(voucher_id)

    await visit.once("first_run_spend", sell, Won)
    return visit.go(f"{_FIRST_STEP}/try")


def _categories(visit: Visit) -> list[tuple[str, str]]:
    text = visit.speech.text
    return [
        ("restaurant", text("Restaurant")),
        ("cafe", text("Cafe")),
        ("bakery", text("Bakery")),
        ("books", text("Books")),
        ("hairdresser", text("Hairdresser")),
        ("florist", text("Flowers")),
        ("clothes", text("Clothes")),
        ("supermarket", text("Food")),
        ("cinema", text("Cinema")),
        ("other", text("Something else")),
    ]


def _basket(offer: voucher.PublishedOffer) -> int:
    """Return what the first sale costs: what the voucher asks for, and never less than it takes off."""
    return max(offer.terms.minimum_minor, 3 * offer.terms.face_minor)


def _degrees(text: str) -> float:
    """Return a coordinate; where nobody said, the shop stands at the origin of the map until it is moved."""
    try:
        return float(text)
    except ValueError:
        return 0.0


PAGES: tuple[PageRoute, ...] = (
    PageRoute(
        path=_FIRST_STEP + "/{token}/found",
        audience=VISITOR,
        get=found,
        post=founded,
        limit=(Limit(20, seconds=60.0, per="address"),),
    ),
    PageRoute(path=f"{_FIRST_STEP}/shops", audience=OPERATOR, get=shops, post=shops_opened),
    PageRoute(path=f"{_FIRST_STEP}/offers", audience=OPERATOR, get=offers, post=offers_published),
    PageRoute(path=f"{_FIRST_STEP}/try", audience=OPERATOR, get=round_trip),
    PageRoute(path=f"{_FIRST_STEP}/try/win", audience=OPERATOR, post=win),
    PageRoute(path=f"{_FIRST_STEP}/try/spend", audience=OPERATOR, post=spend),
)
