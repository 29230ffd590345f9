"""Lighthouse on the person's pages: accessibility 100, and performance 90 at least, the median of three runs.

Not part of the browser libraries: `make lighthouse` installs it in a folder of its own.
"""

import asyncio
import json
import os
from pathlib import Path
from statistics import median
from typing import NamedTuple

import pytest
from playwright.async_api import Browser

from tests.entry.web.journey import CHROMIUM, FLAGS
from tests.entry.web.person_pages import PersonPage, missing, person_pages
from tests.entry.web.planted import planted
from tests.entry.web.served import Served
from tools.vendor import LIGHTHOUSE, node

_PROGRAM = LIGHTHOUSE / "node_modules" / "lighthouse" / "cli" / "index.js"
_RUNS = int(os.environ.get("RINGMAIN_LIGHTHOUSE_RUNS", "3"))
_LEAST_PERFORMANCE, _LEAST_ACCESSIBILITY = 90, 100

pytestmark = [
    pytest.mark.browser,
    pytest.mark.long,
    pytest.mark.timeout(3_600),
    pytest.mark.skipif(not _PROGRAM.exists(), reason="Lighthouse is not installed: run `make lighthouse`"),
]


class _Scores(NamedTuple):
    """What one run gives: scores of 100, and the audits of accessibility that failed."""

    performance: float
    accessibility: float
    failed: list[str]


async def test_lighthouse_is_content_with_the_pages_of_people(served: Served, browser: Browser, tmp_path: Path) -> None:
    """Every page of a person has its scores."""
    pages = await person_pages(browser, served)
    assert missing(pages) == {"/u/{token}"}
    table, below = [f"{'page':32}{'performance':>13}{'accessibility':>15}"], []
    for page in pages:
        runs = [await _run(f"{served.url}{page.path}", page, tmp_path) for _ in range(_RUNS)]
        fast, usable = median(one.performance for one in runs), median(one.accessibility for one in runs)
        table.append(f"{page.route:32}{fast:>13.0f}{usable:>15.0f}")
        if fast < _LEAST_PERFORMANCE or usable < _LEAST_ACCESSIBILITY:
            below.append(f"{table[-1]} {runs[0].failed}")
    print("\n" + "\n".join(table))  # noqa: T201 (the table is what the test is for)
    assert below == []


async def test_lighthouse_finds_what_cannot_be_used(tmp_path: Path) -> None:
    """Control: a planted page without a language, a name, and a text for its picture has less than 100."""
    page = "<!doctype html><title></title><p>Text</p><img src='data:,' width=9 height=9><button></button>"
    with planted(page) as address:
        scores = await _run(address, PersonPage("/", {"cookies": [], "origins": []}), tmp_path)
    assert scores.accessibility < _LEAST_ACCESSIBILITY
    assert "button-name" in scores.failed


async def _run(address: str, page: PersonPage, folder: Path, *, tries: int = 3) -> _Scores:
    # Cookies go by a file: an argument is read by everybody on the machine.
    headers, result = folder / "headers.json", folder / "result.json"
    headers.write_text(json.dumps({"Cookie": page.cookies} if page.cookies else {}), encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        str(node()),
        str(_PROGRAM),
        address,
        "--quiet",
        "--output=json",
        f"--output-path={result}",
        "--only-categories=performance,accessibility",
        f"--extra-headers={headers}",
        f"--chrome-flags=--headless=new {' '.join(FLAGS)}",
        env={**os.environ, "CHROME_PATH": CHROMIUM},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    if process.returncode and tries > 1:
        # A busy machine's browser loses traces now and then; Lighthouse asks to be run again.
        return await _run(address, page, folder, tries=tries - 1)
    assert process.returncode == 0, said.decode()[-2_000:]
    found = json.loads(result.read_text(encoding="utf-8"))
    assert "runtimeError" not in found, found["runtimeError"]
    scores = {name: 100 * one["score"] for name, one in found["categories"].items()}
    failed = [
        one["id"]
        for one in found["categories"]["accessibility"]["auditRefs"]
        if found["audits"][one["id"]]["score"] == 0 and one["weight"]
    ]
    return _Scores(scores["performance"], scores["accessibility"], failed)
