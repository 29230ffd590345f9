"""The contracts of the house hold, and each of them catches the violation that it is there for."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
# src/ringmain/<slice>/__init__.py
SLICE_DEPTH = 4
LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"


class Plant(NamedTuple):
    """Files to put into a copy of the tree, and what the contract has to say about them."""

    contract: str
    files: dict[str, str]
    said: str


VIOLATIONS = {
    "a lower floor imports a higher one": Plant(
        "floors",
        {"ledger/planted.py": "import ringmain.voucher.api", "voucher/api.py": ""},
        "ringmain.ledger is not allowed to import ringmain.voucher",
    ),
    "a higher floor is reached in two steps through the kit": Plant(
        "floors",
        {
            "ledger/planted.py": "import ringmain.kit.planted",
            "kit/planted.py": "import ringmain.sale.api",
            "sale/api.py": "",
        },
        "ringmain.kit is not allowed to import ringmain.sale",
    ),
    "an allocation reads how made-up people behave": Plant(
        "floors",
        {
            "campaign/planted.py": "import ringmain.simulate.world.families.rhythm",
            **{f"simulate/world/{name}": "" for name in ("__init__.py", "families/__init__.py", "families/rhythm.py")},
        },
        "ringmain.campaign is not allowed to import ringmain.simulate",
    ),
    "a slice has no floor": Plant("floors", {"lottery/__init__.py": ""}, "ringmain.lottery"),
    "two modules of a slice import each other": Plant(
        "cycles",
        {"sale/planted_a.py": "import ringmain.sale.planted_b", "sale/planted_b.py": "import ringmain.sale.planted_a"},
        "planted_a",
    ),
    "a slice reaches into another's store": Plant(
        "doors",
        {"sale/planted.py": "from ringmain.voucher import store", "voucher/store.py": ""},
        "ringmain.sale.planted -> ringmain.voucher.store (l.1): enter voucher through api or errors",
    ),
    "a slice imports another as a whole": Plant(
        "doors",
        {"sale/planted.py": "import ringmain.voucher"},
        "ringmain.sale.planted -> ringmain.voucher (l.1): enter voucher through api or errors",
    ),
    "a slice uses what only the doors of the house may wire": Plant(
        "doors",
        {"sale/planted.py": "import ringmain.voucher.http", "voucher/http.py": ""},
        "ringmain.sale.planted -> ringmain.voucher.http (l.1): enter voucher through api or errors",
    ),
    "an entry reaches past the doors of a slice": Plant(
        "doors",
        {"entry/planted.py": "import ringmain.voucher.store", "voucher/store.py": ""},
        "ringmain.entry.planted -> ringmain.voucher.store (l.1): enter voucher through api or cli",
    ),
    "a model imports the database": Plant(
        "models",
        {"feedback/model.py": "import ringmain.kit.planted", "kit/planted.py": ""},
        "ringmain.feedback.model -> ringmain.kit.planted (l.1): a model may import ringmain.kit.pure",
    ),
    "a model imports its own store": Plant(
        "models",
        {"feedback/model.py": "from ringmain.feedback import store", "feedback/store.py": ""},
        "ringmain.feedback.model -> ringmain.feedback.store (l.1): a model may import ringmain.kit.pure",
    ),
    "a model reaches the database in two steps, through its errors": Plant(
        "models",
        {
            "feedback/model.py": "import ringmain.feedback.errors",
            "feedback/errors.py": "import ringmain.kit.planted",
            "kit/planted.py": "",
        },
        "ringmain.feedback.errors -> ringmain.kit.planted (l.1): a model may import ringmain.kit.pure",
    ),
    "a model opens a socket": Plant(
        "models",
        {"feedback/model.py": "import socket"},
        "ringmain.feedback.model -> socket (l.1): a model does no I/O",
    ),
    "a model uses a library": Plant(
        "models",
        {"feedback/model.py": "import starlette.requests"},
        "ringmain.feedback.model -> starlette (l.1): a model does no I/O",
    ),
    "the pure kit uses the rest of the kit": Plant(
        "models",
        {"kit/pure/planted.py": "import ringmain.kit.planted", "kit/planted.py": ""},
        "ringmain.kit.pure.planted -> ringmain.kit.planted (l.1): a model may import ringmain.kit.pure",
    ),
    "a use case talks to the database itself": Plant(
        "driver",
        {"sale/planted.py": "from psycopg.rows import dict_row"},
        "ringmain.sale.planted -> psycopg (l.1): use psycopg in",
    ),
    "a use case reads the lake itself": Plant(
        "lake", {"sale/planted.py": "import duckdb"}, "ringmain.sale.planted -> duckdb (l.1): use duckdb in"
    ),
    "a page builds an Ibis expression": Plant(
        "lake", {"loop/pages.py": "import ibis"}, "ringmain.loop.pages -> ibis (l.1): use ibis in"
    ),
}

ALLOWED = {
    "a slice calls a lower one through api and knows its errors": Plant(
        "doors",
        {
            "sale/planted.py": "import ringmain.voucher.api\nimport ringmain.voucher.errors",
            "voucher/api.py": "",
            "voucher/errors.py": "",
        },
        "KEPT",
    ),
    "an entry wires routes, pages, commands and jobs": Plant(
        "doors",
        {
            "entry/planted.py": "\n".join(f"import ringmain.order.{name}" for name in ("http", "pages", "cli", "jobs")),
            **{f"order/{name}.py": "" for name in ("http", "pages", "cli", "jobs")},
        },
        "KEPT",
    ),
    "a model uses the pure kit, its errors and numpy": Plant(
        "models",
        {
            "feedback/model.py": "import numpy\nimport ringmain.kit.pure.money\nimport ringmain.feedback.errors",
            "feedback/errors.py": "from http import HTTPStatus\nimport ringmain.kit.pure.errors",
        },
        "KEPT",
    ),
    "a store talks to the database": Plant("driver", {"order/store.py": "import psycopg"}, "KEPT"),
    "an analysis uses Ibis": Plant("lake", {"order/analysis.py": "import ibis"}, "KEPT"),
}


def _lint(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    # What stands in PYTHONPATH is found before the installed project: the linter reads the tree at `root`.
    environment = {**os.environ, "PYTHONPATH": f"{root / 'src'}{os.pathsep}{root}", "COLUMNS": "400"}
    command = [sys.executable, "-c", LINT, "--no-logo", "--no-cache", *arguments]
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a copy of the house to plant faults in: its slices, still empty, the pure kit, and the contracts."""
    for promise in (ROOT / "src" / "ringmain").glob("**/__init__.py"):
        copy = tmp_path / promise.relative_to(ROOT)
        if len(promise.relative_to(ROOT).parts) <= SLICE_DEPTH:
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(promise, copy)
    pure = Path("src/ringmain/kit/pure")
    skip = shutil.ignore_patterns("__pycache__")
    for folder in (pure, Path("tools")):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=skip)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def _plant(tree: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = tree / "src" / "ringmain" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")


def test_the_tree_keeps_every_contract() -> None:
    """The source tree as it stands breaks no contract of the house."""
    result = _lint(ROOT)
    assert result.returncode == 0, result.stdout
    assert "0 broken" in result.stdout


@pytest.mark.parametrize("name", VIOLATIONS)
def test_a_planted_violation_is_caught(tree: Path, name: str) -> None:
    """A violation planted into a copy of the tree breaks the contract that forbids it, and is named."""
    contract, files, said = VIOLATIONS[name]
    _plant(tree, files)
    result = _lint(tree, "--contract", contract)
    assert result.returncode == 1, result.stdout
    assert said in " ".join(result.stdout.split())


@pytest.mark.parametrize("name", ALLOWED)
def test_what_the_rules_allow_passes(tree: Path, name: str) -> None:
    """What the rules allow, planted into a copy of the tree, breaks nothing."""
    contract, files, said = ALLOWED[name]
    _plant(tree, files)
    result = _lint(tree, "--contract", contract)
    assert result.returncode == 0, result.stdout
    assert said in result.stdout


def test_every_contract_has_a_violation_that_it_catches() -> None:
    """No contract of the configuration goes without its planted violation."""
    from importlinter.api import read_configuration  # noqa: PLC0415 - importing it configures the linter.

    contracts = {options["id"] for options in read_configuration(str(ROOT / "pyproject.toml"))["contracts_options"]}
    assert contracts == {plant.contract for plant in VIOLATIONS.values()}
