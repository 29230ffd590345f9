"""Tests of idempotency keys on real PostgreSQL: the first answer is the only one, for ever."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from http import HTTPStatus
from typing import Any
from uuid import UUID

import msgspec
import psycopg
import pytest

from ringmain.kit.coalescer import Coalescer
from ringmain.kit.db import Database, UnitOfWork
from ringmain.kit.http import persist, transient
from ringmain.kit.idempotency import Keyed, KeyReusedWithOtherPayload, answer_once
from ringmain.kit.migrate import Urls
from ringmain.kit.pure.errors import RuleBroken

OPERATION = 77
HASH, OTHER_HASH = b"a" * 16, b"b" * 16
AT = datetime(2026, 3, 1, 10, 0, 0, 123456, tzinfo=UTC)


class TooLate(RuleBroken):
    """A rule of this test."""

    code = "test_too_late"
    status = HTTPStatus.CONFLICT
    next_step = "Come earlier."


@dataclass(frozen=True, slots=True)
class Done:
    """An answer with every type that answers hold."""

    id: UUID
    at: datetime
    amount_minor: int
    parts: tuple[UUID, ...] = ()
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """A count."""

    n: int


class Work:
    """A `decide` with an effect that can be counted: each item opens one ledger account."""

    def __init__(self, network: UUID, refused: Sequence[str] = ()) -> None:
        self.network = network
        self.refused = set(refused)
        self.decided: list[str] = []

    async def decide(self, uow: UnitOfWork, items: Sequence[str]) -> list[Done | RuleBroken]:
        """Do the items, or refuse them with facts of every kind."""
        answers: list[Done | RuleBroken] = []
        for item in items:
            self.decided.append(item)
            if item in self.refused:
                answers.append(TooLate(at=AT, id=UUID(int=7), names=["a", "b"], left_minor=2**53 + 1, none=None))
                continue
            id_ = uuid.uuid4()
            query = (
                "INSERT INTO ledger_account (network_id, id, holder_id, code, currency) VALUES (%s, %s, %s, 1, 'CNY')"
            )
            await uow.execute(query, (self.network, id_, id_))
            answers.append(Done(id_, AT, 2**53 + 1, (id_, UUID(int=1)), "ñ 你"))
        return answers


@pytest.fixture
async def database(database_urls: Urls) -> AsyncIterator[Database]:
    """The application's side of this worker's database."""
    async with Database(database_urls.application_url, connections=8) as database:
        yield database


@pytest.fixture
def network() -> UUID:
    """A network of its own for each test."""
    return uuid.uuid4()


@pytest.fixture
def work(network: UUID) -> Work:
    """Work in that network; the item "late" is refused."""
    return Work(network, refused=["late"])


def keyed(key: str, item: str = "item", principal: int = 1, payload_hash: bytes = HASH) -> Keyed[str]:
    """Put an item under its key."""
    return Keyed(UUID(int=principal), key, payload_hash, item)


async def once(
    database: Database, work: Work, *items: Keyed[str], operation: int = OPERATION
) -> list[Done | RuleBroken]:
    """Answer items in one transaction."""
    async with database.unit(work.network) as uow:
        return await answer_once(uow, operation, items, work.decide, Done)


async def effects(database: Database, network: UUID) -> int:
    """Count what was really done."""
    async with database.unit(network) as uow:
        row = await uow.row(Count, "SELECT count(*) AS n FROM ledger_account")
    assert row is not None
    return row.n


def plain(answer: Done | RuleBroken) -> Any:
    """Return what a client is told: the content of an answer, or the code and facts of a refusal, as JSON."""
    content = {answer.code: answer.facts} if isinstance(answer, RuleBroken) else answer
    return msgspec.json.decode(msgspec.json.encode(content))


# -------------------------------------------------------------------------------------------------------- the first


async def test_a_retry_gets_the_first_answer_and_does_nothing(database: Database, work: Work) -> None:
    """The same key with the same content gets an equal answer, ids and microseconds included, and no second effect."""
    (first,) = await once(database, work, keyed("k"))
    assert isinstance(first, Done)
    for _ in range(3):
        assert await once(database, work, keyed("k")) == [first]
    assert work.decided == ["item"]
    assert await effects(database, work.network) == 1


async def test_a_refusal_is_kept_with_its_facts(database: Database, work: Work) -> None:
    """A retry of what was refused is told the same rule and the same facts, even when it would be allowed by now."""
    (first,) = await once(database, work, keyed("k", "late"))
    assert isinstance(first, TooLate)
    work.refused.clear()
    (again,) = await once(database, work, keyed("k", "late"))
    assert type(again) is TooLate
    assert plain(again) == plain(first)
    assert plain(again) == {
        "test_too_late": {
            "at": "2026-03-01T10:00:00.123456Z",
            "id": str(UUID(int=7)),
            "names": ["a", "b"],
            "left_minor": 2**53 + 1,
            "none": None,
        }
    }
    assert work.decided == ["late"]
    assert await effects(database, work.network) == 0


async def test_another_content_under_the_key_is_refused(database: Database, work: Work) -> None:
    """A key belongs to its first content: another one is 422, does nothing, and leaves the first answer in place."""
    (first,) = await once(database, work, keyed("k"))
    (other,) = await once(database, work, keyed("k", payload_hash=OTHER_HASH))
    assert isinstance(other, KeyReusedWithOtherPayload)
    assert other.status == 422
    assert await once(database, work, keyed("k")) == [first]
    assert await effects(database, work.network) == 1


@pytest.mark.parametrize("key", ["k", "K", " k", "ключ", "k" * 255, "'; DROP TABLE voucher; --", "\U0001f511"])
async def test_keys_are_compared_as_they_are(database: Database, work: Work, key: str) -> None:
    """Any text up to 255 characters is a key of its own, and finds itself again."""
    (plain_answer,) = await once(database, work, keyed("plain"))
    (first,) = await once(database, work, keyed(key))
    assert first != plain_answer
    assert await once(database, work, keyed(key)) == [first]


# ------------------------------------------------------------------------------------------------------------ scope


async def test_the_scope_is_network_principal_operation_and_key(database: Database, work: Work) -> None:
    """The same key of another till, of another operation or in another network is another request."""
    elsewhere = Work(uuid.uuid4())
    await once(database, work, keyed("k"))
    await once(database, work, keyed("k", principal=2))
    await once(database, work, keyed("k"), operation=OPERATION + 1)
    await once(database, elsewhere, keyed("k"))
    assert await effects(database, work.network) == 3
    assert await effects(database, elsewhere.network) == 1


# ---------------------------------------------------------------------------------------------------------- batches


async def test_a_batch_mixes_new_old_and_refused(database: Database, work: Work) -> None:
    """In one batch, old keys get their first answers and only the new ones are decided, each at its place."""
    (old,) = await once(database, work, keyed("old"))
    (late,) = await once(database, work, keyed("late", "late"))
    work.decided.clear()
    answers = await once(
        database,
        work,
        keyed("new 1", "one"),
        keyed("old"),
        keyed("late", "late"),
        keyed("old", payload_hash=OTHER_HASH),
        keyed("new 2", "late"),
        keyed("new 3", "three"),
    )
    assert work.decided == ["one", "late", "three"]
    assert answers[1] == old
    assert plain(answers[2]) == plain(late)
    assert isinstance(answers[3], KeyReusedWithOtherPayload)
    assert isinstance(answers[4], TooLate)
    assert isinstance(answers[0], Done)
    assert isinstance(answers[5], Done)
    assert await effects(database, work.network) == 3


async def test_the_same_key_twice_in_a_batch_is_one_request(database: Database, work: Work) -> None:
    """The second of a key is a retry of the first; with another content it is refused; refusals are shared too."""
    answers = await once(
        database,
        work,
        keyed("k", "one"),
        keyed("k", "one"),
        keyed("k", "two", payload_hash=OTHER_HASH),
        keyed("l", "late"),
        keyed("l", "late"),
    )
    assert work.decided == ["one", "late"]
    assert answers[0] == answers[1]
    assert isinstance(answers[2], KeyReusedWithOtherPayload)
    assert plain(answers[3]) == plain(answers[4])
    assert await effects(database, work.network) == 1


async def test_an_empty_batch_is_nothing(database: Database, work: Work) -> None:
    """No items, no answers, no call."""
    assert await once(database, work) == []
    assert work.decided == []


async def test_a_wrong_number_of_decisions_keeps_nothing(database: Database, work: Work) -> None:
    """Where decisions cannot be matched with their items, the transaction fails and no key is used up."""

    async def decide(uow: UnitOfWork, items: Sequence[str]) -> list[Done | RuleBroken]:
        return (await work.decide(uow, items))[1:]

    async def attempt() -> None:
        async with database.unit(work.network) as uow:
            await answer_once(uow, OPERATION, [keyed("a"), keyed("b")], decide, Done)

    with pytest.raises(ValueError, match="shorter"):
        await attempt()
    assert await effects(database, work.network) == 0
    assert len({plain(answer)["id"] for answer in await once(database, work, keyed("a"), keyed("b"))}) == 2


async def test_what_fails_uses_up_no_key(database: Database, work: Work) -> None:
    """After a failure that decided nothing, the same key decides anew."""

    async def broken(_: UnitOfWork, __: Sequence[str]) -> list[Done | RuleBroken]:
        raise ZeroDivisionError

    async def attempt() -> None:
        async with database.unit(work.network) as uow:
            await answer_once(uow, OPERATION, [keyed("k")], broken, Done)

    with pytest.raises(ZeroDivisionError):
        await attempt()
    (answer,) = await once(database, work, keyed("k"))
    assert isinstance(answer, Done)


# ------------------------------------------------------------------------------------------------------------ races


async def test_two_transactions_with_one_key_have_one_effect(database: Database, work: Work) -> None:
    """Of two that decide one key at the same moment, one is lost, runs again and gets the other's answer."""
    both_decided = asyncio.Barrier(2)
    first_time: set[int] = set()

    async def attempt(who: int) -> list[Done | RuleBroken]:
        async def decide(uow: UnitOfWork, items: Sequence[str]) -> list[Done | RuleBroken]:
            answers = await work.decide(uow, items)
            if who not in first_time:
                first_time.add(who)
                await both_decided.wait()
            return answers

        async with database.unit(work.network) as uow:
            return await answer_once(uow, OPERATION, [keyed("k")], decide, Done)

    one, other = await asyncio.gather(*(persist(lambda who=who: attempt(who)) for who in (1, 2)))  # type: ignore[misc]
    assert one == other
    assert len(work.decided) == 2
    assert await effects(database, work.network) == 1


