"""The simple rule by which a visit earns another shop's voucher."""

import pytest

from ringmain.simulate.choice import ABSENT_US, MostFollowed

DAY_US = 86_400 * 1_000_000
A, B, C, D = range(4)

# (walks of others as (household, stores), own walk as (store, day), day of the choice, chosen store)
CASES = {
    "others went most often to B": ([(1, [A, B]), (2, [A, B]), (3, [A, C])], [(A, 0)], 0, B),
    "of two alike the lower row": ([(1, [A, C]), (2, [A, B])], [(A, 0)], 0, B),
    "where the member has been is not new": ([(1, [A, B]), (2, [A, B]), (3, [A, C])], [(B, 0), (A, 1)], 1, C),
    "absent for 30 days counts where nothing is new": ([(1, [A, B])], [(B, 0), (A, 30)], 30, B),
    "absent for less does not": ([(1, [A, B])], [(B, 0), (A, 29)], 29, -1),
    "the member's own walks do not count": ([], [(A, 0), (B, 1), (A, 40)], 40, -1),
    "nobody ever left A": ([(1, [B, C])], [(A, 0)], 0, -1),
    "staying in a shop is no walk": ([(1, [A, A, A]), (2, [A, D])], [(A, 0)], 0, D),
}


@pytest.mark.parametrize(("others", "own", "day", "chosen"), CASES.values(), ids=CASES.keys())
def test_the_rule(others: list[tuple[int, list[int]]], own: list[tuple[int, int]], day: int, chosen: int) -> None:
    """One case of the rule."""
    choice = MostFollowed(households=4, stores=4)
    for household, stores in others:
        for store in stores:
            choice.see(household, store, 0)
    for store, on_day in own:
        choice.see(0, store, on_day * DAY_US)

    assert choice.choose(0, own[-1][0], day * DAY_US) == chosen


def test_thirty_days_are_thirty_days() -> None:
    """The constant that the batches rely on is the rule's."""
    assert ABSENT_US == 30 * DAY_US
