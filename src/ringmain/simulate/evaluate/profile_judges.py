"""How each field of the image is judged: what it says, what everybody's image says, and what was so the last time."""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from statistics import fmean, median
from types import MappingProxyType
from uuid import UUID

from ringmain.profile.api import Field, FieldFact, Visit, day_part, fields_of, is_near

OURS, EVERYBODY, LAST = "ringmain", "everybody", "last time"
# The fields that name values, with how many of them are looked at.
_FIRST: Mapping[Field, Sequence[int]] = MappingProxyType(
    {
        Field.FAVOURITE_SHOPS: (1, 3),
        Field.FAVOURITE_CATEGORIES: (1, 3),
        Field.FAVOURITE_PRODUCTS: (1, 3),
        Field.USUAL_AREAS: (1, 3),
        Field.USUAL_DAY_PART: (1,),
    }
)
# Fields whose figure is the same sort of figure for everybody.
_NUMBERS = (Field.SPENDING_POWER, Field.VOUCHER_USE, Field.NOVELTY, Field.REGULARITY)

Images = Mapping[int, Mapping[Field, FieldFact]]


@dataclass(slots=True)
class Judged:
    """One field judged by one measure: the `person` of each coming visit, and what each way of saying it scored."""

    person: list[int]
    scores: dict[str, list[float]]

    def note(self, person: int, scores: Mapping[str, float]) -> None:
        """Add one visit."""
        self.person.append(person)
        for name, score in scores.items():
            self.scores.setdefault(name, []).append(score)


@dataclass(frozen=True, slots=True)
class Case:
    """A person at a cut: what was known, the newest first, what came, in order of time, and the first visit `after`."""

    person: int
    before: Sequence[Visit]
    coming: Sequence[Visit]
    after: Visit | None
    cut: datetime


@dataclass(frozen=True, slots=True)
class Known:
    """What was known of everybody together: one image, the middle of everybody's figures, visits by shop and category.

    `shops` has one visit of each shop that somebody was at.
    """

    image: Mapping[Field, FieldFact]
    numbers: Mapping[Field, float]
    at_shop: Mapping[UUID, int]
    in_category: Mapping[str, int]
    shops: Mapping[str, Visit]

    @classmethod
    def of(cls, known: Mapping[int, Sequence[Visit]], images: Images) -> "Known":
        """Put together what is known of people."""
        together = sorted((one for before in known.values() for one in before), key=lambda one: one.sold_at)
        together.reverse()
        shops: dict[str, Visit] = {}
        for one in together:
            shops.setdefault(str(one.shop_id), one)
        return cls(
            image={fact.field: fact for fact in fields_of(together)},
            numbers={field: _everybodys(field, [image[field] for image in images.values()]) for field in _NUMBERS},
            at_shop=Counter(one.shop_id for one in together),
            in_category=Counter(shops[str(one.shop_id)].category for one in together),
            shops=shops,
        )


def _everybodys(field: Field, facts: Sequence[FieldFact]) -> float:
    """Return the figure of everybody together: a share of all facts, or the middle of people."""
    known = [one for one in facts if one.number is not None]
    if not known:
        return math.nan
    if field is Field.SPENDING_POWER:
        return math.exp(fmean(math.log(one.number or 1) for one in known))
    if field in (Field.VOUCHER_USE, Field.NOVELTY):
        return sum(one.values[0].count for one in known) / sum(one.values[0].of for one in known)
    return median(one.number or 0 for one in known)


def _choice(judged: dict[str, Judged], case: Case, own: FieldFact, town: Known) -> None:
    """Judge whether a coming visit was at one of the first of the named values."""
    everybody = town.image[own.field]
    if len(everybody.values) == 1 and everybody.values[0].count == everybody.facts:
        # Everybody always does the same, so that there is nothing to tell.
        return
    said = {
        OURS: [one.key for one in own.values],
        EVERYBODY: [one.key for one in everybody.values],
        LAST: _keys(own.field, case.before[0]),
    }
    for first in _FIRST[own.field]:
        found = judged.setdefault(f"{own.field}.acc@{first}", Judged([], {}))
        for visit in case.coming:
            if own.field is not Field.FAVOURITE_PRODUCTS or visit.products:
                found.note(
                    case.person, {name: _hit(own.field, visit, keys[:first], town) for name, keys in said.items()}
                )


def _keys(field: Field, visit: Visit) -> list[str]:
    if field is Field.FAVOURITE_PRODUCTS:
        return list(dict.fromkeys(visit.products))
    if field is Field.USUAL_DAY_PART:
        return [day_part(visit.local_at)]
    return [visit.category if field is Field.FAVOURITE_CATEGORIES else str(visit.shop_id)]


def _hit(field: Field, visit: Visit, said: Sequence[str], town: Known) -> float:
    if field is Field.USUAL_AREAS:
        return float(any(is_near(town.shops[key], visit) for key in said))
    return float(bool(set(said).intersection(_keys(field, visit))))


def _basket(judged: dict[str, Judged], case: Case, own: FieldFact, town: Known) -> None:
    amounts = {
        OURS: own.amount_minor,
        EVERYBODY: town.image[own.field].amount_minor,
        LAST: case.before[0].total_minor,
    }
    found = judged.setdefault(f"{own.field}.mae", Judged([], {}))
    for visit in case.coming:
        found.note(
            case.person,
            {name: abs((visit.total_minor or 0) - (amount or 0)) / 100 for name, amount in amounts.items()},
        )


