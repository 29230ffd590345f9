"""How the ring turns: what people did where they played and elsewhere, beside who was kept apart; power and flow."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal
from uuid import UUID

import numpy as np

from ringmain.campaign import api as campaign
from ringmain.kit.db import UnitOfWork
from ringmain.kit.lake.connect import connect
from ringmain.kit.pure.clock import microseconds
from ringmain.loop import analysis
from ringmain.loop.analysis import LAKE_TABLES, Facts
from ringmain.loop.guests import LEAST_MERCHANTS, LEAST_PEOPLE
from ringmain.loop.model import lift as model
from ringmain.loop.model.lift import Dealt, Reading
from ringmain.loop.model.ring import Given, Sharing, Side, Stages, pooled, sharing_of
from ringmain.network import api as network
from ringmain.network.api import Shop
from ringmain.scene import api as scene
from ringmain.scene.api import SceneKind

WINDOW_DAYS, BEFORE_DAYS = 28, 28
_SHARED = frozenset({SceneKind.LINK, SceneKind.SHARE})
_SIDES: tuple[Side, ...] = ("injected", "received", "sent", "came")
_MOST_CELLS = 40
_MOST_SCENES = 10_000
_MEMORY, _THREADS = "512MB", 2

By = Literal["shop", "area", "category"]
Outcome = Literal["here", "here_paid", "round", "full", "full_paid"]
OUTCOMES: tuple[Outcome, ...] = ("here", "here_paid", "round", "full", "full_paid")


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose ring is read: all shops of the network, the scenes that are shared, and the merchant who asks, if one."""

    shops: Sequence[Shop]
    shared: Sequence[UUID]
    merchant_id: UUID | None = None

    @property
    def own(self) -> list[str] | None:
        """The shops of the merchant who asks; None for the whole network."""
        if self.merchant_id is None:
            return None
        return [str(shop.id) for shop in self.shops if shop.merchant_id == self.merchant_id]


@dataclass(frozen=True, slots=True)
class Cell:
    """Vouchers won in one group of shops and spent at another shop of a group, how many people, and what came off."""

    origin: str
    destination: str
    vouchers: int
    people: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class MerchantPower:
    """What a merchant injects into the ring and gets out of it."""

    merchant_id: UUID
    given: tuple[Given, ...]


@dataclass(frozen=True, slots=True)
class Ring:
    """How a network's ring turns."""

    window_days: int
    effects: Mapping[Outcome, Reading]
    stages: Stages
    sharing: Sharing
    power: tuple[MerchantPower, ...]
    matrices: Mapping[By, tuple[Cell, ...]]


@dataclass(frozen=True, slots=True)
class OwnRing:
    """The same of one merchant; of what happens at others' only groups of ten people over three other merchants."""

    window_days: int
    effects: Mapping[Outcome, Reading | None]
    power: MerchantPower


async def whose(uow: UnitOfWork, merchant_id: UUID | None = None) -> Whose:
    """Return what `ring` and `own_ring` need to know beside the lake. Raises `MerchantNotFound`."""
    if merchant_id is not None:
        await network.merchant_of(uow, merchant_id)
    scenes = await scene.list_scenes(uow, None, None, _MOST_SCENES)
    shared = [one.id for one in scenes if one.kind in _SHARED]
    return Whose(await network.all_shops(uow), shared, merchant_id)


def ring(lake: Path, network_id: UUID, asked: Whose, now: datetime) -> Ring:
    """Return how the ring turns; blocks for seconds."""
    with connect(lake, LAKE_TABLES, network_id=network_id, memory_limit=_MEMORY, threads=_THREADS) as connection:
        facts = analysis.facts_of(connection)
        (stages,) = facts.read(analysis.stages).to_pylist()
        (shared,) = facts.read(analysis.sharing, [str(id_) for id_ in asked.shared], WINDOW_DAYS).to_pylist()
        return Ring(
            WINDOW_DAYS,
            _effects(facts, None, now),
            Stages(**stages),
            sharing_of(WINDOW_DAYS, **shared),
            tuple(_power(facts, asked.shops)),
            {by: tuple(_matrix(facts, asked.shops, key)) for by, key in _GROUPS.items()},
        )


