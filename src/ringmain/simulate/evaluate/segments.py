"""Segments: whether tribes are found again, whether people stay, and what tribes say of what people do next.

Tribes are found on the earlier half of all events, of people with twenty events and more in both halves. Stability
is of everything: people are resampled, everything is found again, and all people are placed by what was found.
"""

from collections.abc import Callable, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2

from ringmain.kit.learn.intervals import Estimate, ratio_over_persons
from ringmain.kit.learn.partitions import adjusted_rand, best_jaccard
from ringmain.segment import api as segment
from ringmain.segment.api import Tribes
from ringmain.simulate.evaluate.people import DAY_PARTS, Events, read_events
from ringmain.simulate.evaluate.report import Figures, Result

Progress = Callable[[str], None]
Floats = NDArray[np.float64]
Int64s = NDArray[np.int64]
Placing = Callable[[Floats], Int64s]

_LEAST_EVENTS = 20
_SEEDS = 5
_BOOTSTRAPS = 10
_SHUFFLES = 5
_MONTH_S = 30 * 86_400
# A tribe's prior leans on everybody's as if so many people more were members, and that one on equal shares of all.
_OTHERS = 30.0
_EQUAL = 0.1
# What a prior may weigh beside own history (events), and how much of it may be the tribe's.
_OWN = (5.0, 10.0, 20.0, 40.0)
_TRIBE_SHARE = (0.0, 0.1, 0.25, 0.5)
_FEW = (5, 10)


class _Halves:
    """The people that are judged, with what they did in the first half, in the second, and by the end of each month."""

    def __init__(self, events: Events) -> None:
        self.middle = int(np.median(events.second))
        late = events.second >= self.middle
        first, second = events.counts(~late), events.counts(late)
        self.judged = (first.sum(axis=1) >= _LEAST_EVENTS) & (second.sum(axis=1) >= _LEAST_EVENTS)
        self.first, self.second = first[self.judged], second[self.judged]
        self.parts = events.day_parts(~late)[self.judged]
        begin = int(events.second.min())
        earlier = events.second < begin + (self.middle - begin) // 2
        self.quarter = events.counts(earlier)[self.judged]
        ends = range(self.middle, int(events.second.max()) + 1, _MONTH_S)
        self.months = [events.counts(events.second < end)[self.judged] for end in ends]


def evaluate(folder: Path | None, seed: int, progress: Progress) -> Result:
    """Measure tribes beside k-means on the same counts; the folder may be left out for the recorded year."""
    events = read_events(folder)
    halves = _Halves(events)
    counts = halves.first
    progress("finding tribes")
    tribes = segment.find(counts, seed)
    tribe = tribes.place(counts)
    metrics = {
        "people": Estimate(float(len(counts))),
        "tribes": Estimate(float(len(tribes.anchors))),
        "without_tribe": Estimate(float((tribe == len(tribes.anchors)).mean())),
    }
    progress("resampling people")
    metrics |= _stability(counts, lambda rows, draw: segment.find(counts[rows], draw).place, seed)
    metrics |= {"stay.month": _stay(tribes, halves), **_next_half(halves, tribe, seed)}
    metrics |= _own_history(halves, tribes, seed)
    progress("rules")
    metrics |= _unseen(counts, seed) | _newcomers(tribes, counts, tribe, seed)
    baselines: dict[str, Figures] = {}
    for clusters in (8, 12):
        progress(f"k-means, {clusters} clusters")
        baselines[f"k-means {clusters}"] = _kmeans_figures(halves, clusters, seed)
    return Result(len(counts), metrics, baselines, (_placing_note(), *describe(tribes, halves, events.names)))


