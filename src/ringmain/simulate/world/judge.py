"""Judges who is given a voucher by what it truly brings: the estimate of a first period against the oracle.

First nobody is given anything, then chance decides: each week everybody is assigned one shop within reach, and a coin
says whether its voucher is given. What is learnt from that, on observable facts, decides in one more week, in which
every rule may spend the same. Then the truth is asked: exact expected visits with and without each voucher.
"""

from dataclasses import dataclass

import msgspec
import numpy as np

from ringmain.campaign.api import Chances, Experiment, Known, both_chances, shown_effects
from ringmain.kit.learn.boosting import grow
from ringmain.kit.learn.intervals import Estimate
from ringmain.simulate.world.allocate import Offers, Outcome, by_price, by_rank
from ringmain.simulate.world.days import Visits, joined, live
from ringmain.simulate.world.families.family import Family, Held
from ringmain.simulate.world.families.registry import family_of
from ringmain.simulate.world.observe import Facts, known
from ringmain.simulate.world.parameters import WINDOW_DAYS, Parameters
from ringmain.simulate.world.shops import Floats, Int64s
from ringmain.simulate.world.world import build

BEFORE_WEEKS, TRIAL_WEEKS = 12, 26
GIVEN = 0.5
# How many shops a person may be offered in the week that is judged, what telling one costs (minor units), and the
# budgets: shares of what giving everybody one at random would cost.
OFFERED, TELLING_MINOR = 12, 10.0
BUDGETS = (0.1, 0.2, 0.4)
_FOLDS = 2
_Z = 1.959964
# Of the rows of the trial, those with the most effect a coin are asked whether an effect is shown at all.
_CHOSEN = 0.2
# Labels of this objective are chances, so the answer is their mean among those whom the facts do not tell apart.
_KNOWING_TREES = {"objective": "cross_entropy", "num_leaves": 31, "learning_rate": 0.1, "min_data_in_leaf": 50}
_KNOWING_ROUNDS = 120

NO_EFFECT = "no effect shown; do not pay"
FOR_CHOSEN = "an effect is shown for those who would be chosen, not for everybody; pay for these only"
FOR_ALL = "an effect is shown"


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """The rows of the first period, `(rows,)` each, week after week; `person` and `face` of the voucher."""

    experiment: Experiment
    person: Int64s
    face: Floats


class Judged(msgspec.Struct, frozen=True):
    """One world: what each rule truly brought by budget, and what could be said before paying.

    `total` and `chosen` are estimated from the trial: incremental visits per voucher, over all rows, and over the fifth
    with the most effect a coin (chosen by models that have not seen the person). `true_total` is the truth of the same
    kind of voucher in the judged week.
    """

    seed: int
    rules: dict[str, dict[str, Outcome]]
    total: Estimate
    chosen: Estimate
    true_total: float
    verdict: str


def judge(parameters: Parameters) -> Judged:
    """Live a world, learn from its trial, and judge every rule by the truth of the next week."""
    family = made_for(parameters)
    world = family.world
    trial, visits, given = run_trial(family)
    model = both_chances(trial.experiment, parameters.seed)
    total, chosen = _shown(trial, parameters.seed)
    day = WINDOW_DAYS * (BEFORE_WEEKS + TRIAL_WEEKS)
    random = np.random.default_rng([parameters.seed, 42])
    people, slots = world.reach.shape
    most = min(OFFERED, slots)
    slot = np.argsort(random.random((people, slots)), axis=1)[:, :most].ravel()
    person = np.repeat(np.arange(people), most)
    face = world.shops.face_minor[world.reach[person, slot]].astype(np.float64)
    seen = known(Facts(world, visits, given, day), person, slot, face)
    foretold = model(seen)
    without = family.chance(person, slot, np.zeros(len(face)), day, WINDOW_DAYS)
    treated = family.chance(person, slot, face, day, WINDOW_DAYS)
    verdict = _verdict(total, chosen)
    truth = Chances(without, treated)
    knowable = _knowable(truth, seen, person, parameters.seed)
    rules = {f"{budget:.0%}": _rules(truth, foretold, knowable, face, people, budget, random) for budget in BUDGETS}
    if verdict == NO_EFFECT:
        for one in rules.values():
            one["ours"] = Outcome(0.0, 0.0, 0.0)
    return Judged(parameters.seed, rules, total, chosen, float((treated - without).mean()), verdict)


def made_for(parameters: Parameters) -> Family:
    """Return a town before its first day, made for the weeks of the first period and the one that is judged."""
    weeks = BEFORE_WEEKS + TRIAL_WEEKS + 1
    return family_of(build(msgspec.structs.replace(parameters, days=WINDOW_DAYS * weeks)))


