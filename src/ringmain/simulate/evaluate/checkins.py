"""Reads visits to places, `history.parquet` and `future.parquet`, into one journal in the order of one clock."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from ringmain.kit.learn.metrics import Bools
from ringmain.need.api import Journal, plane
from ringmain.simulate.evaluate.files import read

_COLUMNS: Mapping[str, pa.DataType] = {
    "person_id": pa.int64(),
    "place_id": pa.int64(),
    "category": pa.string(),
    "lat": pa.float64(),
    "lon": pa.float64(),
    "unix_s": pa.int64(),
    "hour": pa.int64(),
    "dow": pa.int64(),
}
_HOUR_S = 3_600
_HOURS_A_DAY = 24.0


@dataclass(frozen=True, slots=True)
class Checkins:
    """Both files: `future` marks the visits of the second, `(n,)`; `categories` and `places` name the dense ids."""

    journal: Journal
    future: Bools
    categories: tuple[str, ...]
    places: tuple[int, ...]

    @property
    def learn_until(self) -> int:
        """The first visit of the future: nothing is fitted on visits from here on."""
        return int(np.argmax(self.future))


def read_checkins(folder: Path) -> Checkins:
    """Read both files and put their visits in the order of time, those of one second as they stand.

    The files may overlap in time: what history holds from after a visit of the future is not known at that visit.
    """
    history, future = (read(folder, name, _COLUMNS) for name in ("history.parquet", "future.parquet"))
    both = pa.concat_tables([history, future])
    second = both["unix_s"].to_numpy()
    order = np.argsort(second, kind="stable")
    places, place = np.unique(both["place_id"].to_numpy()[order], return_inverse=True)
    persons, person = np.unique(both["person_id"].to_numpy()[order], return_inverse=True)
    names = np.asarray(both["category"].to_pylist(), dtype=np.str_)
    categories, category = np.unique(names[order], return_inverse=True)
    x, y = plane(both["lat"].to_numpy(), both["lon"].to_numpy())
    within = second % _HOUR_S / _HOUR_S
    week_hour = both["dow"].to_numpy() * _HOURS_A_DAY + both["hour"].to_numpy() + within
    journal = Journal(
        person=person.astype(np.int64),
        place=place.astype(np.int64),
        category=category.astype(np.int64),
        second=second[order],
        week_hour=week_hour[order],
        x=x[order],
        y=y[order],
        persons=len(persons),
        places=len(places),
        categories=len(categories),
    )
    return Checkins(journal, order >= len(history), tuple(categories.tolist()), tuple(places.tolist()))
