"""What a merchant is told of tribes: rounded counts of ten people and more, over four whole weeks, said once a week.

Two answers must not tell one person. So each count is moved by a number from 0 to 4 before it is rounded down to fives,
and that number is drawn, by a secret key, from the people who are counted (the *cell key* of Fraser and Wooton 2005):
the same people give the same answer however often they are counted, and one person more or less draws it anew. Whoever
knows everybody but one person, then, guesses that person right in three cases of five, where a coin does in two and a
half. A tribe is left out, too, where fewer than ten guests are not in it: that nearly all are would tell of each.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from ringmain.segment.tribes import FEWEST

WINDOW_DAYS: Final = 28
_FIVES: Final = 5
_MOST_MOVED: Final = _FIVES - 1


@dataclass(frozen=True, slots=True)
class Reach:
    """How many guests of a merchant are of a tribe: rounded to fives, as is the share of its guests in per cent."""

    merchant: str
    tribe: int
    people: int
    per_cent: int


@dataclass(frozen=True, slots=True)
class Week:
    """Four whole weeks that end before a Monday, by a network's clock."""

    monday: date
    since: datetime
    until: datetime


def week_of(at: datetime, zone: ZoneInfo) -> Week:
    """Return the last whole weeks at a moment."""
    today = at.astimezone(zone).date()
    monday = today - timedelta(days=today.weekday())
    ends = [datetime(day.year, day.month, day.day, tzinfo=zone) for day in (monday - timedelta(days=28), monday)]
    since, until = (end.astimezone(UTC) for end in ends)
    return Week(monday, since, until)


def reached(guests: Mapping[str, Collection[str]], tribe_of: Mapping[str, int], key: bytes) -> list[Reach]:
    """Return what may be told of each merchant's guests (subjects by merchant), in order.

    `tribe_of` has everybody who may be counted, with the number of their tribe, or a negative one for none.
    """
    found = []
    for merchant, came in sorted(guests.items()):
        counted = [one for one in came if one in tribe_of]
        every = rounded(counted, key)
        members: dict[int, list[str]] = {}
        for one in counted:
            members.setdefault(tribe_of[one], []).append(one)
        for tribe, people in sorted(members.items()):
            told = rounded(people, key)
            if tribe < 0 or told is None or every is None or len(counted) - len(people) < FEWEST:
                continue
            share = 100 * told / max(every, told)
            found.append(Reach(merchant, tribe, told, _FIVES * round(share / _FIVES)))
    return found


def rounded(people: Collection[str], key: bytes) -> int | None:
    """Return how many people these are, in fives; None for fewer than ten, and for some of up to thirteen."""
    return in_fives(len(people), _moved(people, key))


def in_fives(people: int, moved: int) -> int | None:
    """Return a count in fives, after `moved` (0 to 4) was added; None where it is not ten for sure."""
    counted = people + moved
    return None if counted < FEWEST + _MOST_MOVED else counted // _FIVES * _FIVES


def _moved(people: Iterable[str], key: bytes) -> int:
    digests = (hashlib.blake2b(one.encode(), digest_size=8, key=key).digest() for one in people)
    return sum(int.from_bytes(digest, "big") for digest in digests) % 2**64 % _FIVES
