"""What is known of a person, field by field in words: what it says, what it rests on, how fresh and how sure it is."""

from dataclasses import dataclass
from uuid import UUID

from ringmain.entry.web.me.texts import CONFIDENCE, FIELDS, VALUES
from ringmain.kit.pages import Speech, Visit
from ringmain.kit.pure.ids import time_of
from ringmain.match.api import usual_name
from ringmain.profile import api as profile
from ringmain.profile.api import Field
from ringmain.sale import api as sale

_KINDS = frozenset({Field.FAVOURITE_CATEGORIES})
# Fields whose figure is a share.
_SHARES = frozenset({Field.VOUCHER_USE, Field.NOVELTY, Field.LOYALTY})


@dataclass(frozen=True, slots=True)
class Value:
    """One thing that is known, on how many of the facts it rests, and the visits that say so: day and receipt."""

    words: str
    evidence: str
    visits: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Card:
    """One field of the image in words. `sure` says how sure it is, `range` where the figure may really be."""

    key: str
    label: str
    values: tuple[Value, ...]
    rests_on: str
    sure: str
    range: str
    weak: bool
    hidden: bool


def card(visit: Visit, fact: profile.FieldFact, image: profile.Image, zone: str) -> Card:
    """Return a known field in words; days are those of the clock in `zone`."""
    assert fact.newest_at is not None
    speech = visit.speech
    weak = fact.field in profile.WEAK
    return Card(
        key=fact.field.value,
        label=speech.text(FIELDS[fact.field]),
        values=_values(visit, fact, zone),
        rests_on=_rests_on(speech, fact, speech.day(fact.newest_at, zone)),
        sure="" if fact.confidence is None or weak else speech.text(CONFIDENCE[fact.confidence]),
        range=_range(speech, fact),
        weak=weak,
        hidden=fact.field.value in image.hidden,
    )


def words_of(speech: Speech, texts: dict[str, str], key: str) -> str:
    """Return the words for a key, or the key where a till or a merchant made it up."""
    return speech.text(texts[key]) if key in texts else key[:1].upper() + key[1:]


def _values(visit: Visit, fact: profile.FieldFact, zone: str) -> tuple[Value, ...]:
    speech = visit.speech
    if fact.amount_minor is not None and fact.currency is not None:
        return (Value(speech.money(fact.amount_minor, fact.currency), "", ()),)
    if fact.expected_at is not None:
        return (Value(speech.text("Around %(day)s", day=speech.day(fact.expected_at, zone)), "", ()),)
    return tuple(
        Value(
            _said(speech, fact, value),
            _of(speech, fact.field, value),
            tuple(_evidence(visit, sale_id, zone) for sale_id in value.sale_ids),
        )
        for value in fact.values
    )


def _said(speech: Speech, fact: profile.FieldFact, value: profile.Counted) -> str:
    if fact.field is Field.REGULARITY and fact.number is not None:
        days = round(fact.number)
        return speech.texts("Every %(num)s day", "Every %(num)s days", days)
    if fact.field is Field.USUAL_AREAS:
        return speech.text("Around %(shop)s", shop=value.words)
    if fact.field in _KINDS:
        return words_of(speech, VALUES, usual_name(value.words, speech.language))
    return words_of(speech, VALUES, value.words)


def _of(speech: Speech, field: Field, value: profile.Counted) -> str:
    count, of = speech.number(value.count), speech.number(value.of)
    if field is Field.REGULARITY:
        return speech.text("%(count)s of %(all)s times about so", count=count, all=of)
    if field is Field.LOYALTY:
        return speech.text("%(count)s of %(all)s in its trade", count=count, all=of)
    return speech.text("%(count)s of %(all)s", count=count, all=of)


def _rests_on(speech: Speech, fact: profile.FieldFact, newest: str) -> str:
    return speech.texts(
        "Counted from %(num)s visit; the newest is of %(day)s.",
        "Counted from %(num)s visits; the newest is of %(day)s.",
        fact.facts,
        day=newest,
    )


def _range(speech: Speech, fact: profile.FieldFact) -> str:
    """Say where the figure may be, in 95 of 100 cases."""
    if fact.low is None or fact.high is None:
        return ""
    low, high = (_figure(speech, fact, one) for one in (fact.low, fact.high))
    if low == high:
        return ""
    if fact.field in (Field.REGULARITY, Field.NEXT_VISIT):
        return speech.text("By these facts it may be anything from %(low)s to %(high)s days.", low=low, high=high)
    return speech.text("By these facts it may be anything from %(low)s to %(high)s.", low=low, high=high)


def _figure(speech: Speech, fact: profile.FieldFact, figure: float) -> str:
    if fact.currency is not None:
        return speech.money(round(figure), fact.currency)
    if fact.field is Field.SPENDING_POWER:
        return speech.number(round(figure, 1)) + "×"
    if fact.number is None or fact.field in _SHARES:
        return speech.number(round(figure * 100)) + "%"
    return speech.number(round(figure))


def _evidence(visit: Visit, sale_id: UUID, zone: str) -> tuple[str, str]:
    """Return the day of a sale, which its id carries, and the address of its receipt."""
    token = sale.receipt_token(visit.site.keyring, visit.network_id, sale_id)
    return visit.speech.day(time_of(sale_id), zone), f"/receipts/{token}"
