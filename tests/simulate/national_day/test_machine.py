"""Memory of a tree of processes: nothing is counted twice, and huge pages are not left out."""

import os
from pathlib import Path

import pytest

from ringmain.simulate.national_day import machine

_MB = 1_024


def _process(folder: Path, pid: int, parent: int, pss: int, shared_huge: int, private_huge: int = 0) -> None:
    place = folder / str(pid)
    place.mkdir()
    (place / "stat").write_text(f"{pid} (post (gres) S {parent} 0 0", encoding="ascii")
    lines = ["5581c2-7ffe75 ---p 00000000 00:00 0 [rollup]", f"Rss: {2 * pss * _MB} kB", f"Pss: {pss * _MB} kB"]
    lines += [f"Shared_Hugetlb: {shared_huge * _MB} kB", f"Private_Hugetlb: {private_huge * _MB} kB"]
    (place / "smaps_rollup").write_text("\n".join(lines) + "\n", encoding="ascii")


def test_shared_memory_in_huge_pages_is_counted_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small pages of a tree are summed, its huge pages are those of whoever maps most; other trees are left out."""
    _process(tmp_path, 10, 1, pss=40, shared_huge=0, private_huge=2_000)
    _process(tmp_path, 11, 10, pss=100, shared_huge=1_900)
    _process(tmp_path, 12, 11, pss=60, shared_huge=2_100)
    _process(tmp_path, 20, 1, pss=500, shared_huge=900)
    monkeypatch.setattr(machine, "_PROC", tmp_path)

    assert machine.memory_mb(10) == 40 + 100 + 60 + 2_100
    assert machine.memory_mb(20) == 500 + 900
    assert machine.memory_mb(99) == 0


def test_a_tree_within_another_is_counted_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that was started by whoever asks is in both trees; one of somebody else comes on top."""
    _process(tmp_path, 10, 1, pss=40, shared_huge=0)
    _process(tmp_path, 11, 10, pss=100, shared_huge=1_900)
    _process(tmp_path, 20, 1, pss=500, shared_huge=900)
    monkeypatch.setattr(machine, "_PROC", tmp_path)

    assert machine.memory_mb(10, 11) == 40 + 100 + 1_900
    assert machine.memory_mb(11, 20) == 100 + 500 + 1_900


def test_this_process_takes_some_memory() -> None:
    """What Linux tells of this process can be read: more than ten megabytes, and less than the machine has."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1_048_576
    assert 10 < machine.memory_mb(os.getpid()) < whole
