"""Matches over a town of many shops, one after the other in this process, against empty transactions."""

import random
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from uuid import UUID

import numpy as np

from ringmain.entry.bench.errors import BenchFailed
from ringmain.entry.bench.plan import Plan, Result, Sample, result
from ringmain.entry.bench.singles import Say
from ringmain.entry.bench.stage import Stage
from ringmain.entry.bench.store import CURRENCY, FACE_MINOR
from ringmain.kit.db import Database
from ringmain.kit.pure.ids import uuid7
from ringmain.ledger import api as ledger
from ringmain.match import api as match
from ringmain.match.api import Context, Place
from ringmain.network import api as network
from ringmain.network.api import MerchantAccount
from ringmain.voucher import api as voucher

_SEED = 17
_CREDIT_MINOR = 1_000_000
_HOURS = tuple(((540, 1_320),) for _ in range(7))
_CATEGORIES = ("coffee", "noodles", "books", "tea", "bakery", "florist", "shoes", "hotpot")
_PIECE = 500


async def run(stage: Stage, plan: Plan, say: Say) -> list[Result]:
    """Make a town, then measure calls and empty round trips in turn; returns one figure."""
    chance = random.Random(_SEED)  # noqa: S311 (no secret)
    ours: list[Sample] = []
    limits: list[Sample] = []
    async with Database(stage.application_url) as database:
        say(f"match: opening {plan.match_shops:,} shops")
        town = await _town(database, plan.match_shops, chance)

        async def empty() -> None:
            async with database.unit(town) as uow:
                await uow.now()

        async def call() -> None:
            place = Place(31.2 + chance.uniform(-0.05, 0.05), 121.5 + chance.uniform(-0.05, 0.05))
            async with database.unit(town) as uow:
                found = await match.nearby(uow, Context(at=await uow.now(), place=place))
            if not found or not found[0].offers:
                raise BenchFailed("A match found nothing.")

        begun = time.process_time()
        await call()
        cold = time.process_time() - begun
        for repetition in range(plan.repetitions):
            limits.append(await _timed(empty, plan.match_calls))
            ours.append(await _timed(call, plan.match_calls))
            say(
                f"match {repetition + 1}/{plan.repetitions}: limit {limits[-1].per_second:,.0f}/s, "
                f"matched {ours[-1].per_second:,.0f}/s"
            )
    notes = (
        f"{plan.match_shops:,} shops of as many merchants, one offer each, 20 shown",
        "limit: an empty transaction",
        f"the first call, which reads the town: {cold * 1e3:,.0f} ms of CPU",
    )
    return [result("match", "calls/s", ours, limits, notes)]


async def _timed(work: Callable[[], Awaitable[None]], count: int) -> Sample:
    taken: list[float] = []
    begun, cpu = time.perf_counter(), time.process_time()
    for _ in range(count):
        at = time.perf_counter()
        await work()
        taken.append(time.perf_counter() - at)
    seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    return Sample(count / seconds, p99_ms=float(np.quantile(taken, 0.99)) * 1e3, server_us=cpu / count * 1e6)


async def _town(database: Database, count: int, chance: random.Random) -> UUID:
    """Open shops that are spread over a city, each of a merchant of its own with credit and one offer."""
    town = uuid7(datetime.now(tz=UTC))
    async with database.unit(town) as uow:
        await network.open_network(uow, "Town", CURRENCY, "Asia/Shanghai")
    for first in range(0, count, _PIECE):
        names = range(first, min(first + _PIECE, count))
        async with database.unit(town) as uow:
            merchants = await network.open_merchants(uow, [network.NewMerchant(f"Merchant {name}") for name in names])
            new = [_shop(one.id, name, chance) for one, name in zip(merchants, names, strict=True)]
            shops = await network.open_shops(uow, new)
            for one in merchants:
                account = ledger.account_id(town, one.id, MerchantAccount.AVAILABLE, CURRENCY)
                await ledger.set_credit_limit(uow, account, _CREDIT_MINOR)
            terms = voucher.Terms(kind="cash", currency=CURRENCY, face_minor=FACE_MINOR, valid_days=30)
            await voucher.publish(uow, [_offer(one.merchant_id, terms) for one in shops])
    return town


def _shop(merchant_id: UUID, name: int, chance: random.Random) -> network.NewShop:
    place = (31.2 + chance.uniform(-0.1, 0.1), 121.5 + chance.uniform(-0.1, 0.1))
    return network.NewShop(merchant_id, f"Shop {name}", chance.choice(_CATEGORIES), *place, "Asia/Shanghai", _HOURS)


def _offer(merchant_id: UUID, terms: voucher.Terms) -> voucher.NewOffer:
    return voucher.NewOffer(creator_merchant_id=merchant_id, funder_id=merchant_id, name="Off", terms=terms)
