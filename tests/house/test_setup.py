"""A fresh clone sets itself up: the lock files are exact and without addresses, and make says what is missing."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = tuple(f"requirements{kind}.lock" for kind in ("", "-dev", "-data", "-node", "-spark"))
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", re.MULTILINE)
ADDRESS = re.compile(r"https?://|file:|--index-url|--extra-index-url|--find-links|@ ")


def _pins(lock: str) -> dict[str, str]:
    return dict(PIN.findall((ROOT / lock).read_text(encoding="utf-8")))


def _make(root: Path, *arguments: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    # A make that runs these tests hands its flags on through the environment; this one starts afresh.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    environment["PATH"] = path or environment["PATH"]
    return subprocess.run(["make", *arguments], cwd=root, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_file_has_hashes_and_no_addresses(lock: str) -> None:
    """Every requirement of a lock file is pinned and hashed, and nothing says where to download it."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert ADDRESS.search(text) is None
    entries = re.split(r"^(?=[a-z0-9])", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE), flags=re.MULTILINE)[1:]
    assert len(entries) == len(_pins(lock)) > 0
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []


def test_an_address_in_a_lock_file_would_be_seen() -> None:
    """The pattern that looks for addresses finds each form a lock file could carry."""
    for line in ("--index-url x", "--find-links x", "a @ x", "https://x", "file:x"):
        assert ADDRESS.search(line) is not None, line


def test_development_installs_the_versions_that_run() -> None:
    """The development lock holds every runtime requirement at the same version."""
    development = _pins("requirements-dev.lock")
    assert _pins("requirements.lock").items() <= development.items()
    assert "pytest" in development
    assert "pytest" not in _pins("requirements.lock")


def test_bare_make_lists_its_targets() -> None:
    """`make` without a target lists what there is, with a sentence each, and builds nothing."""
    result = _make(ROOT)
    assert result.returncode == 0
    listed = dict(re.findall(r"^  make ([a-z-]+) +(\S.*)$", result.stdout, re.MULTILINE))
    assert {"up", "test", "test-long", "check", "bench", "docs", "lock", "wheel", "clean"} <= listed.keys()
    assert len(result.stdout.splitlines()) == len(listed)


def _fake_python(folder: Path, refused: str) -> None:
    """Write a `python3` that fails on code that mentions `refused`, and otherwise succeeds without doing anything."""
    folder.mkdir()
    script = f'#!/bin/sh\ncase "$*" in *"{refused}"*) exit 1;; esac\nexit 0\n'
    (folder / "python3").write_text(script, encoding="utf-8")
    (folder / "python3").chmod(0o755)


@pytest.mark.parametrize(
    ("refused", "said"),
    [
        ("ensurepip", "On Debian: sudo apt-get install python3-venv"),
        ("version_info", "Ringmain needs Python 3.11 or newer"),
    ],
)
def test_make_names_what_the_machine_lacks(tmp_path: Path, refused: str, said: str) -> None:
    """Without the venv module or with an old Python, `make up` says what to do and leaves nothing behind."""
    clone = tmp_path / "clone"
    clone.mkdir()
    for name in ("Makefile", "pyproject.toml", "tools", *LOCKS):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, clone / name)
    _fake_python(tmp_path / "bin", refused)
    result = _make(clone, "up", path=f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    assert result.returncode != 0
    assert said in result.stdout
    assert not (clone / ".venv").exists()
