"""Which places a person who has never been there might come to next: a conditional logit over all known places."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import scipy

from ringmain.need.place.habits import NAMES, Habits, habits
from ringmain.need.place.journal import Bools, Floats, Int64s, Journal, Queries
from ringmain.need.place.town import EVIDENCE, Asked, Floats32, Town, evidence, score_all

# The town is counted anew when it has grown by a fortieth; between, newcomers and the last visits are a little behind.
_TOWN_GROWS, _TOWN_STEP = 40, 50
_CHUNK = 200
_NEGATIVES = 150
_RIDGE = 1e-3
_HOME_BY = NAMES.index("fades90")


@dataclass(frozen=True, slots=True)
class Chunk:
    """Questions that share a town, with what their persons' own visits say.

    `rows` are their numbers; `been` the places that the persons know, `(q, places)`.
    """

    rows: Int64s
    queries: Queries
    town: Town
    habits: Habits
    asked: Asked
    been: Bools


def chunks(journal: Journal, queries: Queries) -> Iterator[Chunk]:
    """Go through the questions in the order of what they know."""
    order = np.argsort(queries.upto, kind="stable")
    counted = [0]
    while counted[-1] < len(journal):
        counted.append(counted[-1] + max(_TOWN_STEP, counted[-1] // _TOWN_GROWS))
    step = np.searchsorted(counted, queries.upto[order], side="right") - 1
    for begin, end in pairwise(np.flatnonzero(np.diff(step, prepend=-1, append=-1))):
        town = Town.before(journal, counted[step[begin]])
        for at in range(begin, end, _CHUNK):
            rows = order[at : min(at + _CHUNK, end)]
            part = queries.take(rows)
            own = habits(journal, part)
            been = np.zeros((len(part), journal.places), dtype=bool)
            been[own.query, own.place] = True
            yield Chunk(rows, part, town, own, Asked.of(town, part, _home(own, len(part)), own.category), been)


def _home(own: Habits, queries: int) -> Int64s:
    """Return the place with most visits, those long ago for less; -1 where there is none."""
    home = np.full(queries, -1, dtype=np.int64)
    order = np.lexsort((own.values[:, _HOME_BY], own.query))
    home[own.query[order]] = own.place[order]
    return home


def fit_retriever(
    journal: Journal, queries: Queries, target: Int64s, random: np.random.Generator, among: Bools | None = None
) -> Floats:
    """Return the weights of the evidence, `(len(EVIDENCE),)`.

    They are fitted to the questions whose answer `target` `(q,)` is a place new to the person, but not to the town.
    `among` `(places,)` are the places that come into question (default: all).
    """
    pool = np.arange(journal.places) if among is None else np.flatnonzero(among)
    gathered = []
    for chunk in chunks(journal, queries):
        wanted = target[chunk.rows]
        rows = np.arange(len(wanted))[:, None]
        drawn = random.choice(pool, size=(len(wanted), _NEGATIVES))
        allowed = chunk.town.known[drawn] & ~chunk.been[rows, drawn] & (drawn != wanted[:, None])
        drawn[:, 0] = wanted
        allowed[:, 0] = chunk.town.known[wanted] & ~chunk.been[rows[:, 0], wanted]
        query = np.repeat(rows[:, 0], _NEGATIVES)
        known = evidence(journal, chunk.town, chunk.asked, query, drawn.ravel()).reshape(*drawn.shape, -1)
        gathered.append((known[allowed[:, 0]], allowed[allowed[:, 0]]))
    known = np.concatenate([np.zeros((0, _NEGATIVES, len(EVIDENCE)), dtype=np.float32), *(one for one, _ in gathered)])
    if not len(known):
        return np.zeros(len(EVIDENCE))
    return _conditional_logit(known, np.concatenate([one for _, one in gathered]))


def _conditional_logit(known: Floats32, allowed: Bools) -> Floats:
    """Return the weights under which the first of each row's alternatives is most likely chosen (McFadden 1974)."""
    centre, scale = known[allowed].mean(0), known[allowed].std(0) + 1e-6
    unit = ((known - centre) / scale).astype(np.float32)

    def loss(weights: Floats) -> tuple[float, Floats]:
        score = np.where(allowed, unit @ weights.astype(np.float32), -np.inf)
        score -= score.max(1, keepdims=True)
        chance = np.exp(score)
        chance /= chance.sum(1, keepdims=True)
        value = -np.mean(np.log(np.maximum(chance[:, 0], 1e-30))) + _RIDGE * float(weights @ weights)
        chance[:, 0] -= 1
        slope = chance.ravel() @ unit.reshape(-1, unit.shape[2]) / len(unit) + 2 * _RIDGE * weights
        return float(value), slope.astype(np.float64)

    fitted = scipy.optimize.minimize(
        loss, np.zeros(known.shape[2]), jac=True, method="L-BFGS-B", options={"maxiter": 40}
    )
    weights: Floats = fitted.x / scale
    return weights


def retrieve(
    journal: Journal, chunk: Chunk, weights: Floats, count: int, allowed: Bools | None = None
) -> tuple[Int64s, Int64s, Floats32]:
    """Return the `count` best new places of each question as rows: question, place, score `(r,)`, sorted by question.

    Left out are places that the person knows, that the town does not know yet or that are not `allowed` `(q, places)`.
    """
    score = score_all(journal, chunk.town, chunk.asked, weights)
    score[chunk.been | ~chunk.town.known[None, :]] = -np.inf
    if allowed is not None:
        score[~allowed] = -np.inf
    best = np.argpartition(-score, min(count, journal.places) - 1, axis=1)[:, :count]
    query = np.repeat(np.arange(len(best)), best.shape[1])
    place = best.ravel()
    kept = score[query, place] > -np.inf
    return query[kept], place[kept], score[query[kept], place[kept]]
