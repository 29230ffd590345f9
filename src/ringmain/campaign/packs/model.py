"""What a pack is, read from its file and checked; what is wrong is told with the line where it stands."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from ringmain.campaign.errors import PackUnreadable

FEWEST, MOST = 3, 5
_MOST_SMS_EN, _MOST_SMS_ZH = 160, 70
_GOALS: Final = ("new", "lapsed", "quiet_hours", "exchange")
_AUDIENCES: Final = ("everyone", "tribe", "segment", "need", "area")
_CHANNELS: Final = ("scene", "search", "message")
_CLOCK = re.compile(r"([01]\d|2[0-4]):([0-5]\d)")
_DAY_MINUTES = 1_440
_HEADER = re.compile(r"\s*(\[\[?)\s*([\w.]+)\s*\]\]?\s*(#.*)?")
_KEY = re.compile(r"\s*([\w-]+)\s*=")


@dataclass(frozen=True, slots=True)
class Words:
    """The same in both languages."""

    en: str
    zh: str

    def of(self, language: str) -> str:
        """Return the words of a language, English where it is none of ours."""
        return self.zh if language.startswith("zh") else self.en


@dataclass(frozen=True, slots=True, kw_only=True)
class PackOffer:
    """The offer of a campaign; `worth` (for a discount its cap) and `minimum` are percent of a usual purchase."""

    kind: str
    worth: int
    valid_days: int
    minimum: int = 0
    percent: int | None = None
    holder_only: bool = False
    per_member: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PackCampaign:
    """A campaign of a pack: its schedule is so many days from its start; money for so many vouchers."""

    key: str
    name: Words
    why: Words
    goal: str
    audience: str
    channels: tuple[str, ...]
    days: int
    vouchers: int
    offer: PackOffer
    weekdays: tuple[int, ...] = ()
    from_minute: int = 0
    until_minute: int = _DAY_MINUTES
    metres: int | None = None
    not_seen_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """A pack; `words` are texts to copy: "poster", "sms" and "till"; `questions` are keys of questions to people."""

    name: str
    title: Words
    about: Words
    questions: tuple[str, ...]
    words: Mapping[str, Words]
    campaigns: tuple[PackCampaign, ...]


def read_pack(name: str, text: str, questions: frozenset[str]) -> Pack:
    """Return the pack of a file; `questions` are those that may be named. Raises `PackUnreadable` with the line."""
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"at line (\d+)", str(error))
        line = int(place[1]) if place else len(text.splitlines())
        raise PackUnreadable(pack=name, line=line, reason=str(error)) from None
    at, why = next(_faults(found, questions), ("", ""))
    if why:
        raise PackUnreadable(pack=name, line=line_of(text, at), field=at, reason=why)
    return Pack(
        name=name,
        title=Words(**found["title"]),
        about=Words(**found["about"]),
        questions=tuple(found["questions"]),
        words={key: Words(**one) for key, one in found["words"].items()},
        campaigns=tuple(_campaign(one) for one in found["campaigns"]),
    )


def line_of(text: str, path: str) -> int:
    """Return the line (from 1) of a field such as "campaigns[1].offer.worth"; of what is missing, its table's.

    Where the table is missing, too, the last line.
    """
    here, line_of_table, counts = "", 0, dict[str, int]()
    table = path.rpartition(".")[0]
    wanted = re.sub(r"\[\d+\]$", "", path)
    for number, line in enumerate(text.splitlines(), 1):
        header = _HEADER.fullmatch(line)
        if header:
            root, dot, rest = header[2].partition(".")
            if header[1] == "[[":
                counts[header[2]] = counts.get(header[2], -1) + 1
            here = f"{root}[{counts[root]}]{dot}{rest}" if root in counts else header[2]
            if here in (path, table):
                line_of_table = number
            continue
        named = _KEY.match(line)
        if named and (f"{here}.{named[1]}" if here else named[1]) in (path, wanted):
            return number
    return line_of_table or len(text.splitlines())


def _campaign(one: dict[str, Any]) -> PackCampaign:
    more: dict[str, Any] = {
        key: value for key, value in one.items() if key not in ("name", "why", "offer", "from", "until")
    }
    lists: dict[str, Any] = {key: tuple(value) for key, value in more.items() if isinstance(value, list)}
    return PackCampaign(
        name=Words(**one["name"]),
        why=Words(**one["why"]),
        offer=PackOffer(**one["offer"]),
        from_minute=_minute(one.get("from", "00:00")),
        until_minute=_minute(one.get("until", "24:00")),
        **(more | lists),
    )


def _minute(clock: str) -> int:
    hour, _, minute = clock.partition(":")
    return int(hour) * 60 + int(minute)


def _faults(found: dict[str, Any], questions: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Give each field that is wrong, and why, the first one first."""
    known = {"title", "about", "questions", "words", "campaigns"}
    yield from ((key, "Unknown field.") for key in found if key not in known)
    for key in ("title", "about"):
        yield from _words(found.get(key), key)
    asked = found.get("questions")
    if not isinstance(asked, list) or not asked or any(one not in questions for one in asked):
        yield "questions", f"A list of these: {', '.join(sorted(questions))}."
    words = found.get("words")
    if not isinstance(words, dict) or set(words) != {"poster", "sms", "till"}:
        yield "words", "Words for poster, sms and till, and no others."
    else:
        for key, one in words.items():
            yield from _words(one, f"words.{key}")
        for language, most in (("en", _MOST_SMS_EN), ("zh", _MOST_SMS_ZH)):
            if len(words["sms"][language]) > most:
                yield f"words.sms.{language}", f"At most {most} letters, so that it is one message."
    campaigns = found.get("campaigns")
    if not isinstance(campaigns, list) or not FEWEST <= len(campaigns) <= MOST or not _all_are(campaigns, dict):
        yield "campaigns", f"{FEWEST} to {MOST} campaigns."
        return
    keys = [one.get("key") for one in campaigns]
    for number, one in enumerate(campaigns):
        if keys.index(one.get("key")) != number:
            yield f"campaigns[{number}].key", "Another campaign has this key."
        yield from _campaign_faults(one, f"campaigns[{number}]")


