"""Tests of one decision: known probabilities, nothing twice, and some chance for all."""

from uuid import UUID

import numpy as np
import pytest

from ringmain.campaign.api import pick, worth


def test_probabilities_are_those_of_what_is_drawn() -> None:
    """Over 4,000 seeds the first place is drawn as often as its propensity says, and they sum to one."""
    left, shop, offer = np.array([0.03, 0.02, 0.01, 0.0]), np.array([0, 0, 1, 2]), np.array([0, 1, 2, 3])
    seen = np.zeros(4)
    propensity: dict[int, float] = {}
    for seed in range(4_000):
        first = pick(left, shop, offer, UUID(int=seed), 1, sharpness=100.0, explore=0.1)[0]
        seen[first.row] += 1
        propensity[first.row] = first.propensity
    assert sum(propensity.values()) == pytest.approx(1)
    # The second row is the lesser offer of the first shop: it never stands for it.
    assert set(propensity) == {0, 2, 3}
    weights = np.exp(np.array([3.0, 1.0, 0.0]))
    expected = 0.9 * weights / weights.sum() + 0.1 / 3
    for row, chance in zip((0, 2, 3), expected, strict=True):
        assert propensity[row] == pytest.approx(chance)
        assert seen[row] / 4_000 == pytest.approx(chance, abs=0.03)


def test_nothing_is_drawn_twice() -> None:
    """Three places are of three shops and three offers; where fewer can be had, fewer are drawn."""
    shop, offer = np.array([0, 0, 1, 1, 2]), np.array([0, 1, 0, 1, 0])
    for seed in range(50):
        rows = [one.row for one in pick(np.zeros(5), shop, offer, UUID(int=seed), 3, sharpness=1.0)]
        # Two offers only: a third shop would have nothing of its own to give.
        assert len(rows) == 2
        assert len(set(shop[rows].tolist())) == len(set(offer[rows].tolist())) == 2
    none = np.empty(0, dtype=np.int64)
    assert pick(none.astype(np.float64), none, none, UUID(int=1), 3, sharpness=1.0) == []


def test_the_same_seed_gives_the_same() -> None:
    """A seed decides everything; prices that are higher make an offer rarer."""
    shop = offer = np.arange(30)
    value, cost = np.full(30, 0.05), np.full(30, 500)
    price = np.where(shop < 10, 1e-4, 0.0)
    left = worth(value, cost, price)
    assert left[0] == pytest.approx(0.0)
    assert left[29] == pytest.approx(0.05)
    one, other = (pick(left, shop, offer, UUID(int=7), 3, sharpness=200.0) for _ in range(2))
    assert one == other
    dear = sum(pick(left, shop, offer, UUID(int=seed), 1, sharpness=200.0)[0].row < 10 for seed in range(300))
    assert dear < 15
