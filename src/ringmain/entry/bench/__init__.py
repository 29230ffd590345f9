"""Measures what this machine's database can do at most, and how near to that the application comes."""

from collections.abc import Sequence
from pathlib import Path


def main(json_path: Path | None = None, *, quick: bool = False, only: Sequence[str] = ()) -> None:
    """Run the bench of the command line; where it fails, say why and end the process with status 1."""
    from ringmain.entry.bench.errors import BenchFailed
    from ringmain.entry.bench.run import run
    from ringmain.kit.settings import Settings

    try:
        run(Settings(), json_path, only, quick=quick)
    except BenchFailed as failure:
        raise SystemExit(f"bench: {failure}") from None
