"""T2: hundreds of clients at once, and never more winners than there is value, money, stock or count for."""

import asyncio
import random
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString
from uuid import UUID

import psycopg
import pytest
from psycopg import sql
from psycopg_pool import AsyncConnectionPool

from ringmain.kit.db import Database
from ringmain.kit.http import persist
from ringmain.kit.idempotency import Keyed, answer_once
from ringmain.kit.migrate import Urls
from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.pure.ids import uuid7
from ringmain.kit.secrets import Keyring
from ringmain.ledger.api import account_id, balances, guard_differences, sums
from ringmain.network.api import MerchantAccount
from ringmain.sale.door import TillDoor
from ringmain.sale.model import NewSale, Recorded, VoucherUse
from ringmain.sale.record import record
from ringmain.sale.reverse import reverse
from ringmain.voucher.api import Close, Grant, Reverse, apply, grant
from ringmain.voucher.store import hot
from tests.trust.reference import Offer
from tests.trust.town import CURRENCY, Town, grant_many, open_street

FACE = 500


@dataclass(frozen=True, slots=True)
class Size:
    """How many vouchers, how many clients for each, and over how many connections."""

    vouchers: int
    clients: int
    connections: int


QUICK = Size(10, 200, 40)
FULL = Size(50, 1_000, 100)
SIZES = [
    pytest.param(QUICK, id="quick"),
    pytest.param(FULL, id="full", marks=[pytest.mark.long, pytest.mark.timeout(900)]),
]
pytestmark = pytest.mark.timeout(300)


class Crowd:
    """Clients over four pools in turn; no more requests run at once than there are connections."""

    def __init__(self, databases: Sequence[Database], connections: int) -> None:
        self.databases = databases
        self._gate = asyncio.Semaphore(connections)
        self._turn = 0

    async def ask(self, work: Callable[[Database], Awaitable[Any]]) -> Any:
        """Run one request, again where it lost against another; an error of the database is its outcome."""
        self._turn += 1
        database = self.databases[self._turn % len(self.databases)]
        async with self._gate:
            return await persist(lambda: work(database))

    async def all(self, requests: Sequence[Callable[[Database], Awaitable[Any]]]) -> list[Any]:
        """Run all requests at once, in the order of a shuffled crowd."""
        order = list(range(len(requests)))
        random.Random(7).shuffle(order)
        outcomes: list[Any] = [None] * len(requests)
        answers = await asyncio.gather(*(self.ask(requests[place]) for place in order), return_exceptions=True)
        for place, answer in zip(order, answers, strict=True):
            outcomes[place] = answer
        return outcomes


@pytest.fixture
async def crowd(database_urls: Urls, request: pytest.FixtureRequest) -> AsyncIterator[Crowd]:
    """Four pools, sized as the test asks."""
    size: Size = request.node.callspec.params.get("size", QUICK) if hasattr(request.node, "callspec") else QUICK
    async with AsyncExitStack() as stack:
        each = size.connections // 4
        opened = [Database(database_urls.application_url, connections=each) for _ in range(4)]
        databases = [await stack.enter_async_context(one) for one in opened]
        yield Crowd(databases, size.connections)


def sale_of(town: Town, voucher: UUID, subject: UUID | None) -> NewSale:
    """A sale of the first shop that spends one voucher of an identified holder."""
    return NewSale(
        id=uuid7(datetime.now(tz=UTC)),
        shop_id=town.shops[0].id,
        subject_id=subject,
        total_minor=1_000,
        currency=CURRENCY,
        vouchers=(VoucherUse(voucher),),
    )


def redeeming(town: Town, voucher: UUID, subject: UUID, now: datetime | None = None) -> Callable[[Database], Any]:
    """One client who wants to spend a voucher, in a transaction of its own and under a key of its own."""
    keyed = Keyed(uuid.uuid4(), "k", b"0" * 16, sale_of(town, voucher, subject))

    async def work(database: Database) -> Recorded | RuleBroken:
        async with database.unit(town.network, now=now) as uow:
            return (await answer_once(uow, 1, [keyed], record, Recorded))[0]

    return work


