"""T8: fifty tills cut off and back, clocks wrong, tabs killed: no leased voucher doubled, every queued sale once."""

import asyncio
import os
import random
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from ringmain.kit.db import Database
from ringmain.kit.migrate import Urls
from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.pure.ids import uuid7
from ringmain.ledger.api import sums
from ringmain.sale.model import Recorded
from ringmain.voucher.api import AUDITS, Lease, OfflineRule, change_offline_rule, sweep
from ringmain.voucher.model.book import Book
from ringmain.voucher.store import leases as lease_store
from ringmain.voucher.store import read_vouchers
from tests.trust.reference import Offer
from tests.trust.tills import Answer, Body, Giveaway, Held, Item, Server, Slip, Till, offline_twin
from tests.trust.town import START, Town, deposit, grant_many, open_town, publish_offers

TILLS = 50
VOUCHERS = 16
EVENTS = 45
FACE = 300
# One network serves so many schedules: opening one takes longer than running one.
PER_TOWN = 40
NOT_PAID = {"voucher_already_spent", "voucher_leased", "voucher_expired", "voucher_needs_network"}


class Doubled(AssertionError):
    """A promise of the offline till was broken."""


@dataclass(slots=True)
class Street:
    """A town with money and an offer, and what its merchants allow."""

    town: Town
    offer: Offer
    server: Server
    rules: dict[UUID, OfflineRule]
    grown: int = 0


