"""The command that replays a recorded year."""

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter
from rich.console import Console

from ringmain.entry.acting import act_on


def replay(
    name: Literal["complete-journey"],
    *,
    until: Annotated[date | None, Parameter(help="Replay local days before this one only.")] = None,
    data: Annotated[Path | None, Parameter(help="Folder of the Parquet files; default: the installed package.")] = None,
    choice: Annotated[
        Literal["most-followed", "foretold"],
        Parameter(help="Whose voucher a visit earns: where others went next, or where this person likeliest comes."),
    ] = "most-followed",
    json: Annotated[Path | None, Parameter(name="--json", help="Write the result to this file as JSON.")] = None,
) -> None:
    """Replay a recorded year around a ring, and report what flowed; interrupted, it resumes at the next call."""
    from ringmain.entry.replay.report import replay_and_report

    del name
    screen = Console()
    act_on(
        lambda installation: replay_and_report(
            installation, screen, until=until, folder=data, choice=choice, json_path=json
        ),
        own=True,
    )