def _words(found: Any, at: str) -> Iterator[tuple[str, str]]:
    if not isinstance(found, dict):
        yield at, "Words in en and zh."
        return
    yield from ((f"{at}.{key}", "Unknown language.") for key in found if key not in ("en", "zh"))
    for language in ("en", "zh"):
        if not isinstance(found.get(language), str) or not found[language].strip():
            yield f"{at}.{language}", "Words in en and zh."


def _campaign_faults(one: dict[str, Any], at: str) -> Iterator[tuple[str, str]]:
    known = {field.name for field in fields(PackCampaign)} - {"from_minute", "until_minute"} | {"from", "until"}
    yield from ((f"{at}.{key}", "Unknown field.") for key in one if key not in known)
    for key in ("name", "why"):
        yield from _words(one.get(key), f"{at}.{key}")
    name, goal, audience = one.get("key"), one.get("goal"), one.get("audience")
    channels, weekdays = one.get("channels"), one.get("weekdays", [])
    clocks = [one.get("from", "00:00"), one.get("until", "24:00")]
    on_time = all(isinstance(clock, str) and _CLOCK.fullmatch(clock) for clock in clocks)
    for field, wrong, why in (
        ("key", not isinstance(name, str) or not re.fullmatch(r"[a-z][a-z_]{1,39}", name), "Small letters and _."),
        ("goal", goal not in _GOALS, f"One of {', '.join(_GOALS)}."),
        ("audience", audience not in _AUDIENCES, f"One of {', '.join(_AUDIENCES)}."),
        ("channels", not _all_in(channels, _CHANNELS) or not channels, f"Some of {', '.join(_CHANNELS)}."),
        ("weekdays", not _all_in(weekdays, range(1, 8)), "Days from 1, Monday, to 7."),
        ("days", not _between(one.get("days"), 1, 366), "From 1 to 366 days."),
        ("vouchers", not _between(one.get("vouchers"), 1, 100_000), "From 1 to 100,000 vouchers."),
        ("from", not on_time or clocks[0] >= clocks[1], "Such as 14:00, before until."),
        ("metres", (audience == "area") != _between(one.get("metres"), 50, 50_000), "From 50 to 50,000, for an area."),
        (
            "not_seen_days",
            (audience == "segment") != _between(one.get("not_seen_days"), 1, 730),
            "From 1 to 730 days, for a segment.",
        ),
    ):
        if wrong:
            yield f"{at}.{field}", why
    yield from _offer_faults(one.get("offer"), f"{at}.offer")


def _offer_faults(one: Any, at: str) -> Iterator[tuple[str, str]]:
    if not isinstance(one, dict):
        yield at, "The offer of the campaign."
        return
    known = {field.name for field in fields(PackOffer)}
    yield from ((f"{at}.{key}", "Unknown field.") for key in one if key not in known)
    kind, percent = one.get("kind"), one.get("percent")
    for field, wrong, why in (
        ("kind", kind not in ("cash", "discount"), "cash or discount."),
        ("worth", not _between(one.get("worth"), 1, 100), "From 1 to 100 percent of a usual purchase."),
        ("minimum", not _between(one.get("minimum", 0), 0, 1_000), "From 0 to 1,000 percent of a usual purchase."),
        ("valid_days", not _between(one.get("valid_days"), 1, 366), "From 1 to 366 days."),
        ("percent", (kind == "discount") != _between(percent, 1, 100), "From 1 to 100, for a discount."),
        ("holder_only", not isinstance(one.get("holder_only", False), bool), "true or false."),
        ("per_member", "per_member" in one and not _between(one["per_member"], 1, 100), "From 1 to 100."),
    ):
        if wrong:
            yield f"{at}.{field}", why


def _between(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _all_are(values: list[Any], kind: type) -> bool:
    return all(isinstance(one, kind) for one in values)


def _all_in(values: Any, among: Any) -> bool:
    return isinstance(values, list) and all(one in among for one in values)
