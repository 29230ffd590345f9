"""Putting scenes up and taking them down."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure import ids
from ringmain.network import api as network
from ringmain.network.errors import ShopNotFound
from ringmain.scene import store
from ringmain.scene.errors import SceneUnknown
from ringmain.scene.model import Scene, SceneKind, check_place

_TOKEN_BYTES = 16


@dataclass(frozen=True, slots=True)
class NewScene:
    """A scene to be put up, at a shop or (link, screen, search, share) the network's own."""

    kind: SceneKind
    name: str
    shop_id: UUID | None = None


async def place_scenes(uow: UnitOfWork, items: Sequence[NewScene], merchant_id: UUID | None = None) -> list[Scene]:
    """Put scenes up, each with a token of 128 random bits; `merchant_id` limits them to the shops of one merchant.

    Raises `SceneNeedsShop` or `ShopNotFound`; then none is put up. Announces `scene_placed`.
    """
    if not items:
        return []
    for item in items:
        check_place(item.kind, item.shop_id)
    wanted = {item.shop_id for item in items if item.shop_id is not None}
    shops = {shop.id: shop for shop in await network.shops(uow, sorted(wanted))}
    now = await uow.now()
    scenes: list[Scene] = []
    for item in items:
        shop = shops.get(item.shop_id) if item.shop_id is not None else None
        owner = shop.merchant_id if shop is not None else None
        if (item.shop_id is not None and shop is None) or merchant_id not in (None, owner):
            raise ShopNotFound(shop_id=item.shop_id)
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        scenes.append(Scene(ids.uuid7(now), item.kind.value, item.name, item.shop_id, owner, token, now, None))
    await store.add(uow, scenes)
    uow.record("scene_placed", [scene.id for scene in scenes])
    return scenes


def search_scene_id(network_id: UUID) -> UUID:
    """Return the id of the scene of searches of a network, whether it was put up yet or not."""
    return ids.derived_id("scene.search", network_id)


async def search_scene(uow: UnitOfWork) -> Scene:
    """Return the scene of searches, the network's own, at which who looks for something on a page takes a voucher.

    It is put up when it is asked for first, once; one that was retired stays so: then nothing can be taken there.
    """
    id_ = search_scene_id(uow.network_id)
    found = (await store.by_ids(uow, [id_])).get(id_)
    if found is None:
        await store.lock_scene(uow, id_)
        # Read again after the lock: whoever was faster has put it up.
        found = (await store.by_ids(uow, [id_])).get(id_)
    if found is None:
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        found = Scene(id_, SceneKind.SEARCH.value, "Search", None, None, token, await uow.now(), None)
        await store.add(uow, [found])
        uow.record("scene_placed", [id_])
    return found


async def scene(uow: UnitOfWork, scene_id: UUID, merchant_id: UUID | None = None) -> Scene:
    """Return a scene, of one merchant where that is given. Raises `SceneUnknown`."""
    return (await scenes(uow, [scene_id], merchant_id))[0]


async def scenes(uow: UnitOfWork, scene_ids: Sequence[UUID], merchant_id: UUID | None = None) -> list[Scene]:
    """Return scenes in the order asked for. Raises `SceneUnknown` where one does not exist or is another merchant's."""
    found = await store.by_ids(uow, set(scene_ids))
    if any(id_ not in found or merchant_id not in (None, found[id_].merchant_id) for id_ in scene_ids):
        raise SceneUnknown
    return [found[id_] for id_ in scene_ids]


async def retire_scene(uow: UnitOfWork, scene_id: UUID, merchant_id: UUID | None = None) -> Scene:
    """Take a scene down for good: its code opens nothing more. Once more changes nothing. Raises `SceneUnknown`."""
    await scene(uow, scene_id, merchant_id)
    await store.retire(uow, scene_id, await uow.now())
    uow.record("scene_retired", [scene_id])
    return await scene(uow, scene_id, merchant_id)
