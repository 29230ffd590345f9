"""What people ask of their data, by when it has to be answered, and what became of it."""

import calendar
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure import ids
from ringmain.kit.secrets import DataKey, Keyring
from ringmain.member.attach import person
from ringmain.member.consent import Place
from ringmain.member.erase import erase
from ringmain.member.errors import RequestAlreadyAnswered, RequestUnknown, WordsNeeded
from ringmain.member.keys import data_key, key_row
from ringmain.member.store import people
from ringmain.member.store import requests as store

MOST_WORDS = 2_000
_DAY = timedelta(days=1)


class RequestKind(StrEnum):
    """What a person may ask: a copy, erasure, a correction, or that something is no longer done."""

    EXPORT = "export"
    ERASE = "erase"
    CORRECT = "correct"
    OBJECT = "object"


Outcome = Literal["done", "refused"]
_CARRIED_OUT_AT_ONCE = (RequestKind.EXPORT, RequestKind.ERASE)


@dataclass(frozen=True, slots=True)
class PrivacyRequest:
    """One request. `days_left` counts whole days to the end of its time, below zero when overdue, none when answered.

    `outcome` is `done`, `refused`, or `moot` where the person was erased before it was answered. Words are there as
    long as the member is.
    """

    id: UUID
    member_id: UUID
    kind: str
    place: str
    made_at: datetime
    due_at: datetime
    days_left: int | None
    outcome: str | None
    answered_at: datetime | None
    answered_by: UUID | None
    words: str | None
    answer: str | None


def due(made_at: datetime) -> datetime:
    """Return when a request has to be answered: one month later (GDPR, article 12), the last day of a shorter month."""
    year, month = made_at.year + made_at.month // 12, made_at.month % 12 + 1
    return made_at.replace(year=year, month=month, day=min(made_at.day, calendar.monthrange(year, month)[1]))


async def make_request(
    uow: UnitOfWork, keyring: Keyring, member_id: UUID, kind: RequestKind, place: Place, words: str | None = None
) -> PrivacyRequest:
    """Record what a person asks of their data. A copy and an erasure are carried out at once, by themselves.

    The copy itself is what `show` and the slices above give, in the same transaction. Raises `MemberUnknown`, or
    `WordsNeeded` where nobody could tell what is to be corrected or objected to. Announces `privacy_requested`.
    """
    known = await person(uow, member_id)
    words = _clean(words)
    if words is None and kind not in _CARRIED_OUT_AT_ONCE:
        raise WordsNeeded
    now = await uow.now()
    id_ = ids.uuid7(now)
    sealed = None
    if words is not None:
        row = await key_row(uow, known.member_id, keep=True)
        sealed = data_key(keyring, uow.network_id, row).seal(f"request/{id_}", words)
    new = store.RequestRow(id_, known.member_id, kind, place.kind, now, due(now), None, None, None, sealed, None)
    await store.add(uow, new, place.recorded_by)
    if kind in _CARRIED_OUT_AT_ONCE:
        await store.answer(uow, id_, "done", now, place.recorded_by, None)
    if kind is RequestKind.ERASE:
        await erase(uow, known.member_id, place.recorded_by)
    uow.record("privacy_requested", [id_])
    return await _read(uow, keyring, id_)


async def answer_request(
    uow: UnitOfWork, keyring: Keyring, request_id: UUID, answered_by: UUID, outcome: Outcome, words: str | None = None
) -> PrivacyRequest:
    """Answer a request, once; a refusal says why.

    Raises `RequestUnknown`, `RequestAlreadyAnswered` or `WordsNeeded`. Announces `privacy_answered`.
    """
    row = await store.locked(uow, request_id)
    if row is None:
        raise RequestUnknown
    if row.answered_at is not None:
        raise RequestAlreadyAnswered(outcome=row.outcome)
    words = _clean(words)
    if words is None and outcome == "refused":
        raise WordsNeeded
    sealed = None
    if words is not None:
        key = data_key(keyring, uow.network_id, await key_row(uow, row.member_id, keep=True))
        sealed = key.seal(f"request/{request_id}/answer", words)
    await store.answer(uow, request_id, outcome, await uow.now(), answered_by, sealed)
    uow.record("privacy_answered", [request_id])
    return await _read(uow, keyring, request_id)


async def requests_of(uow: UnitOfWork, keyring: Keyring, member_id: UUID) -> list[PrivacyRequest]:
    """Return what a person asked, the newest first. Raises `MemberUnknown`."""
    known = await person(uow, member_id)
    rows = await store.of_members(uow, [row.id for row in await people.group(uow, [known.member_id])])
    return await _shown(uow, keyring, rows)


async def list_requests(
    uow: UnitOfWork, keyring: Keyring, *, after: tuple[datetime, UUID] | None = None, limit: int = 50
) -> list[PrivacyRequest]:
    """Return the requests that wait for an answer, the most urgent first, so that overdue ones lead."""
    return await _shown(uow, keyring, await store.waiting(uow, after, limit))


async def answered_requests(
    uow: UnitOfWork, keyring: Keyring, *, before: UUID | None = None, limit: int = 50
) -> list[PrivacyRequest]:
    """Return the requests that were answered, the newest first; `before` is the last id of the page before."""
    return await _shown(uow, keyring, await store.answered(uow, before, limit))


def _clean(words: str | None) -> str | None:
    words = (words or "").strip()
    if len(words) > MOST_WORDS:
        raise WordsNeeded
    return words or None


async def _read(uow: UnitOfWork, keyring: Keyring, request_id: UUID) -> PrivacyRequest:
    row = await store.locked(uow, request_id)
    assert row is not None
    return (await _shown(uow, keyring, [row]))[0]


async def _shown(uow: UnitOfWork, keyring: Keyring, rows: list[store.RequestRow]) -> list[PrivacyRequest]:
    keys = await people.keys(uow, {row.member_id for row in rows})
    opened = {id_: data_key(keyring, uow.network_id, key) for id_, key in keys.items()}
    now = await uow.now()
    return [_one(row, opened.get(row.member_id), now) for row in rows]


def _one(row: store.RequestRow, key: DataKey | None, now: datetime) -> PrivacyRequest:
    words = key.open(f"request/{row.id}", row.words) if key and row.words else None
    answer = key.open(f"request/{row.id}/answer", row.answer) if key and row.answer else None
    left = None if row.answered_at is not None else (row.due_at - now) // _DAY
    return PrivacyRequest(
        id=row.id,
        member_id=row.member_id,
        kind=row.kind,
        place=row.place,
        made_at=row.made_at,
        due_at=row.due_at,
        days_left=left,
        outcome=row.outcome,
        answered_at=row.answered_at,
        answered_by=row.answered_by,
        words=words,
        answer=answer,
    )
