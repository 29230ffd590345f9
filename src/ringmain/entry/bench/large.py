"""Single redemptions over HTTP with ten million vouchers against a hundred thousand, recent keys and uniform ones."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice

import numpy as np

from ringmain.entry.bench import load, measure, stage, store
from ringmain.entry.bench.measure import Bench
from ringmain.entry.bench.plan import MOST_SINGLES_PER_SECOND, Plan, Result, Sample, result
from ringmain.entry.bench.process import Server, serving
from ringmain.entry.bench.singles import CLIENTS, Say
from ringmain.entry.bench.stage import MERCHANTS, Stage

_PATH = "/v1/redemptions"
_SEED = 13
# Recent keys: how far from the newest a voucher lies is exponential with this mean, as long as one of uniform keys of
# the small table; so both touch about as many pages, and what is compared is the size of the table behind them.
_MEAN_AGE = 50_000
_PERMUTED = 1_000_000
_PIECE = 10_000


@dataclass(frozen=True, slots=True)
class _Side:
    """One table under test, with the order in which its vouchers are spent."""

    name: str
    stage: Stage
    server: Server
    numbers: Iterator[int]


def run(bench: Bench, plan: Plan, say: Say) -> list[Result]:
    """Make both tables, measure them in turn, and remove them; returns one figure."""
    stages: list[Stage] = []
    try:
        for name, count in (("bench_small", plan.small), ("bench_large", plan.large)):
            say(f"{name}: making {count:,} vouchers")
            stages.append(asyncio.run(stage.build(bench.address, name, bench.folder)))
            store.make_many_vouchers(stages[-1].superuser_url, count, MERCHANTS)
        return [_measured(bench, plan, stages[0], stages[1], say)]
    finally:
        for one in stages:
            store.drop_database(bench.address.url("postgres"), one.name)


def _measured(bench: Bench, plan: Plan, small: Stage, large: Stage, say: Say) -> Result:
    samples: dict[str, list[Sample]] = {"small": [], "recent": [], "uniform": []}
    random = np.random.default_rng(_SEED)
    with ExitStack() as open_servers:
        small_server = open_servers.enter_context(serving(small, bench.folder, coalesce=True))
        large_server = open_servers.enter_context(serving(large, bench.folder, coalesce=True))
        taken: set[int] = set()
        sides = (
            _Side("small", small, small_server, _fresh(_uniform(plan.small, random), set())),
            _Side("recent", large, large_server, _fresh(_recent(plan.large, random), taken)),
            _Side("uniform", large, large_server, _fresh(_uniform(plan.large, random), taken)),
        )
        for repetition in range(plan.repetitions):
            for side in sides:
                samples[side.name].append(_load(bench, plan, side))
                say(f"10m {repetition + 1}/{plan.repetitions}: {side.name} {samples[side.name][-1].per_second:,.0f}/s")
    uniform = samples["uniform"]
    rates = " ".join(f"{one.per_second:,.0f}" for one in uniform)
    notes = (
        f"{plan.large:,} vouchers, keys exponential from the newest (mean {_MEAN_AGE:,})",
        f"limit: {plan.small:,} vouchers, keys uniform",
        f"uniform keys: {rates} /s, log {max(one.wal_bytes for one in uniform):,.0f} bytes",
    )
    return result("redeem_10m", "redemptions/s", samples["recent"], samples["small"], notes)


def _load(bench: Bench, plan: Plan, side: _Side) -> Sample:
    files = [bench.folder / "warm.txt", bench.folder / "load.txt"]
    # The small table must last for all runs.
    rate = min(MOST_SINGLES_PER_SECOND, plan.small // (plan.repetitions * (plan.large_seconds + plan.warm_up)))
    for path, seconds in zip(files, (plan.warm_up, plan.large_seconds), strict=True):
        load.write_redemptions(path, side.stage, islice(side.numbers, rate * seconds))
    return measure.load(
        bench,
        side.stage,
        side.server,
        measure.Requests(
            path=_PATH,
            warm=files[0],
            measured=files[1],
            connections=CLIENTS,
            seconds=plan.large_seconds,
            warm_up=plan.warm_up,
        ),
    )


def _fresh(numbers: Iterator[int], taken: set[int]) -> Iterator[int]:
    """Yield each number once; `taken` is what other streams of the same table have yielded."""
    for number in numbers:
        if number not in taken:
            taken.add(number)
            yield number


def _uniform(count: int, random: np.random.Generator) -> Iterator[int]:
    """Yield numbers of vouchers in no order: all of a small table once, samples of a large one."""
    if count <= _PERMUTED:
        yield from random.permutation(count).tolist()
    while count > _PERMUTED:
        yield from random.integers(0, count, _PIECE).tolist()


def _recent(count: int, random: np.random.Generator) -> Iterator[int]:
    while True:
        ages = random.exponential(_MEAN_AGE, _PIECE).astype(np.int64)
        yield from (count - 1 - ages[ages < count]).tolist()
