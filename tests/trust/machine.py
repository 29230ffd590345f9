"""A Hypothesis state machine that does the same things to the engine and to the reference, and compares after each."""

import asyncio
import random
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import Any, ClassVar
from uuid import UUID

import msgspec
import psycopg
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from msgspec import structs

from ringmain.kit.db import Database, UnitOfWork
from ringmain.kit.idempotency import Keyed, answer_once
from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.pure.ids import uuid7
from ringmain.ledger.api import account_id, guard_differences, sums
from ringmain.network.api import MerchantAccount
from ringmain.sale.model import NewSale, Recorded, RedemptionAnswer, Tender, VoucherUse
from ringmain.sale.record import record
from ringmain.sale.reverse import ReversalAnswer, reverse
from ringmain.voucher.api import Close, Ended, Grant, Granted, Reverse, Reversed, apply, grant
from ringmain.voucher.expire import sweep
from tests.trust.reference import Offer, Purse, Reference, Refused, Sale, Spent, Use
from tests.trust.town import CURRENCY, START, Town, deposit, offers_of, open_town, publish_offers

DICE = st.integers(0, 2**32 - 1)
FULL_EVERY = 50
PURSES = {
    "available": MerchantAccount.AVAILABLE,
    "held": MerchantAccount.HELD,
    "payable": MerchantAccount.PAYABLE,
    "fees": MerchantAccount.FEES,
    "cash": MerchantAccount.CASH,
}
# What a step may have changed, in one query: by the time that its ids carry, and by the vouchers that it touched.
_DELTA = """
    SELECT jsonb_build_object(
        'moved', (SELECT jsonb_object_agg(account, net) FROM (
            SELECT account, sum(amount) AS net FROM (
                SELECT debit_account_id AS account, -amount_minor AS amount FROM ledger_transfer
                WHERE network_id = %(n)s AND id >= %(since)s
                UNION ALL SELECT credit_account_id, amount_minor FROM ledger_transfer
                WHERE network_id = %(n)s AND id >= %(since)s) AS e GROUP BY account) AS s WHERE net <> 0),
        'guards', (SELECT jsonb_object_agg(account_id, available_minor) FROM ledger_guard
                   WHERE network_id = %(n)s AND available_minor <> 0),
        'used', (SELECT jsonb_agg(jsonb_build_array(offer_id, scope, scope_key, used)) FROM voucher_limit
                 WHERE network_id = %(n)s AND used <> 0),
        'stock', (SELECT jsonb_object_agg(id, stock) FROM offer WHERE network_id = %(n)s AND stock IS NOT NULL),
        'rows', jsonb_build_array(
            (SELECT count(*) FROM sale WHERE network_id = %(n)s AND id >= %(since)s),
            (SELECT count(*) FROM redemption WHERE network_id = %(n)s AND id >= %(since)s),
            (SELECT count(*) FROM reversal WHERE network_id = %(n)s AND id >= %(since)s),
            (SELECT count(*) FROM voucher_end WHERE network_id = %(n)s AND id >= %(since)s),
            (SELECT count(*) FROM voucher WHERE network_id = %(n)s AND id >= %(since)s)),
        'vouchers', (SELECT jsonb_object_agg(id, jsonb_build_array(
                encode(secret, 'hex'), subject_id, remaining_minor, held_minor, uses, coalesce(closed, ''),
                (extract(epoch FROM valid_until) * 1000)::bigint))
            FROM voucher WHERE network_id = %(n)s AND (%(all)s OR id = ANY(%(ids)s)))
    )
"""
# The rows that a step adds, in the order of the query.
ROWS = ("sales", "redemptions", "reversals", "ends", "vouchers")
SALES, REDEMPTIONS, REVERSALS, ENDS, VOUCHERS = range(5)
TILL = UUID(int=1)
# By how often they happen; one rule with a choice, because Hypothesis switches rules off for whole runs.
ACTIONS = (
    *["sales"] * 9,
    *["grants"] * 4,
    *["reversals"] * 3,
    *["deposits"] * 2,
    *["ends", "sweeps", "retries", "broken_off"],
)


class Divergence(AssertionError):
    """The engine and the reference disagree."""


@dataclass
class World:
    """What all runs share: a loop, the application's pool, and a connection that sees everything."""

    runner: asyncio.Runner
    database: Database
    everything: psycopg.Connection[Any]
    steps: int = 0
    transactions: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)

    def run(self, work: Awaitable[Any]) -> Any:
        """Run something on the loop to its end."""

        async def whole() -> Any:
            return await work

        return self.runner.run(whole())


