"""Whether a shop is open, until when, and when it opens again, by its own clock."""

from dataclasses import dataclass
from functools import lru_cache

from ringmain.match.model.data import Hours

_DAY_MINUTES = 1_440
_DAYS = 7


@dataclass(frozen=True, slots=True)
class Opening:
    """Minutes are of the local day. `until` None: it does not close within a week, or nobody said when.

    `opens` and `opens_days` (0 today, 1 tomorrow ...) are those of the next opening, None where there is none.
    """

    is_open: bool
    until: int | None = None
    opens: int | None = None
    opens_days: int | None = None


# Many shops have the same hours, and are looked at within the same minute.
@lru_cache(maxsize=4_096)
def opening(hours: Hours | None, weekday: int, minute: int) -> Opening:
    """Return how a shop stands at a minute of a local day (0 Monday); a shop without stated hours counts as open."""
    if hours is None:
        return Opening(is_open=True)
    week = _DAYS * _DAY_MINUTES
    now = weekday * _DAY_MINUTES + minute
    spans = sorted(
        (day * _DAY_MINUTES + opens, day * _DAY_MINUTES + closes)
        for day, parts in enumerate(hours)
        for opens, closes in parts
    )
    # The week before and after: a span may reach over midnight of Sunday.
    around = [(begin + shift, end + shift) for shift in (-week, 0, week) for begin, end in spans]
    end = next((end for begin, end in around if begin <= now < end), None)
    if end is None:
        begin = next((begin for begin, _ in around if begin > now), None)
        if begin is None:
            return Opening(is_open=False)
        days = begin // _DAY_MINUTES - weekday
        return Opening(is_open=False, opens=begin % _DAY_MINUTES, opens_days=days)
    for begin, later in around:
        if begin <= end < later:
            end = later
    return Opening(is_open=True, until=None if end - now >= week else end % _DAY_MINUTES)


def clock_text(minute: int) -> str:
    """Return a minute of the day as a clock shows it: "22:00"."""
    return f"{minute // 60:02}:{minute % 60:02}"
