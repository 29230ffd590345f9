"""Campaigns whose true effect is known: what the reading of lift says of a thousand of them, looked at every day.

People come to a campaign day by day, are dealt to two groups, and are followed for two weeks each. They differ in how
often they come (so that before tells of after), most do not come in two weeks, and what they
spend has a heavy tail.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace

import msgspec
import numpy as np
from numpy.typing import NDArray

from ringmain.loop.api import Dealt, compare, fixed_interval, sequence_interval

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_BEFORE_DAYS, _WINDOW_DAYS, _ENTRY_DAYS = 28, 14, 42


@dataclass(frozen=True, slots=True)
class Design:
    """One kind of campaign: how many people, how often they come in a day, what it does to that, what is measured."""

    name: str
    people: int
    share: float
    rate: float
    effect: float
    tail: float | None = None  # the sigma of the logarithm of what one visit costs; None: visits are counted


DESIGNS: tuple[Design, ...] = (
    Design("visits +20 %", 2_000, 0.10, 0.09, 0.20),
    Design("visits +20 %, 5 % compared", 3_000, 0.05, 0.09, 0.20),
    Design("visits, no effect", 2_000, 0.10, 0.09, 0.0),
    Design("visits -15 %", 2_500, 0.10, 0.09, -0.15),
    Design("visits, no effect, 5 % compared", 3_000, 0.05, 0.09, 0.0),
    Design("rare visits +40 %", 3_000, 0.10, 0.015, 0.40),
    Design("spend +20 %", 3_000, 0.10, 0.09, 0.20, 0.8),
    Design("spend, no effect", 3_000, 0.10, 0.09, 0.0, 0.8),
    Design("spend -15 %, heavy tail", 4_000, 0.10, 0.09, -0.15, 1.1),
    Design("spend +20 %, heavy tail, 5 % compared", 6_000, 0.05, 0.09, 0.20, 1.0),
)


@dataclass(frozen=True, slots=True)
class Simulated:
    """A campaign as it went: people in the order of their days, and the true mean effect on one of them."""

    dealt: Dealt
    day: NDArray[np.int64]
    truth: float


@dataclass(frozen=True, slots=True)
class Cover:
    """Of so many campaigns, those that were read, and in how many the interval held the truth."""

    name: str
    campaigns: int
    read: int
    fixed_holds: int
    sequence_always_holds: int


@dataclass(frozen=True, slots=True)
class Lifts:
    """What came of it: cover by kind and in all, and the alarms of campaigns without effect, looked at every day."""

    seed: int
    designs: tuple[Cover, ...]
    total: Cover
    aa_campaigns: int
    aa_alarms_sequence: int
    aa_alarms_naive: int

    @property
    def figures(self) -> dict[str, float]:
        """Shares between 0 and 1."""
        return {
            "fixed_cover": self.total.fixed_holds / max(self.total.read, 1),
            "sequence_cover_of_all_looks": self.total.sequence_always_holds / max(self.total.campaigns, 1),
            "aa_false_alarms": self.aa_alarms_sequence / max(self.aa_campaigns, 1),
            "aa_false_alarms_of_naive_peeking": self.aa_alarms_naive / max(self.aa_campaigns, 1),
            "read": self.total.read / max(self.total.campaigns, 1),
        }

    def as_json(self) -> bytes:
        """Return everything as JSON."""
        return msgspec.json.format(msgspec.json.encode(asdict(self) | {"figures": self.figures}), indent=2)


def campaign(design: Design, random: np.random.Generator) -> Simulated:
    """Let one campaign happen."""
    rate = random.gamma(1.5, design.rate / 1.5, design.people)
    treated = random.random(design.people) >= design.share
    # The effect differs from person to person, too.
    moved = 1 + design.effect * random.gamma(2.0, 0.5, design.people) * treated
    before = random.poisson(rate * _BEFORE_DAYS)
    after = random.poisson(rate * _WINDOW_DAYS * np.maximum(moved, 0.0))
    truth = design.effect * design.rate * _WINDOW_DAYS
    day = np.sort(random.integers(_ENTRY_DAYS, size=design.people))
    if design.tail is None:
        return Simulated(Dealt(treated, after.astype(np.float64), before.astype(np.float64)), day, truth)
    # A visit costs 3,500 minor units in the mean.
    mean = 3_500.0
    paid = [_paid(visits, mean, design.tail, random) for visits in (after, before)]
    return Simulated(Dealt(treated, paid[0], paid[1]), day, truth * mean)


def _paid(visits: NDArray[np.int64], mean: float, tail: float, random: np.random.Generator) -> Floats:
    each = random.lognormal(np.log(mean) - tail**2 / 2, tail, int(visits.sum()))
    person = np.repeat(np.arange(len(visits)), visits)
    return np.bincount(person, weights=each, minlength=len(visits)).astype(np.float64)


def looks(simulated: Simulated) -> Iterator[Dealt]:
    """Return what is known at the end of each day: the people whose two weeks are over."""
    for upto in np.searchsorted(simulated.day, np.arange(_ENTRY_DAYS), side="right"):
        yield simulated.dealt.of(np.arange(upto))


def judge(campaigns: int, seed: int, progress: Callable[[int], None] = lambda _: None) -> Lifts:
    """Let so many campaigns happen, each kind in turn, and each a second time without effect; look every day."""
    random = np.random.default_rng(seed)
    counts = {design.name: [0, 0, 0, 0] for design in DESIGNS}
    alarms = [0, 0]
    for number in range(campaigns):
        design = DESIGNS[number % len(DESIGNS)]
        one = campaign(design, random)
        counted = counts[design.name]
        counted[0] += 1
        always = True
        compared = None
        for look in looks(one):
            compared = compare(look)
            if compared is not None and compared.enough:
                always = always and sequence_interval(compared).holds(one.truth)
        if compared is not None and compared.enough:
            counted[1] += 1
            counted[2] += fixed_interval(compared).holds(one.truth)
        counted[3] += always
        of_sequence, of_naive = _alarms(campaign(replace(design, effect=0.0), random))
        alarms[0] += of_sequence
        alarms[1] += of_naive
        progress(number + 1)
    designs = tuple(Cover(name, *counted) for name, counted in counts.items())
    sums = [sum(values) for values in zip(*counts.values(), strict=True)]
    return Lifts(seed, designs, Cover("all", *sums), campaigns, *alarms)


def _alarms(without: Simulated) -> tuple[bool, bool]:
    """Say whether anybody who looks every day is alarmed: by the sequence, and by the fixed interval (wrongly used)."""
    of_sequence = of_naive = False
    for look in looks(without):
        compared = compare(look)
        if compared is not None and compared.enough:
            of_sequence = of_sequence or sequence_interval(compared).shows_effect
            of_naive = of_naive or fixed_interval(compared).shows_effect
    return of_sequence, of_naive
