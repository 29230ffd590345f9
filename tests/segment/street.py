"""A street with members in PostgreSQL and their visits in the lake, in groups that are to be found."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pyarrow as pa

from ringmain.kit.db import Database, UnitOfWork
from ringmain.kit.follow_store import Position
from ringmain.kit.lake.arrow import by_day, schema_of
from ringmain.kit.lake.folder import LakeFolder
from ringmain.kit.secrets import Keyring
from ringmain.member import api as member
from ringmain.network import api as network
from ringmain.segment.analysis import LAKE_TABLES
from ringmain.segment.api import Outcome, find_in_network
from tests.member.people import KEYS, OPERATOR

# A Monday morning in Shanghai: the four weeks that are counted ended at midnight.
NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
CATEGORIES = ("bakery", "bookshop", "florist", "noodles", "pharmacy", "tea")
PLACE = member.Place("page", OPERATOR)


@dataclass(slots=True)
class Street:
    """Three merchants with two shops each, one shop per category; `visits` are rows of the lake."""

    database: Database
    keyring: Keyring
    network_id: UUID
    merchants: list[UUID]
    shops: dict[str, network.Shop]
    lake: Path
    visits: list[dict[str, Any]] = field(default_factory=list)
    aliases: list[dict[str, Any]] = field(default_factory=list)
    people: list[member.Known] = field(default_factory=list)

    def unit(self, at: datetime = NOW) -> AbstractAsyncContextManager[UnitOfWork]:
        """Open a unit of work at a moment."""
        return self.database.unit(self.network_id, now=at)

    async def join(self, people: int, *, agree: bool = True) -> list[member.Known]:
        """Make members; they agree to personalisation, or say nothing of it."""
        made = []
        async with self.unit(NOW - timedelta(days=200)) as uow:
            for _ in range(people):
                tag = member.identifier(member.IdentifierKind.TAG, uuid4().hex)
                made += [one.known for one in await member.enrol(uow, self.keyring, [member.Enrolment(tag)])]
            if agree:
                for one in made:
                    await self.say(uow, one, agree=True)
        self.people += made
        return made

    async def say(self, uow: UnitOfWork, who: member.Known, *, agree: bool) -> None:
        """Let a person agree to personalisation, or withdraw it."""
        answer = member.Answer(member.Purpose.PERSONALISATION, agree, "2026-01", "en")
        await member.record_consents(uow, who.member_id, [answer], PLACE)

    def live(
        self,
        people: Sequence[member.Known],
        usual: str | None = None,
        *,
        share: float = 0.7,
        visits: int = 30,
        hour: int | None = None,
        days: int = 120,
        until: datetime = NOW,
        seed: int = 0,
    ) -> None:
        """Let people visit shops: so often the usual one, else any; by daylight, or at one hour of the shop's clock."""
        random = Random(seed)
        for one in people:
            for number in range(visits):
                category = usual if usual and random.random() < share else random.choice(CATEGORIES)
                # At least a day ago, so that the last four weeks hold their part of it.
                day = until - timedelta(days=1 + days * (number + random.random()) / visits)
                local = random.choice((8, 10, 12, 13, 15, 18, 20)) if hour is None else hour
                at = day.replace(hour=(local - 8) % 24, minute=random.randrange(60), second=0, microsecond=0)
                self.visit(one, category, at, 1_000 + random.randrange(3_000))

    def visit(self, who: member.Known, category: str, at: datetime, total_minor: int = 1_000) -> None:
        """Add a sale."""
        shop = self.shops[category]
        self.visits.append(
            {
                "sale_id": str(uuid4()),
                "subject_id": str(who.subject_id),
                "merchant_id": str(shop.merchant_id),
                "shop_id": str(shop.id),
                "sold_at": at,
                "total_minor": total_minor,
                "currency": "CNY",
                "redeemed_minor": 0,
            }
        )

    async def find(self, at: datetime = NOW) -> Outcome:
        """Write the lake and find tribes, at a moment."""
        self.write()
        return await find_in_network(self.database, self.keyring, self.lake, self.network_id, now=at)

    def write(self) -> None:
        """Write the lake."""
        folder = LakeFolder(self.lake)
        for table in LAKE_TABLES:
            given = {"sale": self.visits, "subject_alias": self.aliases}.get(table.kind, [])
            if not given:
                continue
            rows = pa.Table.from_pylist(given, schema=schema_of(table))
            if table.whole:
                folder.publish({folder.whole_file(table.kind, self.network_id): rows})
                continue
            for day, part in by_day(table, rows):
                folder.publish({folder.day_file(table.kind, self.network_id, day, Position(7, 1)): part})

    async def rows(self, query: Any, *params: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a query that this network sees."""
        async with self.unit() as uow:
            return list(await (await uow.connection.execute(query, params)).fetchall())


@asynccontextmanager
async def open_street(application_url: str, home: Path) -> AsyncIterator[Street]:
    """Open the street."""
    async with Database(application_url, connections=4) as database:
        network_id = uuid4()
        async with database.unit(network_id, now=NOW - timedelta(days=300)) as uow:
            await network.open_network(uow, "Street", "CNY", "Asia/Shanghai")
            opened = await network.open_merchants(uow, [network.NewMerchant(f"M{number}") for number in range(3)])
            merchants = [one.id for one in opened]
            new = [
                network.NewShop(merchants[number // 2], f"The {name}", name, 31.2, 121.5, "Asia/Shanghai")
                for number, name in enumerate(CATEGORIES)
            ]
            shops = await network.open_shops(uow, new)
        by_category = dict(zip(CATEGORIES, shops, strict=True))
        yield Street(database, Keyring(KEYS), network_id, merchants, by_category, home / "lake")
