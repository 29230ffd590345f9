"""One voucher, as large as the screen: its code, its digits on request, why it was refused, and how to share it."""

from uuid import UUID

from msgspec import Struct
from starlette.responses import Response

from ringmain.campaign import api as campaign
from ringmain.entry.web.following import note_followed
from ringmain.entry.web.person import benefits, phone, words
from ringmain.entry.web.person.wallet import shop_names, where
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pages import Form, Visit
from ringmain.member import api as member
from ringmain.member.api import Known
from ringmain.member.errors import MemberUnknown
from ringmain.network import api as network
from ringmain.network.api import Shop
from ringmain.scene import api as scene
from ringmain.scene.api import NewScene, SceneKind
from ringmain.voucher import api as voucher
from ringmain.voucher.api import Code, Held, Redeemer

_MOST_SHOPS = 300
_GROUP = 4
_SHARED_DAYS = 60


class _Shared(Struct, frozen=True):
    scene_id: UUID


async def show(visit: Visit) -> Response:
    """Show a voucher with its code; one that only its holder may spend shows the holder's own code instead."""
    async with visit.unit() as uow:
        known, held = await _held(visit, uow)
        await note_followed(visit, uow, known, held.voucher.id, signed_in=True)
        here, now = await network.network_of(uow), await uow.now()
        names = await shop_names(uow, [held])
        # What is good everywhere names no shop: then only what everybody keeps is said.
        leads_to = {shop.merchant_id for shop in await _shops(uow, held)} if held.offer.terms.shop_ids else set[UUID]()
        good = held.state in ("open", "later")
        extras = await benefits.of(visit, uow, known, sorted(leads_to)) if good else []
        packet = await campaign.packet_of(uow, held.voucher.id, known.subject_ids)
        shared = packet is not None and bool(packet.left) and not packet.packet.over(now)
        rotating = None
        if held.state == "open" and held.offer.terms.needs_holder:
            rotating = await member.show_code(uow, visit.site.keyring, known.member_id)
    signed = voucher.sign_code(visit.site.keyring, visit.network_id, held.voucher, held.offer)
    return visit.page(
        "person/voucher.html",
        id=held.voucher.id,
        state=held.state,
        worth=words.worth(visit.speech, held.offer.terms, held.voucher.remaining_minor or None),
        name=held.offer.name,
        where=where(visit, held, names, here.name),
        until=words.until(visit.speech, held.voucher.valid_until, now, here.time_zone),
        begins=held.voucher.valid_from,
        ended=held.voucher.valid_until,
        conditions=words.conditions(visit.speech, held.offer.terms),
        signed=signed if held.state in ("open", "later") else None,
        rotating=rotating,
        used_at=held.used_at,
        used_where=names.get(held.used_shop_id) if held.used_shop_id else None,
        sender=names.get(held.sender_shop_id) if held.sender_shop_id else None,
        won=visit.query("won"),
        extras=extras,
        shared=shared,
        splittable=packet is not None or voucher.unsplittable(held.offer.terms, is_part=held.part) is None,
        now=now,
        zone=here.time_zone,
    )


async def ask_digits(visit: Visit) -> Response:
    """Ask at which shop the digits shall be typed."""
    async with visit.unit() as uow:
        _, held = await _held(visit, uow)
        shops = await _shops(uow, held)
    return visit.page("person/digits.html", id=held.voucher.id, shops=_choices(shops), digits=None, chosen="")


async def digits(visit: Visit) -> Response:
    """Show twelve digits that stand for the voucher at one shop for five minutes; each press makes new ones."""
    shop_id = visit.form.id("shop")
    async with visit.unit() as uow:
        _, held = await _held(visit, uow)
        shops = {shop.id: shop for shop in await _shops(uow, held)}
        if shop_id not in shops or held.state != "open":
            return visit.go(f"/wallet/{held.voucher.id}")
        code = Code(held.voucher.id, held.voucher.secret)
        typed = await voucher.make_typed_code(uow, visit.site.keyring, code, shop_id)
    groups = [typed.digits[place : place + _GROUP] for place in range(0, len(typed.digits), _GROUP)]
    return visit.page(
        "person/digits.html",
        id=held.voucher.id,
        shops=_choices(list(shops.values())),
        digits=groups,
        chosen=str(shop_id),
        shop=shops[shop_id],
        expires_at=typed.expires_at,
    )


async def ask_coming(visit: Visit) -> Response:
    """Ask at which shop the holder will spend the voucher next."""
    async with visit.unit() as uow:
        _, held = await _held(visit, uow)
        shops = await _shops(uow, held)
    if held.state != "open":
        return visit.go(f"/wallet/{held.voucher.id}")
    return visit.page("person/coming.html", id=held.voucher.id, shops=_choices(shops), shop=None)


