"""Drives one city through its week: plays, then the visits that are due, batch by batch; resumable."""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

import numpy as np
import numpy.typing as npt

from ringmain.campaign import api as campaign
from ringmain.kit.db import Database, UnitOfWork
from ringmain.kit.idempotency import Keyed, answer_once
from ringmain.kit.pure.clock import microseconds
from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.pure.ids import uuid7_of, uuid_of
from ringmain.kit.secrets import Keyring
from ringmain.sale import api as sale
from ringmain.simulate import store as progress_store
from ringmain.simulate.errors import ReplayDiffers
from ringmain.simulate.national_day import plan, store
from ringmain.simulate.national_day.crowd import Crowd, brings, crowd
from ringmain.simulate.national_day.opening import at, open_city, scene_ids
from ringmain.simulate.national_day.plan import City

Answer = TypeVar("Answer")
Progress = Callable[[int, int], None]

_HOUR_US = 3_600_000_000
_DAY_US = 24 * _HOUR_US
_CHOICE = "game"  # What decides whose voucher is won: the game's odds.
# A key's payload never changes here: the visit it stands for is the same each time.
_PAYLOAD_HASH = b"national day 1.0"


@dataclass(slots=True)
class Driven:
    """What a city has done since its beginning, and where this run spent its time in seconds."""

    counts: Counter[str] = field(default_factory=Counter)
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))


@dataclass(frozen=True, slots=True)
class _Due:
    """Visits that are due in a batch, by time: the play whose voucher is meant (or -1), or else the base visit."""

    at_us: npt.NDArray[np.int64]
    play: npt.NDArray[np.int64]
    base: npt.NDArray[np.int64]


