"""The rule that finds the basket of a coupon redemption, one line per case."""

import pytest

from ringmain.simulate.journey import Decided, Evidence
from ringmain.simulate.matching import Candidate, choose, evidence_of

CASES = {
    "no basket that day": ([], None, Decided.NO_BASKET),
    "one basket, whatever it shows": ([Candidate(4, 0, 0, 0)], 4, Decided.ONLY_BASKET),
    "more discounted products beat more products": (
        [Candidate(1, 1, 1, 50), Candidate(2, 0, 9, 900)],
        1,
        Decided.DISCOUNTED_PRODUCTS,
    ),
    "two discounted products beat one": (
        [Candidate(1, 1, 3, 90), Candidate(2, 2, 2, 10)],
        2,
        Decided.DISCOUNTED_PRODUCTS,
    ),
    "product and coupon beat more products without a coupon": (
        [Candidate(1, 0, 5, 0), Candidate(2, 0, 1, 10)],
        2,
        Decided.PRODUCT_AND_COUPON,
    ),
    "product without coupon beats coupon without product": (
        [Candidate(1, 0, 0, 500), Candidate(2, 0, 1, 0)],
        2,
        Decided.PRODUCTS,
    ),
    "more products among baskets with a coupon": (
        [Candidate(1, 0, 1, 90), Candidate(2, 0, 2, 10)],
        2,
        Decided.PRODUCTS,
    ),
    "larger coupon discount": ([Candidate(1, 0, 1, 10), Candidate(2, 0, 1, 20)], 2, Decided.COUPON_AMOUNT),
    "coupon discount without any product": ([Candidate(1, 0, 0, 10), Candidate(2, 0, 0, 20)], 2, Decided.COUPON_AMOUNT),
    "earliest of equals": ([Candidate(7, 1, 1, 10), Candidate(3, 1, 1, 10)], 3, Decided.EARLIEST),
    "earliest of those left, not of all": (
        [Candidate(1, 0, 0, 0), Candidate(5, 1, 1, 10), Candidate(4, 1, 1, 10)],
        4,
        Decided.EARLIEST,
    ),
}


@pytest.mark.parametrize(("candidates", "basket", "step"), CASES.values(), ids=CASES)
def test_each_step_decides_where_it_is_the_first_to_differ(
    candidates: list[Candidate], basket: int | None, step: Decided
) -> None:
    """The basket and the deciding step are those of the published rule, in whatever order the baskets come."""
    for given in (candidates, candidates[::-1]):
        chosen, decided = choose(given)
        assert (chosen.basket if chosen else None, decided) == (basket, step)


@pytest.mark.parametrize(
    ("candidate", "evidence"),
    [
        (None, Evidence.NO_BASKET),
        (Candidate(0, 0, 0, 0), Evidence.SAME_DAY),
        (Candidate(0, 0, 0, 10), Evidence.COUPON_WITHOUT_PRODUCT),
        (Candidate(0, 0, 1, 0), Evidence.PRODUCT_WITHOUT_COUPON),
        (Candidate(0, 0, 1, 10), Evidence.PRODUCT_AND_COUPON),
        (Candidate(0, 1, 1, 10), Evidence.DISCOUNTED_PRODUCT),
    ],
)
def test_evidence_names_the_strongest_sign(candidate: Candidate | None, evidence: Evidence) -> None:
    """The evidence is the strongest thing the chosen basket shows of the coupon."""
    assert evidence_of(candidate) == evidence
