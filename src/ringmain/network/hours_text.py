"""Opening hours as people write them in a list: "Mon-Fri 10:00-22:00; Sat, Sun 9-23", "每天 10:00-22:00"."""

import re
import unicodedata

from ringmain.network.errors import HoursInvalid
from ringmain.network.model import DAY_MINUTES, Hours

_DAYS = 7
_HOUR = 60
_CHINESE_DAYS = "一二三四五六日"
_TOKEN = re.compile(
    r"""
    (?P<all_day> 24\s*h(?:ours?)?\b | 24/7 | 24小时 | 全天 )
    | (?P<span> (?P<from> \d{1,2} (?: [:.] \d{2} )? ) \s*-\s* (?P<until> \d{1,2} (?: [:.] \d{2} )? ) (?![\d:.]) )
    | (?P<closed> closed | off\b | 休息 | 不营业 )
    | (?P<daily> daily | every\s*day | 每天 | 每日 )
    | (?P<day> (?: mon|tue|wed|thu|fri|sat|sun ) [a-z]* \.? | (?: 周|星期|礼拜 ) [一二三四五六日天] )
    | (?P<range> - )
    | (?P<between> [\s,;/、:]+ | and\b | 和 )
    """,
    re.VERBOSE,
)


def hours_of(text: str) -> Hours | None:
    """Return the hours that a text tells, None for an empty one; days that it does not name are closed.

    A time that closes before it opens closes on the next day. Raises `HoursInvalid` where something is not understood.
    """
    text = unicodedata.normalize("NFKC", text).strip().lower()
    if not text:
        return None
    for dash in "–—~至到":
        text = text.replace(dash, "-")
    reader = _Reader()
    place = 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise HoursInvalid(reason="Write hours such as Mon-Fri 10:00-22:00; Sat 9:00-18:00.")
        reader.take(match)
        place = match.end()
    return reader.hours()


class _Reader:
    """Collects days until times follow, and gives those times to each of the days."""

    def __init__(self) -> None:
        self._spans: dict[int, list[tuple[int, int]]] = {}
        self._days: list[int] = []
        self._open_range = False
        self._timed = False

    def take(self, token: re.Match[str]) -> None:
        """Take the next word."""
        kind = token.lastgroup if token.lastgroup not in ("from", "until") else "span"
        if kind == "day":
            self._day(_day_of(token["day"]))
        elif kind == "daily":
            self._fresh()
            self._days = list(range(_DAYS))
        elif kind == "range":
            if not self._days or self._timed:
                raise HoursInvalid(reason="A dash stands between two days or two times.")
            self._open_range = True
        elif kind == "closed":
            self._give(None)
        elif kind == "all_day":
            self._give((0, DAY_MINUTES))
        elif kind == "span":
            self._give(_span_of(token["from"], token["until"]))

    def hours(self) -> Hours:
        """Return the week."""
        if not self._timed or self._open_range:
            raise HoursInvalid(reason="Name the times after the days.")
        return tuple(tuple(sorted(self._spans.get(day, []))) for day in range(_DAYS))

    def _fresh(self) -> None:
        """Begin a new group of days where the one before has its times."""
        if self._timed:
            self._days, self._timed = [], False

    def _day(self, day: int) -> None:
        self._fresh()
        if self._open_range:
            first = self._days[-1]
            self._days += [(first + step) % _DAYS for step in range(1, (day - first) % _DAYS + 1)]
            self._open_range = False
        else:
            self._days.append(day)

    def _give(self, span: tuple[int, int] | None) -> None:
        if self._open_range:
            raise HoursInvalid(reason="A dash stands between two days or two times.")
        for day in self._days or range(_DAYS):
            spans = self._spans.setdefault(day, [])
            if span is not None:
                spans.append(span)
        self._timed = True


def _day_of(word: str) -> int:
    if word[0].isascii():
        return ("mon", "tue", "wed", "thu", "fri", "sat", "sun").index(word[:3])
    return _CHINESE_DAYS.index(word[-1].replace("天", "日"))


def _span_of(opens: str, closes: str) -> tuple[int, int]:
    start, end = _minute(opens), _minute(closes)
    return start % DAY_MINUTES, end if end > start else end + DAY_MINUTES


def _minute(text: str) -> int:
    hour, _, minute = text.replace(".", ":").partition(":")
    minutes = int(hour) * _HOUR + int(minute or 0)
    if minutes > DAY_MINUTES or int(minute or 0) >= _HOUR:
        raise HoursInvalid(reason="Times lie between 0:00 and 24:00.")
    return minutes
