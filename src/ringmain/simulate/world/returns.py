"""Judges rules of giving in many worlds, and says what came of it beside the oracle, with intervals over worlds."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ringmain.kit.learn.intervals import Estimate, ratio_over_persons
from ringmain.kit.memory import peak_mb
from ringmain.simulate.errors import FamilyKeptApart
from ringmain.simulate.world.allocate import Outcome
from ringmain.simulate.world.judge import NO_EFFECT, Judged, judge, made_for, run_trial
from ringmain.simulate.world.observe import NAMES
from ringmain.simulate.world.parameters import Parameters

RULES = ("oracle", "knowable", "ours", "redemption", "likeliest", "random")


class Spent(msgspec.Struct, frozen=True):
    """What rules brought when all had spent the same: incremental visits a world, by the truth.

    `of_oracle` is the share of the oracle's; `ours_over` how many times another rule's returns ours are. Intervals
    resample worlds; figures without meaning (where nothing can be won) are left out.
    """

    returns: dict[str, Estimate]
    of_oracle: dict[str, Estimate]
    ours_over: dict[str, Estimate]
    vouchers: dict[str, float]


class Returns(msgspec.Struct, frozen=True):
    """What rules brought in several worlds, by budget, and what could be said of each world before paying.

    `unpaid`: worlds of which the report said that nothing should be paid.
    """

    parameters: Parameters
    worlds: int
    budgets: dict[str, Spent]
    unpaid: int
    judged: tuple[Judged, ...]
    seconds: float
    peak_mb: float

    def as_json(self) -> bytes:
        """Return the figures as indented JSON."""
        return msgspec.json.format(msgspec.json.encode(self))

    def sentences(self) -> tuple[str, ...]:
        """Return what is to be read with the figures."""
        lines = [f"{self.worlds} worlds of the family {self.parameters.family}, effects: {self.parameters.world}"]
        lines += [
            f"seed {one.seed}: {one.verdict}; trial {_said(one.total)} visits a voucher, chosen {_said(one.chosen)}; "
            f"truth {one.true_total:+.4f}"
            for one in self.judged
        ]
        if self.unpaid:
            lines.append(f"{NO_EFFECT}: said of {self.unpaid} of {self.worlds} worlds, where ours gave nothing.")
        return tuple(lines)


def returns(parameters: Parameters, worlds: int, progress: Callable[[int], None]) -> Returns:
    """Judge worlds of consecutive seeds from that of `parameters` on."""
    started = time.perf_counter()
    judged = []
    for number in range(worlds):
        progress(number)
        judged.append(judge(msgspec.structs.replace(parameters, seed=parameters.seed + number)))
    return Returns(
        parameters=parameters,
        worlds=worlds,
        budgets={budget: _spent([one.rules[budget] for one in judged]) for budget in judged[0].rules},
        unpaid=sum(one.verdict == NO_EFFECT for one in judged),
        judged=tuple(judged),
        seconds=round(time.perf_counter() - started, 1),
        peak_mb=round(peak_mb(), 1),
    )


def _spent(worlds: Sequence[Mapping[str, Outcome]]) -> Spent:
    brought = {rule: np.array([one[rule].effect for one in worlds]) for rule in RULES}
    number = np.arange(len(worlds))

    def beside(rule: str, other: str) -> Estimate:
        return ratio_over_persons(number, brought[rule], brought[other], seed=0)

    return Spent(
        returns={rule: ratio_over_persons(number, brought[rule], seed=0) for rule in RULES},
        # Where the oracle cannot win anything, or another rule does harm, there is nothing to be a share of.
        of_oracle={rule: beside(rule, "oracle") for rule in RULES[1:]} if brought["oracle"].min() > 0 else {},
        ours_over={rule: beside("ours", rule) for rule in RULES[3:] if brought[rule].min() > 0},
        vouchers={rule: float(np.mean([one[rule].vouchers for one in worlds])) for rule in RULES},
    )


def write_rows(parameters: Parameters, file: Path) -> int:
    """Write the rows of a trial for learning, and return how many; only of the family that may be learnt from.

    Raises `FamilyKeptApart`.
    """
    refuse_rows(parameters)
    trial, _, _ = run_trial(made_for(parameters))
    experiment = trial.experiment
    columns: dict[str, NDArray[np.generic]] = {"person": trial.person, "face_minor": trial.face.astype(np.int64)}
    columns |= {"treated": experiment.treated, "outcome": experiment.outcome.astype(np.int8)}
    columns |= {name: experiment.known.raw[:, place] for place, name in enumerate(NAMES)}
    pq.write_table(pa.table({name: pa.array(column) for name, column in columns.items()}), file)
    return len(trial.person)


def refuse_rows(parameters: Parameters) -> None:
    """Refuse to write rows of the family that is there to judge. Raises `FamilyKeptApart`."""
    if parameters.family != "choice":
        raise FamilyKeptApart(family=parameters.family)


def _said(one: Estimate) -> str:
    return f"{one.value:+.4f} [{one.low:+.4f}, {one.high:+.4f}]"
