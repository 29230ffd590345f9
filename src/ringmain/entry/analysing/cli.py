"""The command that runs one analysis of the lake."""

from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

from cyclopts import Parameter
from rich.console import Console

# Named here again, so that the command's help does not load what analyses need.
Analysis = Literal[
    "visits",
    "visit_transitions",
    "voucher_transitions",
    "grant_outcomes",
    "redemption_returns",
    "dealt_people",
    "dealt_turns",
    "served_people",
    "visits_after",
    "hops_to_visits",
    "voucher_moves",
    "flow_matrix",
    "power",
    "after_playing",
    "elsewhere_of",
    "stages",
    "shop_balance",
    "sharing",
    "bought",
    "visit_pairs",
    "spent_vouchers",
    "stopped_people",
    "visits_in",
    "met_at_scenes",
]


def analyse(
    analysis: Analysis,
    *,
    network: Annotated[UUID, Parameter(help="The network whose facts are read.")],
    out: Annotated[Path, Parameter(help="Where the rows are written: .parquet or .csv.")],
    spark: Annotated[
        str | None, Parameter(help="Run on this Spark: local[2], or spark://HOST:7077; left out, DuckDB runs here.")
    ] = None,
) -> None:
    """Run an analysis of the lake and write its rows, with the ids that the lake has, to a file."""
    from ringmain.entry.analysing.run import run
    from ringmain.kit.settings import Settings

    screen = Console()
    with screen.status(f"{analysis}: {'on Spark' if spark else 'in this process'}"):
        rows = run(Settings().lake_folder, network, analysis, out, spark)
    screen.print(f"{rows:,} rows of {analysis} in {out}", highlight=False)
