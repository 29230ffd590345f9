"""Who gets which voucher: prices for a town of people beside a plain sort of the same matrix, and one decision."""

import resource
import time
from statistics import median
from uuid import UUID

import numpy as np

from ringmain.campaign import api as campaign
from ringmain.campaign.api import Budgets, Candidates, Problem
from ringmain.entry.bench.errors import BenchFailed
from ringmain.entry.bench.plan import Plan, Result, Sample, result
from ringmain.entry.bench.singles import Say

_SEED = 20
_CANDIDATES, _OFFERS, _MERCHANTS, _CAMPAIGNS = 20, 2_000, 400, 100
# All budgets of merchants together are this share of what people would take if nothing cost anything.
_SHARE = 0.4
# So many offers draw on a campaign's budget beside their merchant's.
_JOINING = 0.6
_YUAN = 100
_DECISIONS = 2_000
_GOAL_GAP, _GOAL_SECONDS, _GOAL_MS = 0.003, 10, 5
_KB_PER_MB = 1024


def run(plan: Plan, say: Say) -> list[Result]:
    """Measure both; fails where a budget or a cap was not kept, or the goals were missed."""
    problem = problem_of(plan.allocation_people)
    ours: list[Sample] = []
    limits: list[Sample] = []
    gaps: list[float] = []
    cpu: list[float] = []
    found = campaign.allocate(problem_of(1_000))  # So that nothing is measured of a first call.
    people = problem.candidates.people()
    matrix = problem.candidates.value.reshape(people, _CANDIDATES)
    for repetition in range(plan.repetitions):
        begun = time.perf_counter()
        np.argsort(matrix, axis=1)
        limits.append(Sample(people / (time.perf_counter() - begun)))
        begun, busy = time.perf_counter(), time.process_time()
        found = campaign.allocate(problem)
        cpu.append(time.process_time() - busy)
        ours.append(Sample(people / (time.perf_counter() - begun)))
        check(problem, found)
        gaps.append(found.gap)
        say(
            f"allocation {repetition + 1}/{plan.repetitions}: gap {found.gap:.3%}, {people / ours[-1].per_second:.1f} s"
        )
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _KB_PER_MB
    seconds = people / median(sample.per_second for sample in ours)
    if plan.allocation_goals and (max(gaps) > _GOAL_GAP or median(cpu) > _GOAL_SECONDS):
        raise BenchFailed(f"The allocation misses its goals: gap {max(gaps):.3%}, {median(cpu):.1f} s of CPU.")
    budgets = problem.budgets.limit
    size = (
        f"{people:,} people x {_CANDIDATES} of {_OFFERS:,} offers, {len(budgets)} budgets from "
        f"{budgets.min() / _YUAN:,.0f} to {budgets.max() / _YUAN:,.0f} yuan, {found.prices.passes} passes"
    )
    reached = (
        f"{1 - max(gaps):.2%} of the dual bound (goal {1 - _GOAL_GAP:.1%}) in {seconds:.1f} s, {median(cpu):.1f} s of "
        f"CPU (goal {_GOAL_SECONDS} s); {len(found.edge):,} vouchers, {memory:,.0f} MB at most"
    )
    notes = (size, reached, "limit: a plain argsort of the same matrix")
    return [result("allocation", "people/s", ours, limits, notes, cpu=False), _decide(plan, say)]


def problem_of(people: int, seed: int = _SEED) -> Problem:
    """Return a town: offers as popular and budgets as large as a Pareto law has it, tastes that differ by person."""
    chance = np.random.default_rng(seed)
    offer = _distinct(chance, people)
    cost = np.exp(chance.normal(np.log(1_000), 0.7, _OFFERS)).astype(np.int64) // _YUAN * _YUAN + _YUAN
    taste = chance.gamma(2.0, 0.5, (people, 1))
    fit = np.exp(chance.normal(0.0, 0.8, (people, _CANDIDATES)))
    value = np.clip(0.03 * taste * fit * np.sqrt(cost[offer] / 1_000), 1e-5, 0.6)
    most = chance.integers(1, 3, people)
    merchant = chance.integers(0, _MERCHANTS, _OFFERS)
    joins = np.flatnonzero(chance.random(_OFFERS) < _JOINING)
    campaigns = _MERCHANTS + chance.integers(0, _CAMPAIGNS, len(joins))
    weight = chance.pareto(1.3, _MERCHANTS + _CAMPAIGNS) + 0.05
    best = np.take_along_axis(offer, np.argsort(-value, axis=1)[:, :2], axis=1)
    coins = _SHARE * cost[best].sum() * weight / weight[:_MERCHANTS].sum()
    limit = coins.astype(np.int64) // _YUAN * _YUAN
    first = np.arange(people + 1) * _CANDIDATES
    return Problem.of(
        Candidates(first, offer.ravel(), value.ravel(), cost[offer].ravel(), most),
        Budgets(np.concatenate([np.arange(_OFFERS), joins]), np.concatenate([merchant, campaigns]), limit, _OFFERS),
    )


