"""Whole columns of sales written at once, and how far each import has come."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np

from ringmain.kit.db import Packed, UnitOfWork, pack_int8, pack_optional_uuids, pack_timestamps, pack_uuids
from ringmain.sale.arrow import Texts
from ringmain.sale.columns import Flags, Ids, LineColumns, SaleColumns

# ---------------------------------------------------------------------------------------------------------- new sales

# The twin of `record.insert_sales` for columns.
_INSERT_SALES = """
    INSERT INTO sale (network_id, id, merchant_id, shop_id, terminal_id, subject_id, receipt, minimal, total_minor,
                      redeemed_minor, currency, tenders, sold_at)
    SELECT %(network)s, id, merchant, shop, NULL, subject, receipt, false, total, 0, currency, NULL, at
    FROM unnest(%(ids)s, %(merchants)s, %(shops)s, %(subjects)s, %(receipts)s, %(totals)s, %(currencies)s, %(at)s)
         AS t (id, merchant, shop, subject, receipt, total, currency, at)
"""
# A sale that is known already is left as it is: its id is derived from shop, time and receipt. Looking first makes
# inserting half as fast again (measured), so this is for files that were met before. The ids come back as one value.
_INSERT_UNKNOWN_SALES = f"""
    WITH inserted AS ({_INSERT_SALES} ON CONFLICT DO NOTHING RETURNING id)
    SELECT coalesce(string_agg(uuid_send(id), ''), '') AS ids FROM inserted
"""
_UNIQUE_VIOLATION = "23505"
_INSERT_LINES = """
    INSERT INTO sale_line (network_id, sale_id, line_no, product, category, quantity, amount_minor)
    SELECT %(network)s, sale, line_no, product, category, quantity, amount
    FROM unnest(%(sales)s, %(numbers)s, %(products)s, %(categories)s, %(quantities)s, %(amounts)s)
         AS t (sale, line_no, product, category, quantity, amount)
"""


@dataclass(frozen=True, slots=True)
class _Ids:
    ids: bytes


async def insert_sale_columns(uow: UnitOfWork, sales: SaleColumns, subjects: Sequence[UUID | None]) -> None:
    """Append sales with their lines; fails as `met_known_sale` says where one of them is known already."""
    await uow.execute(_INSERT_SALES, _columns(uow, sales, subjects))
    if sales.lines is not None:
        await _insert_lines(uow, sales.ids, sales.lines)


async def insert_unknown_sales(uow: UnitOfWork, sales: SaleColumns, subjects: Sequence[UUID | None]) -> Flags:
    """Append those sales that are not known yet, with their lines; say which those were.

    The ids must be sorted and differ from each other; `subjects` has one entry per sale.
    """
    row = await uow.row(_Ids, _INSERT_UNKNOWN_SALES, _columns(uow, sales, subjects))
    assert row is not None
    inserted = _which(sales.ids, row.ids)
    if sales.lines is not None and inserted.any():
        chosen = sales.of(np.flatnonzero(inserted))
        assert chosen.lines is not None
        await _insert_lines(uow, chosen.ids, chosen.lines)
    return inserted


def met_known_sale(error: BaseException) -> bool:
    """Say whether a transaction failed because a sale that it appended is known already."""
    table = getattr(getattr(error, "diag", None), "table_name", None) or ""
    return getattr(error, "sqlstate", None) == _UNIQUE_VIOLATION and table.startswith("sale")


def _columns(uow: UnitOfWork, sales: SaleColumns, subjects: Sequence[UUID | None]) -> dict[str, Any]:
    return {
        "network": uow.network_id,
        "ids": pack_uuids(sales.ids),
        "merchants": pack_uuids(sales.merchants),
        "shops": pack_uuids(sales.shops),
        "subjects": _pack_subjects(subjects),
        "receipts": pack_arrow_texts(sales.receipt),
        "totals": pack_int8(sales.total),
        "currencies": _pack_currency(sales),
        "at": pack_timestamps(sales.sold_at),
    }


async def _insert_lines(uow: UnitOfWork, sale_ids: Ids, lines: LineColumns) -> None:
    params = {
        "network": uow.network_id,
        "sales": pack_uuids(sale_ids[lines.sale]),
        "numbers": pack_int8(lines.number),
        "products": pack_arrow_texts(lines.product),
        "categories": _pack_categories(lines),
        "quantities": pack_int8(lines.quantity),
        "amounts": pack_int8(lines.amount),
    }
    await uow.execute(_INSERT_LINES, params)


def _which(ids: Ids, found: bytes) -> Flags:
    """Say which ids stand in a concatenation of ids."""
    if len(found) == len(ids) * 16:
        return np.ones(len(ids), bool)
    known = {found[place : place + 16] for place in range(0, len(found), 16)}
    raw = ids.tobytes()
    return np.array([raw[place : place + 16] in known for place in range(0, len(raw), 16)], bool)


# -------------------------------------------------------------------------------------------------------- known sales

_BETWEEN = "BETWEEN %(first)s AND %(last)s"
_KNOWN = f"""
    SELECT coalesce(string_agg(uuid_send(s.id), ''), '') AS ids
    FROM unnest(%(ids)s) AS t (id) JOIN sale s ON s.network_id = %(network)s AND s.id = t.id AND s.id {_BETWEEN}
