"""What a run takes of the machine: memory and processor time of PostgreSQL and of ours, where Linux tells it."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc")
_KB_PER_MB = 1_024
# The system counts who shares which page for each answer: 0.4 s of processor time where PostgreSQL holds 2 GB.
_SECONDS = 30.0


def parent_of(pid: int) -> int | None:
    """Return the process that started this one; None where that cannot be told."""
    with suppress(OSError, ValueError, IndexError):
        return int(_stat(pid)[1])
    return None


def processor_seconds(root: int) -> float:
    """Return the processor time of a process, of those that it started, and of those of them that have ended."""
    total = 0.0
    for pid in _tree(root):
        with suppress(OSError, ValueError, IndexError):
            fields = _stat(pid)
            # utime and stime; the ended children's are added by whoever waited for them.
            total += sum(int(value) for value in fields[11:15]) / os.sysconf("SC_CLK_TCK")
    return total


def memory_mb(*roots: int) -> float:
    """Return the memory of processes and of those that they started; what they share is counted once.

    Small pages by their proportional set size (PSS), which leaves huge pages out. Of these a server has one piece, its
    shared memory, and whoever of its processes has looked at most of it has mapped most: that one is counted.
    """
    small, huge = 0, [0]
    # A server of our own is among what we started, too.
    for pid in {pid for root in roots for pid in _tree(root)}:
        with suppress(OSError, ValueError):
            lines = (_PROC / str(pid) / "smaps_rollup").read_text(encoding="ascii").splitlines()[1:]
            kb = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}
            small += kb["Pss"]
            huge.append(kb["Shared_Hugetlb"] + kb["Private_Hugetlb"])
    return (small + max(huge)) / _KB_PER_MB


def _stat(pid: int) -> list[str]:
    # What stands in brackets is the name, which may hold spaces; the state comes after it.
    return (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()


def _tree(root: int) -> Iterator[int]:
    children: dict[int, list[int]] = {}
    for entry in _PROC.iterdir() if _PROC.is_dir() else ():
        if entry.name.isdigit() and (parent := parent_of(int(entry.name))) is not None:
            children.setdefault(parent, []).append(int(entry.name))
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        yield pid
        waiting += children.get(pid, [])


class Watch:
    """Looks twice a minute at the memory of trees of processes, and keeps the largest sum."""

    def __init__(self, roots: list[int]) -> None:
        self._roots = roots
        self.peak_mb = 0.0

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(_SECONDS)

    async def look(self) -> None:
        """Look now."""
        seen = await asyncio.to_thread(memory_mb, *self._roots)
        self.peak_mb = max(self.peak_mb, seen)
