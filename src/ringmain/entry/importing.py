"""An import of sales as a command runs it: with progress, interruptible, and with a file of the rows it refused."""

import signal
from pathlib import Path
from uuid import UUID

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from ringmain.entry.installation import Installation
from ringmain.entry.keys import chosen_network
from ringmain.sale import api as sale


async def import_file(
    installation: Installation,
    console: Console,
    *,
    path: Path,
    mapping_text: str,
    network_id: UUID | None,
    merchant_id: UUID | None,
    rejected: Path | None,
    dry_run: bool,
) -> bool:
    """Import sales from a file; return whether it came to its end and refused nothing.

    Ctrl-C ends it after the piece that is being written; the same command then goes on where it stopped.
    """
    stopping = False

    def stop(*_: object) -> None:
        nonlocal stopping
        stopping = True

    task = sale.SaleImport(
        network_id=await chosen_network(installation, network_id),
        path=path,
        mapping=sale.parse_mapping(mapping_text),
        keyring=installation.keyring,
        merchant_id=merchant_id,
        rejected=rejected,
        dry_run=dry_run,
    )
    before = signal.signal(signal.SIGINT, stop)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    try:
        with Progress(*columns, TimeRemainingColumn(), console=console) as bar:
            line = bar.add_task("Reading" if dry_run else "Importing", total=None)
            report = await sale.import_sales(
                installation.database,
                task,
                progress=lambda now: bar.update(line, completed=now.done, total=now.size),
                stop=lambda: stopping,
            )
    finally:
        signal.signal(signal.SIGINT, before)
    _print(console, report, rejected)
    return report.finished and not report.counts.rows_refused


def _print(console: Console, report: sale.ImportReport, rejected: Path | None) -> None:
    counts = report.counts
    table = Table("", "number", title="What would happen" if report.dry_run else "What happened")
    for name in ("rows", "rows_refused", "sales_new", "sales_known", "sales_differing", "lines_new", "buyers_unknown"):
        table.add_row(name.replace("_", " "), f"{getattr(counts, name):,}")
    for rule, number in sorted(counts.refused.items()):
        table.add_row(f"refused: {rule}", f"{number:,}")
    console.print(table)
    if counts.rows_refused and rejected is not None:
        console.print(f"The refused rows stand in {rejected}, each with its line number and reason.", highlight=False)
    if not report.finished:
        console.print("It was interrupted; run the same command again, and it goes on.")
