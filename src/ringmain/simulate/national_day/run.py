"""Runs the whole National Day: cities side by side in processes of their own, each with its figures and every check."""

import asyncio
import os
import resource
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from ringmain.kit.apart import apart
from ringmain.kit.db import Database
from ringmain.kit.garbage import spare_what_is_loaded
from ringmain.kit.memory import peak_mb
from ringmain.kit.secrets import Keyring
from ringmain.simulate.national_day import store
from ringmain.simulate.national_day.drive import Drive
from ringmain.simulate.national_day.figures import Figures, figures, together
from ringmain.simulate.national_day.machine import Watch, parent_of, processor_seconds
from ringmain.simulate.national_day.plan import Plan

Say = Callable[[str], None]
CityProgress = Callable[[int, int, int], None]


class Checked(Protocol):
    """One check of a network."""

    @property
    def name(self) -> str:
        """What must hold."""

    @property
    def faults(self) -> Sequence[str]:
        """Where it does not."""


Verify = Callable[[Database, UUID], Awaitable[Sequence[Checked]]]


@dataclass(slots=True)
class CityRun:
    """What came of one city in its process."""

    counts: Counter[str]
    seconds: dict[str, float]
    figures: Figures
    faults: list[str]
    processor_seconds: float
    peak_mb: float


@dataclass(slots=True)
class Outcome:
    """What came of the whole run: figures, faults, and what it took.

    `seconds` are of the clock, `city_seconds` those of every city by stage, of which some run side by side.
    """

    figures: dict[str, Any]
    counts: Counter[str]
    seconds: float
    city_seconds: dict[str, float]
    faults: list[str]
    machine: dict[str, Any]
    tables: list[store.Table]


async def national_day(
    url: str, key_path: Path, plan: Plan, processes: int, verify: Verify, progress: CityProgress
) -> Outcome:
    """Run the campaign, or go on where it was interrupted; `progress` hears of city, rows done, and rows in all."""
    started = time.perf_counter()
    async with Database(url) as database:
        async with database.unit(None) as uow:
            server, before = parent_of(await store.backend(uow)), await store.disk(uow)
        server_before = processor_seconds(server) if server else 0.0
        watch = Watch([os.getpid(), *([server] if server else [])])
        watching = asyncio.create_task(watch.run())
        try:
            cities = await _cities(url, key_path, plan, processes, verify, progress)
            await watch.look()
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching
        async with database.unit(None) as uow:
            after, tables = await store.disk(uow), await store.tables(uow)
    counts = sum((one.counts for one in cities), Counter[str]())
    machine = {
        "peak_mb": round(watch.peak_mb),
        "peak_mb_of_a_process": round(max([peak_mb(), *(one.peak_mb for one in cities)])),
        "database_bytes": after.database_bytes - before.database_bytes,
        "log_bytes": after.log_bytes - before.log_bytes,
        "postgresql_processor_seconds": round(processor_seconds(server) - server_before, 1) if server else None,
        "python_processor_seconds": round(sum(one.processor_seconds for one in cities) + _processor_seconds(), 1),
    }
    faults = [fault for one in cities for fault in one.faults]
    in_cities: defaultdict[str, float] = defaultdict(float)
    for one in cities:
        for stage, seconds in one.seconds.items():
            in_cities[stage] += seconds
    found, seconds = together([one.figures for one in cities], counts), time.perf_counter() - started
    return Outcome(found, counts, seconds, in_cities, faults, machine, tables)


async def _cities(
    url: str, key_path: Path, plan: Plan, processes: int, verify: Verify, progress: CityProgress
) -> list[CityRun]:
    """Run the cities in so many processes, each of which takes one after the other; raise what goes wrong in one."""

    def said(text: str) -> None:
        number, done, rows = text.split("/")
        progress(int(number), int(done), int(rows))

    parts = [tuple(range(first, plan.cities, processes)) for first in range(min(processes, plan.cities))]
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(apart(drive_cities, url, str(key_path), plan, part, verify, progress=said))
                for part in parts
            ]
    except ExceptionGroup as together:
        # A city that fails ends the others, which go on at the next call; what it says is for whoever asked.
        raise together.exceptions[0] from None
    return [one for task in tasks for one in task.result()]


def drive_cities(
    url: str, key_path: str, plan: Plan, numbers: Sequence[int], verify: Verify, say: Say
) -> list[CityRun]:
    """Run cities in this process, one after the other, count them and look at every check of `verify`."""
    return asyncio.run(_drive(url, key_path, plan, numbers, verify, say))


async def _drive(
    url: str, key_path: str, plan: Plan, numbers: Sequence[int], verify: Verify, say: Say
) -> list[CityRun]:
    keyring = Keyring.open(Path(key_path))
    spare_what_is_loaded()
    # One connection: the batches of a process follow one another.
    async with Database(url, connections=1) as database:
        return [await drive_city(database, keyring, plan, number, verify, say) for number in numbers]


async def drive_city(
    database: Database, keyring: Keyring, plan: Plan, number: int, verify: Verify, say: Say
) -> CityRun:
    """Run one city, count it and look at every check; `say` hears "city/rows done/rows in all".

    A city is looked at as soon as its week is over, while the machine's memory still holds it: nothing is written to
    its network afterwards.
    """
    city, started, before = plan.city(number), time.perf_counter(), _processor_seconds()
    drive = Drive(database, keyring, city)
    made = time.perf_counter() - started
    done = await drive.run(lambda row, rows: say(f"{number}/{row}/{rows}"))
    done.seconds["make the people"] += made
    counting = time.perf_counter()
    found = await figures(database, city, drive.compared)
    verifying = time.perf_counter()
    done.seconds["count"] += verifying - counting
    checks = await verify(database, city.network_id)
    done.seconds["verify"] += time.perf_counter() - verifying
    faults = [f"{city.name}: {check.name}: {fault}" for check in checks for fault in check.faults]
    return CityRun(done.counts, done.seconds, found, faults, _processor_seconds() - before, peak_mb())


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