@dataclass(slots=True)
class Schedule:
    """One random history; everything that can go wrong between tills and server does."""

    street: Street
    dice: random.Random
    now: datetime
    tills: list[Till]
    slips: list[Slip]
    receipts: list[str] = field(default_factory=list)
    giveaways: list[Giveaway] = field(default_factory=list)
    revoked: set[UUID] = field(default_factory=set)
    answers: dict[tuple[UUID, str], Answer] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def server(self) -> Server:
        """The engine that the tills of this schedule talk to."""
        return self.street.server

    async def run(self) -> None:
        """Live through the events, bring everybody back, and see what must hold."""
        deeds = (self.trade, self.part, self.rejoin, self.lend, self.flush_one, self.misadventure, self.tidy)
        for _ in range(EVENTS):
            self.now += timedelta(minutes=self.dice.choice((1, 2, 5, 15, 45)))
            await self.dice.choices(deeds, (50, 10, 5, 26, 6, 8, 5))[0]()
        if self.dice.random() < 0.3:
            # Some stay away beyond every grace.
            self.now += timedelta(hours=60)
            await self.tidy()
        await self.bring_all_back()

    # ------------------------------------------------------------------------------------------------ what happens

    async def trade(self) -> None:
        """Let a few guests pay, most of them with a voucher, some of them with one that was shown before."""
        for _ in range(self.dice.randint(1, 4)):
            lent = [till for till in self.tills if till.leases] if self.dice.random() < 0.5 else []
            till = self.dice.choice(lent or self.tills)
            slip = self.dice.choice(self.slips) if self.dice.random() < 0.8 else None
            if self.dice.random() < 0.5:
                fit = [held.slip for held in till.leases.values() if till.held_now(held.slip, self.now)]
                slip = self.dice.choice(fit) if fit else slip
            await (self.sell_online(till, slip) if till.online else self.sell_offline(till, slip))

    def body(self, till: Till, **more: Any) -> Body:
        """Return what is sent of a new sale, and note that it has happened."""
        receipt = uuid4().hex
        self.receipts.append(receipt)
        return Body(receipt, till.estimate(self.now), round(till.offset / timedelta(milliseconds=1)), **more)

    async def sell_online(self, till: Till, slip: Slip | None) -> None:
        """Record a sale at once; where the answer is lost, the till goes on by what it knows."""
        held = till.leases.get(slip.voucher_id) if slip else None
        if slip is not None and held is not None and held.used:
            slip = held = None
        taken = slip.face if slip else 0
        # A lease is named where it would do without an answer, too.
        right = till.held_now(slip, self.now) if slip else None
        item = Item(uuid4().hex, self.body(till, slip=slip, taken=taken, lease_id=right.lease.id if right else None))
        till.queue[item.key] = item
        fate = self.dice.random()
        answer = (await self.deliver(till, [item]))[0] if fate > 0.08 else None
        if fate < 0.2:
            # No answer: the guest does not wait. By a lease the discount is certain; else they pay in full for now.
            self.counts["no answer"] += 1
            if slip is not None and right is not None:
                right.used = True
                item.giveaway = Giveaway(slip, item.body.receipt, "leased", right.lease)
                self.giveaways.append(item.giveaway)
                if answer is not None:
                    item.giveaway.arrived_at = self.now
            elif slip is not None:
                item.undo = True
            return
        assert answer is not None
        if isinstance(answer, RuleBroken):
            # The cashier says why, and the guest pays in full.
            self.counts[answer.code] += 1
            del till.queue[item.key]
            paid = Item(
                uuid4().hex, Body(item.body.receipt, item.body.sold_at, item.body.clock_offset_ms, offline=True)
            )
            till.queue[paid.key] = paid
            await self.settle(till, [paid])
            return
        if slip is not None:
            self.giveaways.append(Giveaway(slip, item.body.receipt, "online", arrived_at=self.now))
            if held is not None:
                held.used = True
        del till.queue[item.key]

    async def sell_offline(self, till: Till, slip: Slip | None) -> None:
        """Take a voucher off by lease, or at the merchant's own risk; else say that it needs a network."""
        held = till.held_now(slip, self.now) if slip else None
        item = Item(uuid4().hex, self.body(till, offline=True))
        if slip is not None and held is not None:
            held.used = True
            item = Item(item.key, Body(*self.parts(item), True, slip, held.lease.id, slip.face))
            item.giveaway = Giveaway(slip, item.body.receipt, "leased", held.lease)
        elif slip is not None and till.accept_anyway and slip.voucher_id not in till.leases:
            item = Item(item.key, Body(*self.parts(item), True, slip, None, slip.face))
            item.giveaway = Giveaway(slip, item.body.receipt, "anyway")
        elif slip is not None:
            self.counts["needs network"] += 1
        if item.giveaway is not None:
            self.counts[item.giveaway.kind] += 1
            self.giveaways.append(item.giveaway)
        till.queue[item.key] = item

    def parts(self, item: Item) -> tuple[str, datetime, int]:
        """Return what stays the same of a sale, however it is sent."""
        return item.body.receipt, item.body.sold_at, item.body.clock_offset_ms

    async def part(self) -> None:
        """Cut a handful of tills off."""
        lent = [till for till in self.tills if till.leases]
        for till in [*self.dice.sample(self.tills, self.dice.randint(1, 20)), *lent[: self.dice.randint(0, 12)]]:
            till.online = False

    async def rejoin(self) -> None:
        """Bring a handful of tills back at once; each sends its queue, some of them three times, from two tabs."""
        back = [till for till in self.dice.sample(self.tills, self.dice.randint(5, TILLS)) if not till.online]
        for till in back:
            till.online = True
            self.contact(till)
        await self.in_groups([self.flush(till, replays=self.dice.choice((1, 1, 3))) for till in back if till.queue])

    async def in_groups(self, work: Sequence[Any]) -> None:
        """Run things at once, as many as there are connections."""
        for place in range(0, len(work), 6):
            await asyncio.gather(*work[place : place + 6])

    def contact(self, till: Till) -> None:
        """Let a till measure what its clock is off, give or take the way of the answer."""
        till.offset = -till.skew + timedelta(milliseconds=self.dice.randint(-1_500, 1_500))

    async def lend(self) -> None:
        """Let a till lease some vouchers, or what it has for longer; the answer may be lost."""
        till = self.dice.choice([till for till in self.tills if till.online] or self.tills[:1])
        if not till.online:
            return
        self.contact(till)
        again = [held.slip for held in till.leases.values() if not held.used][:3]
        slips = {slip.voucher_id: slip for slip in [*again, *self.dice.sample(self.slips, self.dice.randint(1, 5))]}
        lasting = timedelta(minutes=self.dice.choice((5, 60, 300, 720)))
        answers = await self.server.lease(till, list(slips.values()), self.now, lasting)
        if self.dice.random() < 0.1:
            return
        for slip, answer in zip(slips.values(), answers, strict=True):
            if isinstance(answer, Lease):
                known = till.leases.get(slip.voucher_id)
                same = known is not None and known.lease.id == answer.id
                till.leases[slip.voucher_id] = Held(answer, slip, used=bool(known and same and known.used))
                self.counts["lent"] += 1

    async def flush_one(self) -> None:
        """Let one till that has a network send what it has."""
        ready = [till for till in self.tills if till.online and till.queue]
        if ready:
            await self.flush(self.dice.choice(ready), replays=self.dice.choice((1, 2)))

    async def misadventure(self) -> None:
        """Set a clock, kill a tab while it sends, give a lease back, or let the operator take one."""
        till = self.dice.choice(self.tills)
        what = self.dice.choice(("clock", "tab", "release", "release", "revoke"))
        if what == "clock":
            till.skew = timedelta(minutes=self.dice.choice((-4_320, -600, -10, 0, 3, 10, 600, 4_320)))
        elif what == "tab" and till.online and till.queue:
            # Everything arrives, and no answer is heard: the queue is as it was.
            await self.deliver(till, list(till.queue.values()))
        elif what == "release" and till.online and till.leases:
            await self.flush(till, replays=1)
            if not till.queue:
                voucher_id = self.dice.choice(list(till.leases))
                await self.server.release(till, till.leases.pop(voucher_id).lease.id, self.now)
        elif what == "revoke" and till.leases:
            lease_id = self.dice.choice(list(till.leases.values())).lease.id
            self.revoked.add(lease_id)
            await self.server.release(None, lease_id, self.now)

    async def tidy(self) -> None:
        """Let the worker end leases and vouchers whose time is over."""
        await sweep(self.server.database, self.server.network_id, now=self.now)

    async def bring_all_back(self) -> None:
        """Give everybody a network until every queue is empty."""
        for till in self.tills:
            till.online = True
            self.contact(till)
        for _ in range(4):
            await self.in_groups([self.flush(till, replays=1) for till in self.tills if till.queue])
        if any(till.queue for till in self.tills):
            raise Doubled("a queue does not empty")

    # ------------------------------------------------------------------------------------------------ the queue

    async def deliver(self, till: Till, items: Sequence[Item]) -> list[Answer]:
        """Send items; every answer under a key must be the first one."""
        answers = await self.server.send(till, items, self.now)
        for item, answer in zip(items, answers, strict=True):
            shown = (answer.code, answer.facts.get("voucher_id")) if isinstance(answer, RuleBroken) else answer
            first = self.answers.setdefault((till.id, item.key), shown)  # type: ignore[arg-type]
            if first != shown:
                raise Doubled(f"another answer under the same key: {first}, then {shown}")
            arrived = isinstance(answer, Recorded)
            if item.giveaway is not None and arrived and item.giveaway.arrived_at is None:
                item.giveaway.arrived_at = self.now
        return answers

    async def flush(self, till: Till, *, replays: int) -> None:
        """Send the queue, perhaps several times at once, as two tabs would; then act on the answers."""
        items = list(till.queue.values())
        await asyncio.gather(*(self.deliver(till, items) for _ in range(replays - 1)))
        await self.settle(till, items)
        left = [item for item in till.queue.values() if item.key.endswith(".offline")]
        if left:
            await self.settle(till, left)

    async def settle(self, till: Till, items: Sequence[Item]) -> None:
        """Send items and act on the answers: what was refused as a sale of the moment is sent as one that happened."""
        for item, answer in zip(items, await self.deliver(till, items), strict=True):
            till.queue.pop(item.key, None)
            if isinstance(answer, RuleBroken):
                if item.body.offline:
                    raise Doubled(f"a queued sale was refused: {answer.code}")
                twin = offline_twin(item)
                till.queue[twin.key] = twin
            elif item.undo:
                for one in answer.redemptions:
                    await self.server.undo(till, one.redemption_id, self.now)

    # ------------------------------------------------------------------------------------------------ what must hold

    async def check(self, everything: psycopg.AsyncConnection[Any]) -> None:
        """See that every sale is there once, and that no protected discount was given twice or is unpaid."""
        network = self.server.network_id
        rows = await everything.execute(
            "SELECT receipt, count(*) FROM sale WHERE network_id = %s AND receipt = ANY(%s) GROUP BY receipt",
            (network, self.receipts),
        )
        recorded = dict(await rows.fetchall())
        wrong = [(receipt, recorded.get(receipt, 0)) for receipt in self.receipts if recorded.get(receipt, 0) != 1]
        if wrong:
            raise Doubled(f"{len(wrong)} of {len(self.receipts)} sales are not recorded once: {wrong[:3]}")
        vouchers = [slip.voucher_id for slip in self.slips]
        rows = await everything.execute(
            """
            SELECT s.receipt, r.voucher_id FROM redemption r
            JOIN sale s ON s.network_id = r.network_id AND s.id = r.sale_id
            LEFT JOIN reversal v ON v.network_id = r.network_id AND v.redemption_id = r.id
            WHERE r.network_id = %s AND r.voucher_id = ANY(%s) AND v.id IS NULL
            """,
            (network, vouchers),
        )
        paid = set(await rows.fetchall())
        rows = await everything.execute(
            """
            SELECT s.receipt, l.rule, l.loss_minor FROM offline_loss l
            JOIN sale s ON s.network_id = l.network_id AND s.id = l.sale_id
            WHERE l.network_id = %s AND l.voucher_id = ANY(%s)
            """,
            (network, vouchers),
        )
        lost = {receipt: (rule, loss) for receipt, rule, loss in await rows.fetchall()}
        self.judge(paid, lost)

    def judge(self, paid: set[tuple[str, UUID]], lost: dict[str, tuple[str, int]]) -> None:
        """Compare what guests walked away with, and what the engine has paid for."""
        if (most := Counter(voucher for _, voucher in paid).most_common(1)) and most[0][1] > 1:
            raise Doubled(f"voucher {most[0][0]} is redeemed {most[0][1]} times")
        protected: Counter[UUID] = Counter()
        for one in self.giveaways:
            is_paid = (one.receipt, one.slip.voucher_id) in paid
            if self.is_protected(one):
                protected[one.slip.voucher_id] += 1
                if not is_paid:
                    raise Doubled(f"a {one.kind} discount is not paid: {lost.get(one.receipt)}")
            elif not is_paid and (lost.get(one.receipt, ("", 0))[0] not in NOT_PAID or lost[one.receipt][1] != FACE):
                raise Doubled(f"a {one.kind} discount that nobody pays is not noted: {lost.get(one.receipt)}")
            self.counts["protected" if self.is_protected(one) else "at own risk"] += 1
            self.counts["paid" if is_paid else "lost"] += 1
        if protected and max(protected.values()) > 1:
            raise Doubled("a voucher was given twice by right")

    def is_protected(self, one: Giveaway) -> bool:
        """Say whether the protocol promises that this discount is paid: redeemed at once, or arrived within grace."""
        if one.kind == "online":
            return True
        if one.kind != "leased" or one.lease is None or one.lease.id in self.revoked:
            return False
        return one.arrived_at is not None and one.arrived_at < one.lease.free_at


