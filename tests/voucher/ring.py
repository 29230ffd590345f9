"""A small ring for the tests of vouchers: one network, two merchants with a shop and money each."""

import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from ringmain.kit.db import Database, UnitOfWork
from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.pure.ids import uuid7
from ringmain.ledger import api as ledger
from ringmain.network import api as network
from ringmain.network.api import MerchantAccount, NewMerchant, NewShop
from ringmain.voucher import apply as applying
from ringmain.voucher import grant as granting
from ringmain.voucher import offers
from ringmain.voucher import points as giving
from ringmain.voucher.apply import Answer, Use
from ringmain.voucher.audit import AUDITS
from ringmain.voucher.model import Grant, Granted, NewOffer, PublishedOffer, Redeem, Redeemed, Redeemer, Reverse, Terms

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)  # A Monday, 11:00 in Berlin.
DAY = timedelta(days=1)
ZONE = "Europe/Berlin"
DEPOSIT_MINOR = 100_000
_FINGERPRINT = "SELECT count(*), md5(coalesce(string_agg(t::text, ',' ORDER BY t::text), ''))"
_TABLES = (
    "ledger_account",
    "ledger_guard",
    "ledger_transfer",
    "offer",
    "voucher",
    "redemption",
    "reversal",
    "voucher_limit",
    "mint",
    "voucher_end",
    "outbox",
)


@dataclass(frozen=True, slots=True)
class Money:
    """What a merchant has to spend, has set aside, and is owed."""

    available_minor: int
    held_minor: int
    payable_minor: int


