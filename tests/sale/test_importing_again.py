"""Imports run again: twice, dry, interrupted, killed, and beside each other."""

import asyncio
import signal
import sys
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ringmain.kit.migrate import Urls
from ringmain.kit.pure.ids import uuid7_of
from ringmain.sale import columns, importing, receipts, store
from ringmain.sale.errors import ImportRunsElsewhere, ImportUnreadable
from ringmain.sale.import_step import Counts, ImportReport, Progress
from ringmain.sale.mapping import Mapping
from tests.member.people import NOW, Town, small_town
from tests.sale.import_tools import (
    LINE_HEADER,
    contents,
    line_mapping,
    mapping,
    mapping_text,
    rejected,
    run,
    sales_file,
    street,
    without_ids,
)

# ---------------------------------------------------------------------------------------------------- again and again


@pytest.mark.usefixtures("small_steps")
async def test_running_twice_changes_nothing(town: Town, tmp_path: Path) -> None:
    """A second run writes no sale, line or fact, counts what it knew, and reports the same refused rows."""
    path = street(tmp_path / "s.csv")
    first = await run(town, path, line_mapping(town), rejected=tmp_path / "1.csv")
    written, facts = await contents(town), await town.facts("sale")
    again = await run(town, path, line_mapping(town), rejected=tmp_path / "2.csv")
    assert first.counts.sales_new > 8
    assert (first.counts.sales_known, first.counts.sales_differing) == (1, 1)
    assert (again.counts.sales_new, again.counts.lines_new) == (0, 0)
    assert again.counts.sales_known == first.counts.sales_new + first.counts.sales_known
    assert (again.counts.refused, again.counts.rows) == (first.counts.refused, first.counts.rows)
    assert (await contents(town), await town.facts("sale")) == (written, facts)
    assert (tmp_path / "2.csv").read_text() == (tmp_path / "1.csv").read_text()


