"""What the start page shows of a network, counted in the background and never more often than once a minute."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog

from ringmain.entry.web.picture import Picture, draw
from ringmain.kit.db import Database
from ringmain.kit.pure.errors import Unavailable
from ringmain.ledger import api as ledger
from ringmain.network import api as network
from ringmain.sale import api as sale
from ringmain.voucher import api as voucher

STRONGEST = 10
_MOST_EDGES = 400
_FRESH_SECONDS = 60.0
# Counting takes at most this share of the database's time, however large the network grows.
_MOST_SHARE = 0.05
_FIRST_SECONDS = 10.0
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class NamedEdge:
    """One row of the table: vouchers won at one shop and spent at another."""

    won_at: str
    spent_at: str
    people: int
    redemptions: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A network at one moment, as far as the start page shows it."""

    taken_at: datetime
    name: str
    currency: str
    time_zone: str
    shops: int
    sales: sale.SaleTotals
    flow: voucher.FlowTotals
    sums: Sequence[ledger.CurrencySum]
    edges: Sequence[NamedEdge]
    drawn: int
    picture: Picture

    @property
    def span(self) -> tuple[date, date] | None:
        """The local days of the first and the last sale with a recognised buyer."""
        if self.sales.first_at is None or self.sales.last_at is None:
            return None
        zone = ZoneInfo(self.time_zone)
        return self.sales.first_at.astimezone(zone).date(), self.sales.last_at.astimezone(zone).date()

    @property
    def days(self) -> int:
        """How many local days that span has, both ends included."""
        return (self.span[1] - self.span[0]).days + 1 if self.span else 0


@dataclass(frozen=True, slots=True)
class Shown:
    """The newest snapshot; None where the network does not exist yet. `stale`: the database is away since."""

    snapshot: Snapshot | None
    stale: bool


class Snapshots:
    """Keeps the newest snapshot of one network; whoever asks gets it at once, and an old one is renewed behind them."""

    def __init__(self, database: Database, network_id: UUID | None) -> None:
        self._database = database
        self._network_id = network_id
        self._snapshot: Snapshot | None = None
        self._renewing: asyncio.Task[None] | None = None
        self._renew_at = 0.0
        self._known = False
        self._failed = False

    async def shown(self) -> Shown:
        """Return what is known; only the very first caller waits. Raises `Unavailable` where nothing ever was."""
        if self._network_id is None:
            return Shown(None, stale=False)
        if self._renewing is None and time.monotonic() >= self._renew_at:
            self._renewing = asyncio.create_task(self._renew(self._network_id))
        if not self._known and self._renewing is not None:
            await asyncio.wait([self._renewing], timeout=_FIRST_SECONDS)
        if not self._known:
            raise Unavailable("the network could not be counted yet")
        return Shown(self._snapshot, self._failed)

    async def _renew(self, network_id: UUID) -> None:
        started = time.monotonic()
        try:
            self._snapshot = await take(self._database, network_id)
            self._known, self._failed = True, False
        except Unavailable:
            self._failed = True
        except Exception as error:  # noqa: BLE001 (the page must stand; the text of an error may quote what people sent)
            self._failed = True
            _log.exception("snapshot_failed", kind=type(error).__qualname__, exc_info=False)
        finally:
            ended = time.monotonic()
            rest = max(_FRESH_SECONDS, (ended - started) / _MOST_SHARE)
            # A network that does not exist yet, or a database that is away, is looked for again soon.
            self._renew_at = ended + (rest if self._snapshot and not self._failed else 1.0)
            self._renewing = None


async def take(database: Database, network_id: UUID) -> Snapshot | None:
    """Count a network: scans of its sales, vouchers and ledger. None where it has no shops."""
    async with database.unit(network_id) as uow:
        shops = await network.all_shops(uow)
        if not shops:
            return None
        here = await network.network_of(uow)
        sales = await sale.sale_totals(uow)
        flow = await voucher.flow_totals(uow)
        edges = await voucher.flow_edges(uow, _MOST_EDGES)
        sums = await ledger.sums(uow)
    names = {shop.id: shop.name for shop in shops}
    return Snapshot(
        taken_at=datetime.now(tz=UTC),
        name=here.name,
        currency=here.currency,
        time_zone=here.time_zone,
        shops=len(shops),
        sales=sales,
        flow=flow,
        sums=sums,
        edges=[_named(names, edge) for edge in edges[:STRONGEST]],
        drawn=len(edges),
        picture=draw(names, edges, STRONGEST),
    )


def _named(names: dict[UUID, str], edge: voucher.FlowEdge) -> NamedEdge:
    return NamedEdge(names[edge.won_at], names[edge.spent_at], edge.people, edge.redemptions)
