"""The model that serves: a ranker of next places and chances within a week, calibrated; and the form it is kept in."""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
import numpy as np

from ringmain.kit.learn.boosting import Trees, from_text
from ringmain.need.errors import ModelUnreadable
from ringmain.need.place.journal import Bools, Floats, Int64s, Queries
from ringmain.need.place.ranker import NEW_PLACES
from ringmain.need.place.table import Rows, Table, names
from ringmain.need.place.town import EVIDENCE

FORMAT = "ringmain-need-place/1"
_EPSILON = 1e-6


@dataclass(frozen=True, slots=True)
class Calibration:
    """Platt's correction of log-odds: level + slope * odds. What was never calibrated stays as it is."""

    level: float = 0.0
    slope: float = 1.0

    def apply(self, probability: Floats) -> Floats:
        """Return the corrected probabilities."""
        corrected: Floats = 1 / (1 + np.exp(-(self.level + self.slope * log_odds(probability))))
        return corrected


@dataclass(frozen=True, slots=True)
class Foretold:
    """Candidates of a chunk of questions, `(r,)`, sorted by question.

    `next` is the chance that the person's next visit is there, `week` that they come there within seven days.
    """

    rows: Rows
    next: Floats
    week: Floats


@dataclass(frozen=True, slots=True)
class PlaceModel:
    """Weights that find new places, trees that rank, trees that foretell a week, and how both are calibrated."""

    weights: Floats
    next_trees: Trees
    week_trees: Trees
    next_calibration: Calibration = Calibration()
    week_calibration: Calibration = Calibration()

    def scored(self, candidates: Table, queries: Queries) -> Iterator[tuple[Rows, Floats]]:
        """Yield the candidates of the questions, each with its score."""
        for rows in candidates.rows(queries, self.weights, NEW_PLACES):
            yield rows, np.asarray(self.next_trees.predict(rows.values, num_threads=1), dtype=np.float64)

    def foretell(self, candidates: Table, queries: Queries) -> Iterator[Foretold]:
        """Yield the candidates of the questions, each with its chances."""
        for rows, score in self.scored(candidates, queries):
            week = np.asarray(self.week_trees.predict(rows.values, num_threads=1), dtype=np.float64)
            yield Foretold(
                rows, self.next_calibration.apply(shares(rows.query, score)), self.week_calibration.apply(week)
            )


def shares(query: Int64s, score: Floats) -> Floats:
    """Return each candidate's share of exp(score) among those of its question; rows are sorted by question."""
    begins = np.flatnonzero(np.diff(query, prepend=-1))
    sizes = np.diff(begins, append=len(query))
    power = np.exp(score - np.repeat(np.maximum.reduceat(score, begins), sizes))
    found: Floats = power / np.repeat(np.add.reduceat(power, begins), sizes)
    return found


def log_odds(probability: Floats) -> Floats:
    """Return the log-odds of probabilities, kept finite."""
    clipped = np.clip(probability, _EPSILON, 1 - _EPSILON)
    return np.log(clipped / (1 - clipped))


def calibrated(probability: Floats, happened: Bools) -> Calibration:
    """Return the correction under which these probabilities fit what happened; none where only one thing did."""
    from ringmain.kit.learn.linear import platt  # noqa: PLC0415 (loaded where something is learnt)

    if happened.all() or not happened.any():
        return Calibration()
    return Calibration(*platt(log_odds(probability), happened))


class _Kept(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The JSON that a model is kept as: LightGBM's own text and plain numbers, nothing that could run."""

    format: str
    columns: list[str]
    evidence: list[str]
    weights: list[float]
    next_trees: str
    week_trees: str
    next_calibration: tuple[float, float]
    week_calibration: tuple[float, float]


def to_bytes(model: PlaceModel) -> bytes:
    """Return a model as the JSON that it is kept as."""
    one, other = model.next_calibration, model.week_calibration
    kept = _Kept(
        format=FORMAT,
        columns=list(names(timed=False)),
        evidence=list(EVIDENCE),
        weights=model.weights.tolist(),
        next_trees=model.next_trees.model_to_string(),
        week_trees=model.week_trees.model_to_string(),
        next_calibration=(one.level, one.slope),
        week_calibration=(other.level, other.slope),
    )
    return msgspec.json.encode(kept)


def from_bytes(artefact: bytes) -> PlaceModel:
    """Return the model that was kept. Raises `ModelUnreadable` where this version has another form or columns."""
    try:
        kept = msgspec.json.decode(artefact, type=_Kept)
    except msgspec.MsgspecError as error:
        raise ModelUnreadable from error
    if (kept.format, kept.columns, kept.evidence) != (FORMAT, list(names(timed=False)), list(EVIDENCE)):
        raise ModelUnreadable
    return PlaceModel(
        np.array(kept.weights),
        from_text(kept.next_trees),
        from_text(kept.week_trees),
        Calibration(*kept.next_calibration),
        Calibration(*kept.week_calibration),
    )
