"""The command that says what would happen."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, Protocol
from uuid import UUID

import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from ringmain.simulate.errors import EvaluationUnwritable

_WIDE = 160
_LABELS = {
    "visits": "visits",
    "flow": "vouchers from one shop spent at another",
    "turnover_minor": "turnover, minor units",
    "fees_minor": "fees, minor units",
    "money_minor": "money that vouchers take off, minor units",
}


class Opened(Protocol):
    """The installation, as far as this command uses it."""

    @property
    def database(self) -> Any:
        """The open database."""

    @property
    def settings(self) -> Any:
        """The settings, which name the folder of the lake."""


Act = Callable[[Callable[[Opened], Awaitable[None]]], None]


def command(act: Act) -> Callable[..., None]:
    """Return the command; `act` runs something with the installation open."""

    def what_if(
        *,
        network: Annotated[UUID, Parameter(help="The network of which a made-up copy is lived.")],
        remove_shop: Annotated[str | None, Parameter(help="A shop that leaves: its id or name.")] = None,
        double_budget: Annotated[str | None, Parameter(help="A merchant that pays twice as much: id or name.")] = None,
        add_shop: Annotated[str | None, Parameter(help="CATEGORY@AREA: a shop that opens there.")] = None,
        seed: Annotated[int, Parameter(help="What chance is drawn from.")] = 0,
        json: Annotated[Path | None, Parameter(name="--json", help="Write the answer to this file as JSON.")] = None,
    ) -> None:
        """Say what would happen if a shop left or came, or a budget doubled: in a made-up copy of a network."""
        if json is not None and not json.absolute().parent.is_dir():
            raise EvaluationUnwritable(file=str(json))
        words = {"remove_shop": remove_shop, "double_budget": double_budget, "add_shop": add_shop}
        act(lambda opened: _run(opened, network, words, seed, json))

    return what_if


async def _run(opened: Opened, network_id: UUID, words: dict[str, str | None], seed: int, json: Path | None) -> None:
    from ringmain.simulate.what_if.asking import answered, question_of
    from ringmain.simulate.what_if.change import PAIRS
    from ringmain.simulate.what_if.words import assumed

    screen = Console(width=None if sys.stdout.isatty() else _WIDE)
    async with opened.database.unit(network_id) as uow:
        question = await question_of(uow, **words)
    with screen.status("reading the lake") as status:

        def progress(number: int) -> bool:
            status.update(f"pair {number + 1} of {PAIRS}")
            return True

        lake = opened.settings.lake_folder
        found = await answered(opened.database, lake, network_id, question, seed=seed, progress=progress)
    table = Table("in four weeks", "now", "change", "at least", "at most", title="what would happen")
    for one in found.figures:
        table.add_row(_LABELS[one.name], *(f"{value:,.0f}" for value in (one.now, one.change, one.low, one.high)))
    lasts = ("never runs dry" if days is None else f"{days:,.1f} days" for days in (found.lasts_now, found.lasts_then))
    table.add_row("pressure: the money lasts", *lasts, "", "")
    screen.print(table)
    for line in assumed(found):
        screen.print(line, highlight=False)
    if json is not None:
        await asyncio.to_thread(json.write_bytes, msgspec.json.format(msgspec.json.encode(found)))