class Drive:
    """One city; `run` begins it, resumes it, or finds that nothing is left to do."""

    def __init__(self, database: Database, keyring: Keyring, city: City) -> None:
        self._database = database
        self._keyring = keyring
        self._city = city
        self._crowd: Crowd = crowd(city)
        self._done = Driven()
        people = self._crowd
        # The state: which prize each play won (0: not played yet), and whether its voucher was spent.
        self._place = np.zeros(len(people.at_us), dtype=np.int16)
        self._spent = np.zeros(len(people.at_us), dtype=np.bool_)
        self._visits = _visits(people)
        # Batches: a thousand plays each; after the last play, some hundred visits each.
        tail = int(np.searchsorted(self._visits.at_us, people.at_us[-1], side="right"))
        self._tail = tail
        self._rows = len(people.at_us) + len(self._visits.at_us) - tail
        self._shops = [city.id("shop", place) for place in range(plan.SHOPS_PER_CITY)]
        self._merchants = [city.id("merchant", place) for place in range(plan.SHOPS_PER_CITY)]
        self._scenes: npt.NDArray[np.void] = np.empty(0, dtype="V16")

    @property
    def compared(self) -> npt.NDArray[np.bool_]:
        """Who of the city's people is in the comparison group."""
        return self._crowd.compared

    async def run(self, progress: Progress = lambda done, total: None) -> Driven:
        """Play what has not been played yet; each batch is one transaction that also writes how far it came.

        Only the last of them is waited for until the disk has it: with it, the disk has all.

        Interrupted anywhere, it goes on at the next batch; run again after the end, it changes nothing. Raises
        `ReplayDiffers` where a use case refuses what must not be refused, such as a play.
        """
        started = time.perf_counter()
        row = await self._begin()
        self._done.seconds["open"] += time.perf_counter() - started
        progress(row, self._rows)
        plays = len(self._crowd.at_us)
        while row < self._rows:
            limit = plan.BATCH_PLAYS if row < plays else plan.BATCH_VISITS
            stop = min(row + limit, plays if row < plays else self._rows)
            await self._batch(row, stop)
            row = stop
            progress(row, self._rows)
        return self._done

    async def _begin(self) -> int:
        async with self._database.unit(self._city.network_id) as uow:
            before = await progress_store.read_progress(uow, plan.NAME)
        if before is None:
            await open_city(self._database, self._keyring, self._city, self._crowd)
            async with self._database.unit(self._city.network_id) as uow:
                await progress_store.write_progress(uow, plan.NAME, progress_store.Progress(0, self._rows, {}, _CHOICE))
        self._scenes = campaign.packed(await scene_ids(self._database, self._city))
        if before is None or not before.next_row:
            return 0
        self._done.counts = Counter(before.counts)
        if before.next_row < self._rows:
            async with self._database.unit(self._city.network_id) as uow:
                await self._recall(uow)
        return before.next_row

    async def _recall(self, uow: UnitOfWork) -> None:
        """Read back what an interrupted run has decided: the prizes of plays, and which vouchers were spent."""
        # Ids grow with time only to the millisecond: the places of ids are those of their own order.
        order = np.argsort(self._crowd.voucher_ids.view("S16"), kind="stable")
        ids = self._crowd.voucher_ids[order].view("S16")
        played, places = await store.prizes_won(uow)
        self._place[order[np.searchsorted(ids, played.view("S16"))]] = places
        spent = await store.spent_vouchers(uow)
        self._spent[order[np.searchsorted(ids, spent.view("S16"))]] = True

    def _until(self, stop: int) -> tuple[int, int]:
        """Return up to which visit (by time) and up to which time a batch goes that ends at a row."""
        plays = len(self._crowd.at_us)
        if stop <= plays:
            until = int(self._crowd.at_us[stop - 1])
            return int(np.searchsorted(self._visits.at_us, until, side="right")), until
        visit = self._tail + stop - plays
        return visit, int(self._visits.at_us[visit - 1])

    async def _batch(self, start: int, stop: int) -> None:
        counts = Counter(self._done.counts)
        first = self._until(start)[0] if start else 0
        last, until = self._until(stop)
        plays = slice(start, min(stop, len(self._crowd.at_us)))
        due = _Due(*(column[first:last] for column in (self._visits.at_us, self._visits.play, self._visits.base)))
        started = time.perf_counter()
        async with self._database.unit(self._city.network_id, now=at(until), keyed=True) as uow:
            if stop < self._rows:
                await progress_store.commit_without_waiting(uow)
            await self._play(uow, plays, counts)
            played = time.perf_counter()
            await self._visit(uow, due, counts)
            visited = time.perf_counter()
            row = progress_store.Progress(stop, self._rows, dict(counts), _CHOICE)
            await progress_store.write_progress(uow, plan.NAME, row)
        seconds = self._done.seconds
        seconds["plays"] += played - started
        seconds["visits"] += visited - played
        seconds["commit"] += time.perf_counter() - visited
        self._done.counts = counts

    async def _play(self, uow: UnitOfWork, rows: slice, counts: Counter[str]) -> None:
        if rows.start >= rows.stop:
            return
        people = self._crowd
        plays = campaign.Plays(
            scene_ids=self._scenes[people.scene[rows]],
            subject_ids=people.subject_ids[people.person[rows]],
            at_us=people.at_us[rows],
            voucher_ids=people.voucher_ids[rows],
        )
        answer = await campaign.play(uow, plays)
        for number, rule in answer.refused.items():
            raise ReplayDiffers(what=f"play {rows.start + number} of {self._city.name}", rule=str(rule))
        self._place[rows] = answer.place
        counts["plays"] += len(answer.place)
        counts["stand_ins"] += int((answer.place == plan.SHOPS_PER_CITY + 2).sum())

    async def _visit(self, uow: UnitOfWork, due: _Due, counts: Counter[str]) -> None:
        """Record the visits that are due: those that a voucher brings, and those that happen anyway."""
        if not len(due.at_us):
            return
        comes = self._who_comes(due)
        sales: list[Keyed[sale.NewSale]] = []
        meant: list[int] = []
        columns = (due.at_us[comes], due.play[comes], due.base[comes], self._lasts(due)[comes])
        for at_us, row, base, lasts in zip(*(column.tolist() for column in columns), strict=True):
            if row >= 0 and base < 0:
                if self._spent[row]:
                    continue
                takes = row
                sales.append(self._brought(at_us, row))
                counts["brought"] += 1
            else:
                takes = row if row >= 0 and lasts and self._place[row] and not self._spent[row] else -1
                sales.append(self._anyway(at_us, base, takes))
                counts["anyway"] += 1
                counts["anyway_with_voucher"] += takes >= 0
            meant.append(takes)
            self._spent[takes] |= takes >= 0
        for start in range(0, len(sales), 1_000):
            await self._sell(uow, sales[start : start + 1_000], meant[start : start + 1_000], counts)

    def _who_comes(self, due: _Due) -> npt.NDArray[np.int64]:
        """Return the visits that are made: every base visit, and of those that a voucher may bring, by its chance."""
        people = self._crowd
        place = self._place[due.play]
        shop = np.where(place <= plan.SHOPS_PER_CITY, place - 1, self._any_shop(due.play))
        same = people.district[shop] == people.district[people.scene[due.play]]
        hour = (people.at_us[due.play] + plan.OFFSET_US) // _HOUR_US % 24
        brought = (place > 0) & (people.chance[due.play] < brings(hour, same)) & ~self._spent[due.play]
        return np.flatnonzero((due.base >= 0) | brought & self._lasts(due))

    def _lasts(self, due: _Due) -> npt.NDArray[np.bool_]:
        """Return which visits are made while the voucher that is meant is still valid."""
        return due.at_us < self._crowd.at_us[due.play] + plan.VALID_DAYS * _DAY_US

    def _any_shop(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return where the network's own voucher of a play is spent: at a shop after that of its scene."""
        shops: npt.NDArray[np.int64] = _later_shop(self._crowd.scene[rows], rows)
        return shops

    def _shop_of(self, row: int) -> int:
        place = int(self._place[row])
        return place - 1 if place <= plan.SHOPS_PER_CITY else _later_shop(int(self._crowd.scene[row]), row)

    def _brought(self, at_us: int, row: int) -> Keyed[sale.NewSale]:
        people = self._crowd
        spend = int(people.spend_minor[row])
        return self._sale(f"play-{row}", at_us, self._shop_of(row), int(people.person[row]), spend, row)

    def _anyway(self, at_us: int, base: int, takes: int) -> Keyed[sale.NewSale]:
        people = self._crowd
        shop = self._shop_of(takes) if takes >= 0 else int(people.base_shop[base])
        spend = int(people.base_spend_minor[base])
        if takes >= 0:
            spend = max(spend, plan.MINIMUM_MINOR)
        return self._sale(f"base-{base}", at_us, shop, int(people.base_person[base]), spend, takes)

    def _sale(self, key: str, at_us: int, shop: int, person: int, spend: int, row: int) -> Keyed[sale.NewSale]:
        when = at(at_us)
        merchant = self._merchants[shop]
        uses = () if row < 0 else (sale.VoucherUse(self._voucher(row)),)
        new = sale.NewSale(
            id=uuid7_of(when, self._city.network_id, key),
            shop_id=self._shops[shop],
            merchant_id=merchant,
            payment=sale.Payment("card_token", self._city.token(person)),
            receipt=key,
            sold_at=when,
            total_minor=spend,
            currency=plan.CURRENCY,
            vouchers=uses,
            decided_at=when,
        )
        return Keyed(merchant, key, _PAYLOAD_HASH, new)

    def _voucher(self, row: int) -> UUID:
        return uuid_of(int.from_bytes(self._crowd.voucher_ids[row].tobytes(), "big"))

    async def _sell(
        self, uow: UnitOfWork, sales: Sequence[Keyed[sale.NewSale]], meant: Sequence[int], counts: Counter[str]
    ) -> None:
        async def decide(uow: UnitOfWork, items: Sequence[sale.NewSale]) -> list[sale.Recorded | RuleBroken]:
            return await sale.sell(uow, self._keyring, items)

        answers = await answer_once(uow, sale.RECORD, sales, decide, sale.Recorded)
        for answer, one, row in zip(answers, sales, meant, strict=True):
            recorded = _unrefused(answer, f"{one.key} of {self._city.name}")
            if len(recorded.redemptions) != (row >= 0) or not recorded.recognised:
                raise ReplayDiffers(what=f"{one.key} of {self._city.name}", rule="another answer than was due")
        counts["sales"] += len(sales)
        counts["redemptions"] += sum(row >= 0 for row in meant)


def _later_shop(scene: Any, row: Any) -> Any:
    return (scene + 1 + row % (plan.SHOPS_PER_CITY - 1)) % plan.SHOPS_PER_CITY


def _visits(people: Crowd) -> _Due:
    """Return every visit that may be made before the end, by time: of plays first where times are equal."""
    end = microseconds(plan.LAST_VISIT_AT)
    of_plays, of_base = np.flatnonzero(people.visit_us < end), np.flatnonzero(people.base_us < end)
    at_us = np.concatenate([people.visit_us[of_plays], people.base_us[of_base]])
    play = np.concatenate([of_plays, people.carried[of_base]])
    base = np.concatenate([np.full(len(of_plays), -1, dtype=np.int64), of_base])
    order = np.argsort(at_us, kind="stable")
    return _Due(at_us[order], play[order], base[order])


def _unrefused(answer: Answer | RuleBroken, what: str) -> Answer:
    if isinstance(answer, RuleBroken):
        raise ReplayDiffers(what=what, rule=str(answer))
    return answer
