"""Segments as their owners handle them: made, listed, shown with their number of people, archived."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.ids import uuid7
from ringmain.member import api as member
from ringmain.member.errors import MemberUnknown
from ringmain.network import api as network
from ringmain.segment import store as tribe_store
from ringmain.segment.current import rule_of
from ringmain.segment.errors import (
    CategorySensitive,
    ClauseMalformed,
    ClauseNotForMerchants,
    SegmentUnknown,
    TooManySegments,
    TribeUnknown,
)
from ringmain.segment.model import MOST_CLAUSES, Clause, SegmentRule
from ringmain.segment.said import Names, said
from ringmain.segment.sensitive import is_sensitive
from ringmain.segment.store import segments as store
from ringmain.segment.tribes import FEWEST

MOST_SEGMENTS = 50


class Counting(StrEnum):
    """What the number of people of a segment is."""

    EXACT = "exact"
    ROUNDED = "rounded"  # In fives, as of `counted_on`.
    FEWER_THAN_TEN = "fewer_than_ten"
    NOT_YET = "not_yet"  # Told to its merchant on a Monday only.


@dataclass(frozen=True, slots=True)
class People:
    """How many people are in a segment: `number` None where it is not told."""

    counting: Counting
    number: int | None = None
    counted_on: date | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment, as its owner sees it; `filled_per_cent` is 100 once everybody was looked at."""

    id: UUID
    merchant_id: UUID | None
    name: str
    rule: SegmentRule
    created_at: datetime
    filled_per_cent: int
    people: People


async def define(uow: UnitOfWork, name: str, clauses: Sequence[Clause], merchant_id: UUID | None) -> Segment:
    """Make a segment, of a merchant's guests or (None) of the network's people; the worker fills it.

    Raises `ClauseMalformed`, `ClauseNotForMerchants`, `CategorySensitive`, `ShopNotFound`, `TribeUnknown`,
    `QuestionUnknown`, `AnswerNotOffered` or `TooManySegments`.
    """
    await _check(uow, clauses, merchant_id)
    await store.lock_owner(uow, merchant_id or uow.network_id)
    if len(await store.live_of(uow, merchant_id)) >= MOST_SEGMENTS:
        raise TooManySegments(most=MOST_SEGMENTS)
    now = await uow.now()
    id_ = uuid7(now)
    rule = msgspec.json.encode([_given(one) for one in clauses]).decode()
    await store.add(uow, id_, merchant_id, name, rule, now)
    return await segment_of(uow, id_, merchant_id)


async def segments(
    uow: UnitOfWork, merchant_id: UUID | None, *, after: UUID | None = None, limit: int = MOST_SEGMENTS
) -> list[Segment]:
    """Return a merchant's segments as it sees them, or (None) everybody's as the operator does, the newest first."""
    rows = await store.page(uow, merchant_id, after, limit)
    counts = await store.count(uow, [row.id for row in rows])
    return [_shown(row, counts.get(row.id, 0), merchant_id) for row in rows]


async def segment_of(uow: UnitOfWork, segment_id: UUID, merchant_id: UUID | None) -> Segment:
    """Return one segment, for a merchant or (None) for the operator. Raises `SegmentUnknown`."""
    row = await _row(uow, segment_id, merchant_id)
    return _shown(row, (await store.count(uow, [row.id])).get(row.id, 0), merchant_id)


async def archive(uow: UnitOfWork, segment_id: UUID, merchant_id: UUID | None) -> UUID:
    """Archive a segment: nobody is in it any more; once more changes nothing. Raises `SegmentUnknown`."""
    row = await store.one(uow, segment_id)
    if row is None or merchant_id not in (None, row.merchant_id):
        raise SegmentUnknown(segment_id=segment_id)
    await store.archive(uow, segment_id, await uow.now())
    return segment_id


async def copied_segments(uow: UnitOfWork, member_id: UUID) -> list[dict[str, Any]]:
    """Return for a person's own copy the segments they are in, and why. Raises `MemberUnknown`."""
    known = (await member.subjects(uow, [member_id]))[0]
    if known is None:
        raise MemberUnknown
    rows = await store.of_person(uow, known.subject_id)
    rules = [SegmentRule(msgspec.convert(row.rule, tuple[Clause, ...]), row.merchant_id) for row in rows]
    names = await names_of(uow, rules)
    return [
        {"called": row.name, "merchant_id": row.merchant_id, "rule": said(rule, "en", names), "since": row.since}
        for row, rule in zip(rows, rules, strict=True)
    ]


async def names_of(uow: UnitOfWork, rules: Sequence[SegmentRule]) -> Names:
    """Return what these rules name, so that they can be said in words."""
    clauses = [clause for rule in rules for clause in rule.clauses]
    shops = await network.shops(uow, sorted({one.shop_id for one in clauses if one.shop_id is not None}))
    tribes = {row.id: row for row in await tribe_store.tribes(uow)} if any(one.tribe_id for one in clauses) else {}
    currency = (await network.network_of(uow)).currency
    return Names({shop.id: shop.name for shop in shops}, {id_: row.name for id_, row in tribes.items()}, currency)


async def _row(uow: UnitOfWork, segment_id: UUID, merchant_id: UUID | None) -> store.SegmentRow:
    row = await store.one(uow, segment_id)
    if row is None or row.archived_at is not None or merchant_id not in (None, row.merchant_id):
        raise SegmentUnknown(segment_id=segment_id)
    return row


def _shown(row: store.SegmentRow, people: int, merchant_id: UUID | None) -> Segment:
    rule = rule_of(row)
    filled = 100 if row.filled_at else min(99, 100 * row.looked_at // max(row.to_look_at, 1))
    return Segment(
        row.id, row.merchant_id, row.name, rule, row.created_at, filled, _people(row, rule, people, merchant_id)
    )


def _people(row: store.SegmentRow, rule: SegmentRule, people: int, merchant_id: UUID | None) -> People:
    """Return what is told of a number: to a merchant exactly only what its own till says, to the operator from ten."""
    if merchant_id is None:
        return People(Counting.EXACT, people) if people >= FEWEST else People(Counting.FEWER_THAN_TEN)
    if rule.of_own_shops:
        return People(Counting.EXACT, people)
    if row.told_week is None:
        return People(Counting.NOT_YET)
    if row.told_people is None:
        return People(Counting.FEWER_THAN_TEN, counted_on=row.told_week)
    return People(Counting.ROUNDED, row.told_people, row.told_week)


async def _check(uow: UnitOfWork, clauses: Sequence[Clause], merchant_id: UUID | None) -> None:
    if not 1 <= len(clauses) <= MOST_CLAUSES or not all(one.well_formed for one in clauses):
        raise ClauseMalformed
    own = merchant_id is not None and all(one.of_own_shops for one in clauses)
    tribes = {row.id for row in await tribe_store.tribes(uow)} if any(one.tribe_id for one in clauses) else set()
    for one in clauses:
        if one.shop_id is not None:
            shop = await network.shop_of(uow, one.shop_id, merchant_id)
            if is_sensitive(shop.category) and not own:
                raise CategorySensitive
        if one.category is not None and is_sensitive(one.category):
            raise CategorySensitive
        if one.tribe_id is not None and one.tribe_id not in tribes:
            raise TribeUnknown(tribe_id=one.tribe_id)
        if one.kind == "answer":
            if merchant_id is not None:
                raise ClauseNotForMerchants
            member.check_answer(one.question or "", one.answer)


def _given(clause: Clause) -> Mapping[str, Any]:
    fields = (name for name in Clause.__slots__ if getattr(clause, name) is not None)
    return {name: getattr(clause, name) for name in fields}
