"""What a city's week comes to, counted from its facts; and the lift, read from a comparison group, beside the truth."""

from collections import Counter
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from ringmain.kit.db import Database
from ringmain.ledger import api as ledger
from ringmain.simulate.national_day import store
from ringmain.simulate.national_day.crowd import is_compared
from ringmain.simulate.national_day.plan import City
from ringmain.simulate.national_day.store import Alarm, Totals

_Z_95 = 1.959964


@dataclass(frozen=True, slots=True)
class Arm:
    """A group of people: how many, and sum and sum of squares of what each did."""

    people: int
    total: float
    squares: float

    def __add__(self, other: "Arm") -> "Arm":
        """Put two groups together."""
        return Arm(self.people + other.people, self.total + other.total, self.squares + other.squares)

    @property
    def mean(self) -> float:
        """What a person did on average."""
        return self.total / self.people if self.people else 0.0

    @property
    def variance_of_mean(self) -> float:
        """The variance of the average."""
        if self.people < 2:  # noqa: PLR2004 (one person has no variance)
            return 0.0
        return max(0.0, self.squares - self.people * self.mean**2) / (self.people - 1) / self.people


@dataclass(frozen=True, slots=True)
class Lift:
    """By how much a treated person did more than one of the comparison group, with its 95 % interval."""

    per_person: float
    low: float
    high: float


def lift(treated: Arm, compared: Arm) -> Lift:
    """Return the difference of two groups that chance has made (Welch)."""
    difference = treated.mean - compared.mean
    half = _Z_95 * float(np.sqrt(treated.variance_of_mean + compared.variance_of_mean))
    return Lift(difference, difference - half, difference + half)


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of one city."""

    totals: Totals
    ledger_sum: dict[str, int]
    visits: tuple[Arm, Arm]  # treated, compared
    spent: tuple[Arm, Arm]
    alarms: list[Alarm]


async def figures(database: Database, city: City, compared: npt.NDArray[np.bool_]) -> Figures:
    """Count a city; `compared` says of each of its people whether they are in the comparison group."""
    async with database.unit(city.network_id) as uow:
        totals = await store.totals(uow)
    async with database.unit(city.network_id) as uow:
        await uow.plan_for_whole()
        sums = {one.currency: one.sum_minor for one in await ledger.sums(uow)}
    async with database.unit(city.network_id) as uow:
        came = await store.visitors(uow)
        alarms = await store.first_alarms(uow, city.id("game"))
    group = is_compared(came.subject_ids) if len(came.subject_ids) else np.empty(0, dtype=np.bool_)
    sizes = (int((~compared).sum()), int(compared.sum()))

    def arms(values: npt.NDArray[np.int64]) -> tuple[Arm, Arm]:
        of = (values[~group].astype(float), values[group].astype(float))
        first, second = (
            Arm(size, float(own.sum()), float((own**2).sum())) for size, own in zip(sizes, of, strict=True)
        )
        return first, second

    return Figures(totals, sums, arms(came.visits), arms(came.spent_minor), alarms)


def together(all_figures: list[Figures], counts: Counter[str]) -> dict[str, object]:
    """Return the figures of all cities as one report; `counts` is what the simulation itself knows to be true."""
    totals = {field.name: sum(getattr(one.totals, field.name) for one in all_figures) for field in fields(Totals)}
    visits = [sum((one.visits[arm] for one in all_figures), Arm(0, 0.0, 0.0)) for arm in (0, 1)]
    spent = [sum((one.spent[arm] for one in all_figures), Arm(0, 0.0, 0.0)) for arm in (0, 1)]
    of_visits, of_spending = lift(visits[0], visits[1]), lift(spent[0], spent[1])
    treated = max(1, visits[0].people)
    return {
        **totals,
        "redeemed_share": totals["redemptions"] / max(1, totals["grants"]),
        "network_share": totals["paid_by_network_minor"] / max(1, totals["redeemed_minor"]),
        "turnover_yuan": totals["turnover_minor"] / 100,
        "people": visits[0].people + visits[1].people,
        "compared_people": visits[1].people,
        "lift_visits": [of_visits.per_person, of_visits.low, of_visits.high],
        "lift_visits_truth": counts["brought"] / treated,
        "lift_spending_minor": [of_spending.per_person, of_spending.low, of_spending.high],
        "stand_ins": counts["stand_ins"],
        "ledger_sum": {
            currency: sum(one.ledger_sum.get(currency, 0) for one in all_figures)
            for currency in sorted({currency for one in all_figures for currency in one.ledger_sum})
        },
        "alarms": [(alarm.kind, alarm.left_over, alarm.expected) for one in all_figures for alarm in one.alarms],
    }
