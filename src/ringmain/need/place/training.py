"""Train the model of next places: judged at moments of the past beside the dumb baselines and the one that serves."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ringmain.kit.learn.intervals import Estimate, ratio_over_persons
from ringmain.kit.learn.metrics import auc, calibration_error
from ringmain.need.errors import HistoryTooShort, ModelUnreadable
from ringmain.need.place.forecaster import from_bytes, to_bytes
from ringmain.need.place.journal import DAY_S, Floats, Journal
from ringmain.need.place.learn import (
    WEEK_DAYS,
    Chances,
    Judged,
    asked_at,
    calibrations,
    chances,
    judge,
    learn,
    together_judged,
)
from ringmain.need.place.simple import BASELINES
from ringmain.need.place.table import Table

# Moments that are judged lie so many weeks before the end; what is learnt for the earlier one needs four weeks more.
ORIGINS_WEEKS_BACK = (2, 1)
LEAST_DAYS = 42
# With fewer persons whose next visit is known at a moment, or fewer visits in all, an interval says nothing.
LEAST_PERSONS = 30
LEAST_VISITS = 500
LEAST_PLACES = 3
_MOST_QUESTIONS = 3_000
_OURS, _SERVING = "model", "serving"

Progress = Callable[[str], None]
Figures = Mapping[str, Estimate]


@dataclass(frozen=True, slots=True)
class Serving:
    """The model that serves now, and the second up to which it was learnt from."""

    artefact: bytes
    learnt_until: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a model may serve; `reasons` say by code why not."""

    promoted: bool
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trained:
    """A model as it would be kept, with what it was learnt from and how it did; seconds are UTC.

    `baselines` holds the same figures of each other ranking, and `ahead` by how much our mean reciprocal rank is above
    theirs, with its interval over persons; of the serving model on the questions from after its own data only.
    """

    artefact: bytes
    learnt_from: int
    learnt_until: int
    visits: int
    persons: int
    questions: int
    figures: Figures
    baselines: Mapping[str, Figures]
    ahead: Figures
    verdict: Verdict


def require_history(journal: Journal, end: int) -> None:
    """Raise `HistoryTooShort`, which says how much there is and how much is needed, where models cannot be judged."""
    days = (end - int(journal.second[0])) / DAY_S if len(journal) else 0.0
    persons = 0
    if days >= LEAST_DAYS:
        persons = min(
            len(np.unique(journal.person[_between(journal, origin, origin + round(WEEK_DAYS * DAY_S))]))
            for origin in origins(end)
        )
    enough = days >= LEAST_DAYS and persons >= LEAST_PERSONS
    if not enough or len(journal) < LEAST_VISITS or journal.places < LEAST_PLACES:
        raise HistoryTooShort(
            days=int(days),
            needed_days=LEAST_DAYS,
            visits=len(journal),
            needed_visits=LEAST_VISITS,
            persons=persons,
            needed_persons=LEAST_PERSONS,
            shops=journal.places,
            needed_shops=LEAST_PLACES,
        )


def _between(journal: Journal, first: int, end: int) -> slice:
    begin, stop = np.searchsorted(journal.second, (first, end))
    return slice(int(begin), int(stop))


def origins(end: int) -> list[int]:
    """Return the moments that are judged, the earliest first: what followed each within a week is known at `end`."""
    return [end - round(weeks * WEEK_DAYS * DAY_S) for weeks in ORIGINS_WEEKS_BACK]


