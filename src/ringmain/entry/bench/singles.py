"""Single redemptions over HTTP, coalesced and not, against the one-redemption transaction at as many clients."""

import random
from collections.abc import Callable
from functools import partial
from pathlib import Path

from ringmain.entry.bench import load, measure, store
from ringmain.entry.bench.measure import Bench
from ringmain.entry.bench.plan import Plan, Result, Sample, result
from ringmain.entry.bench.process import Server, serving
from ringmain.entry.bench.stage import MERCHANTS, Stage

CLIENTS = 64
_PATH = "/v1/redemptions"
_SHAPES = ("redeem_one.sql", "redeem_one_steps.sql")
_SEED = 7
# A limit's two shapes are compared in short runs; the faster one is the limit.
_TRIAL_SECONDS = 2
_UNIT = "redemptions/s"

Say = Callable[[str], None]


def vouchers_needed(plan: Plan) -> tuple[int, int]:
    """Return how many vouchers the limits and the loads may spend, as multiples of the number of merchants."""
    limits = plan.singles_per_run * (plan.repetitions + len(_SHAPES))
    loads = plan.singles_per_run * plan.repetitions * 2
    return _whole(limits), _whole(loads)


def _whole(count: int) -> int:
    return -(-count // MERCHANTS) * MERCHANTS


def run(bench: Bench, stage: Stage, plan: Plan, say: Say) -> list[Result]:
    """Make the vouchers, then measure limit, toy, uncoalesced and coalesced in turn, and return two figures."""
    for_limits, for_loads = vouchers_needed(plan)
    say(f"singles: making {for_limits + for_loads:,} vouchers")
    store.make_vouchers(stage.superuser_url, 0, for_limits + for_loads, MERCHANTS)
    store.make_toys(stage.superuser_url, for_limits)
    store.settle(stage.superuser_url)
    limits = _Limits(bench, stage, plan, for_limits)
    numbers = list(range(for_limits, for_limits + for_loads))
    # Vouchers come back in no order: both sides meet pages that nobody has just touched.
    random.Random(_SEED).shuffle(numbers)  # noqa: S311 (no secret)
    loads = _Loads(bench, stage, plan, numbers)
    shape = limits.choose(say)
    found: dict[str, list[Sample]] = {"limit": [], "toy": [], "uncoalesced": [], "coalesced": []}
    with serving(stage, bench.folder, coalesce=True) as together, serving(stage, bench.folder, coalesce=False) as alone:
        for repetition in range(plan.repetitions):
            measurements: dict[str, Callable[[], Sample]] = {
                "limit": partial(limits.run, shape),
                "uncoalesced": partial(loads.run, alone),
                "coalesced": partial(loads.run, together),
                "toy": limits.toy,
            }
            for name, measurement in measurements.items():
                found[name].append(measurement())
                say(f"singles {repetition + 1}/{plan.repetitions}: {name} {found[name][-1].per_second:,.0f}/s")
    measure.check_same_rows(found["limit"][-1], found["uncoalesced"][-1])
    measure.check_same_rows(found["limit"][-1], found["coalesced"][-1])
    toy = max(sample.per_second for sample in found["toy"])
    notes = (f"limit: {shape}, {CLIENTS} clients", f"toy anchor: {toy:,.0f}/s")
    return [
        result("redeem_http", _UNIT, found["coalesced"], found["limit"], notes),
        result("redeem_http_uncoalesced", _UNIT, found["uncoalesced"], found["limit"], notes[:1]),
    ]


class _Limits:
    """The limits' own vouchers, spent in the same scattered order by every run."""

    def __init__(self, bench: Bench, stage: Stage, plan: Plan, vouchers: int) -> None:
        self._bench, self._stage, self._plan = bench, stage, plan
        self._per_merchant = vouchers // MERCHANTS
        self._next = 0
        self._next_toy = 0

    def choose(self, say: Say) -> str:
        """Return the faster of the two ways to write the same rows."""
        rates = {script: self.run(script, _TRIAL_SECONDS).per_second for script in _SHAPES}
        for script, rate in rates.items():
            say(f"singles: {script} {rate:,.0f}/s")
        return max(rates, key=rates.__getitem__)

    def run(self, script: str, seconds: int | None = None) -> Sample:
        """Run one of the scripts on vouchers that no run has spent."""
        first, self._next = self._next, self._next + self._plan.singles_per_run // MERCHANTS
        return self._limit(script, first, seconds)

    def toy(self) -> Sample:
        """Run the toy anchor, which has vouchers of its own."""
        first, self._next_toy = self._next_toy, self._next_toy + self._plan.singles_per_run // MERCHANTS
        return self._limit("toy_one.sql", first, None)

    def _limit(self, script: str, first: int, seconds: int | None) -> Sample:
        return measure.limit(
            self._bench,
            self._stage,
            store.SCRIPTS / script,
            clients=CLIENTS,
            seconds=seconds or self._plan.seconds,
            warm_up=self._plan.warm_up,
            merchants=MERCHANTS,
            per_merchant=self._per_merchant,
            first=first,
        )


class _Loads:
    """The loads' own vouchers, each sent once."""

    def __init__(self, bench: Bench, stage: Stage, plan: Plan, numbers: list[int]) -> None:
        self._bench, self._stage, self._plan, self._numbers = bench, stage, plan, numbers

    def run(self, server: Server) -> Sample:
        """Send single redemptions to a server."""
        plan = self._plan
        for_warm_up = plan.singles_per_run * plan.warm_up // (plan.seconds + plan.warm_up)
        warm = self._write("warm.txt", for_warm_up)
        requests = self._write("load.txt", plan.singles_per_run - for_warm_up)
        return measure.load(
            self._bench,
            self._stage,
            server,
            measure.Requests(
                path=_PATH,
                warm=warm,
                measured=requests,
                connections=CLIENTS,
                seconds=plan.seconds,
                warm_up=plan.warm_up,
            ),
        )

    def _write(self, name: str, count: int) -> Path:
        path = self._bench.folder / name
        taken, self._numbers = self._numbers[:count], self._numbers[count:]
        load.write_redemptions(path, self._stage, taken)
        return path
