"""Tests of dealing people and turns: even, stable, and independent from campaign to campaign."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np

from ringmain.campaign.plan.assignment import area_of, has_turn, is_compared, place_of, turn_at

FIRST, SECOND = bytes(range(16)), bytes(range(1, 17))
PEOPLE = [UUID(int=number) for number in range(20_000)]


def test_a_tenth_of_people_is_compared_with() -> None:
    """Of 20,000 people 10 % and 5 % are compared with, within chance, and the smaller group is part of the larger."""
    tenth = {one for one in PEOPLE if is_compared(FIRST, one, 1_000)}
    twentieth = {one for one in PEOPLE if is_compared(FIRST, one, 500)}
    assert abs(len(tenth) - 2_000) < 170
    assert abs(len(twentieth) - 1_000) < 125
    assert twentieth < tenth


def test_places_are_even_and_stable() -> None:
    """Places fill [0, 1) evenly (Kolmogorov's distance), and are the same for ever: one is known."""
    places = np.sort([place_of(FIRST, one) for one in PEOPLE])
    assert np.abs(places - (np.arange(len(PEOPLE)) + 0.5) / len(PEOPLE)).max() < 1.63 / np.sqrt(len(PEOPLE))
    assert round(place_of(FIRST, UUID(int=7)), 9) == 0.966550162


def test_campaigns_are_independent() -> None:
    """Who is compared with in one campaign is no more and no less often compared with in another one."""
    first = np.array([is_compared(FIRST, one, 1_000) for one in PEOPLE])
    second = np.array([is_compared(SECOND, one, 1_000) for one in PEOPLE])
    assert abs(int((first & second).sum()) - 200) < 60


def test_turns_are_balanced_in_pairs() -> None:
    """In each pair of turns an area has the campaign once; which comes first is a coin of the pair and of the area."""
    first = [has_turn(FIRST, "1560:6075", turn) for turn in range(2_000)]
    assert all(one != other for one, other in zip(first[::2], first[1::2], strict=True))
    assert abs(sum(first[::2]) - 500) < 80
    elsewhere = [has_turn(FIRST, "1561:6075", turn) for turn in range(2_000)]
    assert 300 < sum(one == other for one, other in zip(first[::2], elsewhere[::2], strict=True)) < 700


def test_turns_and_areas_have_borders() -> None:
    """Turns of six hours begin at midnight UTC and every six hours; places 5 km apart are in different areas."""
    start = datetime(2026, 3, 2, tzinfo=UTC)
    assert turn_at(start + timedelta(hours=5, minutes=59), 6) == turn_at(start, 6)
    assert turn_at(start + timedelta(hours=6), 6) == turn_at(start, 6) + 1
    assert area_of(31.2, 121.5) == area_of(31.201, 121.5)
    assert area_of(31.2, 121.5) != area_of(31.25, 121.5)
