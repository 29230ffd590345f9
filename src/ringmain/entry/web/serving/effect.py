"""What a service plan brought, in words: what was caused for a hundred people, and what was counted of both groups."""

from dataclasses import dataclass
from typing import Final

from ringmain.entry.web.merchant.common import N_
from ringmain.kit.pages import Speech
from ringmain.loop import api as loop

_PER_HUNDRED: Final = 100
_GROUPS = (N_("Served"), N_("Held out"))


@dataclass(frozen=True, slots=True)
class Told:
    """What is said of a plan: lines on what it caused, each with a kind of badge, and a table of what was counted."""

    caused: tuple[tuple[str, str, str], ...]
    counted: tuple[tuple[str, ...], ...]
    needed: str


def effect_words(speech: Speech, found: loop.PlanEffect, currency: str) -> Told:
    """Return an effect in words."""
    caused = (
        (speech.text("Visits"), in_words(speech, *_of(found.visits)), _kind(found.visits)),
        (speech.text("Visits at full price"), in_words(speech, *_of(found.full_price)), _kind(found.full_price)),
        (speech.text("Paid by each"), _money(speech, found.paid, currency), _kind(found.paid)),
    )
    counted: list[tuple[str, ...]] = []
    for name, group in zip(_GROUPS, (found.served, found.held_out), strict=True):
        if group.people is None:
            counted.append((speech.text(name), speech.text("fewer than ten"), "–", "–", "–"))
        else:
            paid = speech.money(group.paid_minor or 0, currency)
            figures = (speech.number(value or 0) for value in (group.people, group.visits, group.full_price))
            counted.append((speech.text(name), *figures, paid))
    needed = ""
    if found.visits.state is loop.State.TOO_EARLY and found.visits.people_needed:
        needed = speech.text(
            "About %(people)s people more have to be followed for %(days)s days.",
            people=speech.number(found.visits.people_needed),
            days=found.window_days,
        )
    return Told(caused, tuple(counted), needed)


def _of(one: loop.More) -> tuple[float | None, loop.Interval | None, loop.State]:
    return one.more, one.interval, one.state


def _kind(one: loop.More) -> str:
    if one.state is not loop.State.EFFECT or one.more is None:
        return ""
    return "flows" if one.more > 0 else "wrong"


def _money(speech: Speech, one: loop.More, currency: str) -> str:
    if one.more is None or one.interval is None or one.state in (loop.State.TOO_EARLY, loop.State.MISCOUNTED):
        return in_words(speech, *_of(one))
    ends = (speech.money(round(value), currency) for value in (one.interval.low, one.interval.high))
    values = dict(zip(("low", "high"), ends, strict=True)) | {"more": speech.money(round(abs(one.more)), currency)}
    if one.more < 0:
        return speech.text("%(more)s less for each person (%(low)s to %(high)s)", **values)
    return speech.text("%(more)s more for each person (%(low)s to %(high)s)", **values)


def in_words(speech: Speech, more: float | None, interval: loop.Interval | None, state: loop.State) -> str:
    """Return a difference per person as visits of a hundred people, with its interval, or why nothing is said."""
    if state is loop.State.MISCOUNTED:
        return speech.text("Cannot be said: the groups are not of the sizes they should be.")
    if more is None or interval is None or state is loop.State.TOO_EARLY:
        return speech.text("Too early to say")
    values = {
        name: speech.number(round(value * _PER_HUNDRED))
        for name, value in (("more", abs(more)), ("low", interval.low), ("high", interval.high))
    }
    if state is loop.State.NO_EFFECT_SEEN:
        return speech.text("No effect seen (between %(low)s and %(high)s visits of a hundred people)", **values)
    if more > 0:
        return speech.text("%(more)s more visits of a hundred people (%(low)s to %(high)s)", **values)
    return speech.text("%(more)s fewer visits of a hundred people (%(low)s to %(high)s)", **values)
