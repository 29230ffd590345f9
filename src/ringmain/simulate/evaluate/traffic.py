"""Traffic: payments per shop and day for the days after an origin, judged on origins inside the file.

Loss: the mean of |p - y| / (p + y) over the shop-days with p + y > 0 of the shops that had a payment before the origin;
nobody can forecast a shop that nobody has heard of. At each origin everything is learnt from what was recorded before
it, and from nothing else.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ringmain.kit.learn.intervals import Estimate, ratio_over_persons
from ringmain.need import api as need
from ringmain.simulate.errors import EvaluationDataWrong, EvaluationOptionWrong
from ringmain.simulate.evaluate.report import Result
from ringmain.simulate.evaluate.shops import Shops, read_shops

Progress = Callable[[str], None]
Floats = NDArray[np.float64]
Losses = tuple[NDArray[np.int64], Floats]

HORIZON = 14
_LONGEST = 28
# The newest origins are judged; older ones were there to choose the model by.
_ORIGINS = 6
# An origin has at least so many past ones to learn from.
_LEAST_PAST = 6
_WRITERS: Mapping[str, Callable[[pa.Table, Path], None]] = {
    ".csv": pyarrow.csv.write_csv,
    ".parquet": pq.write_table,
}


class _Study:
    """The windows of all origins, each made once, and forecasters that know nothing after theirs."""

    def __init__(self, shops: Shops, horizon: int, seed: int) -> None:
        self.shops = shops
        self.horizon = horizon
        self._seed = seed
        self._windows: dict[int, need.Window] = {}

    def forecast(self, origin: int) -> Floats:
        """Return the payments (shops, horizon) to expect from `origin` on."""
        history, pasts = self.shops.history, need.traffic_origins(origin, self.horizon)
        learnt = need.learn_traffic([need.traffic_example(history, self._window(past)) for past in pasts], self._seed)
        return learnt.forecast(self._window(origin)).reshape(-1, self.horizon)

    def _window(self, origin: int) -> need.Window:
        if origin not in self._windows:
            self._windows[origin] = need.traffic_window(self.shops.history, origin, self.horizon, "kind")
        return self._windows[origin]


def evaluate(
    folder: Path, seed: int, progress: Progress, *, horizon: int | None = None, out: Path | None = None
) -> Result:
    """Measure on the newest rolling origins; with `out`, also write a forecast of the days after the file's last.

    Raises `EvaluationOptionWrong` before anything is computed, `EvaluationDataMissing` and `EvaluationDataWrong`.
    """
    ahead = HORIZON if horizon is None else horizon
    if not 1 <= ahead <= _LONGEST:
        raise EvaluationOptionWrong(option="--horizon", why=f"from 1 to {_LONGEST} days can be forecast")
    if out is not None and out.suffix not in _WRITERS:
        raise EvaluationOptionWrong(option="--out", why=f"the file's name has to end in {' or '.join(_WRITERS)}")
    shops = read_shops(folder, ahead)
    history = shops.history
    origins = [history.days - ahead * back for back in range(_ORIGINS, 0, -1)]
    if len(need.traffic_origins(origins[0], ahead)) < _LEAST_PAST:
        raise EvaluationDataWrong(
            file=str(folder / "pay_daily.parquet"),
            why=f"{history.days} days are too few for {_ORIGINS} origins with a past to learn from",
        )
    study = _Study(shops, ahead, seed)
    ours: list[Losses] = []
    for number, origin in enumerate(origins, 1):
        progress(f"origin {number} of {_ORIGINS}")
        ours.append(losses(history, origin, study.forecast(origin)))
    naive = {
        name: [losses(history, origin, rule(history.pays[:, :origin], ahead)) for origin in origins]
        for name, rule in need.TRAFFIC_BASELINES.items()
    }
    if out is not None:
        progress("forecast")
        _write(out, shops, study.forecast(history.days))
    names = [str(history.first + origin) for origin in origins]
    metrics = dict(_figures(names, ours, seed))
    for number, name in enumerate(names):
        best = min(float(losses_[number][1].mean()) for losses_ in naive.values())
        metrics[f"below_best_naive@{name}"] = Estimate(1 - metrics[f"loss@{name}"].value / best)
    return Result(
        n=sum(len(shop) for shop, _ in ours),
        metrics=metrics,
        baselines={name: dict(_figures(names, parts, seed)) for name, parts in naive.items()},
        notes=(
            f"Shop-days of the {ahead} days from each origin on, without 2015-12-12.",
            "Left out are shops without a payment before the origin. The persons of the intervals are shops.",
        ),
    )


def losses(history: need.History, origin: int, forecast: Floats) -> Losses:
    """Return shop and loss of each judged shop-day of `forecast` (shops, days), whose first day is `origin`."""
    days = forecast.shape[1]
    taken = history.pays[:, origin : origin + days]
    judged = (forecast + taken > 0) & (history.pays[:, :origin].sum(axis=1) > 0)[:, None]
    judged &= history.kinds[origin : origin + days] != need.holidays.Kind.UNTRUSTED
    shop = np.broadcast_to(np.arange(len(taken))[:, None], taken.shape)[judged]
    return shop, (np.abs(forecast - taken)[judged] / (forecast + taken)[judged])


def _figures(names: list[str], parts: list[Losses], seed: int) -> Iterator[tuple[str, Estimate]]:
    together = np.concatenate([shop for shop, _ in parts]), np.concatenate([loss for _, loss in parts])
    for name, (shop, loss) in zip(("loss", *(f"loss@{name}" for name in names)), (together, *parts), strict=True):
        yield name, ratio_over_persons(shop, loss, seed=seed)


def _write(out: Path, shops: Shops, forecast: Floats) -> None:
    first, ahead = shops.history.first + shops.history.days, forecast.shape[1]
    table = pa.table(
        {
            "shop_id": np.repeat(shops.shop_id, ahead),
            "date": np.tile(first + np.arange(ahead), len(shops.shop_id)),
            "pays": forecast.reshape(-1).round(3),
        }
    )
    _WRITERS[out.suffix](table, out)