"""
_DIFFERING = f"""
    SELECT t.place FROM unnest(%(places)s, %(ids)s, %(totals)s, %(currencies)s) AS t (place, id, total, currency)
    JOIN sale s ON s.network_id = %(network)s AND s.id = t.id AND s.id {_BETWEEN}
    WHERE s.minimal OR (s.total_minor, s.currency) IS DISTINCT FROM (t.total, t.currency)
"""
_DIFFERING_LINES = f"""
    SELECT DISTINCT coalesce(t.place, l.place) AS place
    FROM unnest(%(line_places)s, %(numbers)s, %(products)s, %(categories)s, %(quantities)s, %(amounts)s)
         AS t (place, line_no, product, category, quantity, amount)
    FULL JOIN (
        SELECT g.place, l.line_no, l.product, l.category, l.quantity, l.amount_minor
        FROM unnest(%(places)s, %(ids)s) AS g (place, id)
        JOIN sale_line l ON l.network_id = %(network)s AND l.sale_id = g.id AND l.sale_id {_BETWEEN}
    ) l ON l.place = t.place AND l.line_no = t.line_no
    WHERE (t.place, t.product, t.category, t.quantity, t.amount)
          IS DISTINCT FROM (l.place, l.product, l.category, l.quantity, l.amount_minor)
"""
_SUBJECTS = f"""
    SELECT t.place, s.subject_id
    FROM unnest(%(places)s, %(ids)s, %(subjects)s) AS t (place, id, subject)
    JOIN sale s ON s.network_id = %(network)s AND s.id = t.id AND s.id {_BETWEEN}
    WHERE s.subject_id <> t.subject
