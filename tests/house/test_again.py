"""A second run of failed tests: it forgives a busy machine, and neither a fault nor a broken build."""

import subprocess
import sys
from pathlib import Path

import pytest

import tools.again

_STEADY = "def test_steady(): pass"
_BUSY = """
from pathlib import Path
def test_busy():
    seen = Path("seen").exists()
    Path("seen").touch()
    assert seen
"""
_FAULT = "def test_fault(): assert False"
_MANY = "import pytest\n@pytest.mark.parametrize('n', range(9))\ndef test_many(n): assert False"


@pytest.mark.parametrize(
    ("tests", "passes", "says"),
    [
        pytest.param([_STEADY, _BUSY], True, "test_1.py::test_busy", id="what passes alone was a busy machine"),
        pytest.param([_BUSY, _FAULT], False, "test_1.py::test_fault", id="what fails twice is a fault"),
        pytest.param([_MANY], False, "9 tests are noted", id="many failures are no busy moment"),
        pytest.param([_STEADY], False, "0 tests are noted", id="where no test failed, something else is broken"),
    ],
)
def test_failed_tests_are_run_once_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tests: list[str], passes: bool, says: str
) -> None:
    """Up to eight failed tests run a second time, alone; what comes of them decides, and they are named."""
    for number, text in enumerate(tests):
        (tmp_path / f"test_{number}.py").write_text(text)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.chdir(tmp_path)
    here = ["-q", "--rootdir", "."]
    subprocess.run([sys.executable, "-m", "pytest", *here], check=False, capture_output=True)
    again = [sys.executable, tools.again.__file__, *here]
    run = subprocess.run(again, check=False, capture_output=True, text=True)
    assert says in run.stdout
    assert (run.returncode == 0) == passes
