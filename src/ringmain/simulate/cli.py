"""The commands that measure models on recorded data, and in towns that never existed."""

import os
import sys
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from cyclopts import App, Parameter
from rich.console import Console
from rich.status import Status
from rich.table import Table

from ringmain.simulate.errors import EvaluationUnwritable
from ringmain.simulate.evaluate.tasks import TASKS
from ringmain.simulate.national_day.cli import Act
from ringmain.simulate.national_day.cli import command as national_day
from ringmain.simulate.what_if.cli import command as what_if

# A file or a pipe has no width of its own; a row of figures stays one line there.
_WIDE = 240
simulate = App(name="simulate", help="Make up towns whose truth is known, and see what vouchers do in them.")
FamilyName = Annotated[
    Literal["choice", "rhythm"] | None, Parameter(help="How people behave; `rhythm` is there to judge only.")
]
Seed = Annotated[int | None, Parameter(help="What chance is drawn from; the same seed gives the same town.")]
ParametersFile = Annotated[
    Path | None, Parameter(name="--parameters", help="TOML or JSON file of a town's parameters; options go before it.")
]
Json = Annotated[Path | None, Parameter(name="--json", help="Write the result to this file as JSON.")]


def add_national_day(act: Act, verify: Any) -> None:
    """Add the National Day; `act` runs something with the installation open, `verify` checks a network."""
    simulate.command(national_day(act, verify), name="national-day")


def add_what_if(act: Any) -> None:
    """Add what would happen; `act` runs something with the installation open."""
    simulate.command(what_if(act), name="what-if")


def evaluate(
    task: Annotated[str, Parameter(help=f"One of: {', '.join(TASKS)}.")],
    *,
    data: Annotated[Path | None, Parameter(help="Folder of the task's Parquet files.")] = None,
    json: Annotated[Path | None, Parameter(name="--json", help="Write the result to this file as JSON.")] = None,
    seed: Annotated[int, Parameter(help="What chance is drawn from; the same seed gives the same figures.")] = 0,
    horizon: Annotated[int | None, Parameter(help="Days to forecast; traffic only, 14 where left out.")] = None,
    out: Annotated[
        Path | None, Parameter(help="Write the days after the file's last one here, .parquet or .csv; traffic only.")
    ] = None,
) -> None:
    """Measure a model on recorded data by a fixed protocol, beside the dumb baselines."""
    from ringmain.simulate.evaluate.tasks import evaluate as run

    _ask_whether_writable(json)
    screen = _screen()
    with screen.status(task) as status:
        evaluation = run(
            task,
            data,
            seed=seed,
            progress=lambda stage: status.update(f"{task}: {stage}"),
            horizon=horizon,
            out=out,
        )
    screen.print(evaluation.as_table())
    for note in evaluation.notes:
        screen.print(note, highlight=False)
    _write(json, evaluation.as_json())


@simulate.command
def lift(
    *,
    campaigns: Annotated[int, Parameter(help="How many; each happens once more without effect.")] = 1_000,
    seed: Annotated[int, Parameter(help="What chance is drawn from; the same seed gives the same figures.")] = 0,
    json: Json = None,
) -> None:
    """Let campaigns of known effect happen, and say how often the intervals that merchants are shown hold the truth."""
    from ringmain.simulate.campaigns import judge

    _ask_whether_writable(json)
    screen = _screen()
    with screen.status("lift") as status:
        judged = judge(campaigns, seed, lambda number: status.update(f"lift: {number} of {campaigns}"))
    table = Table("campaigns of", "happened", "read at the end", "interval holds", "sequence holds, every day")
    for one in (*judged.designs, judged.total):
        counts = (one.campaigns, one.read, one.fixed_holds, one.sequence_always_holds)
        table.add_row(one.name, *(str(count) for count in counts))
    screen.print(table)
    for name, value in judged.figures.items():
        screen.print(f"{name}: {value:.3f}", highlight=False)
    _write(json, judged.as_json())


@simulate.command(name="live")
def live_town(
    *,
    family: FamilyName = None,
    people: int | None = None,
    shops: int | None = None,
    days: int | None = None,
    seed: Seed = None,
    parameters: ParametersFile = None,
    out: Annotated[Path | None, Parameter(help="Write every visit to this Parquet file.")] = None,
) -> None:
    """Let a made-up town live without vouchers, and say how many visits that were, in what time and memory."""
    from ringmain.simulate.world.parameters import load
    from ringmain.simulate.world.report import live

    _ask_whether_writable(out)
    chosen = load(parameters, family=family, people=people, shops=shops, days=days, seed=seed)
    for line in live(chosen, out):
        Console().print(line, highlight=False)