def describe(tribes: Tribes, halves: _Halves, names: Sequence[str]) -> tuple[str, ...]:
    """Return what each tribe is, in English and Chinese: size, rule, what sets it apart, and when they come."""
    shares, tribe = _shares(halves.first), tribes.place(halves.first)
    parts, lines = _shares(halves.parts), []
    for number, anchor in enumerate(tribes.anchors.tolist()):
        member = tribe == number
        rule = segment.rule_of(shares, member, _rule_columns(tribes, anchor))
        lift = tribes.centres[number] * np.log((tribes.centres[number] + 1e-4) / (tribes.everybody + 1e-4))
        apart = ", ".join(
            f"{names[column]} {_times(tribes.centres[number, column], tribes.everybody[column])}"
            for column in np.argsort(-lift)[:3].tolist()
        )
        part = int(np.argmax(parts[member].mean(axis=0) / np.maximum(parts.mean(axis=0), 1e-4)))
        when = f"{DAY_PARTS[part]} {_times(parts[member, part].mean(), parts[:, part].mean())}"
        lines.append(
            f"{number + 1}. {names[anchor]}, {member.sum()} people. {rule.words(names, 'en')} "
            f"{rule.words(names, 'zh')} Beside everybody: {apart}; {when}."
        )
    return tuple(lines)


def _times(share: float, everybody: float) -> str:
    return f"{share:.1%}, {share / max(everybody, 1e-4):.1f} times as much"


def _placing_note() -> str:
    return "Log-losses are per event; what a person did is left out of the priors of their tribe and of everybody."


def _shares(counts: Floats) -> Floats:
    return np.asarray(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1))


def _rule_columns(tribes: Tribes, anchor: int) -> list[int]:
    """Return the columns a rule may use: the anchor first, then those of the other tribes."""
    return [anchor, *(other for other in tribes.anchors.tolist() if other != anchor)]


def _stability(counts: Floats, find: Callable[[Int64s, int], Placing], seed: int) -> dict[str, Estimate]:
    """Return how alike what is found is between seeds, and between resamples of people, on all people."""
    everyone = np.arange(len(counts), dtype=np.int64)
    seeds = [find(everyone, seed + draw)(counts) for draw in range(_SEEDS)]
    random = np.random.default_rng(seed)
    drawn = [find(random.integers(len(counts), size=len(counts)), seed + draw)(counts) for draw in range(_BOOTSTRAPS)]
    jaccard = np.mean([best_jaccard(seeds[0], other) for other in drawn], axis=0)
    people = np.bincount(seeds[0], minlength=len(jaccard)) > 0
    return {
        "ari.seeds": Estimate(_mean_ari(seeds)),
        "ari.bootstraps": Estimate(_mean_ari(drawn)),
        "jaccard.mean": Estimate(float(jaccard[people].mean())),
        "jaccard.worst": Estimate(float(jaccard[people].min())),
    }


def _mean_ari(partitions: Sequence[Int64s]) -> float:
    return float(np.mean([adjusted_rand(first, second) for first, second in combinations(partitions, 2)]))


def _stay(tribes: Tribes, halves: _Halves) -> Estimate:
    """Return the share of people who are in the same tribe a month later, tribes fixed, images growing."""
    was, stayed = tribes.place(halves.months[0]), []
    for month in halves.months[1:]:
        now, _ = segment.move_on(tribes, was, month)
        stayed.append(float((now == was).mean()))
        was = now
    return Estimate(float(np.mean(stayed)) if stayed else float("nan"))


def _priors(counts: Floats, tribe: Int64s, everybody: Floats) -> Floats:
    """Return each person's prior (people, columns): mean shares of their tribe, without the person's own."""
    share = _shares(counts)
    together = np.zeros((int(tribe.max()) + 1, counts.shape[1]))
    np.add.at(together, tribe, share)
    others = together[tribe] - share + _OTHERS * everybody
    return np.asarray(others / others.sum(axis=1, keepdims=True))


def _everybody(counts: Floats) -> Floats:
    """Return for each person the mean shares of everybody else (people, columns)."""
    share = _shares(counts)
    others = share.sum(axis=0) - share + _EQUAL * len(counts) / counts.shape[1]
    return np.asarray(others / others.sum(axis=1, keepdims=True))


def _loss(second: Floats, prediction: Floats, seed: int) -> Estimate:
    """Return the log-loss per event of the second half, resampled over people."""
    nats = -(second * np.log(prediction)).sum(axis=1)
    return ratio_over_persons(np.arange(len(second)), nats, second.sum(axis=1), seed=seed)