async def test_without_derived_ids_running_twice_makes_doubles(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: with random ids a second run writes every sale again, and the test above would fail."""
    path = street(tmp_path / "s.csv")
    await run(town, path, line_mapping(town))
    written = await town.count("sale")

    def random_ids(sold_at: Any, *_: Any) -> Any:
        return columns.id_bytes([uuid7_of(NOW, uuid.uuid4()) for _ in sold_at])

    monkeypatch.setattr(receipts, "sale_ids", random_ids)
    await run(town, path, line_mapping(town))
    assert await town.count("sale") > written


@pytest.mark.parametrize("rows", [1, 2, 3, 7, 1000])
async def test_pieces_of_any_size_give_the_same(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int, database_urls: Urls
) -> None:
    """However much is read at once: the same sales, lines, counts and refused rows."""
    path = street(tmp_path / "s.csv")
    whole = await run(town, path, line_mapping(town), rejected=tmp_path / "1.csv")
    monkeypatch.setattr(importing, "FIRST_STEP_ROWS", rows)
    monkeypatch.setattr(importing._Run, "_adapt", lambda self, seconds: setattr(self, "step_rows", rows))
    async with small_town(database_urls.application_url) as other:
        report = await run(other, path, line_mapping(other), rejected=tmp_path / "2.csv")
        assert report.counts == whole.counts
        assert without_ids(await contents(other)) == without_ids(await contents(town))
        assert (tmp_path / "2.csv").read_text() == (tmp_path / "1.csv").read_text()


@pytest.mark.usefixtures("small_steps")
async def test_cutting_receipts_in_two_is_noticed(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_urls: Urls
) -> None:
    """The control: where each piece is taken for the last, receipts are cut, and the test above would fail."""
    path = street(tmp_path / "s.csv")
    whole = await run(town, path, line_mapping(town))
    grouped = receipts._grouped
    monkeypatch.setattr(receipts, "_grouped", lambda rows, *more: grouped(replace(rows, at_end=True), *more))
    async with small_town(database_urls.application_url) as other:
        report = await run(other, path, line_mapping(other))
        assert report.counts != whole.counts
        assert without_ids(await contents(other)) != without_ids(await contents(town))


@pytest.mark.usefixtures("small_steps")
async def test_a_dry_run_writes_nothing_and_foretells_everything(town: Town, tmp_path: Path) -> None:
    """A dry run leaves the database as it was and counts and reports what the import then does, new or known."""
    path = street(tmp_path / "s.csv")
    for number in range(2):
        before = [await contents(town), await town.facts("sale"), await town.count("sale_import")]
        foreseen = await run(town, path, line_mapping(town), dry_run=True, rejected=tmp_path / "dry.csv")
        assert [await contents(town), await town.facts("sale"), await town.count("sale_import")] == before
        report = await run(town, path, line_mapping(town), rejected=tmp_path / "real.csv")
        assert (foreseen.dry_run, foreseen.finished) == (True, True)
        assert foreseen.counts == report.counts
        assert (tmp_path / "dry.csv").read_text() == (tmp_path / "real.csv").read_text()
        assert (report.counts.sales_new == 0) == bool(number)


async def test_a_changed_row_is_reported_and_changes_nothing(town: Town, tmp_path: Path) -> None:
    """A sale that is known with another total or line is reported as differing; the stored one stays."""
    head = "A,7,2026-02-01 09:30:00"
    await run(
        town,
        sales_file(tmp_path / "1.csv", f"{head},p,c,1,2", f"{head},q,c,1,3", header=LINE_HEADER),
        line_mapping(town),
    )
    written = await contents(town)
    changes = {
        "amount": [f"{head},p,c,1,2", f"{head},q,c,1,4"],
        "product": [f"{head},p,c,1,2", f"{head},r,c,1,3"],
        "category": [f"{head},p,,1,2", f"{head},q,c,1,3"],
        "a line less": [f"{head},p,c,1,5"],
        "a line more": [f"{head},p,c,1,2", f"{head},q,c,1,3", f"{head},q,c,1,0"],
        "another order": [f"{head},q,c,1,3", f"{head},p,c,1,2"],
    }
    for name, rows in changes.items():
        path = sales_file(tmp_path / "2.csv", *rows, header=LINE_HEADER)
        report = await run(town, path, line_mapping(town), rejected=tmp_path / "r.csv")
        assert report.counts.sales_differing == 1, name
        assert rejected(tmp_path / "r.csv") == [(line, "differs") for line in range(2, 2 + len(rows))]
        assert await contents(town) == written


# --------------------------------------------------------------------------------------------------------- interrupted


async def stopped(town: Town, path: Path, wanted: Mapping, after: int, how: str, **more: Any) -> ImportReport | None:
    """Import until some pieces are written, then stop, fail, or be killed in the middle of the next."""
    seen = 0

    def progress(_: Progress) -> None:
        nonlocal seen
        seen += 1
        if how == "fails" and seen == after:
            raise RuntimeError("the terminal went away")

    if how == "stops":
        return await run(town, path, wanted, progress=progress, stop=lambda: seen == after, **more)
    if how == "fails":
        with pytest.raises(RuntimeError):
            await run(town, path, wanted, progress=progress, **more)
        return None
    task = asyncio.create_task(run(town, path, wanted, progress=progress, **more))
    while seen < after and not task.done():
        await asyncio.wait([task], timeout=0.001)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    return None


@pytest.mark.parametrize("how", ["stops", "fails", "cancelled"])
@pytest.mark.usefixtures("small_steps")
async def test_interrupted_and_resumed_is_the_same_as_uninterrupted(
    town: Town, tmp_path: Path, how: str, database_urls: Urls
) -> None:
    """An import that is broken off after any piece and run again ends with the same sales, counts and report."""
    path = street(tmp_path / "s.csv")
    whole = await run(town, path, line_mapping(town), rejected=tmp_path / "whole.csv")
    expected = without_ids(await contents(town))
    for after in (1, 2, 5):
        async with small_town(database_urls.application_url) as other:
            report = tmp_path / f"{how}{after}.csv"
            first = await stopped(other, path, line_mapping(other), after, how, rejected=report)
            assert first is None or (not first.finished and first.counts.rows < whole.counts.rows)
            assert await other.count("sale_import") == 1
            # What an attempt that was not committed wrote into the report is cut off.
            with report.open("a") as file:
                file.write("half a row that was never commit")
            second = await run(other, path, line_mapping(other), rejected=report)
            assert (second.finished, second.resumed) == (True, True)
            assert second.counts == whole.counts
            assert without_ids(await contents(other)) == expected
            assert report.read_text() == (tmp_path / "whole.csv").read_text()
            assert await other.count("sale_import") == 1
            assert len(await other.facts("sale")) == whole.counts.sales_new


KILLED = """
import asyncio, sys
from pathlib import Path
from uuid import UUID
from ringmain.kit.db import Database
from ringmain.kit.secrets import Keyring
from ringmain.sale import importing
from ringmain.sale.import_step import SaleImport
from ringmain.sale.mapping import parse_mapping

importing.FIRST_STEP_ROWS = importing.MOST_STEP_ROWS = 500
url, network, path, mapping, report = sys.argv[1:]

async def main():
    async with Database(url) as database:
        task = SaleImport(network_id=UUID(network), path=Path(path), mapping=parse_mapping(mapping),
                          keyring=Keyring({1: bytes(32)}), rejected=Path(report))
        await importing.import_sales(database, task, progress=lambda now: print(now.done, flush=True))

asyncio.run(main())
"""


async def test_a_killed_process_is_gone_on_with(town: Town, tmp_path: Path, database_urls: Urls) -> None:
    """After kill -9 in the middle of a file the import goes on, and all is written and reported once."""
    rows = [f"A,{number},2026-02-01 09:30:00,{'x' if number % 100 == 50 else 1}" for number in range(20_000)]
    path, report = sales_file(tmp_path / "s.csv", *rows), tmp_path / "r.csv"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", KILLED, database_urls.application_url),
        *(str(town.network_id), str(path), mapping_text(town), str(report)),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    for _ in range(3):
        assert await process.stdout.readline()
    process.kill()
    assert await process.wait() == -signal.SIGKILL
    written = await town.count("sale")
    assert 0 < written < 19_800
    ended = await run(town, path, mapping(town), rejected=report)
    assert ended.resumed
    assert ended.counts == Counts(rows=20_000, rows_refused=200, refused={"amount_invalid": 200}, sales_new=19_800)
    assert await town.count("sale") == 19_800
    assert rejected(report) == [(line, "amount_invalid") for line in range(52, 20_002, 100)]
    assert len(await town.facts("sale")) == 19_800


@pytest.mark.usefixtures("small_steps")
async def test_killed_between_report_and_commit(town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a piece is lost after its refused rows were reported, they stand in the report once in the end."""
    path = street(tmp_path / "s.csv")
    moved, calls = store.move_import, 0

    async def lose(*arguments: Any, **more: Any) -> bool:
        nonlocal calls
        calls += 1
        if calls == 4:
            raise ConnectionError
        done: bool = await moved(*arguments, **more)
        return done

    monkeypatch.setattr(store, "move_import", lose)
    with pytest.raises(ConnectionError):
        await run(town, path, line_mapping(town), rejected=tmp_path / "r.csv")
    report = await run(town, path, line_mapping(town), rejected=tmp_path / "r.csv")
    assert report.resumed
    assert len(rejected(tmp_path / "r.csv")) == report.counts.rows_refused
    assert await town.count("sale") == report.counts.sales_new


@pytest.mark.usefixtures("small_steps")
async def test_a_lost_report_is_made_again(town: Town, tmp_path: Path) -> None:
    """Where the report of an interrupted import is gone, the file is gone through anew and the report is whole."""
    path = street(tmp_path / "s.csv")
    await stopped(town, path, line_mapping(town), 4, "stops", rejected=tmp_path / "r.csv")
    (tmp_path / "r.csv").unlink()
    report = await run(town, path, line_mapping(town), rejected=tmp_path / "r.csv")
    assert not report.resumed
    assert len(rejected(tmp_path / "r.csv")) == report.counts.rows_refused


@pytest.mark.usefixtures("small_steps")
async def test_another_mapping_is_another_import(town: Town, tmp_path: Path) -> None:
    """What was interrupted under one mapping is not gone on with under another."""
    path = street(tmp_path / "s.csv")
    await stopped(town, path, line_mapping(town), 1, "stops")
    report = await run(town, path, line_mapping(town, currency='constant = "USD"'))
    assert not report.resumed
    assert report.counts.sales_differing > 1


@pytest.mark.usefixtures("small_steps")
async def test_two_processes_at_once(town: Town, tmp_path: Path) -> None:
    """Of two that go on with the same import one is told so; two imports of one file write each sale once."""
    path = street(tmp_path / "s.csv")
    await stopped(town, path, line_mapping(town), 1, "stops")
    both = await asyncio.gather(*(run(town, path, line_mapping(town)) for _ in range(2)), return_exceptions=True)
    assert sum(isinstance(one, ImportReport) for one in both) >= 1
    assert all(isinstance(one, ImportReport | ImportRunsElsewhere) for one in both)
    other = sales_file(tmp_path / "t.csv", *[f"A,{n},2026-01-01 09:30:00,1" for n in range(30)])
    copy = sales_file(tmp_path / "u.csv", *[f"A,{n},2026-01-01 09:30:00,1" for n in reversed(range(30))])
    reports = await asyncio.gather(*(run(town, one, mapping(town)) for one in (other, copy)))
    assert sum(one.counts.sales_new for one in reports) == sum(one.counts.sales_known for one in reports) == 30
    ids = await town.facts("sale")
    assert len(ids) == len(set(ids)) == await town.count("sale")


async def test_a_receipt_that_never_ends(town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A receipt column that says the same in every row is refused as a whole instead of filling the memory."""
    monkeypatch.setattr(importing, "_MOST_RECEIPT_ROWS", 20)
    monkeypatch.setattr(importing, "FIRST_STEP_ROWS", 10)
    path = sales_file(tmp_path / "s.csv", *["A,7,2026-02-01 09:30:00,p,c,1,1"] * 100, header=LINE_HEADER)
    with pytest.raises(ImportUnreadable, match="wrong column"):
        await run(town, path, line_mapping(town))
    assert await contents(town) == []


@pytest.mark.usefixtures("small_steps")
async def test_a_long_receipt_is_read_whole(town: Town, tmp_path: Path) -> None:
    """A receipt of more rows than a piece is one sale all the same."""
    path = sales_file(tmp_path / "s.csv", *["A,7,2026-02-01 09:30:00,p,c,1,1"] * 100, header=LINE_HEADER)
    report = await run(town, path, line_mapping(town))
    assert report.counts == Counts(rows=100, sales_new=1, lines_new=100)


@pytest.mark.usefixtures("small_steps")
async def test_progress_reaches_the_size_of_the_file(town: Town, tmp_path: Path) -> None:
    """Progress only grows and ends at the size of the file."""
    path = street(tmp_path / "s.csv")
    seen: list[Progress] = []
    await run(town, path, line_mapping(town), progress=seen.append)
    assert [one.done for one in seen] == sorted({one.done for one in seen})
    assert seen[-1].done == seen[-1].size == path.stat().st_size
