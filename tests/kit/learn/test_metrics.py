"""Scores are those of the textbooks, ties included."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score

from ringmain.kit.learn import metrics

RANDOM = np.random.default_rng(7)
# Rounded, so that there are many ties.
SCORES = RANDOM.random(500).round(1)
POSITIVE = RANDOM.random(500) < SCORES


def test_auc_counts_ties_half() -> None:
    """Of four pairs two are right, one is a tie and one wrong."""
    scores = np.array([0.9, 0.5, 0.5, 0.1])

    assert metrics.auc(scores, np.array([True, True, False, False])) == 0.875
    assert metrics.auc(scores, np.array([True, False, False, True])) == 0.5
    assert metrics.auc(np.zeros(4), np.array([True, False, False, True])) == 0.5
    assert metrics.auc(-scores, np.array([True, True, False, False])) == 0.125


def test_of_one_class_there_is_no_auc() -> None:
    """Where nothing, or everything, is positive the area is not defined."""
    assert np.isnan(metrics.auc(np.arange(3.0), np.zeros(3, dtype=bool)))
    assert np.isnan(metrics.auc(np.arange(3.0), np.ones(3, dtype=bool)))
    assert np.isnan(metrics.average_precision(np.arange(3.0), np.zeros(3, dtype=bool)))


def test_average_precision_lets_ties_enter_together() -> None:
    """Two rows of one score share a step, whichever of them stands first."""
    scores = np.array([0.9, 0.5, 0.5, 0.1])

    for positive in ([True, True, False, False], [True, False, True, False]):
        # Recall one half at precision 1, the other half at precision 2/3.
        assert metrics.average_precision(scores, np.array(positive)) == pytest.approx(0.5 + 0.5 * 2 / 3)


def test_scores_equal_those_of_scikit_learn() -> None:
    """On 500 rows with ties our areas and our log-loss are theirs."""
    clipped = np.clip(SCORES, 1e-7, 1 - 1e-7)

    assert metrics.auc(SCORES, POSITIVE) == pytest.approx(roc_auc_score(POSITIVE, SCORES), abs=1e-12)
    assert metrics.average_precision(SCORES, POSITIVE) == pytest.approx(
        average_precision_score(POSITIVE, SCORES), abs=1e-12
    )
    assert metrics.log_loss(SCORES, POSITIVE) == pytest.approx(log_loss(POSITIVE, clipped), abs=1e-12)


def test_log_loss_of_a_coin_is_log_two_and_of_a_mistake_finite() -> None:
    """A certain mistake costs -log(1e-7), not infinity."""
    assert metrics.log_loss(np.full(4, 0.5), np.array([True, False, True, True])) == pytest.approx(np.log(2))
    assert metrics.log_loss(np.ones(1), np.zeros(1, dtype=bool)) == pytest.approx(-np.log(1e-7))


def test_calibration_error_is_the_gap_in_bins_of_equal_count() -> None:
    """Two bins, one a tenth too high and one a fifth too low, of five rows each."""
    probability = np.array([0.30, 0.30, 0.30, 0.30, 0.30, 0.60, 0.60, 0.60, 0.60, 0.60])
    positive = np.array([1, 0, 0, 0, 0, 1, 1, 1, 1, 0], dtype=bool)

    assert metrics.calibration_error(probability, positive, bins=2) == pytest.approx((0.1 + 0.2) / 2)


def test_calibration_error_does_not_depend_on_the_order_of_the_file() -> None:
    """One probability for everybody that equals the rate has no error, however the rows are sorted."""
    positive = np.array([True] * 3 + [False] * 7)

    assert metrics.calibration_error(np.full(10, 0.3), positive) == pytest.approx(0, abs=1e-12)
    assert metrics.calibration_error(np.full(10, 0.3), positive[::-1]) == pytest.approx(0, abs=1e-12)
    assert metrics.calibration_error(np.full(10, 0.5), positive) == pytest.approx(0.2)


def test_calibration_error_sees_a_planted_fault() -> None:
    """True probabilities pass; the same ones pushed outwards do not."""
    probability = RANDOM.random(20_000)
    positive = RANDOM.random(20_000) < probability
    pushed = np.clip(1.5 * (probability - 0.5) + 0.5, 0, 1)

    assert metrics.calibration_error(probability, positive) < 0.015
    assert metrics.calibration_error(pushed, positive) > 0.08


def test_of_no_rows_there_is_no_calibration_error() -> None:
    """An empty part has no error, rather than a good one."""
    assert np.isnan(metrics.calibration_error(np.empty(0), np.empty(0, dtype=bool)))


def test_hits_and_reciprocal_ranks_are_means_over_orders_of_ties() -> None:
    """What the formulas say equals the mean over many random orders."""
    scores = np.array([0.9, 0.5, 0.5, 0.5, 0.1, 0.1])
    better = np.array([(scores > own).sum() for own in scores], dtype=float)
    equal = np.array([(scores == own).sum() for own in scores], dtype=float)

    assert metrics.hit_within(better, equal, 2) == pytest.approx([1, 1 / 3, 1 / 3, 1 / 3, 0, 0])
    assert metrics.hit_within(better, equal, 6) == pytest.approx([1] * 6)
    middle, last = (1 / 2 + 1 / 3 + 1 / 4) / 3, (1 / 5 + 1 / 6) / 2
    assert metrics.mean_reciprocal(better, equal) == pytest.approx([1, middle, middle, middle, last, last])


def test_who_is_among_the_top_is_shared_by_ties() -> None:
    """Two places of five: one is the first's, the other is shared by the three that are alike."""
    scores = np.array([0.5, 0.9, 0.5, 0.1, 0.5])

    assert metrics.chance_at_top(scores, 0.4) == pytest.approx([1 / 3, 1, 1 / 3, 0, 1 / 3])
    assert metrics.chance_at_top(np.zeros(10), 0.3) == pytest.approx([0.3] * 10)
    assert metrics.chance_at_top(scores, 1.0) == pytest.approx([1] * 5)
