"""Scores of predictions, each by its textbook definition, on numpy arrays."""

import numpy as np
import scipy
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# A probability is kept this far from 0 and 1, so that one confident mistake does not make the log-loss infinite.
_EPSILON = 1e-7


def auc(scores: Floats, positive: Bools) -> float:
    """Return the area under the ROC curve, ties counted half (Mann-Whitney); NaN where one class is missing."""
    positives = int(positive.sum())
    negatives = len(positive) - positives
    if not positives or not negatives:
        return float("nan")
    ranks = scipy.stats.rankdata(scores)[positive].sum()
    return float((ranks - positives * (positives + 1) / 2) / (positives * negatives))


def average_precision(scores: Floats, positive: Bools) -> float:
    """Return the area under the steps of precision over recall; rows of one score enter together.

    NaN where nothing is positive.
    """
    if not positive.any():
        return float("nan")
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(positive[order])
    # Only where the score changes is a threshold possible.
    last = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    recall = hits[last] / hits[-1]
    precision = hits[last] / (last + 1)
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def log_loss(probability: Floats, positive: Bools) -> float:
    """Return the mean negative log-likelihood in nats."""
    clipped = np.clip(probability, _EPSILON, 1 - _EPSILON)
    return float(-np.mean(np.where(positive, np.log(clipped), np.log1p(-clipped))))


def calibration_error(probability: Floats, positive: Bools, bins: int = 10) -> float:
    """Return the expected calibration error: |mean probability - rate| over bins of equal count, by their size.

    Rows of one probability share their rate, so that their order in the file does not matter where a bin ends between
    them. NaN where there are no rows.
    """
    if not len(probability):
        return float("nan")
    _, level, count = np.unique(probability, return_inverse=True, return_counts=True)
    gap = probability - (np.bincount(level, weights=positive) / count)[level]
    parts = np.array_split(np.argsort(probability, kind="stable"), bins)
    return float(sum(abs(gap[part].sum()) for part in parts) / len(probability))


def hit_within(better: Floats, equal: Floats, k: int) -> Floats:
    """Return the chance that a target lies in the first `k`, over all orders of equal scores.

    `better` counts the candidates with a higher score than the target, `equal` those with its score, itself included.
    """
    return np.clip((k - better) / np.maximum(equal, 1), 0.0, 1.0)


def mean_reciprocal(better: Floats, equal: Floats) -> Floats:
    """Return the expected reciprocal rank of each target, over all orders of ties; arguments as `hit_within`."""
    harmonic = np.concatenate(([0.0], np.cumsum(1.0 / np.arange(1, int((better + equal).max(initial=1)) + 1))))
    below, through = better.astype(np.int64), (better + equal).astype(np.int64)
    return (harmonic[through] - harmonic[below]) / np.maximum(equal, 1)


def chance_at_top(scores: Floats, share: float) -> Floats:
    """Return each row's chance to be among the `share` (0 to 1) of highest scores, over all orders of equal scores."""
    size = round(share * len(scores))
    _, level, count = np.unique(-scores, return_inverse=True, return_counts=True)
    better = np.cumsum(count) - count
    return hit_within(better.astype(float), count.astype(float), size)[level]
