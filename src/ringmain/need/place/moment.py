"""Questions of one moment: of everybody who was seen lately, where they will be next, and where within a week."""

import numpy as np

from ringmain.need.place.journal import DAY_S, Bools, Int64s, Journal, Queries


def at_moment(journal: Journal, second: int, *, seen_within_days: float) -> Queries:
    """Ask of every person with a visit in the days before `second`; visits from then on are not known.

    How long ago everything was counts from `second`; the hour is that of the person's last visit, since an answer
    serves for days.
    """
    upto = int(np.searchsorted(journal.second, second))
    last = np.full(journal.persons, -1, dtype=np.int64)
    np.maximum.at(last, journal.person[:upto], np.arange(upto))
    seen = journal.second[np.maximum(last, 0)] >= second - seen_within_days * DAY_S
    person = np.flatnonzero((last >= 0) & seen)
    return Queries(
        person,
        np.full(len(person), upto, dtype=np.int64),
        np.full(len(person), second, dtype=np.int64),
        journal.week_hour[last[person]],
        last[person],
        timed=False,
    )


def together(parts: list[Queries]) -> Queries:
    """Return the questions of several moments as one."""
    return Queries(
        np.concatenate([one.person for one in parts]),
        np.concatenate([one.upto for one in parts]),
        np.concatenate([one.second for one in parts]),
        np.concatenate([one.week_hour for one in parts]),
        np.concatenate([one.last for one in parts]),
        timed=False,
    )


def answers(journal: Journal, queries: Queries, days: float) -> Int64s:
    """Return the visit that came next, `(q,)`, where it came within `days`; -1 where none did.

    It looks ahead: for learning from the past, and for judging.
    """
    visit = journal.by_person.after(queries.person, queries.upto - 1)
    return np.where((visit >= 0) & (journal.second[visit] < queries.second + days * DAY_S), visit, -1)


def came(journal: Journal, queries: Queries, query: Int64s, place: Int64s, days: float) -> Bools:
    """Return for each pair of a question and a place, `(r,)`, whether the person was there within `days` after.

    It looks ahead, as `answers` does.
    """
    found = np.zeros(len(query), dtype=bool)
    for second in np.unique(queries.second):
        rows = np.flatnonzero(queries.second[query] == second)
        begin, end = np.searchsorted(journal.second, (second, second + days * DAY_S))
        there = journal.person[begin:end] * journal.places + journal.place[begin:end]
        found[rows] = np.isin(queries.person[query[rows]] * journal.places + place[rows], there)
    return found
