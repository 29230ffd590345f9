"""Simulated tills that follow the protocol of the till's page: a durable queue, leases, and a clock of their own.

What a till must keep through a lost tab stands in `Till.queue` and `Till.leases`; everything else is forgotten.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID, uuid4

from ringmain.kit.db import Database
from ringmain.kit.http import persist
from ringmain.kit.idempotency import Keyed, answer_once
from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.pure.ids import uuid7
from ringmain.kit.secrets import Keyring
from ringmain.sale.door import RECORD
from ringmain.sale.model import NewSale, Queued, Recorded, Tender, VoucherUse, believed_time
from ringmain.sale.record import sell
from ringmain.sale.reverse import reverse
from ringmain.voucher.api import Lease, Redeemer, Reverse, lease, release_lease
from ringmain.voucher.model import AskLease
from tests.trust.reference import Shop
from tests.trust.town import CURRENCY

KEYRING = Keyring({1: bytes(32)})
TOTAL = 2_000
Answer = Recorded | RuleBroken


@dataclass(frozen=True, slots=True)
class Slip:
    """A voucher as a guest shows it."""

    voucher_id: UUID
    secret: bytes
    face: int


@dataclass(frozen=True, slots=True)
class Body:
    """What is sent, made once and never changed."""

    receipt: str
    sold_at: datetime
    clock_offset_ms: int
    offline: bool = False
    slip: Slip | None = None
    lease_id: UUID | None = None
    taken: int = 0


@dataclass(slots=True)
class Giveaway:
    """A discount that a guest walked away with."""

    slip: Slip
    receipt: str
    kind: Literal["online", "leased", "anyway"]
    lease: Lease | None = None
    arrived_at: datetime | None = None


@dataclass(slots=True)
class Item:
    """One sale in the durable queue, under the key that was made before its first attempt."""

    key: str
    body: Body
    giveaway: Giveaway | None = None
    undo: bool = False  # The guest paid in full: if its voucher was redeemed after all, give it back.


@dataclass(slots=True)
class Held:
    """One lease in the durable store."""

    lease: Lease
    slip: Slip
    used: bool = False


@dataclass(slots=True)
class Till:
    """One terminal: `skew` is what its clock is off, `offset` what it measured of that at its last contact."""

    id: UUID
    shop: Shop
    accept_anyway: bool
    skew: timedelta
    offset: timedelta = timedelta(0)
    online: bool = True
    queue: dict[str, Item] = field(default_factory=dict)
    leases: dict[UUID, Held] = field(default_factory=dict)

    def estimate(self, now: datetime) -> datetime:
        """Return what the till believes that the server's clock shows, where the true time is `now`."""
        return now + self.skew + self.offset

    def held_now(self, slip: Slip, now: datetime) -> Held | None:
        """Return the lease by which the till may take a voucher off without a network."""
        held = self.leases.get(slip.voucher_id)
        at = self.estimate(now)
        if held is None or held.used or not held.lease.leased_from <= at < held.lease.leased_until:
            return None
        return held


class Server:
    """The engine behind the tills: its real use cases on PostgreSQL, at a time that the test decides."""

    def __init__(self, database: Database, network_id: UUID) -> None:
        self.database = database
        self.network_id = network_id
        self.key_per_attempt = False

    async def send(self, till: Till, items: Sequence[Item], now: datetime) -> list[Answer]:
        """Record a batch of the queue, each item under its key."""

        async def once() -> list[Answer]:
            keyed = [self._keyed(till, item, now) for item in items]
            async with self.database.unit(self.network_id, now=now, keyed=True) as uow:
                return await answer_once(uow, RECORD, keyed, lambda u, sales: sell(u, KEYRING, sales), Recorded)

        return await persist(once)

    def _keyed(self, till: Till, item: Item, now: datetime) -> Keyed[NewSale]:
        body, slip = item.body, item.body.slip
        sale = NewSale(
            id=uuid7(believed_time(body.sold_at, now) if body.offline else body.sold_at),
            shop_id=till.shop.id,
            merchant_id=till.shop.merchant,
            terminal_id=till.id,
            receipt=body.receipt,
            sold_at=body.sold_at,
            total_minor=TOTAL,
            currency=CURRENCY,
            tenders=(Tender("cash", TOTAL - body.taken),),
            vouchers=(VoucherUse(slip.voucher_id, slip.secret, None, None, body.lease_id, body.taken),) if slip else (),
            queued=Queued(body.clock_offset_ms) if body.offline else None,
        )
        key = uuid4().hex if self.key_per_attempt else item.key
        return Keyed(till.id, key, hashlib.blake2b(repr(body).encode(), digest_size=16).digest(), sale)

    async def lease(
        self, till: Till, slips: Sequence[Slip], now: datetime, lasting: timedelta | None
    ) -> list[Lease | RuleBroken]:
        """Ask for leases."""

        async def once() -> list[Lease | RuleBroken]:
            by = Redeemer(till.shop.merchant, till.shop.id, till.id, till.shop.zone)
            asks = [AskLease(slip.voucher_id, by, slip.secret) for slip in slips]
            async with self.database.unit(self.network_id, now=now) as uow:
                return await lease(uow, by, asks, lasting=lasting)

        return await persist(once)

    async def release(self, till: Till | None, lease_id: UUID, now: datetime) -> bool:
        """Take a lease back, by its till or by the operator; False where it has ended."""

        async def once() -> bool:
            try:
                async with self.database.unit(self.network_id, now=now) as uow:
                    await release_lease(uow, lease_id, terminal_id=till.id if till else None)
            except RuleBroken:
                return False
            return True

        return await persist(once)

    async def undo(self, till: Till, redemption_id: UUID, now: datetime) -> None:
        """Give a voucher back that was redeemed though its guest paid in full; again where it was done before."""

        async def once() -> None:
            asked = Reverse(uuid7(now), redemption_id, till.shop.merchant, now, "no answer")
            async with self.database.unit(self.network_id, now=now) as uow:
                await reverse(uow, [asked])

        await persist(once)


def offline_twin(item: Item) -> Item:
    """Return what replaces an item that was refused as a sale of the moment: it has happened, under a derived key."""
    keeps = item.giveaway is not None
    body = replace(item.body, offline=True)
    if not keeps:
        body = replace(body, slip=None, lease_id=None, taken=0)
    return Item(f"{item.key}.offline", body, item.giveaway)