async def coming(visit: Visit) -> Response:
    """Tell a shop that the holder is on the way: its tills may then keep the voucher for when the network is away."""
    shop_id = visit.form.id("shop")
    async with visit.unit() as uow:
        _, held = await _held(visit, uow)
        shops = {shop.id: shop for shop in await _shops(uow, held)}
        if shop_id not in shops or held.state != "open":
            return visit.go(f"/wallet/{held.voucher.id}")
        until = await voucher.prepare(uow, [held.voucher.id], shop_id)
    return visit.page(
        "person/coming.html",
        id=held.voucher.id,
        shops=_choices(list(shops.values())),
        shop=shops[shop_id],
        until=until,
    )


async def why(visit: Visit) -> Response:
    """Say what speaks against a voucher at a shop, for a purchase of a given amount, or what it would take off."""
    answer = None
    async with visit.unit() as uow:
        known, held = await _held(visit, uow)
        here = await network.network_of(uow)
        everywhere = (await network.all_shops(uow))[:_MOST_SHOPS]
        names = await shop_names(uow, [held])
        shop = next((one for one in everywhere if str(one.id) == visit.query("shop")), None)
        amount = Form({"amount": [visit.query("amount")]}).minor("amount", visit.speech.precision(here.currency))
        if shop is not None and held.state == "open":
            by = Redeemer(shop.merchant_id, shop.id, None, shop.time_zone)
            basket = {"basket_minor": amount, "currency": here.currency} if amount is not None else {}
            found = await voucher.qualify(uow, known.subject_ids, by, **basket)  # type: ignore[arg-type]
            answer = next((one for one in found if one.voucher.id == held.voucher.id), None)
    return visit.page(
        "person/why.html",
        id=held.voucher.id,
        state=held.state,
        shops=_choices(everywhere),
        chosen=visit.query("shop"),
        shop=shop,
        amount=visit.query("amount"),
        refusal=answer.refusal if answer else None,
        takes_off=None if answer is None or answer.refusal else visit.speech.money(answer.amount_minor, here.currency),
        ended=held.voucher.valid_until,
        used_at=held.used_at,
        used_where=names.get(held.used_shop_id) if held.used_shop_id else None,
        zone=here.time_zone,
    )


async def share(visit: Visit) -> Response:
    """Make a link that lets a friend play where this voucher was won; once per voucher."""
    voucher_id = visit.path_id("voucher_id")

    async def act(uow: UnitOfWork) -> _Shared:
        known, held = await _held(visit, uow)
        made = await scene.place_scenes(uow, [NewScene(SceneKind.SHARE, "Shared by a guest", held.sender_shop_id)])
        device = phone.device(visit)
        await campaign.invite(uow, made[0].id, known.subject_id, "link", visit.site.keyring, device)
        return _Shared(made[0].id)

    await visit.once("person_share", act, _Shared, key=f"share:{voucher_id}")
    return visit.go(f"/wallet/{voucher_id}/share")


async def shared(visit: Visit) -> Response:
    """Show the link to be handed on, or offer to make one."""
    voucher_id = visit.path_id("voucher_id")

    async def ask(_: UnitOfWork) -> _Shared:
        raise _NotShared

    link = None
    try:
        made = await visit.once("person_share", ask, _Shared, key=f"share:{voucher_id}")
        async with visit.unit() as uow:
            link = scene.scene_url(visit.base_url, (await scene.scene(uow, made.scene_id)).token)
    except _NotShared:
        pass
    async with visit.unit() as uow:
        known, _ = await _held(visit, uow)
        found = await campaign.sharing_of(uow, known, _SHARED_DAYS)
        offer, shops = None, list[Shop]()
        if found.rule is not None:
            offer = (await voucher.read_offers(uow, [found.rule.offer_id]))[found.rule.offer_id]
            shops = await network.shops(uow, offer.terms.shop_ids) if offer.terms.shop_ids else []
    return visit.page(
        "person/share.html",
        id=voucher_id,
        link=link,
        found=found,
        earns=None if offer is None else words.worth(visit.speech, offer.terms),
        leads_to=None if offer is None else shops[0].name if len(shops) == 1 else offer.name,
    )


class _NotShared(Exception):
    """Nobody has asked for a link yet."""


async def _held(visit: Visit, uow: UnitOfWork) -> tuple[Known, Held]:
    known = await phone.holder(visit, uow)
    if known is None:
        raise MemberUnknown()
    return known, await voucher.held(uow, known.subject_ids, visit.path_id("voucher_id"))


async def _shops(uow: UnitOfWork, held: Held) -> list[Shop]:
    """Return the shops that take a voucher, by name."""
    ids = held.offer.terms.shop_ids
    shops = await network.shops(uow, ids) if ids else await network.all_shops(uow)
    return sorted(shops, key=lambda shop: shop.name)[:_MOST_SHOPS]


def _choices(shops: list[Shop]) -> list[tuple[str, str]]:
    return sorted(((str(shop.id), shop.name) for shop in shops), key=lambda one: one[1])
