"""The voucher that a visit earns by the learnt chance that it closes; fitted every four weeks, never ahead of time."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ringmain.match import api as match
from ringmain.match.api import Closing, Offered
from ringmain.need.api import AsOf, Int64s, Journal, Table
from ringmain.simulate.choice import ABSENT_US, Choice, MostFollowed
from ringmain.simulate.complete_journey import ZONE
from ringmain.simulate.journey import Journey

# The days for which a voucher of the ring is valid: it closes if the member comes to its store within them.
DAYS = 14
_DAY_S = 86_400
# What is learnt at an origin chooses until the next one. Two origins' worth of visits come before the first.
_ORIGIN_S = 28 * _DAY_S
_FIRST = 2
# Stores that are new to the member and looked at for a voucher: of 457 more than anybody comes to in a year.
_NEW_STORES = 60
_FLAT = 1e-6


def choice_named(name: str, journey: Journey) -> Choice:
    """Return "most-followed" or "foretold" for a journey; the second learns for minutes where it is a whole year."""
    simple = MostFollowed(len(journey.households.household_id), len(journey.store_id))
    return Foretold(journey, simple) if name == Foretold.name else simple


class Foretold:
    """Chooses, of the stores that the simple rule may choose from, the one that this member likeliest comes to.

    May be chosen: stores where the member has never been, or not for 30 days. Visits before the first origin, and those
    for which the models know no store, get what the simple rule says. A recorded visit does not depend on the vouchers
    handed out, so all choices are made at once, each from what was known at its visit: a model that chooses from an
    origin on has seen only visits whose 14 days had ended by then.
    """

    name = "foretold"

    def __init__(self, journey: Journey, simple: Choice, *, seed: int = 0) -> None:
        """Fit at every origin and choose for every visit; `simple` chooses where no model does."""
        self._simple = simple
        self._chosen = foretell(journal_of(journey), seed=seed).tolist()
        self._seen = 0

    def see(self, household: int, store: int, at_us: int) -> None:
        """Learn one visit."""
        self._simple.see(household, store, at_us)
        self._seen += 1

    def choose(self, household: int, store: int, at_us: int) -> int:
        """Return the store whose voucher the visit seen last earns, or -1."""
        chosen: int = self._chosen[self._seen - 1]
        return chosen if chosen >= 0 else self._simple.choose(household, store, at_us)


def journal_of(journey: Journey) -> Journal:
    """Return the baskets as visits; the recording names no places, so that all stores stand at one point."""
    baskets = journey.baskets
    second = baskets.sold_at_us // 1_000_000
    nowhere = np.zeros(len(second))
    return Journal(
        person=baskets.household.astype(np.int64),
        place=baskets.store.astype(np.int64),
        category=np.zeros(len(second), dtype=np.int64),
        second=second,
        week_hour=_week_hours(second),
        x=nowhere,
        y=nowhere,
        persons=len(journey.households.household_id),
        places=len(journey.store_id),
        categories=1,
    )


def foretell(journal: Journal, *, seed: int) -> Int64s:
    """Return per visit the store with the highest calibrated chance of those that may be chosen, -1: none, `(n,)`."""
    chosen = np.full(len(journal), -1, dtype=np.int64)
    table = Table(journal)
    shops = match.Shops(np.zeros(journal.places, dtype=np.int64), DAYS)
    absent = _Absent(journal)
    for origin, asked in _origins(journal):
        learnt = np.flatnonzero(journal.second + DAYS * _DAY_S < origin)
        closing = match.fit_closing(journal, table, shops, learnt, new_places=_NEW_STORES, seed=seed)
        for part in match.offered(journal, table, shops, closing.weights, asked, _NEW_STORES):
            best = _best(closing, part, absent.since(asked[part.visit], part.place))
            chosen[asked[part.visit[best]]] = part.place[best]
    return chosen


def _origins(journal: Journal) -> Iterator[tuple[int, Int64s]]:
    """Yield each origin (UTC seconds) with the visits from it to the next."""
    begins = np.arange(int(journal.second[0]), int(journal.second[-1]) + _ORIGIN_S + 1, _ORIGIN_S)[_FIRST:]
    for origin, until in pairwise([*begins.tolist(), int(journal.second[-1]) + 1]):
        asked = np.flatnonzero((journal.second >= origin) & (journal.second < until))
        if len(asked):
            yield origin, asked


class _Absent:
    """Looks up whether a person had stayed away from a place."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._pairs = AsOf(journal.person * journal.places + journal.place)

    def since(self, visit: Int64s, place: Int64s) -> NDArray[np.bool_]:
        """Return whether the person of each visit had never been at the place, or not for 30 days, `(r,)`."""
        journal = self._journal
        at = self._pairs.find(journal.person[visit] * journal.places + place, visit)
        last = journal.second[self._pairs.event[np.maximum(at, 0)]]
        away: NDArray[np.bool_] = (at < 0) | ((journal.second[visit] - last) * 1_000_000 >= ABSENT_US)
        return away


def _best(closing: Closing, part: Offered, allowed: NDArray[np.bool_]) -> Int64s:
    """Return the row of the likeliest allowed store of each visit."""
    ranking, chance = np.zeros(len(part.visit)), np.zeros(len(part.visit))
    for own, side in ((True, closing.habit), (False, closing.discovery)):
        rows = np.flatnonzero(allowed & (part.own == own))
        ranking[rows] = side.rank(part.rows.values[rows])
        chance[rows] = side.curve(ranking[rows])
    # The curves are flat in steps: within one the trees' own order decides.
    rows = np.flatnonzero(allowed)
    best: Int64s = rows[match.best_rows(part.visit[rows], (chance + _FLAT * ranking)[rows], 1)]
    return best


def _week_hours(second: Int64s) -> NDArray[np.float64]:
    """Return the stores' local hour of the week of each moment, [0, 168), its offset looked up once an hour."""
    hours, back = np.unique(second // 3_600, return_inverse=True)
    moments = (datetime.fromtimestamp(hour * 3_600, tz=UTC).astimezone(ZONE) for hour in hours.tolist())
    offsets = np.array([(moment.utcoffset() or timedelta()).total_seconds() for moment in moments])
    # 1970-01-01 was a Thursday, the fourth day of the week.
    local = second + offsets[back] + 3 * _DAY_S
    week_hours: NDArray[np.float64] = local % (7 * _DAY_S) / 3_600
    return week_hours
