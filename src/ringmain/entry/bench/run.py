"""Runs a bench: a server of its own with everything that makes it durable, then one group of figures after another."""

import asyncio
import os
import platform
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from ringmain.entry.bench import (
    allocating,
    batches,
    bulk,
    images,
    large,
    matching,
    messaging,
    process,
    report,
    singles,
    stage,
    store,
)
from ringmain.entry.bench.errors import BenchFailed
from ringmain.entry.bench.measure import Bench
from ringmain.entry.bench.plan import GROUPS, NAMES, QUICK, Figure, Plan, Result
from ringmain.kit.postgres import EmbeddedServer
from ringmain.kit.settings import Settings

_FREE_GB = {False: 12, True: 3}
_DATABASE = "bench"


def run(
    settings: Settings,
    json_path: Path | None,
    only: Sequence[str] = (),
    *,
    quick: bool = False,
    members: int | None = None,
) -> list[Figure]:
    """Measure the figures named in `only`, or all; print them, and write them to a file where one is named.

    `members` are those of the town in which matches are measured. Raises `BenchFailed` where a measurement did not
    happen as it should have: then there is no figure.
    """
    unknown = sorted(set(only) - set(NAMES) - set(GROUPS))
    if unknown:
        raise BenchFailed(f"There is no figure {unknown[0]}; there are {', '.join((*NAMES, *GROUPS))}.")
    wanted = {name for one in only or NAMES for name in GROUPS.get(one, (one,))}
    plan = QUICK if quick else Plan()
    if members is not None:
        plan = replace(plan, match_members=members)
    console = Console(stderr=True)
    process.load_generator()
    with _folder(settings, quick=quick) as name:
        folder = Path(name)
        results = _measure(folder, wanted, plan, console)
    if json_path is not None:
        report.write_json(json_path, results)
    return [one.figure for one in results]


def _folder(settings: Settings, *, quick: bool) -> "tempfile.TemporaryDirectory[str]":
    """Make a folder on the disk of the installation: a disk in memory would make every commit free."""
    settings.home_folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(settings.home_folder).free // 2**30
    if free < _FREE_GB[quick]:
        raise BenchFailed(f"{_FREE_GB[quick]} GB are needed in {settings.home_folder}, {free} GB are free.")
    return tempfile.TemporaryDirectory(prefix="bench-", dir=settings.home_folder, ignore_cleanup_errors=True)


def _measure(folder: Path, wanted: set[str], plan: Plan, console: Console) -> list[Result]:
    def say(text: str) -> None:
        console.print(text, style="dim", highlight=False)

    server = EmbeddedServer(folder)
    address = server.start()
    try:
        assert server.pid is not None
        bench = Bench(address, server.pid, folder)
        results: list[Result] = []
        main = asyncio.run(stage.build(address, _DATABASE, folder))
        if wanted & {"redeem_http", "redeem_http_uncoalesced"}:
            results += singles.run(bench, main, plan, say)
        if "redeem_batch" in wanted:
            results += batches.run(bench, main, plan, sum(singles.vouchers_needed(plan)), say)
        if wanted & {"mint", "import_sales"}:
            results += bulk.run(bench, main, plan, wanted, say)
        if "match" in wanted:
            results += asyncio.run(matching.run(bench, main, plan, say))
        if "image_fold" in wanted:
            results.append(images.fold(plan, say))
        if "image_fresh" in wanted:
            results.append(asyncio.run(images.fresh(bench, main, plan, say)))
        if wanted & {"allocation", "decision"}:
            results += allocating.run(plan, say)
        if "messages" in wanted:
            results += asyncio.run(messaging.run(main, plan, say))
        if "redeem_10m" in wanted and plan.large:
            results += large.run(bench, plan, say)
        chosen = [one for one in results if one.figure.name in wanted]
        machine = {
            "processors": str(os.cpu_count()),
            "machine": platform.machine(),
            "python": platform.python_version(),
            **store.settings(main.superuser_url, report.SETTINGS),
            "warm-up": f"{plan.warm_up} s",
            "measured": f"{plan.seconds} s x {plan.repetitions}, interleaved, one checkpoint before each group",
        }
        report.show(Console(), chosen, machine)
        return chosen
    finally:
        server.stop()
