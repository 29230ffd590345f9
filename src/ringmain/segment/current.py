"""Keeping segments current: whoever a fact touches is looked at again, and so is whoever time alone may have moved.

One way for everything: a look at some people reads what stands of them now, decides every rule, and writes what is
different. A follower looks at those whom facts touch, the keeper at those who are due and, for a new segment, at
everybody in pieces. So the order, the number and the lateness of facts do not matter.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import structlog

from ringmain.kit.db import Database, UnitOfWork
from ringmain.kit.follow import Batch, Follower
from ringmain.kit.pure.ids import uuid7
from ringmain.kit.secrets import Keyring
from ringmain.member import api as member
from ringmain.network import api as network
from ringmain.profile import api as profile
from ringmain.segment.model import Clause, PersonFacts, SegmentRule, SegmentVisit
from ringmain.segment.reach import rounded
from ringmain.segment.store import facts as fact_store
from ringmain.segment.store import looks
from ringmain.segment.store import segments as store

NAME = "segments"
# Some tens of milliseconds of work: other followers wait for a transaction that writes.
_PIECE = 500
# A batch that touches more people (an import) is left to the keeper, piece by piece.
_MOST_AT_ONCE = 1_000
_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 30.0
_OF_SUBJECTS = frozenset(
    {"member_merged", "member_unmerged", "member_erased", "consent_changed", "member_told", "tribe_changed"}
)
_log = structlog.get_logger(__name__)

# The fact that made somebody be looked at: its kind, and its id; `time` and `filled` are none, and have no id.
Cause = tuple[str, UUID | None]
_TIME: Cause = ("time", None)
FILLED: Cause = ("filled", None)


def rule_of(row: store.SegmentRow) -> SegmentRule:
    """Return the rule of a segment."""
    return SegmentRule(msgspec.convert(row.rule, tuple[Clause, ...]), row.merchant_id)


def follower(keyring: Keyring) -> Follower:
    """Return the follower to run in the worker."""

    async def handle(uow: UnitOfWork, batch: Batch) -> None:
        causes = await _touched(uow, batch)
        await _fill_again_for_shops(uow, batch)
        if len(causes) <= _MOST_AT_ONCE:
            await look_at(uow, keyring, causes)
        else:
            now = await uow.now()
            await looks.set_due(uow, [looks.DueRow(one, now, *cause) for one, cause in causes.items()])

    kinds = fact_store.OF_SALES | _OF_SUBJECTS | {"shop_changed"}
    return Follower(NAME, handle, kinds, most_facts=_MOST_AT_ONCE)


async def look_at(uow: UnitOfWork, keyring: Keyring, causes: Mapping[UUID, Cause]) -> int:
    """Put people (by any of their subjects) into the segments they belong to now; return how many changes there were.

    Announces `segment_change`.
    """
    if not causes:
        return 0
    await store.look_alone(uow)
    rows = await store.live(uow)
    if not rows:
        await looks.not_due(uow, list(causes))
        return 0
    rules = {row.id: rule_of(row) for row in rows}
    standing = await fact_store.persons_of(uow, list(causes))
    persons = {person: causes[subject] for subject, person in standing.items() if person is not None}
    gone = [subject for subject, person in standing.items() if person != subject]
    now = await uow.now()
    known = await _facts(uow, keyring, list(persons), rules.values())
    judged = {(id_, one): rule.judge(known[one], now) for id_, rule in rules.items() for one in persons}
    wanted = {key for key, held in judged.items() if held.holds}
    current = await store.memberships(uow, [*persons, *gone])
    current |= await store.last_seen_in(uow, [one for one in gone if standing[one] is None])
    because = {**{one: causes[one] for one in gone}, **persons}
    changes = [
        store.ChangeRow(
            uuid7(now),
            id_,
            rules[id_].told_to,
            one,
            joined,
            *because[one],
            now,
        )
        for joined, pairs in ((True, wanted - current), (False, current - wanted))
        for id_, one in sorted(pairs)
    ]
    if changes:
        await store.change(uow, changes)
        uow.record("segment_change", [one.id for one in changes])
    await _set_due(uow, persons, {key: held.until for key, held in judged.items()}, gone)
    return len(changes)


async def _set_due(
    uow: UnitOfWork, persons: Iterable[UUID], until: Mapping[tuple[UUID, UUID], datetime | None], gone: Sequence[UUID]
) -> None:
    """Note when each of these people is to be looked at again; those whom time does not change, never."""
    next_at: dict[UUID, datetime] = {}
    for (_, person), moment in until.items():
        if moment is not None:
            next_at[person] = min(moment, next_at.get(person, moment))
    await looks.not_due(uow, [*gone, *(one for one in persons if one not in next_at)])
    await looks.set_due(uow, [looks.DueRow(one, moment, *_TIME) for one, moment in sorted(next_at.items())])


async def _facts(
    uow: UnitOfWork, keyring: Keyring, persons: Sequence[UUID], rules: Iterable[SegmentRule]
) -> dict[UUID, PersonFacts]:
    """Return what stands of each person, as far as these rules ask for it."""
    clauses = [clause for rule in rules for clause in rule.clauses]
    rows = await fact_store.visits(uow, persons, lines=any(one.kind == "bought" for one in clauses))
    shops = {shop.id: shop for shop in await network.shops(uow, sorted({row.shop_id for row in rows}))}
    zones = {id_: ZoneInfo(shop.time_zone) for id_, shop in shops.items()}
    currency = (await network.network_of(uow)).currency
    visits: dict[UUID, list[SegmentVisit]] = {}
    for row in rows:
        visits.setdefault(row.person, []).append(
            SegmentVisit(
                at=row.sold_at,
                shop_id=row.shop_id,
                merchant_id=row.merchant_id,
                category=shops[row.shop_id].category,
                part=profile.day_part(row.sold_at.astimezone(zones[row.shop_id])),
                paid_minor=max(row.paid_minor, 0) if row.currency == currency else 0,
                redeemed=row.redeemed,
                bought=frozenset(row.bought),
            )
        )
    agreed = await member.consented(uow, persons, member.Purpose.PERSONALISATION)
    hidden = await member.hidden_fields_of(uow, persons)
    tribes = await fact_store.tribes_of(uow, persons)
    answers: dict[UUID, dict[str, str]] = {}
    for question in sorted({one.question for one in clauses if one.question is not None}):
        # Given for the use that was stated with the question, which is personalisation: of nobody else it is opened.
        for person, value in (await member.answers_of(uow, keyring, sorted(agreed), question)).items():
            answers.setdefault(person, {})[question] = value
    return {
        one: PersonFacts(
            visits.get(one, ()), tribes.get(one), answers.get(one, {}), one in agreed, hidden.get(one, frozenset())
        )
        for one in persons
    }


async def _touched(uow: UnitOfWork, batch: Batch) -> dict[UUID, Cause]:
    """Return whom the facts of a batch touch, each with the last fact that does."""
    causes: dict[UUID, Cause] = {}
    for one in batch.announcements:
        ids = one.ids or []
        if one.kind in _OF_SUBJECTS:
            causes |= {subject: (one.kind, subject) for subject in ids}
        elif one.kind in fact_store.OF_SALES:
            found = await fact_store.touched_by(uow, one.kind, ids)
            causes |= {found[id_]: (one.kind, id_) for id_ in ids if id_ in found}
    return causes


async def _fill_again_for_shops(uow: UnitOfWork, batch: Batch) -> None:
    """Let everybody be looked at anew for rules about categories of shops, or times there, after a shop was changed."""
    if batch.ids("shop_changed"):
        rows = await store.live(uow)
        about = [row.id for row in rows if any(one.category or one.part for one in rule_of(row).clauses)]
        await looks.fill_again(uow, about)


# --------------------------------------------------------------------------------------------------------- the keeper


@dataclass(frozen=True, slots=True)
class Kept:
    """What one round of the keeper did in a network: people looked at, and whether there is more to do at once."""

    looked_at: int
    more: bool


async def keep_current(
    database: Database, keyring: Keyring, networks: Callable[[], Awaitable[Sequence[UUID]]], stop: asyncio.Event
) -> None:
    """Look at those who are due, and fill new segments, until `stop` is set; errors are logged and it goes on."""
    pause = _PAUSE_SECONDS
    while not stop.is_set():
        try:
            rounds = [await keep_once(database, keyring, network_id) for network_id in await networks()]
            pause = 0.0 if any(one.more for one in rounds) else _PAUSE_SECONDS
        except Exception as error:  # noqa: BLE001 (whatever went wrong, it is tried again)
            _log.warning("segments_not_kept", exc_info=error)
            pause = min(max(pause, _PAUSE_SECONDS) * 2, _LONGEST_PAUSE_SECONDS)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)


async def keep_once(
    database: Database, keyring: Keyring, network_id: UUID, *, now: datetime | None = None, piece: int = _PIECE
) -> Kept:
    """Look at one piece of those who are due, and at one piece of everybody for a new segment."""
    async with database.unit(network_id, role="worker", now=now) as uow:
        due = await looks.due(uow, await uow.now(), piece)
        rows = await store.live(uow)
        await _tell_weeks(uow, keyring, rows)
        filling = next((row for row in rows if row.filled_at is None), None)
        cleared = await store.clear_archived(uow, piece)
        if due:
            causes: dict[UUID, Cause] = {one.subject_id: (one.cause_kind, one.cause_id) for one in due}
            await look_at(uow, keyring, causes)
    filled = 0
    if filling is not None:
        async with database.unit(network_id, role="worker", now=now) as uow:
            filled = await _fill(uow, keyring, filling.id, piece)
    return Kept(len(due) + filled, filling is not None or len(due) == piece or cleared == piece)


async def _fill(uow: UnitOfWork, keyring: Keyring, segment_id: UUID, piece: int) -> int:
    """Look at the next piece of everybody for a segment, and note how far it has come."""
    await store.look_alone(uow)
    row = await store.one(uow, segment_id)
    if row is None or row.filled_at is not None or row.archived_at is not None:
        return 0
    people = await looks.people_after(uow, row.filled_after, piece)
    await look_at(uow, keyring, dict.fromkeys(people, FILLED))
    ended = await uow.now() if len(people) < piece else None
    await looks.note_filling(uow, segment_id, people[-1] if people else None, len(people), ended)
    return len(people)


async def _tell_weeks(uow: UnitOfWork, keyring: Keyring, rows: Sequence[store.SegmentRow]) -> None:
    """Count once a week what merchants are told of segments that are about more than their own shops.

    A segment is counted first on the Monday after it was made: however many rules are tried, each is answered once a
    week, for the same moment.
    """
    told = [row for row in rows if row.merchant_id is not None and row.filled_at is not None]
    told = [row for row in told if not rule_of(row).of_own_shops]
    if not told:
        return
    zone = ZoneInfo((await network.network_of(uow)).time_zone)
    today = (await uow.now()).astimezone(zone).date()
    monday = today - timedelta(days=today.weekday())
    begins = datetime.combine(monday, time(), zone).astimezone(UTC)
    for row in told:
        if row.created_at < begins and (row.told_week is None or row.told_week < monday):
            people = [str(one) for one in await store.members_of(uow, row.id)]
            await looks.tell_week(uow, row.id, monday, rounded(people, keyring.derived("segments told to merchants")))
