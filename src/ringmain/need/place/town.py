"""What all persons together have shown up to a moment: which places are visited, after which, and by people alike."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from ringmain.need.place.journal import DAY_S, HOURS_A_DAY, Bools, Floats, Int64s, Journal, Queries

Floats32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Town:
    """The state before visit `upto`; `(places,)` unless said otherwise.

    `fades7`, `fades30`: visits by half-life in days; `visits` all of them. `follows` `(places, places)` counts visits
    to the second right after the first. `been` `(persons, places)` counts visits, `strength` is their logarithm, and
    `breadth` `(persons,)` how many places are known; `cosine` `(places, places)` says how alike two are by who visits.
    `around` `(places, places)` is how near. `category_hour` `(categories, 24)`: visits by hour of the day.
    `category_follows` `(categories, categories)`.

    What depends on a person and a place is made for those asked about: of everybody it would not fit into memory.
    """

    upto: int
    known: Bools
    fades7: Floats
    fades30: Floats
    visits: Floats
    follows: csr_matrix
    been: csr_matrix
    strength: csr_matrix
    breadth: Floats32
    cosine: csr_matrix
    around: csr_matrix
    category_hour: Floats
    category_follows: Floats

    @staticmethod
    def before(journal: Journal, upto: int) -> "Town":
        """Count the visits before `upto`."""
        shape = (journal.places, journal.places)
        place, person = journal.place[:upto], journal.person[:upto]
        now = journal.second[upto - 1] if upto else 0
        age = (now - journal.second[:upto]) / DAY_S
        previous = journal.own.previous[:upto]
        has = previous >= 0
        follows = _counts(journal.place[previous[has]], place[has], shape)
        category_follows = _counts(
            journal.category[previous[has]], journal.category[:upto][has], (journal.categories, journal.categories)
        )
        hour = (journal.week_hour[:upto] % HOURS_A_DAY).astype(np.int64)
        been = _counts(person, place, (journal.persons, journal.places))
        strength, breadth, cosine = _alike(been)
        return Town(
            upto=upto,
            known=journal.first < upto,
            fades7=np.bincount(place, weights=np.exp2(-age / 7), minlength=journal.places).astype(np.float64),
            fades30=np.bincount(place, weights=np.exp2(-age / 30), minlength=journal.places).astype(np.float64),
            visits=np.bincount(place, minlength=journal.places).astype(np.float64),
            follows=follows,
            been=been,
            strength=strength,
            breadth=breadth,
            cosine=cosine,
            around=journal.neighbours,
            category_hour=_counts(journal.category[:upto], hour, (journal.categories, 24)).toarray().astype(np.float64),
            category_follows=category_follows.toarray().astype(np.float64),
        )

    def alike(self, person: Int64s) -> Floats32:
        """Return the cosines between a place and those of each person, summed by strength, `(q, places)`."""
        found: Floats32 = (self.strength[person] @ self.cosine).toarray().astype(np.float32)
        found /= np.sqrt(np.maximum(self.breadth[person], 1.0))[:, None].astype(np.float32)
        return found

    def nearby(self, person: Int64s) -> Floats32:
        """Return the visits of each person around a place, `(q, places)`."""
        found: Floats32 = (self.been[person] @ self.around).toarray()
        return found


def _counts(row: Int64s, column: Int64s, shape: tuple[int, int]) -> csr_matrix:
    return csr_matrix((np.ones(len(row), dtype=np.float32), (row, column)), shape=shape)


def _alike(been: csr_matrix) -> tuple[csr_matrix, Floats32, csr_matrix]:
    """Return how strongly each person is bound to which places, to how many, and how alike two are by who visits them.

    Persons weigh by one over the root of how many places they know, so that one who goes everywhere says little.
    """
    seen = been.copy()
    seen.data[:] = 1.0
    breadth: Floats32 = np.asarray(seen.sum(axis=1), dtype=np.float32).ravel()
    weighted = csr_matrix(seen.multiply(1 / np.sqrt(np.maximum(breadth, 1.0))[:, None]), dtype=np.float32)
    norm = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=0)).ravel())
    unit = csr_matrix(weighted.multiply(1 / np.maximum(norm, 1e-6)[None, :]), dtype=np.float32)
    cosine = csr_matrix(unit.T @ unit)
    cosine.setdiag(0)
    strength = seen.copy()
    strength.data = np.log1p(been.data)
    return strength, breadth, cosine


EVIDENCE = (
    "fades7", "fades30", "visits", "near_last", "near_home", "follows", "alike", "nearby", "category", "category_hour",
    "category_follows", "busy_hour",
)  # fmt: skip
# Kilometres taken for an unknown distance, and added to each before the logarithm.
_UNKNOWN_KM, _DOORSTEP_KM = 5.0, 0.1
# The last four of `EVIDENCE` depend on a place by its category only.
_KINDS_FROM = EVIDENCE.index("category")


@dataclass(frozen=True, slots=True)
class Asked:
    """Questions with what is needed of their persons.

    `home` is the main place, -1 where unknown, `(q,)`; `category` the visits by category, as `Habits.category`; `alike`
    and `nearby` are those of the town, `(q, places)`.
    """

    queries: Queries
    home: Int64s
    category: Floats
    alike: Floats32
    nearby: Floats32

    @staticmethod
    def of(town: Town, queries: Queries, home: Int64s, category: Floats) -> "Asked":
        """Look up in the town what is needed of the persons."""
        return Asked(queries, home, category, town.alike(queries.person), town.nearby(queries.person))


def evidence(journal: Journal, town: Town, asked: Asked, query: Int64s, place: Int64s) -> Floats32:
    """Return what speaks for each pair of a question and a place as log-scaled numbers, `(r, len(EVIDENCE))`."""
    queries = asked.queries
    last = np.where(queries.last >= 0, journal.place[queries.last], -1)
    columns = (
        np.log1p(town.fades7[place]), np.log1p(town.fades30[place]), np.log1p(town.visits[place]),
        _log_km(journal, last[query], place), _log_km(journal, asked.home[query], place),
        np.where(last[query] >= 0, np.log1p(np.asarray(town.follows[last[query], place]).ravel()), 0.0),
        np.log(0.003 + asked.alike[query, place]), np.log(0.02 + asked.nearby[query, place]),
        *_kinds(journal, town, asked)[:, query, journal.place_category[place]],
    )  # fmt: skip
    return np.stack([column.astype(np.float32) for column in columns], axis=1)


def score_all(journal: Journal, town: Town, asked: Asked, weights: Floats) -> Floats32:
    """Return `evidence @ weights` for every place, `(q, places)`; the same numbers, made without the evidence."""
    queries = asked.queries
    w = dict(zip(EVIDENCE, weights.astype(np.float32), strict=True))
    still = np.log1p(town.fades7) * w["fades7"] + np.log1p(town.fades30) * w["fades30"]
    still += np.log1p(town.visits) * w["visits"]
    score: Floats32 = np.tile(still.astype(np.float32), (len(queries), 1))
    last = np.where(queries.last >= 0, journal.place[queries.last], -1)
    everywhere = np.arange(journal.places)[None, :]
    score += _log_km(journal, last[:, None], everywhere) * w["near_last"]
    score += _log_km(journal, asked.home[:, None], everywhere) * w["near_home"]
    followed = csr_matrix(town.follows[np.maximum(last, 0)])
    followed.data = np.log1p(followed.data) * w["follows"]
    score += followed.toarray() * (last >= 0)[:, None]
    score += np.log(np.float32(0.003) + asked.alike) * w["alike"]
    score += np.log(np.float32(0.02) + asked.nearby) * w["nearby"]
    by_kind = np.tensordot(weights[_KINDS_FROM:], _kinds(journal, town, asked), axes=1).astype(np.float32)
    score += by_kind[:, journal.place_category]
    return score


def _kinds(journal: Journal, town: Town, asked: Asked) -> Floats:
    """Return the evidence that depends on the category only, `(4, q, categories)`."""
    queries, category = asked.queries, asked.category
    own = category[:, :, 0] / np.maximum(category[:, :, 0].sum(1, keepdims=True), 1e-6)
    at_hour = category[:, :, 1] / np.maximum(category[:, :, 1].sum(1, keepdims=True), 1e-6)
    hour = (queries.week_hour % HOURS_A_DAY).astype(np.int64)
    around = town.category_hour[:, hour].T if queries.timed else np.tile(town.category_hour.sum(1), (len(hour), 1))
    around = around / np.maximum(around.sum(1, keepdims=True), 1.0)
    overall = town.category_hour.sum(1) / max(town.category_hour.sum(), 1.0)
    after = town.category_follows[journal.category[queries.last]] * (queries.last >= 0)[:, None] + 20 * overall
    after = after / np.maximum(after.sum(1, keepdims=True), 1e-6)
    usual = np.maximum(overall, 1e-6)
    return np.stack([
        np.log(0.003 + own), np.log(0.003 + at_hour + 0.3 * around), np.log(after / usual + 0.05),
        np.log(around / usual + 0.05),
    ])  # fmt: skip


def _log_km(journal: Journal, origin: Int64s, place: Int64s) -> Floats32:
    """Return log(0.1 + kilometres) between places; an `origin` of -1 is 5 km from everywhere."""
    at = np.maximum(origin, 0)
    # The plane's zero is far away: without a nearer one single precision would round metres.
    x = (journal.place_x - journal.place_x[0]).astype(np.float32)
    y = (journal.place_y - journal.place_y[0]).astype(np.float32)
    apart = np.sqrt(np.square(x[place] - x[at]) + np.square(y[place] - y[at])) / np.float32(1_000)
    distance: Floats32 = np.where(origin >= 0, apart, np.float32(_UNKNOWN_KM))
    logarithm: Floats32 = np.log(np.float32(_DOORSTEP_KM) + distance)
    return logarithm