def code(outcome: Any) -> str:
    """Name an outcome: the code of a rule, or the type of an answer or error."""
    return outcome.code if isinstance(outcome, RuleBroken) else type(outcome).__name__


async def money_is_right(database: Database, town: Town, expected: dict[MerchantAccount, int]) -> None:
    """The ledger sums to zero, guarded rows match their transfers, and the first merchant has what is expected."""
    async with database.unit(town.network) as uow:
        assert [one.sum_minor for one in await sums(uow)] == [0]
        assert await guard_differences(uow) == []
        ids = [account_id(town.network, town.merchants[0], name, CURRENCY) for name in expected]
        found = {one.account_id: one.balance_minor for one in await balances(uow, ids)}
    assert dict(zip(expected, (found[id_] for id_ in ids), strict=True)) == expected


def query(urls: Urls, text: LiteralString, *params: Any) -> list[tuple[Any, ...]]:
    """Return rows past row-level security."""
    with psycopg.connect(urls.migration_url, autocommit=True) as connection:
        return connection.execute(text, params).fetchall()


def count(urls: Urls, table: str, town: Town) -> int:
    """Count a network's rows."""
    with psycopg.connect(urls.migration_url, autocommit=True) as connection:
        counting = sql.SQL("SELECT count(*) FROM {} WHERE network_id = %s").format(sql.Identifier(table))
        return int(connection.execute(counting, (town.network,)).fetchall()[0][0])


# ------------------------------------------------------------------------------------------------------ one voucher


@pytest.mark.parametrize("size", SIZES)
async def test_one_voucher_has_exactly_one_winner(crowd: Crowd, database_urls: Urls, size: Size) -> None:
    """Each voucher, wanted by all clients at once, each in its own transaction, is spent exactly once."""
    town, (offer,) = await open_street(crowd.databases[0], {"kind": "cash", "face": FACE})
    subject = town.subjects[0]
    vouchers = await grant_many(crowd.databases[0], town, offer, [subject] * size.vouchers)
    wanted = [voucher for voucher in vouchers for _ in range(size.clients)]
    outcomes = await crowd.all([redeeming(town, voucher, subject) for voucher in wanted])
    winners = Counter(v for v, outcome in zip(wanted, outcomes, strict=True) if isinstance(outcome, Recorded))
    assert winners == Counter(vouchers)
    assert Counter(code(outcome) for outcome in outcomes) == {
        "Recorded": size.vouchers,
        "voucher_already_spent": size.vouchers * (size.clients - 1),
    }
    for table in ("sale", "redemption"):
        assert count(database_urls, table, town) == size.vouchers
    spent = FACE * size.vouchers
    payable = {MerchantAccount.PAYABLE: spent, MerchantAccount.HELD: 0, MerchantAccount.AVAILABLE: 10**9 - spent}
    await money_is_right(crowd.databases[0], town, payable)


@pytest.mark.parametrize("size", SIZES)
async def test_behind_four_coalescers_there_is_one_winner_too(crowd: Crowd, size: Size) -> None:
    """The same crowd through the doors of four processes, whose batches meet in the database."""
    town, (offer,) = await open_street(crowd.databases[0], {"kind": "cash", "face": FACE})
    subject = town.subjects[0]
    vouchers = await grant_many(crowd.databases[0], town, offer, [subject] * size.vouchers)
    doors = [TillDoor(database, Keyring({1: bytes(range(32))})) for database in crowd.databases]
    wanted = [voucher for voucher in vouchers for _ in range(size.clients)]
    random.Random(3).shuffle(wanted)
    gate = asyncio.Semaphore(8_000)

    async def ask(place: int, voucher: UUID) -> Any:
        async with gate:
            keyed = Keyed(uuid.uuid4(), "k", b"0" * 16, sale_of(town, voucher, subject))
            return await doors[place % len(doors)].record(town.network, keyed)

    outcomes = await asyncio.gather(*(ask(place, voucher) for place, voucher in enumerate(wanted)))
    winners = Counter(v for v, outcome in zip(wanted, outcomes, strict=True) if isinstance(outcome, Recorded))
    assert winners == Counter(vouchers)
    spent = FACE * size.vouchers
    await money_is_right(crowd.databases[0], town, {MerchantAccount.PAYABLE: spent, MerchantAccount.HELD: 0})


