"""Learn the model from moments of the past, and see at others how it does beside the dumb baselines."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ringmain.kit.learn.boosting import grow
from ringmain.need.place.forecaster import Calibration, PlaceModel, calibrated
from ringmain.need.place.journal import DAY_S, Bools, Floats, Int64s, Journal, Queries
from ringmain.need.place.moment import answers, at_moment, came, together
from ringmain.need.place.placing import Placing
from ringmain.need.place.ranker import NEW_PLACES, Answered, boost, gather, retriever
from ringmain.need.place.simple import BASELINES, Counter
from ringmain.need.place.table import Table

# Who was not seen for so long is not asked about: what they want next is not known better than what anybody wants.
SEEN_WITHIN_DAYS = 60
# Both questions look a week ahead: where the next visit is, if one comes, and which places are visited at all.
WEEK_DAYS = 7
# The ranker learns from so many of the latest visits, drawn of so many: one next visit is one answer, however many
# moments it follows.
_RANKED, _RANKED_OF = 8_000, 40_000
# Chances of a week are learnt from moments of the past, at which all hours of the day come up. Of each only some people
# are asked, so that the questions, of which so many fit into memory, come from many moments.
_MOMENT_STEP_S = 37 * 3_600
_MOMENTS = 60
_QUESTIONS = 4_000
_WEEK_ROUNDS = 120
_WEEK_PARAMETERS = {
    "objective": "binary",
    "learning_rate": 0.06,
    "num_leaves": 15,
    "min_data_in_leaf": 50,
    "lambda_l2": 5.0,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "max_bin": 63,
}

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of the questions of one or more moments that were answered: by our model and by each other ranking.

    Arrays have one entry per question. `reciprocal` and `within10` are by name: ours is "model".
    """

    person: Int64s
    new: Bools
    second: Int64s
    reciprocal: dict[str, Floats]
    first: dict[str, Floats]
    within10: dict[str, Floats]


def learn(journal: Journal, candidates: Table, until: int, *, seed: int) -> PlaceModel:
    """Learn from what followed moments of the past, all of it before second `until`; it is not calibrated yet."""
    random = np.random.default_rng(seed)
    answered = _before_visits(journal, until, random)
    weights = retriever(journal, answered, random)
    next_trees = boost(gather(candidates, answered, weights, random), seed)
    queries = _moments(journal, until, random)
    values, hits = [], []
    for part in candidates.rows(queries, weights, NEW_PLACES):
        values.append(part.values)
        hits.append(came(journal, queries, part.query, part.place, WEEK_DAYS))
    labels = np.concatenate(hits).astype(np.int8)
    week_trees = grow(_WEEK_PARAMETERS, np.concatenate(values), labels, rounds=_WEEK_ROUNDS, seed=seed)
    return PlaceModel(weights, next_trees, week_trees)


def _before_visits(journal: Journal, until: int, random: np.random.Generator) -> Answered:
    """Return questions that the latest visits before `until` answer, each asked once.

    A moment is drawn from the wait before each visit, from the last week of it at most.
    """
    own = journal.own.previous
    gap = (journal.second - journal.second[np.maximum(own, 0)]) / DAY_S
    known = (own >= 0) & (gap > 0) & (gap <= SEEN_WITHIN_DAYS) & (journal.second < until)
    visits = np.flatnonzero(known)[-_RANKED_OF:]
    visits = np.sort(random.choice(visits, min(len(visits), _RANKED), replace=False))
    last, end = own[visits], journal.second[visits]
    since = np.maximum(journal.second[last] + 1, end - round(WEEK_DAYS * DAY_S))
    second = since + (random.random(len(visits)) * (end - since)).astype(np.int64)
    upto = np.searchsorted(journal.second, second)
    queries = Queries(journal.person[visits], upto, second, journal.week_hour[last], last, timed=False)
    return Answered(queries, journal.place[visits], journal.own.new[visits])


def _moments(journal: Journal, until: int, random: np.random.Generator) -> Queries:
    """Return questions of moments at least a week before `until`, the newest first: what followed is known by then."""
    newest = until - round(WEEK_DAYS * DAY_S)
    seconds = range(newest, int(journal.second[0]), -_MOMENT_STEP_S)[:_MOMENTS]
    most = _QUESTIONS // len(seconds)
    parts: list[Queries] = []
    for second in seconds:
        part = at_moment(journal, second, seen_within_days=SEEN_WITHIN_DAYS)
        parts.append(part.take(np.sort(random.choice(len(part), min(len(part), most), replace=False))))
    return together(parts)


