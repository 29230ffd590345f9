"""The figures of a network by which a made-up copy of it is calibrated: visits by person and shop, vouchers, money."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pyarrow as pa

from ringmain.kit.db import UnitOfWork
from ringmain.kit.lake.connect import connect
from ringmain.loop import analysis
from ringmain.loop.analysis import LAKE_TABLES, Int64s
from ringmain.loop.analysis.flow import codes
from ringmain.loop.pressure import ring_pressure
from ringmain.network import api as network
from ringmain.network.api import Shop
from ringmain.voucher import api as voucher

DAYS = 84
_OFFERS = 500
_MEMORY, _THREADS = "512MB", 2


@dataclass(frozen=True, slots=True)
class Spent:
    """Vouchers won at one shop (None: nowhere) and spent at another, paid by one funder."""

    origin: UUID | None
    destination: UUID
    funder_id: UUID
    vouchers: int
    amount_minor: int


@dataclass(frozen=True, slots=True, eq=False)
class NetworkFigures:
    """A network's last `days`: a row per person and shop in `person`, `shop` (places in `shops`), `visits` and so on.

    `early` are the visits of the first half. `fee_minor` is a usual fee of a voucher, `spendable_minor` what all can
    spend.
    """

    days: int
    currency: str
    shops: tuple[Shop, ...]
    person: Int64s
    shop: Int64s
    visits: Int64s
    early: Int64s
    paid_minor: Int64s
    spent: tuple[Spent, ...]
    fee_minor: float
    spendable_minor: int


@dataclass(frozen=True, slots=True)
class FiguresAsked:
    """What is known beside the lake."""

    shops: tuple[Shop, ...]
    currency: str
    fee_minor: float
    spendable_minor: int
    now: datetime


async def figures_asked(uow: UnitOfWork) -> FiguresAsked:
    """Return what `network_figures` needs to know beside the lake."""
    here, money = await network.network_of(uow), await ring_pressure(uow)
    offers = [one.terms for one in await voucher.newest_offers(uow, limit=_OFFERS) if not one.terms.price_points]
    fees = [one.cost_minor - one.face_minor for one in offers if one.face_minor]
    return FiguresAsked(
        tuple(await network.all_shops(uow)),
        here.currency,
        sum(fees) / len(fees) if fees else 0.0,
        money.available_minor + money.credit_minor,
        await uow.now(),
    )


def network_figures(lake: Path, network_id: UUID, asked: FiguresAsked) -> NetworkFigures:
    """Read the lake; blocks for seconds."""
    since, middle = asked.now - timedelta(days=DAYS), asked.now - timedelta(days=DAYS // 2)
    with connect(lake, LAKE_TABLES, network_id=network_id, memory_limit=_MEMORY, threads=_THREADS) as connection:
        facts = analysis.facts_of(connection)
        rows = facts.read(analysis.visit_pairs, since, middle, asked.now)
        rows = rows.sort_by([("subject_id", "ascending"), ("shop_id", "ascending")])
        spent = facts.read(analysis.spent_vouchers, since, asked.now).to_pylist()
    place = {str(shop.id): number for number, shop in enumerate(asked.shops)}
    rows = rows.filter(pa.array([id_ in place for id_ in rows["shop_id"].to_pylist()], pa.bool_()))
    shop, names = codes(rows["shop_id"])
    numbers = pa.array([place[name] for name in names], pa.int64()).to_numpy()

    def whole(name: str) -> Int64s:
        return rows[name].cast(pa.int64()).to_numpy()  # type: ignore[no-any-return]

    return NetworkFigures(
        DAYS,
        asked.currency,
        asked.shops,
        codes(rows["subject_id"])[0],
        numbers[shop] if len(names) else shop,
        whole("visits"),
        whole("early"),
        whole("paid_minor"),
        tuple(
            Spent(
                None if one["origin"] is None else UUID(one["origin"]),
                UUID(one["destination"]),
                UUID(one["funder_id"]),
                one["vouchers"],
                one["amount_minor"],
            )
            for one in spent
            if one["funder_id"] is not None
        ),
        asked.fee_minor,
        asked.spendable_minor,
    )
