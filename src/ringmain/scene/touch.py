"""Recording that people met scenes, one and thousands at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure import ids
from ringmain.scene import store
from ringmain.scene.errors import SceneUnknown
from ringmain.scene.model import Scene, Touch, check_touch


@dataclass(frozen=True, slots=True)
class NewTouch:
    """Somebody met a scene: now, or when a device that was offline says; `id` may be given by replays (UUIDv7)."""

    token: str
    subject_id: UUID | None = None
    touched_at: datetime | None = None
    id: UUID | None = None


async def touch(uow: UnitOfWork, items: Sequence[NewTouch]) -> list[Touch]:
    """Append touches. Raises `SceneUnknown`, `SceneRetired` or `TouchInFuture`; then none is recorded.

    Announces `touch`.
    """
    if not items:
        return []
    scenes = await store.by_tokens(uow, {item.token for item in items})
    now = await uow.now()
    touches: list[Touch] = []
    for item in items:
        scene = scenes.get(item.token)
        if scene is None:
            raise SceneUnknown
        at = item.touched_at or now
        check_touch(scene, at, now)
        touches.append(Touch(item.id or ids.uuid7(at), scene.id, scene.shop_id, item.subject_id, at))
    await store.add_touches(uow, touches)
    uow.record("touch", [one.id for one in touches])
    return touches


async def find_scene(uow: UnitOfWork, token: str) -> Scene:
    """Return the scene of a token in this network. Raises `SceneUnknown`."""
    scene = (await store.by_tokens(uow, [token])).get(token)
    if scene is None:
        raise SceneUnknown
    return scene


async def network_of_token(uow: UnitOfWork, token: str) -> UUID | None:
    """Return which network a token belongs to, for a phone that brings only that; no network is needed to ask."""
    return await store.network_of_token(uow, token)


async def touches(uow: UnitOfWork, touch_ids: Sequence[UUID]) -> list[Touch]:
    """Return touches by id, the oldest first."""
    return await store.touches(uow, touch_ids)
