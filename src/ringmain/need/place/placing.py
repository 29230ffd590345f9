"""Where the answers of questions stood in a ranking, and what that is worth."""

from dataclasses import dataclass

import numpy as np

from ringmain.kit.learn.metrics import hit_within, mean_reciprocal
from ringmain.need.place.journal import Bools, Floats, Int64s
from ringmain.need.place.table import Rows


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

    def note(self, rows: Rows, score: Floats, answer: Int64s) -> None:
        """Note where the answers, `(cases,)`, of these rows stand by score."""
        hit = rows.place == answer[rows.query]
        own_score = np.full(len(self.better), np.nan)
        own_score[rows.query[hit]] = score[hit]
        to_beat = own_score[rows.query]
        found = rows.query[hit]
        self.better[found] = np.bincount(rows.query[score > to_beat], minlength=len(own_score))[found]
        self.equal[found] = np.bincount(rows.query[score == to_beat], minlength=len(own_score))[found]

    def note_one(self, case: int, answer: int, scores: Floats) -> None:
        """Note where the answer of one case stands among all places; one with a negative score is missed."""
        if scores[answer] >= 0:
            self.better[case] = np.count_nonzero(scores > scores[answer])
            self.equal[case] = np.count_nonzero(scores == scores[answer])

    @property
    def found(self) -> Bools:
        """Whether the answer of each case was among the candidates."""
        return ~np.isinf(self.better)

    def reciprocal(self) -> Floats:
        """Return the expected reciprocal rank of each answer over all orders of ties, 0 where it was missed."""
        return np.where(self.found, mean_reciprocal(np.where(self.found, self.better, 0.0), self.equal), 0.0)

    def within(self, k: int) -> Floats:
        """Return the chance of each answer to be among the first `k` over all orders of ties."""
        return np.where(self.found, hit_within(np.where(self.found, self.better, 0.0), self.equal, k), 0.0)