@simulate.command
def distance(
    *,
    family: FamilyName = None,
    data: Annotated[Path | None, Parameter(help="Folder with recorded check-ins, as for need-place.")] = None,
    seed: Seed = None,
    parameters: ParametersFile = None,
    json: Json = None,
) -> None:
    """Say how far a made-up town's rhythms are from a recorded year of purchases, and from check-ins."""
    from ringmain.simulate.world.parameters import load
    from ringmain.simulate.world.report import distances

    _ask_whether_writable(json)
    tables = distances(load(parameters, family=family, seed=seed), data)
    for name, rows in tables.items():
        table = Table("measure", "distance is", "town", "recorded", "distance", title=f"the town beside {name}")
        for row in rows:
            table.add_row(row.measure, row.kind, *(f"{value:.3f}" for value in (row.ours, row.recorded, row.distance)))
        _screen().print(table)
    _write(json, msgspec.json.format(msgspec.json.encode(tables)))


@simulate.command
def returns(
    *,
    family: FamilyName = None,
    world: Annotated[
        Literal["positive", "zero", "negative", "mixed"] | None, Parameter(help="What vouchers do in these worlds.")
    ] = None,
    worlds: Annotated[int, Parameter(help="How many, of consecutive seeds.")] = 5,
    people: int | None = None,
    seed: Seed = None,
    parameters: ParametersFile = None,
    rows: Annotated[
        Path | None, Parameter(help="Only write the first world's trial for learning, as Parquet; not of `rhythm`.")
    ] = None,
    json: Json = None,
) -> None:
    """Judge by the truth who is given vouchers: ours, learnt from a trial, beside the oracle and simple rules."""
    from ringmain.simulate.evaluate.report import cell
    from ringmain.simulate.world.parameters import load
    from ringmain.simulate.world.returns import RULES, refuse_rows, write_rows
    from ringmain.simulate.world.returns import returns as run

    _ask_whether_writable(json)
    _ask_whether_writable(rows)
    chosen = load(parameters, family=family, world=world, people=people, seed=seed)
    screen = _screen()
    if rows is not None:
        refuse_rows(chosen)
        screen.print(f"{rows}: {write_rows(chosen, rows):,} rows", highlight=False)
        return
    with screen.status("returns") as status:
        found = run(chosen, worlds, lambda number: status.update(f"returns: world {number + 1} of {worlds}"))
    for budget, spent in found.budgets.items():
        title = f"all spend {budget} of what a voucher for everybody would cost"
        table = Table("rule", "incremental visits", "of the oracle's", "ours to it", "vouchers", title=title)
        for rule in RULES:
            cells = (cell(one.get(rule)) for one in (spent.returns, spent.of_oracle, spent.ours_over))
            table.add_row(rule, *cells, f"{spent.vouchers[rule]:.0f}")
        screen.print(table)
    screen.print(f"{found.seconds:.0f} s, at most {found.peak_mb:.0f} MB; in brackets 95 % over worlds")
    for line in found.sentences():
        screen.print(line, highlight=False)
    _write(json, found.as_json())


@simulate.command(name="switch-off")
def switch_off(
    *,
    family: FamilyName = None,
    worlds: Annotated[int, Parameter(help="How many, of consecutive seeds.")] = 10,
    people: int | None = None,
    seed: Seed = None,
    parameters: ParametersFile = None,
    json: Json = None,
) -> None:
    """Stop the money of made-up towns, and judge by the truth what is said of the visits that remain.

    Without --family, both ways in which people behave.
    """
    from ringmain.simulate.world.parameters import load
    from ringmain.simulate.world.switch_off import switch_off as run

    _ask_whether_writable(json)
    screen, found = _screen(), []
    for name in (family,) if family else ("choice", "rhythm"):
        chosen = load(parameters, family=name, people=people, seed=seed)
        with screen.status(name) as status:
            one = run(chosen, worlds, partial(_said, status, name, worlds))
        title = f"visits a person and week that the money made, {name}, {worlds} worlds"
        table = Table("period", "true", "error (root mean square)", "said", "interval holds the truth", title=title)
        for row in one.periods:
            error = "too early" if row.error is None else f"{row.error:.4f}"
            table.add_row(row.period, f"{row.truth:+.4f}", error, str(row.read), f"{row.held} of {row.read}")
        screen.print(table)
        found.append(one)
    _write(json, msgspec.json.format(msgspec.json.encode(found)))


def _said(status: Status, name: str, worlds: int, number: int) -> None:
    status.update(f"{name}: {number + 1} of {worlds}")


def _screen() -> Console:
    return Console(width=None if sys.stdout.isatty() else _WIDE)


def _ask_whether_writable(file: Path | None) -> None:
    """Ask before a run that takes minutes. Raises `EvaluationUnwritable`."""
    if file is not None and (file.is_dir() or not os.access(file if file.exists() else file.parent, os.W_OK)):
        raise EvaluationUnwritable(file=str(file))


def _write(file: Path | None, content: bytes) -> None:
    if file is None:
        return
    try:
        file.write_bytes(content)
    except OSError as error:
        raise EvaluationUnwritable(file=str(file), why=str(error)) from error
