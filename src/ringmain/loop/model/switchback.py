"""What a campaign brought where people influence each other: areas had it by turns, and are compared with themselves.

A schedule of pairs of neighbouring turns was drawn by chance, in each of which an area has the campaign once. The
interval asks which effects could have given what was seen under other schedules that could have been drawn as well.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ringmain.loop.model.lift import ALPHA, Interval

Floats = NDArray[np.float64]

# With fewer pairs no schedule is unlikely enough to leave out any effect: 2 of 2^6 are below 5 %.
FEWEST_PAIRS = 6
_SCHEDULES = 4_000
_STEPS = 60


@dataclass(frozen=True, slots=True)
class Turns:
    """The reading of turns: the mean effect on one area and turn, its interval, and how likely it is without effect."""

    pairs: int
    effect: float
    interval: Interval
    chance: float


def read_turns(during: Floats, without: Floats, seed: int) -> Turns | None:
    """Return the effect by randomisation inference; None with fewer than `FEWEST_PAIRS` pairs.

    `during`, `without`: the outcome of the two turns of each pair (what is left of a turn after its washout). The order
    inside a pair was a fair coin, so without an effect each difference could as well have had the other sign (Fisher's
    test). The interval holds every constant effect that the test does not refuse at 5 % (Bojinov, Simchi-Levi, Zhao:
    Design and Analysis of Switchback Experiments, Management Science 69, 2023, treat the design). All schedules are
    looked at where there are at most 4,000, else as many drawn with `seed`.
    """
    off = during - without
    pairs = len(off)
    if pairs < FEWEST_PAIRS:
        return None
    signs = _schedules(pairs, seed)
    effect = float(off.mean())
    reach = float(np.abs(off - effect).max()) * 2 + abs(effect) + 1e-9
    low, high = (_border(off, signs, effect, effect + side * reach) for side in (-1, 1))
    return Turns(pairs, effect, Interval(low, high), _chance(off, signs))


def _schedules(pairs: int, seed: int) -> Floats:
    if 2**pairs <= _SCHEDULES:
        bits = (np.arange(2**pairs)[:, None] >> np.arange(pairs)) & 1
        return np.asarray(1.0 - 2.0 * bits, dtype=np.float64)
    random = np.random.default_rng(seed)
    drawn = np.asarray(random.integers(2, size=(_SCHEDULES, pairs)) * 2.0 - 1.0, dtype=np.float64)
    # What was really drawn is one of the schedules that could have been.
    drawn[0] = 1.0
    return drawn


def _chance(off: Floats, signs: Floats) -> float:
    """Return the share of schedules that give a mean as far from nought as the one that was drawn."""
    seen = abs(float(off.mean()))
    return float(np.mean(np.abs(signs @ off) / len(off) >= seen * (1 - 1e-12)))


def _border(off: Floats, signs: Floats, inside: float, outside: float) -> float:
    """Return the effect at which the test begins to refuse, between one that it bears and one that it refuses."""
    for _ in range(_STEPS):
        middle = (inside + outside) / 2
        if _chance(off - middle, signs) > ALPHA:
            inside = middle
        else:
            outside = middle
    return outside
