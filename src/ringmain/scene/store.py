"""Scenes and touches in PostgreSQL."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import UnitOfWork, pack_timestamps, pack_uuids
from ringmain.kit.lake import LakeTable
from ringmain.scene.model import Scene, Touch

_COLUMNS = "id, kind, name, shop_id, merchant_id, token, made_at, retired_at"
_ADD = f"""
    INSERT INTO scene (network_id, {_COLUMNS})
    SELECT %s, t.*
    FROM unnest(%s, %s::text[], %s::text[], %s::uuid[], %s::uuid[], %s::text[], %s::timestamptz[],
                %s::timestamptz[]) AS t
"""
_ADD_TO_DIRECTORY = "INSERT INTO scene_directory (token, network_id) SELECT t, %s FROM unnest(%s::text[]) AS t"


async def add(uow: UnitOfWork, scenes: Sequence[Scene]) -> None:
    """Insert scenes, and their tokens into the directory."""
    tokens = [scene.token for scene in scenes]
    params = (
        uow.network_id,
        pack_uuids([scene.id for scene in scenes]),
        [scene.kind for scene in scenes],
        [scene.name for scene in scenes],
        [scene.shop_id for scene in scenes],
        [scene.merchant_id for scene in scenes],
        tokens,
        [scene.made_at for scene in scenes],
        [scene.retired_at for scene in scenes],
    )
    await uow.execute(_ADD, params)
    await uow.execute(_ADD_TO_DIRECTORY, (uow.network_id, tokens))


async def lock_scene(uow: UnitOfWork, scene_id: UUID) -> None:
    """Let one maker of a scene whose id is derived go on at a time."""
    await uow.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s::text, 5))", (scene_id,))


_BY_ID = f"SELECT {_COLUMNS} FROM scene WHERE network_id = %s AND id = ANY(%s)"
_BY_TOKEN = f"SELECT {_COLUMNS} FROM scene WHERE network_id = %s AND token = ANY(%s::text[])"
_LIST = f"""
    SELECT {_COLUMNS} FROM scene
    WHERE network_id = %(network)s
      AND (%(shop)s::uuid IS NULL OR shop_id = %(shop)s)
      AND (%(after)s::uuid IS NULL OR id > %(after)s)
    ORDER BY id LIMIT %(limit)s
"""


async def by_ids(uow: UnitOfWork, ids: Iterable[UUID]) -> dict[UUID, Scene]:
    """Return those of the scenes that exist and may be seen, by id."""
    rows = await uow.rows(Scene, _BY_ID, (uow.network_id, pack_uuids(list(ids))))
    return {row.id: row for row in rows}


_AT_SHOPS = f"""
    SELECT {_COLUMNS} FROM scene WHERE network_id = %s AND shop_id = ANY(%s) ORDER BY shop_id, id LIMIT %s
"""


async def at_shops(uow: UnitOfWork, shop_ids: Iterable[UUID], limit: int) -> list[Scene]:
    """Return the scenes at these shops, shop by shop, the oldest first."""
    return await uow.rows(Scene, _AT_SHOPS, (uow.network_id, pack_uuids(list(shop_ids)), limit))


async def by_tokens(uow: UnitOfWork, tokens: Iterable[str]) -> dict[str, Scene]:
    """Return the scenes that have these tokens, by token."""
    rows = await uow.rows(Scene, _BY_TOKEN, (uow.network_id, list(tokens)))
    return {row.token: row for row in rows}


async def page(uow: UnitOfWork, shop_id: UUID | None, after: UUID | None, limit: int) -> list[Scene]:
    """Return scenes in the order of their ids, of one shop where that is given."""
    return await uow.rows(Scene, _LIST, {"network": uow.network_id, "shop": shop_id, "after": after, "limit": limit})


_RETIRE = "UPDATE scene SET retired_at = %s WHERE network_id = %s AND id = %s AND retired_at IS NULL"


async def retire(uow: UnitOfWork, scene_id: UUID, at: datetime) -> None:
    """Note that a scene was taken down; the first time stays."""
    await uow.execute(_RETIRE, (at, uow.network_id, scene_id))


@dataclass(frozen=True, slots=True)
class _Network:
    network_id: UUID


_NETWORK = "SELECT network_id FROM scene_directory WHERE token = %s"


async def network_of_token(uow: UnitOfWork, token: str) -> UUID | None:
    """Return the network a token belongs to; the unit of work needs no network."""
    row = await uow.row(_Network, _NETWORK, (token,))
    return row.network_id if row else None


_ADD_TOUCHES = """
    INSERT INTO touch (network_id, id, scene_id, shop_id, subject_id, touched_at)
    SELECT %s, t.* FROM unnest(%s, %s, %s::uuid[], %s::uuid[], %s) AS t
"""
_TOUCHES = """
    SELECT id, scene_id, shop_id, subject_id, touched_at FROM touch WHERE network_id = %s AND id = ANY(%s) ORDER BY id
"""


async def add_touches(uow: UnitOfWork, touches: Sequence[Touch]) -> None:
    """Append touches."""
    params = (
        uow.network_id,
        pack_uuids([touch.id for touch in touches]),
        pack_uuids([touch.scene_id for touch in touches]),
        [touch.shop_id for touch in touches],
        [touch.subject_id for touch in touches],
        pack_timestamps([round(touch.touched_at.timestamp() * 1_000_000) for touch in touches]),
    )
    await uow.execute(_ADD_TOUCHES, params)


async def touches(uow: UnitOfWork, ids: Iterable[UUID]) -> list[Touch]:
    """Return touches by id, the oldest first."""
    return await uow.rows(Touch, _TOUCHES, (uow.network_id, pack_uuids(list(ids))))


_TOUCH_FACTS = """
    SELECT t.id::text AS touch_id, t.scene_id::text, t.shop_id::text, t.subject_id::text, t.touched_at
    FROM touch t WHERE t.network_id = %(network)s AND t.id = ANY(%(ids)s)
"""
LAKE_TABLES = (
    LakeTable(
        kind="touch",
        columns={
            "touch_id": "string",
            "scene_id": "string",
            "shop_id": "string",
            "subject_id": "string",
            "touched_at": "timestamp",
        },
        query=_TOUCH_FACTS,
        day_column="touched_at",
    ),
)
