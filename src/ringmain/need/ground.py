"""What models stand on: the visits of those who agreed, from the lake, with the shops and the clock of the network."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from ringmain.kit.db import Database, UnitOfWork
from ringmain.member import api as member
from ringmain.member.api import Purpose
from ringmain.need.analysis import ShopPlace, Walks, subjects_of, visits_of, walks
from ringmain.network import api as network
from ringmain.profile.api import Field

# Who hides what their forecast would be made of does not want it to be used.
MADE_OF = frozenset(
    field.value for field in (Field.FAVOURITE_SHOPS, Field.FAVOURITE_CATEGORIES, Field.USUAL_AREAS, Field.LOYALTY)
)


@dataclass(frozen=True, slots=True)
class Ground:
    """Walks of a network up to `at`: now, or in a replayed network the end of its facts."""

    walks: Walks
    at: datetime

    @property
    def second(self) -> int:
        """`at` in seconds."""
        return int(self.at.timestamp())


async def ground(database: Database, lake: Path, network_id: UUID) -> Ground:
    """Read the lake, leave out who does not agree to personalisation or hides it, and return what is left."""
    visits = await asyncio.to_thread(visits_of, lake, network_id)
    async with database.unit(network_id, role="worker") as uow:
        here = await network.network_of(uow)
        shops = [ShopPlace(one.id, one.category, one.latitude, one.longitude) for one in await network.all_shops(uow)]
        agreed = await agreeing(uow, subjects_of(visits))
        at = await uow.now()
    found = await asyncio.to_thread(walks, visits, shops, agreed, here.time_zone)
    if here.simulated and len(found.journal):
        at = datetime.fromtimestamp(int(found.journal.second[-1]) + 1, tz=UTC)
    return Ground(found, at)


async def agreeing(uow: UnitOfWork, subject_ids: Collection[UUID]) -> set[UUID]:
    """Return those of the subjects whose forecast may be made and used."""
    agreed = await member.consented(uow, list(subject_ids), Purpose.PERSONALISATION)
    return agreed - await member.hiding(uow, MADE_OF)
