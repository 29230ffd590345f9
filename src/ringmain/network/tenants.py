"""A lease list: all tenants of a mall at once, from a file, each known again when the file comes a second time."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.pure.ids import uuid7
from ringmain.network.errors import TenantsUnreadable
from ringmain.network.hours_text import hours_of
from ringmain.network.model import Hours, NewMerchant, NewShop
from ringmain.network.open import check_hours, network_of, open_merchants, open_shops
from ringmain.network.store import tenants as store

MOST_ROWS = 5_000
LARGEST_FILE_BYTES = 2 * 1024 * 1024
_LONGEST_TEXT = 200
_POLE = 90.0
_NEEDED = ("merchant", "shop", "category")
_NAMES = {
    "merchant": ("merchant", "tenant", "company", "商户", "商户名称", "租户", "公司"),
    "shop": ("shop", "store", "name", "店铺", "店铺名称", "门店"),
    "category": ("category", "trade", "类别", "业态", "品类"),
    "latitude": ("latitude", "lat", "纬度"),
    "longitude": ("longitude", "lon", "lng", "经度"),
    "hours": ("hours", "opening hours", "营业时间"),
    "owner_email": ("owner_email", "owner e-mail", "owner email", "email", "e-mail", "邮箱", "电子邮箱"),
}
_COLUMN_OF = {name: column for column, names in _NAMES.items() for name in names}
_EMAIL = re.compile(r"[^\s@,;<>\"]{1,64}@[^\s@,;<>\"]{1,180}\.[^\s@,;<>\".]{2,}")
_SENTENCES = {
    "text_missing": "Merchant, shop and category are needed.",
    "text_too_long": "A text has 200 letters at most, and nothing that cannot be printed.",
    "place_invalid": "Latitude lies between -90 and 90, longitude between -180 and 180, and both are given or neither.",
    "place_missing": "Give latitude and longitude, or the place of the whole mall with the import.",
    "hours_unreadable": "Write hours such as Mon-Fri 10:00-22:00; Sat 9:00-18:00, or leave them out.",
    "email_invalid": "Give one e-mail address of the owner, or none.",
    "shop_twice": "The same shop of the same merchant stands further up.",
    "cells_too_many": "The row has more cells than the first line has names.",
}


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that was not taken: its line in the file, the rule, a sentence, and its cells."""

    line: int
    problem: str
    sentence: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Owner:
    """Whom to invite to run a new merchant; kept by nobody but the caller."""

    merchant_id: UUID
    email: str


@dataclass(frozen=True, slots=True)
class TenantImport:
    """What became of a lease list, or (`written` false) what would become of it."""

    written: bool
    rows: int
    merchants_new: int
    shops_new: int
    shops_known: int
    rejected: tuple[RejectedRow, ...]
    owners: tuple[Owner, ...]
    header: tuple[str, ...]

    def rejected_csv(self) -> str:
        """Return the rejected rows as a file that can be mended and imported: their cells, the line, the reason."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow((*self.header, "line", "problem"))
        for row in self.rejected:
            cells = row.cells[: len(self.header)]
            writer.writerow((*cells, *[""] * (len(self.header) - len(cells)), row.line, row.sentence))
        return text.getvalue()


@dataclass(frozen=True, slots=True)
class _Tenant:
    merchant: str
    shop: str
    category: str
    place: tuple[float, float]
    hours: Hours | None
    owner_email: str | None


async def import_tenants(
    uow: UnitOfWork,
    data: bytes,
    *,
    place: tuple[float, float] | None = None,
    dry_run: bool = False,
    partly: bool = False,
) -> TenantImport:
    """Open every merchant and shop of a CSV file that is not open yet, all in this transaction.

    Columns: merchant, shop, category, and where known latitude, longitude, hours, owner_email; others are ignored. Rows
    without coordinates stand at `place`. Merchants and shops are known again by their names, so that a file which is
    imported twice changes nothing. Where a row is rejected nothing is written, unless `partly`. Nobody needs a deposit.
    Raises `TenantsUnreadable`. Announces what `open_merchants` and `open_shops` do.
    """
    header, rows = _read(data)
    tenants: dict[tuple[str, str], _Tenant] = {}
    rejected: list[RejectedRow] = []
    for line, cells in rows:
        one = _tenant(header, cells, place)
        if isinstance(one, _Tenant):
            key = _same(one.merchant), _same(one.shop)
            if key not in tenants:
                tenants[key] = one
                continue
            one = "shop_twice"
        rejected.append(RejectedRow(line, one, _SENTENCES[one], tuple(cells)))
    await store.lock(uow)
    known = {_same(row.name): row.id for row in await store.merchants(uow)}
    shops = {(row.merchant_id, _same(row.name)) for row in await store.shops(uow)}
    now = await uow.now()
    new = _new_merchants(tenants, known, now)
    missing = {key: one for key, one in tenants.items() if (known.get(key[0]), key[1]) not in shops}
    written = not dry_run and (partly or not rejected)
    if written:
        await open_merchants(uow, [NewMerchant(name, id_) for id_, name in new.values()])
        ids = known | {key: id_ for key, (id_, _) in new.items()}
        zone = (await network_of(uow)).time_zone
        await open_shops(uow, [_new_shop(one, ids[key[0]], zone) for key, one in missing.items()])
    return TenantImport(
        written=written,
        rows=len(tenants) + len(rejected),
        merchants_new=len(new),
        shops_new=len(missing),
        shops_known=len(tenants) - len(missing),
        rejected=tuple(rejected),
        owners=tuple(_owners(tenants, new)),
        header=tuple(header),
    )


def _new_merchants(
    tenants: dict[tuple[str, str], _Tenant], known: dict[str, UUID], now: datetime
) -> dict[str, tuple[UUID, str]]:
    """Return id and name of each merchant that is not open yet."""
    new: dict[str, tuple[UUID, str]] = {}
    for (key, _), one in tenants.items():
        if key not in known and key not in new:
            new[key] = uuid7(now), one.merchant
    return new


def _owners(tenants: dict[tuple[str, str], _Tenant], new: dict[str, tuple[UUID, str]]) -> Iterator[Owner]:
    """Give the first address that a new merchant's rows name."""
    told: set[str] = set()
    for (key, _), one in tenants.items():
        if key in new and key not in told and one.owner_email:
            told.add(key)
            yield Owner(new[key][0], one.owner_email)


