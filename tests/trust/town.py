"""A town to test trust in: a network, three merchants with shops in three time zones, and offers of all kinds."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from ringmain.kit.db import Database, UnitOfWork
from ringmain.kit.pure.ids import uuid7
from ringmain.ledger.api import Transfer, account_id, available, post
from ringmain.network.api import (
    MerchantAccount,
    NetworkTransfer,
    NewMerchant,
    NewShop,
    make_deposit,
    open_merchants,
    open_network,
    open_shops,
)
from ringmain.voucher.api import Grant, Granted, NewOffer, Terms, grant, publish
from tests.trust.reference import Offer, Shop

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ZONES = ("Asia/Shanghai", "America/New_York", "UTC")
CURRENCY = "CNY"


@dataclass(slots=True)
class Town:
    """One network of its own."""

    network: UUID
    merchants: list[UUID]
    shops: list[Shop]
    subjects: list[UUID] = field(default_factory=lambda: [uuid.uuid4() for _ in range(4)])


async def open_town(uow: UnitOfWork, credit_minor: int = 1_500) -> Town:
    """Open the network of this transaction; the third merchant may spend on credit."""
    await open_network(uow, "Test street", CURRENCY, "UTC")
    merchants = await open_merchants(
        uow, [NewMerchant("A"), NewMerchant("B"), NewMerchant("C", credit_limit_minor=credit_minor)]
    )
    items = [NewShop(one.id, "shop", "bakery", 31.2, 121.5, zone) for one, zone in zip(merchants, ZONES, strict=True)]
    shops = [Shop(one.id, one.merchant_id, one.time_zone) for one in await open_shops(uow, items)]
    return Town(uow.network_id, [one.id for one in merchants], shops)


def offers_of(town: Town) -> list[Offer]:
    """Return offers of all kinds and conditions, with faces that do not divide evenly."""
    (a, b, c), network = town.merchants, town.network

    def offer(kind: str, face: int, funder: UUID, **terms: object) -> Offer:
        return Offer(kind=kind, face=face, funder=funder, id=uuid.uuid4(), **terms)  # type: ignore[arg-type]

    return [
        offer("cash", 500, a),
        offer("cash", 200, b, minimum=1_000, fee=30),
        offer("discount", 400, a, percent_bp=1_505, fee=20, grace_days=0),
        offer("gift", 1_000, c, fee=50, days=30),
        offer("gift", 701, b, fee=25, fee_at_minting=True, in_total=5),
        offer("bundle", 100, a, parts=3, fee=10),
        offer("exchange", 350, b, fee=5),
        offer("cash", 300, a, per_member=2, holder_only=True),
        offer("cash", 250, b, per_day=2, days=3),
        offer("cash", 150, c, in_total=3, per_member=2),
        offer("cash", 400, a, stock=4, combinable=False),
        offer("cash", 120, b, shop=town.shops[1].id, weekdays=(1, 2, 3, 5), from_minute=1_320, until_minute=120),
        offer("discount", 90, network, percent_bp=5_000, minimum=50, days=2, grace_days=1),
    ]


def terms_of(offer: Offer) -> Terms:
    """Say an offer in the engine's words."""
    return Terms(
        kind=offer.kind,  # type: ignore[arg-type]
        currency=CURRENCY,
        face_minor=offer.face,
        percent_bp=offer.percent_bp or None,
        parts=offer.parts,
        goods="a coffee" if offer.kind == "exchange" else None,
        fee_minor=offer.fee,
        fee_at="minting" if offer.fee_at_minting else "redemption",
        shop_ids=(offer.shop,) if offer.shop else (),
        minimum_minor=offer.minimum,
        weekdays=offer.weekdays,
        from_minute=offer.from_minute,
        until_minute=offer.until_minute,
        holder_only=offer.holder_only,
        per_member=offer.per_member,
        per_day=offer.per_day,
        in_total=offer.in_total,
        combinable=offer.combinable,
        valid_days=offer.days,
        grace_days=offer.grace_days,
    )


async def publish_offers(uow: UnitOfWork, town: Town, offers: Sequence[Offer]) -> None:
    """Publish offers; all of them make sense."""
    merchants = set(town.merchants)
    new = [
        NewOffer(
            creator_merchant_id=offer.funder if offer.funder in merchants else town.merchants[0],
            funder_id=offer.funder,
            name="offer",
            terms=terms_of(offer),
            stock=offer.stock,
            id=offer.id,
        )
        for offer in offers
    ]
    for answer in await publish(uow, new, by_operator=True):
        if isinstance(answer, Exception):
            raise answer


async def deposit(uow: UnitOfWork, holder: UUID, amount: int) -> None:
    """Bring money in: of a merchant through the use case, of the network itself as a transfer."""
    if holder != uow.network_id:
        await make_deposit(uow, holder, amount, CURRENCY, uuid.uuid4().hex)
        return
    network, at = uow.network_id, await uow.now()
    cash = account_id(network, network, MerchantAccount.CASH, CURRENCY)
    purse = account_id(network, network, MerchantAccount.AVAILABLE, CURRENCY)
    await available(uow, [purse])
    id_ = uuid7(at)
    await post(uow, [Transfer(id_, cash, purse, amount, CURRENCY, NetworkTransfer.DEPOSIT, id_, at)], {purse: amount})


async def open_street(database: Database, *offers: dict[str, object], funds: int = 10**9) -> tuple[Town, list[Offer]]:
    """Open a town whose first merchant has money and the offers given by their terms."""
    async with database.unit(uuid.uuid4()) as uow:
        town = await open_town(uow)
        await deposit(uow, town.merchants[0], funds)
        made = [Offer(**({"funder": town.merchants[0], "id": uuid.uuid4()} | terms)) for terms in offers]  # type: ignore[arg-type]
        await publish_offers(uow, town, made)
    return town, made


async def grant_many(
    database: Database, town: Town, offer: Offer, holders: Sequence[UUID | None], *, now: datetime | None = None
) -> list[UUID]:
    """Grant one voucher to each holder, now or at a time, and return their ids."""
    async with database.unit(town.network, now=now) as uow:
        at = await uow.now()
        answers = await grant(uow, [Grant(offer_id=offer.id, at=at, subject_id=holder) for holder in holders])
    granted = [answer for answer in answers if isinstance(answer, Granted)]
    assert len(granted) == len(holders)
    return [one.voucher_id for one in granted]
