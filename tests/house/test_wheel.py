"""The wheel carries all that running needs: pages, migrations, and its command."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "ringmain"
NOT_SHIPPED = {"__pycache__"}
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")
# The first start makes a database; the address may be printed only after the opening weeks are in it.
START_SECONDS = 300
STOP_SECONDS = 60

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel and return its path."""
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    return next(folder.glob("ringmain-*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel and its locked dependencies into an empty environment; return the folder of its commands."""
    home = tmp_path_factory.mktemp("env")
    venv.create(home, with_pip=True)
    pip = [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-deps"]
    subprocess.run([*pip, "--require-hashes", "-r", str(ROOT / "requirements.lock")], check=True)
    subprocess.run([*pip, "--no-index", str(wheel)], check=True)
    return home / "bin"


def _environment(home: Path) -> dict[str, str]:
    """Return the environment without what would help the installed package along: source tree, settings, old data."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "RINGMAIN", "XDG"))}
    return {**kept, "HOME": str(home), "PYTHONUNBUFFERED": "1"}


def _run(command: list[str], cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, env=_environment(cwd), capture_output=True, text=True, check=False)


def _address(log: Path, process: subprocess.Popen[bytes], seconds: float) -> str:
    """Return the address that `ringmain up` printed, once it did; fail with its output if it ends or takes longer."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        if found := ADDRESS.search(log.read_text(encoding="utf-8", errors="replace")):
            return found[0]
        time.sleep(0.2)
    raise AssertionError(log.read_text(encoding="utf-8", errors="replace")[-4_000:])


def test_the_wheel_carries_every_file_of_the_package(wheel: Path) -> None:
    """Templates, static files and SQL are in the wheel, byte for byte, and nothing that is not in the package.

    So are the libraries for browsers, which set-up copies into the package and version control does not hold.
    """
    source = {
        str(Path("ringmain") / path.relative_to(PACKAGE)): path.read_bytes()
        for path in PACKAGE.rglob("*")
        if path.is_file() and not NOT_SHIPPED & set(path.parts)
    }
    with zipfile.ZipFile(wheel) as archive:
        carried = {name: archive.read(name) for name in archive.namelist() if name.startswith("ringmain/")}
    assert carried == source
    assert any(name.endswith(".sql") for name in carried)
    assert "ringmain/entry/static/vendor/htmx.js" in carried


def test_the_installed_command_explains_itself(installed: Path, tmp_path: Path) -> None:
    """`ringmain --help` works in an empty environment, away from the source."""
    result = _run([str(installed / "ringmain"), "--help"], cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    for command in ("up", "doctor", "verify"):
        assert command in result.stdout


def test_every_installed_dependency_is_satisfied(installed: Path, tmp_path: Path) -> None:
    """The lock file misses no dependency that the wheel or one of its libraries declares."""
    result = _run([str(installed / "python"), "-m", "pip", "check"], cwd=tmp_path)
    assert result.returncode == 0, result.stdout


def test_the_installed_command_starts_the_ring(installed: Path, tmp_path: Path) -> None:
    """`ringmain up` in an empty home serves the start page with its templates, and stops cleanly when asked."""
    log = tmp_path / "up.log"
    command = [str(installed / "ringmain"), "up"]
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=tmp_path, env=_environment(tmp_path), stdout=out, stderr=out)
        try:
            address = _address(log, process, START_SECONDS)
            with urllib.request.urlopen(address, timeout=30) as answer:  # noqa: S310 - our own server, http.
                assert answer.status == 200
                assert b"Ringmain" in answer.read()
        finally:
            process.send_signal(signal.SIGINT)
            try:
                status = process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
    assert status == 0, log.read_text(encoding="utf-8")[-4_000:]
