"""Reads the recorded shops of the task traffic: payments and views per day, and what is known of each shop."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ringmain.need import api as need
from ringmain.simulate.errors import EvaluationDataWrong
from ringmain.simulate.evaluate.files import read

Floats = NDArray[np.float64]
Int64s = NDArray[np.int64]

# Who recorded the data takes this day out: a sale of one day in the whole country.
EXCLUDED = np.datetime64("2015-12-12", "D")
_COUNTS: Mapping[str, pa.DataType] = {"shop_id": pa.int64(), "date": pa.date32()}
_WORDS = ("city_name", "cate_1_name", "cate_2_name", "cate_3_name")
_NUMBERS = ("per_pay", "score", "comment_cnt", "shop_level")


@dataclass(frozen=True, slots=True, eq=False)
class Shops:
    """The shops by ascending `shop_id` (shops,), and their history; the kinds of days reach `ahead` days further."""

    shop_id: Int64s
    history: need.History


def read_shops(folder: Path, ahead: int) -> Shops:
    """Return the shops of `pay_daily.parquet`, `view_daily.parquet` and `shop_info.parquet`.

    Raises `EvaluationDataMissing`, `EvaluationDataWrong`.
    """
    info = read(
        folder,
        "shop_info.parquet",
        {"shop_id": pa.int64()} | dict.fromkeys(_WORDS, pa.string()) | dict.fromkeys(_NUMBERS, pa.float64()),
        optional={"score", "comment_cnt", "cate_3_name"},
    ).sort_by("shop_id")
    shop_id = info.column("shop_id").to_numpy()
    if len(np.unique(shop_id)) < len(shop_id):
        raise EvaluationDataWrong(file=str(folder / "shop_info.parquet"), why="a shop_id stands there twice")
    pays = read(folder, "pay_daily.parquet", {**_COUNTS, "pays": pa.float64()})
    views = read(folder, "view_daily.parquet", {**_COUNTS, "views": pa.float64()})
    dates = pays.column("date").to_numpy().astype("datetime64[D]")
    first, last = dates.min(), dates.max()
    days = int((last - first).astype(np.int64)) + 1
    kinds = need.holidays.china(first, days + ahead)
    excluded = int((EXCLUDED - first).astype(np.int64))
    if 0 <= excluded < len(kinds):
        kinds[excluded] = need.holidays.Kind.UNTRUSTED
    codes = {word: _codes(info.column(word)) for word in _WORDS}
    facts = {number: info.column(number).to_numpy().astype(np.float64) for number in _NUMBERS}
    history = need.History(
        _counts(folder / "pay_daily.parquet", pays, "pays", shop_id, first, days, nobody_counted=0.0),
        _counts(folder / "view_daily.parquet", views, "views", shop_id, first, days, nobody_counted=np.nan),
        first,
        kinds,
        {"all": np.zeros(len(shop_id), dtype=np.int64), "city": codes["city_name"], "kind": codes["cate_2_name"]},
        facts | {word: codes[word].astype(np.float64) for word in ("cate_2_name", "cate_3_name")},
    )
    return Shops(shop_id, history)


def _codes(words: "pa.ChunkedArray[Any]") -> Int64s:
    """Return a number per word, by the order of the words; a missing one has a number of its own."""
    known = ["" if word is None else str(word) for word in words.to_pylist()]
    return np.unique(np.array(known), return_inverse=True)[1].astype(np.int64)


def _counts(
    file: Path, table: pa.Table, column: str, shop_id: Int64s, first: np.datetime64, days: int, *, nobody_counted: float
) -> Floats:
    """Return counts (shops, days); days before the file's first and after its last one are `nobody_counted`."""
    day = (table.column("date").to_numpy().astype("datetime64[D]") - first).astype(np.int64)
    shop = table.column("shop_id").to_numpy()
    count = table.column(column).to_numpy()
    row = np.minimum(np.searchsorted(shop_id, shop), len(shop_id) - 1)
    if not np.array_equal(shop_id[row], shop):
        raise EvaluationDataWrong(file=str(file), why="it has a shop that shop_info.parquet does not have")
    if (count < 0).any():
        raise EvaluationDataWrong(file=str(file), why=f"column {column} has a count below zero")
    inside = (day >= 0) & (day < days)
    counts = np.full((len(shop_id), days), nobody_counted)
    if inside.any():
        counts[:, day[inside].min() : day[inside].max() + 1] = 0.0
    np.add.at(counts, (row[inside], day[inside]), count[inside])
    return counts