def _distinct(chance: np.random.Generator, people: int) -> "np.ndarray[tuple[int, int], np.dtype[np.int64]]":
    """Return the candidates of each person, popular offers more often, none twice."""
    popular = chance.pareto(1.2, _OFFERS) + 0.2
    offer = chance.choice(_OFFERS, (people, _CANDIDATES), p=popular / popular.sum())
    while True:
        offer.sort(axis=1)
        twice = np.zeros(offer.shape, dtype=np.bool_)
        twice[:, 1:] = offer[:, 1:] == offer[:, :-1]
        if not twice.any():
            return offer
        offer[twice] = chance.integers(0, _OFFERS, int(twice.sum()))


def check(problem: Problem, found: campaign.Allocation) -> None:
    """Raise `BenchFailed` where an allocation keeps not all budgets and caps."""
    edges = problem.candidates
    each = np.bincount(edges.person()[found.edge], minlength=edges.people())
    if (campaign.used(problem, found.edge) > problem.budgets.limit).any() or (each > edges.most).any():
        raise BenchFailed("An allocation broke a budget or a cap.")


def _decide(plan: Plan, say: Say) -> Result:
    """Measure one decision among all offers, its value and its draw included."""
    chance = np.random.default_rng(_SEED)
    shop, offer = np.arange(_OFFERS) % _MERCHANTS, np.arange(_OFFERS)
    cost = chance.integers(1, 50, _OFFERS) * _YUAN
    price = chance.gamma(1.0, 1e-5, _OFFERS)
    ours: list[Sample] = []
    limits: list[Sample] = []
    taken: list[float] = []
    for _ in range(plan.repetitions):
        taken, cpu = [], []
        for number in range(_DECISIONS):
            week = chance.random(_OFFERS)
            near, pull = chance.random(_OFFERS), chance.random(_OFFERS)
            begun, busy = time.perf_counter(), time.thread_time()
            value = campaign.expected(campaign.Asked(week, np.full(_OFFERS, np.nan), near, pull))
            left = campaign.worth(value, cost, price)
            campaign.pick(left, shop, offer, UUID(int=number), 3, sharpness=campaign.sharpness_of(value))
            taken.append(time.perf_counter() - begun)
            cpu.append(time.thread_time() - busy)
        # By its own CPU: what else the machine does is not its doing. The clock on the wall is told beside it.
        ours.append(Sample(1 / float(np.mean(cpu)), p99_ms=float(np.quantile(cpu, 0.99)) * 1e3))
        begun = time.perf_counter()
        for _ in range(_DECISIONS):
            np.argsort(price)
        limits.append(Sample(_DECISIONS / (time.perf_counter() - begun)))
    p99 = median(sample.p99_ms for sample in ours)
    say(f"decision: p99 {p99:.2f} ms")
    if plan.allocation_goals and p99 > _GOAL_MS:
        raise BenchFailed(f"A decision takes {p99:.1f} ms at the 99th percentile.")
    wall = np.quantile(taken, (0.5, 0.99)) * 1e3
    notes = (
        f"by the clock on the wall, in the last repetition: p50 {wall[0]:.2f} ms, p99 {wall[1]:.2f} ms",
        f"three of {_OFFERS:,} offers of {_MERCHANTS} shops: value, price and draw (goal: p99 {_GOAL_MS} ms)",
        "limit: a plain argsort of as many numbers",
    )
    return result("decision", "decisions/s", ours, limits, notes, cpu=False)