def _next_half(halves: _Halves, tribe: Int64s, seed: int) -> dict[str, Estimate]:
    everybody = _everybody(halves.first)
    random = np.random.default_rng(seed)
    shuffled = [
        _loss(halves.second, _priors(halves.first, random.permutation(tribe), everybody), seed).value
        for _ in range(_SHUFFLES)
    ]
    by_tribe = _loss(halves.second, _priors(halves.first, tribe, everybody), seed)
    by_all = _loss(halves.second, everybody, seed)
    return {
        "logloss.global": by_all,
        "logloss.shuffled": Estimate(float(np.mean(shuffled))),
        "logloss.tribe": by_tribe,
        "logloss.below_global": Estimate(1 - by_tribe.value / by_all.value),
    }


def _own_history(halves: _Halves, tribes: Tribes, seed: int) -> dict[str, Estimate]:
    """Return the loss with own history, without and with tribes; weights are chosen inside the first half.

    A tribe has a say only where it helped there beyond doubt: by two standard errors over people.
    """
    rest, before, tribe = halves.first - halves.quarter, tribes.place(halves.quarter), tribes.place(halves.first)
    inner = {
        (share, own): -(rest * np.log(_with_own(halves.quarter, before, share, own))).sum(axis=1)
        for share in _TRIBE_SHARE
        for own in _OWN
    }
    alone = min((key for key in inner if not key[0]), key=lambda key: inner[key].sum())
    best = min(inner, key=lambda key: inner[key].sum())
    gain = inner[alone] - inner[best]
    if gain.mean() <= 2 * gain.std() / np.sqrt(len(gain)):
        best = alone
    share = best[0]
    without, helped = _with_own(halves.first, tribe, *alone), _with_own(halves.first, tribe, *best)
    return {
        "logloss.own": _loss(halves.second, without, seed),
        "logloss.own_and_tribe": _loss(halves.second, helped, seed),
        "tribe_share_with_own": Estimate(share),
    }


def _with_own(counts: Floats, tribe: Int64s, share: float, own: float) -> Floats:
    everybody = _everybody(counts)
    prior = share * _priors(counts, tribe, everybody) + (1 - share) * everybody
    return segment.shrunk(counts, prior, own)


def _unseen(counts: Floats, seed: int) -> dict[str, Estimate]:
    """Return what rules made from one half of the people find among the other half: members found, and purity."""
    order = np.random.default_rng(seed).permutation(len(counts))
    known, unseen = order[: len(order) // 2], order[len(order) // 2 :]
    tribes = segment.find(counts[known], seed)
    before, truth = tribes.place(counts[known]), tribes.place(counts[unseen])
    shares, found, right, said = _shares(counts), 0, 0, 0
    for number, anchor in enumerate(tribes.anchors.tolist()):
        rule = segment.rule_of(shares[known], before == number, _rule_columns(tribes, anchor))
        meets = rule.holds(shares[unseen])
        right, said = right + int((meets & (truth == number)).sum()), said + int(meets.sum())
        found += int((truth == number).sum())
    return {"rule.found": Estimate(right / max(found, 1)), "rule.purity": Estimate(right / max(said, 1))}


def _newcomers(tribes: Tribes, counts: Floats, tribe: Int64s, seed: int) -> dict[str, Estimate]:
    """Return how often a few events, drawn from a person's, place them where all of them do."""
    random = np.random.default_rng(seed)
    figures = {}
    for few in _FEW:
        drawn = np.stack([random.multivariate_hypergeometric(row.astype(np.int64), few) for row in counts])
        right = (tribes.place(drawn.astype(np.float64)) == tribe).astype(np.float64)
        figures[f"newcomer.{few}_events"] = ratio_over_persons(np.arange(len(right)), right, seed=seed)
    return figures


def _kmeans_figures(halves: _Halves, clusters: int, seed: int) -> dict[str, Estimate]:
    """Return the same figures for k-means on shares of categories and parts of the day."""
    table = np.column_stack([_shares(halves.first), _shares(halves.parts)])

    def find(rows: Int64s, draw: int) -> Placing:
        centres, _ = kmeans2(table[rows], clusters, minit="++", seed=draw, missing="warn")
        nearest = ((table[:, None, :] - centres[None]) ** 2).sum(axis=2).argmin(axis=1)
        return lambda _counts: np.asarray(nearest, dtype=np.int64)

    figures = _stability(halves.first, find, seed)
    tribe = find(np.arange(len(table), dtype=np.int64), seed)(halves.first)
    return figures | _next_half(halves, np.unique(tribe, return_inverse=True)[1].astype(np.int64), seed)
