"""A segment's rule: clauses of a closed list that all have to hold, decided of one person's facts at a moment.

Each clause answers at once until when its answer stands if no fact comes: time alone changes it once at most (a visit
grows old, a window empties), so that nobody has to be looked at before that moment.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

ClauseKind = Literal[
    "visits", "last_visit", "spent", "first_visit", "bought", "redeemed", "day_part", "tribe", "answer"
]
MOST_CLAUSES: Final = 5
LONGEST_DAYS: Final = 730

# By kind: the fields that have to be given, and those that may be. `limit` is one of `at_least` and `at_most`.
_FIELDS: Final[Mapping[str, tuple[frozenset[str], frozenset[str]]]] = {
    "visits": (frozenset({"days", "limit"}), frozenset({"shop_id", "category"})),
    "last_visit": (frozenset({"days"}), frozenset({"shop_id", "category"})),
    "spent": (frozenset({"days", "limit"}), frozenset({"shop_id", "category"})),
    "first_visit": (frozenset({"days"}), frozenset()),
    "bought": (frozenset({"days", "category"}), frozenset()),
    "redeemed": (frozenset({"days"}), frozenset()),
    "day_part": (frozenset({"days", "limit", "part"}), frozenset()),
    "tribe": (frozenset({"tribe_id"}), frozenset()),
    "answer": (frozenset({"question", "answer"}), frozenset()),
}
# What a clause is made of, as fields of a person's image: who hides one does not want it to be used.
_FAVOURITE_SHOPS, _FAVOURITE_CATEGORIES = "favourite_shops", "favourite_categories"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One clause. Days are spans of 24 hours before the moment that is asked about.

    - `visits`: came `at_least` or `at_most` so often in so many days (to a shop, to shops of a category, or anywhere).
    - `last_visit`: came before, and for the last time so many days ago or longer (there).
    - `spent`: paid so many minor units `at_least` or `at_most` (there), vouchers and refunds left out.
    - `first_visit`: came for the first time within so many days.
    - `bought`: a line of this category. `redeemed`: a voucher. `day_part`: visits in one part of the day.
    - `tribe`: is in the tribe now. `answer`: gave this answer to a question.
    """

    kind: ClauseKind
    days: int | None = None
    at_least: int | None = None
    at_most: int | None = None
    shop_id: UUID | None = None
    category: str | None = None
    part: str | None = None
    tribe_id: UUID | None = None
    question: str | None = None
    answer: str | None = None

    @property
    def well_formed(self) -> bool:
        """Whether it has the fields of its kind and no others, in their bounds."""
        needed, allowed = _FIELDS[self.kind]
        names = ("days", "shop_id", "category", "part", "tribe_id", "question", "answer")
        given = {name for name in names if getattr(self, name) is not None}
        limits = [one for one in (self.at_least, self.at_most) if one is not None]
        if len(limits) != ("limit" in needed) or (self.at_least is not None and self.at_least < 1):
            return False
        if any(one < 0 for one in limits) or (self.shop_id is not None and self.category is not None):
            return False
        in_time = self.days is None or 1 <= self.days <= LONGEST_DAYS
        return in_time and needed - {"limit"} <= given <= needed | allowed

    @property
    def of_own_shops(self) -> bool:
        """Whether a merchant can answer it from its own till."""
        return self.kind not in ("tribe", "answer")

    @property
    def made_of(self) -> frozenset[str]:
        """The fields of a person's image that it uses."""
        used = {"day_part": "usual_day_part", "spent": "average_basket", "redeemed": "voucher_use"}.get(self.kind)
        fields = set() if used is None else {used}
        if self.shop_id is not None:
            fields.add(_FAVOURITE_SHOPS)
        if self.category is not None:
            fields.add(_FAVOURITE_CATEGORIES)
        return frozenset(fields)


@dataclass(frozen=True, slots=True)
class SegmentVisit:
    """A sale that stands: not undone, not disputed. `part` is by the shop's clock; `bought` categories of its lines.

    `paid_minor`: without vouchers and refunds, and 0 in another currency than the network's.
    """

    at: datetime
    shop_id: UUID
    merchant_id: UUID
    category: str
    part: str
    paid_minor: int
    redeemed: bool
    bought: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """What is known of one person; `visits` in any order. `personalised`: they agree to personalisation."""

    visits: Sequence[SegmentVisit] = ()
    tribe_id: UUID | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
    personalised: bool = False
    hidden: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Held:
    """An answer, and the moment at which time alone makes it the other one; None: never."""

    holds: bool
    until: datetime | None = None


