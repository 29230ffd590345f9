"""The command `ringmain`: each command opens what it needs, runs one use case, and says what to do where it fails."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated, Literal, TypeVar
from uuid import UUID

import msgspec
from cyclopts import App, Parameter
from rich.console import Console
from rich.table import Table

from ringmain.entry.acting import act_on, verify_network
from ringmain.entry.analysing.cli import analyse
from ringmain.entry.ending import terminated_as_interrupted
from ringmain.entry.installation import Installation
from ringmain.entry.replay.cli import replay
from ringmain.entry.rotation.cli import master_key
from ringmain.entry.training.cli import models, train
from ringmain.kit.doctor import diagnose
from ringmain.kit.postgres import Trouble
from ringmain.kit.pure.errors import RuleBroken, Unavailable
from ringmain.kit.settings import Settings
from ringmain.segment.cli import commands as tribe_commands
from ringmain.simulate.cli import add_national_day, add_what_if, evaluate, simulate

Result = TypeVar("Result")

app = App(name="ringmain", help="Keeps customers flowing around a network of local shops.", version_flags=["--version"])
keys = App(name="keys", help="Make, list, rotate and revoke API keys.")
networks = App(name="networks", help="Open and list networks.")
accounts = App(name="accounts", help="Invite, list and reset the people who sign in to the consoles.")
app.command(keys)
app.command(accounts)
merchants = App(name="merchants", help="Open the merchants and shops of a whole list at once.")
app.command(merchants)
app.command(networks)
audit = App(name="audit", help="Verify the audit log, and print its head.")
app.command(analyse)
app.command(audit)
app.command(evaluate)
app.command(replay)
app.command(simulate)
add_national_day(lambda work: act_on(work, own=True), verify_network)
add_what_if(lambda work: act_on(work, own=True))
app.command(train)
app.command(models)
app.command(master_key)
app.command(tribe_commands(lambda work: act_on(work, own=True)))
out = Console()
err = Console(stderr=True)

Json = Annotated[Path | None, Parameter(name="--json", help="Write the result to this file as JSON.")]
NetworkId = Annotated[
    UUID | None, Parameter(name="--network", help="Which network; may be left out where there is only one.")
]


def main() -> None:
    """Run one command; a rule that was broken becomes a sentence and exit status 1."""
    try:
        with terminated_as_interrupted():
            app()
    except Trouble as trouble:
        _fail(str(trouble))
    except RuleBroken as rule:
        facts = ", ".join(f"{name}: {value}" for name, value in rule.facts.items())
        _fail(f"{rule.code}{f' ({facts})' if facts else ''}. {type(rule).next_step}")
    except Unavailable as error:
        _fail(f"{error}. Run `ringmain doctor`.")
    except KeyboardInterrupt:
        sys.exit(130)


def _fail(sentence: str) -> None:
    err.print(f"[red]ringmain:[/red] {sentence}", highlight=False)
    sys.exit(1)


@app.command
def up(
    *, demo: Annotated[bool, Parameter(help="Replay the opening weeks of a recorded year at the first start.")] = True
) -> None:
    """Start database, server and worker, and print the address."""
    from ringmain.entry.up import up as run_up

    run_up(Settings(), out, demo=demo)


@app.command
def worker(*, with_parent: Annotated[bool, Parameter(help="End with the process that started it.")] = False) -> None:
    """Run the worker alone: facts into the lake, and periodic jobs; `up` runs one by itself."""
    from ringmain.entry.worker import main as run_worker

    asyncio.run(run_worker(with_parent=with_parent))


@app.command
def doctor() -> None:
    """Say what is wrong with this installation, and how to mend it."""
    findings = diagnose(Settings())
    for finding in findings:
        out.print(
            f"{'[green]ok[/green]  ' if finding.ok else '[red]wrong[/red]'}  {finding.name}: {finding.what}",
            highlight=False,
        )
        if not finding.ok:
            out.print(f"       -> {finding.mend}", highlight=False)
    if not all(finding.ok for finding in findings):
        sys.exit(1)


@app.command(name="import")
def import_file(
    path: Path,
    *,
    mapping: Annotated[Path, Parameter(help="TOML file that says which column is what.")],
    network: NetworkId = None,
    merchant: Annotated[UUID | None, Parameter(help="Only shops of this merchant.")] = None,
    rejected: Annotated[Path | None, Parameter(help="File for the refused rows; default: beside the input.")] = None,
    dry_run: Annotated[bool, Parameter(help="Read everything, write nothing, say what would happen.")] = False,
) -> None:
    """Import sales from a CSV or Parquet file; run twice it makes no doubles, interrupted it resumes."""
    from ringmain.entry.importing import import_file as run_import

    text = mapping.read_text(encoding="utf-8-sig")
    chosen = rejected or path.with_name(f"{path.name}.rejected.csv")
    finished = act_on(
        lambda installation: run_import(
            installation,
            out,
            path=path,
            mapping_text=text,
            network_id=network,
            merchant_id=merchant,
            rejected=chosen,
            dry_run=dry_run,
        ),
        own=True,
    )
    if not finished:
        sys.exit(1)


@app.command
def export(
    output: Path,
    *,
    network: NetworkId = None,
    merchant: Annotated[UUID | None, Parameter(help="Only what belongs to this merchant; default: everything.")] = None,
) -> None:
    """Export everything of a merchant, or of the whole network, into one ZIP of CSV files."""
    from ringmain.entry.exporting import export_file

    size = act_on(lambda installation: export_file(installation, network, merchant, output), own=True)
    out.print(f"{output}: {size:,} bytes", highlight=False)


@app.command
def verify(*, network: NetworkId = None, json: Json = None) -> None:
    """Check that the ledger sums to zero and that vouchers, redemptions and lineage agree with their facts."""
    from ringmain.entry.verify import verify as run_verify

    async def check(installation: Installation) -> bool:
        chosen = [network] if network else await _all_networks(installation)
        found = {str(one): await run_verify(installation.database, one) for one in chosen}
        for network_id, checks in found.items():
            out.print(f"network {network_id}", highlight=False)
            for one in checks:
                out.print(
                    f"  {'[green]holds[/green]' if one.ok else '[red]FAILS[/red]'}  {one.name} ({one.looked_at:,})",
                    highlight=False,
                )
                for fault in one.faults:
                    out.print(f"         {fault}", highlight=False)
        if json:
            json.write_bytes(msgspec.json.format(msgspec.json.encode(found)))
        return all(one.ok for checks in found.values() for one in checks)

    if not act_on(check, own=True):
        sys.exit(1)


@app.command
def bench(
    *,
    json: Json = None,
    quick: bool = False,
    only: list[str] | None = None,
    members: Annotated[int | None, Parameter(help="People in the town of `match`; default: 20,000.")] = None,
) -> None:
    """Measure the hot paths, each against a limit measured in the same run, on a database of its own."""
    from ringmain.entry.bench import main as run_bench

    run_bench(json_path=json, quick=quick, only=only or [], members=members)


@app.command
def openapi(
    *, output: Annotated[Path | None, Parameter(help="File to write; default: standard output.")] = None
) -> None:
    """Write the OpenAPI 3.1 document of the API."""
    from ringmain.entry.http import openapi as describe

    _write(msgspec.json.format(msgspec.json.encode(describe()), indent=1).decode() + "\n", output)


@app.command
def reference(*, output: Path) -> None:
    """Write the references of settings, commands and errors as Markdown into a folder."""
    from ringmain.entry.reference import pages

    output.mkdir(parents=True, exist_ok=True)
    for name, text in pages(app).items():
        (output / name).write_text(text)


@networks.command(name="open")
def open_network(name: str, *, currency: str = "EUR", time_zone: str = "UTC") -> None:
    """Open a network and print its id and an operator's key; the key is shown once."""
    from ringmain.entry.keys import open_network as run

    network_id, token = act_on(lambda installation: run(installation, name, currency, time_zone))
    out.print(f"network {network_id}", highlight=False)
    _show(token)


