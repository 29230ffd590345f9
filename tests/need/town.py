"""A small town in which everybody goes around three shops of their own, in order; as a journal, or as a network."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import LiteralString
from uuid import UUID

import numpy as np

from ringmain.kit.db import Database
from ringmain.kit.secrets import Keyring
from ringmain.member import api as member
from ringmain.member.api import IdentifierKind, Known, Purpose
from ringmain.need.api import Journal
from ringmain.need.place.training import Trained, train
from ringmain.network import api as network
from ringmain.network.api import NewMerchant, NewShop
from tests.loop.lake import SmallLake
from tests.need.place.walks import journal

PEOPLE, SHOPS, DAYS = 40, 9, 60
START = datetime(2026, 1, 1, tzinfo=UTC)
Visits = list[tuple[int, int, float]]
CATEGORIES = ("noodles", "coffee", "books")


def rounds(
    people: int = PEOPLE, days: int = DAYS, *, seed: int = 0, by_chance: bool = False
) -> list[tuple[int, int, float]]:
    """Return visits (person, shop, day): each goes from the first to the second to the third of three own shops.

    `by_chance`: to any of all shops instead, so that there is nothing to learn.
    """
    random = np.random.default_rng(seed)
    own = [random.permutation(SHOPS)[:3].tolist() for _ in range(people)]
    visits = []
    for person in range(people):
        day, step = float(random.random() * 2), int(random.integers(3))
        while day < days:
            shop = int(random.integers(SHOPS)) if by_chance else own[person][step % 3]
            visits.append((person, shop, day))
            step += 1
            day += 0.8 + random.random()
    return visits


def end_of(walk: Journal) -> int:
    """Return the second after the last visit."""
    return int(walk.second[-1]) + 1


@cache
def learnt() -> Trained:
    """Return what is learnt of the town, once for all tests of a process."""
    walk = journal(rounds(), places=SHOPS)
    return train(walk, end_of(walk), None, 0, lambda _: None)


@dataclass(slots=True)
class Town:
    """A network of its own with its people, and the lake with where they went."""

    database: Database
    network_id: UUID
    lake: Path
    shops: list[UUID]
    merchants: list[UUID]
    people: list[Known]

    def walk(self, visits: Visits) -> None:
        """Write visits into the lake."""
        lake = SmallLake(self.lake, self.network_id)
        for number, (person, shop, day) in enumerate(visits):
            lake.sale(f"sale-{number}", str(self.people[person].subject_id), str(self.shops[shop]), day)
        lake.write()

    async def value(self, query: LiteralString, *params: object) -> object:
        """Return the first column of the first row of a query."""
        async with self.database.unit(self.network_id) as uow:
            row = await (await uow.connection.execute(query, params or None)).fetchone()
        return row[0] if row else None

    async def serving(self) -> UUID:
        """Return the model that serves."""
        found = await self.value("SELECT model_id FROM model_event WHERE kind = 'promoted' ORDER BY sequence DESC")
        assert isinstance(found, UUID)
        return found

    async def agree(self, person: int, *, granted: bool) -> None:
        """Let a person agree to personalisation, or no longer."""
        answer = member.Answer(Purpose.PERSONALISATION, granted, "2026-01", "en")
        async with self.database.unit(self.network_id) as uow:
            who = self.people[person].member_id
            await member.record_consents(uow, who, [answer], member.Place("page", who))


@asynccontextmanager
async def open_town(
    application_url: str, lake: Path, *, people: int = PEOPLE, simulated: bool = True
) -> AsyncIterator[Town]:
    """Open a network with nine shops, whose people all agree to personalisation; its time is that of its lake."""
    network_id = uuid.uuid4()
    keyring = Keyring({1: bytes(range(32))})
    async with Database(application_url, connections=4) as database:
        async with database.unit(network_id, now=START - timedelta(days=1)) as uow:
            await network.open_network(uow, "Town", "CNY", "Asia/Shanghai", simulated=simulated)
            merchants = await network.open_merchants(uow, [NewMerchant(f"Shop {one} Ltd") for one in range(SHOPS)])
            shops = await network.open_shops(
                uow,
                [
                    NewShop(one.id, f"Shop {at}", CATEGORIES[at % 3], 31.2, 121.5 + at / 500, "Asia/Shanghai", None)
                    for at, one in enumerate(merchants)
                ],
            )
            items = [
                member.Enrolment(member.identifier(IdentifierKind.PHONE, f"+86138001{at:05}"), verified=True)
                for at in range(people)
            ]
            known = [one.known for one in await member.enrol(uow, keyring, items)]
        town = Town(database, network_id, lake, [one.id for one in shops], [one.id for one in merchants], known)
        for at in range(people):
            await town.agree(at, granted=True)
        yield town