def asked_at(journal: Journal, second: int, *, most: int, seed: int) -> tuple[Queries, Int64s]:
    """Return the questions of one moment, at most so many, and the visit that answers each; -1 where none came."""
    queries = at_moment(journal, second, seen_within_days=SEEN_WITHIN_DAYS)
    if len(queries) > most:
        queries = queries.take(np.sort(np.random.default_rng(seed).choice(len(queries), most, replace=False)))
    return queries, answers(journal, queries, WEEK_DAYS)


def judge(
    journal: Journal, candidates: Table, queries: Queries, visit: Int64s, models: dict[str, PlaceModel]
) -> Judged:
    """Place the answers of the questions of one moment by each model and each baseline; all see the same questions."""
    came_again = np.flatnonzero(visit >= 0)
    asked, answer = queries.take(came_again), journal.place[visit[came_again]]
    placed = {name: _placed(one, candidates, asked, answer) for name, one in models.items()}
    placed |= _placed_simply(journal, asked, answer)
    return Judged(
        asked.person,
        journal.own.new[visit[came_again]],
        asked.second,
        {name: one.reciprocal() for name, one in placed.items()},
        {name: one.within(1) for name, one in placed.items()},
        {name: one.within(10) for name, one in placed.items()},
    )


def _placed(model: PlaceModel, candidates: Table, asked: Queries, answer: Int64s) -> Placing:
    placing = Placing.missed(len(asked))
    for rows, score in model.scored(candidates, asked):
        placing.note(rows, score, answer)
    return placing


def _placed_simply(journal: Journal, asked: Queries, answer: Int64s) -> dict[str, Placing]:
    placed = {name: Placing.missed(len(asked)) for name in BASELINES}
    counter = Counter(journal)
    upto = int(asked.upto.max(initial=0))
    for person, place in zip(journal.person[:upto].tolist(), journal.place[:upto].tolist(), strict=True):
        counter.add(person, place)
    for case, (person, place) in enumerate(zip(asked.person.tolist(), answer.tolist(), strict=True)):
        for name, scores in counter.scores(person).items():
            placed[name].note_one(case, place, scores)
    return placed


def together_judged(parts: Sequence[Judged]) -> Judged:
    """Return what several moments brought as one."""

    def joined(name: str) -> dict[str, Floats]:
        first: dict[str, Floats] = getattr(parts[0], name)
        return {key: np.concatenate([getattr(one, name)[key] for one in parts]) for key in first}

    return Judged(
        np.concatenate([one.person for one in parts]),
        np.concatenate([one.new for one in parts]),
        np.concatenate([one.second for one in parts]),
        joined("reciprocal"),
        joined("first"),
        joined("within10"),
    )


@dataclass(frozen=True, slots=True)
class Chances:
    """Chances foretold at a moment with what happened, `(r,)` each: the next place, and coming within a week.

    `own` marks the places that the person knew; `share` is the chance of the next place, of answered questions only.
    """

    share: Floats
    hit: Bools
    week: Floats
    came: Bools
    own: Bools


def chances(journal: Journal, candidates: Table, queries: Queries, visit: Int64s, model: PlaceModel) -> Chances:
    """Return what an uncalibrated, or a calibrated, model said of a moment, with what happened."""
    place = np.where(visit >= 0, journal.place[visit], -1)
    parts: list[tuple[Floats, Bools, Floats, Bools, Bools]] = []
    for one in model.foretell(candidates, queries):
        answered = (visit >= 0)[one.rows.query]
        hit = one.rows.place == place[one.rows.query]
        there = came(journal, queries, one.rows.query, one.rows.place, WEEK_DAYS)
        parts.append((one.next[answered], hit[answered], one.week, there, one.rows.own))
    share, hits, week, week_hits, own = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Chances(share, hits, week, week_hits, own)


def calibrations(seen: Chances) -> tuple[Calibration, Calibration]:
    """Return the corrections of both chances by what happened at a moment that the model had not learnt from."""
    return calibrated(seen.share, seen.hit), calibrated(seen.week, seen.came)
