"""Would a voucher for another shop have been used: at each visit one is handed out; it closes if the person comes.

Nobody in these data was handed a voucher, so this measures knowledge of people and no effect of vouchers.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from ringmain.kit.learn.intervals import Estimate, ratio_over_persons, resample_persons
from ringmain.kit.learn.metrics import Bools, Floats, calibration_error
from ringmain.match.api import Closing, Offered, Outcomes, Shops, best_rows, fit_closing, offered
from ringmain.need.api import Int64s, Journal, Table, habit_names
from ringmain.simulate.errors import EvaluationDataMissing
from ringmain.simulate.evaluate.checkins import Checkins, read_checkins
from ringmain.simulate.evaluate.report import Figures, Result

_DAYS = 7
_DAY_S = 86_400
_NEW_PLACES = 120
_LEARNT_FROM = 0.6
_VOUCHERS = 3
_NEAR_M = 1_000.0
# The rings of the population *local*: discs around the busiest shops, no two of which overlap.
_DISCS, _RADIUS_M = 12, 500.0
# A category with one of these words is a shop: something is sold there to whoever comes.
_COMMERCIAL = (
    "restaurant", "shop", "store", "bar", "café", "joint", "deli", "bakery", "place", "diner", "market", "salon", "gym",
    "hotel", "theater", "mall", "spa", "drugstore", "brewery", "beer garden", "food", "steakhouse", "breakfast",
    "gastropub", "noodle", "tea room", "laundry", "gas station", "arcade", "bowling", "pool hall", "casino",
    "nightlife", "music venue", "comedy club", "tattoo", "garden center", "bank",
)  # fmt: skip
_OURS = "ringmain"
_SIDES = ("any", "habit", "discovery")
_FADES7 = habit_names(timed=False).index("fades7")
_NOT_COMMERCIAL = ("professional & other places", "athletic")


def evaluate(folder: Path | None, seed: int, progress: Callable[[str], None]) -> Result:
    """Measure two populations of shops: all of the city, and those of twelve discs."""
    if folder is None:
        raise EvaluationDataMissing(task="closure")
    checkins = read_checkins(folder)
    table = Table(checkins.journal)
    metrics: dict[str, Estimate] = {}
    baselines: dict[str, dict[str, Estimate]] = {}
    cases = 0
    for name, group in (("shops", shops(checkins)), ("local", discs(checkins))):
        progress(f"{name}: learning")
        population = Shops(group, _DAYS)
        learnt, asked = split(checkins, population)
        closing = fit_closing(checkins.journal, table, population, learnt, new_places=_NEW_PLACES, seed=seed)
        progress(f"{name}: handing out vouchers at {len(asked):,} visits")
        handed = hand_out(checkins.journal, table, closing, asked)
        person = checkins.journal.person[asked]
        for rule in handed.closed:
            figures = {f"{name}.{key}": figure for key, figure in handed.figures(rule, person, seed).items()}
            (metrics if rule == _OURS else baselines.setdefault(rule, {})).update(figures)
        metrics |= {f"{name}.{key}": figure for key, figure in handed.known(person, seed).items()}
        cases += len(asked)
    return Result(
        n=cases,
        metrics=metrics,
        baselines=baselines,
        notes=(
            "Knowledge of people, not effect: nobody in these data received such a voucher.",
            "habit: the person had been at that shop before; discovery: never. They are not to be added up.",
            f"candidates, possible: visits with a new shop within {_DAYS} days among {_NEW_PLACES} candidates, or all.",
        ),
    )


def shops(checkins: Checkins) -> Int64s:
    """Return the ring of each place: 0 where its category is commercial, else -1, `(places,)`."""
    names = [name.lower() for name in checkins.categories]
    sells = np.array([any(word in name for word in _COMMERCIAL) for name in names])
    sells &= ~np.array([any(word in name for word in _NOT_COMMERCIAL) for name in names])
    return np.where(sells[checkins.journal.place_category], 0, -1)


def discs(checkins: Checkins) -> Int64s:
    """Return the ring of each place: the number of its disc, -1 outside, `(places,)`.

    Discs are laid greedily around the shop with most visits of history to shops within the radius.
    """
    journal = checkins.journal
    commercial = shops(checkins) >= 0
    visits = np.bincount(journal.place[: checkins.learn_until], minlength=journal.places) * commercial
    centres = np.flatnonzero(visits)
    x, y = journal.place_x, journal.place_y
    near = np.hypot(x[centres][:, None] - x[None, :], y[centres][:, None] - y[None, :])
    inside = near <= _RADIUS_M
    group = np.full(journal.places, -1, dtype=np.int64)
    free = np.ones(len(centres), dtype=bool)
    for disc in range(_DISCS):
        if not free.any():
            break
        busy = np.where(free, inside @ visits, -1)
        best = int(np.argmax(busy))
        group[inside[best] & commercial] = disc
        free &= near[:, centres[best]] > 2 * _RADIUS_M
    return group


def split(checkins: Checkins, population: Shops) -> tuple[Int64s, Int64s]:
    """Return the visits at shops to learn from, whose days end before the future begins, and those to judge.

    The last days of the file are not judged: what came of vouchers handed out there is not known.
    """
    journal = checkins.journal
    at_shop = population.group[journal.place] >= 0
    begin = journal.second[checkins.learn_until]
    order = np.arange(len(journal))
    over = journal.second + population.days * _DAY_S
    learnt = at_shop & (order >= int(checkins.learn_until * _LEARNT_FROM)) & (over < begin)
    return np.flatnonzero(learnt), np.flatnonzero(at_shop & checkins.future & (over <= journal.second[-1]))


@dataclass(slots=True)
class Handed:
    """What was handed out at each visit: `closed[rule][class]` `(visits, vouchers)` holds the chance that it closed.

    `chance` is the probability said of our best voucher per class, NaN where there was none; `found` and `possible`
    tell whether a new shop that the person came to was among the candidates, and whether there was one at all.
    """

    closed: dict[str, dict[str, Floats]]
    chance: dict[str, Floats]
    found: Bools
    possible: Bools

    def note(self, rule: str, side: str, visit: Int64s, closes: Floats) -> None:
        """Note the vouchers of `rule` at some visits, best first, `(m, vouchers)`."""
        sides = self.closed.setdefault(rule, {})
        sides.setdefault(side, np.zeros((len(self.found), _VOUCHERS)))[visit, : closes.shape[1]] = closes

    def figures(self, rule: str, person: Int64s, seed: int) -> Figures:
        """Return per class the share closed: per voucher, per person (mean of their own shares), of three vouchers."""
        visits = 1.0 / np.bincount(person)[person]
        figures = {}
        for side, hits in self.closed[rule].items():
            first = hits[:, 0]
            figures[f"{side}.voucher"] = ratio_over_persons(person, first, seed=seed)
            figures[f"{side}.person"] = ratio_over_persons(person, first * visits, visits, seed=seed)
            if side == "discovery":
                three = 1 - np.prod(1 - hits, axis=1)
                figures[f"{side}.three"] = ratio_over_persons(person, three, seed=seed)
        return figures

    def known(self, person: Int64s, seed: int) -> Figures:
        """Return what only our choice has: the reach of the candidates, and calibration of the handed vouchers."""
        figures = {
            "discovery.candidates": ratio_over_persons(person, self.found.astype(np.float64), seed=seed),
            "discovery.possible": ratio_over_persons(person, self.possible.astype(np.float64), seed=seed),
        }
        for side, chance in self.chance.items():
            given = np.flatnonzero(~np.isnan(chance))
            closed = self.closed[_OURS][side][given, 0] > 0
            figures[f"{side}.calibration"] = resample_persons(
                person[given], partial(_calibration, chance[given], closed), seed=seed
            )
        return figures


def _calibration(chance: Floats, closed: Bools, rows: Int64s) -> float:
    return calibration_error(chance[rows], closed[rows])


def hand_out(journal: Journal, table: Table, closing: Closing, visits: Int64s) -> Handed:
    """Hand out vouchers at `visits`, by our choice and by each simple rule, and see which close."""
    population = closing.shops
    outcomes = Outcomes(journal, population.days)
    row, later = outcomes.later(visits)
    here, there = journal.place[visits[row]], journal.place[later]
    reached = (population.group[there] == population.group[here]) & (there != here)
    handed = Handed(
        closed={},
        chance={side: np.full(len(visits), np.nan) for side in _SIDES},
        found=np.zeros(len(visits), dtype=bool),
        possible=np.bincount(row[reached & journal.own.new[later]], minlength=len(visits)) > 0,
    )
    for part in offered(journal, table, population, closing.weights, visits, _NEW_PLACES):
        handed.found[part.visit[part.closes & ~part.own]] = True
        _hand_ours(handed, closing, part)
        _hand_simply(handed, part, outcomes, population.reachable(journal.place[visits[part.chunk.rows]]), visits)
    return handed


def _hand_ours(handed: Handed, closing: Closing, part: Offered) -> None:
    """Choose by the trees among known and among new shops, and by calibrated chance among all."""
    ranking, chance = np.zeros(len(part.visit)), np.zeros(len(part.visit))
    for own, model in ((True, closing.habit), (False, closing.discovery)):
        rows = np.flatnonzero(part.own == own)
        ranking[rows] = model.rank(part.rows.values[rows])
        chance[rows] = model.curve(ranking[rows])
    # The curves are flat in steps: within one the trees' own order decides.
    order = chance + 1e-6 * ranking
    for side, rows in (
        ("any", np.arange(len(part.visit))),
        ("habit", np.flatnonzero(part.own)),
        ("discovery", np.flatnonzero(~part.own)),
    ):
        best = rows[best_rows(part.visit[rows], order[rows], _VOUCHERS)]
        begins = np.flatnonzero(np.diff(part.visit[best], prepend=-1))
        within = np.arange(len(best)) - np.repeat(begins, np.diff(begins, append=len(best)))
        closes = np.zeros((len(handed.found), _VOUCHERS))
        closes[part.visit[best], within] = part.closes[best]
        asked = part.chunk.rows
        handed.note(_OURS, side, asked, closes[asked])
        handed.chance[side][part.visit[best[begins]]] = chance[best[begins]]


def _hand_simply(handed: Handed, part: Offered, outcomes: Outcomes, reach: Bools, visits: Int64s) -> None:
    """Choose by rules that a shop could follow by hand; a rule that knows no shop hands out none."""
    chunk, asked = part.chunk, part.chunk.rows
    journal, at = outcomes.journal, outcomes.journal.place[visits[asked]]
    closes = np.zeros(reach.shape)
    row, later = outcomes.later(visits[asked])
    closes[row, journal.place[later]] = 1.0
    distance = np.hypot(journal.place_x[at][:, None] - journal.place_x, journal.place_y[at][:, None] - journal.place_y)
    habit = np.zeros(reach.shape)
    habit[chunk.habits.query, chunk.habits.place] = chunk.habits.values[:, _FADES7]
    rules = {
        "popular within 1 km": np.where(distance <= _NEAR_M, chunk.town.visits, 0.0),
        "nearest": 1 / (1 + distance),
        "most followed": chunk.town.follows[at].toarray(),
        "own visits of late": habit,
    }
    known = reach & chunk.town.known[None, :]
    # Shops of one score are drawn from by chance: by their order in the file nobody would choose.
    toss = 1e-9 * np.random.default_rng(int(asked[0])).random(reach.shape)
    for side, allowed in (("any", known), ("discovery", known & ~chunk.been)):
        rate = (closes * allowed).sum(1) / np.maximum(allowed.sum(1), 1)
        handed.note("random", side, asked, np.repeat(rate[:, None], _VOUCHERS, axis=1))
        for rule, score in rules.items():
            if side == "discovery" and rule == "own visits of late":
                continue
            usable = np.where(allowed & (score > 0), score + toss, -1.0)
            some = np.argpartition(-usable, _VOUCHERS, axis=1)[:, :_VOUCHERS]
            best = np.take_along_axis(some, np.argsort(-np.take_along_axis(usable, some, 1), axis=1), 1)
            rows = np.arange(len(asked))[:, None]
            handed.note(rule, side, asked, closes[rows, best] * (usable[rows, best] >= 0))