_NEVER: Final = Held(False)


@dataclass(frozen=True, slots=True)
class SegmentRule:
    """Clauses that all have to hold; of a merchant's guests only where `merchant_id` is given."""

    clauses: tuple[Clause, ...]
    merchant_id: UUID | None = None

    @property
    def of_own_shops(self) -> bool:
        """Whether its merchant could say who is in it from its own till alone."""
        return self.merchant_id is not None and all(one.of_own_shops for one in self.clauses)

    @property
    def told_to(self) -> UUID | None:
        """The merchant who may be told who joins and leaves, besides the operator: only of what its own till says."""
        return self.merchant_id if self.of_own_shops else None

    def judge(self, facts: PersonFacts, now: datetime) -> Held:
        """Say whether a person is in, and until when that stands if no fact comes.

        Beyond what a merchant's own till says, only who agrees to personalisation is looked at, and nothing they hide.
        """
        if not self.of_own_shops:
            made_of = {name for one in self.clauses for name in one.made_of}
            if not facts.personalised or made_of & facts.hidden:
                return _NEVER
        visits = list(facts.visits)
        if self.merchant_id is not None:
            visits = [one for one in visits if one.merchant_id == self.merchant_id]
            if not visits:
                return _NEVER
        return _all([_judge(one, visits, facts, now) for one in self.clauses])

    def holds(self, facts: PersonFacts, now: datetime) -> bool:
        """Say whether a person is in."""
        return self.judge(facts, now).holds


def _all(judged: Sequence[Held]) -> Held:
    """Return what holds of all: while one fails, nothing happens before every failing one may hold."""
    failing = [one.until for one in judged if not one.holds]
    if not failing:
        return Held(True, min((one.until for one in judged if one.until is not None), default=None))
    moments = [until for until in failing if until is not None]
    return Held(False, max(moments) if len(moments) == len(failing) else None)


def _judge(clause: Clause, visits: Sequence[SegmentVisit], facts: PersonFacts, now: datetime) -> Held:
    if clause.kind == "tribe":
        return Held(facts.tribe_id == clause.tribe_id)
    if clause.kind == "answer":
        return Held(facts.answers.get(clause.question or "") == clause.answer)
    span = timedelta(days=clause.days or 0)
    meant = [one for one in visits if _is_meant(clause, one)]
    if clause.kind in ("visits", "day_part", "spent"):
        worth = [(one.at + span, one.paid_minor if clause.kind == "spent" else 1) for one in meant]
        return _limited(clause, sorted(one for one in worth if one[0] > now))
    ends = sorted(one.at + span for one in meant)
    if not ends:
        return _NEVER
    if clause.kind == "last_visit":
        return Held(True) if ends[-1] <= now else Held(False, ends[-1])
    # So it is until the first visit, or the last of what was bought or redeemed, has grown old.
    end = ends[0] if clause.kind == "first_visit" else ends[-1]
    return Held(True, end) if end > now else _NEVER


def _is_meant(clause: Clause, visit: SegmentVisit) -> bool:
    if clause.kind == "bought":
        return clause.category in visit.bought
    return (
        (clause.shop_id is None or visit.shop_id == clause.shop_id)
        and (clause.category is None or visit.category == clause.category)
        and (clause.part is None or visit.part == clause.part)
        and (clause.kind != "redeemed" or visit.redeemed)
    )


def _limited(clause: Clause, falling: Sequence[tuple[datetime, int]]) -> Held:
    """Judge a sum that only falls from now on: what falls away from it, and when, in order of time."""
    total = sum(worth for _, worth in falling)
    if clause.at_least is not None:
        if total < clause.at_least:
            return _NEVER
        return Held(True, _when_below(falling, total, clause.at_least))
    most = clause.at_most or 0
    return Held(True) if total <= most else Held(False, _when_below(falling, total, most + 1))


def _when_below(falling: Sequence[tuple[datetime, int]], total: int, least: int) -> datetime | None:
    for ends, worth in falling:
        total -= worth
        if total < least:
            return ends
    return None