async def open_street(database: Database) -> Street:
    """Open a town: its merchants differ in what they accept, and in how long they wait for what tills send."""
    async with database.unit(uuid4(), now=START) as uow:
        town = await open_town(uow)
        for merchant in town.merchants:
            await deposit(uow, merchant, 10**10)
        offer = Offer(kind="cash", face=FACE, funder=town.merchants[0], id=uuid4(), days=3)
        await publish_offers(uow, town, [offer])
        rules = dict(
            zip(
                town.merchants,
                (
                    OfflineRule(accept_anyway=True, grace=timedelta(hours=12)),
                    OfflineRule(grace=timedelta(hours=2), most_leases=6),
                    OfflineRule(accept_anyway=True, most_value_minor=4 * FACE),
                ),
                strict=True,
            )
        )
        for merchant, rule in rules.items():
            await change_offline_rule(uow, merchant, rule)
    return Street(town, offer, Server(database, town.network), rules)


async def schedule(street: Street, number: int) -> Schedule:
    """Return the schedule of a number: other tills and vouchers in days of their own, in the same town."""
    dice = random.Random(number)
    street.grown += 1
    now = START + timedelta(days=12 * street.grown)
    shops = street.town.shops
    tills = [
        Till(uuid7(now), shop := dice.choice(shops), street.rules[shop.merchant].accept_anyway, skew=_skew(dice))
        for _ in range(TILLS)
    ]
    database = street.server.database
    ids = await grant_many(database, street.town, street.offer, [None] * VOUCHERS, now=now)
    async with database.unit(street.server.network_id) as uow:
        slips = [Slip(one.id, one.secret, FACE) for one in await read_vouchers(uow, ids)]
    made = Schedule(street, dice, now, tills, sorted(slips, key=lambda one: ids.index(one.voucher_id)))
    for till in tills:
        made.contact(till)
    return made


