"""The judge of next baskets: expected places under ties, metrics by hand, files."""

import os
from itertools import permutations
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ringmain.simulate.evaluate import need_basket
from ringmain.simulate.evaluate.need_basket import Future, figures, gains, hit_chances, load, places

DATA = os.environ.get("RINGMAIN_EVALUATION_DATA")


def test_places_count_better_and_equal_items() -> None:
    """Of scores 5, 3, 3, 1 a target of 3 has one better and two equal."""
    above, level = places(np.array([[5.0, 3.0, 3.0, 1.0]]), np.array([0, 0]), np.array([1, 3]))
    assert above.tolist() == [1, 3]
    assert level.tolist() == [2, 1]


def test_ties_across_the_tenth_place_count_by_all_their_orders() -> None:
    """Chance of a hit and gain are means over all orders of five tied items, two of them targets, on places 8 to 12."""
    above, level = np.array([7.0, 7.0]), np.array([5.0, 5.0])
    orders = list(permutations(range(5)))
    hit = np.mean([any(order.index(target) < 3 for target in (0, 1)) for order in orders])
    gain = np.mean([1 / np.log2(8 + order.index(0) + 1) if order.index(0) < 3 else 0 for order in orders])
    assert np.isclose(hit_chances(above, level, np.array([0, 0]), 1)[0], hit)
    assert np.allclose(gains(above, level), gain)


def test_figures_are_means_over_persons_with_such_items() -> None:
    """Two persons: one found at place 1 of two items, one not at all; the ideal counts the whole basket."""
    future = Future(np.array([0, 0, 1]), np.array([4, 5, 6]), np.array([True, False, False]))
    found = figures(future, np.array([0.0, 50.0, 50.0]), np.ones(3), np.array([1.0, 0.0]), seed=0)
    assert found["recall@10"].value == 0.25
    assert np.isclose(found["ndcg@10"].value, 1 / (1 + 1 / np.log2(3)) / 2)
    assert found["phr"].value == 0.5
    assert found["repeat.recall@10"].value == 1.0
    assert found["new.recall@10"].value == 0.0


def _write(folder: Path) -> None:
    random = np.random.default_rng(3)
    rows = [
        (1000 + who, number, good)
        for who in range(120)
        for number in range(5)
        for good in {900 + who % 6, 910 + int(random.integers(40))}
    ]
    person, basket, item = np.array(rows).T
    history = basket < 4
    table = pa.table({"person_id": person[history], "basket_no": basket[history], "item_id": item[history]})
    pq.write_table(table, folder / "history.parquet")
    pq.write_table(pa.table({"person_id": person[~history], "item_id": item[~history]}), folder / "future.parquet")


def test_staples_of_a_small_town_are_found(tmp_path: Path) -> None:
    """Everybody's staple is among the ten; by global frequency it is, too, as there are six; the figures repeat."""
    _write(tmp_path)
    known, future = load(tmp_path)
    assert (known.persons, known.items, len(future.persons)) == (120, 46, 120)
    result, again = (need_basket.evaluate(tmp_path, 1, lambda _: None) for _ in range(2))
    assert result.n == 120
    assert result.metrics["repeat.recall@10"].value > 0.9
    assert result.metrics["phr"].value == 1.0
    assert result.metrics == again.metrics
    assert set(result.baselines) == {
        "global frequency",
        "personal frequency",
        "personal, filled by global",
        "TIFU-KNN untuned",
    }


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.skipif(DATA is None, reason="RINGMAIN_EVALUATION_DATA names no folder of recorded data")
def test_recorded_baskets_are_foretold_better_than_by_any_baseline() -> None:
    """On the recorded supermarket the model beats each baseline in recall and gain."""
    result = need_basket.evaluate(Path(str(DATA)) / "tafeng_baskets", 0, lambda _: None)
    for metric in ("recall@10", "ndcg@10"):
        assert result.metrics[metric].value > max(figures[metric].value for figures in result.baselines.values())
