"""The task closure: its protocol on a town whose answers are known, and the recorded one where it is there."""

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ringmain.match.api import Shops
from ringmain.simulate.errors import EvaluationDataMissing
from ringmain.simulate.evaluate import closure
from ringmain.simulate.evaluate.checkins import read_checkins

MONDAY_S = 1_333_324_800
DAY_S = 86_400
SHOPS, PERSONS = 8, 12


def write_town(folder: Path) -> None:
    """Everybody walks round four shops of their own, one a day, and comes home between; now and then elsewhere.

    A shop stands every 400 m; the history ends on day 50, the future on day 70.
    """
    random = np.random.default_rng(0)
    rows = []
    for day in range(70):
        for person in range(PERSONS):
            # Odd persons go round the odd shops, even persons round the even ones.
            shop = person % 2 + 2 * ((day + person) % 4)
            if random.random() < 0.05:
                shop = int(random.integers(SHOPS))
            rows += [(person, shop, day + 0.5 + person / 1_000), (person, SHOPS + person, day + 0.8 + person / 1_000)]
    rows.sort(key=lambda row: row[2])
    second = np.array([round(MONDAY_S + day * DAY_S) for _, _, day in rows])
    place = np.array([place for _, place, _ in rows])
    table = pa.table({
        "person_id": [person for person, _, _ in rows],
        "place_id": place,
        "category": ["Coffee Shop" if one < SHOPS else "Home (private)" for one in place],
        "lat": 40 + place * 400 / 111_195,
        "lon": np.full(len(place), -74.0),
        "unix_s": second,
        "hour": (second - MONDAY_S) // 3_600 % 24,
        "dow": (second - MONDAY_S) // DAY_S % 7,
    })  # fmt: skip
    history = second < MONDAY_S + 50 * DAY_S
    pq.write_table(table.filter(pa.array(history)), folder / "history.parquet")
    pq.write_table(table.filter(pa.array(~history)), folder / "future.parquet")


def test_only_vouchers_whose_days_are_over_are_learnt_and_judged(tmp_path: Path) -> None:
    """Labels end before the first visit of the future, and vouchers of the last days are not judged."""
    write_town(tmp_path)
    checkins = read_checkins(tmp_path)
    journal = checkins.journal

    learnt, asked = closure.split(checkins, Shops(closure.shops(checkins), 7))

    day = (journal.second - MONDAY_S) / DAY_S
    assert day[learnt].max() + 7 < 50.5 < day[learnt].max() + 9
    assert day[asked].min() > 50
    assert day[asked].max() + 7 < 70 < day[asked].max() + 9
    assert (journal.place[asked] < SHOPS).all()


def test_discs_hold_shops_and_do_not_overlap(tmp_path: Path) -> None:
    """Shops stand every 400 m: a disc of 500 m holds three, homes none, and the next one begins beyond."""
    write_town(tmp_path)

    group = closure.discs(read_checkins(tmp_path))

    assert (group[SHOPS:] == -1).all()
    assert np.bincount(group[:SHOPS][group[:SHOPS] >= 0]).tolist() == [3, 3]


def test_a_town_of_rounds_closes(tmp_path: Path) -> None:
    """Everybody comes to each of their shops within four days: our choice closes, chance alone much less."""
    write_town(tmp_path)

    result = closure.evaluate(tmp_path, 0, lambda _: None)

    assert result.metrics["shops.any.voucher"].value > 0.95
    assert result.metrics["shops.any.person"].value > 0.95
    assert result.metrics["shops.any.calibration"].value < 0.05
    assert result.baselines["random"]["shops.any.voucher"].value < 0.7
    assert result.metrics["shops.discovery.possible"].value < 0.3


def test_it_needs_a_folder() -> None:
    """There is no recorded year of the package for it."""
    with pytest.raises(EvaluationDataMissing):
        closure.evaluate(None, 0, lambda _: None)


@pytest.mark.long
@pytest.mark.timeout(3_600)
def test_recorded_visits() -> None:
    """On the recorded visits our choice closes more often than any simple rule."""
    folder = os.environ.get("RINGMAIN_EVALUATION_DATA")
    if folder is None:
        pytest.skip("RINGMAIN_EVALUATION_DATA names no folder that holds nyc_checkins")

    result = closure.evaluate(Path(folder) / "nyc_checkins", 0, lambda _: None)

    ours = result.metrics["shops.discovery.voucher"].value
    assert ours > max(figures["shops.discovery.voucher"].value for name, figures in result.baselines.items()
                      if "shops.discovery.voucher" in figures)  # fmt: skip
