"""Images of people: how fast facts are folded, and how soon a sale is in its buyer's image while others are written."""

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import msgspec
import numpy as np

from ringmain.entry.bench import load, process, store
from ringmain.entry.bench.errors import BenchFailed
from ringmain.entry.bench.measure import Bench
from ringmain.entry.bench.plan import Plan, Result, Sample, result
from ringmain.entry.bench.singles import Say
from ringmain.entry.bench.stage import Stage
from ringmain.entry.bench.store import CURRENCY
from ringmain.kit.db import Database
from ringmain.kit.secrets import Keyring
from ringmain.member import api as member
from ringmain.member.api import IdentifierKind
from ringmain.profile import api as profile
from ringmain.sale import api as sale

# What a person has bought in half a year, and the events that are written each second meanwhile.
VISITS = 60
EVENTS_PER_SECOND = 1_000
# So many tills, each of which rests so long after an answer: no more than the events that are wanted.
_TILLS, _PAUSE_MS = 64, 60
_OTHERS = 2_000
_IDLE_READS = 50
_GOAL_MS = 1_000
_FOLD_SECONDS = 1.0


@dataclass(slots=True)
class _Seen:
    """What was seen of images while others wrote: seconds from an answer to the image with it, and reads it took."""

    seconds: list[float] = field(default_factory=list)
    reads: list[int] = field(default_factory=list)
    written: list[float] = field(default_factory=list)
    idle: list[float] = field(default_factory=list)


def fold(plan: Plan, say: Say) -> Result:
    """Measure how many facts a second become fields of images on one core, beside counting the same facts barely."""
    people = [_visits(number) for number in range(20)]
    ours: list[Sample] = []
    limits: list[Sample] = []
    for repetition in range(plan.repetitions):
        limits.append(_rate(people, _counted))
        ours.append(_rate(people, profile.fields_of))
        say(
            f"image_fold {repetition + 1}/{plan.repetitions}: limit {limits[-1].per_second:,.0f}/s, "
            f"folded {ours[-1].per_second:,.0f}/s"
        )
    notes = (
        f"{VISITS} visits of a person, one core, goal 5,000/s on two",
        "limit: the same facts, counted and no more",
    )
    return result("image_fold", "facts/s", ours, limits, notes)


def _visits(person: int) -> list[profile.Visit]:
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    return [
        profile.Visit(
            sale_id=UUID(int=person * VISITS + number),
            shop_id=UUID(int=(person + number) % 9),
            shop_name=f"Shop {(person + number) % 9}",
            category=("coffee", "noodles", "books")[number % 3],
            sold_at=at - timedelta(hours=number * 67),
            local_at=at - timedelta(hours=number * 67),
            total_minor=1_000 + number,
            currency=CURRENCY,
            tenders=("card",),
            products=("flat white", "croissant", f"thing {number}"),
            place=(31.2, 121.5 + (person + number) % 9 / 100),
            others_minor=1_000,
            with_voucher=number % 4 == 0,
        )
        for number in range(VISITS)
    ]


def _counted(visits: Sequence[profile.Visit]) -> object:
    """Count what an image counts, without order, evidence or age."""
    return (
        Counter(one.shop_id for one in visits),
        Counter(one.category for one in visits),
        Counter(one.local_at.hour for one in visits),
        Counter(one.tenders for one in visits),
        sum(one.total_minor or 0 for one in visits),
    )


def _rate(people: Sequence[Sequence[profile.Visit]], work: Any) -> Sample:
    facts, begun, cpu = 0, time.perf_counter(), time.process_time()
    while time.perf_counter() - begun < _FOLD_SECONDS:
        for visits in people:
            work(visits)
            facts += len(visits)
    seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    return Sample(facts / seconds, server_us=cpu / facts * 1e6)


