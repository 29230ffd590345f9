"""Profile: whether what a field of the image says of a person holds for what they do next.

At each cut the image is counted by the code that counts it for its owner, from the days that it looks back. It is held
against the visits of the four weeks after the cut: a field is worth showing only if it says more than what everybody
does, and more than what the person did the last time. A field without recorded data (how people pay) is not judged.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from uuid import UUID

import numpy as np

from ringmain.kit.learn.intervals import Estimate, ratio_over_persons
from ringmain.profile.api import FEWEST_FACTS, WINDOW, Visit, fields_of
from ringmain.simulate.complete_journey import ZONE, load
from ringmain.simulate.evaluate.checkins import Checkins, read_checkins
from ringmain.simulate.evaluate.profile_judges import EVERYBODY, JUDGES, LAST, OURS, Case, Judged, Known
from ringmain.simulate.evaluate.report import Result
from ringmain.simulate.evaluate.tasks import Progress

CUTS = (0.5, 2 / 3, 5 / 6)
NEXT = timedelta(days=28)
# What others pay at a shop is known from so many people.
FEWEST_PEOPLE = 10
_CURRENCY = "USD"
_HOURS_A_DAY = 24
_M_PER_DEGREE = 111_195
# Of these measures the smaller figure is the better one.
_ERRORS = (".mae", ".brier")

Histories = Sequence[Sequence[Visit]]


def evaluate(folder: Path | None, seed: int, progress: Progress) -> Result:
    """Judge every field at each cut, on recorded visits of a city or, without a folder, on the recorded year.

    Raises `EvaluationDataMissing`, `EvaluationDataWrong`, `DataMissing`.
    """
    people = recorded_year() if folder is None else recorded_visits(read_checkins(folder))
    times = [visit.sold_at for history in people for visit in history]
    begin, end = min(times), max(times)
    judged: dict[str, Judged] = {}
    for share in CUTS:
        cut = begin + (end - begin) * share
        progress(f"images of {cut.date()}")
        judge(judged, people, cut)
    figures: dict[str, dict[str, Estimate]] = {OURS: {}, EVERYBODY: {}, LAST: {}}
    for metric, found in judged.items():
        for name, scores in found.scores.items():
            figures[name][metric] = ratio_over_persons(np.array(found.person), np.array(scores), seed=seed)
    worse = [metric for metric in judged if not _better(metric, figures)]
    return Result(
        n=max(len(found.person) for found in judged.values()),
        metrics=figures.pop(OURS),
        baselines=figures,
        notes=(
            f"Cuts at {', '.join(f'{share:.0%}' for share in CUTS)} of the time, judged by the next {NEXT.days} days.",
            f"Not better than both: {', '.join(worse) or 'none'}.",
        ),
    )


def judge(judged: dict[str, Judged], people: Histories, cut: datetime) -> None:
    """Hold the images of a moment against what came; only who has an image then and came again is judged."""
    known = {person: _before(history, cut) for person, history in enumerate(people)}
    known = {person: before for person, before in known.items() if len(before) >= FEWEST_FACTS}
    usual = others_pay(known)
    known = {person: [_beside(one, usual) for one in before] for person, before in known.items()}
    images = {person: {fact.field: fact for fact in fields_of(before, cut)} for person, before in known.items()}
    town = Known.of(known, images)
    for person, before in known.items():
        coming = [_beside(visit, usual) for visit in people[person] if cut <= visit.sold_at < cut + NEXT]
        after = next((visit for visit in people[person] if visit.sold_at >= cut + NEXT), None)
        case = Case(person, before, coming, after, cut)
        for field, hold in JUDGES.items():
            if images[person][field].known:
                hold(judged, case, images[person][field], town)


def others_pay(known: Mapping[int, Sequence[Visit]]) -> Mapping[UUID, int]:
    """Return what a basket of each shop usually comes to, where ten people and more bought; rounded."""
    amounts: dict[UUID, list[int]] = {}
    buyers: dict[UUID, set[int]] = {}
    for person, visits in known.items():
        for one in visits:
            if one.total_minor:
                amounts.setdefault(one.shop_id, []).append(one.total_minor)
                buyers.setdefault(one.shop_id, set()).add(person)
    return {shop: round(median(of)) for shop, of in amounts.items() if len(buyers[shop]) >= FEWEST_PEOPLE}


def _beside(visit: Visit, usual: Mapping[UUID, int]) -> Visit:
    found = usual.get(visit.shop_id)
    return visit if found is None else replace(visit, others_minor=found)


def _better(metric: str, figures: Mapping[str, Mapping[str, Estimate]]) -> bool:
    """Say whether ours is better than every other way of saying it; an error is better when it is smaller."""
    sign = -1 if metric.endswith(_ERRORS) else 1
    others = [rest[metric].value for name, rest in figures.items() if name != OURS]
    return all(sign * figures[OURS][metric].value > sign * other for other in others)


def _before(history: Sequence[Visit], cut: datetime) -> list[Visit]:
    """Return what the image would be counted from, the newest first."""
    return [visit for visit in reversed(history) if cut - WINDOW <= visit.sold_at < cut]


def recorded_visits(checkins: Checkins) -> Histories:
    """Return the visits of each person in order of time; how much they paid is not recorded."""
    journal = checkins.journal
    people: list[list[Visit]] = [[] for _ in range(journal.persons)]
    hours = (journal.week_hour % _HOURS_A_DAY).astype(np.int64)
    # Back from metres to degrees: what matters are distances of up to a kilometre.
    latitude = journal.y / _M_PER_DEGREE
    longitude = journal.x / _M_PER_DEGREE / np.cos(np.radians(latitude))
    columns = (journal.person, journal.place, journal.category, journal.second, hours, latitude, longitude)
    for number, row in enumerate(zip(*(column.tolist() for column in columns), strict=True)):
        person, place, category, second, hour, *degrees = row
        at = datetime.fromtimestamp(second, tz=UTC)
        shop, name = UUID(int=place), checkins.categories[category]
        visit = Visit(UUID(int=number), shop, name, name, at, at.replace(hour=hour), None, _CURRENCY, ())
        people[person].append(replace(visit, place=(degrees[0], degrees[1])))
    return people


def recorded_year() -> Histories:
    """Return the baskets of each household in order of time; the stores are of one category and lie nowhere.

    A voucher is any coupon that took something off.
    """
    journey = load()
    baskets = journey.baskets
    products = [str(product) for product in journey.products.product_id.tolist()]
    people: list[list[Visit]] = [[] for _ in range(len(journey.households.household_id))]
    columns = (baskets.household, baskets.store, baskets.sold_at_us, baskets.amount_minor, baskets.coupon_minor)
    lines, offsets = journey.lines.product.tolist(), baskets.line_offsets.tolist()
    for number, row in enumerate(zip(*(column.tolist() for column in columns), strict=True)):
        person, store, sold_at_us, amount, coupon = row
        at = datetime.fromtimestamp(sold_at_us / 1_000_000, tz=UTC)
        people[person].append(
            Visit(
                sale_id=UUID(int=number),
                shop_id=UUID(int=store),
                shop_name="",
                category="",
                sold_at=at,
                local_at=at.astimezone(ZONE),
                total_minor=amount,
                currency=_CURRENCY,
                tenders=(),
                products=tuple(products[line] for line in lines[offsets[number] : offsets[number + 1]]),
                with_voucher=coupon > 0,
            )
        )
    return people
