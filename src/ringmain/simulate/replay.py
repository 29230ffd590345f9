"""Replay a recorded year around a ring: through the same use cases as the API, in simulated time, resumable."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from ringmain.kit.db import Database, UnitOfWork
from ringmain.kit.idempotency import Keyed, answer_once
from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.secrets import Keyring
from ringmain.sale import api as sale
from ringmain.simulate import store, town
from ringmain.simulate.batching import batches, earning_visit
from ringmain.simulate.choice import ABSENT_US, Choice
from ringmain.simulate.errors import ReplayBegunOtherwise, ReplayDiffers
from ringmain.simulate.journey import Int64s, Journey
from ringmain.simulate.visits import Visit, Visits
from ringmain.voucher import api as voucher

BATCH_ROWS = 1_000
_DAY = timedelta(days=1)
Progress = Callable[[int, int], None]
Answer = TypeVar("Answer")


@dataclass(slots=True)
class Replayed:
    """What a replay has done since its beginning, and where this run spent its time in seconds."""

    counts: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, float] = field(default_factory=dict)


class Replay:
    """One replay of a journey; `run` begins it, resumes it, or finds that nothing is left to do."""

    def __init__(self, database: Database, keyring: Keyring, journey: Journey, choice: Choice) -> None:
        self._database = database
        self._keyring = keyring
        self._journey = journey
        self._visits = Visits(journey)
        self._choice = choice
        self._done = Replayed()

    async def run(self, progress: Progress = lambda done, total: None) -> Replayed:
        """Replay what has not been replayed yet; each batch is one transaction that also writes how far it came.

        Interrupted anywhere, it goes on at the next batch; run again after the end, it changes nothing. Raises
        `ReplayDiffers` where a use case refuses what the data says happened, and `ReplayBegunOtherwise` where it was
        begun by another choice.
        """
        total = len(self._journey.baskets.basket_id)
        with _timed(self._done.seconds, "open the town"):
            await self._open()
        start = await self._resume()
        progress(start, total)
        swept = self._time(start) if start < total else None
        for rows in batches(self._dependencies(), start, total, BATCH_ROWS):
            if swept is not None and self._time(rows.start) - swept >= _DAY:
                swept = self._time(rows.start)
                with _timed(self._done.seconds, "expire"):
                    await self._expire(swept)
            with _timed(self._done.seconds, "sales and vouchers"):
                await self._batch(rows)
            progress(rows.stop, total)
        return self._done

    async def _open(self) -> None:
        if await self._read_progress() is not None:
            return
        await town.open_town(self._database, self._keyring, self._journey)
        sold = self._journey.baskets.sold_at_us
        first, last = _at(int(sold[0])), _at(int(sold[-1]))
        async with self._database.unit(town.NETWORK_ID, now=first) as uow:
            await sale.ensure_partitions(uow, first, last)
        await self._declare_unmatched()
        async with self._database.unit(town.NETWORK_ID, now=first) as uow:
            await store.write_progress(uow, town.NAME, self._progress(0, self._done.counts))

    async def _resume(self) -> int:
        progress = await self._read_progress()
        assert progress is not None
        if progress.choice != self._choice.name:
            raise ReplayBegunOtherwise(begun_with=progress.choice, asked_for=self._choice.name)
        self._done.counts = Counter(progress.counts)
        baskets = self._journey.baskets
        columns = (baskets.household.tolist(), baskets.store.tolist(), baskets.sold_at_us.tolist())
        for household, shop, at in list(zip(*columns, strict=True))[: progress.next_row]:
            self._choice.see(household, shop, at)
        return progress.next_row

    def _progress(self, next_row: int, counts: Counter[str]) -> store.Progress:
        return store.Progress(next_row, len(self._journey.baskets.basket_id), dict(counts), self._choice.name)

    async def _read_progress(self) -> store.Progress | None:
        async with self._database.unit(town.NETWORK_ID) as uow:
            return await store.read_progress(uow, town.NAME)

    def _dependencies(self) -> Int64s:
        baskets = self._journey.baskets
        return earning_visit(
            baskets.household,
            baskets.store,
            baskets.sold_at_us,
            baskets.amount_minor >= town.RING_MINIMUM_MINOR,
            timedelta(days=town.RING_DAYS),
            timedelta(microseconds=ABSENT_US),
        )

    def _time(self, row: int) -> datetime:
        return _at(int(self._journey.baskets.sold_at_us[row]))

    async def _batch(self, rows: slice) -> None:
        visits = list(self._visits.read(rows))
        counts = Counter(self._done.counts)
        async with self._database.unit(town.NETWORK_ID, now=visits[-1].at) as uow:
            await self._grant(uow, [grant for visit in visits for grant in visit.grants])
            keyed = [one for visit in visits for one in (visit.sold, visit.declared) if one is not None]
            recorded = await self._sell(uow, keyed)
            earned = self._earned(visits)
            await self._grant(uow, earned)
            counts["sales"] += len(visits)
            counts["lines"] += sum(len(visit.sold.item.lines) for visit in visits)
            counts["coupon_redemptions"] += sum(visit.coupons for visit in visits)
            counts["declared_sales"] += sum(visit.declared is not None for visit in visits)
            counts["ring_grants"] += len(earned)
            redeemed = sum(len(answer.redemptions) for answer in recorded)
            counts["ring_redemptions"] += redeemed - sum(visit.coupons for visit in visits)
            await store.write_progress(uow, town.NAME, self._progress(rows.stop, counts))
        self._done.counts = counts

    async def _sell(self, uow: UnitOfWork, keyed: Sequence[Keyed[sale.NewSale]]) -> list[sale.Recorded]:
        async def decide(uow: UnitOfWork, items: Sequence[sale.NewSale]) -> list[sale.Recorded | RuleBroken]:
            return await sale.sell(uow, self._keyring, items)

        answers = await answer_once(uow, sale.RECORD, keyed, decide, sale.Recorded)
        return [_unrefused(answer, one.key) for answer, one in zip(answers, keyed, strict=True)]

    async def _grant(self, uow: UnitOfWork, grants: Sequence[voucher.Grant]) -> None:
        for answer, one in zip(await voucher.grant(uow, grants), grants, strict=True):
            _unrefused(answer, f"grant {one.id}")

    def _earned(self, visits: Sequence[Visit]) -> list[voucher.Grant]:
        """Let the choice see each visit and say, from what it saw so far, whose voucher it earns."""
        earned = []
        for visit in visits:
            at_us = int(self._journey.baskets.sold_at_us[visit.row])
            self._choice.see(visit.household, visit.store, at_us)
            chosen = self._choice.choose(visit.household, visit.store, at_us)
            if chosen >= 0:
                earned.append(self._visits.ring_grant(visit, chosen))
        return earned

    async def _expire(self, at: datetime) -> None:
        self._done.counts["expired"] += await voucher.sweep(self._database, town.NETWORK_ID, now=at)

    async def _declare_unmatched(self) -> None:
        """Record the redemptions that no basket of the data fits as declared sales of value zero."""
        declared = list(self._visits.unmatched())
        async with self._database.unit(town.NETWORK_ID, now=self._time(0)) as uow:
            await self._grant(uow, [grant for grant, _ in declared])
            await self._sell(uow, [sold for _, sold in declared])
        self._done.counts["unmatched"] = len(declared)


@contextmanager
def _timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    """Add the seconds of a block to a stage."""
    start = time.perf_counter()
    yield
    seconds[stage] = seconds.get(stage, 0.0) + time.perf_counter() - start


async def is_unfinished(database: Database) -> bool:
    """Say whether a replay was begun and has not come to its end."""
    async with database.unit(town.NETWORK_ID) as uow:
        progress = await store.read_progress(uow, town.NAME)
    return progress is not None and progress.next_row < progress.rows


def _unrefused(answer: Answer | RuleBroken, what: str) -> Answer:
    if isinstance(answer, RuleBroken):
        raise ReplayDiffers(what=what, rule=str(answer))
    return answer


def _at(microseconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
