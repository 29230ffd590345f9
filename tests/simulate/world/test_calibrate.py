"""Rhythms are measured as defined, on visits whose answer is known by hand."""

import numpy as np
import pytest

from ringmain.simulate.world.calibrate import Walked, distances, of_town, rhythms
from ringmain.simulate.world.parameters import Parameters

DAY = 86_400


def _daily(gap: int, shops: int, hour: int = 9) -> Walked:
    """Return two people who go out every `gap` days, to `shops` in turn, a kilometre apart each."""
    day = np.arange(0, 140, gap)
    shop = np.arange(len(day)) % shops
    second = day * DAY + hour * 3_600
    place = np.column_stack((shop, np.zeros(len(shop))))
    return Walked(
        np.repeat([0, 1], len(day)), np.tile(shop, 2), np.tile(second, 2), np.tile(place, (2, 1)).astype(np.float64)
    )


def test_visits_with_a_known_rhythm_are_measured() -> None:
    """Gaps, hours, ways and returns are what they were made to be."""
    found = rhythms(_daily(7, 2), 0)

    assert set(found.gap_days.tolist()) == {7.0}
    assert found.visits_a_month.tolist() == pytest.approx([4.0, 4.0])
    assert found.hours[9] == found.weekdays[0] == 1.0
    assert set(found.km.tolist()) == {1.0}
    assert (found.returns, found.shared) == (1.0, 1.0)


def test_who_always_goes_elsewhere_never_returns() -> None:
    """Every visit is a discovery."""
    assert rhythms(_daily(7, 20), 0).returns == 0.0


def test_distances_are_none_between_equals_and_one_between_strangers() -> None:
    """Kolmogorov-Smirnov and total variation reach their bounds."""
    one, other = rhythms(_daily(7, 2), 0), rhythms(_daily(14, 2, hour=21), 0)

    assert {row.distance for row in distances(one, one)} == {0.0}
    found = {row.measure: row for row in distances(one, other)}
    assert found["days between visits"].distance == 1.0
    assert (found["days between visits"].ours, found["days between visits"].recorded) == (7.0, 14.0)
    assert found["visits in the busiest hour"].distance == pytest.approx(1.0)
    assert found["visits that are returns"].distance == 0.0


def test_people_with_hardly_a_visit_are_left_out() -> None:
    """As the recordings left them out."""
    walked = _daily(7, 2)
    more = Walked(np.append(walked.person, 2), np.append(walked.shop, 0), np.append(walked.second, 50 * DAY), None)

    assert len(rhythms(more, 0).visits_a_month) == 2


@pytest.mark.parametrize("family", ["choice", "rhythm"])
def test_a_made_up_town_has_the_rhythm_of_people(family: str) -> None:
    """Most visits are returns, a tenth of the people makes a third of them, and they come in the evening."""
    found = of_town(Parameters(people=400, shops=150, family=family))  # type: ignore[arg-type]

    assert 0.7 < found.returns < 0.9
    assert 0.25 < found.top_tenth < 0.45
    assert found.hours[:6].sum() == 0.0
    assert 0.5 < np.median(found.gap_days) < 2.5
