"""A lease list as a command imports it: counts on the terminal, rejected rows in a file that can be mended."""

import os
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from rich.console import Console
from rich.table import Table

from ringmain.entry.installation import Installation
from ringmain.entry.keys import chosen_network
from ringmain.network import api as network


@dataclass(frozen=True, slots=True)
class ListFile:
    """Where the list is, where its rejected rows go, and where rows without coordinates stand."""

    path: Path
    rejected: Path
    place: tuple[float, float] | None


async def import_list(
    installation: Installation,
    console: Console,
    network_id: UUID | None,
    file: ListFile,
    *,
    dry_run: bool,
    partly: bool,
) -> bool:
    """Import a lease list; return whether no row was rejected."""
    async with installation.database.unit(await chosen_network(installation, network_id)) as uow:
        done = await network.import_tenants(
            uow, file.path.read_bytes(), place=file.place, dry_run=dry_run, partly=partly
        )
    table = Table("", "number", title="What happened" if done.written else "What would happen (nothing was written)")
    for name in ("rows", "merchants_new", "shops_new", "shops_known"):
        table.add_row(name.replace("_", " "), f"{getattr(done, name):,}")
    table.add_row("rejected", f"{len(done.rejected):,}")
    table.add_row("owners to invite", f"{len(done.owners):,}")
    console.print(table)
    if done.rejected:
        # Rows hold addresses of people: nobody but the file's owner reads them.
        with os.fdopen(os.open(file.rejected, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            out.write(done.rejected_csv())
        console.print(f"The rejected rows stand in {file.rejected}, each with its line and reason.", highlight=False)
    return not done.rejected
