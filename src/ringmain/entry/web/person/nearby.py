"""What is nearby: a list first, a map on request; where somebody stands is asked on a tap and kept nowhere."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from starlette.responses import Response

from ringmain.entry.web.person import phone, words
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pages import Visit
from ringmain.match import api as match
from ringmain.match.api import Context, Place
from ringmain.member.errors import MemberUnknown
from ringmain.network import api as network

_MOST = 30
_RECENTLY = timedelta(hours=3)
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
        shop_id = None if place is not None else _shop_of_late(visit, at)
        context = Context(
            at=at,
            place=place,
            words=typed[:100],
            at_shop_id=shop_id,
            subject_ids=known.subject_ids if known is not None else (),
            limit=_MOST,
        )
        found = await match.nearby(uow, context)
        near = (await network.shop_of(uow, shop_id)).name if shop_id is not None else None
        blocked = await match.blocks(uow, known.subject_ids) if known is not None else []
    lines = [_line(visit, one) for one in found]
    return visit.page(
        "person/nearby.html",
        lines=lines,
        words=typed,
        near=near,
        here=place is not None,
        member=known is not None,
        blocked=len(blocked),
        points=[_point(line, one) for line, one in zip(lines, found, strict=True)],
        place=None if place is None else [place.longitude, place.latitude],
        hidden=visit.query("hidden"),
    )


def _line(visit: Visit, one: match.Match) -> dict[str, Any]:
    return {
        "id": one.shop.id,
        "name": one.shop.name,
        "category": one.shop.category,
        "is_open": one.is_open,
        "reasons": words.reasons(visit.speech, one.reasons),
        "offers": [words.worth(visit.speech, offer) for offer in one.offers[:3]],
    }


def _point(line: dict[str, Any], one: match.Match) -> dict[str, Any]:
    return {"name": line["name"], "worth": line["offers"][:1], "at": [one.shop.longitude, one.shop.latitude]}


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
    return visit.page("person/hidden.html", shops=[(id_, names[id_]) for id_ in ids])


async def show_again(visit: Visit) -> Response:
    """Let a shop be shown again."""
    shop_id = visit.form.id("shop")
    if shop_id is not None:
        async with visit.unit() as uow:
            await match.unblock(uow, await _subjects(visit, uow), shop_id=shop_id)
    return visit.go("/nearby/not-for-me")


async def _subjects(visit: Visit, uow: UnitOfWork) -> tuple[UUID, ...]:
    known = await phone.holder(visit, uow)
    if known is None:
        raise MemberUnknown()
    return known.subject_ids


def _shop_of_late(visit: Visit, at: datetime) -> UUID | None:
    """Return the shop at which this phone has met a scene within the last hours."""
    facts = visit.known.facts
    if not facts.get("shop") or at - datetime.fromisoformat(facts["touched_at"]) > _RECENTLY:
        return None
    return UUID(facts["shop"])


def _degrees(visit: Visit, name: str) -> float | None:
    try:
        value = float(visit.form.text(name))
    except ValueError:
        return None
    return value if abs(value) <= _FARTHEST[name] else None
