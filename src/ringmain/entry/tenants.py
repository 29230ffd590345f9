"""A lease list as a command imports it: counts on the terminal, rejected rows and invitations in files."""

import csv
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from rich.console import Console
from rich.table import Table

from ringmain.entry.accounts import invitation_link
from ringmain.entry.installation import Installation
from ringmain.entry.keys import chosen_network
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.errors import RuleBroken
from ringmain.network import api as network


@dataclass(frozen=True, slots=True)
class ListFile:
    """Where the list is, where its rejected rows go, and where rows without coordinates stand."""

    path: Path
    rejected: Path
    place: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class InvitedOwner:
    """An owner of a new merchant with the link of their invitation, or (None) the reason why there is none."""

    owner: network.Owner
    link: str | None
    reason: str = ""


async def invite_owners(
    uow: UnitOfWork, installation: Installation, owners: Sequence[network.Owner]
) -> list[InvitedOwner]:
    """Let the owners of new merchants sign in; an e-mail that somebody signs in with already is not invited."""
    names = {one.id: one.legal_name for one in await network.merchants(uow, [owner.merchant_id for owner in owners])}
    invited = []
    for owner in owners:
        new = network.NewAccount(owner.email, names[owner.merchant_id], "owner", owner.merchant_id)
        try:
            invitation = await network.add_account(uow, installation.keyring, new)
        except RuleBroken as error:
            invited.append(InvitedOwner(owner, None, error.code))
        else:
            invited.append(InvitedOwner(owner, invitation_link(installation, invitation)))
    return invited


async def import_list(
    installation: Installation,
    console: Console,
    network_id: UUID | None,
    file: ListFile,
    *,
    dry_run: bool,
    partly: bool,
    invite: bool,
) -> bool:
    """Import a lease list; return whether no row was rejected.

    `invite` writes the invitations of the owners to a file beside the list; they work for 72 hours.
    """
    async with installation.database.unit(await chosen_network(installation, network_id)) as uow:
        done = await network.import_tenants(
            uow, file.path.read_bytes(), place=file.place, dry_run=dry_run, partly=partly
        )
        invited = await invite_owners(uow, installation, done.owners) if invite and done.written else []
    table = Table("", "number", title="What happened" if done.written else "What would happen (nothing was written)")
    for name in ("rows", "merchants_new", "shops_new", "shops_known"):
        table.add_row(name.replace("_", " "), f"{getattr(done, name):,}")
    table.add_row("rejected", f"{len(done.rejected):,}")
    table.add_row("owners to invite", f"{len(done.owners):,}")
    console.print(table)
    if done.rejected:
        _write(file.rejected, done.rejected_csv())
        console.print(f"The rejected rows stand in {file.rejected}, each with its line and reason.", highlight=False)
    if invited:
        links = file.path.with_name(f"{file.path.name}.invitations.csv")
        text = io.StringIO()
        rows = ((one.owner.merchant_id, one.owner.email, one.link or "", one.reason) for one in invited)
        csv.writer(text, lineterminator="\n").writerows([("merchant", "e-mail", "link", "not invited"), *rows])
        _write(links, text.getvalue())
        console.print(f"The invitations stand in {links}; each works once, for 72 hours.", highlight=False)
    return not done.rejected


def _write(path: Path, text: str) -> None:
    """Write a file that holds addresses of people: nobody but its owner reads it."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
