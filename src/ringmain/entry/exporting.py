"""Everything of a merchant, or of a whole network, as one ZIP of CSV files: streamed, in memory that does not grow."""

import csv
import io
import zipfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from ringmain.entry.installation import Installation
from ringmain.entry.keys import chosen_network
from ringmain.kit.db import Database, UnitOfWork
from ringmain.kit.db.exporting import ExportTable, rows_of
from ringmain.network import api as network
from ringmain.sale import api as sale
from ringmain.settlement import api as settlement
from ringmain.voucher import api as voucher

TABLES: tuple[ExportTable, ...] = (*network.EXPORT_TABLES, *voucher.EXPORT_TABLES, *sale.EXPORT_TABLES)
_PIECE_BYTES = 64 * 1_024
# Spreadsheets take a file for UTF-8 only where it begins so.
_UTF8_MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose rows an export holds: of one merchant as its console reads, or of all merchants and the network itself."""

    database: Database
    network_id: UUID
    merchant_id: UUID | None = None

    def unit(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """Open a unit of work that sees these rows and no others."""
        if self.merchant_id is None:
            return self.database.unit(self.network_id)
        return self.database.unit(self.network_id, role="app_merchant", merchant_id=self.merchant_id)


class _Stream(io.RawIOBase):
    """Where the ZIP is written: it cannot be sought, and what was written is taken from it piece by piece."""

    def __init__(self) -> None:
        super().__init__()
        self._written = bytearray()

    def writable(self) -> bool:
        """Say that bytes may be written."""
        return True

    def write(self, data: Any) -> int:
        """Keep bytes until they are taken."""
        self._written += data
        return len(data)

    def take(self, least: int = 1) -> bytes:
        """Return what was written since the last time, once it is at least so much; else nothing."""
        if len(self._written) < least:
            return b""
        taken = bytes(self._written)
        self._written.clear()
        return taken


async def export_zip(scope: Scope) -> AsyncIterator[bytes]:
    """Yield the bytes of the ZIP. Raises `MerchantNotFound` before the first one.

    A folder per merchant (one merchant's export has none), and `manifest.json` with the number of rows of each file.
    Rows that are added while it runs may be in it or not; no row is torn.
    """
    async with scope.unit() as uow:
        here = await network.network_of(uow)
        owners = await _owners(uow, scope)
    stream, counts = _Stream(), dict[str, int]()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for owner_id, name in owners:
            folder = "" if scope.merchant_id else f"{owner_id}/"
            async for piece in _folder(scope, archive, stream, owner_id, folder, counts):
                yield piece
            archive.writestr(f"{folder}merchant.json", _json({"id": owner_id, "name": name}))
        manifest = {"network": asdict(here), "exported_at": datetime.now(tz=UTC), "rows": counts}
        archive.writestr("manifest.json", _json(manifest))
    yield stream.take()


async def _owners(uow: UnitOfWork, scope: Scope) -> list[tuple[UUID, str]]:
    """Return whose folders there are: one merchant, or all of them and the network, which may pay for vouchers too."""
    if scope.merchant_id is not None:
        one = await network.merchant_of(uow, scope.merchant_id)
        return [(one.id, one.legal_name)]
    here = await network.network_of(uow)
    return [*((one.id, one.legal_name) for one in await network.all_merchants(uow)), (here.id, here.name)]


async def _folder(
    scope: Scope, archive: zipfile.ZipFile, stream: _Stream, owner_id: UUID, folder: str, counts: dict[str, int]
) -> AsyncIterator[bytes]:
    offer_ids: list[UUID] = []
    async with scope.unit() as uow:
        shop_ids = [shop.id for shop in await network.shops_of(uow, owner_id)]
    for table in TABLES:
        parts = {"merchant": [owner_id], "shop": shop_ids, "offer": offer_ids}[table.part]
        name = f"{folder}{table.name}.csv"
        counts[name] = 0
        with archive.open(name, "w", force_zip64=True) as file:
            file.write(_lines([table.columns], _UTF8_MARK))
            async for rows in rows_of(scope.unit, table, owner_id, tuple(parts)):
                file.write(_lines(rows))
                counts[name] += len(rows)
                if table.name == "offers":
                    offer_ids += [row[0] for row in rows]
                if piece := stream.take(_PIECE_BYTES):
                    yield piece
    async for piece in _statement(scope, archive, stream, owner_id, f"{folder}statement_lines.csv", counts):
        yield piece


async def _statement(
    scope: Scope, archive: zipfile.ZipFile, stream: _Stream, owner_id: UUID, name: str, counts: dict[str, int]
) -> AsyncIterator[bytes]:
    """Write every transfer that ever touched the owner, in pieces of a transaction each."""
    after: UUID | None = None
    counts[name] = 0
    with archive.open(name, "w", force_zip64=True) as file:
        file.write(_lines([settlement.LINE_COLUMNS], _UTF8_MARK))
        while True:
            async with scope.unit() as uow:
                lines = await settlement.lines_after(uow, owner_id, after)
            if not lines:
                break
            file.write(_lines([settlement.line_row(line) for line in lines]))
            counts[name] += len(lines)
            after = lines[-1].id
            if piece := stream.take(_PIECE_BYTES):
                yield piece


def _lines(rows: Sequence[Sequence[Any]], before: str = "") -> bytes:
    text = io.StringIO()
    text.write(before)
    csv.writer(text).writerows([[_cell(value) for value in row] for row in rows])
    return text.getvalue().encode()


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(value).lower() if isinstance(value, bool) else value


def _json(value: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value))


async def export_file(
    installation: Installation, network_id: UUID | None, merchant_id: UUID | None, output: Path
) -> int:
    """Write an export into a file that only its owner may read; return its length in bytes.

    It appears under its name when it is complete. Raises `NetworkRequired` or `MerchantNotFound`.
    """
    scope = Scope(installation.database, await chosen_network(installation, network_id), merchant_id)
    unfinished = output.with_name(f"{output.name}.part")
    unfinished.touch(0o600)
    size = 0
    try:
        with unfinished.open("wb") as file:
            async for piece in export_zip(scope):
                size += file.write(piece)
        unfinished.replace(output)
    finally:
        unfinished.unlink(missing_ok=True)
    return size
