"""The peak of memory is this process's own."""

import subprocess
import sys

from ringmain.kit.memory import peak_mb

SAY = "from ringmain.kit.memory import peak_mb; print(peak_mb())"
TAKE = f"held = bytearray(200 * 1024 * 1024); held[::4096] = b'x' * len(held[::4096]); del held; {SAY}"


def _said(program: str) -> float:
    return float(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout)


def test_what_was_held_and_let_go_counts() -> None:
    """200 MB that were taken and given back are part of the peak."""
    assert 190 < _said(TAKE) - _said(SAY) < 230


def test_the_memory_of_who_started_it_does_not_count() -> None:
    """A small program that a big one starts reports itself, not the big one."""
    held = bytearray(300 * 1024 * 1024)
    held[::4096] = b"x" * len(held[::4096])
    assert peak_mb() > 300
    assert _said(SAY) < 200


def test_the_peak_of_another_process_is_its_own() -> None:
    """What a child took is told of the child, and this process's peak is another."""
    program = "held = bytearray(400 * 1024 * 1024); held[::4096] = b'x' * len(held[::4096]); print(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        assert 400 < peak_mb(child.pid) < 500
        child.communicate(b"\n")
