"""The report a replay ends with: counts, money, closure, flow beside its null, the strongest edges, time and memory."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from ringmain.entry.installation import Installation
from ringmain.entry.replay.run import ReplayReport, replay_with_progress
from ringmain.kit.memory import peak_mb
from ringmain.loop import api as loop
from ringmain.network import api as network
from ringmain.simulate import api as simulate

_CLASSES = ("every", "habit", "discovery", "unknown")
NO_EFFECT = (
    "Nobody in the data received these vouchers: this measures what people did anyway, and shows no effect of a "
    "voucher. In truth the stores are one chain; here each is a merchant of its own. The package says that its data is "
    "simulated from real shopping patterns."
)


async def replay_and_report(
    installation: Installation,
    console: Console,
    *,
    until: date | None,
    folder: Path | None,
    choice: str,
    json_path: Path | None,
) -> None:
    """Replay, measure the loop from the lake, print the report and write it as JSON where a path is given."""
    replayed = await replay_with_progress(installation, console, until=until, folder=folder, choice=choice)
    started = time.perf_counter()
    lake = installation.settings.lake_folder
    flow = await asyncio.to_thread(loop.flow_report, lake, simulate.NETWORK_ID)
    closure = await asyncio.to_thread(loop.closure_report, lake, simulate.NETWORK_ID)
    leaks = await asyncio.to_thread(loop.leak_report, lake, simulate.NETWORK_ID)
    replayed.seconds["measure the loop"] = time.perf_counter() - started
    async with installation.database.unit(simulate.NETWORK_ID) as uow:
        names = {str(shop.id): shop.name for shop in await network.all_shops(uow)}
    report = {
        "choice": choice,
        "counts": replayed.counts,
        "ledger_sum": replayed.ledger_sum,
        "closure": {**asdict(closure.closure), "second_visits": asdict(closure.second_visits)} | asdict(leaks),
        "flow": {"visits": _figures(flow.visits), "vouchers": _figures(flow.vouchers)},
        "edges": {
            kind: [{"from": names[edge.from_shop_id], "to": names[edge.to_shop_id], **asdict(edge)} for edge in edges]
            for kind, edges in (("visits", flow.visits.strongest), ("vouchers", flow.vouchers.strongest))
        },
        "seconds": {stage: round(seconds, 2) for stage, seconds in replayed.seconds.items()},
        "peak_mb": round(peak_mb()),
        "note": NO_EFFECT,
    }
    _print(console, replayed, flow, closure, leaks, names)
    if json_path is not None:
        await asyncio.to_thread(json_path.write_bytes, msgspec.json.format(msgspec.json.encode(report)))


def _figures(of: loop.FlowOf) -> dict[str, Any]:
    return {"total": asdict(of.total), "windows": [asdict(window) for window in of.windows]}


def _print(
    console: Console,
    replayed: ReplayReport,
    flow: loop.FlowReport,
    closure: loop.ClosureReport,
    leaks: loop.LeakReport,
    names: Mapping[str, str],
) -> None:
    console.print(_counts(replayed))
    console.print(_closure(closure, leaks))
    console.print(_flow(flow))
    console.print(_edges(flow, names))
    console.print(_stages(replayed))
    for currency, total in replayed.ledger_sum.items():
        console.print(f"Ledger: every transfer in {currency} sums to [bold]{total}[/bold].")
    console.print(f"Peak memory {peak_mb():,.0f} MB.\n{NO_EFFECT}")


def _counts(replayed: ReplayReport) -> Table:
    table = Table("counted", "number", title="What was replayed")
    for name, number in replayed.counts.items():
        table.add_row(name.replace("_", " "), f"{number:,}")
    return table


def _closure(report: loop.ClosureReport, leaks: loop.LeakReport) -> Table:
    columns = ("class", "within", "vouchers", "closed", "per voucher", "per member")
    table = Table(*columns, title="Closure: redeemed of those granted, where the data goes on long enough")
    for within in report.closure.within:
        for name in _CLASSES:
            table.add_row(name, f"{within.days} days", *_rate(getattr(within, name)))
    for name in _CLASSES:
        table.add_row(
            f"came again: {name}", f"{report.second_visits.days} days", *_rate(getattr(report.second_visits, name))
        )
    lost = leaks.leaks
    table.caption = (
        f"Of {lost.granted:,} vouchers whose time is over, {lost.came:,} brought their holder to a shop of theirs in "
        f"time and {lost.redeemed:,} were redeemed. Came again: a second visit after a redemption, without a voucher."
    )
    return table


def _rate(rate: loop.Rate) -> tuple[str, str, str, str]:
    return f"{rate.vouchers:,}", f"{rate.closed:,}", _percent(rate.per_voucher), _percent(rate.per_member)


def _flow(report: loop.FlowReport) -> Table:
    columns = ("flow", "of visits", "its null", "of redeemed vouchers", "its null")
    table = Table(*columns, title="Flow, each beside its null")
    measures = {
        "shared by two members or more": "shared",
        "returned by others": "returned_by_others",
        "returned by the same member": "returned_by_same",
        "Gini over edges": "gini",
        "on the strongest edges": "top_edges",
    }
    for words, name in measures.items():
        visits: loop.Beside = getattr(report.visits.total, name)
        vouchers: loop.Beside = getattr(report.vouchers.total, name)
        cells = (visits.value, visits.null, vouchers.value, vouchers.null)
        table.add_row(words, *(_share(value) for value in cells))
    return table


def _edges(report: loop.FlowReport, names: Mapping[str, str]) -> Table:
    table = Table("from", "to", "vouchers", "members", title="The strongest edges: won at, spent at")
    for edge in report.vouchers.strongest:
        table.add_row(names[edge.from_shop_id], names[edge.to_shop_id], f"{edge.flow:,}", f"{edge.members:,}")
    return table


def _stages(replayed: ReplayReport) -> Table:
    table = Table("stage", "seconds", title="Time")
    for stage, seconds in replayed.seconds.items():
        table.add_row(stage, f"{seconds:,.1f}")
    table.add_row("in all", f"{sum(replayed.seconds.values()):,.1f}")
    return table


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value * 100:.2f} %"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