def _skew(dice: random.Random) -> timedelta:
    return timedelta(seconds=dice.choice((0, 0, 2, -40, 599, -600, 86_400, -259_200)))


@dataclass(slots=True)
class World:
    """A pool, and a connection that sees everything."""

    database: Database
    everything: psycopg.AsyncConnection[Any]

    async def explore(self, first: int, count: int, *, key_per_attempt: bool = False) -> Counter[str]:
        """Run schedules, check each, and return how often what happened."""
        counts: Counter[str] = Counter()
        street: Street | None = None
        for number in range(first, first + count):
            if street is None or street.grown >= PER_TOWN:
                street = await open_street(self.database)
                street.server.key_per_attempt = key_per_attempt
            one = await schedule(street, number)
            try:
                await one.run()
                await one.check(self.everything)
            except BaseException as error:
                error.add_note(f"RINGMAIN_TEST_SEED={number}")
                raise
            counts += one.counts
            counts["sales"] += len(one.receipts)
            if street.grown == PER_TOWN or number == first + count - 1:
                await self.audit(street)
        return counts

    async def audit(self, street: Street) -> None:
        """See that money and vouchers of a town agree."""
        async with self.database.unit(street.server.network_id) as uow:
            assert [one for one in await sums(uow) if one.sum_minor] == []
            for name, look in AUDITS:
                assert (name, list((await look(uow))[1])) == (name, [])


