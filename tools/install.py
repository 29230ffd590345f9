"""Install lock files with pip into the environment this runs in, with one line of progress; Python's library only."""

import argparse
import collections
import re
import subprocess
import sys
from pathlib import Path

# pip names each package once when it looks at it, and says once that it begins to write them all.
SEEN = re.compile(r"^(?:Collecting|Requirement already satisfied:) ([\w.-]+)")
WRITING = "Installing collected packages"
LAST_LINES = 40


def install(locks: list[str]) -> int:
    """Install exactly what the lock files name, verified by hash and without dependencies; return pip's exit status."""
    total = sum(line.count("==") for lock in locks for line in Path(lock).read_text(encoding="utf-8").splitlines())
    command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--no-deps"]
    command += ["--require-hashes", *(word for lock in locks for word in ("-r", lock))]
    last: collections.deque[str] = collections.deque(maxlen=LAST_LINES)
    seen = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip:
        assert pip.stdout is not None
        for line in pip.stdout:
            last.append(line)
            if found := SEEN.match(line):
                seen += 1
                _show(seen, total, found[1])
            elif line.startswith(WRITING):
                _show(total, total, "writing files")
    _show_end(", ".join(locks), pip.returncode, last)
    return pip.returncode


def _show(done: int, total: int, what: str) -> None:
    if sys.stdout.isatty():
        bar = "#" * (24 * done // total)
        print(f"\r  [{bar:<24}] {done:>3}/{total} {what:<30.30}", end="", flush=True)


def _show_end(what: str, status: int, last: collections.deque[str]) -> None:
    if sys.stdout.isatty():
        print("\r" + " " * 70, end="\r")
    if status:
        print(*last, sep="", file=sys.stderr)
        print(f"pip could not install {what}; its last lines are above. Nothing else was done.", file=sys.stderr)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lock", nargs="+", help="hashed requirements files")
    sys.exit(install(parser.parse_args().lock))
