"""Where next: fitted on history, then a walk through the future that ranks before each visit and learns after."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from ringmain.kit.learn.intervals import Estimate, ratio_over_persons
from ringmain.kit.learn.metrics import Bools
from ringmain.need.api import BASELINES, Counter, Int64s, Journal, Placing, Ranker, Table, fit
from ringmain.simulate.evaluate.checkins import Checkins, read_checkins
from ringmain.simulate.evaluate.report import Result

# The trees learn from the last part of history only: before it the counters they read are still empty.
_LEARNT_FROM = 0.8
_REPORTED_EVERY = 2_000
_FIRST, _TEN = 1, 10


def evaluate(folder: Path, seed: int, progress: Callable[[str], None]) -> Result:
    """Measure both settings: the moment of the visit is known, and only that of the person's last visit is."""
    checkins = read_checkins(folder)
    journal = checkins.journal
    visits = np.flatnonzero(checkins.future)
    learnt = np.arange(int(checkins.learn_until * _LEARNT_FROM), checkins.learn_until)
    candidates = Table(journal)
    placings = {}
    among_new = {}
    for setting, timed in (("known", True), ("unknown", False)):
        progress(f"{setting}: learning from {len(learnt):,} visits")
        ranker = fit(journal, candidates, learnt, timed=timed, seed=seed)
        placings[setting], among_new[setting] = place_answers(ranker, candidates, journal, visits, progress, setting)
    progress("baselines")
    simple = baselines(checkins)
    person, new = journal.person[visits], journal.own.new[visits]
    figures: dict[str, Estimate] = {}
    for setting, placing in placings.items():
        figures |= {f"{setting}.{name}": one for name, one in _figures(placing, person, new, seed).items()}
        hit = among_new[setting].within(_TEN)
        figures[f"{setting}.discovery.among_new.acc@10"] = ratio_over_persons(person[new], hit[new], seed=seed)
    return Result(
        n=len(visits),
        metrics=figures,
        baselines={
            name: {
                f"{setting}.{metric}": one
                for setting in placings
                for metric, one in _figures(placing, person, new, seed).items()
            }
            for name, placing in simple.items()
        },
        notes=(
            f"{new.mean():.1%} of the visits were to a place new to the person (discovery).",
            "discovery.acc@10 stands in the ranking of all places; discovery.among_new in that of new ones only.",
            "The baselines do not use the moment of the visit: they are the same in both settings.",
        ),
    )


def place_answers(
    ranker: Ranker, candidates: Table, journal: Journal, visits: Int64s, progress: Callable[[str], None], setting: str
) -> tuple[Placing, Placing]:
    """Return where the answers stood among all candidates, and among those new to the person only."""
    overall, new_only = Placing.missed(len(visits)), Placing.missed(len(visits))
    done = 0
    for rows, score in ranker.ranked(candidates, journal, visits):
        news = ~rows.own
        overall.note(rows, score, journal.place[visits])
        new_only.note(rows.take(news), score[news], journal.place[visits])
        before, done = done, done + len(np.unique(rows.query))
        if before // _REPORTED_EVERY != done // _REPORTED_EVERY:
            progress(f"{setting}: {done:,} of {len(visits):,} visits ranked")
    return overall, new_only


def _figures(placing: Placing, person: Int64s, new: Bools, seed: int) -> dict[str, Estimate]:
    """Return accuracy at one and ten and the mean reciprocal rank of all, of returning and of discovering visits."""
    scores = {"acc@1": placing.within(_FIRST), "acc@10": placing.within(_TEN), "mrr": placing.reciprocal()}
    figures = {}
    for group, rows in (("", np.ones(len(new), dtype=bool)), ("returning.", ~new), ("discovery.", new)):
        for name, score in scores.items():
            figures[f"{group}{name}"] = ratio_over_persons(person[rows], score[rows], seed=seed)
    return figures


def baselines(checkins: Checkins) -> dict[str, Placing]:
    """Place the answers by what a counter would say; each counts on through the future and ranks all known places."""
    journal = checkins.journal
    placed = {name: Placing.missed(int(checkins.future.sum())) for name in BASELINES}
    counter = Counter(journal)
    case = 0
    for future, person, place in zip(checkins.future, journal.person.tolist(), journal.place.tolist(), strict=True):
        if future:
            for name, scores in counter.scores(person).items():
                placed[name].note_one(case, place, scores)
            case += 1
        counter.add(person, place)
    return placed
