"""A voucher is divided exactly, by chance alike for every part, and again from its seed."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ringmain.campaign.packets.model import divide, usual_least


@given(
    seed=st.binary(min_size=16, max_size=16),
    parts=st.integers(2, 10),
    least=st.integers(1, 10_000),
    spare=st.integers(0, 10**12),
    fee=st.integers(0, 1_000),
)
def test_parts_are_exactly_what_is_divided(seed: bytes, parts: int, least: int, spare: int, fee: int) -> None:
    """However large, and in however many parts: sums of value and fee are exact, none is below the least."""
    whole = least * parts + spare
    drawn = divide(seed, whole, fee, parts, least)

    assert [one.number for one in drawn] == list(range(1, parts + 1))
    assert sum(one.amount_minor for one in drawn) == whole
    assert sum(one.fee_minor for one in drawn) == fee
    assert min(one.amount_minor for one in drawn) >= least
    assert max(one.fee_minor for one in drawn) - min(one.fee_minor for one in drawn) <= 1
    assert drawn == divide(seed, whole, fee, parts, least)
    assert usual_least(whole, parts) * parts <= max(whole, parts)


def test_who_comes_first_and_last_is_equally_lucky() -> None:
    """Over 2,000 seeds each of four parts is on average a fourth of what is divided, within four standard errors."""
    seeds = np.random.default_rng(5)
    amounts = np.array([[one.amount_minor for one in divide(seeds.bytes(16), 2_000, 0, 4, 100)] for _ in range(2_000)])
    error = amounts.std(axis=0) / np.sqrt(len(amounts))
    assert np.all(np.abs(amounts.mean(axis=0) - 500) <= 4 * error)
    assert amounts.std(axis=0).min() > 200
