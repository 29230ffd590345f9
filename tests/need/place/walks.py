"""A small town in which people walk by known rules."""

import numpy as np

from ringmain.need.api import Journal

WORKDAYS = 5
DAY_S = 86_400
# A Monday, midnight.
MONDAY_S = 1_333_324_800


def journal(visits: list[tuple[int, int, float]], *, places: int | None = None) -> Journal:
    """Make a journal of (person, place, day with its fraction); place `p` is of category p % 4 and stands at p km."""
    ordered = sorted(visits, key=lambda visit: visit[2])
    person, place = (np.array([visit[at] for visit in ordered], dtype=np.int64) for at in (0, 1))
    second = np.array([round(MONDAY_S + visit[2] * DAY_S) for visit in ordered], dtype=np.int64)
    known = places or int(place.max()) + 1
    return Journal(
        person=person,
        place=place,
        category=place % 4,
        second=second,
        week_hour=(second - MONDAY_S) / 3_600 % 168,
        x=place.astype(np.float64) * 1_000,
        y=np.zeros(len(place)),
        persons=int(person.max()) + 1,
        places=known,
        categories=4,
    )


def routines(persons: int, days: int, seed: int) -> Journal:
    """Everybody goes from home at 8 to work at 9 and to the bar next to it at 18; one in ten goes astray."""
    random = np.random.default_rng(seed)
    homes, works = 20 + np.arange(persons), random.integers(0, 5, persons)
    visits = []
    for day in range(days):
        for person in range(persons):
            for hour, place in ((8, homes[person]), (9, works[person]), (18, 5 + works[person])):
                astray = random.random() < 0.1
                where = int(random.integers(10, 20)) if astray else int(place)
                visits.append((person, where, day + (hour + random.random() / 2) / 24))
    return journal(visits, places=20 + persons)