def train(journal: Journal, end: int, serving: Serving | None, seed: int, progress: Progress) -> Trained:
    """Learn from the journal up to second `end`, and judge at `origins` what was learnt before each of them.

    The chances are calibrated by what happened after the last origin, and the model that is kept then learns from all
    there is. The same journal and seed give the same bytes. Raises `HistoryTooShort`.
    """
    require_history(journal, end)
    candidates = Table(journal)
    standing = None
    if serving is not None:
        try:
            standing = from_bytes(serving.artefact)
        except ModelUnreadable:
            # No forecast can be made with it either: what it is replaced by need not beat it.
            serving = None
    judged: list[Judged] = []
    seen: list[Chances] = []
    for at, origin in enumerate(origins(end), 1):
        progress(f"moment {at} of {len(ORIGINS_WEEKS_BACK)}: learning")
        model = learn(journal, candidates, origin, seed=seed)
        progress(f"moment {at} of {len(ORIGINS_WEEKS_BACK)}: judging")
        queries, visit = asked_at(journal, origin, most=_MOST_QUESTIONS, seed=seed)
        models = {_OURS: model} | ({_SERVING: standing} if standing is not None else {})
        judged.append(judge(journal, candidates, queries, visit, models))
        seen.append(chances(journal, candidates, queries, visit, model))
    progress("learning from everything")
    of_next, of_week = calibrations(seen[-1])
    final = replace(learn(journal, candidates, end, seed=seed), next_calibration=of_next, week_calibration=of_week)
    every = together_judged(judged)
    others = (*BASELINES, *((_SERVING,) if standing is not None else ()))
    until = serving.learnt_until if serving is not None else None
    ahead = lead(every, until, seed)
    return Trained(
        artefact=to_bytes(final),
        learnt_from=int(journal.second[0]),
        learnt_until=end,
        visits=len(journal),
        persons=journal.persons,
        questions=len(every.person),
        figures=_figures(every, _OURS, seed) | _chance_figures(seen),
        baselines={name: _figures(every, name, seed) for name in others},
        ahead=ahead,
        verdict=verdict(every, ahead, until),
    )


def _figures(judged: Judged, name: str, seed: int) -> dict[str, Estimate]:
    """Return the mean reciprocal rank of all visits, of returning and of discovering ones, and the share of hits."""
    rank, everybody = judged.reciprocal[name], np.ones(len(judged.person), dtype=bool)
    groups = {"mrr": everybody, "returning.mrr": ~judged.new, "discovery.mrr": judged.new}
    figures = {key: ratio_over_persons(judged.person[rows], rank[rows], seed=seed) for key, rows in groups.items()}
    figures["acc@1"] = ratio_over_persons(judged.person, judged.first[name], seed=seed)
    figures["acc@10"] = ratio_over_persons(judged.person, judged.within10[name], seed=seed)
    return figures


def lead(judged: Judged, serving_until: int | None, seed: int) -> dict[str, Estimate]:
    """Return by how much our reciprocal rank is above each other ranking's, paired, with the interval over persons.

    What serves is compared by the questions from `serving_until` on only: it may have learnt the answers of the others.
    """
    found = {}
    for name in (*BASELINES, *((_SERVING,) if serving_until is not None else ())):
        rows = judged.second >= (serving_until if name == _SERVING and serving_until is not None else 0)
        apart: Floats = judged.reciprocal[_OURS][rows] - judged.reciprocal[name][rows]
        found[name] = ratio_over_persons(judged.person[rows], apart, seed=seed)
    return found


def _chance_figures(seen: Sequence[Chances]) -> dict[str, Estimate]:
    """Return how far chances are from what happens at the last moment, calibrated by the one before only."""
    before, last = seen[-2], seen[-1]
    of_next, of_week = calibrations(before)
    next_, week = of_next.apply(last.share), of_week.apply(last.week)
    return {
        "next.calibration_error": Estimate(calibration_error(next_, last.hit)),
        "week.calibration_error": Estimate(calibration_error(week, last.came)),
        "week.auc": Estimate(auc(week, last.came)),
    }


def verdict(judged: Judged, ahead: Figures, serving_until: int | None) -> Verdict:
    """Decide: above every baseline with the whole interval, and not below the model that serves.

    Where fewer than `LEAST_PERSONS` were asked since the data of what serves ended, at `serving_until`, it stays.
    """
    reasons = [f"not_above_{name.replace(' ', '_')}" for name in BASELINES if not (ahead[name].low or 0.0) > 0]
    if serving_until is not None:
        asked = judged.person[judged.second >= serving_until]
        if len(np.unique(asked)) < LEAST_PERSONS:
            reasons.append("serving_too_young")
        elif not ahead[_SERVING].value >= 0:
            reasons.append("below_serving")
    return Verdict(not reasons, tuple(reasons))
