"""Requests, answers and routes of scenes and touches."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta, Struct

from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import Call, Listed, Name, Page, Reply, Request, Role, Route, Time, keys_of, listed
from ringmain.member.api import subjects
from ringmain.member.errors import MemberUnknown
from ringmain.network.api import shops
from ringmain.network.errors import ShopNotFound
from ringmain.scene import api, store
from ringmain.scene.errors import SceneNeedsShop, SceneRetired, SceneUnknown, TouchInFuture

_SHEET_LIMIT = 40

Kind = Literal["poster", "nfc", "link", "screen", "payment", "search", "share"]


class PlaceScene(Request, frozen=True):
    """A scene to be put up; links, screens, searches and shares may be the network's own (no shop)."""

    kind: Kind
    name: Name
    shop_id: UUID | None = None


class SceneShown(Struct, frozen=True):
    """A scene, and the address that its code, tag or link opens."""

    id: UUID
    kind: str
    name: str
    shop_id: UUID | None
    token: str
    url: str
    made_at: datetime
    retired_at: datetime | None


class Scenes(Page, frozen=True):
    """Which scenes."""

    shop_id: UUID | None = None


class CodeSize(Request, frozen=True):
    """How large a code is drawn."""

    scale: Annotated[int, Meta(ge=1, le=40, description="Pixels or units per module.")] = 8


class Sheet(Request, frozen=True):
    """Which posters to print, in this order."""

    ids: Annotated[list[UUID], Meta(min_length=1, max_length=_SHEET_LIMIT)]


class TouchScene(Request, frozen=True):
    """Who met the scene, where that is known, and when, where it was not now."""

    member_id: UUID | None = None
    touched_at: Time | None = None


class SceneTouched(Struct, frozen=True):
    """The touch that was recorded: name it when something is granted because of it."""

    touch_id: UUID
    scene_id: UUID
    shop_id: UUID | None
    touched_at: datetime


class SceneRetiredAt(Struct, frozen=True):
    """When the scene was taken down."""

    scene_id: UUID
    retired_at: datetime


def _url(call: Call, token: str) -> str:
    settings = call.settings
    return api.scene_url(settings.public_url or f"http://{settings.host}:{settings.port}", token)


def _shown(call: Call, scene: api.Scene) -> SceneShown:
    return SceneShown(
        id=scene.id,
        kind=scene.kind,
        name=scene.name,
        shop_id=scene.shop_id,
        token=scene.token,
        url=_url(call, scene.token),
        made_at=scene.made_at,
        retired_at=scene.retired_at,
    )


async def _place(uow: UnitOfWork, call: Call, body: PlaceScene) -> SceneShown:
    new = api.NewScene(api.SceneKind(body.kind), body.name, body.shop_id)
    return _shown(call, (await api.place_scenes(uow, [new], call.merchant_scope()))[0])


async def _list(uow: UnitOfWork, call: Call) -> Listed[SceneShown]:
    query: Scenes = call.query
    keys = keys_of(query.after, tuple[UUID])
    rows = await store.page(uow, query.shop_id, keys[0] if keys else None, query.limit + 1)
    return listed([_shown(call, row) for row in rows], query.limit, lambda row: (row.id,))


async def _read(uow: UnitOfWork, call: Call) -> SceneShown:
    return _shown(call, await _scene(uow, call))


async def _svg(uow: UnitOfWork, call: Call) -> Reply:
    scene = await _scene(uow, call)
    return Reply(api.qr_svg(_url(call, scene.token), call.query.scale), "image/svg+xml")


async def _png(uow: UnitOfWork, call: Call) -> Reply:
    scene = await _scene(uow, call)
    return Reply(api.qr_png(_url(call, scene.token), call.query.scale), "image/png")


async def _ndef(uow: UnitOfWork, call: Call) -> Reply:
    scene = await _scene(uow, call)
    return Reply(api.ndef_message(_url(call, scene.token)), "application/octet-stream")


async def _print_sheet(uow: UnitOfWork, call: Call) -> Reply:
    scenes = await api.scenes(uow, call.query.ids, call.merchant_scope())
    names = {shop.id: shop.name for shop in await shops(uow, [one.shop_id for one in scenes if one.shop_id])}
    posters = [api.Poster(names[one.shop_id] if one.shop_id else "", one.name, _url(call, one.token)) for one in scenes]
    return Reply(api.print_sheet(posters).encode(), "text/html; charset=utf-8")


async def _touch(uow: UnitOfWork, call: Call, body: TouchScene) -> SceneTouched:
    subject_id = None
    if body.member_id is not None:
        known = (await subjects(uow, [body.member_id]))[0]
        if known is None:
            raise MemberUnknown
        subject_id = known.subject_id
    new = api.NewTouch(call.path["token"], subject_id, body.touched_at)
    touch = (await api.touch(uow, [new]))[0]
    return SceneTouched(touch.id, touch.scene_id, touch.shop_id, touch.touched_at)


