"""Tests of how prizes are drawn: distinct shops and offers, reproducible, with the probabilities as written down."""

from collections import Counter
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from ringmain.campaign.model import Candidate, choose, play_day

SHOPS = [Candidate(UUID(int=n), (UUID(int=100 + n),), n / 4) for n in range(1, 6)]


def test_three_shops_and_three_offers_are_drawn_and_drawn_again() -> None:
    """The same seed gives the same prizes, whatever the order of the candidates; another seed gives others."""
    drawn = choose(SHOPS, UUID(int=7))
    assert drawn == choose(SHOPS[::-1], UUID(int=7))
    assert len({one.shop_id for one in drawn}) == len({one.offer_id for one in drawn}) == 3
    assert len({tuple(choose(SHOPS, UUID(int=seed))) for seed in range(20)}) > 1


def test_fewer_shops_give_fewer_prizes() -> None:
    """Two shops give two prizes, none gives none; one offer that leads everywhere is one prize."""
    assert len(choose(SHOPS[:2], UUID(int=1))) == 2
    assert choose([], UUID(int=1)) == []
    everywhere = [Candidate(UUID(int=n), (UUID(int=100),), 0.0) for n in range(5)]
    assert [one.offer_id for one in choose(everywhere, UUID(int=1))] == [UUID(int=100)]
    mixed = [Candidate(UUID(int=n), (UUID(int=100), UUID(int=200 + n)), 0.0) for n in range(3)]
    assert len({one.offer_id for one in choose(mixed, UUID(int=1))}) == 3


def test_propensities_are_the_frequencies() -> None:
    """The probability written for the first place is the share of seeds that draw that shop first (10,000 seeds)."""
    written: dict[UUID, float] = {}
    first: Counter[UUID] = Counter()
    for seed in range(10_000):
        drawn = choose(SHOPS, UUID(int=seed), count=1)[0]
        written[drawn.shop_id] = drawn.propensity
        first[drawn.shop_id] += 1
    assert sum(written.values()) == pytest.approx(1)
    for shop_id, propensity in written.items():
        # Four standard errors.
        assert first[shop_id] / 10_000 == pytest.approx(propensity, abs=4 * (propensity / 10_000) ** 0.5)


def test_days_are_those_of_the_network() -> None:
    """In Shanghai the day begins at 16:00 UTC."""
    assert play_day(datetime(2026, 3, 1, 15, 59, tzinfo=UTC), "Asia/Shanghai") == date(2026, 3, 1)
    assert play_day(datetime(2026, 3, 1, 16, 0, tzinfo=UTC), "Asia/Shanghai") == date(2026, 3, 2)