def own_ring(lake: Path, network_id: UUID, asked: Whose, now: datetime) -> OwnRing:
    """Return how the ring turns for the merchant who asks; blocks for seconds."""
    own, merchant_id = asked.own or [], asked.merchant_id
    assert merchant_id is not None
    with connect(lake, LAKE_TABLES, network_id=network_id, memory_limit=_MEMORY, threads=_THREADS) as connection:
        facts = analysis.facts_of(connection)
        effects: dict[Outcome, Reading | None] = {**_effects(facts, own, now)}
        (gone,) = facts.read(analysis.elsewhere_of, WINDOW_DAYS, own).to_pylist()
        if gone["people"] < LEAST_PEOPLE or gone["merchants"] < LEAST_MERCHANTS:
            effects |= {"round": None, "full": None, "full_paid": None}
        power = next((one for one in _power(facts, asked.shops, alone=True) if one.merchant_id == merchant_id), None)
    return OwnRing(WINDOW_DAYS, effects, power or MerchantPower(merchant_id, ()))


def _effects(facts: Facts, shops: Sequence[str] | None, now: datetime) -> dict[Outcome, Reading]:
    """Read each outcome over all campaigns whose people were dealt at shops and followed for the whole window."""
    rows = analysis.played_rows(facts, WINDOW_DAYS, BEFORE_DAYS, shops)
    ripe = rows.entered_at + timedelta(days=WINDOW_DAYS) // timedelta(microseconds=1) <= microseconds(now)
    names = np.asarray(rows.campaign, dtype=object)
    chosen = [ripe & (names == name) for name in sorted(set(rows.campaign))]
    found: dict[Outcome, Reading] = {}
    for outcome in OUTCOMES:
        after, before = (side[outcome].astype(np.float64) for side in (rows.after, rows.before))
        compared = [model.compare(Dealt(rows.treated[mine], after[mine], before[mine])) for mine in chosen]
        found[outcome] = pooled([one for one in compared if one is not None])
    return found


def _power(facts: Facts, shops: Sequence[Shop], *, alone: bool = False) -> list[MerchantPower]:
    """Return each merchant's power; `alone`: as the merchant itself may see it."""
    groups = analysis.groups_of({str(shop.id): str(shop.merchant_id) for shop in shops})
    rows = facts.read(analysis.power, groups).to_pylist()
    merchants = {str(shop.merchant_id) for shop in shops}
    found: dict[str, dict[str, Given]] = {}
    for row in rows:
        if row["merchant_id"] not in merchants:
            continue
        # What its own tills took off stands on its receipts; who went to others' is told of groups only.
        few = row["people"] < LEAST_PEOPLE or row["others"] < LEAST_MERCHANTS
        hidden = alone and few and row["side"] == "sent"
        given = Given(
            row["side"],
            None if hidden else row["vouchers"],
            None if hidden or (alone and row["people"] < LEAST_PEOPLE) else row["people"],
            None if hidden else row["amount_minor"],
        )
        found.setdefault(row["merchant_id"], {})[row["side"]] = given
    return [
        MerchantPower(UUID(id_), tuple(sides.get(side) or Given(side, 0, 0, 0) for side in _SIDES))
        for id_, sides in sorted(found.items())
    ]


def _area(shop: Shop) -> str:
    return campaign.area_of(shop.latitude, shop.longitude)


_GROUPS: dict[By, Callable[[Shop], str]] = {
    "shop": lambda shop: str(shop.id),
    "area": _area,
    "category": lambda shop: shop.category,
}


def _matrix(facts: Facts, shops: Sequence[Shop], key: Callable[[Shop], str]) -> list[Cell]:
    groups = analysis.groups_of({str(shop.id): key(shop) for shop in shops})
    rows = facts.read(analysis.flow_matrix, groups).to_pylist()
    found = sorted((Cell(**row) for row in rows), key=lambda one: (-one.vouchers, one.origin, one.destination))
    return found[:_MOST_CELLS]
