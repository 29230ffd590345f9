"""The commands that train models, list them and roll them back."""

import sys
from typing import Annotated
from uuid import UUID

from cyclopts import App, Parameter
from rich.console import Console

from ringmain.entry.acting import act_on

# A file or a pipe has no width of its own; a row of figures stays one line there.
_WIDE = 240
out = Console(width=None if sys.stdout.isatty() else _WIDE)
models = App(name="models", help="List the models that were trained, and roll one back.")
NetworkId = Annotated[
    UUID | None, Parameter(name="--network", help="Which network; may be left out where there is only one.")
]


def train(
    task: Annotated[str | None, Parameter(help="Which model; all of them where left out.")] = None,
    *,
    network: NetworkId = None,
    seed: Annotated[int, Parameter(help="What chance is drawn from; the same seed gives the same model.")] = 0,
) -> None:
    """Train models on the lake; a better one serves at once, one that is not is kept with its figures and refused."""
    from ringmain.entry.training.run import train as run

    act_on(lambda installation: run(installation, out, network, task, seed), own=True)


@models.default
def list_models(*, network: NetworkId = None) -> None:
    """List the models of a network: task, state, data window, and figures beside those of the baselines."""
    from ringmain.entry.training.run import models as run

    for table in act_on(lambda installation: run(installation, network), own=True):
        out.print(table)


@models.command(name="rollback")
def roll_back(task: str, *, network: NetworkId = None) -> None:
    """Let the model serve again that served before; what the present one had foretold is forgotten."""
    from ringmain.entry.training.run import roll_back as run

    out.print(act_on(lambda installation: run(installation, out, network, task), own=True), highlight=False)
