"""What somebody chooses most often: shops, categories, products, areas, parts of the day, ways to pay."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from math import cos, hypot, radians

from ringmain.profile.model import sureness
from ringmain.profile.model.facts import (
    FEWEST_FACTS,
    MOST_VALUES,
    Counted,
    Field,
    FieldFact,
    Visit,
    evidence,
    span,
    unknown,
)

# Where a part of the day begins, by the clock of the shop.
_DAY_PARTS = ((5, "morning"), (11, "midday"), (14, "afternoon"), (17, "evening"), (22, "night"))
# A product that was bought once is no taste.
_FEWEST_OF_PRODUCT = 2
AREA_M = 500
# An area lies around one of so many shops, the most visited: enough for whoever goes somewhere often.
_MOST_CENTRES = 20
_M_PER_DEGREE = 111_195


def day_part(local_at: datetime) -> str:
    """Return the part of the day: morning from 5, midday from 11, afternoon from 14, evening from 17, night from 22."""
    return next((name for begins, name in reversed(_DAY_PARTS) if local_at.hour >= begins), "night")


def choices_of(visits: Sequence[Visit]) -> tuple[FieldFact, ...]:
    """Return every field of this kind, counted from visits; newest visits first."""
    return (
        counted(Field.FAVOURITE_SHOPS, [(str(one.shop_id), one.shop_name, one) for one in visits]),
        counted(Field.FAVOURITE_CATEGORIES, [(one.category, one.category, one) for one in visits]),
        _products([one for one in visits if one.products]),
        areas([one for one in visits if one.place is not None]),
        counted(Field.USUAL_DAY_PART, [(day_part(one.local_at),) * 2 + (one,) for one in visits], most=1),
        counted(Field.USUAL_TENDER, [(kind, kind, one) for one in visits for kind in one.tenders], most=1),
    )


def usual_categories(visits: Sequence[Visit], part: str, most: int = 2) -> tuple[Counted, ...]:
    """Return the categories in which somebody bought three times or more in a part of the day, the most frequent first.

    `visits` are the newest first.
    """
    then = [one for one in visits if day_part(one.local_at) == part]
    found = counted(Field.FAVOURITE_CATEGORIES, [(one.category, one.category, one) for one in then], most)
    return tuple(one for one in found.values if one.count >= FEWEST_FACTS)


def counted(field: Field, facts: Sequence[tuple[str, str, Visit]], most: int = MOST_VALUES) -> FieldFact:
    """Count the values; of two that are equally frequent the one met last comes first."""
    by_key: dict[str, list[tuple[str, Visit]]] = {}
    for key, words, visit in facts:
        by_key.setdefault(key, []).append((words, visit))
    if len(facts) < FEWEST_FACTS:
        return unknown(field, (visit for _, _, visit in facts))
    ranked = sorted(by_key.items(), key=lambda item: (-len(item[1]), -item[1][0][1].sold_at.timestamp(), item[0]))
    values = tuple(
        Counted(key, of_key[0][0], len(of_key), evidence(visit for _, visit in of_key), len(facts))
        for key, of_key in ranked[:most]
    )
    return _chosen(field, values, len(facts), [visit for _, _, visit in facts])


def _chosen(field: Field, values: tuple[Counted, ...], facts: int, visits: Iterable[Visit]) -> FieldFact:
    first = sureness.share(values[0].count, values[0].of)
    sure = sureness.of_choice(first)
    return FieldFact(field, values, facts, *span(visits), low=first.low, high=first.high, confidence=sure)


def _products(visits: Sequence[Visit]) -> FieldFact:
    """Count in how many of the visits whose goods are known a product was bought, those of one visit left out."""
    if len(visits) < FEWEST_FACTS:
        return unknown(Field.FAVOURITE_PRODUCTS, visits)
    bought: dict[str, list[Visit]] = {}
    for visit in visits:
        for product in dict.fromkeys(visit.products):
            bought.setdefault(product, []).append(visit)
    often = [(product, of) for product, of in bought.items() if len(of) >= _FEWEST_OF_PRODUCT]
    often.sort(key=lambda item: (-len(item[1]), -item[1][0].sold_at.timestamp(), item[0]))
    values = tuple(Counted(product, product, len(of), evidence(of), len(visits)) for product, of in often[:MOST_VALUES])
    if not values:
        return unknown(Field.FAVOURITE_PRODUCTS, visits)
    return _chosen(Field.FAVOURITE_PRODUCTS, values, len(visits), visits)


def areas(visits: Sequence[Visit]) -> FieldFact:
    """Count visits by area: 500 m around the shop that has most of them there, then the same of what is left.

    Of two shops with as many, the one that was itself visited more, and then more lately, gives its name.
    """
    if len(visits) < FEWEST_FACTS:
        return unknown(Field.USUAL_AREAS, visits)
    by_shop: dict[str, list[Visit]] = {}
    for one in visits:
        by_shop.setdefault(str(one.shop_id), []).append(one)
    # Of two that are equally frequent the one met last stands first, and stays so.
    ranked = sorted(by_shop, key=lambda key: -len(by_shop[key]))
    around = {
        centre: {key for key in by_shop if is_near(by_shop[centre][0], by_shop[key][0])}
        for centre in ranked[:_MOST_CENTRES]
    }
    values: list[Counted] = []
    left = set(by_shop)
    while len(values) < MOST_VALUES and (centres := [key for key in around if key in left]):
        centre = max(centres, key=lambda key: sum(len(by_shop[near]) for near in around[key] & left))
        near = around[centre] & left
        there = [one for one in visits if str(one.shop_id) in near]
        values.append(Counted(centre, by_shop[centre][0].shop_name, len(there), evidence(there), len(visits)))
        left -= near
    return _chosen(Field.USUAL_AREAS, tuple(values), len(visits), visits)


def is_near(one: Visit, other: Visit) -> bool:
    """Say whether two shops lie in one area; those that lie nowhere do not."""
    if one.place is None or other.place is None:
        return False
    north = (one.place[0] - other.place[0]) * _M_PER_DEGREE
    east = (one.place[1] - other.place[1]) * _M_PER_DEGREE * cos(radians(one.place[0]))
    return hypot(north, east) <= AREA_M