@pytest.mark.parametrize("size", SIZES)
async def test_one_key_sent_by_everybody_has_one_effect(crowd: Crowd, database_urls: Urls, size: Size) -> None:
    """A till that sends one request a hundred times at once gets one answer a hundred times."""
    town, (offer,) = await open_street(crowd.databases[0], {"kind": "gift", "face": FACE})
    subject = town.subjects[0]
    (voucher,) = await grant_many(crowd.databases[0], town, offer, [subject])
    sale = sale_of(town, voucher, subject)

    async def work(database: Database) -> Any:
        keyed = Keyed(UUID(int=5), "the key", b"0" * 16, sale)
        async with database.unit(town.network) as uow:
            return (await answer_once(uow, 1, [keyed], record, Recorded))[0]

    outcomes = await crowd.all([work] * min(size.clients, 200))
    answers = [outcome for outcome in outcomes if isinstance(outcome, Recorded)]
    assert {one.redemptions for one in answers} == {answers[0].redemptions}
    # Whoever lost against the same key too often is told so, and asks again; nobody gets another answer.
    assert {code(outcome) for outcome in outcomes} <= {"Recorded", "Unavailable"}
    assert count(database_urls, "redemption", town) == 1


# ------------------------------------------------------------------------------------------------- redeem, undo, end


@pytest.mark.parametrize("size", SIZES)
async def test_redeem_reverse_and_expire_at_once_leave_a_history_that_can_be(
    crowd: Crowd, database_urls: Urls, size: Size
) -> None:
    """Spent, undone and expired by everybody at once: each voucher's history is one that could have been."""
    town, (offer,) = await open_street(crowd.databases[0], {"kind": "cash", "face": FACE, "fee": 7})
    subject = town.subjects[0]
    vouchers = await grant_many(crowd.databases[0], town, offer, [subject] * size.vouchers)
    after_end = datetime.now(tz=UTC) + timedelta(days=offer.days, hours=1)
    redemptions: dict[UUID, list[UUID]] = {voucher: [] for voucher in vouchers}
    dice = random.Random(11)

    def client(voucher: UUID) -> Callable[[Database], Any]:
        async def redeem(database: Database) -> Any:
            answer = await redeeming(town, voucher, subject)(database)
            if isinstance(answer, Recorded):
                redemptions[voucher].append(answer.redemptions[0].redemption_id)
            return answer

        async def undo(database: Database) -> Any:
            if not redemptions[voucher]:
                return None
            async with database.unit(town.network) as uow:
                chosen = dice.choice(redemptions[voucher][-2:])
                return (await reverse(uow, [Reverse(uuid.uuid4(), chosen, None, await uow.now(), "x")]))[0]

        async def expire(database: Database) -> Any:
            async with database.unit(town.network, now=after_end) as uow:
                return (await apply(uow, [Close(uuid7(after_end), voucher, after_end)]))[0]

        return dice.choices((redeem, undo, expire), weights=(50, 45, 5))[0]

    wanted = [voucher for voucher in vouchers for _ in range(size.clients)]
    outcomes = Counter(code(outcome) for outcome in await crowd.all([client(voucher) for voucher in wanted]))
    assert set(outcomes) <= {
        "Recorded",
        "ReversalAnswer",
        "Ended",
        "NoneType",
        "voucher_already_spent",
        "voucher_expired",
        "redemption_already_reversed",
    }
    assert min(outcomes["Recorded"], outcomes["ReversalAnswer"], outcomes["Ended"]) > 0
    done = [histories(database_urls, town, voucher) for voucher in vouchers]
    assert sum(one.redeemed for one in done) == outcomes["Recorded"]
    assert sum(one.undone for one in done) == outcomes["ReversalAnswer"]
    assert sum(one.ended for one in done) == outcomes["Ended"]
    payable = sum(one.redeemed - one.undone for one in done) * FACE
    held = sum(one.held for one in done)
    await money_is_right(crowd.databases[0], town, {MerchantAccount.PAYABLE: payable, MerchantAccount.HELD: held})


