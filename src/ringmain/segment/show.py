"""Tribes as they are shown: to who sees the whole network, to the person who is in one, to one merchant."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.member import api as member
from ringmain.member.errors import MemberUnknown
from ringmain.network import api as network
from ringmain.segment import store
from ringmain.segment.behaviour import Column, Side
from ringmain.segment.finding import Lift, RuleCondition
from ringmain.segment.words import name_words, rule_words


@dataclass(frozen=True, slots=True)
class Told:
    """What a tribe is: what it is named by, its rule, and what sets it apart."""

    name: tuple[Column, ...]
    rule: tuple[RuleCondition, ...]
    apart: tuple[Lift, ...]


@dataclass(frozen=True, slots=True)
class Tribe:
    """A tribe of a network. `stability` is the mean Jaccard index between resamples of its people."""

    id: UUID
    told: Told
    size: int
    stability: float
    found_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class TribesOfNetwork:
    """The tribes of a network, the largest first, and the finding that they are of; None before the first one."""

    tribes: tuple[Tribe, ...]
    finding: store.FindingRow | None


@dataclass(frozen=True, slots=True)
class OwnTribe:
    """The tribe that a person is in. `probability` None: counted; else how likely their few visits make it.

    `shares` are the person's own per cents for the conditions of the rule, in order.
    """

    tribe_id: UUID
    told: Told
    probability: float | None
    shares: tuple[int, ...]
    since: datetime


class WeekState(StrEnum):
    """What was counted for a merchant."""

    NOT_COUNTED = "not_counted"  # No finding yet.
    NONE_FOUND = "none_found"  # The network's people do not fall into groups, or are too few.
    TOO_FEW_HERE = "too_few_here"  # There are tribes, but no ten guests of one.
    SHOWN = "shown"


@dataclass(frozen=True, slots=True)
class MerchantTribe:
    """A tribe of which ten guests and more came; both figures are rounded to fives."""

    tribe_id: UUID
    told: Told
    people: int
    per_cent: int


@dataclass(frozen=True, slots=True)
class MerchantTribes:
    """What a merchant is told: guests of four weeks, from `first_day` to `last_day`; counted again on `next_count`.

    Days are of the network's clock; all None before the first count.
    """

    state: WeekState
    tribes: tuple[MerchantTribe, ...]
    first_day: date | None
    last_day: date | None
    next_count: date | None


async def tribes_of_network(uow: UnitOfWork) -> TribesOfNetwork:
    """Return the tribes of a network."""
    rows = await store.tribes(uow)
    found = tuple(
        Tribe(row.id, told(row.name, row.rule, row.apart), row.size, row.stability, row.found_at, row.seen_at)
        for row in rows
    )
    return TribesOfNetwork(found, await store.last_finding(uow))


async def own_tribe(uow: UnitOfWork, member_id: UUID) -> OwnTribe | None:
    """Return the tribe a person is in; None without their consent to personalisation, or where they are in none.

    Raises `MemberUnknown`, also for those who were erased.
    """
    known = (await member.subjects(uow, [member_id]))[0]
    if known is None:
        raise MemberUnknown
    if not await member.consented(uow, [known.subject_id], member.Purpose.PERSONALISATION):
        return None
    row = await store.of_subject(uow, known.subject_id)
    if row is None:
        return None
    return OwnTribe(row.id, told(row.name, row.rule, row.apart), row.probability, tuple(row.shares), row.since)


async def tribe_of(uow: UnitOfWork, subject_id: UUID) -> UUID | None:
    """Return the tribe of a person who agrees to personalisation; None for everybody else."""
    if not await member.consented(uow, [subject_id], member.Purpose.PERSONALISATION):
        return None
    row = await store.of_subject(uow, subject_id)
    return None if row is None else row.id


async def copied(uow: UnitOfWork, member_id: UUID) -> dict[str, Any] | None:
    """Return for a person's own copy the tribe they were put in, whether it is used or not; None where in none.

    Raises `MemberUnknown`.
    """
    known = (await member.subjects(uow, [member_id]))[0]
    if known is None:
        raise MemberUnknown
    row = await store.of_subject(uow, known.subject_id)
    if row is None:
        return None
    one = told(row.name, row.rule, row.apart)
    return {
        "tribe_id": row.id,
        "called": name_words(one.name, "en"),
        "rule": rule_words(one.rule, "en"),
        "own_per_cents": row.shares,
        "how_likely": row.probability,
        "since": row.since,
    }


async def prior_of(uow: UnitOfWork, subject_id: UUID) -> dict[str, float]:
    """Return for each category in which a person's tribe stands out the share of its visits; empty without a tribe.

    Where the person was placed by a guess, shares are as much less as the guess may be wrong. Whether they agree to
    personalisation is for the caller to know, and so is whether their own visits say more than their tribe does.
    """
    row = await store.of_subject(uow, subject_id)
    if row is None:
        return {}
    likely = 1.0 if row.probability is None else row.probability
    lifts = told(row.name, row.rule, row.apart).apart
    return {one.column.key: likely * one.per_cent / 100 for one in lifts if one.column.side is Side.CATEGORY}


async def tribes_of_merchant(uow: UnitOfWork, merchant_id: UUID) -> MerchantTribes:
    """Return what a merchant is told of tribes. It reads rows of this merchant only. Raises `MerchantNotFound`."""
    await network.merchant_of(uow, merchant_id)
    week = await store.last_week(uow, merchant_id)
    if week is None:
        return MerchantTribes(WeekState.NOT_COUNTED, (), None, None, None)
    rows = await store.reach(uow, merchant_id, week.week)
    found = tuple(
        MerchantTribe(row.tribe_id, told(row.name, row.rule, row.apart), row.people, row.per_cent) for row in rows
    )
    first, last = week.week - timedelta(days=28), week.week - timedelta(days=1)
    return MerchantTribes(WeekState(week.state), found, first, last, week.week + timedelta(days=7))


def told(name: Sequence[str], rule: Sequence[dict[str, Any]], apart: Sequence[dict[str, Any]]) -> Told:
    """Return what is stored as JSON."""
    return Told(
        tuple(Column.named(one) for one in name),
        tuple(RuleCondition(Column.named(one["column"]), one["at_least"], one["per_cent"]) for one in rule),
        tuple(Lift(Column.named(one["column"]), one["per_cent"], one["everybody"]) for one in apart),
    )
