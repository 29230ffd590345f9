"""Notes to shops where vouchers end: drafted every Monday, read and sent or dropped by the operator."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from ringmain.kit.db import UnitOfWork
from ringmain.kit.lake.connect import connect
from ringmain.kit.pure.ids import uuid7
from ringmain.loop import analysis
from ringmain.loop.analysis import LAKE_TABLES
from ringmain.loop.errors import NoteDecided, NoteNotFound
from ringmain.loop.model.notes import DAYS, Balance, Note, dead_end, monday
from ringmain.loop.store import notes as store
from ringmain.network import api as network

_MOST_SHOWN = 200
_MEMORY, _THREADS = "512MB", 1


def shop_balances(lake: Path, network_id: UUID, until: datetime) -> list[Balance]:
    """Return what went out of and came into each shop in the last 28 days; blocks for a second or more."""
    with connect(lake, LAKE_TABLES, network_id=network_id, memory_limit=_MEMORY, threads=_THREADS) as connection:
        rows = analysis.facts_of(connection).read(analysis.shop_balance, until, DAYS).to_pylist()
    return [Balance(UUID(row["shop_id"]), row["sent_on"], row["came"]) for row in rows]


async def draft_notes(uow: UnitOfWork, found: Sequence[Balance]) -> list[Note]:
    """Draft this week's note to each dead end, once a week and shop; nothing is sent."""
    now, here = await uow.now(), await network.network_of(uow)
    week = monday(now.astimezone(ZoneInfo(here.time_zone)).date())
    shops = {shop.id: shop for shop in await network.all_shops(uow)}
    drafts = []
    for one in found:
        kind, shop = dead_end(one), shops.get(one.shop_id)
        if kind is None or shop is None:
            continue
        drafts.append(
            Note(
                id=uuid7(now),
                merchant_id=shop.merchant_id,
                shop_id=shop.id,
                week=week,
                kind=kind,
                sent_on=one.sent_on,
                came=one.came,
                words=None,
                state="draft",
                made_at=now,
                decided_at=None,
            )
        )
    await store.add(uow, drafts)
    return drafts


async def notes_to(uow: UnitOfWork, merchant_id: UUID | None) -> list[Note]:
    """Return the newest 200 notes: those that were sent to a merchant, or all of them (None), drafts first."""
    return await store.notes(uow, merchant_id, sent=merchant_id is not None, limit=_MOST_SHOWN)


async def decide_note(
    uow: UnitOfWork, note_id: UUID, decision: Literal["send", "drop"], words: str | None = None
) -> Note:
    """Send a draft, with other words where some are given, or drop it. Raises `NoteNotFound` or `NoteDecided`."""
    one = await store.locked(uow, note_id)
    if one is None:
        raise NoteNotFound
    if one.state != "draft":
        raise NoteDecided
    said = (words or "").strip() or None
    changed = replace(one, state="sent" if decision == "send" else "dropped", words=said, decided_at=await uow.now())
    assert changed.decided_at is not None
    await store.decide(uow, one.id, changed.state, said, changed.decided_at)
    uow.record("pressure_note_decided", [one.id])
    return changed
