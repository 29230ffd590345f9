"""Functions of at most 60 lines and files of at most 400, unless a written reason stands where a larger one does."""

import ast
import re
import sys
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

FUNCTION_LINES = 60
FILE_LINES = 400
# A file's reason stands within its first lines, below the docstring; a function's directly above it or inside it.
FILE_HEAD_LINES = 20
REASON = re.compile(r"^\s*# Longer than the house rule: \S.{14,}$")
FIX = 'split it, or write "# Longer than the house rule: <reason>"'

Function = ast.FunctionDef | ast.AsyncFunctionDef


def breaches(path: Path) -> Iterator[str]:
    """Yield one line for the file at `path` and for each of its functions that is too long without a reason."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    if len(lines) > FILE_LINES and not _has_reason(lines[:FILE_HEAD_LINES], column=0):
        yield f"{path}:1: the file has {len(lines)} lines, more than {FILE_LINES}: {FIX} in its head"
    try:
        tree = ast.parse(text, filename=str(path))
    except SyntaxError as error:
        yield f"{path}:{error.lineno}: Python cannot read the file: {error.msg}"
        return
    for node in ast.walk(tree):
        if isinstance(node, Function) and (length := _length(node)) > FUNCTION_LINES and not _excused(node, lines):
            yield f"{path}:{node.lineno}: {node.name} has {length} lines, more than {FUNCTION_LINES}: {FIX} above it"


def _length(function: Function) -> int:
    """Return the lines of a function from `def` to its end, without decorators and docstring."""
    assert function.end_lineno is not None
    length = function.end_lineno - function.lineno + 1
    if ast.get_docstring(function, clean=False) is not None:
        docstring = function.body[0]
        assert docstring.end_lineno is not None
        length -= docstring.end_lineno - docstring.lineno + 1
    return length


def _excused(function: Function, lines: list[str]) -> bool:
    first = min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)]) - 1
    above = list(takewhile(lambda line: line.lstrip().startswith("#"), reversed(lines[:first])))
    return _has_reason([*above, *lines[first : function.end_lineno]])


def _has_reason(lines: list[str], column: int | None = None) -> bool:
    return any(REASON.match(line) and column in (None, len(line) - len(line.lstrip())) for line in lines)


def main(folders: list[str]) -> int:
    """Print every breach below the folders; return 1 if there is one, else 0."""
    found = [line for folder in folders for path in sorted(Path(folder).rglob("*.py")) for line in breaches(path)]
    print(*found, sep="\n", end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
