"""Matches for people of a town of many shops: in this process against empty transactions, and in the real server."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx2
import msgspec
import numpy as np

from ringmain.entry.bench import process, store
from ringmain.entry.bench.errors import BenchFailed
from ringmain.entry.bench.ids import member_id, subject_id
from ringmain.entry.bench.measure import Bench
from ringmain.entry.bench.plan import Plan, Result, Sample, result
from ringmain.entry.bench.singles import Say
from ringmain.entry.bench.stage import Stage
from ringmain.entry.bench.store import CURRENCY, FACE_MINOR
from ringmain.kit.db import Database
from ringmain.kit.pure.ids import uuid7
from ringmain.kit.secrets import Keyring
from ringmain.ledger import api as ledger
from ringmain.match import api as match
from ringmain.match.api import Context, Place
from ringmain.network import api as network
from ringmain.network.api import MerchantAccount
from ringmain.sale import api as sale
from ringmain.voucher import api as voucher

_SEED = 17
_CREDIT_MINOR = 1_000_000
_HOURS = tuple(((540, 1_320),) for _ in range(7))
_CATEGORIES = ("coffee", "noodles", "books", "tea", "bakery", "florist", "shoes", "hotpot")
_PIECE = 500
# Those who ask, and what they have bought.
_ASKING, _VISITS = 1_000, 40
_SHOWN, _WARM_UP, _GOAL_MS = 20, 20, 20


@dataclass(frozen=True, slots=True)
class _Town:
    """A network of many shops and people, those of whom ask who are numbered from 0 on, and an operator's token."""

    id: UUID
    asking: int
    token: str


async def run(bench: Bench, stage: Stage, plan: Plan, say: Say) -> list[Result]:
    """Make a town, then measure calls and empty round trips in turn, and calls over HTTP; returns one figure."""
    chance = random.Random(_SEED)  # noqa: S311 (no secret)
    ours: list[Sample] = []
    limits: list[Sample] = []
    async with Database(stage.application_url) as database:
        say(f"match: opening {plan.match_shops:,} shops, and {plan.match_members:,} members")
        town = await _open(database, stage, plan, chance)

        async def empty() -> None:
            async with database.unit(town.id) as uow:
                await uow.now()

        async def call() -> None:
            asks = (subject_id(chance.randrange(town.asking)),)
            async with database.unit(town.id) as uow:
                context = Context(at=await uow.now(), place=Place(*_somewhere(chance)), subject_ids=asks)
                found = await match.nearby(uow, context)
            personal = any(reason.code in match.PERSONAL_REASONS for one in found for reason in one.reasons)
            if not found or not found[0].offers or not personal:
                raise BenchFailed("A match found nothing, or knew nobody.")

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
    served = await _served(bench, stage, town, plan, chance)
    notes = (
        f"{plan.match_shops:,} shops of as many merchants, one offer each, 20 shown",
        f"{plan.match_members:,} members, of whom {town.asking:,} ask, with {_VISITS} visits and a forecast each",
        "limit: an empty transaction",
        f"the first call, which reads the town: {cold * 1e3:,.0f} ms of CPU",
        served,
    )
    return [result("match", "calls/s", ours, limits, notes)]


async def _served(bench: Bench, stage: Stage, town: _Town, plan: Plan, chance: random.Random) -> str:
    """Return what the same costs in the real server, asked over one connection: by its own log, and its memory."""
    calls = plan.match_calls * plan.repetitions
    headers = {"authorization": f"Bearer {town.token}"}
    with process.serving(stage, bench.folder, coalesce=True) as server:
        before = server.peak_mb()
        async with httpx2.AsyncClient(base_url=server.url, timeout=60, headers=headers) as http:
            for number in range(_WARM_UP + calls):
                if number == _WARM_UP:
                    cpu = server.cpu_seconds()
                latitude, longitude = _somewhere(chance)
                who = member_id(chance.randrange(town.asking))
                query = f"latitude={latitude}&longitude={longitude}&member_id={who}"
                answer = await http.get(f"/v1/matches?{query}")
                if not answer.is_success or len(answer.json()["items"]) != _SHOWN:
                    raise BenchFailed(f"A match was answered {answer.status_code}: {answer.text[:400]}")
        cpu = server.cpu_seconds() - cpu
        memory = server.peak_mb()
    lines = [msgspec.json.decode(line) for line in server.log.read_bytes().splitlines() if b'"find_matches"' in line]
    taken = [line["milliseconds"] for line in lines[_WARM_UP:]]
    p50, p95 = np.quantile(taken, 0.5), np.quantile(taken, 0.95)
    return (
        f"served over one connection, {len(taken):,} calls: p50 {p50:.1f} ms, p95 {p95:.1f} ms inside the server (goal "
        f"{_GOAL_MS} ms), the first {lines[0]['milliseconds']:,.0f} ms; {cpu / calls * 1e3:.1f} ms of its CPU a call; "
        f"its memory {memory:,.0f} MB at most, {before:,.0f} MB before the first"
    )


def _somewhere(chance: random.Random) -> tuple[float, float]:
    return 31.2 + chance.uniform(-0.05, 0.05), 121.5 + chance.uniform(-0.05, 0.05)


async def _open(database: Database, stage: Stage, plan: Plan, chance: random.Random) -> _Town:
    """Make a town with shops, people, and the visits of those who ask."""
    town = await open_town(database, plan.match_shops, chance)
    keyring = Keyring.open(stage.key_file)
    async with database.unit(town) as uow:
        minted = await network.make_key(uow, keyring, "operator", "bench")
        now = await uow.now()
        await sale.ensure_partitions(uow, now - timedelta(days=200), now)
        places = [(shop.id, shop.merchant_id) for shop in await network.all_shops(uow)]
    token = network.token_text(keyring, "operator", minted.key.id, minted.key.version, minted.master_version)
    assert token is not None
    asking = min(plan.match_members, _ASKING)
    await asyncio.to_thread(store.make_members, stage.superuser_url, town, plan.match_members)
    subjects = [subject_id(number) for number in range(asking)]
    await asyncio.to_thread(store.make_visits, stage.superuser_url, town, subjects, places, _VISITS)
    await asyncio.to_thread(store.make_needs, stage.superuser_url, town, subjects)
    await asyncio.to_thread(store.settle, stage.superuser_url)
    return _Town(town, asking, token)


async def _timed(work: Callable[[], Awaitable[None]], count: int) -> Sample:
    taken: list[float] = []
    begun, cpu = time.perf_counter(), time.process_time()
    for _ in range(count):
        at = time.perf_counter()
        await work()
        taken.append(time.perf_counter() - at)
    seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    return Sample(count / seconds, p99_ms=float(np.quantile(taken, 0.99)) * 1e3, server_us=cpu / count * 1e6)


async def open_town(database: Database, count: int, chance: random.Random) -> UUID:
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