@dataclass(slots=True)
class Ring:
    """One network of its own for one test: the bakery pays for vouchers, the cafe takes them."""

    database: Database
    network_id: UUID
    bakery: UUID
    cafe: UUID
    bakery_shop: UUID
    cafe_shop: UUID
    member: UUID
    other_member: UUID

    def unit(self, at: datetime = NOW) -> AbstractAsyncContextManager[UnitOfWork]:
        """Open a unit of work of this network at a moment."""
        return self.database.unit(self.network_id, now=at)

    def till(self) -> Redeemer:
        """Return the cafe's till."""
        return Redeemer(self.cafe, self.cafe_shop, None, ZONE)

    async def publish(self, stock: int | None = None, funder: UUID | None = None, **changes: Any) -> PublishedOffer:
        """Publish an offer of the bakery: 2.00 in cash for 14 days, where nothing else is said."""
        async with self.unit() as uow:
            answer = (await offers.publish(uow, [self.new_offer(stock, funder, **changes)], by_operator=True))[0]
        assert isinstance(answer, PublishedOffer), answer
        return answer

    def new_offer(self, stock: int | None = None, funder: UUID | None = None, **changes: Any) -> NewOffer:
        """Return the offer that `publish` publishes."""
        terms = Terms(**{"kind": "cash", "currency": "EUR", "face_minor": 200, "valid_days": 14, **changes})
        return NewOffer(
            creator_merchant_id=self.bakery, funder_id=funder or self.bakery, name="Two off", terms=terms, stock=stock
        )

    async def grant(self, offer: PublishedOffer, subject: UUID | None = None, at: datetime = NOW) -> Granted:
        """Grant one voucher to the member, or to another subject."""
        answers = await self.grant_all([Grant(offer_id=offer.id, at=at, subject_id=subject or self.member)], at)
        assert isinstance(answers[0], Granted), answers[0]
        return answers[0]

    async def grant_all(self, grants: Sequence[Grant], at: datetime = NOW) -> list[Granted | RuleBroken]:
        """Grant a batch in one transaction."""
        async with self.unit(at) as uow:
            return await granting.grant(uow, grants)

    def redeem(self, granted: Granted, at: datetime = NOW, **changes: Any) -> Redeem:
        """Return the action of the member spending a voucher at the cafe, identified."""
        fields = {"subject_id": granted.subject_id, "basket_minor": 1_000, "currency": "EUR", **changes}
        return Redeem(uuid7(at), granted.voucher_id, uuid7(at), self.till(), at, **fields)

    async def apply(self, requests: Sequence[Any], at: datetime = NOW) -> list[Answer]:
        """Decide requests in one transaction."""
        async with self.unit(at) as uow:
            return await applying.apply(uow, requests)

    async def spend(self, granted: Granted, at: datetime = NOW, **changes: Any) -> Redeemed:
        """Spend a voucher at the cafe, and return its redemption."""
        answer = (await self.apply([Use(all_of=(self.redeem(granted, at, **changes),))], at))[0]
        assert isinstance(answer, list), answer
        return answer[0]

    def reverse(self, redeemed: Redeemed, at: datetime = NOW) -> Reverse:
        """Return the action of the cafe undoing a redemption."""
        return Reverse(uuid7(at), redeemed.id, self.cafe, at, "returned goods")

    async def money(self, holder: UUID) -> Money:
        """Return the balances of a merchant or of the network, counted from the ledger."""
        codes = (MerchantAccount.AVAILABLE, MerchantAccount.HELD, MerchantAccount.PAYABLE)
        return Money(*[await self.balance(holder, code) for code in codes])

    async def balance(self, holder: UUID, code: MerchantAccount, currency: str = "EUR") -> int:
        """Return one balance, counted from the ledger."""
        account = ledger.account_id(self.network_id, holder, code, currency)
        async with self.unit() as uow:
            return (await ledger.balances(uow, [account]))[0].balance_minor

    async def fees(self) -> int:
        """Return the network's income."""
        return await self.balance(self.network_id, MerchantAccount.FEES)

    async def give_points(self, subject: UUID, points: int) -> None:
        """Give a member points that the bakery owes."""
        async with self.unit() as uow:
            await giving.give(uow, [giving.PointsGiven(uuid7(NOW), subject, self.bakery, points, NOW)])

    async def snapshot(self) -> dict[str, tuple[Any, ...]]:
        """Return a fingerprint of every table, to show that nothing happened."""
        found: dict[str, tuple[Any, ...]] = {}
        async with self.unit() as uow:
            for table in _TABLES:
                query: Any = f"{_FINGERPRINT} FROM {table} t"
                found[table] = await (await uow.connection.execute(query)).fetchone() or ()
        return found

    async def value(self, query: str, *params: Any) -> Any:
        """Return the first column of the first row of a query."""
        text: Any = query
        async with self.unit() as uow:
            row = await (await uow.connection.execute(text, params or None)).fetchone()
        return row[0] if row else None

    async def check(self) -> None:
        """Assert what must hold after every test: sums of zero, guards that agree, and money behind every voucher."""
        async with self.unit() as uow:
            assert {one.currency: one.sum_minor for one in await ledger.sums(uow) if one.sum_minor} == {}
            assert await ledger.guard_differences(uow) == []
            for name, audit in AUDITS:
                assert (name, list((await audit(uow))[1])) == (name, [])


@asynccontextmanager
async def small_ring(application_url: str) -> AsyncIterator[Ring]:
    """Open a network with two merchants that have 1,000.00 each."""
    network_id = uuid.uuid4()
    async with Database(application_url) as database:
        async with database.unit(network_id, now=NOW) as uow:
            await network.open_network(uow, "Ring", "EUR", ZONE)
            bakery, cafe = await network.open_merchants(uow, [NewMerchant("Bakery"), NewMerchant("Cafe")])
            place = ("food", 52.5, 13.4, ZONE)
            shops = await network.open_shops(
                uow, [NewShop(bakery.id, "Bakery", *place), NewShop(cafe.id, "Cafe", *place)]
            )
            for merchant in (bakery, cafe):
                await network.make_deposit(uow, merchant.id, DEPOSIT_MINOR, "EUR", "opening balance")
        members = (uuid7(NOW), uuid7(NOW))
        yield Ring(database, network_id, bakery.id, cafe.id, shops[0].id, shops[1].id, *members)
