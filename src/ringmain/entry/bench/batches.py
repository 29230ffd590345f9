"""Batches of a thousand redemptions through HTTP, against set-based statements of a thousand."""

import random
from pathlib import Path

from ringmain.entry.bench import load, measure, store
from ringmain.entry.bench.measure import Bench
from ringmain.entry.bench.plan import BATCH, Plan, Result, Sample, result
from ringmain.entry.bench.process import Server, serving
from ringmain.entry.bench.singles import Say
from ringmain.entry.bench.stage import MERCHANTS, Stage

CLIENTS = 4
_PATH = "/v1/redemptions/batch"
_SEED = 11


def run(bench: Bench, stage: Stage, plan: Plan, first: int, say: Say) -> list[Result]:
    """Make vouchers from number `first` on, then measure limit and load in turn; returns one figure."""
    runs = 2 * plan.repetitions * plan.batches_per_run
    per_merchant = -(-runs // MERCHANTS)
    say(f"batches: making {per_merchant * MERCHANTS * BATCH:,} vouchers")
    store.make_vouchers(stage.superuser_url, first, per_merchant * MERCHANTS * BATCH, MERCHANTS)
    batches = _batches(first, per_merchant)
    for_limits, for_loads = batches[: len(batches) // 2], batches[len(batches) // 2 :]
    store.place_batches(stage.superuser_url, [(numbers[0] % MERCHANTS, numbers) for numbers in for_limits])
    store.settle(stage.superuser_url)
    limits: list[Sample] = []
    ours: list[Sample] = []
    with serving(stage, bench.folder, coalesce=True) as server:
        for repetition in range(plan.repetitions):
            limits.append(
                measure.limit(
                    bench,
                    stage,
                    store.SCRIPTS / "redeem_batch.sql",
                    clients=CLIENTS,
                    seconds=plan.batch_seconds,
                    warm_up=plan.warm_up,
                    items=BATCH,
                    first=repetition * plan.batches_per_run,
                )
            )
            own = for_loads[repetition * plan.batches_per_run :][: plan.batches_per_run]
            ours.append(_load(bench, stage, server, plan, own))
            say(
                f"batches {repetition + 1}/{plan.repetitions}: limit {limits[-1].per_second:,.0f}/s, "
                f"over HTTP {ours[-1].per_second:,.0f}/s"
            )
    measure.check_same_rows(limits[-1], ours[-1])
    notes = (f"limit: redeem_batch.sql, {CLIENTS} clients", f"batches of {BATCH:,}, {CLIENTS} connections")
    return [result("redeem_batch", "redemptions/s", ours, limits, notes)]


def _batches(first: int, per_merchant: int) -> list[list[int]]:
    """Return batches of scattered vouchers, each of one merchant, the merchants in turn."""
    shuffled = random.Random(_SEED)  # noqa: S311 (no secret)
    of_merchant: list[list[int]] = []
    for merchant in range(MERCHANTS):
        numbers = [first + merchant + MERCHANTS * place for place in range(per_merchant * BATCH)]
        shuffled.shuffle(numbers)
        of_merchant.append(numbers)
    return [
        of_merchant[merchant][turn * BATCH : (turn + 1) * BATCH]
        for turn in range(per_merchant)
        for merchant in range(MERCHANTS)
    ]


def _load(bench: Bench, stage: Stage, server: Server, plan: Plan, batches: list[list[int]]) -> Sample:
    split = len(batches) * plan.warm_up // (plan.batch_seconds + plan.warm_up)
    files: list[Path] = []
    for name, part in (("warm.txt", batches[:split]), ("load.txt", batches[split:])):
        files.append(bench.folder / name)
        load.write_batches(files[-1], stage, part)
    return measure.load(
        bench,
        stage,
        server,
        measure.Requests(
            path=_PATH,
            warm=files[0],
            measured=files[1],
            connections=CLIENTS,
            seconds=plan.batch_seconds,
            warm_up=plan.warm_up,
            items=BATCH,
        ),
    )