async def fresh(bench: Bench, stage: Stage, plan: Plan, say: Say) -> Result:
    """Sell to people whose images are read at once, while tills write a thousand events a second."""
    say(f"image_fresh: {plan.image_members} people with {VISITS} visits each")
    members = await _people(stage, plan.image_members)
    store.make_members(stage.superuser_url, stage.network_id, _OTHERS)
    path = bench.folder / "sales.txt"
    seen = _Seen()
    ours: list[Sample] = []
    limits: list[Sample] = []
    with process.serving(stage, bench.folder, coalesce=True) as server:
        async with httpx2.AsyncClient(base_url=server.url, timeout=30) as http:
            till = _Till(http, stage, members)
            for repetition in range(plan.repetitions):
                idle = [await till.read(number) for number in range(_IDLE_READS)]
                load.write_sales(path, stage, plan.image_seconds * EVENTS_PER_SECOND * 2, _OTHERS)
                begun = len(seen.seconds)
                await _while_written(server, path, plan, till, seen)
                found = seen.seconds[begun:]
                seen.idle += idle
                limits.append(Sample(1 / float(np.median(idle))))
                ours.append(Sample(1 / float(np.median(found)), p99_ms=float(np.quantile(found, 0.99)) * 1e3))
                say(
                    f"image_fresh {repetition + 1}/{plan.repetitions}: {seen.written[-1]:,.0f} events/s, "
                    f"{len(found)} sales in images after {np.median(found) * 1e3:.0f} ms"
                )
    p50, p99 = (float(np.quantile(seen.seconds, part)) * 1e3 for part in (0.5, 0.99))
    notes = (
        f"{len(seen.seconds)} sales, each of a person with {VISITS} visits and more",
        f"from the answer to its till to the image with it: p50 {p50:.0f} ms, p99 {p99:.0f} ms, goal {_GOAL_MS:,} ms",
        f"in {seen.reads.count(1)} of {len(seen.reads)} cases the first read had it",
        f"written meanwhile: {' '.join(f'{one:,.0f}' for one in seen.written)} events/s, wanted {EVENTS_PER_SECOND:,}",
        f"limit: an image read while nothing is written, {np.median(seen.idle) * 1e3:.0f} ms",
    )
    return result("image_fresh", "images/s", ours, limits, notes, cpu=False)


async def _people(stage: Stage, count: int) -> list[UUID]:
    """Make people with half a year of visits, whose images can be read: with keys of their own."""
    keyring = Keyring.open(stage.key_file)
    items = [
        member.Enrolment(member.identifier(IdentifierKind.CARD_TOKEN, f"tok_{secrets.token_hex(8)}"), verified=True)
        for _ in range(count)
    ]
    async with Database(stage.application_url) as database, database.unit(stage.network_id) as uow:
        now = await uow.now()
        await sale.ensure_partitions(uow, now - timedelta(days=200), now)
        known = [one.known for one in await member.enrol(uow, keyring, items)]
    places = sorted({(till.shop_id, till.merchant_id) for till in stage.tills})
    subjects = [one.subject_id for one in known]
    store.make_visits(stage.superuser_url, stage.network_id, subjects, places, VISITS)
    return [one.member_id for one in known]


class _Till:
    """A till that sells to people in turn, and an operator who looks at their images."""

    def __init__(self, http: httpx2.AsyncClient, stage: Stage, members: Sequence[UUID]) -> None:
        self._http, self._stage, self._members = http, stage, members
        self._next = 0

    async def read(self, number: int) -> float:
        """Read an image, and return how long that took in seconds."""
        at = time.perf_counter()
        await self._image(self._members[number % len(self._members)])
        return time.perf_counter() - at

    async def sell(self) -> tuple[float, int]:
        """Sell something, and return the seconds from the answer until an image has it, and how often it was read."""
        who = self._members[self._next % len(self._members)]
        self._next += 1
        headers = {
            "authorization": f"Bearer {self._stage.tokens[self._next % len(self._stage.tokens)]}",
            "idempotency-key": secrets.token_hex(16),
        }
        body = {"total_minor": 1_200, "currency": CURRENCY, "member_id": str(who)}
        answer = await self._http.post("/v1/sales", json=body, headers=headers)
        if not answer.is_success:
            raise BenchFailed(f"A sale was answered {answer.status_code}: {answer.text}")
        recorded = time.perf_counter()
        sale_id = answer.json()["sale_id"]
        for reads in range(1, 1_000):
            if sale_id in {visit["sale_id"] for visit in (await self._image(who))["visits"]}:
                return time.perf_counter() - recorded, reads
        raise BenchFailed("A sale that was answered is in no image.")

    async def _image(self, member_id: UUID) -> dict[str, Any]:
        headers = {"authorization": f"Bearer {self._stage.operator_token}"}
        answer = await self._http.get(f"/v1/members/{member_id}/image", headers=headers)
        if not answer.is_success:
            raise BenchFailed(f"An image was answered {answer.status_code}: {answer.text}")
        return dict(msgspec.json.decode(answer.content))


async def _while_written(server: process.Server, path: Path, plan: Plan, till: _Till, seen: _Seen) -> None:
    """Sell and look until the load is over; what happens before it is under way does not count."""
    url = f"{server.url}/v1/sales"
    running = asyncio.create_task(
        asyncio.to_thread(
            process.run_load, url, path, connections=_TILLS, seconds=plan.image_seconds, pause_ms=_PAUSE_MS
        )
    )
    await asyncio.sleep(1.0)
    while not running.done():
        seconds, reads = await till.sell()
        seen.seconds.append(seconds)
        seen.reads.append(reads)
    run = await running
    if run.refused:
        raise BenchFailed(f"Of {run.answers} sales {run.refused} were refused.")
    seen.written.append(run.per_second)
