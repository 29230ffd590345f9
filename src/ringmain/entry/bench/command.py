"""The bench as a command: figures on the terminal and in a file, or the reason why there are none."""

import sys
from collections.abc import Sequence
from pathlib import Path

from ringmain.entry.bench.errors import BenchFailed
from ringmain.entry.bench.run import run
from ringmain.kit.settings import Settings


def main(
    json_path: Path | None = None, *, quick: bool = False, only: Sequence[str] = (), members: int | None = None
) -> None:
    """Run the bench; where it fails, say why and end the process with status 1."""
    try:
        run(Settings(), json_path, only, quick=quick, members=members)
    except BenchFailed as failure:
        sys.exit(f"bench: {failure}")
