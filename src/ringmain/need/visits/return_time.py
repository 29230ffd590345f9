"""Whether, how often and how soon each person comes: boosted trees over the rhythm of past visits."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ringmain.kit.learn.boosting import Trees, grow
from ringmain.need.visits.records import LONGEST_WAIT, Visits
from ringmain.need.visits.rhythm import at_visit, rhythm

Floats = NDArray[np.float64]
Int64s = NDArray[np.int64]

_DAYS = 14
# Examples are taken every fortnight back from the day, at most so many, once there are eight weeks of past.
_EXAMPLES, _STEP, _PAST = 12, 14, 56
_GAP_EXAMPLES = 6
_PARAMETERS = {
    "learning_rate": 0.04,
    "num_leaves": 15,
    "min_data_in_leaf": 60,
    "lambda_l2": 10.0,
    "feature_fraction": 0.4,
    "bagging_fraction": 0.6,
    "bagging_freq": 1,
    "max_bin": 127,
}
_ROUNDS = 150


@dataclass(frozen=True, slots=True, eq=False)
class Return:
    """Foretold for `person` (rows,): the chance of a visit within 14 days and the number of visits (its median)."""

    person: Int64s
    chance: Floats
    visits: Floats


def foretell_returns(visits: Visits, today: int, *, seed: int, threads: int) -> Return:
    """Learn from what followed earlier days and foretell what follows `today`; nothing of it or later is read.

    Foretold are all persons with a basket before; the same seed gives the same answer.
    """
    past = visits.before(today)
    tables, counts = [], []
    for day in example_days(past, today, _DAYS):
        known = past.before(day).known()
        tables.append(_table(past, day)[known])
        counts.append(past.count_between(day, day + _DAYS)[known].astype(np.float64))
    features, count = np.concatenate(tables), np.concatenate(counts)
    known = past.known()
    asked = _table(past, today)[known]
    chance = _grow("binary", features, (count > 0).astype(np.float64), seed, threads).predict(asked)
    number = _grow("l1", features, count, seed, threads).predict(asked)
    return Return(known, np.asarray(chance, dtype=np.float64), np.maximum(number, 0.0))


def foretell_gaps(visits: Visits, today: int, person: Int64s, day: Int64s, *, seed: int, threads: int) -> Floats:
    """Return the days (rows,) until the next visit after visits of `person` on `day`, LONGEST_WAIT at most.

    `day` (rows,) lies within the fortnight from `today`; of the past only what lies before `today` is read. The answer
    is a median, whose absolute error is least.
    """
    past = visits.before(today)
    tables, gaps, weights = [], [], []
    for then in example_days(past, today, _DAYS + LONGEST_WAIT, _GAP_EXAMPLES):
        who, when, gap = past.gaps_after(then, then + _DAYS)
        seen = np.isin(who, past.before(then).known())
        tables.append(at_visit(past, then, who[seen], when[seen]))
        gaps.append(gap[seen])
        # Who comes often has many gaps, all short: half their say goes to those who come seldom.
        weights.append(1 / np.sqrt(np.bincount(who)[who[seen]].astype(np.float64)))
    trees = _grow("l1", np.concatenate(tables), np.concatenate(gaps), seed, threads, np.concatenate(weights))
    foretold = trees.predict(at_visit(past, today, person, day))
    return np.clip(np.asarray(foretold, dtype=np.float64), 1.0, LONGEST_WAIT)


def _table(past: Visits, day: int) -> Floats:
    return np.column_stack(list(rhythm(past, day).values()))


def _grow(
    objective: str, features: Floats, labels: Floats, seed: int, threads: int, weights: Floats | None = None
) -> Trees:
    parameters = {**_PARAMETERS, "objective": objective, "num_threads": threads}
    return grow(parameters, features, labels, rounds=_ROUNDS, seed=seed, weights=weights)


def example_days(past: Visits, today: int, ahead: int, most: int = _EXAMPLES) -> list[int]:
    """Return days whose next `ahead` days are over, newest first, with eight weeks of past where there are any."""
    first = int(past.day[0])
    days = [today - ahead - _STEP * number for number in range(most)]
    return [day for day in days if day >= first + _PAST] or days[:1]
