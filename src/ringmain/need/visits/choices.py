"""Candidates of persons with their features: the stores and the kinds of goods that each has known."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Int64s = NDArray[np.int64]

_WINDOWS = (14, 30, 90, 180)


@dataclass(frozen=True, slots=True, eq=False)
class Events:
    """What persons did: `person`, `choice`, `day`, `basket` (events,), by basket.

    Persons are numbers below `persons`, choices below `choices`.
    """

    person: Int64s
    choice: Int64s
    day: Int64s
    basket: Int64s
    persons: int
    choices: int


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """`person` (rows,) ascending, `choice` (rows,), and `features` (rows, columns)."""

    person: Int64s
    choice: Int64s
    features: NDArray[np.float32]
    columns: tuple[str, ...]


def count_since(events: Events, since: int) -> Floats:
    """Return how many events each person has with each choice from the day `since` on (persons, choices)."""
    recent = events.day >= since
    key = events.person[recent] * events.choices + events.choice[recent]
    counts = np.bincount(key, minlength=events.persons * events.choices)
    return counts.reshape(events.persons, events.choices).astype(np.float64)


def candidates(events: Events, today: int, popular: int) -> Candidates:
    """Return all that each person has chosen before, and the `popular` most chosen of all, for persons with events.

    All events have to lie before `today`.
    """
    counts = count_since(events, -1)
    chosen = counts > 0
    active = chosen.any(axis=1)
    recent = count_since(events, today - 90)
    wanted = np.argsort(-recent.sum(axis=0), kind="stable")[:popular]
    chosen[:, wanted] = True
    chosen[~active] = False
    person, choice = np.nonzero(chosen)
    columns = _columns(events, today, counts, person, choice)
    return Candidates(person, choice, np.column_stack(list(columns.values())).astype(np.float32), tuple(columns))


def _columns(events: Events, today: int, counts: Floats, person: Int64s, choice: Int64s) -> Mapping[str, Floats]:
    shape = (events.persons, events.choices)
    first = np.unique(events.basket, return_index=True)[1]
    baskets_of = np.bincount(events.person[first], minlength=events.persons).astype(np.float64)
    columns: dict[str, Floats] = {"count": counts[person, choice], "baskets": baskets_of[person]}
    columns["share"] = columns["count"] / columns["baskets"]
    for window in _WINDOWS:
        recent = count_since(events, today - window)
        in_window = np.bincount(
            events.person[first][events.day[first] >= today - window], minlength=events.persons
        ).astype(np.float64)
        columns[f"count_{window}"] = recent[person, choice]
        columns[f"share_{window}"] = recent[person, choice] / np.maximum(in_window, 1)[person]
        everybody = recent.sum(axis=0) / max(len(np.unique(events.basket[events.day >= today - window])), 1)
        columns[f"everybody_{window}"] = everybody[choice]
    order = _age_in_baskets(events)
    key = events.person * events.choices + events.choice
    for rate in (0.8, 0.95):
        faded = np.bincount(key, weights=np.power(rate, order.astype(np.float64)), minlength=shape[0] * shape[1])
        columns[f"faded_{rate}"] = np.asarray(faded, dtype=np.float64).reshape(shape)[person, choice]
    latest, oldest = np.full(shape[0] * shape[1], -np.inf), np.full(shape[0] * shape[1], np.inf)
    np.maximum.at(latest, key, events.day)
    np.minimum.at(oldest, key, events.day)
    fewest = np.full(shape[0] * shape[1], np.inf)
    np.minimum.at(fewest, key, order)
    at = person * events.choices + choice
    seen = columns["count"] > 0
    columns["ago"] = np.where(seen, today - latest[at], np.nan)
    columns["baskets_ago"] = np.where(seen, fewest[at], np.nan)
    gap = np.where(columns["count"] > 1, (latest - oldest)[at], np.nan) / np.maximum(columns["count"] - 1, 1)
    columns["gap"] = gap
    columns["overdue"] = columns["ago"] / np.maximum(gap, 1)
    columns["different"] = (counts > 0).sum(axis=1)[person].astype(np.float64)
    columns["size"] = (counts.sum(axis=1) / np.maximum(baskets_of, 1))[person]
    return columns


def _age_in_baskets(events: Events) -> Int64s:
    """Return for each event how many baskets its person had after it (events,)."""
    baskets, first, back = np.unique(events.basket, return_index=True, return_inverse=True)
    who = events.person[first]
    order = np.lexsort((baskets, who))
    end = np.searchsorted(who[order], who[order], side="right")
    age = np.empty(len(baskets), dtype=np.int64)
    age[order] = end - 1 - np.arange(len(baskets))
    return age[back]
