"""The form of a new offer: what was typed becomes terms, or a fault at its field; and terms become a sentence."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from ringmain.entry.web.merchant.common import Console, Draft
from ringmain.kit.pages import Form, Speech, Visit
from ringmain.loop import api as loop
from ringmain.voucher import api as voucher
from ringmain.voucher.api import Terms

_DAYS = 14
_MOST_DAYS = 365
_MOST_PERCENT = 100
_MOST_VOUCHERS = 1_000_000
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Wish:
    """An offer as somebody has described it, whole and without fault."""

    name: str
    terms: Terms
    plan: loop.Plan


def typed(form: Form) -> Draft:
    """Return what was typed."""
    values = {name: values[0] for name, values in form.values.items() if name != "once"}
    return Draft({**values, "shops": " ".join(form.all("shops"))})


def read_wish(speech: Speech, console: Console, draft: Draft, shops: Sequence[str] | None = None) -> Wish | None:
    """Return the offer that a form describes, or None and the faults in the draft."""
    reader = _Reader(speech, console, draft)
    discount = draft.get("kind") == "discount"
    percent = reader.percent() if discount else None
    face = reader.amount("face", speech.text("Say how much the voucher is worth, such as 5."))
    minimum = reader.amount("minimum", speech.text("Type an amount such as 30, or leave it empty."), empty=0)
    days = reader.number("days", _MOST_DAYS, speech.text("A voucher is good for 1 to 365 days."))
    by_money = draft.get("limit", "money") == "money"
    fault = speech.text("Say how much of it there is.")
    much = reader.amount("much", fault) if by_money else reader.number("much", _MOST_VOUCHERS, fault)
    chosen = reader.shops(draft.get("shops").split() if shops is None else shops)
    name = draft.get("name").strip()[:_LONGEST_NAME]
    if not name:
        draft.faults["name"] = speech.text("Give the offer a name.")
    if face and by_money and much is not None and much < face:
        draft.faults.setdefault("much", speech.text("That is less than one voucher costs."))
    if draft.faults or face is None or minimum is None or days is None:
        return None
    kind: voucher.Kind = "discount" if discount else "cash"
    terms = Terms(
        kind=kind,
        currency=console.currency,
        face_minor=face,
        percent_bp=None if percent is None else percent * 100,
        minimum_minor=minimum,
        valid_days=days,
        shop_ids=tuple(chosen),
        per_member=1 if draft.get("once_each") else None,
    )
    budget, stock = (much, None) if by_money else (None, much)
    plan = loop.Plan(kind=kind, currency=console.currency, face_minor=face, budget_minor=budget, stock=stock)
    return Wish(name, terms, plan)


@dataclass(frozen=True, slots=True)
class _Reader:
    speech: Speech
    console: Console
    draft: Draft

    def amount(self, name: str, fault: str, empty: int | None = None) -> int | None:
        """Return an amount in minor units, more than nothing unless the field may stay empty."""
        text = self.draft.get(name).strip()
        if not text and empty is not None:
            return empty
        found = Form({name: [text]}).minor(name, self.console.precision)
        if not found:
            self.draft.faults[name] = fault
            return None
        return found

    def number(self, name: str, most: int, fault: str) -> int | None:
        """Return a whole number from 1 to `most`."""
        found = Form({name: [self.draft.get(name)]}).whole(name)
        if found is None or not 0 < found <= most:
            self.draft.faults[name] = fault
            return None
        return found

    def percent(self) -> int | None:
        """Return the percentage of a discount."""
        return self.number("percent", _MOST_PERCENT, self.speech.text("A discount is 1 to 100 percent."))

    def shops(self, asked: Sequence[str]) -> list[UUID]:
        """Return the shops that take the voucher: those that were chosen, else all of the merchant's own."""
        own = {str(shop.id): shop.id for shop in self.console.shops}
        chosen = [own[id_] for id_ in asked if id_ in own] or list(own.values())
        if not chosen:
            self.draft.faults["shops"] = self.speech.text("Add a shop first: a voucher is spent in one.")
        return chosen


def _base(console: Console) -> int:
    """Return what a small coin is in whole units, so that presets make sense in yen, too."""
    return 1 if console.precision else 100


def _first(visit: Visit, console: Console) -> Mapping[str, str]:
    base = _base(console)
    return {
        "name": visit.speech.text("Welcome"),
        "kind": "cash",
        "face": str(5 * base),
        "minimum": str(20 * base),
        "days": str(_DAYS),
        "limit": "money",
        "much": str(500 * base),
        "once_each": "yes",
    }


def _small(visit: Visit, console: Console) -> Mapping[str, str]:
    base = _base(console)
    return {
        **_first(visit, console),
        "name": visit.speech.text("A small thank-you"),
        "face": str(2 * base),
        "minimum": "",
    }


def _share(visit: Visit, console: Console) -> Mapping[str, str]:
    base = _base(console)
    return {
        **_first(visit, console),
        "name": visit.speech.text("A taste"),
        "kind": "discount",
        "percent": "20",
        "face": str(10 * base),
        "minimum": "",
    }


PRESETS: Mapping[str, Callable[[Visit, Console], Mapping[str, str]]] = {
    "first": _first,
    "small": _small,
    "share": _share,
}


def worth(speech: Speech, terms: Terms) -> str:
    """Return what a voucher is worth as it stands on a ticket: an amount or a percentage."""
    if terms.kind == "discount":
        return speech.share((terms.percent_bp or 0) / 10_000)
    return speech.money(terms.face_minor, terms.currency)


def in_words(speech: Speech, terms: Terms) -> str:
    """Return what a voucher is worth in one sentence."""
    worth = speech.money(terms.face_minor, terms.currency)
    if terms.kind == "discount":
        percent = speech.share((terms.percent_bp or 0) / 10_000)
        said = speech.text("%(percent)s off, at most %(worth)s", percent=percent, worth=worth)
    elif terms.kind == "exchange":
        said = speech.text("%(goods)s, worth %(worth)s", goods=terms.goods or "", worth=worth)
    else:
        said = speech.text("%(worth)s off", worth=worth)
    if terms.minimum_minor:
        least = speech.money(terms.minimum_minor, terms.currency)
        said = speech.text("%(said)s, from %(least)s on", said=said, least=least)
    return said
