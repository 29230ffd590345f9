"""Would this person take this coupon in this context: a probability from what they and others answered before.

Two kinds of boosted trees see different things and are averaged. One sees who and where only, as categories. The other
also sees what was answered before: how the context does with everybody, and how far this person, and this person with
this kind of coupon, lie above or below that. Those encodings are made of other rows than the one they describe, in
training as in use; otherwise trees would learn to read the answer from them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ringmain.kit.learn.boosting import grow
from ringmain.kit.learn.linear import platt

Floats = NDArray[np.float64]
Int64s = NDArray[np.int64]
Bools = NDArray[np.bool_]

# A mean is drawn to everybody's by as many invented answers.
_CONTEXT_PRIOR, _PERSON_PRIOR, _KIND_PRIOR = 3.0, 3.0, 2.0
# Members of the ensemble: each leaves out another part of what is known, by which all are calibrated.
_MEMBERS = 3
_ENCODING_PARTS = 8
_EPSILON = 1e-6
_COMMON = {
    "objective": "binary",
    "feature_fraction": 0.5,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
}
_TOLD = {**_COMMON, "num_leaves": 31, "learning_rate": 0.04, "min_data_in_leaf": 20, "cat_smooth": 5, "cat_l2": 5}
_TOLD_TREES = 220
_PLAIN = {**_COMMON, "num_leaves": 63, "learning_rate": 0.08, "min_data_in_leaf": 10, "cat_smooth": 1}
_PLAIN_TREES = 350


@dataclass(frozen=True, slots=True)
class Offers:
    """Coupons shown to persons, one row each.

    `features` (rows x columns) may hold NaN; the columns `categorical` hold codes from 0. So do `person`, `context` and
    `kind`: who, in what exact context (the kind of coupon included), and the kind of coupon.
    """

    features: Floats
    categorical: Sequence[int]
    person: Int64s
    context: Int64s
    kind: Int64s

    def of(self, rows: Int64s) -> "Offers":
        """Return some of the rows."""
        return Offers(self.features[rows], self.categorical, self.person[rows], self.context[rows], self.kind[rows])


def accept(known: Offers, taken: Bools, asked: Offers, *, seed: int) -> Floats:
    """Return for each row of `asked` the probability that the coupon is taken, learnt from `known` and `taken`.

    Both share their codes. The members' mean log-odds are calibrated (Platt) by what each member said of the rows that
    it had not seen.
    """
    part = np.random.default_rng(seed).permutation(len(taken)) % _MEMBERS
    unseen = np.zeros(len(taken))
    odds = np.zeros(len(asked.person))
    for member in range(_MEMBERS):
        seen, held = np.flatnonzero(part != member), np.flatnonzero(part == member)
        both = _member(known.of(seen), taken[seen], [known.of(held), asked], seed=seed * _MEMBERS + member)
        unseen[held] = both[0]
        odds += both[1] / _MEMBERS
    level, slope = platt(unseen, taken)
    return 1 / (1 + np.exp(-(level + slope * odds)))


def _member(known: Offers, taken: Bools, asked: Sequence[Offers], *, seed: int) -> list[Floats]:
    """Return the log-odds of both kinds of trees, averaged, for each of `asked`."""
    part = np.random.default_rng(seed).permutation(len(taken)) % _ENCODING_PARTS
    own = np.zeros((len(taken), 3))
    for turn in range(_ENCODING_PARTS):
        others, rows = np.flatnonzero(part != turn), np.flatnonzero(part == turn)
        own[rows] = encodings(known.of(others), taken[others], known.of(rows))
    told = grow(
        _TOLD, np.hstack([known.features, own]), taken, rounds=_TOLD_TREES, seed=seed, categorical=known.categorical
    )
    plain = grow(_PLAIN, known.features, taken, rounds=_PLAIN_TREES, seed=seed, categorical=known.categorical)
    answers = []
    for offers in asked:
        with_told = np.hstack([offers.features, encodings(known, taken, offers)])
        answers.append((_log_odds(told.predict(with_told)) + _log_odds(plain.predict(offers.features))) / 2)
    return answers


def encodings(known: Offers, taken: Bools, asked: Offers) -> Floats:
    """Return (rows of `asked` x 3): the rate of the context, the person's lead over it, their lead with this kind."""
    rate = float(taken.mean())
    answers = taken.astype(float)
    contexts = int(max(known.context.max(), asked.context.max())) + 1
    of_context = _means(known.context, answers, contexts, rate, _CONTEXT_PRIOR)
    lead = answers - of_context[known.context]
    persons = int(max(known.person.max(), asked.person.max())) + 1
    kinds = int(max(known.kind.max(), asked.kind.max())) + 1
    of_person = _means(known.person, lead, persons, 0.0, _PERSON_PRIOR)
    of_both = _means(known.person * kinds + known.kind, lead, persons * kinds, 0.0, _KIND_PRIOR)
    both = asked.person * kinds + asked.kind
    return np.column_stack([of_context[asked.context], of_person[asked.person], of_both[both]])


def _means(key: Int64s, values: Floats, size: int, prior: float, weight: float) -> Floats:
    total = np.bincount(key, weights=values, minlength=size)
    return (total + weight * prior) / (np.bincount(key, minlength=size) + weight)


def _log_odds(probability: Floats) -> Floats:
    clipped = np.clip(probability, _EPSILON, 1 - _EPSILON)
    return np.log(clipped / (1 - clipped))
