"""At the same spend the oracle has the most, and no rule spends a coin more than another."""

from itertools import product

import numpy as np
import pytest

from ringmain.campaign.api import Budgets, Candidates, Problem, allocate
from ringmain.simulate.world.allocate import Offers, by_price, by_rank


def _offers(people: int, each: int, seed: int = 1) -> Offers:
    random = np.random.default_rng(seed)
    return Offers(people, random.normal(0.05, 0.1, people * each), random.uniform(1.0, 9.0, people * each))


def test_with_the_truth_nothing_is_better() -> None:
    """All ways to give three people one of two offers or none: none within the budget brings more than the bound."""
    for seed in range(20):
        offers = _offers(3, 2, seed)
        found = by_price(offers, offers.effect, offers.cost, budget=8.0)
        best = 0.0
        for chosen in product((None, 0, 1), repeat=3):
            rows = [2 * who + one for who, one in enumerate(chosen) if one is not None]
            if offers.cost[rows].sum() <= 8.0:
                best = max(best, float(offers.effect[rows].sum()))
        # The last voucher counts in part, so that the budget is spent to the end.
        assert found.effect >= best - 1e-9
        assert found.spent <= 8.0 + 1e-9


def test_every_rule_spends_the_budget() -> None:
    """Whatever it believes of costs."""
    offers = _offers(500, 4)
    random = np.random.default_rng(2)
    believed = offers.cost * random.uniform(0.3, 3.0, len(offers.cost))

    found = [
        by_price(offers, offers.effect, offers.cost, 300.0),
        by_price(offers, random.random(2_000), believed, 300.0),
        by_rank(offers, random.random(2_000), 300.0),
    ]

    assert [one.spent for one in found] == pytest.approx([300.0] * 3)
    assert found[0].effect > 2 * max(found[1].effect, found[2].effect)


def test_what_harms_is_not_given_by_who_knows() -> None:
    """Where every effect is negative the oracle gives nothing, and a rank gives all the same."""
    offers = Offers(3, np.array([-0.1, -0.2, -0.3]), np.ones(3))

    assert by_price(offers, offers.effect, offers.cost, 2.0).vouchers == 0.0
    assert by_rank(offers, np.array([3.0, 2.0, 1.0]), 2.0).effect == pytest.approx(-0.3)


def test_the_highest_rank_goes_first_and_the_last_voucher_counts_in_part() -> None:
    """Two and a half vouchers for two and a half coins; each person's best offer only."""
    offers = Offers(3, np.array([0.1, 9.0, 0.2, 9.0, 0.4, 9.0]), np.ones(6))

    found = by_rank(offers, np.array([3.0, 0.0, 1.0, 0.0, 2.0, 0.0]), 2.5)

    assert (found.effect, found.spent, found.vouchers) == pytest.approx((0.6, 2.5, 2.5))


def test_a_budget_for_everybody_is_not_spent_on_nothing() -> None:
    """Who is worth nothing gets nothing, however much money is left."""
    offers = Offers(2, np.array([0.5, -0.5]), np.ones(2))

    assert by_price(offers, offers.effect, offers.cost, 99.0).spent == 1.0


def test_the_price_of_money_is_what_campaigns_find() -> None:
    """With one budget the allocation that serves networks reaches the same, up to its last voucher, for no more."""
    random = np.random.default_rng(3)
    offers = Offers(400, random.normal(0.05, 0.1, 2_000), random.integers(100, 900, 2_000).astype(np.float64))
    candidates = Candidates(
        first=np.arange(401, dtype=np.int64) * 5,
        offer=np.arange(2_000, dtype=np.int64),
        value=offers.effect,
        cost=offers.cost.astype(np.int64),
        most=np.ones(400, dtype=np.int64),
    )
    budgets = Budgets(np.arange(2_000), np.zeros(2_000, dtype=np.int64), np.array([20_000]), 2_000)

    served = allocate(Problem.of(candidates, budgets))

    found = by_price(offers, offers.effect, offers.cost, 20_000.0)
    assert offers.cost[served.edge].sum() <= 20_000
    assert 0.99 * found.effect <= served.value <= found.effect + 1e-9
