"""What operator and merchant read of the ring: effects of all campaigns, and the power that merchants give and get."""

from collections.abc import Iterable, Mapping

from ringmain.entry.web.merchant.common import N_
from ringmain.kit.pages import Speech
from ringmain.loop import api as loop

_EFFECTS: dict[loop.Outcome, str] = {
    "here": N_("Visits to the shop where they played"),
    "here_paid": N_("Paid at the shop where they played"),
    "round": N_("Went to another shop and came back to this one"),
    "full": N_("Visits without a voucher, anywhere"),
    "full_paid": N_("Paid in those visits"),
}
_MONEY: frozenset[loop.Outcome] = frozenset({"here_paid", "full_paid"})


def effect_columns(speech: Speech) -> list[str]:
    """Return the heads of the table of effects."""
    texts = (N_("In 28 days"), N_("Difference"), N_("At least"), N_("At most"), N_("Could win"), N_("Kept apart"))
    return [speech.text(text) for text in texts]


def effect_rows(speech: Speech, effects: Mapping[loop.Outcome, loop.Reading | None], currency: str) -> list[list[str]]:
    """Return each effect with its interval, or that it is too early to say, or of too few to be told."""
    rows = []
    for name in loop.OUTCOMES:
        one, label = effects[name], speech.text(_EFFECTS[name])
        if one is None:
            rows.append([label, speech.text("fewer than 10 people at 3 other merchants"), *["–"] * 4])
            continue
        counts = [speech.number(one.treated), speech.number(one.others)]
        if one.total is None or one.interval is None:
            rows.append([label, speech.text("too early to say"), "–", "–", *counts])
            continue
        values = [round(value) for value in (one.total, one.interval.low, one.interval.high)]
        said = [speech.money(value, currency) if name in _MONEY else speech.number(value) for value in values]
        rows.append([label, *said, *counts])
    return rows


def power_columns(speech: Speech, first: str) -> list[str]:
    """Return the heads of a table of power."""
    texts = (N_("Injected"), N_("Received"), N_("Vouchers sent"), N_("Vouchers that came"))
    return [first, *(speech.text(text) for text in texts)]


def power_row(speech: Speech, name: str, given: Iterable[loop.Given], currency: str) -> list[str]:
    """Return what a merchant gives to others and gets from them as a row."""
    sides = {one.side: one for one in given}

    def money(side: loop.Side) -> str:
        one = sides.get(side)
        return "–" if one is None or one.amount_minor is None else speech.money(one.amount_minor, currency)

    def count(side: loop.Side) -> str:
        one = sides.get(side)
        return "–" if one is None or one.vouchers is None else speech.number(one.vouchers)

    return [name, money("injected"), money("received"), count("sent"), count("came")]