def _new_shop(one: _Tenant, merchant_id: UUID, time_zone: str) -> NewShop:
    return NewShop(merchant_id, one.shop, one.category, *one.place, time_zone, one.hours)


def _read(data: bytes) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Return the header, and each row that is not empty with the line on which it begins."""
    if len(data) > LARGEST_FILE_BYTES:
        raise TenantsUnreadable(problem="it is larger than 2 MB")
    text = _text(data)
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count), strict=True)
    rows: list[tuple[int, list[str]]] = []
    try:
        header = [cell.strip() for cell in next(reader, [])]
        begins = reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append((begins, cells))
            begins = reader.line_num + 1
    except csv.Error as error:
        raise TenantsUnreadable(problem="a quotation mark is never closed", line=reader.line_num) from error
    columns = [_COLUMN_OF.get(_same(name)) for name in header]
    missing = [name for name in _NEEDED if name not in columns]
    if missing:
        raise TenantsUnreadable(problem=f"the first line names no column {', '.join(missing)}")
    if len(set(columns) - {None}) < sum(column is not None for column in columns):
        raise TenantsUnreadable(problem="the first line names a column twice")
    if not 0 < len(rows) <= MOST_ROWS:
        raise TenantsUnreadable(problem=f"it has {len(rows)} rows; from 1 to {MOST_ROWS} are taken")
    return header, rows


def _text(data: bytes) -> str:
    """Return a file as text: UTF-8, UTF-16 with its mark, or what spreadsheets in China write."""
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise TenantsUnreadable(problem="it is no text in UTF-8")


def _tenant(header: Sequence[str], cells: Sequence[str], place: tuple[float, float] | None) -> _Tenant | str:
    """Return the tenant of a row, or the problem with it."""
    if len(cells) > len(header):
        return "cells_too_many"
    named = {_COLUMN_OF[_same(name)]: " ".join(cell.split()) for name, cell in zip(header, cells, strict=False)
             if _same(name) in _COLUMN_OF}  # fmt: skip
    if not all(named.get(name) for name in _NEEDED):
        return "text_missing"
    if any(len(value) > _LONGEST_TEXT or not value.isprintable() for value in named.values()):
        return "text_too_long"
    email = named.get("owner_email") or None
    if email is not None and not _EMAIL.fullmatch(email):
        return "email_invalid"
    at, hours = _place(named.get("latitude", ""), named.get("longitude", ""), place), _hours(named.get("hours", ""))
    if isinstance(at, str) or isinstance(hours, str):
        return at if isinstance(at, str) else str(hours)
    return _Tenant(named["merchant"], named["shop"], named["category"], at, hours, email)


def _hours(text: str) -> Hours | str | None:
    try:
        hours = hours_of(text)
        if hours is not None:
            check_hours(hours)
    except RuleBroken:
        return "hours_unreadable"
    return hours


def _place(latitude: str, longitude: str, place: tuple[float, float] | None) -> tuple[float, float] | str:
    if not latitude and not longitude:
        return place or "place_missing"
    try:
        at = float(latitude), float(longitude)
    except ValueError:
        return "place_invalid"
    return at if abs(at[0]) <= _POLE and abs(at[1]) <= 2 * _POLE else "place_invalid"


def _same(name: str) -> str:
    """Return what two spellings of a name share: width, case and space do not tell names apart."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