"""


@dataclass(frozen=True, slots=True)
class _Place:
    place: int


@dataclass(frozen=True, slots=True)
class StoredSubject:
    """Whose a known sale is, where that is somebody else than the file says."""

    place: int
    subject_id: UUID


async def known_sales(uow: UnitOfWork, sales: SaleColumns) -> Flags:
    """Say which of the sales, sorted by id, are known already."""
    if not len(sales):
        return np.zeros(0, bool)
    row = await uow.row(_Ids, _KNOWN, {"ids": pack_uuids(sales.ids), **_span(uow, sales)})
    assert row is not None
    return _which(sales.ids, row.ids)


async def differing_sales(uow: UnitOfWork, sales: SaleColumns) -> set[int]:
    """Return the places of those sales, all of them known, whose content is another than the stored one."""
    if not len(sales):
        return set()
    params: dict[str, Any] = {
        "places": pack_int8(np.arange(len(sales))),
        "ids": pack_uuids(sales.ids),
        "totals": pack_int8(sales.total),
        "currencies": _pack_currency(sales),
        **_span(uow, sales),
    }
    found = await uow.start(_Place, _DIFFERING, params)
    places = {row.place for row in await found.all()}
    if sales.lines is not None:
        params |= {
            "line_places": pack_int8(sales.lines.sale),
            "numbers": pack_int8(sales.lines.number),
            "products": pack_arrow_texts(sales.lines.product),
            "categories": _pack_categories(sales.lines),
            "quantities": pack_int8(sales.lines.quantity),
            "amounts": pack_int8(sales.lines.amount),
        }
        places |= {row.place for row in await uow.rows(_Place, _DIFFERING_LINES, params)}
    return places


async def other_subjects(uow: UnitOfWork, sales: SaleColumns, subjects: Sequence[UUID | None]) -> list[StoredSubject]:
    """Return those of the sales, all of them known, that belong to another subject than the one given."""
    if not any(subjects):
        return []
    params = {
        "places": pack_int8(np.arange(len(sales))),
        "ids": pack_uuids(sales.ids),
        "subjects": _pack_subjects(subjects),
        **_span(uow, sales),
    }
    return await uow.rows(StoredSubject, _SUBJECTS, params)


def _span(uow: UnitOfWork, sales: SaleColumns) -> dict[str, Any]:
    # With its ends known, a plan opens the few partitions that can hold these ids.
    first, last = (UUID(bytes=sales.ids[place].tobytes()) for place in (0, -1))
    return {"network": uow.network_id, "first": first, "last": last}


# ------------------------------------------------------------------------------------------------------------ progress


@dataclass(frozen=True, slots=True)
class ImportRow:
    """How far an import has come: the place of the next row, the counts so far, the length of the report."""

    id: UUID
    next_offset: int
    next_line: int
    after_broken: bool
    report_bytes: int
    counts: dict[str, Any]


_UNFINISHED = """
    SELECT id, next_offset, next_line, after_broken, report_bytes, counts FROM sale_import
    WHERE network_id = %s AND source = %s AND finished_at IS NULL
    ORDER BY id LIMIT 1
"""
_START = """
    INSERT INTO sale_import (network_id, id, source, file_name, merchant_id, next_offset, next_line, after_broken,
                             report_bytes, counts, started_at, moved_at)
    VALUES (%(network)s, %(id)s, %(source)s, %(file)s, %(merchant)s, %(offset)s, %(line)s, %(broken)s,
            %(report)s, %(counts)s::jsonb, %(now)s, %(now)s)
"""
_MOVE = """
    UPDATE sale_import SET next_offset = %(offset)s, next_line = %(line)s, after_broken = %(broken)s,
           report_bytes = %(report)s, counts = %(counts)s::jsonb, moved_at = clock_timestamp(),
           finished_at = CASE WHEN %(finished)s THEN clock_timestamp() END
    WHERE network_id = %(network)s AND id = %(id)s AND next_offset = %(from)s AND finished_at IS NULL
    RETURNING id
"""


@dataclass(frozen=True, slots=True)
class _Id:
    id: UUID


async def unfinished_import(uow: UnitOfWork, source: bytes) -> ImportRow | None:
    """Return the oldest import of the same file and mapping that did not come to its end."""
    return await uow.row(ImportRow, _UNFINISHED, (uow.network_id, source))


async def start_import(
    uow: UnitOfWork, row: ImportRow, counts: bytes, *, source: bytes, file_name: str, merchant_id: UUID | None
) -> None:
    """Note that an import begins; `counts` is the JSON of the row's counts."""
    now = await uow.now()
    more = {"source": source, "file": file_name, "merchant": merchant_id, "now": now}
    await uow.execute(_START, {**_progress(uow, row, counts), **more})


