"""Finds the tribes of one network from its lake, keeps their identities, and counts the week for its merchants."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from ringmain.kit.db import Database, UnitOfWork
from ringmain.kit.lake.connect import connect
from ringmain.kit.pure.ids import uuid7
from ringmain.kit.secrets import Keyring
from ringmain.member import api as member
from ringmain.network import api as network
from ringmain.profile.api import WINDOW
from ringmain.segment import analysis, store
from ringmain.segment.analysis import LAKE_TABLES, Span
from ringmain.segment.behaviour import Behaviour, Column
from ringmain.segment.finding import Finding, FoundTribe, Past, PastTribe, find_tribes
from ringmain.segment.reach import Reach, Week, reached, week_of

_MEMORY_LIMIT = "512MB"
# Chance is drawn from the same place each night, so that tribes change with people and not with luck.
_SEED = 27


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a finding came to: people with visits enough, newcomers, tribes, who was placed; if a week was counted."""

    people: int
    newcomers: int
    tribes: int
    placed: int
    placed_newcomers: int
    week_counted: bool


@dataclass(frozen=True, slots=True)
class _Network:
    zone: ZoneInfo
    shops: Sequence[network.Shop]
    now: datetime
    simulated: bool
    past: Past


@dataclass(frozen=True, slots=True)
class _Seen:
    """What people did, those who agreed to it, and which guests each merchant had in the last whole weeks."""

    given: Behaviour
    week: Week
    guests: Mapping[str, Sequence[str]]


async def find_in_network(
    database: Database, keyring: Keyring, lake: Path, network_id: UUID, *, now: datetime | None = None
) -> Outcome:
    """Find the tribes of a network and put them in place of the last ones, in one transaction.

    Only people who agree to personalisation are looked at, and none of what they hide. A replayed network is looked at
    by the clock of its last visit. `now` replaces the clock. Takes seconds to minutes, outside of any transaction.
    """
    async with database.unit(network_id, role="worker", now=now) as uow:
        known = await _network(uow)
    span, week, people = await asyncio.to_thread(_people, lake, network_id, known)
    async with database.unit(network_id, role="worker", now=now) as uow:
        subjects = [UUID(one) for one in people]
        agreed = await member.consented(uow, subjects, member.Purpose.PERSONALISATION)
        hidden = await member.all_hidden_fields(uow)
    consenting = [one for one in people if UUID(one) in agreed]
    seen = await asyncio.to_thread(_seen, lake, network_id, known.shops, span, week, consenting)
    given = seen.given.without({str(subject): fields for subject, fields in hidden.items()})
    found = await asyncio.to_thread(find_tribes, given, known.past, _SEED)
    async with database.unit(network_id, role="worker", now=now) as uow:
        return await _save(uow, keyring, found, known.past, seen)


async def _network(uow: UnitOfWork) -> _Network:
    home = await network.network_of(uow)
    rows = await store.tribes(uow)
    place = {row.id: number for number, row in enumerate(rows)}
    tribes = tuple(
        PastTribe(
            str(row.id),
            tuple(Column.named(name) for name in row.name),
            {Column.named(name): share for name, share in row.centre.items()},
        )
        for row in rows
    )
    members = {str(row.subject_id): place[row.tribe_id] for row in await store.members(uow) if row.tribe_id in place}
    shops = await network.all_shops(uow)
    return _Network(ZoneInfo(home.time_zone), shops, await uow.now(), home.simulated, Past(tribes, members))


def _people(lake: Path, network_id: UUID, known: _Network) -> tuple[Span, Week, list[str]]:
    with connect(lake, LAKE_TABLES, network_id=network_id, memory_limit=_MEMORY_LIMIT) as connection:
        facts = analysis.facts_of(connection)
        at = known.now
        if known.simulated:
            at = (analysis.last_visit(facts) or known.now) + timedelta(seconds=1)
        span = Span(at - WINDOW, at)
        return span, week_of(at, known.zone), analysis.people_of(facts, span)


