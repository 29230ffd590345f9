"""The tour in README.md keeps its promises: its commands run from top to bottom, and print what is shown under them."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RINGMAIN = Path(sys.executable).with_name("ringmain")
README_ADDRESS = "http://127.0.0.1:8000"
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")
# A block of commands, and the block under it that shows what they print.
STEP = re.compile(r"```sh\n(?P<commands>.*?)```\n(?:\s*```(?:json|text)\n(?P<shown>.*?)```)?", re.DOTALL)
MARK = "---- step ended ----"
START_SECONDS = 90
STOP_SECONDS = 60

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(
        "CI" not in os.environ and not all(map(shutil.which, ("bash", "curl"))),
        reason="bash or curl is missing on this machine",
    ),
]


@dataclass(frozen=True, slots=True)
class Step:
    """One block of commands and what the README shows under it; `…` stands for an id or a time."""

    commands: str
    shown: str

    def is_kept_by(self, printed: str) -> bool:
        """Say whether what was printed is what is shown, apart from where lines are wrapped."""
        pattern = re.escape(_dense(self.shown)).replace("…", r'[^"]+')
        return re.fullmatch(pattern, _dense(printed)) is not None


def _dense(text: str) -> str:
    return re.sub(r"\s+", "", text)


def _steps() -> list[Step]:
    tour = (ROOT / "README.md").read_text(encoding="utf-8").partition("<!-- tour -->")[2].partition("<!-- /tour -->")[0]
    return [Step(match["commands"], match["shown"] or "") for match in STEP.finditer(tour)]


def _environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RINGMAIN")}
    return {**kept, "RINGMAIN_HOME": str(home), "RINGMAIN_PORT": "0", "PYTHONUNBUFFERED": "1"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the home of an installation that has nothing yet."""
    return tmp_path_factory.mktemp("tour") / "home"


@pytest.fixture(scope="module")
def address(home: Path) -> Iterator[str]:
    """Start `ringmain up` without first data, give its address, and stop it."""
    log = home.with_name("up.log")
    with log.open("wb") as out:
        command = [str(RINGMAIN), "up", "--no-demo"]
        process = subprocess.Popen(command, env=_environment(home), stdout=out, stderr=out)
    try:
        yield _printed_address(log, process)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            raise


def _printed_address(log: Path, process: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if found := ADDRESS.search(log.read_text(encoding="utf-8", errors="replace")):
            return found[0]
        time.sleep(0.1)
    raise AssertionError(log.read_text(encoding="utf-8", errors="replace")[-4_000:])


@pytest.fixture(scope="module")
def printed(home: Path, address: str) -> list[str]:
    """Run the tour as a reader does, in one shell from top to bottom, and return what each step printed."""
    script = "".join(f"{step.commands}\necho '{MARK}'\n" for step in _steps())
    script = script.replace(README_ADDRESS, address).replace(".venv/bin/ringmain", str(RINGMAIN))
    result = subprocess.run(
        ["bash", "-eu", "-c", script],
        cwd=ROOT,
        env=_environment(home),
        stdout=subprocess.PIPE,
        # As on a terminal: what is shown on the way to a variable comes in its place.
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    )
    assert result.returncode == 0, result.stdout
    return result.stdout.split(f"{MARK}\n")[:-1]


def test_the_tour_has_ten_numbered_calls() -> None:
    """Ten numbered steps have one curl command each; before them the street is opened, after them it is verified."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^\*\*(\d+)\.\*\*", text, re.MULTILINE) == [str(number) for number in range(1, 11)]
    street, *calls, last = _steps()
    assert "networks open" in street.commands
    assert [len(re.findall(r"\bcurl\b", step.commands)) for step in calls] == [1] * 10
    assert "verify" in last.commands


def test_every_step_prints_what_the_readme_shows(printed: list[str]) -> None:
    """Statuses, amounts, rules and sentences are those of the README, step by step; only ids and times differ."""
    steps = _steps()
    assert len(printed) == len(steps)
    assert all(step.shown for step in steps)
    for step, said in zip(steps, printed, strict=True):
        assert step.is_kept_by(said), f"{step.commands}\nshows:\n{step.shown}\nprinted:\n{said}"


def test_a_promise_that_is_not_kept_would_be_seen() -> None:
    """Control: with one amount, one status or one word of an answer changed, the comparison fails."""
    changes = {'"to_pay_minor":1900': '"to_pay_minor":2400', "\n409": "\n201", '"revived":true': '"revived":false'}
    for right, wrong in changes.items():
        step = next(step for step in _steps() if right in step.shown)
        printed = step.shown.replace("…", "01a203e3-3ab2")
        assert step.is_kept_by(printed)
        assert not step.is_kept_by(printed.replace(right, wrong))
        assert not step.is_kept_by(printed + "curl: (7) Failed to connect")