@dataclass(frozen=True, slots=True)
class History:
    """What happened to one voucher."""

    redeemed: int
    undone: int
    ended: int
    held: int


def histories(urls: Urls, town: Town, voucher: UUID) -> History:
    """Read one voucher's rows, and fail where they contradict each other."""
    text = """
        SELECT sequence, 'redeemed' FROM redemption WHERE network_id = %(n)s AND voucher_id = %(v)s
        UNION ALL SELECT sequence, 'undone' FROM reversal WHERE network_id = %(n)s AND voucher_id = %(v)s ORDER BY 1
    """
    state = """
        SELECT remaining_minor, held_minor, uses, sequence, closed FROM voucher
        WHERE network_id = %(n)s AND id = %(v)s
    """
    with psycopg.connect(urls.migration_url, autocommit=True) as connection:
        params = {"n": town.network, "v": voucher}
        steps = connection.execute(text, params).fetchall()
        remaining, held, uses, sequence, closed = connection.execute(state, params).fetchall()[0]
        ends = connection.execute("SELECT count(*) FROM voucher_end WHERE voucher_id = %(v)s", params).fetchall()[0][0]
    assert [number for number, _ in steps] == list(range(1, len(steps) + 1))
    assert sequence == len(steps)
    # Never spent twice without being undone in between, never undone twice.
    assert [what for _, what in steps] == ["redeemed", "undone"] * (len(steps) // 2) + ["redeemed"] * (len(steps) % 2)
    spent = len(steps) % 2
    if closed is None:
        assert (remaining, held, uses) == (FACE, FACE + 7, 0)
    else:
        assert (remaining, held) == (0, 0)
        assert closed == ("spent" if spent else "expired")
    return History((len(steps) + 1) // 2, len(steps) // 2, ends, held)


# ------------------------------------------------------------------------------------------------ money, stock, caps


async def granting(crowd: Crowd, town: Town, offer: Offer, clients: int) -> Counter[str]:
    """Let many clients each ask for one voucher of an offer."""

    async def work(database: Database) -> Any:
        async with database.unit(town.network) as uow:
            at = await uow.now()
            return (await grant(uow, [Grant(offer_id=offer.id, at=at, subject_id=town.subjects[0])]))[0]

    return Counter(code(outcome) for outcome in await crowd.all([work] * clients))


@pytest.mark.parametrize("size", SIZES)
async def test_the_last_money_of_a_budget_is_granted_once(crowd: Crowd, size: Size) -> None:
    """With money for 25 vouchers and a little, exactly 25 are issued, whoever asks; nothing is overdrawn."""
    cost = FACE + 7
    town, (offer,) = await open_street(
        crowd.databases[0], {"kind": "cash", "face": FACE, "fee": 7}, funds=cost * 25 + 506
    )
    outcomes = await granting(crowd, town, offer, size.clients)
    assert outcomes == {"Granted": 25, "funds_insufficient": size.clients - 25}
    await money_is_right(crowd.databases[0], town, {MerchantAccount.AVAILABLE: 506, MerchantAccount.HELD: cost * 25})


@pytest.mark.parametrize("size", SIZES)
async def test_the_last_of_a_stock_is_granted_once(crowd: Crowd, database_urls: Urls, size: Size) -> None:
    """Of a stock of seven, exactly seven are issued."""
    town, (offer,) = await open_street(crowd.databases[0], {"kind": "cash", "face": FACE, "stock": 7})
    outcomes = await granting(crowd, town, offer, size.clients)
    assert outcomes == {"Granted": 7, "out_of_stock": size.clients - 7}
    assert query(database_urls, "SELECT stock FROM offer WHERE network_id = %s", town.network) == [(0,)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("cap", ["per_member", "per_day", "in_total"])
async def test_a_counted_limit_is_never_passed(crowd: Crowd, database_urls: Urls, size: Size, cap: str) -> None:
    """Of many vouchers that one member tries to spend at once, exactly as many are spent as the limit allows."""
    town, (offer,) = await open_street(crowd.databases[0], {"kind": "cash", "face": FACE, cap: 3})
    subject = town.subjects[0]
    vouchers = await grant_many(crowd.databases[0], town, offer, [subject] * size.clients)
    outcomes = await crowd.all([redeeming(town, voucher, subject) for voucher in vouchers])
    assert Counter(code(outcome) for outcome in outcomes) == {"Recorded": 3, "limit_reached": size.clients - 3}
    used = query(database_urls, "SELECT used, maximum FROM voucher_limit WHERE network_id = %s", town.network)
    assert used == [(3, 3)]


# --------------------------------------------------------------------------------------------------------- controls


async def test_control_check_then_update_has_many_winners(database_urls: Urls) -> None:
    """The usual careless way (read, look, write, no lock) lets many clients win the same voucher."""
    table = sql.Identifier(f"naive_{uuid.uuid4().hex}")
    look = sql.SQL("SELECT remaining FROM {} WHERE id = %s").format(table)
    write = sql.SQL("UPDATE {} SET remaining = %s WHERE id = %s").format(table)
    async with AsyncConnectionPool(database_urls.migration_url, min_size=40, max_size=40) as pool:
        await pool.wait()
        async with pool.connection() as connection:
            await connection.execute(
                sql.SQL("CREATE TABLE {} AS SELECT n AS id, 500 AS remaining FROM generate_series(0, 9) AS n").format(
                    table
                )
            )

        async def redeem(voucher: int) -> int | None:
            async with pool.connection() as connection:
                row = await (await connection.execute(look, (voucher,))).fetchone()
                if row is None or row[0] < 500:
                    return None
                await connection.execute(write, (row[0] - 500, voucher))
                return voucher

        outcomes = await asyncio.gather(*(redeem(n // 200) for n in range(2_000)))
    winners = Counter(voucher for voucher in outcomes if voucher is not None)
    assert sum(count > 1 for count in winners.values()) >= 5


_LINGER = "pg_sleep(CASE WHEN v.remaining_minor > 0 THEN 0.3 ELSE 0 END)"


async def test_without_its_locks_the_engine_still_spends_nothing_twice(
    crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The constraints repeat the guard: with the locks taken out, losers fail in the database, and one wins."""
    for name in ("_LOCK_VOUCHERS", "_LOCK_LIMITS"):
        text: str = getattr(hot, name)
        bare = text.replace("FOR NO KEY UPDATE OF l", "").replace("FOR NO KEY UPDATE", "")
        assert bare != text
        # Whoever reads a voucher that is whole stays in its statement until others have read it too.
        bare = bare.replace("FROM voucher v", f"FROM voucher v CROSS JOIN LATERAL {_LINGER}")
        monkeypatch.setattr(hot, name, bare)
    town, (offer,) = await open_street(crowd.databases[0], {"kind": "cash", "face": FACE})
    subject = town.subjects[0]
    vouchers = await grant_many(crowd.databases[0], town, offer, [subject] * 10)
    wanted = [voucher for voucher in vouchers for _ in range(200)]
    outcomes = await crowd.all([redeeming(town, voucher, subject) for voucher in wanted])
    counts = Counter(code(outcome) for outcome in outcomes)
    assert counts["Recorded"] == 10
    # The locks were really out: somebody was refused by the database instead of by the model.
    assert counts["UniqueViolation"] > 0
    assert set(counts) <= {"Recorded", "UniqueViolation", "voucher_already_spent"}
    await money_is_right(crowd.databases[0], town, {MerchantAccount.PAYABLE: FACE * 10, MerchantAccount.HELD: 0})