def _spending(judged: dict[str, Judged], case: Case, own: FieldFact, town: Known) -> None:
    """Judge by the logarithm of how many times what others pay, so that half and double are as wrong."""
    last = next(times for one in case.before if (times := _times(one)) is not None)
    said = {OURS: own.number or 1, EVERYBODY: town.numbers[own.field], LAST: last}
    found = judged.setdefault(f"{own.field}.mae", Judged([], {}))
    for visit in case.coming:
        if (times := _times(visit)) is not None:
            found.note(case.person, {name: abs(math.log(times / number)) for name, number in said.items()})


def _times(visit: Visit) -> float | None:
    paid = visit.total_minor or 0
    return paid / visit.others_minor if paid > 0 and visit.others_minor else None


def _vouchers(judged: dict[str, Judged], case: Case, own: FieldFact, town: Known) -> None:
    if town.numbers[own.field] == 0:
        # No vouchers are recorded.
        return
    said = {OURS: own.number or 0.0, EVERYBODY: town.numbers[own.field], LAST: float(case.before[0].with_voucher)}
    _brier(judged, own.field, case.person, said, [one.with_voucher for one in case.coming])


def _novelty(judged: dict[str, Judged], case: Case, own: FieldFact, town: Known) -> None:
    seen = {one.shop_id for one in case.before[1:]}
    last = case.before[0].shop_id
    said = {OURS: own.number or 0.0, EVERYBODY: town.numbers[own.field], LAST: float(last not in seen)}
    seen.add(last)
    new = []
    for visit in case.coming:
        new.append(visit.shop_id not in seen)
        seen.add(visit.shop_id)
    _brier(judged, own.field, case.person, said, new)


def _loyalty(judged: dict[str, Judged], case: Case, own: FieldFact, town: Known) -> None:
    """Judge for each named shop whether a coming visit in its category is there."""
    for value in own.values:
        shop = town.shops[value.key]
        last = next(one for one in case.before if _alike(one, shop))
        said = {
            OURS: value.count / value.of,
            EVERYBODY: town.at_shop[shop.shop_id] / town.in_category[shop.category],
            LAST: float(last.shop_id == shop.shop_id),
        }
        came = [one.shop_id == shop.shop_id for one in case.coming if _alike(one, shop)]
        _brier(judged, own.field, case.person, said, came)


def _alike(visit: Visit, shop: Visit) -> bool:
    """Say whether a visit was in the category of a shop; what was at the shop is."""
    return visit.category == shop.category or visit.shop_id == shop.shop_id


def _brier(
    judged: dict[str, Judged], field: Field, person: int, said: Mapping[str, float], came: Sequence[bool]
) -> None:
    """Judge what was said to be so probable by the square of its distance from what came."""
    found = judged.setdefault(f"{field}.brier", Judged([], {}))
    for one in came:
        found.note(person, {name: (number - one) ** 2 for name, number in said.items()})


def _gaps(judged: dict[str, Judged], case: Case, own: FieldFact, town: Known) -> None:
    """Judge the days from each coming visit to the one after it, whenever that was."""
    came = [*case.coming, *([] if case.after is None else [case.after])]
    days = sorted({one.local_at.date() for one in came})
    _days(judged, case, _said(case, own, town), [(later - before).days for before, later in pairwise(days)], own.field)


def _next(judged: dict[str, Judged], case: Case, own: FieldFact, town: Known) -> None:
    """Judge the days from the last visit to the next; everybody who says something knows that none has come so far."""
    last = case.before[0].local_at.date()
    waited = (case.cut - case.before[0].sold_at).total_seconds() / 86_400
    said = {name: max(days, waited) for name, days in _said(case, own, town).items()}
    later = [gap for one in case.coming if (gap := (one.local_at.date() - last).days) > 0]
    _days(judged, case, said, later[:1], own.field)


def _said(case: Case, own: FieldFact, town: Known) -> dict[str, float]:
    past = sorted({one.local_at.date() for one in case.before})
    return {OURS: own.number or 0.0, EVERYBODY: town.numbers[Field.REGULARITY], LAST: float((past[-1] - past[-2]).days)}


def _days(judged: dict[str, Judged], case: Case, said: Mapping[str, float], gaps: Sequence[int], field: Field) -> None:
    found = judged.setdefault(f"{field}.mae", Judged([], {}))
    for gap in gaps:
        found.note(case.person, {name: abs(gap - number) for name, number in said.items()})


Judge = Callable[[dict[str, Judged], Case, FieldFact, Known], None]
JUDGES: Mapping[Field, Judge] = MappingProxyType(
    {
        **dict.fromkeys(_FIRST, _choice),
        Field.AVERAGE_BASKET: _basket,
        Field.SPENDING_POWER: _spending,
        Field.VOUCHER_USE: _vouchers,
        Field.NOVELTY: _novelty,
        Field.LOYALTY: _loyalty,
        Field.REGULARITY: _gaps,
        Field.NEXT_VISIT: _next,
    }
)
