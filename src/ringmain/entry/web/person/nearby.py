"""What is nearby: a list first, a map on request; where somebody stands is asked on a tap and kept nowhere."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from starlette.responses import Response

from ringmain.campaign import api as campaign
from ringmain.entry.web.person import phone, taking, words
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pages import Speech, Visit
from ringmain.match import api as match
from ringmain.match.api import Context, Place
from ringmain.member.errors import MemberUnknown
from ringmain.network import api as network
from ringmain.voucher import api as voucher

_MOST = 30
_GOOD = ("open", "later")
_FARTHEST = {"latitude": 90.0, "longitude": 180.0}


async def show(visit: Visit) -> Response:
    """Show shops around the scene that was met last, or in no order of distance."""
    return await _list(visit, None, visit.query("words"))


async def search(visit: Visit) -> Response:
    """Show shops around a place that the phone has told for this one answer."""
    latitude, longitude = _degrees(visit, "latitude"), _degrees(visit, "longitude")
    place = None if latitude is None or longitude is None else Place(latitude, longitude)
    return await _list(visit, place, visit.form.text("words"))


async def _list(visit: Visit, place: Place | None, typed: str) -> Response:
    network_id = await phone.home(visit)
    if network_id is None:
        return visit.page("person/scan_first.html")
    await phone.enter(visit, network_id)
    async with visit.unit() as uow:
        known, at = await phone.holder(visit, uow), await uow.now()
        shop_id = None if place is not None else taking.shop_of_late(visit, at)
        context = Context(
            at=at,
            place=place,
            words=typed[:100],
            at_shop_id=shop_id,
            subject_ids=known.subject_ids if known is not None else (),
            limit=_MOST,
            first_offers=await campaign.first_found(uow, known, shop_id, at),
        )
        found = await match.show_nearby(uow, context)
        near = (await network.shop_of(uow, shop_id)).name if shop_id is not None else None
        blocked = await match.blocks(uow, known.subject_ids) if known is not None else []
        subject_ids = known.subject_ids if known is not None else ()
        taken = await campaign.taken_today(uow, subject_ids)
        held = {one.offer.id: one.voucher.id for one in await voucher.wallet(uow, subject_ids) if one.state in _GOOD}
    lines = [line(visit.speech, one, held) for one in found]
    return visit.page(
        "person/nearby.html",
        lines=lines,
        words=typed,
        near=near,
        here=place is not None,
        member=known is not None,
        blocked=len(blocked),
        points=[_point(shown, one) for shown, one in zip(lines, found, strict=True)],
        place=None if place is None else [place.longitude, place.latitude],
        hidden=visit.query("hidden"),
        gone=visit.query("gone"),
        taken=taken,
    )


def line(speech: Speech, one: match.Match, held: Mapping[UUID, UUID]) -> dict[str, Any]:
    """Return what a page shows of a shop that was found; `held` are the person's vouchers to spend, by their offers."""
    return {
        "id": one.shop.id,
        "name": one.shop.name,
        "category": one.shop.category,
        "is_open": one.is_open,
        "reasons": words.reasons(speech, one.reasons),
        "offers": [
            {
                "id": offer.id,
                "worth": words.worth(speech, offer),
                # What is paid for in points is not taken with one press.
                "open": not offer.price_points,
                "held": held.get(offer.id),
            }
            for offer in one.offers[:3]
        ],
    }


def _point(shown: dict[str, Any], one: match.Match) -> dict[str, Any]:
    return {
        "name": shown["name"],
        "worth": [offer["worth"] for offer in shown["offers"][:1]],
        "at": [one.shop.longitude, one.shop.latitude],
    }


async def hide(visit: Visit) -> Response:
    """Keep a shop away from the holder of this phone."""
    shop_id = visit.form.id("shop")
    if shop_id is None:
        return visit.go("/nearby")
    async with visit.unit() as uow:
        await match.block(uow, await _subjects(visit, uow), shop_id=shop_id)
    return visit.go("/nearby?hidden=1")


async def hidden(visit: Visit) -> Response:
    """Show what the holder does not want to see, so that it can be taken back."""
    async with visit.unit() as uow:
        blocks = await match.blocks(uow, await _subjects(visit, uow))
        ids = [one.shop_id for one in blocks if one.shop_id is not None]
        names = {shop.id: shop.name for shop in await network.shops(uow, ids)} if ids else {}
        blocked = [one.offer_id for one in blocks if one.offer_id is not None]
        offers = await voucher.read_offers(uow, blocked) if blocked else {}
    things = [("shop", id_, names[id_]) for id_ in ids]
    things += [
        ("offer", id_, f"{words.worth(visit.speech, offers[id_].terms)} · {offers[id_].name}") for id_ in blocked
    ]
    return visit.page("person/hidden.html", things=things)


async def show_again(visit: Visit) -> Response:
    """Let a shop or an offer be shown again."""
    shop_id, offer_id = visit.form.id("shop"), visit.form.id("offer")
    if (shop_id is None) != (offer_id is None):
        async with visit.unit() as uow:
            await match.unblock(uow, await _subjects(visit, uow), shop_id=shop_id, offer_id=offer_id)
    return visit.go("/nearby/not-for-me")


async def _subjects(visit: Visit, uow: UnitOfWork) -> tuple[UUID, ...]:
    known = await phone.holder(visit, uow)
    if known is None:
        raise MemberUnknown()
    return known.subject_ids


def _degrees(visit: Visit, name: str) -> float | None:
    try:
        value = float(visit.form.text(name))
    except ValueError:
        return None
    return value if abs(value) <= _FARTHEST[name] else None
