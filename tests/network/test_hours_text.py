"""Tests of opening hours as people write them."""

import pytest

from ringmain.network.errors import HoursInvalid
from ringmain.network.hours_text import hours_of

TEN_TO_TEN = ((600, 1_320),)
CLOSED: tuple[tuple[int, int], ...] = ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10:00-22:00", (TEN_TO_TEN,) * 7),
        ("Daily 10-22", (TEN_TO_TEN,) * 7),
        ("每天 10:00～22:00", (TEN_TO_TEN,) * 7),
        ("周一至周五 10：00-22：00；周六、周日 9:00-23:00", (*(TEN_TO_TEN,) * 5, *(((540, 1_380),),) * 2)),
        ("Mon-Fri 10.00 – 22.00; Sat 9-18", (*(TEN_TO_TEN,) * 5, ((540, 1_080),), CLOSED)),
        ("Tuesday to Sunday", None),
        ("Tue-Sun: 11:30-14:30, 17:30-22:00", (CLOSED, *(((690, 870), (1_050, 1_320)),) * 6)),
        ("Sat and Sun 10:00-22:00", (*(CLOSED,) * 5, *(TEN_TO_TEN,) * 2)),
        ("Fri-Mon 10:00-22:00", (TEN_TO_TEN, *(CLOSED,) * 3, *(TEN_TO_TEN,) * 3)),
        ("18:00-02:00", (((1_080, 1_560),),) * 7),
        ("0:00-24:00", (((0, 1_440),),) * 7),
        ("24/7", (((0, 1_440),),) * 7),
        ("24小时", (((0, 1_440),),) * 7),
        ("Mon-Sat 10:00-22:00; Sun closed", (*(TEN_TO_TEN,) * 6, CLOSED)),
        ("周日休息 周一至周六 10:00-22:00", (*(TEN_TO_TEN,) * 6, CLOSED)),
        ("ask inside", None),
        ("10-25", None),
        ("10:75-12", None),
        ("Mon-", None),
        ("-Mon 10-12", None),
        ("Mon", None),
        ("10:00", None),
    ],
)
def test_a_text_tells_the_hours_of_a_week_or_is_refused(
    text: str, expected: tuple[tuple[tuple[int, int], ...], ...] | None
) -> None:
    """Days and times in English and Chinese; what is not understood is refused rather than guessed."""
    if expected is None:
        with pytest.raises(HoursInvalid):
            hours_of(text)
    else:
        assert hours_of(text) == expected


def test_an_empty_text_says_nothing() -> None:
    """Nobody said when it is open."""
    assert hours_of("  ") is None
