"""Tests of the routes of scenes: who may call them and what they answer."""

from typing import Any
from uuid import uuid4

import pytest
import segno

from ringmain.member import api as member
from ringmain.member.api import IdentifierKind
from ringmain.scene.http import ROUTES
from tests.member.doors import clients
from tests.member.people import PHONE, Town
from tests.network.town import Client


async def _place(client: Client, town: Town, name: str = "Door") -> dict[str, Any]:
    answer = await client.post("/v1/scenes", {"kind": "poster", "name": name, "shop_id": str(town.shop_id)})
    assert answer.status == 201
    shown: dict[str, Any] = answer.json
    return shown


async def test_a_merchant_puts_a_poster_up_prints_it_and_takes_it_down(town: Town) -> None:
    """Place, read, list, code as SVG and PNG, tag bytes, print sheet, retire: each by its route."""
    merchant = clients(town)["merchant"]
    scene = await _place(merchant, town)
    path = f"/v1/scenes/{scene['id']}"
    assert scene["url"] == f"https://ring.example/s/{scene['token']}"
    assert (await merchant.get(path)).json == scene
    assert (await merchant.get(f"/v1/scenes?shop_id={town.shop_id}")).json == {"items": [scene], "next": None}
    svg, png, tag = [await merchant.get(f"{path}/{name}") for name in ("qr.svg?scale=3", "qr.png", "ndef")]
    assert (svg.headers["content-type"], svg.body[:5]) == ("image/svg+xml", b"<?xml")
    assert (png.headers["content-type"], png.body[:4]) == ("image/png", b"\x89PNG")
    assert tag.headers["content-type"] == "application/octet-stream"
    assert tag.body.endswith(f"ring.example/s/{scene['token']}".encode())
    sheet = await merchant.get(f"/v1/scenes/print-sheet?ids={scene['id']}")
    assert sheet.headers["content-type"] == "text/html; charset=utf-8"
    assert "<h2>Bakery</h2>" in sheet.body.decode()
    drawn = segno.make_qr(scene["url"], error="q").svg_inline(border=4, omitsize=True, light="#fff")
    assert drawn in sheet.body.decode()
    retired = (await merchant.call("DELETE", path)).json
    assert (await merchant.get(path)).json["retired_at"] == retired["retired_at"]


async def test_lists_go_on_where_the_page_before_ended(town: Town) -> None:
    """Three scenes in pages of two; another merchant sees none of them."""
    doors = clients(town)
    scenes = [await _place(doors["operator"], town, f"Door {n}") for n in range(3)]
    first = (await doors["merchant"].get("/v1/scenes?limit=2")).json
    second = (await doors["merchant"].get(f"/v1/scenes?limit=2&after={first['next']}")).json
    got = [one["id"] for one in first["items"] + second["items"]]
    assert got == sorted(scene["id"] for scene in scenes)
    assert second["next"] is None
    assert (await doors["merchant_2"].get("/v1/scenes")).json["items"] == []


async def test_another_merchants_scene_does_not_exist(town: Town) -> None:
    """Reading, drawing, printing and retiring it are refused alike, and it stays up."""
    doors = clients(town)
    scene = await _place(doors["merchant"], town)
    path = f"/v1/scenes/{scene['id']}"
    for asked in (
        path,
        f"{path}/qr.svg",
        f"{path}/qr.png",
        f"{path}/ndef",
        f"/v1/scenes/print-sheet?ids={scene['id']}",
    ):
        answer = await doors["merchant_2"].get(asked)
        assert (answer.status, answer.code) == (404, "scene_unknown")
    assert (await doors["merchant_2"].call("DELETE", path)).code == "scene_unknown"
    assert (await doors["merchant"].get(path)).json["retired_at"] is None


async def test_a_touch_names_scene_shop_and_person_once(town: Town) -> None:
    """A till reports who met the poster; a retry gets the first answer and records nothing more."""
    doors = clients(town)
    scene = await _place(doors["merchant"], town)
    known = await town.person(IdentifierKind.PHONE, PHONE)
    path, key = f"/v1/scenes/{scene['token']}/touches", str(uuid4())
    first = await doors["terminal"].post(path, {"member_id": str(known.member_id)}, key=key)
    again = await doors["terminal"].post(path, {"member_id": str(known.member_id)}, key=key)
    assert first.status == 201
    assert again.json == first.json
    assert (first.json["scene_id"], first.json["shop_id"]) == (scene["id"], str(town.shop_id))
    assert await town.rows("SELECT subject_id FROM touch") == [(known.subject_id,)]
    async with town.unit() as uow:
        await member.erase(uow, known.member_id, uuid4())
    gone = await doors["terminal"].post(path, {"member_id": str(known.member_id)})
    assert (gone.status, gone.code) == (404, "member_unknown")
    nowhere = await doors["terminal"].post("/v1/scenes/AAAAAAAAAAAAAAAAAAAAAA/touches", {})
    assert (nowhere.status, nowhere.code) == (404, "scene_unknown")
    assert await town.count("touch") == 1


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.operation)
async def test_every_route_is_closed_to_roles_it_does_not_name(town: Town, route: Any) -> None:
    """A key of another role is told so; a key of a named role gets further than the door."""
    doors = clients(town)
    path = route.path
    for name in route.parameters:
        path = path.replace(f"{{{name}}}", str(uuid4()))
    for role in ("operator", "merchant", "terminal", "analyst"):
        answer = await doors[role].call(route.method, path, route.example)
        assert (answer.code == "role_not_allowed") == (role not in route.roles), role
        assert answer.status < 500
