"""What a campaign may bring: the interval holds what then happens in simulated networks, thinly and well known."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import NDArray

from ringmain.loop.model import lift
from ringmain.loop.model.forecast import Seen, Usual, expect, foretell
from ringmain.loop.model.lift import Dealt
from ringmain.loop.model.preview import PastOffer

Floats = NDArray[np.float64]
NETWORKS = 120


@dataclass(slots=True)
class Network:
    """People who come with chances of their own, and vouchers that move odds by a factor of each campaign."""

    random: np.random.Generator
    comes: float = field(init=False)
    moves: float = field(init=False)
    usual_spent: float = field(init=False)

    def __post_init__(self) -> None:
        """Draw what is usual here."""
        self.usual_spent, self.moves = self.random.normal(-1.9, 0.6), self.random.normal(0.9, 0.3)
        self.comes = self.random.beta(1, 8)

    def chances(self, people: int) -> Floats:
        """Return the chance of each of some people to come without a voucher."""
        return self.random.beta(4 * self.comes, 4 * (1 - self.comes), people).clip(1e-4, 0.99)

    def happen(self, people: int) -> tuple[Dealt, int, float]:
        """Let people be dealt; return them, the vouchers that were spent, and the visits brought in truth."""
        chance, random = self.chances(people), self.random
        with_it, treated = moved(chance, random.normal(self.moves, 0.25)), random.random(people) >= 0.1
        uses = 1 / (1 + np.exp(-random.normal(self.usual_spent, 0.3)))
        # Of people with vouchers a part takes them along; who does comes as the voucher moves them.
        takes = treated & (random.random(people) < uses / with_it.mean())
        came = random.random(people) < np.where(takes, with_it, chance)
        before = random.poisson(chance).astype(np.float64)
        truth = float((with_it - chance)[takes].sum())
        return Dealt(treated, came.astype(np.float64), before), int((came & takes).sum()), truth


def moved(chance: Floats, by: float) -> Floats:
    """Return chances whose odds were moved."""
    odds = chance / (1 - chance) * np.exp(by)
    return np.asarray(odds / (1 + odds))


def held(offers: int, campaigns: int, seed: int) -> tuple[float, float, float, float]:
    """Return in which shares of networks visits, more visits, and a naive promise held, and the mean width of more.

    What came before is read as the product reads it: from comparison groups.
    """
    random = np.random.default_rng(seed)
    kept, widths = np.zeros(3), 0.0
    for _ in range(NETWORKS):
        here = Network(random)
        past = [PastOffer(True, "me", 270, min(here.happen(300)[1], 270)) for _ in range(offers)]
        shares = []
        for _ in range(campaigns):
            dealt, spent, _ = here.happen(3_000)
            found = lift.compare(dealt)
            assert found is not None
            if spent >= 30:
                shares.append(Seen(found.effect * found.treated / spent, found.error * found.treated / spent))
        now, spent, truth = here.happen(2_000)
        without = here.chances(500)
        with_it = moved(without, 0.8)
        one = expect(int(now.treated.sum()), past, shares, float((with_it - without).sum() / with_it.sum()))
        right = (
            one.visits.low <= spent <= one.visits.high,
            one.more.low <= truth <= one.more.high,
            abs(truth - spent) <= 0.1 * spent,
        )
        kept += right
        widths += (one.more.high - one.more.low) / NETWORKS
    visits, more, naive = (kept / NETWORKS).tolist()
    return visits, more, naive, widths


def test_the_interval_holds_what_then_happens() -> None:
    """In 93 of 100 networks and more, whatever is known; what is known well is foretold more narrowly."""
    thin, some, much = (held(offers, campaigns, 5) for offers, campaigns in ((0, 0), (2, 1), (20, 10)))
    for visits, more, _, _ in (thin, some, much):
        assert visits >= 0.93
        assert more >= 0.93
    assert thin[3] > some[3] > much[3]
    # Control: who takes every voucher that is spent for a visit brought is wrong nearly always.
    assert max(thin[2], some[2], much[2]) < 0.1


def test_little_is_drawn_to_what_is_usual_and_much_is_not() -> None:
    """Nothing seen is the usual value; one noisy campaign moves it little, fifty clear ones nearly all the way."""
    usual = Usual(0.5, 0.3, 0.2)
    assert foretell([], usual).mean == 0.5
    assert 0.5 < foretell([Seen(1.0, 0.6)], usual).mean < 0.6
    assert foretell([Seen(1.0, 0.05)] * 50, usual).mean == pytest.approx(0.99, abs=0.01)
    assert foretell([Seen(1.0, 0.05)] * 50, usual).error < foretell([], usual).error


def test_campaigns_that_differ_are_foretold_more_widely() -> None:
    """Control: the same mean from campaigns that differ leaves more open than from those that agree."""
    usual = Usual(0.5, 0.3, 0.2)
    alike = foretell([Seen(0.4, 0.05)] * 10, usual)
    apart = foretell([Seen(value, 0.05) for value in (0.0, 0.8)] * 5, usual)
    assert apart.high - apart.low > 2 * (alike.high - alike.low)


def test_nobody_reached_brings_nothing() -> None:
    """No voucher, no visit, and no more than there are vouchers."""
    none = expect(0, [], [], 0.5)
    assert (none.visits.expected, none.visits.high, none.more.low, none.more.high) == (0, 0, 0, 0)
    assert expect(3, [], [], 0.5).visits.high <= 3
