"""How the figures of a bench are shown, and what stands beside them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

import msgspec
from rich.console import Console
from rich.table import Table

from ringmain.entry.bench.plan import Result, Sample

_GOALS = {"redeem_http": 0.8, "redeem_batch": 0.5, "mint": 0.5, "import_sales": 0.4, "redeem_10m": 0.9}
SETTINGS = (
    "server_version",
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "wal_compression",
    "shared_buffers",
    "checkpoint_timeout",
    "checkpoint_completion_target",
    "max_wal_size",
)


def show(console: Console, results: Sequence[Result], machine: Mapping[str, str]) -> None:
    """Print the figures, then what each repetition wrote and cost."""
    table = Table(title="Figures (medians)")
    for name in ("figure", "value", "limit", "ratio", "goal", "p99 ms", "server CPU us"):
        table.add_column(name, justify="left" if name == "figure" else "right")
    for one in results:
        figure = one.figure
        goal = _GOALS.get(figure.name)
        table.add_row(
            figure.name,
            f"{figure.value:,.0f} {figure.unit}",
            f"{figure.limit:,.0f}",
            f"{figure.ratio:.2f}",
            "" if goal is None else f"{goal:.2f}",
            "" if figure.p99_ms is None else f"{figure.p99_ms:.0f}",
            "" if figure.cpu_us is None else f"{figure.cpu_us:.0f}",
        )
    console.print(table)
    for one in results:
        console.print(f"\n[bold]{one.figure.name}[/bold]  {'; '.join(one.notes)}")
        for name, samples in (("limit", one.limits), ("ours", one.ours)):
            console.print(f"  {name:5}  {_line(samples)}", highlight=False)
    console.print("\n" + ", ".join(f"{name} {value}" for name, value in machine.items()), highlight=False)


def _line(samples: Sequence[Sample]) -> str:
    rates = " ".join(f"{sample.per_second:,.0f}" for sample in samples)
    parts = [f"{rates} /s"]
    for label, unit, values in (
        ("database CPU", "us", [sample.database_us for sample in samples]),
        ("server CPU", "us", [sample.server_us for sample in samples]),
        ("load generator", "us per request", [sample.load_us for sample in samples]),
        ("log", "bytes", [sample.wal_bytes for sample in samples]),
    ):
        if any(values):
            parts.append(f"{label} {median(values):,.0f} {unit}")
    if samples[0].rows:
        parts.append("rows " + ", ".join(f"{name} {count:.3g}" for name, count in samples[0].rows.items()))
    return "; ".join(parts)


def write_json(path: Path, results: Sequence[Result]) -> None:
    """Write the figures as a list."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode([one.figure for one in results])) + b"\n")
