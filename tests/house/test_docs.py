"""The documents keep up with the code: references are generated anew, and links, targets, commands and files exist."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from cyclopts import App

from ringmain.entry.cli import app
from ringmain.entry.http import openapi
from ringmain.entry.reference import pages

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
MEND = "run `make docs`"
# What people read; the generated references are compared as a whole.
DOCUMENTS = sorted(path for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")) if REFERENCE not in path.parents)
LINK = re.compile(r"!?\[[^\]]*\]\((?P<target>[^)\s]+)(?:\s+\"[^\"]*\")?\)")
FENCE = re.compile(r"^```(?P<kind>\w*)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
MAKE = re.compile(r"(?:^|[\s;&(])make ([a-z][a-z-]*)")
COMMAND = re.compile(r"(?:^|[\s/(])ringmain ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?")
FILE = re.compile(r"^(?:[\w.-]+/)+[\w.-]+\.(?:py|sql|md|toml|json|lock|svg|html)$")


def _code(text: str) -> Iterator[str]:
    """Yield what is marked as code: lines of shell blocks, and spans in sentences."""
    for match in FENCE.finditer(text):
        if match["kind"] == "sh":
            yield from match["code"].splitlines()
    for match in SPAN.finditer(FENCE.sub("", text)):
        yield match[1]


def _anchor(heading: str) -> str:
    """Return the anchor that GitHub makes of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def _anchors(text: str) -> set[str]:
    return {_anchor(heading) for heading in re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.MULTILINE)}


def _broken_links(text: str, folder: Path) -> list[str]:
    """Return the links into this repository that lead nowhere; a link into the web is its author's care."""
    broken: list[str] = []
    for match in LINK.finditer(FENCE.sub("", text)):
        target = match["target"]
        if re.match(r"[a-z]+:|NNNN-", target):  # The template says NNNN where a number will be.
            continue
        path, _, anchor = target.partition("#")
        file = (folder / path).resolve() if path else None
        if file is not None and (not file.exists() or not file.is_relative_to(ROOT)):
            broken.append(target)
        elif anchor and (file is None or file.suffix == ".md"):
            named = text if file is None else file.read_text(encoding="utf-8")
            if anchor not in _anchors(named):
                broken.append(target)
    return broken


def _targets() -> set[str]:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))


def _unknown_targets(text: str) -> list[str]:
    known = _targets()
    return [target for code in _code(text) for target in MAKE.findall(code) if target not in known]


def _unknown_commands(text: str) -> list[str]:
    """Return the commands of `ringmain` in a text that the command line does not have."""
    unknown: list[str] = []
    for code in _code(text):
        for first, second in COMMAND.findall(code):
            if first not in app:
                unknown.append(first)
            elif _is_group(app[first]) and second and second not in app[first]:
                unknown.append(f"{first} {second}")
    return unknown


def _is_group(command: App) -> bool:
    return command.default_command is None


def _missing_files(text: str) -> list[str]:
    """Return the files named in a text that are neither in the repository nor in the package."""
    places = (ROOT, ROOT / "src" / "ringmain")
    named = [code for code in _code(text) if FILE.match(code)]
    return [name for name in named if not any((place / name).exists() for place in places)]


def test_the_openapi_document_is_the_one_of_the_routes() -> None:
    """docs/reference/openapi.json is what `ringmain openapi` writes now."""
    assert json.loads((REFERENCE / "openapi.json").read_bytes()) == json.loads(json.dumps(openapi())), MEND


@pytest.mark.parametrize("name", ["settings.md", "commands.md", "errors.md"])
def test_a_reference_page_is_the_one_of_the_code(name: str) -> None:
    """Each page of the reference is what `ringmain reference` writes now."""
    assert (REFERENCE / name).read_text(encoding="utf-8") == pages(app)[name], MEND


def test_the_reference_has_no_page_that_nobody_writes() -> None:
    """A page that the generator no longer writes does not stay behind."""
    assert {path.name for path in REFERENCE.iterdir()} == {"openapi.json", *pages(app)}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_document_names_only_what_exists(document: Path) -> None:
    """Links lead to files and headings; targets of make, commands of ringmain, and files named as code exist."""
    text = document.read_text(encoding="utf-8")
    assert _broken_links(text, document.parent) == []
    assert _unknown_targets(text) == []
    assert _unknown_commands(text) == []
    assert _missing_files(text) == []


def test_the_documents_are_looked_at() -> None:
    """The documents that a newcomer opens are among those that are checked, and name targets and commands."""
    names = {str(path.relative_to(ROOT)) for path in DOCUMENTS}
    assert {"README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "docs/decisions/README.md"} <= names
    readme = list(_code((ROOT / "README.md").read_text(encoding="utf-8")))
    assert "up" in {target for code in readme for target in MAKE.findall(code)}
    assert ("networks", "open") in {command for code in readme for command in COMMAND.findall(code)}


def test_what_does_not_exist_would_be_seen() -> None:
    """Control: a planted dead link, heading, target, command and file are each found, and nothing else is."""
    text = (
        "# Head\n[dead](docs/nowhere.md) [alive](README.md) [web](https://example.org/x) [none](#foot) [here](#head)\n"
        "```sh\nmake up\nmake tea\n.venv/bin/ringmain verify\n.venv/bin/ringmain dance\n```\n"
        "`ringmain keys make`, `ringmain keys bury`, `kit/coalescer.py`, `kit/nothing.py`; make tea is no code\n"
    )
    assert _broken_links(text, ROOT) == ["docs/nowhere.md", "#foot"]
    assert _unknown_targets(text) == ["tea"]
    assert _unknown_commands(text) == ["dance", "keys bury"]
    assert _missing_files(text) == ["kit/nothing.py"]