async def test_the_loser_of_a_race_is_told_so_by_a_transient_error(database: Database, work: Work) -> None:
    """Without running again, the second transaction fails as a whole, and with an error that says: try again."""
    both_decided = asyncio.Barrier(2)

    async def attempt() -> Any:
        async def decide(uow: UnitOfWork, items: Sequence[str]) -> list[Done | RuleBroken]:
            answers = await work.decide(uow, items)
            await both_decided.wait()
            return answers

        async with database.unit(work.network) as uow:
            return await answer_once(uow, OPERATION, [keyed("k"), keyed(uuid.uuid4().hex)], decide, Done)

    outcomes = await asyncio.gather(attempt(), attempt(), return_exceptions=True)
    errors = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert [type(error) for error in errors] == [psycopg.errors.UniqueViolation]
    assert transient(errors[0])
    assert await effects(database, work.network) == 2


async def test_common_keys_in_opposite_orders_end_with_one_effect_each(database: Database, work: Work) -> None:
    """Batches that share keys in all orders neither deadlock for ever nor do anything twice."""
    keys = [f"k{n}" for n in range(10)]

    async def batch(turn: int) -> list[Done | RuleBroken]:
        order = keys[turn:] + keys[:turn] if turn % 2 else list(reversed(keys))
        return await persist(lambda: once(database, work, *(keyed(key, key) for key in order)))

    batches = await asyncio.gather(*(batch(turn) for turn in range(8)))
    assert len({plain(answer)["id"] for answers in batches for answer in answers}) == 10
    assert await effects(database, work.network) == 10


