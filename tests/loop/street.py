"""A street for the tests of a merchant's figures: a network whose merchants have a shop and money each."""

import uuid
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from ringmain.kit.db import Database, UnitOfWork
from ringmain.kit.pure.ids import uuid7
from ringmain.ledger import api as ledger
from ringmain.network import api as network
from ringmain.network.api import MerchantAccount, NewMerchant, NewShop
from ringmain.sale.model import NewSale, Recorded, VoucherUse
from ringmain.sale.record import record
from ringmain.voucher import api as voucher
from ringmain.voucher.api import Grant, Granted, NewOffer, PublishedOffer, Terms

NOW = datetime(2026, 3, 10, 7, 0, tzinfo=UTC)  # A Tuesday, 15:00 in Shanghai.
DAY = timedelta(days=1)
ZONE = "Asia/Shanghai"
DEPOSIT_MINOR = 100_000
NAMES = ("Tea", "Noodle", "Bakery", "Books")


@dataclass(slots=True)
class Street:
    """One network of its own for one test; the first merchant is the one whose figures are looked at."""

    database: Database
    network_id: UUID
    merchants: list[UUID]
    shops: list[UUID]

    @property
    def tea(self) -> UUID:
        """The merchant whose figures are looked at."""
        return self.merchants[0]

    def unit(self, at: datetime = NOW) -> AbstractAsyncContextManager[UnitOfWork]:
        """Open a unit of work of the network at a moment."""
        return self.database.unit(self.network_id, now=at)

    def console(self, merchant_id: UUID, at: datetime = NOW) -> AbstractAsyncContextManager[UnitOfWork]:
        """Open a unit of work as a merchant's console reads: its own rows only."""
        return self.database.unit(self.network_id, role="app_merchant", merchant_id=merchant_id, now=at)

    async def publish(self, at: datetime = NOW - 20 * DAY, merchant: int = 0, **changes: Any) -> PublishedOffer:
        """Publish an offer of a merchant: 2.00 in cash for 60 days, where nothing else is said."""
        stock = changes.pop("stock", None)
        terms = Terms(**{"kind": "cash", "currency": "CNY", "face_minor": 200, "valid_days": 60, **changes})
        owner = self.merchants[merchant]
        offer = NewOffer(creator_merchant_id=owner, funder_id=owner, name="Two off", terms=terms, stock=stock)
        async with self.unit(at) as uow:
            answer = (await voucher.publish(uow, [offer]))[0]
        assert isinstance(answer, PublishedOffer), answer
        return answer

    async def win(self, offer: PublishedOffer, person: UUID, at: datetime, won_at: int | None = None) -> Granted:
        """Grant a voucher to a person, won at a shop."""
        shop = None if won_at is None else self.shops[won_at]
        async with self.unit(at) as uow:
            grant = Grant(offer_id=offer.id, at=at, subject_id=person, sender_shop_id=shop)
            answer = (await voucher.grant(uow, [grant]))[0]
        assert isinstance(answer, Granted), answer
        return answer

    async def buy(
        self, shop: int, at: datetime, person: UUID | None, total_minor: int, with_: Granted | None = None
    ) -> Recorded:
        """Record a sale at a shop, with a voucher where one is given."""
        sale = NewSale(
            id=uuid7(at),
            shop_id=self.shops[shop],
            merchant_id=self.merchants[shop],
            subject_id=person,
            sold_at=at,
            decided_at=at,
            total_minor=total_minor,
            currency="CNY",
            vouchers=(VoucherUse(with_.voucher_id),) if with_ else (),
        )
        async with self.unit(at) as uow:
            answer = (await record(uow, [sale]))[0]
        assert isinstance(answer, Recorded), answer
        return answer

    async def reverse(self, recorded: Recorded, at: datetime) -> None:
        """Undo the redemption of a sale."""
        id_ = recorded.redemptions[0].redemption_id
        async with self.unit(at) as uow:
            (answer,) = await voucher.apply(uow, [voucher.Reverse(uuid7(at), id_, None, at, "returned goods")])
        assert isinstance(answer, voucher.Reversed), answer

    async def balance(self, merchant: int, code: MerchantAccount) -> int:
        """Return one balance of a merchant, counted from the ledger."""
        account = ledger.account_id(self.network_id, self.merchants[merchant], code, "CNY")
        async with self.unit() as uow:
            return (await ledger.balances(uow, [account]))[0].balance_minor


def somebody() -> UUID:
    """Return the subject of a person nobody has seen yet."""
    return uuid7(NOW)


@asynccontextmanager
async def street(application_url: str, opened_at: datetime = NOW - 60 * DAY) -> AsyncIterator[Street]:
    """Open a network with four merchants that have 1,000.00 each."""
    network_id = uuid.uuid4()
    async with Database(application_url) as database:
        async with database.unit(network_id, now=opened_at) as uow:
            await network.open_network(uow, "Street", "CNY", ZONE)
            merchants = [one.id for one in await network.open_merchants(uow, [NewMerchant(name) for name in NAMES])]
            shops = await network.open_shops(
                uow,
                [
                    NewShop(id_, name, name.lower(), 30.2, 120.1, ZONE)
                    for id_, name in zip(merchants, NAMES, strict=True)
                ],
            )
            for id_ in merchants:
                await network.make_deposit(uow, id_, DEPOSIT_MINOR, "CNY", "opening balance")
        yield Street(database, network_id, merchants, [shop.id for shop in shops])
