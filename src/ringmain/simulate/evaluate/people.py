"""Reads what people did for the task segments: recorded visits of a city, or the baskets of the recorded year."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ringmain.simulate.complete_journey import ZONE, load
from ringmain.simulate.evaluate.files import read

Floats = NDArray[np.float64]
Int64s = NDArray[np.int64]

DAY_PARTS = ("night", "morning", "midday", "afternoon", "evening")
# The hours at which day parts begin: night is from 22 to 6.
_BEGIN = np.array([6, 11, 14, 17, 22])
_SECONDS_PER_QUARTER = 900
_VISITS: Mapping[str, pa.DataType] = {
    "person_id": pa.int64(),
    "category": pa.string(),
    "unix_s": pa.int64(),
    "hour": pa.int64(),
}


@dataclass(frozen=True, slots=True, eq=False)
class Events:
    """One row per thing done: `person`, `column` (of `names`) and `part` (of the day) are codes; `second` is UTC."""

    person: Int64s
    column: Int64s
    part: Int64s
    second: Int64s
    names: tuple[str, ...]

    def counts(self, rows: NDArray[np.bool_]) -> Floats:
        """Return how often each person did each thing (people, columns) in these rows."""
        return _count(self.person[rows], self.column[rows], int(self.person.max()) + 1, len(self.names))

    def day_parts(self, rows: NDArray[np.bool_]) -> Floats:
        """Return how many things each person did in each part of the day (people, parts)."""
        return _count(self.person[rows], self.part[rows], int(self.person.max()) + 1, len(DAY_PARTS))


def read_events(folder: Path | None) -> Events:
    """Return the events of `history.parquet` and `future.parquet`, or without a folder those of the recorded year.

    Raises `EvaluationDataMissing`, `EvaluationDataWrong`, `DataMissing`.
    """
    if folder is None:
        return _baskets()
    visits = pa.concat_tables([read(folder, name, _VISITS) for name in ("history.parquet", "future.parquet")])
    person = np.unique(visits.column("person_id").to_numpy(), return_inverse=True)[1]
    words = np.array([str(word) for word in visits.column("category").to_pylist()])
    names, column = np.unique(words, return_inverse=True)
    hour = visits.column("hour").to_numpy()
    second = visits.column("unix_s").to_numpy()
    return Events(person.astype(np.int64), column.astype(np.int64), _parts(hour), second, tuple(names.tolist()))


def _baskets() -> Events:
    """Return one event per basket and product category in it; what the catalogue does not describe is left out."""
    journey = load()
    baskets, categories = journey.baskets, journey.products.category
    basket = np.repeat(np.arange(len(baskets.basket_id)), np.diff(baskets.line_offsets))
    code = categories.codes[journey.lines.product].astype(np.int64)
    pair = np.unique((basket * len(categories.names) + code)[code >= 0])
    basket, column = np.divmod(pair, len(categories.names))
    second = baskets.sold_at_us // 1_000_000
    quarters, place = np.unique(second // _SECONDS_PER_QUARTER, return_inverse=True)
    hours = [datetime.fromtimestamp(q * _SECONDS_PER_QUARTER, tz=UTC).astimezone(ZONE).hour for q in quarters.tolist()]
    part = _parts(np.array(hours, dtype=np.int64)[place])
    person = np.unique(baskets.household, return_inverse=True)[1].astype(np.int64)
    return Events(person[basket], column, part[basket], second[basket], categories.names)


def _parts(hour: Int64s) -> Int64s:
    return np.asarray(np.searchsorted(_BEGIN, hour, side="right") % len(_BEGIN), dtype=np.int64)


def _count(row: Int64s, column: Int64s, rows: int, columns: int) -> Floats:
    counts = np.bincount(row * columns + column, minlength=rows * columns)
    return counts.reshape(rows, columns).astype(np.float64)
