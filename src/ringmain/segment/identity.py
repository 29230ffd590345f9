"""Keeps tribes and their people the same over time: new tribes get the names of old ones, and moves have a reason."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy
from numpy.typing import NDArray

from ringmain.segment.tribes import Tribes

Floats = NDArray[np.float64]
Int64s = NDArray[np.int64]

# Two tribes that share less than this of their people and of their centres are not the same tribe.
_SAME: Final = 0.3
# Someone moves only where another tribe stands out by so many nats more than their own.
_MOVES_AT: Final = 0.15


@dataclass(frozen=True, slots=True)
class Move:
    """A person (row) who left one tribe for another, and the column that stands out now."""

    person: int
    left: int
    joined: int
    because: int | None


def successors(old: Tribes, new: Tribes, was: Int64s, becomes: Int64s) -> dict[int, int]:
    """Return the old tribe that each new one continues; a new tribe that is missing has no past.

    `was` and `becomes` (people,) are the tribes of the same people before and after. Likeness is the mean of the
    Jaccard index of members and the overlap of centres, in the block of the new one's anchor; the pairing is the best
    one together (Hungarian method).
    """
    likeness = np.zeros((len(new.anchors), len(old.anchors)))
    for row in range(len(new.anchors)):
        for column in range(len(old.anchors)):
            both = int(np.count_nonzero((becomes == row) & (was == column)))
            either = int(np.count_nonzero((becomes == row) | (was == column)))
            side = slice(None) if new.grid is None else new.grid.blocks == new.grid.blocks[new.anchors[row]]
            overlap = float(np.minimum(new.centres[row], old.centres[column])[side].sum())
            likeness[row, column] = (both / max(either, 1) + overlap) / 2
    rows, columns = scipy.optimize.linear_sum_assignment(-likeness)
    pairs = zip(rows.tolist(), columns.tolist(), strict=True)
    return {row: column for row, column in pairs if likeness[row, column] >= _SAME}


def move_on(tribes: Tribes, was: Int64s, counts: Floats) -> tuple[Int64s, list[Move]]:
    """Return the tribe of each person (people,) now, and those who moved with the reason.

    `counts` (people, columns) is all that is known by now. One odd week does not move anybody: another tribe, or none,
    has to stand out clearly more than the own.
    """
    standing = tribes.standing(counts)
    everyone = np.arange(len(counts))
    best = standing.argmax(axis=1)
    moves = standing[everyone, best] > standing[everyone, was] + _MOVES_AT
    now: Int64s = np.where(moves, best, was).astype(np.int64)
    reasons = [
        Move(person, int(was[person]), int(now[person]), _anchor(tribes, int(now[person])))
        for person in np.flatnonzero(moves).tolist()
    ]
    return now, reasons


def _anchor(tribes: Tribes, tribe: int) -> int | None:
    return int(tribes.anchors[tribe]) if tribe < len(tribes.anchors) else None