async def test_behind_the_coalescer_a_storm_of_retries_has_one_effect(database: Database, work: Work) -> None:
    """Two processes' coalescers and a hundred retries of ten requests: ten effects, equal answers for equal keys."""
    doors: list[Coalescer[UUID, Keyed[str], Done | RuleBroken]] = [
        Coalescer("test", lambda _, items: once(database, work, *items), transient=transient) for _ in range(2)
    ]
    requests = [(n % 10, doors[n % 2]) for n in range(100)]
    answers = await asyncio.gather(*(door.submit(work.network, keyed(f"k{n}")) for n, door in requests))
    by_key: dict[int, set[str]] = {}
    for (number, _), answer in zip(requests, answers, strict=True):
        by_key.setdefault(number, set()).add(plain(answer)["id"])
    assert [len(ids) for ids in by_key.values()] == [1] * 10
    assert await effects(database, work.network) == 10


async def test_control_without_the_unique_key_a_race_has_two_effects(
    database: Database, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where outcomes are not written under their keys, the same two transactions both do the work."""

    async def keep_nothing(*_: Any) -> None:
        return None

    monkeypatch.setattr("ringmain.kit.idempotency.keep_answers", keep_nothing)
    await asyncio.gather(once(database, work, keyed("k")), once(database, work, keyed("k")))
    assert await effects(database, work.network) == 2


# --------------------------------------------------------------------------------------------------------- for ever


async def test_a_key_of_years_ago_still_has_its_answer(database: Database, database_urls: Urls, work: Work) -> None:
    """Nothing ages out: a key answered ten years ago is answered again as it was."""
    (first,) = await once(database, work, keyed("k"))
    with psycopg.connect(database_urls.migration_url, autocommit=True) as connection:
        aged = connection.execute(
            "UPDATE idempotency_key SET answered_at = answered_at - interval '10 years' WHERE network_id = %s",
            (work.network,),
        )
        assert aged.rowcount == 1
    assert await once(database, work, keyed("k")) == [first]


@pytest.mark.parametrize("role", ["app_network", "worker"])
@pytest.mark.parametrize("statement", ["DELETE FROM idempotency_key", "UPDATE idempotency_key SET code = 'x'"])
async def test_the_application_cannot_forget_a_key(database: Database, work: Work, role: Any, statement: Any) -> None:
    """Neither the server's nor the workers' role may change or delete what was answered."""
    await once(database, work, keyed("k"))

    async def attempt() -> None:
        async with database.unit(work.network, role=role) as uow:
            await uow.execute(statement)

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await attempt()


async def test_times_of_other_zones_come_back_as_the_same_moment(database: Database, network: UUID) -> None:
    """An answer's time in another zone is the same moment when it is told again."""
    at = datetime(2026, 3, 1, 18, 0, tzinfo=timezone(timedelta(hours=8)))

    async def decide(_: UnitOfWork, items: Sequence[str]) -> list[Done | RuleBroken]:
        return [Done(UUID(int=3), at, 0) for _ in items]

    async def ask() -> Done | RuleBroken:
        async with database.unit(network) as uow:
            return (await answer_once(uow, OPERATION, [keyed("k")], decide, Done))[0]

    assert await ask() == await ask() == Done(UUID(int=3), at, 0)
