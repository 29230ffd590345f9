"""What an offer is worth, on what conditions, and why something is shown, in the words of a page."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import get_day_names

from ringmain.kit.pages import Speech
from ringmain.match.api import Reason, usual_name

Facts = Mapping[str, Any]

_WHOLE_DAY = 1_440
_FULL_BP = 10_000


def worth(speech: Speech, terms: Any, remaining_minor: int | None = None) -> str:
    """Return what a voucher is worth in one short line; `terms` are an offer's, or of a shape like them."""
    amount = terms.face_minor if remaining_minor is None else remaining_minor
    if terms.kind == "discount":
        return speech.text("%(share)s off", share=speech.share((terms.percent_bp or 0) / _FULL_BP))
    if terms.kind in ("exchange", "points") and terms.goods:
        return str(terms.goods)
    return speech.money(amount, terms.currency)


def conditions(speech: Speech, terms: Any) -> list[str]:
    """Return the conditions of an offer, one line each; nothing where it may simply be spent."""
    lines = []
    if terms.kind == "discount":
        lines.append(speech.text("Up to %(amount)s off", amount=speech.money(terms.face_minor, terms.currency)))
    if terms.kind == "bundle":
        lines.append(speech.texts("In %(num)s part", "In %(num)s parts", terms.parts))
    if terms.kind == "gift":
        lines.append(speech.text("Spend it in parts, as you like"))
    if terms.minimum_minor:
        lines.append(speech.text("From %(amount)s on", amount=speech.money(terms.minimum_minor, terms.currency)))
    if terms.weekdays:
        names = get_day_names("abbreviated", context="stand-alone", locale=speech.locale)
        days = ", ".join(names[day - 1] for day in sorted(terms.weekdays))
        lines.append(speech.text("Only on %(days)s", days=days))
    if terms.from_minute or terms.until_minute != _WHOLE_DAY:
        hours = {"begin": _clock(terms.from_minute), "end": _clock(terms.until_minute)}
        lines.append(speech.text("Between %(begin)s and %(end)s", **hours))
    if terms.holder_only:
        lines.append(speech.text("Only for you: show your own code with it"))
    if not terms.combinable:
        lines.append(speech.text("Not together with other vouchers"))
    return lines


def reasons(speech: Speech, found: Iterable[Reason]) -> list[str]:
    """Return why something is shown, one short phrase each."""
    return [phrase for reason in found if (phrase := _phrase(speech, reason))]


def _phrase(speech: Speech, reason: Reason) -> str:
    put = _PHRASES.get(reason.code)
    return put(speech, reason.facts) if put is not None else ""


def _distance(speech: Speech, facts: Facts) -> str:
    return speech.text("%(distance)s from here", distance=speech.distance(facts["metres"]))


def _open(speech: Speech, facts: Facts) -> str:
    return speech.text("open till %(time)s", time=facts["time"]) if "time" in facts else speech.text("always open")


def _before(speech: Speech, facts: Facts) -> str:
    if facts["days"] == 0:
        return speech.text("you were here today")
    return speech.texts("you were here %(num)s day ago", "you were here %(num)s days ago", facts["days"])


def _spelling(speech: Speech, facts: Facts) -> str:
    return speech.text("looks like “%(word)s”", word=facts["word"]) if facts["how"] == "similar" else ""


def _closed(speech: Speech, facts: Facts) -> str:
    if facts.get("opens") is None:
        return speech.text("closed")
    if facts["days"] == 0:
        return speech.text("opens at %(time)s", time=facts["opens"])
    if facts["days"] == 1:
        return speech.text("opens tomorrow at %(time)s", time=facts["opens"])
    return speech.texts("opens in %(num)s day", "opens in %(num)s days", facts["days"])


def _ends(speech: Speech, facts: Facts) -> str:
    days = facts["days"]
    if days <= 0:
        return speech.text("ends today")
    if days == 1:
        return speech.text("ends tomorrow")
    return speech.texts("ends in %(num)s day", "ends in %(num)s days", days)


_PHRASES: dict[str, Callable[[Speech, Facts], str]] = {
    "distance": _distance,
    "open_until": _open,
    "closed": _closed,
    "ends": _ends,
    "few_left": lambda speech, facts: speech.text("%(left)s left", left=speech.number(facts["left"])),
    "here_before": _before,
    "need": lambda speech, facts: speech.text(
        "you may want %(kind)s soon", kind=usual_name(facts["category"], speech.language)
    ),
    "tribe": lambda speech, facts: speech.text(
        "people like you often go for %(kind)s", kind=usual_name(facts["category"], speech.language)
    ),
    "first": lambda speech, _: speech.text("put first for people like you"),
    "new_to_you": lambda speech, _: speech.text("new to you"),
    "words": _spelling,
}


def until(speech: Speech, ends: datetime, now: datetime, time_zone: str) -> str:
    """Return until when a voucher is good: the day, and the time where that is near."""
    local, today = ends.astimezone(ZoneInfo(time_zone)).date(), now.astimezone(ZoneInfo(time_zone)).date()
    if local == today:
        return speech.text("until %(time)s today", time=speech.clock(ends, time_zone))
    if (local - today).days == 1:
        return speech.text("until tomorrow, %(time)s", time=speech.clock(ends, time_zone))
    return speech.text("until %(day)s", day=speech.day(ends, time_zone))


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
