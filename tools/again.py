"""Runs once more, one by one, the few tests that failed: what a busy machine hindered passes now, a fault does not."""

import json
import subprocess
import sys
from pathlib import Path

# More failures than a busy moment explains.
MOST = 8
FAILED = Path(".pytest_cache/v/cache/lastfailed")


def main() -> int:
    """Return pytest's exit status of the second run, or 1 where there is none; the tests are named either way."""
    failed = sorted(json.loads(FAILED.read_text(encoding="utf-8"))) if FAILED.exists() else []
    if not 1 <= len(failed) <= MOST:
        print(f"{len(failed)} tests are noted as failed; a second run is for {MOST} at most.")
        return 1
    print("Failed once, run again one by one:", *failed, sep="\n  ")
    again = ["--last-failed", "--last-failed-no-failures=none", *sys.argv[1:]]
    return subprocess.run([sys.executable, "-m", "pytest", *again], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
