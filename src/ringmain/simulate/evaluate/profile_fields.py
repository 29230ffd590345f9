"""Profile: whether what a field of the image says of a person holds for what they do next.

At each cut the image is counted by the code that counts it for its owner, from the days that it looks back. It is held
against the visits of the four weeks after the cut: a field is worth showing only if it says more than what everybody
does, and more than what the person did the last time. A field without recorded data (how people pay) is not judged.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import numpy as np

from ringmain.kit.learn.intervals import Estimate, ratio_over_persons
from ringmain.profile.api import FEWEST_FACTS, WINDOW, Field, FieldFact, Visit, day_part, fields_of
from ringmain.simulate.complete_journey import ZONE, load
from ringmain.simulate.evaluate.checkins import Checkins, read_checkins
from ringmain.simulate.evaluate.report import Result
from ringmain.simulate.evaluate.tasks import Progress

CUTS = (0.5, 2 / 3, 5 / 6)
NEXT = timedelta(days=28)
_OURS, _EVERYBODY, _LAST = "ringmain", "everybody", "last time"
_CURRENCY = "USD"
_HOURS_A_DAY = 24
# What a field is held against: the words that a visit has for it. A basket is an amount and judged by its error.
_KEYS: Mapping[Field, Callable[[Visit], str]] = {
    Field.FAVOURITE_SHOPS: lambda visit: str(visit.shop_id),
    Field.FAVOURITE_CATEGORIES: lambda visit: visit.category,
    Field.USUAL_DAY_PART: lambda visit: day_part(visit.local_at),
}
# How many of its values are looked at.
_FIRST: Mapping[Field, Sequence[int]] = {
    Field.FAVOURITE_SHOPS: (1, 3),
    Field.FAVOURITE_CATEGORIES: (1, 3),
    Field.USUAL_DAY_PART: (1,),
}

Histories = Sequence[Sequence[Visit]]


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
    figures: dict[str, dict[str, Estimate]] = {_OURS: {}, _EVERYBODY: {}, _LAST: {}}
    for metric, found in judged.items():
        for name, scores in found.scores.items():
            figures[name][metric] = ratio_over_persons(np.array(found.person), np.array(scores), seed=seed)
    worse = [metric for metric in judged if not _better(metric, figures)]
    return Result(
        n=max(len(found.person) for found in judged.values()),
        metrics=figures.pop(_OURS),
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
    together = sorted((one for before in known.values() for one in before), key=lambda one: one.sold_at, reverse=True)
    everybody = {fact.field: fact for fact in fields_of(together)}
    for person, before in known.items():
        coming = [visit for visit in people[person] if cut <= visit.sold_at < cut + NEXT]
        for fact in fields_of(before):
            if fact.known and not _alike(everybody[fact.field]):
                _hold(judged, person, coming, fact, everybody[fact.field], before[0])


def _alike(everybody: FieldFact) -> bool:
    """Say whether everybody always does the same, so that there is nothing to tell."""
    return len(everybody.values) == 1 and everybody.values[0].count == everybody.facts


def _hold(
    judged: dict[str, Judged],
    person: int,
    coming: Sequence[Visit],
    own: FieldFact,
    everybody: FieldFact,
    last: Visit,
) -> None:
    """Hold one field against the visits that came."""
    if (key := _KEYS.get(own.field)) is not None:
        said = {
            _OURS: [one.key for one in own.values],
            _EVERYBODY: [one.key for one in everybody.values],
            _LAST: [key(last)],
        }
        for first in _FIRST[own.field]:
            found = judged.setdefault(f"{own.field}.acc@{first}", Judged([], {}))
            for visit in coming:
                found.note(person, {name: float(key(visit) in keys[:first]) for name, keys in said.items()})
    elif own.field == Field.AVERAGE_BASKET:
        amounts = {_OURS: own.amount_minor, _EVERYBODY: everybody.amount_minor, _LAST: last.total_minor}
        found = judged.setdefault(f"{own.field}.mae", Judged([], {}))
        for visit in coming:
            found.note(
                person,
                {name: abs((visit.total_minor or 0) - (amount or 0)) / 100 for name, amount in amounts.items()},
            )


def _better(metric: str, figures: Mapping[str, Mapping[str, Estimate]]) -> bool:
    """Say whether ours is better than every other way of saying it; an error is better when it is smaller."""
    sign = -1 if metric.endswith(".mae") else 1
    others = [rest[metric].value for name, rest in figures.items() if name != _OURS]
    return all(sign * figures[_OURS][metric].value > sign * other for other in others)


def _before(history: Sequence[Visit], cut: datetime) -> list[Visit]:
    """Return what the image would be counted from, the newest first."""
    return [visit for visit in reversed(history) if cut - WINDOW <= visit.sold_at < cut]


def recorded_visits(checkins: Checkins) -> Histories:
    """Return the visits of each person in order of time; how much they paid is not recorded."""
    journal = checkins.journal
    people: list[list[Visit]] = [[] for _ in range(journal.persons)]
    hours = (journal.week_hour % _HOURS_A_DAY).astype(np.int64)
    columns = (journal.person, journal.place, journal.category, journal.second, hours)
    for number, (person, place, category, second, hour) in enumerate(zip(*(c.tolist() for c in columns), strict=True)):
        at = datetime.fromtimestamp(second, tz=UTC)
        shop, name = UUID(int=place), checkins.categories[category]
        people[person].append(Visit(UUID(int=number), shop, name, name, at, at.replace(hour=hour), None, _CURRENCY, ()))
    return people


def recorded_year() -> Histories:
    """Return the baskets of each household in order of time; the stores are of one category."""
    journey = load()
    baskets = journey.baskets
    people: list[list[Visit]] = [[] for _ in range(len(journey.households.household_id))]
    columns = (baskets.household, baskets.store, baskets.sold_at_us, baskets.amount_minor)
    for number, (person, store, sold_at_us, amount) in enumerate(zip(*(c.tolist() for c in columns), strict=True)):
        at = datetime.fromtimestamp(sold_at_us / 1_000_000, tz=UTC)
        local = at.astimezone(ZONE)
        people[person].append(Visit(UUID(int=number), UUID(int=store), "", "", at, local, amount, _CURRENCY, ()))
    return people
