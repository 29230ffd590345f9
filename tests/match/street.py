"""A street for the tests of matches and plays: a bakery where people stand, and four shops within reach of it."""

import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from ringmain.kit.db import Database, UnitOfWork
from ringmain.kit.pure.ids import uuid7
from ringmain.kit.secrets import Keyring
from ringmain.match.api import Context, Match, nearby
from ringmain.member import api as member
from ringmain.member.api import IdentifierKind, Known, Purpose
from ringmain.network import api as network
from ringmain.network.api import NewMerchant, NewShop
from ringmain.network.store import places
from ringmain.sale import api as sale
from ringmain.scene import api as scene
from ringmain.scene.api import NewScene, NewTouch, SceneKind
from ringmain.voucher import api as voucher
from ringmain.voucher.api import NewOffer, PublishedOffer, Terms

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)  # A Monday, 12:00 in Shanghai.
ZONE = "Asia/Shanghai"
DEPOSIT_MINOR = 100_000
CONNECTIONS = 8
WEEK = tuple(((600, 1_320),) for _ in range(7))
# Name, category, metres east of the bakery (a degree of longitude is about 95.1 km at this latitude), face value.
SHOPS = (
    ("Bakery", "bakery", 0, 200),
    ("Flower Corner", "florist", 300, 300),
    ("Noodle House 兰州面馆", "noodles", 400, 400),
    ("Café Léon", "coffee", 500, 500),
    ("Old Books", "books", 3_000, 600),
)
_DEGREE_M = 95_113.0


@dataclass(slots=True)
class Street:
    """One network of its own for one test."""

    database: Database
    keyring: Keyring
    network_id: UUID
    merchants: list[UUID]
    shops: list[UUID]
    offers: list[UUID]
    currency: str = "CNY"

    def unit(self, at: datetime = NOW) -> AbstractAsyncContextManager[UnitOfWork]:
        """Open a unit of work of this network at a moment."""
        return self.database.unit(self.network_id, now=at)

    async def find(self, at: datetime = NOW, **changes: Any) -> list[Match]:
        """Find matches as somebody at the bakery's door, where nothing else is said."""
        async with self.unit(at) as uow:
            return await nearby(uow, Context(**{"at": at, "at_shop_id": self.shops[0], **changes}))

    async def names(self, **changes: Any) -> list[str]:
        """Return the names of the shops that are found, best first."""
        return [one.shop.name for one in await self.find(**changes)]

    async def publish(
        self, place: int, at: datetime = NOW, *, stock: int | None = None, by_network: bool = False, **terms: Any
    ) -> PublishedOffer:
        """Publish an offer of a shop, or of the network itself."""
        owner = self.network_id if by_network else self.merchants[place]
        shops = () if by_network else (self.shops[place],)
        usual: dict[str, Any] = {"kind": "cash", "currency": self.currency, "face_minor": 100, "valid_days": 14}
        changed = Terms(**{**usual, "shop_ids": shops, **terms})
        new = NewOffer(creator_merchant_id=owner, funder_id=owner, name="Something off", terms=changed, stock=stock)
        async with self.unit(at) as uow:
            answer = (await voucher.publish(uow, [new], by_operator=True))[0]
        assert isinstance(answer, PublishedOffer), answer
        return answer

    async def pause(self, *offer_ids: UUID) -> None:
        """Pause offers."""
        async with self.unit() as uow:
            for id_ in offer_ids:
                await uow.execute("UPDATE offer SET paused = true WHERE id = %s", (id_,))

    async def rival(self, merchant: int, shop: int) -> None:
        """Let a merchant declare a shop to be its rival."""
        async with self.unit() as uow:
            await places.declare_rival(uow, places.Rival(self.merchants[merchant], self.shops[shop], NOW))

    async def person(self, phone: str = "+8613800138000", *, personal: bool = True) -> Known:
        """Make a member who wants personal answers, or who does not."""
        async with self.unit() as uow:
            item = member.Enrolment(member.identifier(IdentifierKind.PHONE, phone), verified=True)
            known = (await member.enrol(uow, self.keyring, [item]))[0].known
            answer = member.Answer(Purpose.PERSONALISATION, personal, "2026-01", "en")
            await member.record_consents(uow, known.member_id, [answer], member.Place("page", known.member_id))
        return known

    async def buy(self, known: Known | None, place: int, at: datetime = NOW) -> UUID:
        """Let somebody buy something at a shop."""
        new = sale.NewSale(
            id=uuid7(at),
            shop_id=self.shops[place],
            merchant_id=self.merchants[place],
            subject_id=known.subject_id if known else None,
            total_minor=3_000,
            currency=self.currency,
            sold_at=at,
        )
        async with self.unit(at) as uow:
            answer = (await sale.record(uow, [new]))[0]
        assert isinstance(answer, sale.Recorded), answer
        return answer.sale_id

    async def touch(self, token: str, at: datetime = NOW) -> UUID:
        """Let somebody meet a scene."""
        async with self.unit(at) as uow:
            return (await scene.touch(uow, [NewTouch(token)]))[0].id

    async def poster(self, place: int | None = 0) -> str:
        """Put a poster up at a shop, or a link of the network itself, and return its token."""
        kind = SceneKind.LINK if place is None else SceneKind.POSTER
        async with self.unit() as uow:
            new = NewScene(kind, "Door", None if place is None else self.shops[place])
            return (await scene.place_scenes(uow, [new]))[0].token

    async def value(self, query: str, *params: Any) -> Any:
        """Return the first column of the first row of a query."""
        text: Any = query
        async with self.unit() as uow:
            row = await (await uow.connection.execute(text, params or None)).fetchone()
        return row[0] if row else None


async def open_shops(
    uow: UnitOfWork, rows: Sequence[tuple[str, str, int, int]], currency: str = "CNY"
) -> tuple[list[UUID], list[UUID]]:
    """Open a merchant with money and a shop for each row."""
    merchants = await network.open_merchants(uow, [NewMerchant(f"{name} Ltd") for name, *_ in rows])
    shops = await network.open_shops(
        uow,
        [
            NewShop(one.id, name, category, 31.2, 121.5 + metres / _DEGREE_M, ZONE, WEEK)
            for one, (name, category, metres, _) in zip(merchants, rows, strict=True)
        ],
    )
    for one in merchants:
        await network.make_deposit(uow, one.id, DEPOSIT_MINOR, currency, "opening balance")
    return [one.id for one in merchants], [one.id for one in shops]


@asynccontextmanager
async def small_street(application_url: str, currency: str = "CNY") -> AsyncIterator[Street]:
    """Open a network with five shops of five merchants, and an offer of each."""
    network_id = uuid.uuid4()
    async with Database(application_url, connections=CONNECTIONS) as database:
        async with database.unit(network_id, now=NOW) as uow:
            await network.open_network(uow, "Street", currency, ZONE)
            merchants, shops = await open_shops(uow, SHOPS, currency)
        street = Street(database, Keyring({1: bytes(range(32))}), network_id, merchants, shops, [], currency)
        for place, (*_, face) in enumerate(SHOPS):
            street.offers.append((await street.publish(place, face_minor=face)).id)
        yield street