def run_trial(family: Family) -> tuple[Trial, Visits, list[tuple[int, Held]]]:
    """Live the first period; return its rows, and all that was seen and given until its end."""
    world = family.world
    people, slots = len(world.reach), world.reach.shape[1]
    random = np.random.default_rng([world.parameters.seed, 41])
    who = np.arange(people)
    parts = [live(family, WINDOW_DAYS * week, Held.none(people)) for week in range(BEFORE_WEEKS)]
    given: list[tuple[int, Held]] = []
    rows = []
    for week in range(BEFORE_WEEKS, BEFORE_WEEKS + TRIAL_WEEKS):
        day = WINDOW_DAYS * week
        slot = random.integers(0, slots, people)
        face = world.shops.face_minor[world.reach[who, slot]].astype(np.float64)
        treated = random.random(people) < GIVEN
        seen = known(Facts(world, joined(parts), given, day), who, slot, face)
        held = Held(np.where(treated, slot, -1), face)
        visits = live(family, day, held)
        came = np.zeros(people)
        came[visits.person[visits.slot == slot[visits.person]]] = 1.0
        rows.append((Experiment(seen, treated, came), face))
        parts.append(visits)
        given.append((day, held))
    experiment = Experiment(
        Known(
            np.concatenate([row.known.linear for row, _ in rows]), np.concatenate([row.known.raw for row, _ in rows])
        ),
        np.concatenate([row.treated for row, _ in rows]),
        np.concatenate([row.outcome for row, _ in rows]),
    )
    face = np.concatenate([one for _, one in rows])
    return Trial(experiment, np.tile(who, TRIAL_WEEKS), face), joined(parts), given


def _rules(
    truth: Chances,
    foretold: Chances,
    knowable: Chances,
    face: Floats,
    people: int,
    share: float,
    random: np.random.Generator,
) -> dict[str, Outcome]:
    """Let every rule spend the same."""
    offers = Offers(people, truth.effect, face * truth.treated + TELLING_MINOR)
    budget = share * float(offers.cost.sum()) / (len(face) / people)
    believed = face * foretold.treated + TELLING_MINOR
    return {
        "oracle": by_price(offers, truth.effect, offers.cost, budget),
        "knowable": by_price(offers, knowable.effect, face * knowable.treated + TELLING_MINOR, budget),
        "ours": by_price(offers, foretold.effect, believed, budget),
        "redemption": by_price(offers, foretold.treated, believed, budget),
        "likeliest": by_rank(offers, foretold.treated, budget),
        "random": by_rank(offers, random.random(len(face)), budget),
    }


def _knowable(truth: Chances, seen: Known, person: Int64s, seed: int) -> Chances:
    """Return what the facts tell of the truth, learnt from the truth of other persons.

    Nobody has such a model. It says about how much of the distance to the oracle these facts do not tell anybody, and
    is itself learnt from so many rows only.
    """
    fold = np.random.default_rng([seed, 44]).permutation(int(person.max()) + 1)[person] % _FOLDS
    found = []
    for chance in (truth.without, truth.treated):
        answer = np.zeros(len(person))
        for turn in range(_FOLDS):
            held = fold == turn
            trees = grow(_KNOWING_TREES, seen.raw[~held], chance[~held], rounds=_KNOWING_ROUNDS, seed=seed)
            answer[held] = np.asarray(trees.predict(seen.raw[held]))
        found.append(answer)
    return Chances(found[0], found[1])


def _shown(trial: Trial, seed: int) -> tuple[Estimate, Estimate]:
    """Estimate the effect of a voucher on all rows, and on those chosen by models that have not seen the person."""
    experiment, rows = trial.experiment, len(trial.person)
    fold = np.random.default_rng([seed, 43]).permutation(int(trial.person.max()) + 1)[trial.person] % _FOLDS
    without, treated = np.zeros(rows), np.zeros(rows)
    for turn in range(_FOLDS):
        held = np.flatnonzero(fold == turn)
        found = both_chances(experiment.of(np.flatnonzero(fold != turn)), seed)(experiment.known.of(held))
        without[held], treated[held] = found.without, found.treated
    foretold = Chances(without, treated)
    figures = shown_effects(experiment, foretold, GIVEN)
    a_coin = foretold.effect / (trial.face * treated + TELLING_MINOR)
    chosen = a_coin >= np.quantile(a_coin, 1.0 - _CHOSEN)
    return _mean(figures, trial.person), _mean(figures[chosen], trial.person[chosen])


def _mean(figures: Floats, person: Int64s) -> Estimate:
    """Return the mean with its 95 % interval; rows of one person are not independent."""
    mean = float(figures.mean())
    of_person = np.bincount(person, weights=figures - mean)
    error = _Z * float(np.sqrt((of_person**2).sum())) / len(figures)
    return Estimate(mean, mean - error, mean + error)


def _verdict(total: Estimate, chosen: Estimate) -> str:
    if total.low is not None and total.low > 0:
        return FOR_ALL
    if chosen.low is not None and chosen.low > 0:
        return FOR_CHOSEN
    return NO_EFFECT
