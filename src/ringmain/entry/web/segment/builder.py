"""The form that a segment is built with: a few conditions, each picked from lists, read into clauses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from ringmain.entry.web.merchant.common import N_, Draft
from ringmain.kit.pages import Speech, Visit
from ringmain.match.api import usual_name
from ringmain.member import api as member
from ringmain.network.api import Shop
from ringmain.segment import api as segment

ROWS: Final = 3
MOST_NAME: Final = 80
_KINDS: Final[Mapping[str, str]] = {
    "visits": N_("How often they came"),
    "last_visit": N_("Not seen for a while"),
    "spent": N_("How much they spent"),
    "first_visit": N_("New guests"),
    "bought": N_("What they bought"),
    "redeemed": N_("Used a voucher"),
    "day_part": N_("Time of the day"),
    "tribe": N_("Group they are in"),
    "answer": N_("What they told of themselves"),
}
_LIMITS: Final = {"at_least": N_("at least"), "at_most": N_("at most")}
_PARTS: Final = {
    "morning": N_("in the morning"),
    "midday": N_("around midday"),
    "afternoon": N_("in the afternoon"),
    "evening": N_("in the evening"),
    "night": N_("at night"),
}
Choices = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Builder:
    """What the form offers: choices are pairs of value and words."""

    kinds: Choices
    limits: Choices
    parts: Choices
    places: Choices
    tribes: Choices
    answers: Choices
    rows: range = range(1, ROWS + 1)


def builder(speech: Speech, shops: Sequence[Shop], tribes: Sequence[segment.Tribe], *, whole_network: bool) -> Builder:
    """Return what can be picked; answers that people gave only where the segment is the network's."""
    language = language_of(speech)
    answers = [
        (f"{one.key}:{choice.value}", f"{speech.text(one.words)} {speech.text(choice.words)}")
        for one in member.QUESTIONS
        for choice in one.choices
    ]
    offered = [kind for kind in _KINDS if (kind != "answer" or whole_network) and (kind != "tribe" or tribes)]
    categories = sorted({shop.category for shop in shops})
    return Builder(
        kinds=[("", speech.text("No condition")), *((kind, speech.text(_KINDS[kind])) for kind in offered)],
        limits=[(name, speech.text(words)) for name, words in _LIMITS.items()],
        parts=[(name, speech.text(words)) for name, words in _PARTS.items()],
        places=[
            ("", speech.text("anywhere in the network") if whole_network else speech.text("at any of your shops")),
            *((f"category:{one}", usual_name(one, speech.language)) for one in categories if len(categories) > 1),
            *((f"shop:{shop.id}", shop.name) for shop in shops),
        ],
        tribes=[(str(one.id), segment.name_words(one.told.name, language, usual_name)) for one in tribes],
        answers=answers if whole_network else [],
    )


def read(visit: Visit, precision: int) -> tuple[Draft, list[segment.Clause]]:
    """Return what was typed with what is wrong with it, and the clauses that it says."""
    draft = Draft({name: visit.form.text(name) for name in visit.form.values})
    if not visit.form.text("name"):
        draft.faults["name"] = visit.speech.text("Give it a name by which you find it again.")
    clauses = []
    for row in range(1, ROWS + 1):
        kind = visit.form.text(f"kind{row}")
        if kind not in _KINDS:
            continue
        clause = _clause(visit, kind, row, precision)
        if clause is None or not clause.well_formed:
            draft.faults[f"kind{row}"] = visit.speech.text(
                "Fill in what belongs to this condition: whole numbers, days from 1 to %(days)s.",
                days=visit.speech.number(segment.LONGEST_DAYS),
            )
        else:
            clauses.append(clause)
    if not clauses and not draft.faults:
        draft.faults["kind1"] = visit.speech.text("Pick a condition.")
    return draft, clauses


def _clause(visit: Visit, kind: str, row: int, precision: int) -> segment.Clause | None:
    form = visit.form
    timed = kind not in ("tribe", "answer")
    limited = kind in ("visits", "spent", "day_part")
    number = form.minor(f"amount{row}", precision) if kind == "spent" else form.whole(f"times{row}")
    placed = kind in ("visits", "last_visit", "spent")
    what, _, place = form.text(f"place{row}").partition(":") if placed else ("", "", "")
    question, _, answer = form.text(f"answer{row}").partition(":") if kind == "answer" else ("", "", "")
    if limited and number is None:
        return None
    least = limited and form.text(f"limit{row}") != "at_most"
    try:
        return segment.Clause(
            kind=kind,  # type: ignore[arg-type]  # one of the kinds, as the caller has seen
            days=form.whole(f"days{row}") if timed else None,
            at_least=number if least else None,
            at_most=number if limited and not least else None,
            shop_id=UUID(place) if what == "shop" else None,
            category=form.text(f"category{row}") or None if kind == "bought" else place if what == "category" else None,
            part=form.text(f"part{row}") if kind == "day_part" else None,
            tribe_id=form.id(f"tribe{row}") if kind == "tribe" else None,
            question=question or None,
            answer=answer or None,
        )
    except ValueError:
        return None


def language_of(speech: Speech) -> segment.Language:
    """Return the language in which rules are said."""
    return "zh" if speech.language == "zh" else "en"


def manner(speech: Speech) -> segment.Manner:
    """Return how kinds of shops, amounts, questions and answers are called on pages."""
    return segment.Manner(
        usual_name,
        lambda amount_minor, currency, _: speech.worth(amount_minor, currency),
        lambda words, _: speech.text(words),
    )
