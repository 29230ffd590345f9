"""What a voucher is worth: the visits it is expected to bring that would not have come without it.

One model for both ways of giving: the batch that prices budgets, and the play of one person. Until effects have been
learnt from comparison groups (`uplift`), it is a formula whose parts are judgements; each is told here, and a learnt
model replaces `expected` and nothing else.

Let p be the chance that the person comes to the shop within a week without a voucher. A voucher moves the odds of
coming, by a factor that grows with what it takes off and with how near the shop is. Moving odds does least where p is
near 0 or near 1, so whoever comes anyway brings as little as somebody who never would.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """Persons and offers of which a value is asked, one row each, all arrays (rows,) float64.

    `week_chance`: that the person comes to the shop within a week without a voucher; NaN where nothing is foretold of
    the two. `taste`: the share of visits that people alike make to shops of this kind, 0 to 1; NaN where unknown.
    `near`: 1 at the shop, 0.37 ten minutes' walk away, towards 0; 1 where no place is known. `pull`: what the voucher
    takes off, as face / (face + the usual face), 0 to 1.
    """

    week_chance: Floats
    taste: Floats
    near: Floats
    pull: Floats


# From rows to the incremental visits each is expected to bring, between -1 and 1.
Value = Callable[[Asked], Floats]

# Of a shop that a person has never been to and that nothing is foretold of: one visit a week of two hundred people.
_UNKNOWN = 0.005
# People alike who go to such shops for a fifth of their visits make it three times as probable; see `without`.
_TASTE = 10.0
# The factor on the odds of the best voucher of a shop around the corner: e^1.6, about five.
_MOST_MOVED = 1.6
# Of that, a far shop keeps a quarter: vouchers are also kept for the next time somebody is there.
_FAR = 0.25
_SURE = 0.995


def expected(asked: Asked) -> Floats:
    """Return the incremental visits that each row is expected to bring: 0 or more."""
    chance = without(asked)
    moved = _MOST_MOVED * np.clip(asked.pull, 0.0, 1.0) * (_FAR + (1 - _FAR) * np.clip(asked.near, 0.0, 1.0))
    odds = chance / (1 - chance) * np.exp(moved)
    return np.asarray(odds / (1 + odds) - chance, dtype=np.float64)


def without(asked: Asked) -> Floats:
    """Return the chance of a visit within a week without a voucher; where nothing is foretold, what tastes suggest."""
    taste = np.where(np.isnan(asked.taste), 0.0, np.clip(asked.taste, 0.0, 1.0))
    guessed = _UNKNOWN * (1 + _TASTE * taste)
    return np.clip(np.where(np.isnan(asked.week_chance), guessed, asked.week_chance), _UNKNOWN / 10, _SURE)
