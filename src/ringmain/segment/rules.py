"""Says who belongs to a tribe by at most three conditions on shares, in plain words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Language = Literal["en", "zh"]

_MOST: Final = 3
# A rule keeps so many of the members it was made from; among others it then finds nine in ten.
_FOUND: Final = 0.97
# Limits are drawn so much wider than those members need, for the members nobody has seen yet.
_SLACK: Final = 0.15
# A further condition has to raise the share of members among those who meet the rule by so much.
_WORTH: Final = 0.01
_STEPS: Final = 40


@dataclass(frozen=True, slots=True)
class Condition:
    """A share of one column that is at least, or at most, so many per cent."""

    column: int
    at_least: bool
    per_cent: int

    def holds(self, shares: Floats) -> Bools:
        """Return who meets it (people,); `shares` (people, columns) are fractions."""
        share = shares[:, self.column] * 100
        return np.asarray(share >= self.per_cent if self.at_least else share <= self.per_cent)

    def words(self, names: Sequence[str], language: Language) -> str:
        """Return the condition as a clause."""
        name = names[self.column]
        if language == "zh":
            amount = f"{'至少' if self.at_least else '至多'} {self.per_cent}% " if self.per_cent else "几乎没有"
            return f"{amount}是「{name}」" if self.per_cent else f"{amount}「{name}」"
        amount = f"{'at least' if self.at_least else 'at most'} {self.per_cent} %" if self.per_cent else "no"
        return f"{amount} {name}"


@dataclass(frozen=True, slots=True)
class Rule:
    """Conditions that all have to hold."""

    conditions: tuple[Condition, ...]

    def holds(self, shares: Floats) -> Bools:
        """Return who meets all of them (people,)."""
        met = np.ones(len(shares), dtype=np.bool_)
        for condition in self.conditions:
            met &= condition.holds(shares)
        return met

    def words(self, names: Sequence[str], language: Language) -> str:
        """Return the rule as one sentence about what the members do."""
        clauses = [condition.words(names, language) for condition in self.conditions]
        if language == "zh":
            return f"在其全部消费中，{'，'.join(clauses)}。" if clauses else "所有人。"
        *before, last = clauses or ["Everybody"]
        together = f"{', '.join(before)} and {last}" if before else last
        return f"Of what they do, {together}." if clauses else "Everybody."


def rule_of(
    shares: Floats, member: Bools, columns: Sequence[int], *, worth: float = _WORTH, once: bool = False
) -> Rule:
    """Return the rule that keeps 97 % of `member` (people,) and lets in as few others as it can.

    `shares` (people, columns) are fractions; conditions are sought in `columns`, greedily, one after the other. Each
    further one raises the share of members among those who meet the rule by `worth`; `once`: no column says two things.
    """
    conditions: tuple[Condition, ...] = ()
    for _ in range(_MOST):
        best = (_precision(Rule(conditions), shares, member) + worth, 0.0)
        chosen = None
        said = {condition.column for condition in conditions} if once else set()
        for column in (one for one in columns if one not in said):
            for condition in _candidates(shares[member, column], column):
                met = Rule((*conditions, condition)).holds(shares)
                found = float(met[member].mean())
                if found < _FOUND:
                    continue
                score = float(member[met].mean()), found
                if score > best:
                    best, chosen = score, condition
        if chosen is None:
            break
        conditions = (*conditions, chosen)
    return Rule(conditions)


def _precision(rule: Rule, shares: Floats, member: Bools) -> float:
    return float(member[rule.holds(shares)].mean())


def _candidates(shares: Floats, column: int) -> list[Condition]:
    """Return conditions in whole per cents that most members meet."""
    low, high = np.quantile(shares * 100, (1 - _FOUND, _FOUND)) * (1 - _SLACK, 1 + _SLACK)
    at_least = {int(per_cent) for per_cent in np.linspace(0, low, _STEPS)} - {0}
    at_most = {int(np.ceil(per_cent)) for per_cent in np.linspace(high, max(high, shares.max() * 100), _STEPS // 4)}
    rows = [Condition(column, True, per_cent) for per_cent in sorted(at_least)]
    return rows + [Condition(column, False, per_cent) for per_cent in sorted(at_most - {100})]