async def _retire(uow: UnitOfWork, call: Call, _: None) -> SceneRetiredAt:
    scene = await api.retire_scene(uow, call.id("scene_id"), call.merchant_scope())
    assert scene.retired_at is not None
    return SceneRetiredAt(scene.id, scene.retired_at)


async def _scene(uow: UnitOfWork, call: Call) -> api.Scene:
    return await api.scene(uow, call.id("scene_id"), call.merchant_scope())


_MANAGERS: frozenset[Role] = frozenset({"operator", "merchant"})
_TILLS: frozenset[Role] = frozenset({"operator", "terminal"})
_SCENE = "018f4e3a-7c00-7a10-8000-000000000011"
_SHOP = "018f4e3a-7c00-7a10-8000-000000000012"
_TOKEN = "Jm3xC0q0QZy8v1o5H2b7Ng"  # noqa: S105 (an example; tokens of scenes hang in the street)
_AT = "2026-03-01T10:00:00Z"
_SHOWN: dict[str, Any] = {
    "id": _SCENE,
    "kind": "poster",
    "name": "Door",
    "shop_id": _SHOP,
    "token": _TOKEN,
    "url": f"https://ring.example/s/{_TOKEN}",
    "made_at": _AT,
    "retired_at": None,
}


def _image(path: str, operation: str, summary: str, handler: Any, media_type: str, query: Any) -> Route:
    """Return the route of one thing that carries a scene's address."""
    return Route(
        method="GET",
        path=f"/v1/scenes/{{scene_id}}/{path}",
        operation=operation,
        summary=summary,
        tag="scenes",
        roles=_MANAGERS,
        handler=handler,
        query=query,
        response=bytes,
        produces=(media_type,),
        errors=(SceneUnknown,),
    )


ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/v1/scenes",
        operation="place_scene",
        summary="Put a scene up",
        description="A merchant puts scenes up at its own shops.",
        tag="scenes",
        roles=_MANAGERS,
        handler=_place,
        request=PlaceScene,
        response=SceneShown,
        status=201,
        transaction="write",
        errors=(SceneNeedsShop, ShopNotFound),
        example={"kind": "poster", "name": "Door", "shop_id": _SHOP},
        example_response=_SHOWN,
    ),
    Route(
        method="GET",
        path="/v1/scenes",
        operation="list_scenes",
        summary="List scenes",
        tag="scenes",
        roles=_MANAGERS,
        handler=_list,
        query=Scenes,
        response=Listed[SceneShown],
        example_query={"limit": "2"},
        example_response={"items": [_SHOWN], "next": None},
    ),
    Route(
        method="GET",
        path="/v1/scenes/print-sheet",
        operation="print_scenes",
        summary="Print posters: pages of A4 with four each",
        description=f"HTML for printing; up to {_SHEET_LIMIT} scenes, `ids` given once for each.",
        tag="scenes",
        roles=_MANAGERS,
        handler=_print_sheet,
        query=Sheet,
        response=bytes,
        produces=("text/html; charset=utf-8",),
        errors=(SceneUnknown,),
        example_query={"ids": _SCENE},
    ),
    Route(
        method="GET",
        path="/v1/scenes/{scene_id}",
        operation="read_scene",
        summary="Read a scene",
        tag="scenes",
        roles=_MANAGERS,
        handler=_read,
        response=SceneShown,
        errors=(SceneUnknown,),
        example_response=_SHOWN,
    ),
    _image("qr.svg", "draw_scene_svg", "Draw the scene's QR code as SVG", _svg, "image/svg+xml", CodeSize),
    _image("qr.png", "draw_scene_png", "Draw the scene's QR code as PNG", _png, "image/png", CodeSize),
    _image("ndef", "encode_scene_tag", "Give the bytes for an NFC tag", _ndef, "application/octet-stream", None),
    Route(
        method="POST",
        path="/v1/scenes/{token}/touches",
        operation="touch_scene",
        summary="Record that somebody met a scene",
        description="For tills, screens and apps with a key. Phones that scan a code without one come through the "
        "pages, which record the touch themselves.",
        tag="scenes",
        roles=_TILLS,
        handler=_touch,
        unaudited_because="every touch is a fact of its own, with its time",
        request=TouchScene,
        response=SceneTouched,
        status=201,
        transaction="write",
        errors=(SceneUnknown, SceneRetired, TouchInFuture, MemberUnknown),
        example={"touched_at": _AT},
        example_path={"token": _TOKEN},
        example_response={
            "touch_id": "018f4e3a-7c00-7a10-8000-000000000013",
            "scene_id": _SCENE,
            "shop_id": _SHOP,
            "touched_at": _AT,
        },
    ),
    Route(
        method="DELETE",
        path="/v1/scenes/{scene_id}",
        operation="retire_scene",
        summary="Take a scene down",
        description="Its code opens nothing more; what people did at it stays on record. Once more changes nothing.",
        tag="scenes",
        roles=_MANAGERS,
        handler=_retire,
        response=SceneRetiredAt,
        transaction="write",
        errors=(SceneUnknown,),
        example_response={"scene_id": _SCENE, "retired_at": _AT},
    ),
)