def _seen(
    lake: Path, network_id: UUID, shops: Sequence[network.Shop], span: Span, week: Week, people: Sequence[str]
) -> _Seen:
    with connect(lake, LAKE_TABLES, network_id=network_id, memory_limit=_MEMORY_LIMIT) as connection:
        facts = analysis.facts_of(connection)
        given = analysis.behaviour_of(facts, shops, span, people)
        return _Seen(given, week, analysis.guests_of(facts, Span(week.since, week.until)))


async def _save(uow: UnitOfWork, keyring: Keyring, found: Finding, past: Past, seen: _Seen) -> Outcome:
    """Write a finding in place of the last one; where this week was not counted yet, count it for the merchants."""
    await store.lock(uow)
    now = await uow.now()
    ids = [uuid7(now) if one.continues is None else UUID(past.tribes[one.continues].key) for one in found.tribes]
    rows = [_row(id_, one, now) for id_, one in zip(ids, found.tribes, strict=True)]
    await store.save_finding(uow, store.FindingRow(now, found.people, found.newcomers, len(rows)))
    await store.save_tribes(uow, rows, now)
    # Whoever has changed their mind since they were looked at is in no tribe.
    agreed = await member.consented(uow, [UUID(one.person) for one in found.placed], member.Purpose.PERSONALISATION)
    placed = [
        store.MemberRow(UUID(one.person), ids[one.tribe], one.probability, list(one.shares), now)
        for one in found.placed
        if UUID(one.person) in agreed
    ]
    await store.save_members(uow, placed, now)
    counted = not await store.week_counted(uow, seen.week.monday)
    if counted:
        await _count_week(uow, keyring, found, rows, seen)
    new = sum(one.probability is not None for one in placed)
    return Outcome(found.people, found.newcomers, len(rows), len(placed) - new, new, counted)


async def _count_week(
    uow: UnitOfWork, keyring: Keyring, found: Finding, rows: Sequence[store.TribeRow], seen: _Seen
) -> None:
    """Say once what merchants are told of a week: of people with visits enough, not of those placed by a guess."""
    tribe_of = dict.fromkeys(seen.given.people, -1)
    tribe_of |= {one.person: one.tribe for one in found.placed if one.probability is None}
    told: list[Reach] = reached(seen.guests, tribe_of, keyring.derived("tribes told to merchants"))
    shown = {one.merchant for one in told}
    otherwise = "too_few_here" if rows else "none_found"
    merchants = await network.all_merchants(uow)
    states = {one.id: "shown" if str(one.id) in shown else otherwise for one in merchants}
    await store.save_week(uow, states, store.WeekRow(seen.week.monday, "", await uow.now()))
    reach = []
    for one in told:
        row = rows[one.tribe]
        apart = [
            {**lift, "per_cent": _fives(lift["per_cent"]), "everybody": _fives(lift["everybody"])} for lift in row.apart
        ]
        shown_row = store.ReachRow(row.id, one.people, one.per_cent, row.name, row.rule, apart)
        reach.append((UUID(one.merchant), shown_row))
    await store.save_reach(uow, seen.week.monday, reach)


def _fives(per_cent: float) -> float:
    return 5.0 * round(per_cent / 5)


def _row(id_: UUID, one: FoundTribe, now: datetime) -> store.TribeRow:
    return store.TribeRow(
        id=id_,
        name=[column.name for column in one.name],
        rule=[
            {"column": condition.column.name, "at_least": condition.at_least, "per_cent": condition.per_cent}
            for condition in one.rule
        ],
        apart=[
            {"column": lift.column.name, "per_cent": lift.per_cent, "everybody": lift.everybody} for lift in one.apart
        ],
        centre={column.name: share for column, share in one.centre.items()},
        size=one.size,
        stability=one.stability,
        found_at=now,
        seen_at=now,
        withdrawn_at=None,
    )
