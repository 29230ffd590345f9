"""Tests of scenes and touches: put up, met, taken down; nothing half-done."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from ringmain.kit.pure.ids import time_of
from ringmain.network.errors import ShopNotFound
from ringmain.scene import api
from ringmain.scene.api import NewScene, NewTouch, SceneKind
from ringmain.scene.errors import SceneNeedsShop, SceneRetired, SceneUnknown, TouchInFuture
from tests.member.people import NOW, Town

NOWHERE = UUID(int=4)


async def _place(town: Town, *items: NewScene, merchant_id: UUID | None = None) -> list[api.Scene]:
    async with town.unit() as uow:
        return await api.place_scenes(uow, items, merchant_id)


async def _touch(town: Town, *items: NewTouch, at: datetime = NOW) -> list[api.Touch]:
    async with town.unit(at) as uow:
        return await api.touch(uow, items)


@pytest.fixture
async def door(town: Town) -> api.Scene:
    """Give a poster at the bakery's door."""
    return (await _place(town, NewScene(SceneKind.POSTER, "Door", town.shop_id)))[0]


async def test_a_scene_belongs_to_a_shop_and_has_a_token_of_128_bits(town: Town) -> None:
    """Every kind can be put up at a shop, each with its own token, which the directory leads to this network."""
    scenes = await _place(town, *(NewScene(kind, kind.value, town.shop_id) for kind in SceneKind))
    assert {scene.merchant_id for scene in scenes} == {town.merchant_id}
    tokens = {scene.token for scene in scenes}
    assert len(tokens) == len(SceneKind)
    assert {len(base64.urlsafe_b64decode(token + "==")) for token in tokens} == {16}
    async with town.database.unit(None) as uow:
        assert {await api.network_of_token(uow, token) for token in tokens} == {town.network_id}
        assert await api.network_of_token(uow, "A" * 22) is None
    async with town.unit() as uow:
        assert await api.find_scene(uow, scenes[0].token) == scenes[0]
        assert await api.scenes(uow, [scenes[2].id, scenes[0].id]) == [scenes[2], scenes[0]]
    assert await town.facts("scene_placed") == [scene.id for scene in scenes]


@pytest.mark.parametrize(
    ("kind", "alone"), [(kind, kind in {"link", "screen", "search", "share"}) for kind in SceneKind]
)
async def test_only_some_scenes_may_be_the_networks_own(town: Town, kind: SceneKind, *, alone: bool) -> None:
    """A poster, a tag and a payment need a shop; where one is refused, none is put up."""
    items = [NewScene(SceneKind.POSTER, "Door", town.shop_id), NewScene(kind, "Own")]
    if alone:
        assert (await _place(town, *items))[1].shop_id is None
    else:
        with pytest.raises(SceneNeedsShop):
            await _place(town, *items)
    assert await town.count("scene") == (2 if alone else 0)


async def test_a_merchant_puts_scenes_up_at_its_own_shops_only(town: Town) -> None:
    """Another's shop, an unknown shop and no shop are refused; nothing is put up."""
    for shop_id in (town.other_shop_id, NOWHERE, None):
        items = [NewScene(SceneKind.LINK, "Own", town.shop_id), NewScene(SceneKind.LINK, "Other", shop_id)]
        with pytest.raises(ShopNotFound):
            await _place(town, *items, merchant_id=town.merchant_id)
    assert await town.count("scene") == 0
    mine = (await _place(town, NewScene(SceneKind.LINK, "Own", town.shop_id), merchant_id=town.merchant_id))[0]
    async with town.unit() as uow:
        with pytest.raises(SceneUnknown):
            await api.scene(uow, mine.id, town.other_merchant_id)
        with pytest.raises(SceneUnknown):
            await api.retire_scene(uow, mine.id, town.other_merchant_id)
    assert await town.rows("SELECT retired_at FROM scene") == [(None,)]


async def test_touches_are_facts_with_scene_shop_person_and_time(town: Town, door: api.Scene) -> None:
    """Thousands are recorded at once, their ids carry their time, and they are read again by id."""
    subject = UUID(int=77)
    earlier = NOW - timedelta(hours=1)
    items = [NewTouch(door.token), NewTouch(door.token, subject, earlier)] + [NewTouch(door.token)] * 2_000
    touches = await _touch(town, *items)
    assert len({touch.id for touch in touches}) == 2_002
    assert (touches[1].scene_id, touches[1].shop_id, touches[1].subject_id) == (door.id, town.shop_id, subject)
    assert time_of(touches[1].id) == touches[1].touched_at == earlier
    assert await town.count("touch") == 2_002
    assert await town.facts("touch") == [touch.id for touch in touches]
    async with town.unit() as uow:
        assert await api.touches(uow, [touches[0].id, touches[1].id]) == [touches[1], touches[0]]


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"token": "A" * 22}, SceneUnknown),
        ({"touched_at": NOW + timedelta(minutes=6)}, TouchInFuture),
    ],
)
async def test_a_bad_touch_refuses_its_call(
    town: Town, door: api.Scene, change: dict[str, Any], rule: type[Exception]
) -> None:
    """An unknown token or a time that has not come: nothing is recorded, the good touch beside it neither."""
    bad = NewTouch(change.get("token", door.token), touched_at=change.get("touched_at"))
    with pytest.raises(rule):
        await _touch(town, NewTouch(door.token), bad)
    assert await town.count("touch") == 0


async def test_clocks_may_run_five_minutes_ahead(town: Town, door: api.Scene) -> None:
    """A till whose clock is a little fast is not refused."""
    (touch,) = await _touch(town, NewTouch(door.token, touched_at=NOW + timedelta(minutes=5)))
    assert touch.touched_at == NOW + timedelta(minutes=5)


async def test_a_retired_scene_takes_no_touch_after_its_end(town: Town, door: api.Scene) -> None:
    """What was touched before still arrives from devices that were offline; retiring again keeps the first time."""
    async with town.unit() as uow:
        assert (await api.retire_scene(uow, door.id)).retired_at == NOW
    later = NOW + timedelta(hours=1)
    async with town.unit(later) as uow:
        assert (await api.retire_scene(uow, door.id)).retired_at == NOW
    for at in (None, NOW):
        with pytest.raises(SceneRetired):
            await _touch(town, NewTouch(door.token, touched_at=at), at=later)
    await _touch(town, NewTouch(door.token, touched_at=NOW - timedelta(seconds=1)), at=later)
    assert await town.count("touch") == 1


@pytest.mark.parametrize("statement", ["UPDATE touch SET shop_id = NULL", "DELETE FROM touch", "TRUNCATE touch"])
async def test_a_touch_can_be_neither_changed_nor_deleted(town: Town, door: api.Scene, statement: str) -> None:
    """The database itself refuses to edit facts."""
    await _touch(town, NewTouch(door.token))
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await town.rows(statement)
    assert await town.count("touch") == 1


async def test_replays_give_the_ids_of_touches_themselves(town: Town, door: api.Scene) -> None:
    """A touch with a given id is stored under it; the same id again is refused by the primary key."""
    item = NewTouch(door.token, touched_at=datetime(2016, 5, 1, tzinfo=UTC), id=UUID(int=5))
    assert (await _touch(town, item))[0].id == UUID(int=5)
    with pytest.raises(psycopg.errors.UniqueViolation):
        await _touch(town, item)
