"""An export holds everything of a merchant and nothing of others, streamed, with no secret and no holder."""

import csv
import io
import json
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from ringmain.entry import exporting
from ringmain.entry.exporting import Scope, export_zip
from ringmain.kit.db.exporting import rows_of
from ringmain.kit.migrate import Urls
from ringmain.network.errors import MerchantNotFound
from tests.loop.street import DAY, NOW, Street, somebody
from tests.loop.street import street as open_street


@pytest.fixture
async def street(database_urls: Urls) -> AsyncIterator[Street]:
    """Give a street of its own to a test."""
    async with open_street(database_urls.application_url) as street:
        yield street


async def _unpacked(scope: Scope) -> dict[str, Any]:
    """Return the files of an export: rows as dictionaries, JSON as data."""
    data = b"".join([piece async for piece in export_zip(scope)])
    found: dict[str, Any] = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        for name in archive.namelist():
            text = archive.read(name).decode("utf-8-sig")
            found[name] = json.loads(text) if name.endswith(".json") else list(csv.DictReader(io.StringIO(text)))
    return found


async def test_a_merchants_export_is_complete_and_its_own(street: Street) -> None:
    """Each file has the merchant's rows with their amounts; guests are names made for this merchant alone."""
    ann = somebody()
    own, others = await street.publish(), await street.publish(merchant=1)
    won = [await street.win(own, ann, NOW - DAY, won_at=1) for _ in range(2)]
    sold = await street.buy(0, NOW, ann, 1_000, won[0])
    await street.reverse(sold, NOW)
    await street.buy(0, NOW, ann, 1_000, await street.win(others, ann, NOW))
    await street.buy(1, NOW, ann, 700)
    found = await _unpacked(Scope(street.database, street.network_id, street.tea))
    assert found["manifest.json"]["rows"] == {
        "shops.csv": 1,
        "staff.csv": 0,
        "terminals.csv": 0,
        "offers.csv": 1,
        "vouchers.csv": 2,
        "redemptions.csv": 2,
        "reversals.csv": 1,
        "sales.csv": 2,
        "statement_lines.csv": 6,
    }
    assert {name: len(rows) for name, rows in found.items() if name.endswith(".csv")} == found["manifest.json"]["rows"]
    assert found["merchant.json"] == {"id": str(street.tea), "name": "Tea"}
    assert [row["total_minor"] for row in found["sales.csv"]] == ["1000", "1000"]
    assert {row["state"] for row in found["vouchers.csv"]} == {"open"}
    assert found["redemptions.csv"][0]["redeemed_at"] == "2026-03-10T07:00:00Z"
    assert found["reversals.csv"][0]["revived"] == "true"
    (guest,) = {row["guest"] for row in found["sales.csv"]}
    of_noodle = await _unpacked(Scope(street.database, street.network_id, street.merchants[1]))
    assert guest
    assert guest != of_noodle["sales.csv"][0]["guest"]
    assert str(ann) not in str(found)


async def test_the_operators_export_has_a_folder_per_merchant_and_one_of_the_network(street: Street) -> None:
    """Every merchant's files in its folder, and the network's own."""
    await street.buy(2, NOW, None, 900)
    found = await _unpacked(Scope(street.database, street.network_id))
    folders = {name.partition("/")[0] for name in found if "/" in name}
    assert folders == {str(id_) for id_ in (*street.merchants, street.network_id)}
    assert [row["total_minor"] for row in found[f"{street.merchants[2]}/sales.csv"]] == ["900"]
    assert found[f"{street.tea}/sales.csv"] == []


async def test_pages_neither_skip_nor_repeat_and_memory_stays_small(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eleven rows in pages of two are eleven; the ZIP comes in pieces, before its end is known."""

    def small(*arguments: Any) -> Any:
        return rows_of(*arguments, piece=2)

    monkeypatch.setattr(exporting, "rows_of", small)
    monkeypatch.setattr(exporting, "_PIECE_BYTES", 1)
    for _ in range(11):
        await street.buy(0, NOW, None, 100)
    scope = Scope(street.database, street.network_id, street.tea)
    found = await _unpacked(scope)
    assert len({row["id"] for row in found["sales.csv"]}) == len(found["sales.csv"]) == 11
    assert len([piece async for piece in export_zip(scope)]) > 3


async def test_another_merchants_rows_do_not_exist(street: Street) -> None:
    """A merchant that is not there is refused before the first byte."""
    with pytest.raises(MerchantNotFound):
        await anext(export_zip(Scope(street.database, street.network_id, uuid4())))


def test_no_table_exports_a_secret() -> None:
    """No file has a column that is a secret or tells who somebody is."""
    columns = {column for table in exporting.TABLES for column in table.columns}
    assert columns & {"secret", "subject_id", "pin_hash", "secret_hash", "pairing_id"} == set()


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def test_a_file_appears_when_it_is_complete(street: Street, tmp_path: Path) -> None:
    """The file of the command is whole or not there, and only its owner may read it."""
    output = tmp_path / "all.zip"
    installation: Any = type("Opened", (), {"database": street.database})()
    with pytest.raises(MerchantNotFound):
        await exporting.export_file(installation, street.network_id, uuid4(), output)
    assert _names(tmp_path) == []
    size = await exporting.export_file(installation, street.network_id, street.tea, output)
    assert (size, output.stat().st_mode & 0o777) == (len(output.read_bytes()), 0o600)
    assert zipfile.ZipFile(output).testzip() is None