@networks.command(name="list")
def list_networks() -> None:
    """List the networks of this installation."""
    from ringmain.entry.keys import describe_networks

    for line in act_on(describe_networks):
        out.print(line, highlight=False)


@keys.command(name="make")
def make_key(
    *,
    role: Literal["operator", "merchant", "analyst"],
    name: str,
    merchant: UUID | None = None,
    network: NetworkId = None,
) -> None:
    """Make an API key and print it; it is shown once and stored only as a hash."""
    from ringmain.entry.keys import make_key as run

    _show(act_on(lambda installation: run(installation, network, role, name, merchant)))


@keys.command(name="list")
def list_keys(*, network: NetworkId = None) -> None:
    """List the keys of a network, with when each was used last."""
    from ringmain.entry.keys import list_keys as run

    table = Table("id", "role", "name", "made", "last used", "revoked")
    for row in act_on(lambda installation: run(installation, network)):
        table.add_row(*row)
    out.print(table)


@keys.command(name="rotate")
def rotate_key(key_id: UUID, *, overlap_seconds: int = 3600, network: NetworkId = None) -> None:
    """Give a key a new secret and print it; the old one stays valid for the overlap."""
    from ringmain.entry.keys import rotate_key as run

    _show(act_on(lambda installation: run(installation, network, key_id, overlap_seconds)))


