"""Functions and files stay small, or say why not."""

from pathlib import Path

import pytest

from tools import sizes

ROOT = Path(__file__).parents[2]
REASON = "# Longer than the house rule: it is a table of cases."


def _function(lines: int, above: str = "", inside: str = "") -> str:
    """Return a function of exactly that many lines from `def` to its end, leaving out comments `above`."""
    body = [inside] if inside else []
    body += ["    x = 1"] * (lines - 1 - len(body))
    return "\n".join([*([above] if above else []), "def planted():", *body]) + "\n"


def _file(lines: int, head: str = "") -> str:
    return "\n".join(['"""A planted file."""', head, *["x = 1"] * (lines - 2)]) + "\n"


def _found(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "planted.py"
    path.write_text(text, encoding="utf-8")
    return list(sizes.breaches(path))


def test_the_tree_keeps_its_sizes() -> None:
    """No function or file of the source tree is too long without a reason."""
    found = [line for path in sorted((ROOT / "src").rglob("*.py")) for line in sizes.breaches(path)]
    assert found == []


@pytest.mark.parametrize(
    "text",
    [
        _function(61),
        _function(61, above="# Longer than the house rule:"),
        _function(61, above=REASON + "\n\nx = 1\n"),
        _function(61).replace("def", "async def"),
        "class Planted:\n" + "\n".join("    " + line for line in _function(61).splitlines()) + "\n",
    ],
    ids=["plain", "reason left empty", "reason above something else", "async", "method"],
)
def test_a_long_function_without_a_reason_is_caught(tmp_path: Path, text: str) -> None:
    """A function of 61 lines is caught, with its name and length."""
    found = _found(tmp_path, text)
    assert len(found) == 1
    assert "planted has 61 lines, more than 60" in found[0]


@pytest.mark.parametrize(
    "text",
    [
        _function(60),
        _function(61, above=REASON),
        _function(61, inside="    " + REASON),
        _function(61, above=REASON + "\n@decorated"),
        _function(61, inside='    """A docstring is not counted."""'),
    ],
    ids=["60 lines", "reason above", "reason inside", "reason above the decorator", "docstring"],
)
def test_a_function_within_the_rule_or_with_a_reason_passes(tmp_path: Path, text: str) -> None:
    """A function of 60 lines passes, and so does a longer one that says why."""
    assert _found(tmp_path, text) == []


def test_a_long_file_without_a_reason_in_its_head_is_caught(tmp_path: Path) -> None:
    """A file of 401 lines is caught; a reason further down is a function's and does not excuse it."""
    assert "the file has 401 lines, more than 400" in _found(tmp_path, _file(401))[0]
    late = _file(400).rstrip("\n") + f"\n{REASON}\n"
    assert len(_found(tmp_path, late)) == 1


def test_a_file_within_the_rule_or_with_a_reason_passes(tmp_path: Path) -> None:
    """A file of 400 lines passes, and so does a longer one that says why in its head."""
    assert _found(tmp_path, _file(400)) == []
    assert _found(tmp_path, _file(401, head=REASON)) == []


def test_a_file_that_python_cannot_read_is_a_breach(tmp_path: Path) -> None:
    """A syntax error is reported with its line, and the other files are still looked at."""
    assert _found(tmp_path, "x = 1\ndef\n") == [
        f"{tmp_path / 'planted.py'}:2: Python cannot read the file: invalid syntax"
    ]


def test_the_command_fails_on_a_breach_and_names_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`make check` stops on a breach, with its place."""
    (tmp_path / "planted.py").write_text(_function(61), encoding="utf-8")
    assert sizes.main([str(tmp_path)]) == 1
    assert f"{tmp_path / 'planted.py'}:1: planted has 61 lines" in capsys.readouterr().out