@dataclass(frozen=True, slots=True)
class Sent:
    """A request that a till may send again, and what it was answered."""

    keyed: Keyed[NewSale]
    answer: Any


class TownMachine(RuleBasedStateMachine):
    """One network; every rule is one transaction with one or more operations, each of which is a step."""

    world: ClassVar[World]

    def __init__(self) -> None:
        super().__init__()
        self.network = uuid.uuid4()
        self.now = START
        self.since_full = 0
        self.turn = 0
        self.sent: list[Sent] = []
        self.touched: set[UUID] = set()
        self.rows = [0] * 5
        self.before: dict[Purse, int] = {}

    # ------------------------------------------------------------------------------------------------- the beginning

    @initialize(dice=DICE)
    def open(self, dice: int) -> None:
        """Open the town with little money, so that some of it runs out."""
        self.town: Town = self.world.run(self._unit(open_town))
        offers = offers_of(self.town)
        self.world.run(self._unit(lambda uow: publish_offers(uow, self.town, offers)))
        self.real = Reference(self.network, {offer.id: offer for offer in offers})
        self.real.stock = {offer.id: offer.stock for offer in offers if offer.stock is not None}
        self.real.credit = {self.town.merchants[2]: 1_500}
        for holder in (*self.town.merchants, self.network):
            self._tick(dice)
            self._deposit(holder, 3_000)
        self.grants(self._tick(dice))

    @rule(action=st.sampled_from(ACTIONS), dice=DICE)
    def happens(self, action: str, dice: int) -> None:
        """One of the actions below, with everything else thrown by dice."""
        getattr(self, action)(self._tick(dice))

    async def _unit(self, work: Callable[[UnitOfWork], Awaitable[Any]]) -> Any:
        self.world.transactions += 1
        async with self.world.database.unit(self.network, now=self.now) as uow:
            return await work(uow)

    # --------------------------------------------------------------------------------------------------------- money

    def deposits(self, chance: random.Random) -> None:
        """A funder brings money in."""
        self._deposit(chance.choice([*self.town.merchants, self.network]), chance.randrange(1, 4_000))

    def _deposit(self, holder: UUID, amount: int) -> None:
        self._begin()
        self.world.run(self._unit(lambda uow: deposit(uow, holder, amount)))
        self.real.deposit(holder, amount)
        self._compare(1)

    # -------------------------------------------------------------------------------------------------------- grants

    def grants(self, chance: random.Random) -> None:
        """Vouchers are granted, to members or to whoever carries the code."""
        self._begin()
        offers = list(self.real.offers.values())
        wanted = [(chance.choice(offers), self._who(chance)) for _ in range(chance.randint(1, 4))]
        items = [Grant(offer_id=offer.id, at=self.now, subject_id=who) for offer, who in wanted]
        answers = self.world.run(self._unit(lambda uow: grant(uow, items)))
        for (offer, who), answer in zip(wanted, answers, strict=True):
            self._same(answer, self._grant, offer, who, answer)
        self._compare(len(items))

    def _grant(self, offer: Offer, who: UUID | None, answer: Any) -> Any:
        id_ = answer.voucher_id if isinstance(answer, Granted) else uuid7(self.now)
        voucher = self.real.grant(offer, who, self.now, id_)
        self.touched.add(voucher.id)
        self.rows[VOUCHERS] += 1
        return Granted(id_, offer.id, who, offer.face, CURRENCY, voucher.begins, voucher.ends)

    # --------------------------------------------------------------------------------------------------------- sales

    def sales(self, chance: random.Random) -> None:
        """Tills record sales, several in one transaction, with no voucher, one or several."""
        self._begin()
        wanted = [self._sale(chance) for _ in range(chance.choice((1, 1, 2, 3)))]
        keyed = [Keyed(TILL, uuid.uuid4().hex, b"0" * 16, self._new_sale(one)) for one in wanted]
        answers = self.world.run(self._unit(lambda uow: answer_once(uow, 1, keyed, record, Recorded)))
        for one, request, answer in zip(wanted, keyed, answers, strict=True):
            self._same(answer, self._sell, one, request.item, answer)
            self.sent.append(Sent(request, answer))
        self._compare(len(wanted))

    def _sell(self, sale: Sale, new: NewSale, answer: Any) -> Any:
        spent: Spent = self.real.sell(sale, self.now)
        self.touched.update(part.voucher for part in spent)
        self.rows[SALES] += 1
        self.rows[REDEMPTIONS] += len(spent)
        made = answer.redemptions if isinstance(answer, Recorded) else ()
        told: list[RedemptionAnswer] = []
        for part, one in zip_longest(spent, made):
            if part is None or one is None:
                raise Divergence(f"{len(spent)} vouchers were to be spent: {answer}")
            offer = self.real.vouchers[part.voucher].offer
            told.append(RedemptionAnswer(one.redemption_id, part.voucher, offer.id, part.amount, part.left, CURRENCY))
            self.real.note(one.redemption_id, part, sale)
        redeemed = sum(part.amount for part in spent)
        total = redeemed if sale.total is None else sale.total
        left = total - redeemed
        return Recorded(new.id, self.now, total, redeemed, left, CURRENCY, tuple(told), sale.subject is not None)

    def _sale(self, chance: random.Random) -> Sale:
        shop = chance.choice(self.town.shops)
        merchant = chance.choice((None, *[shop.merchant] * 6, self.town.merchants[0]))
        total = None if chance.random() < 0.15 else chance.choice((0, -300, 49, 120, 333, 999, 1_000, 2_500))
        subject = self._who(chance)
        uses: list[Use] = []
        for _ in range(chance.choice((0, 1, 1, 1, 1, 1, 2, 2, 3))):
            use, holder = self._use(chance)
            if use.voucher not in {one.voucher for one in uses} or chance.random() < 0.1:
                uses.append(use)
            # Most of the time the right person stands there.
            subject = holder if holder is not None and chance.random() < 0.85 else subject
        best = total is not None and chance.random() < 0.25
        sale = Sale(shop=shop, merchant=merchant, subject=subject, total=total, uses=tuple(uses), best=best)
        if total is not None and chance.random() < 0.25:
            # Tenders that add up, and some that do not.
            paid = total - chance.choice((0, 120, self.real.quote(sale, self.now), self.real.quote(sale, self.now)))
            sale = replace(sale, paid=paid)
        return sale

    def _use(self, chance: random.Random) -> tuple[Use, UUID | None]:
        vouchers = list(self.real.vouchers.values())
        if not vouchers or chance.random() < 0.02:
            return Use(voucher=uuid.uuid4(), secret=b"x" * 16), None
        open_ = [one for one in vouchers if not one.closed]
        alive, late = ([one for one in open_ if (one.ends > self.now) == yes] for yes in (True, False))
        # Those that have ended and that no sweep has closed yet are few, and somebody brings them.
        likely = late if late and chance.random() < 0.1 else alive
        voucher = chance.choice(likely if likely and chance.random() < 0.8 else vouchers)
        secret = None
        if voucher.holder is None or chance.random() < 0.5:
            secret = b"x" * 16 if chance.random() < 0.03 else voucher.secret
        amount = None
        if chance.random() < (0.5 if voucher.offer.kind == "gift" else 0.03):
            amount = chance.choice((1, 50, 333, max(voucher.left, 1), voucher.left + 1))
        return Use(voucher=voucher.id, secret=secret, amount=amount), voucher.holder

    def _new_sale(self, sale: Sale) -> NewSale:
        return NewSale(
            id=uuid7(self.now),
            shop_id=sale.shop.id,
            merchant_id=sale.merchant,
            subject_id=sale.subject,
            total_minor=sale.total,
            currency=None if sale.total is None else CURRENCY,
            tenders=() if sale.paid is None else (Tender("cash", sale.paid),),
            vouchers=tuple(VoucherUse(use.voucher, use.secret, use.amount) for use in sale.uses),
            apply_best=sale.best,
        )

    def retries(self, chance: random.Random) -> None:
        """A till sends old requests again, one of them with another content: the first answers, and nothing happens."""
        if not self.sent:
            return
        self._begin()
        chosen = [chance.choice(self.sent[-40:]) for _ in range(3)]
        keyed = [*(one.keyed for one in chosen), structs.replace(chosen[0].keyed, payload_hash=b"1" * 16)]
        answers = self.world.run(self._unit(lambda uow: answer_once(uow, 1, keyed, record, Recorded)))
        for one, answer in zip(chosen, answers, strict=False):
            self._require(_plain(answer), _plain(one.answer), "a retry")
        self._require(getattr(answers[3], "code", None), "idempotency_key_reused", "another content")
        self._compare(len(keyed))

    def broken_off(self, chance: random.Random) -> None:
        """A transaction that did something fails before its commit: nothing of it remains."""
        self._begin()
        sales = [self._new_sale(self._sale(chance)) for _ in range(2)]
        offers = list(self.real.offers.values())
        items = [Grant(offer_id=chance.choice(offers).id, at=self.now, subject_id=self.town.subjects[0])]

        async def break_off(uow: UnitOfWork) -> None:
            await record(uow, sales)
            await grant(uow, items)
            # What was only sent so far has to succeed, or the step would prove nothing.
            await sums(uow)
            raise ZeroDivisionError

        with suppress(ZeroDivisionError):
            self.world.run(self._unit(break_off))
        self._compare(1)

    # ------------------------------------------------------------------------------------------- reversals and ends

    def reversals(self, chance: random.Random) -> None:
        """Tills undo redemptions, some twice, some of another merchant."""
        if not self.real.redemptions:
            return
        self._begin()
        wanted = [self._reverse(chance) for _ in range(chance.randint(1, 3))]
        answers = self.world.run(self._unit(lambda uow: reverse(uow, wanted)))
        for one, answer in zip(wanted, answers, strict=True):
            self._same(answer, self._reversal, one)
        self._compare(len(wanted))

    def _reverse(self, chance: random.Random) -> Reverse:
        past = list(self.real.redemptions.values())
        one = chance.choice(past[-10:] if chance.random() < 0.7 else past)
        id_ = uuid.uuid4() if chance.random() < 0.02 else one.id
        merchant = chance.choice((None, one.merchant, one.merchant, self.town.merchants[0]))
        return Reverse(uuid7(self.now), id_, merchant, self.now, "wrong voucher")

    def _reversal(self, one: Reverse) -> ReversalAnswer:
        lives = self.real.reverse(one.redemption_id, one.merchant_id, self.now)
        past = self.real.redemptions[one.redemption_id]
        self.touched.add(past.voucher.id)
        self.rows[REVERSALS] += 1
        return ReversalAnswer(
            one.id, past.id, past.voucher.id, past.amount, CURRENCY, revived=lives, reversed_at=self.now
        )

    def ends(self, chance: random.Random) -> None:
        """Vouchers are taken back or expire one by one, in one transaction with reversals."""
        if not self.real.vouchers:
            return
        self._begin()
        wanted: list[Close | Reverse] = []
        for _ in range(chance.randint(1, 3)):
            if self.real.redemptions and chance.random() < 0.4:
                wanted.append(self._reverse(chance))
            else:
                used = [one.voucher.id for one in self.real.redemptions.values() if not one.voucher.closed]
                voucher = chance.choice(used if used and chance.random() < 0.5 else list(self.real.vouchers))
                wanted.append(Close(uuid7(self.now), voucher, self.now, chance.choice(("void", "expired", "expired"))))
        answers = self.world.run(self._unit(lambda uow: apply(uow, wanted)))
        for one, answer in zip(wanted, answers, strict=True):
            if isinstance(one, Close):
                self._same(answer, self._end, one)
            else:
                self._same(_as_told(answer), self._reversal, one)
        self._compare(len(wanted))

    def _end(self, one: Close) -> Ended:
        released = self.real.close(one.voucher_id, one.how, self.now)
        self.touched.add(one.voucher_id)
        self.rows[ENDS] += 1
        funder = self.real.vouchers[one.voucher_id].offer.funder
        return Ended(one.id, one.voucher_id, funder, released, CURRENCY, self.now, one.how)

    def sweeps(self, chance: random.Random) -> None:
        """Time passes, and the sweep closes every voucher whose time is over."""
        self.now += timedelta(hours=chance.choice((1, 24, 24 * 4)))
        self._begin()
        closed = self.world.run(sweep(self.world.database, self.network, now=self.now))
        over = [one.id for one in self.real.vouchers.values() if not one.closed and one.ends <= self.now]
        for id_ in over:
            self.real.close(id_, "expired", self.now)
        self.touched.update(over)
        self.rows[ENDS] += len(over)
        self._require(closed, len(over), "swept")
        self._compare(1)

    # ---------------------------------------------------------------------------------------------------- comparing

    def _tick(self, dice: int) -> random.Random:
        """Let some time pass, at least a millisecond, so that ids tell which step made them."""
        self.turn += 1
        # Hypothesis likes small numbers: the turn makes equal throws of the dice differ.
        chance = random.Random(f"{dice} {self.turn}")
        self.now += timedelta(milliseconds=chance.choice((1, 1_000, 60_000, 1_200_000, 3_600_000, 5 * 3_600_000)))
        return chance

    def _who(self, chance: random.Random) -> UUID | None:
        return chance.choice([None, *self.town.subjects])

    def _begin(self) -> None:
        self.before = dict(self.real.money)
        self.touched = set()
        self.rows = [0] * 5

    def _require(self, told: object, expected: object, what: str) -> None:
        if told != expected:
            raise Divergence(f"{what}: the engine says {told}, the reference {expected}")

    def _same(self, answer: Any, happen: Callable[..., Any], *arguments: Any) -> None:
        """Let something happen in the reference and compare: the whole answer, or the code of the refusal."""
        try:
            expected = happen(*arguments)
        except Refused as refusal:
            code = str(refusal)
            self.world.refusals[code] += 1
            self._require(getattr(answer, "code", answer), code, "a refusal")
        else:
            self._require(answer, expected, "an answer")

    def _compare(self, steps: int) -> None:
        """Compare what this transaction changed; now and then, everything."""
        self.world.steps += steps
        self.since_full += steps
        delta = Counter(self.real.money)
        delta.subtract(self.before)
        told = self._told(since=_first_id(self.now), ids=sorted(self.touched), everything=False)
        self._require(told["moved"], self._accounts(delta), "money moved")
        for name, count in zip(ROWS, self.rows, strict=True):
            self.world.done[name] += count
        self._require(told["rows"], self.rows, "rows of sales, redemptions, reversals, ends, vouchers")
        for id_ in self.touched:
            self.real.vouchers[id_].secret = bytes.fromhex(told["vouchers"][str(id_)].pop(0))
        self._require(told["vouchers"], self._vouchers(self.touched), "vouchers")
        available = {purse: amount for purse, amount in self.real.money.items() if purse[1] == "available"}
        self._require(told["guards"], self._accounts(available), "what can be spent")
        used = sorted([str(offer), scope, key, count] for (offer, scope, key), count in self.real.used.items() if count)
        self._require(sorted(told["used"] or []), used, "counted limits")
        self._require(told["stock"], {str(id_): left for id_, left in self.real.stock.items()}, "stock")
        if self.since_full >= FULL_EVERY:
            self.since_full = 0
            self._compare_everything()

    def _compare_everything(self) -> None:
        told = self._told(since=UUID(int=0), ids=[], everything=True)
        self._require(told["moved"], self._accounts(self.real.money), "all balances")
        for row in told["vouchers"].values():
            row.pop(0)
        self._require(told["vouchers"], self._vouchers(self.real.vouchers), "all vouchers")
        behind: Counter[UUID] = Counter()
        for voucher in self.real.vouchers.values():
            behind[voucher.offer.funder] += voucher.behind
        for holder in (*self.town.merchants, self.network):
            self._require(behind[holder], self.real.money[holder, "held"], "money behind open vouchers")

        async def check(uow: UnitOfWork) -> None:
            self._require([one.sum_minor for one in await sums(uow)], [0], "the sum of the ledger")
            self._require(await guard_differences(uow), [], "guarded balances against their transfers")

        self.world.run(self._unit(check))

    def _told(self, *, since: UUID, ids: Sequence[UUID], everything: bool) -> dict[str, Any]:
        params = {"n": self.network, "since": since, "ids": list(ids), "all": everything}
        row = self.world.everything.execute(_DELTA, params).fetchone()
        assert row is not None
        told: dict[str, Any] = row[0]
        return {name: {} if value is None else value for name, value in told.items()}

    def _accounts(self, purses: Mapping[Purse, int]) -> dict[str, int]:
        return {
            str(account_id(self.network, holder, PURSES[name], CURRENCY)): amount
            for (holder, name), amount in purses.items()
            if amount
        }

    def _vouchers(self, ids: Iterable[UUID]) -> dict[str, list[Any]]:
        rows: dict[str, list[Any]] = {}
        for id_ in ids:
            one = self.real.vouchers[id_]
            holder = str(one.holder) if one.holder else None
            ends = round(one.ends.timestamp() * 1000)
            rows[str(id_)] = [holder, one.left, one.behind, one.uses, one.closed or "", ends]
        return rows

    def teardown(self) -> None:
        """Compare everything at the end of a run."""
        if hasattr(self, "real"):
            self._compare_everything()


def _plain(answer: Any) -> Any:
    content = {answer.code: answer.facts} if isinstance(answer, RuleBroken) else answer
    return msgspec.json.decode(msgspec.json.encode(content))


def _as_told(answer: Any) -> Any:
    """Return a reversal as tills are told of it."""
    if not isinstance(answer, Reversed):
        return answer
    return ReversalAnswer(
        answer.id,
        answer.redemption_id,
        answer.voucher_id,
        answer.amount_minor,
        answer.currency,
        answer.revived,
        answer.at,
    )


def _first_id(at: datetime) -> UUID:
    """The smallest UUIDv7 of a millisecond."""
    return UUID(int=round(at.timestamp() * 1000) << 80)