@keys.command(name="revoke")
def revoke_key(key_id: UUID, *, network: NetworkId = None) -> None:
    """Revoke a key; it is refused within seconds."""
    from ringmain.entry.keys import revoke_key as run

    act_on(lambda installation: run(installation, network, key_id))
    out.print(f"revoked {key_id}", highlight=False)


@audit.command(name="head")
def audit_head(*, network: NetworkId = None) -> None:
    """Chain what is new, and print the head of each network's audit log as JSON: keep it outside the database."""
    from ringmain.entry.auditing import heads

    for line in act_on(lambda installation: heads(installation, network), own=True):
        _write(line, None)


@audit.command(name="verify")
def audit_verify(
    *,
    head: Annotated[
        Path | None, Parameter(help="File with heads that were printed before; without it a cut end is not noticed.")
    ] = None,
    network: NetworkId = None,
) -> None:
    """Compute the chain of the audit log again and name the first entry that does not hold."""
    from ringmain.entry.auditing import verify as run_verify

    lines, holds = act_on(lambda installation: run_verify(installation, network, head), own=True)
    for line in lines:
        out.print(line, highlight=False)
    if not holds:
        sys.exit(1)


@accounts.command(name="add")
def add_account(
    *,
    role: Literal["operator", "owner", "manager"],
    email: str,
    name: Annotated[str | None, Parameter(help="How the console greets them; default: the e-mail.")] = None,
    merchant: Annotated[UUID | None, Parameter(help="Whose owner or manager; none for operators.")] = None,
    network: NetworkId = None,
) -> None:
    """Invite a person and print the link with which they set a password; it works once, for 72 hours."""
    from ringmain.entry.accounts import add_account as run
    from ringmain.network.api import NewAccount

    new = NewAccount(email, name or email, role, merchant)
    _show(act_on(lambda installation: run(installation, network, new)))


@accounts.command(name="list")
def list_accounts(*, network: NetworkId = None) -> None:
    """List the people who may sign in, with when each did so last."""
    from ringmain.entry.accounts import list_accounts as run

    table = Table("id", "role", "name", "e-mail", "signed in", "state")
    for row in act_on(lambda installation: run(installation, network)):
        table.add_row(*row)
    out.print(table)


@accounts.command(name="reset")
def reset_account(*, email: str) -> None:
    """Void a person's password, passkeys and codes, and print a new link; a disabled account is enabled again."""
    from ringmain.entry.accounts import reset_account as run

    _show(act_on(lambda installation: run(installation, email)))


@merchants.command(name="import")
def import_merchants(
    path: Path,
    *,
    network: NetworkId = None,
    place: Annotated[
        tuple[float, float] | None, Parameter(help="Latitude and longitude of the mall, for rows without them.")
    ] = None,
    rejected: Annotated[Path | None, Parameter(help="File for the rejected rows; default: beside the input.")] = None,
    dry_run: Annotated[bool, Parameter(help="Read everything, write nothing, say what would happen.")] = False,
    partly: Annotated[bool, Parameter(help="Write the good rows although others are rejected.")] = False,
    invite: Annotated[bool, Parameter(help="Invite the owners; the links go to a file beside the input.")] = False,
) -> None:
    """Import a lease list (CSV: merchant, shop, category, latitude, longitude, hours, owner_email), all or nothing."""
    from ringmain.entry.tenants import ListFile, import_list

    file = ListFile(path, rejected or path.with_name(f"{path.name}.rejected.csv"), place)
    options = {"dry_run": dry_run, "partly": partly, "invite": invite}
    if not act_on(lambda one: import_list(one, out, network, file, **options), own=True):
        sys.exit(1)


async def _all_networks(installation: Installation) -> list[UUID]:
    from ringmain.network import api as network

    async with installation.database.unit(None) as uow:
        return await network.all_networks(uow)


def _show(token: str) -> None:
    """Print a token alone on its line, so that a shell can take it: TOKEN=$(ringmain keys make ...)."""
    sys.stdout.write(f"{token}\n")


def _write(text: str, output: Path | None) -> None:
    if output is None:
        sys.stdout.write(text)
        return
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(text)
