"""Where next: fitted on history, then a walk through the future that ranks before each visit and learns after."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ringmain.kit.learn.intervals import Estimate, ratio_over_persons
from ringmain.kit.learn.metrics import Bools, Floats, hit_within, mean_reciprocal
from ringmain.need.api import Int64s, Journal, Ranker, Rows, Table, fit
from ringmain.simulate.evaluate.checkins import Checkins, read_checkins
from ringmain.simulate.evaluate.report import Result

# The trees learn from the last part of history only: before it the counters they read are still empty.
_LEARNT_FROM = 0.8
_REPORTED_EVERY = 2_000
_FIRST, _TEN = 1, 10


@dataclass(frozen=True, slots=True)
class Placing:
    """Where the answer of each case stood: `better` candidates before it, `equal` with its score, itself included.

    A missed answer has infinitely many before it.
    """

    better: Floats
    equal: Floats

    @staticmethod
    def missed(cases: int) -> "Placing":
        """Start with every answer missed."""
        return Placing(np.full(cases, np.inf), np.ones(cases))


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
        hit = _hits(among_new[setting], _TEN)
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
        place(overall, rows, score, journal.place[visits])
        place(new_only, rows.take(news), score[news], journal.place[visits])
        before, done = done, done + len(np.unique(rows.query))
        if before // _REPORTED_EVERY != done // _REPORTED_EVERY:
            progress(f"{setting}: {done:,} of {len(visits):,} visits ranked")
    return overall, new_only


def place(placing: Placing, rows: Rows, score: Floats, answer: Int64s) -> None:
    """Note where the answers of these rows stand by score."""
    hit = rows.place == answer[rows.query]
    own_score = np.full(len(placing.better), np.nan)
    own_score[rows.query[hit]] = score[hit]
    to_beat = own_score[rows.query]
    found = rows.query[hit]
    placing.better[found] = np.bincount(rows.query[score > to_beat], minlength=len(own_score))[found]
    placing.equal[found] = np.bincount(rows.query[score == to_beat], minlength=len(own_score))[found]


def _hits(placing: Placing, k: int) -> Floats:
    return np.where(
        np.isinf(placing.better), 0.0, hit_within(np.nan_to_num(placing.better, posinf=0), placing.equal, k)
    )


def _figures(placing: Placing, person: Int64s, new: Bools, seed: int) -> dict[str, Estimate]:
    """Return accuracy at one and ten and the mean reciprocal rank of all, of returning and of discovering visits."""
    missed = np.isinf(placing.better)
    reciprocal = np.where(missed, 0.0, mean_reciprocal(np.where(missed, 0.0, placing.better), placing.equal))
    scores = {"acc@1": _hits(placing, _FIRST), "acc@10": _hits(placing, _TEN), "mrr": reciprocal}
    figures = {}
    for group, rows in (("", np.ones(len(new), dtype=bool)), ("returning.", ~new), ("discovery.", new)):
        for name, score in scores.items():
            figures[f"{group}{name}"] = ratio_over_persons(person[rows], score[rows], seed=seed)
    return figures


def baselines(checkins: Checkins) -> dict[str, Placing]:
    """Place the answers by what a counter would say; each counts on through the future and ranks all known places."""
    placed = {name: Placing.missed(int(checkins.future.sum())) for name in ("own visits", "popular", "after last")}
    for case, answer, scores in _walk(checkins):
        for name, score in scores.items():
            if score[answer] >= 0:
                placed[name].better[case] = np.count_nonzero(score > score[answer])
                placed[name].equal[case] = np.count_nonzero(score == score[answer])
    return placed


def _walk(checkins: Checkins) -> Iterator[tuple[int, int, dict[str, Floats]]]:
    """Yield the number of each future visit, its place, and each baseline's score per place: -1 not known yet."""
    journal = checkins.journal
    own = np.zeros((journal.persons, journal.places), dtype=np.int32)
    popular = np.zeros(journal.places, dtype=np.int32)
    after = np.zeros((journal.places, journal.places), dtype=np.int16)
    last = np.full(journal.persons, -1, dtype=np.int64)
    nothing = np.zeros(journal.places, dtype=np.int16)
    case = 0
    for future, person, place in zip(checkins.future, journal.person, journal.place, strict=True):
        if future:
            unknown = popular == 0
            rows = {
                "own visits": own[person],
                "popular": popular,
                "after last": after[last[person]] if last[person] >= 0 else nothing,
            }
            yield case, int(place), {name: np.where(unknown, -1, row) for name, row in rows.items()}
            case += 1
        own[person, place] += 1
        popular[place] += 1
        if last[person] >= 0:
            after[last[person], place] += 1
        last[person] = place