@pytest.fixture
async def world(database_urls: Urls) -> AsyncIterator[World]:
    """Give a pool and an all-seeing connection."""
    async with (
        Database(database_urls.application_url, connections=8) as database,
        await psycopg.AsyncConnection.connect(database_urls.migration_url, autocommit=True) as everything,
    ):
        yield World(database, everything)


@pytest.mark.timeout(300)
async def test_no_leased_voucher_is_doubled_and_queued_sales_arrive_once(world: World) -> None:
    """Whatever is cut, lost, sent again or set wrong, sales arrive once and what a lease allowed is paid."""
    counts = await world.explore(int(os.environ.get("RINGMAIN_TEST_SEED", "20260302")), 6)
    assert counts["sales"] > 300
    # The schedules still meet what they are about.
    for what in ("lent", "leased", "anyway", "needs network", "no answer", "voucher_leased", "protected", "lost"):
        assert counts[what] > 0, what


@pytest.mark.long
@pytest.mark.timeout(14_400)
async def test_two_thousand_schedules(world: World) -> None:
    """Two thousand schedules that are others every time; the number of one that fails is shown."""
    first = int(os.environ.get("RINGMAIN_TEST_SEED", str(random.randrange(10**9))))
    count = int(os.environ.get("RINGMAIN_TEST_SCHEDULES", "2000"))
    counts = await world.explore(first, count)
    # Shown with `-s`; it is the figure that is published.
    print(f"{count} schedules from {first}: {dict(counts)}")  # noqa: T201


# ------------------------------------------------------------------------------------------------------- controls


@pytest.mark.timeout(300)
async def test_control_without_the_lease_check_the_database_refuses(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the check taken out of the decision, another till redeems a leased voucher, and its commit fails."""
    monkeypatch.setattr(Book, "_check_lease", lambda *_: None)
    with pytest.raises(psycopg.errors.CheckViolation):
        await world.explore(20_260_302, 6)


@pytest.mark.timeout(300)
async def test_control_leases_that_keep_nobody_off_double_vouchers(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With vouchers lent for no time, as a lease check that is off would have it, the schedules find doubled ones."""
    text: str = lease_store._LEND_VOUCHERS
    off = text.replace("lease_free_at = t.free", "lease_free_at = t.free - interval '30 days'")
    assert off != text
    monkeypatch.setattr(lease_store, "_LEND_VOUCHERS", off)
    with pytest.raises(Doubled, match=r"is not paid|given twice"):
        await world.explore(20_260_302, 6)


@pytest.mark.timeout(300)
async def test_control_a_key_per_attempt_records_sales_twice(world: World) -> None:
    """With a key made anew for every attempt, a lost answer makes a second sale."""
    with pytest.raises(Doubled, match=r"recorded once|another answer"):
        await world.explore(20_260_302, 3, key_per_attempt=True)