async def move_import(uow: UnitOfWork, row: ImportRow, counts: bytes, *, from_offset: int, finished: bool) -> bool:
    """Note how far an import has come; False where another process has moved it meanwhile."""
    params = {**_progress(uow, row, counts), "from": from_offset, "finished": finished}
    return await uow.row(_Id, _MOVE, params) is not None


def _progress(uow: UnitOfWork, row: ImportRow, counts: bytes) -> dict[str, Any]:
    return {
        "network": uow.network_id,
        "id": row.id,
        "offset": row.next_offset,
        "line": row.next_line,
        "broken": row.after_broken,
        "report": row.report_bytes,
        "counts": counts.decode(),
    }


# ------------------------------------------------------------------------------------------------------------- packing

_TEXT, _TEXT_ARRAY = 25, 1009
_UUID, _UUID_ARRAY = 2950, 2951
_LENGTH_BYTES = 4
_NULL_CELL = b"\xff\xff\xff\xff"


def pack_arrow_texts(texts: Texts) -> Packed:
    """Pack an Arrow array of texts as text[] without making a Python text of any."""
    count = len(texts)
    has_null = texts.null_count > 0
    lengths = np.full(count, -1, np.int64)
    plain = texts.fill_null("") if has_null else texts
    offsets = np.frombuffer(plain.buffers()[1], np.int32)[plain.offset : plain.offset + count + 1].astype(np.int64)
    sizes = np.diff(offsets)
    if has_null:
        valid = texts.is_valid().to_numpy(zero_copy_only=False)
        lengths[valid] = sizes[valid]
    else:
        lengths = sizes
    values = plain.buffers()[2]
    data = np.frombuffer(values if values is not None else b"", np.uint8)[offsets[0] : offsets[-1]] if count else None
    if data is None:
        return Packed(struct.pack(">3i", 0, 0, _TEXT), _TEXT_ARRAY)
    # Each cell is its length and its bytes: the lengths are put in between.
    cells = np.empty(len(data) + _LENGTH_BYTES * count, np.uint8)
    heads = (offsets[:-1] - offsets[0] + _LENGTH_BYTES * np.arange(count))[:, None] + np.arange(_LENGTH_BYTES)
    is_head = np.zeros(len(cells), bool)
    is_head[heads] = True
    cells[heads] = lengths.astype(">i4").view(np.uint8).reshape(count, _LENGTH_BYTES)
    cells[~is_head] = data
    return Packed(_header(count, _TEXT, has_null=has_null) + cells.tobytes(), _TEXT_ARRAY)


def _pack_subjects(subjects: Sequence[UUID | None]) -> Packed:
    return pack_optional_uuids(subjects) if any(subjects) else _nulls(len(subjects), _UUID, _UUID_ARRAY)


def _pack_categories(lines: LineColumns) -> Packed:
    return _nulls(len(lines.sale), _TEXT, _TEXT_ARRAY) if lines.category is None else pack_arrow_texts(lines.category)


def _pack_currency(sales: SaleColumns) -> Packed:
    if not isinstance(sales.currency, str):
        return pack_arrow_texts(sales.currency)
    raw = sales.currency.encode()
    cell = len(raw).to_bytes(_LENGTH_BYTES) + raw
    return Packed(_header(len(sales), _TEXT, has_null=False) + cell * len(sales), _TEXT_ARRAY)


def _nulls(count: int, element_oid: int, array_oid: int) -> Packed:
    return Packed(_header(count, element_oid, has_null=True) + _NULL_CELL * count, array_oid)


def _header(count: int, element_oid: int, *, has_null: bool) -> bytes:
    """Return the head of array_send(): dimensions, NULLs, type; length and lower bound of the only dimension."""
    return (
        struct.pack(">5i", 1, int(has_null), element_oid, count, 1) if count else struct.pack(">3i", 0, 0, element_oid)
    )
