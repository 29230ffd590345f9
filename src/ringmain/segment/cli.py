"""The commands about tribes: list those of a network, and find them anew."""

import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Protocol
from uuid import UUID

from cyclopts import App, Parameter
from rich.console import Console
from rich.table import Table

from ringmain.kit.db import Database
from ringmain.kit.secrets import Keyring

if TYPE_CHECKING:
    # What these bring along takes a second, which no other command has to wait for.
    from ringmain.segment.show import TribesOfNetwork

NetworkId = Annotated[UUID | None, Parameter(name="--network", help="Which network; default: every one.")]
# A file or a pipe has no width of its own; a rule stays one line there.
_WIDE = 200


class Opened(Protocol):
    """The installation, as far as these commands use it."""

    @property
    def database(self) -> Database:
        """The database."""

    @property
    def keyring(self) -> Keyring:
        """The keys."""

    @property
    def settings(self) -> Any:
        """The settings, which name the folder of the lake."""


Act = Callable[[Callable[[Opened], Awaitable[None]]], None]


def commands(act: Act) -> App:
    """Return the commands; `act` runs something with the installation open."""
    app = App(name="tribes", help="List the small groups of people that were found, or find them anew.")

    @app.default
    def list_tribes(*, network: NetworkId = None) -> None:
        """List the tribes of a network in plain words: size, stability, rule, and what sets each apart."""
        act(lambda opened: _list(opened, network))

    @app.command
    def find(*, network: NetworkId = None) -> None:
        """Find the tribes of a network now, from what the worker has copied to the lake; it does so each night."""
        act(lambda opened: _find(opened, network))

    return app


def _screen() -> Console:
    return Console(width=None if sys.stdout.isatty() else _WIDE)


async def _networks(opened: Opened, chosen: UUID | None) -> Sequence[UUID]:
    from ringmain.network import api as network

    async with opened.database.unit(None) as uow:
        known = await network.all_networks(uow)
    return known if chosen is None else [chosen]


async def _list(opened: Opened, chosen: UUID | None) -> None:
    from ringmain.network import api as network
    from ringmain.segment.show import tribes_of_network

    for network_id in await _networks(opened, chosen):
        async with opened.database.unit(network_id) as uow:
            home = await network.network_of(uow)
            found = await tribes_of_network(uow)
        _screen().print(f"network {network_id} ({home.name}): {_state(found)}", highlight=False)
        if found.tribes:
            _screen().print(_table(found))


async def _find(opened: Opened, chosen: UUID | None) -> None:
    from ringmain.segment.find import find_in_network

    for network_id in await _networks(opened, chosen):
        done = await find_in_network(opened.database, opened.keyring, opened.settings.lake_folder, network_id)
        _screen().print(
            f"network {network_id}: {done.tribes} tribes, {done.placed:,} of {done.people:,} people with visits enough "
            f"in one; {done.placed_newcomers:,} of {done.newcomers:,} newcomers placed",
            highlight=False,
        )


def _state(found: "TribesOfNetwork") -> str:
    from ringmain.segment.behaviour import ENOUGH_VISITS
    from ringmain.segment.finding import FEWEST_PEOPLE

    last = found.finding
    if last is None:
        return "nobody has looked for tribes yet; the worker does each night, `ringmain tribes find` now"
    looked = (
        f"{last.people:,} people who agreed have {ENOUGH_VISITS} visits and more ({last.found_at:%Y-%m-%d %H:%M} UTC)"
    )
    if last.people < FEWEST_PEOPLE:
        return f"no tribes: {looked}, and {FEWEST_PEOPLE} are needed"
    return f"{len(found.tribes)} tribes: {looked}"


def _table(found: "TribesOfNetwork") -> Table:
    from ringmain.segment.words import lift_words, name_words, rule_words

    table = Table("tribe", "people", "stability", "rule", "what sets it apart", show_lines=True)
    for one in found.tribes:
        names = f"{name_words(one.told.name, 'en')}\n{name_words(one.told.name, 'zh')}"
        rule = f"{rule_words(one.told.rule, 'en')}\n{rule_words(one.told.rule, 'zh')}"
        apart = "\n".join(lift_words(lift, "en") for lift in one.told.apart)
        table.add_row(names, f"{one.size:,}", f"{one.stability:.2f}", rule, apart)
    return table
