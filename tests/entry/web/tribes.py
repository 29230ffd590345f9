"""Tribes as a night's finding would have left them, for the pages that show them."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from ringmain.kit.db import Database
from ringmain.kit.pure.ids import uuid7
from ringmain.segment import store

NOODLES: dict[str, Any] = {
    "name": ["category:noodles"],
    "rule": [
        {"column": "category:noodles", "at_least": True, "per_cent": 40},
        {"column": "part:evening", "at_least": True, "per_cent": 30},
    ],
    "apart": [
        {"column": "category:noodles", "per_cent": 70.0, "everybody": 30.0},
        {"column": "part:evening", "per_cent": 65.0, "everybody": 35.0},
    ],
}
BUYERS: dict[str, Any] = {
    "name": ["spend:high", "week:weekend"],
    "rule": [{"column": "spend:high", "at_least": True, "per_cent": 55}],
    "apart": [
        {"column": "spend:high", "per_cent": 70.0, "everybody": 35.0},
        {"column": "week:weekend", "per_cent": 50.0, "everybody": 30.0},
    ],
}
MONDAY = date(2026, 3, 2)


async def found(database: Database, network_id: UUID, *, at: datetime | None = None) -> list[UUID]:
    """Leave two tribes in a network; return their ids."""
    at = at or datetime.now(tz=UTC) - timedelta(hours=1)
    ids = [uuid7(at) for _ in range(2)]
    rows = [
        store.TribeRow(id_, one["name"], one["rule"], one["apart"], {}, 57, 0.9, at, at, None)
        for id_, one in zip(ids, (NOODLES, BUYERS), strict=True)
    ]
    async with database.unit(network_id) as uow:
        await store.save_finding(uow, store.FindingRow(at, 315, 41, 2))
        await store.save_tribes(uow, rows, at)
    return ids


async def counted(database: Database, network_id: UUID, merchant_id: UUID, *, state: str = "shown") -> None:
    """Leave the count of a week for a merchant, of two tribes where some are shown."""
    ids = await found(database, network_id)
    async with database.unit(network_id) as uow:
        await store.save_week(uow, {merchant_id: state}, store.WeekRow(MONDAY, "", datetime.now(tz=UTC)))
        if state == "shown":
            figures = zip(ids, (NOODLES, BUYERS), ((35, 40), (15, 20)), strict=True)
            rows = [
                (merchant_id, store.ReachRow(id_, *people, one["name"], one["rule"], one["apart"]))
                for id_, one, people in figures
            ]
            await store.save_reach(uow, MONDAY, rows)


async def placed(database: Database, network_id: UUID, subject_id: UUID, *, probability: float | None = None) -> None:
    """Put a person into the first of two tribes."""
    ids = await found(database, network_id)
    now = datetime.now(tz=UTC)
    async with database.unit(network_id) as uow:
        await store.save_members(uow, [store.MemberRow(subject_id, ids[0], probability, [62, 45], now)], now)
