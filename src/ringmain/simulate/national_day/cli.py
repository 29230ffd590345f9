"""The command that runs the National Day, and its report."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Protocol

import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from ringmain.simulate.errors import EvaluationUnwritable, SimulationFaulty
from ringmain.simulate.national_day.plan import CITIES, Plan

_WIDE = 160
_MB = 1_048_576


class Opened(Protocol):
    """The installation, as far as this command uses it."""

    @property
    def urls(self) -> Any:
        """Where the database is."""

    @property
    def settings(self) -> Any:
        """The settings, which name the file of the master key."""


Act = Callable[[Callable[[Opened], Awaitable[None]]], None]


def command(act: Act, verify: Any) -> Callable[..., None]:
    """Return the command; `act` runs something with the installation open, `verify` checks a network."""

    def national_day(
        *,
        scale: Annotated[float, Parameter(help="1 is the documents' campaign of 21 million plays.")] = 1.0,
        seed: Annotated[int, Parameter(help="What chance is drawn from; the same seed gives the same people.")] = 0,
        processes: Annotated[int, Parameter(help="How many cities run side by side.")] = 2,
        json: Annotated[Path | None, Parameter(name="--json", help="Write the report to this file as JSON.")] = None,
        hold: Annotated[
            bool,
            Parameter(negative=(), help="Keep the database running afterwards, until Ctrl-C, to look into it."),
        ] = False,
    ) -> None:
        """Run the largest campaign there is, in ten made-up cities; interrupted, it goes on at the next call.

        The database is that of the installation (RINGMAIN_HOME, or RINGMAIN_DATABASE_URL) and stays on the disk.
        """
        if json is not None and (json.is_dir() or not os.access(json if json.exists() else json.parent, os.W_OK)):
            raise EvaluationUnwritable(file=str(json))
        screen = Console(width=None if sys.stdout.isatty() else _WIDE)
        plan = Plan(scale, seed)

        async def work(opened: Opened) -> None:
            try:
                await _run(opened, plan, processes, verify, screen, json)
            finally:
                if hold:
                    await _hold(opened, screen)

        act(work)

    return national_day


async def _hold(opened: Opened, screen: Console) -> None:
    """Wait until interrupted: the server of an installation ends with the command that started it."""
    screen.print("The database stays until Ctrl-C. Derive redemptions again, in another terminal:")
    home = opened.settings.home_folder
    screen.print(f"  python -m tools.derive --home {home} --sample 10000", highlight=False, soft_wrap=True)
    with suppress(asyncio.CancelledError):
        await asyncio.Event().wait()


async def _run(opened: Opened, plan: Plan, processes: int, verify: Any, screen: Console, json: Path | None) -> None:
    from ringmain.simulate.national_day.run import national_day

    columns = (
        TextColumn("{task.description:9}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=screen, transient=True) as bar:
        tasks = [bar.add_task(CITIES[number][0], total=None, start=False) for number in range(plan.cities)]

        def moved(city: int, done: int, rows: int) -> None:
            bar.start_task(tasks[city])
            bar.update(tasks[city], completed=done, total=rows)

        settings = opened.settings
        outcome = await national_day(
            opened.urls.application_url, settings.master_key_path, plan, processes, verify, moved
        )
    report = {
        "scale": plan.scale,
        "seed": plan.seed,
        "processes": processes,
        "figures": outcome.figures,
        "simulated": dict(outcome.counts),
        "faults": outcome.faults,
        "seconds": round(outcome.seconds, 1),
        "seconds_in_cities": {stage: round(seconds, 1) for stage, seconds in outcome.city_seconds.items()},
        "machine": outcome.machine,
        "tables": {one.name: [one.heap_bytes, one.index_bytes] for one in outcome.tables},
    }
    if json is not None:
        await asyncio.to_thread(json.write_bytes, msgspec.json.format(msgspec.json.encode(report)))
    for table in (_figures(outcome.figures), _costs(report)):
        screen.print(table)
    for fault in outcome.faults:
        screen.print(fault, highlight=False)
    if outcome.faults:
        raise SimulationFaulty(faults=len(outcome.faults))
    screen.print("Every check of `ringmain verify` holds in every city.")


def _figures(figures: dict[str, Any]) -> Table:
    low, high = figures["lift_visits"][1:]
    rows = {
        "plays, each of which won": f"{figures['plays']:,}",
        "vouchers granted": f"{figures['grants']:,} ({figures['grants_without_play']:,} without a play)",
        "redeemed": f"{figures['redemptions']:,} ({figures['redeemed_share']:.1%})",
        "turnover with a voucher, yuan": f"{figures['turnover_yuan']:,.0f}",
        "paid by the network": f"{figures['network_share']:.1%} of {figures['redeemed_minor'] / 100:,.0f} yuan",
        "fees, yuan": f"{figures['fees_minor'] / 100:,.2f}",
        "shops that both send and receive": f"{figures['shops_both']:,}",
        "flow between shops": f"{figures['moved']:,} visits on {figures['edges']:,} ways, "
        f"{figures['shared_edges']:,} of which two people or more took",
        "visits more than the comparison group": f"{figures['lift_visits'][0]:.3f} a person "
        f"(95 % {low:.3f} to {high:.3f}); in truth {figures['lift_visits_truth']:.3f}",
        "prizes that stood in": f"{figures['stand_ins']:,}; the operator was told "
        f"{len(figures['alarms']):,} times before",
        "ledger sum": ", ".join(f"{total} {currency}" for currency, total in figures["ledger_sum"].items()),
    }
    table = Table("figure", "value", title="The National Day")
    for name, value in rows.items():
        table.add_row(name, value)
    return table


def _costs(report: dict[str, Any]) -> Table:
    machine, plays = report["machine"], max(1, report["simulated"].get("plays", 0))
    table = Table("what", "value", title="What it took")
    table.add_row("seconds", f"{report['seconds']:,.1f}")
    for stage, seconds in report["seconds_in_cities"].items():
        table.add_row(f"seconds in all cities: {stage}", f"{seconds:,.1f}")
    table.add_row("processor seconds: PostgreSQL", f"{machine['postgresql_processor_seconds']}")
    table.add_row("processor seconds: Python", f"{machine['python_processor_seconds']}")
    table.add_row("peak memory, MB (PostgreSQL and all processes)", f"{machine['peak_mb']:,}")
    table.add_row("tables and indexes, MB", f"{machine['database_bytes'] / _MB:,.0f}")
    table.add_row("log written, MB", f"{machine['log_bytes'] / _MB:,.0f}")
    table.add_row("bytes of tables and indexes per play", f"{machine['database_bytes'] / plays:,.0f}")
    return table
