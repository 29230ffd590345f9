"""What can be measured of somebody: what they spend, how often with a voucher, how often somewhere new, and when."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

from ringmain.profile.model import sureness
from ringmain.profile.model.choices import counted
from ringmain.profile.model.facts import FEWEST_FACTS, Counted, Field, FieldFact, Visit, evidence, span, unknown

# Of the first visits each shop is new.
KNOWN_AFTER = 5
# Between these, somebody pays about what others pay.
ABOUT = (0.8, 1.25)
# A gap that is at most half longer or shorter than the median is an even one.
_EVEN = (0.5, 1.5)


def figures_of(visits: Sequence[Visit], at: datetime | None) -> tuple[FieldFact, ...]:
    """Return every field of this kind, measured from visits, the newest first, as it stands `at` a moment."""
    return (
        _basket(visits),
        _spending(visits),
        _vouchers(visits),
        _novelty(visits),
        _loyalty(visits),
        *_rhythm(visits, at),
    )


def _basket(visits: Sequence[Visit]) -> FieldFact:
    """Return the mean of what the visits were worth, in the currency of the newest."""
    worth = [one for one in visits if one.total_minor is not None and one.currency == visits[0].currency]
    if len(worth) < FEWEST_FACTS:
        return unknown(Field.AVERAGE_BASKET, worth)
    amounts = [one.total_minor or 0 for one in worth]
    rounded = (2 * sum(amounts) + len(worth)) // (2 * len(worth))
    found = sureness.mean(amounts)
    return FieldFact(
        Field.AVERAGE_BASKET,
        (),
        len(worth),
        *span(worth),
        amount_minor=rounded,
        currency=worth[0].currency,
        low=max(found.low, 0.0),
        high=found.high,
        confidence=sureness.of_amount(found),
    )


def _spending(visits: Sequence[Visit]) -> FieldFact:
    """Return how many times what others pay at the same shops somebody pays: the geometric mean of the visits."""
    beside = [one for one in visits if one.total_minor and one.total_minor > 0 and one.others_minor]
    if len(beside) < FEWEST_FACTS:
        return unknown(Field.SPENDING_POWER, beside)
    times = [math.log((one.total_minor or 0) / (one.others_minor or 1)) for one in beside]
    found = sureness.mean(times)
    number = math.exp(found.figure)
    word = "less" if number < ABOUT[0] else "more" if number > ABOUT[1] else "about"
    saying = [one for one, log in zip(beside, times, strict=True) if _word(math.exp(log)) == word]
    return FieldFact(
        Field.SPENDING_POWER,
        (Counted(word, word, len(saying), evidence(saying), len(beside)),),
        len(beside),
        *span(beside),
        number=number,
        low=math.exp(found.low),
        high=math.exp(found.high),
        # Half of an interval of logarithms is, for small ones, that of the figure beside the figure.
        confidence=sureness.of_share(found),
    )


def _word(times: float) -> str:
    """Return the word for so many times what others pay."""
    return "less" if times < ABOUT[0] else "more" if times > ABOUT[1] else "about"


def _vouchers(visits: Sequence[Visit]) -> FieldFact:
    """Return the share of visits with a voucher."""
    return _shared(Field.VOUCHER_USE, "voucher", [one for one in visits if one.with_voucher], visits)


def _novelty(visits: Sequence[Visit]) -> FieldFact:
    """Return the share of the newer half of visits, after the first five, at shops that none before was at.

    The older half says where somebody has been: before it nothing is known, and everything would seem new.
    """
    after = visits[: min((len(visits) + 1) // 2, max(len(visits) - KNOWN_AFTER, 0))]
    seen = {one.shop_id for one in visits[len(after) :]}
    new: list[Visit] = []
    for one in reversed(after):
        if one.shop_id not in seen:
            new.append(one)
        seen.add(one.shop_id)
    return _shared(Field.NOVELTY, "new", new[::-1], after)


def _shared(field: Field, key: str, saying: Sequence[Visit], visits: Sequence[Visit]) -> FieldFact:
    """Return the share of the visits that say something."""
    if len(visits) < FEWEST_FACTS:
        return unknown(field, visits)
    found = sureness.share(len(saying), len(visits))
    value = Counted(key, key, len(saying), evidence(saying), len(visits))
    return FieldFact(
        field,
        (value,),
        len(visits),
        *span(visits),
        number=found.figure,
        low=found.low,
        high=found.high,
        confidence=sureness.of_share(found),
    )


def _loyalty(visits: Sequence[Visit]) -> FieldFact:
    """Return of the favourite shops which part of the visits in the category that each is of now was there."""
    category: dict[str, str] = {}
    for one in visits:
        category.setdefault(str(one.shop_id), one.category)
    times = Counter(category[str(one.shop_id)] for one in visits)
    shops = counted(Field.LOYALTY, [(str(one.shop_id), one.shop_name, one) for one in visits])
    values = tuple(
        replace(one, of=times[category[one.key]]) for one in shops.values if times[category[one.key]] >= FEWEST_FACTS
    )
    if not values:
        return unknown(Field.LOYALTY, visits)
    first = sureness.share(values[0].count, values[0].of)
    return FieldFact(
        Field.LOYALTY,
        values,
        len(visits),
        *span(visits),
        number=first.figure,
        low=first.low,
        high=first.high,
        confidence=sureness.of_share(first),
    )


def _rhythm(visits: Sequence[Visit], at: datetime | None) -> tuple[FieldFact, FieldFact]:
    """Return the days between visits, how many of them are about as many, and when the next visit may be.

    Where that has passed, nothing is known of it: whoever is late may be so for any time.
    Several visits of one day, by the clock of the shop, are one.
    """
    by_day = {one.local_at.date(): one for one in reversed(visits)}
    days = [by_day[day] for day in sorted(by_day)]
    gaps = [(later - before).days for before, later in pairwise(sorted(by_day))]
    if len(gaps) < FEWEST_FACTS:
        return unknown(Field.REGULARITY, days[1:]), unknown(Field.NEXT_VISIT, days[1:])
    found = sureness.middle(gaps)
    even = [
        one
        for one, gap in zip(days[1:], gaps, strict=True)
        if _EVEN[0] * found.figure <= gap <= _EVEN[1] * found.figure
    ]
    value = Counted("even", "even", len(even), evidence(reversed(even)), len(gaps))
    sure = sureness.of_choice(sureness.share(value.count, value.of))
    oldest, newest = span(visits)
    assert newest is not None
    regularity = FieldFact(
        Field.REGULARITY, (value,), len(gaps), oldest, newest, None, None, *found, confidence=sureness.of_amount(found)
    )
    expected = newest + timedelta(days=found.figure)
    if at is not None and expected < at:
        return regularity, FieldFact(Field.NEXT_VISIT, (), len(gaps), oldest, newest)
    following = FieldFact(
        Field.NEXT_VISIT, (), len(gaps), oldest, newest, None, None, *found, confidence=sure, expected_at=expected
    )
    return regularity, following
