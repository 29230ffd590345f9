"""How much a bench measures, and the figures that come out of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

import msgspec

NAMES = (
    "redeem_http",
    "redeem_http_uncoalesced",
    "redeem_batch",
    "mint",
    "import_sales",
    "match",
    "image_fold",
    "image_fresh",
    "allocation",
    "decision",
    "messages",
    "redeem_10m",
)
# Figures that are asked for together.
GROUPS = {"image": ("image_fold", "image_fresh"), "allocation": ("allocation", "decision")}
# Nobody's single redemptions and batches are faster than this; so many vouchers are ready for each second of a run.
MOST_SINGLES_PER_SECOND = 9_000
MOST_BATCHES_PER_SECOND = 45
BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Plan:
    """How long each measurement and its warm-up take in seconds, how often, and the sizes of what has no fixed time."""

    seconds: int = 5
    warm_up: int = 2
    repetitions: int = 3
    batch_seconds: int = 4
    mint_codes: int = 200_000
    import_sales: int = 100_000
    match_shops: int = 10_000
    match_members: int = 20_000
    match_calls: int = 200
    image_members: int = 200
    image_seconds: int = 6
    # Goals are those of the full size; a smaller town has smaller budgets, in which single vouchers weigh more.
    allocation_people: int = 100_000
    allocation_goals: bool = True
    message_people: int = 100_000
    message_campaigns: int = 50
    message_repetitions: int = 1
    small: int = 100_000
    large: int = 10_000_000
    large_seconds: int = 4

    @property
    def singles_per_run(self) -> int:
        """Vouchers of one run of single redemptions, its warm-up included."""
        return (self.seconds + self.warm_up) * MOST_SINGLES_PER_SECOND

    @property
    def batches_per_run(self) -> int:
        """Batches of one run, its warm-up included."""
        return (self.batch_seconds + self.warm_up) * MOST_BATCHES_PER_SECOND


QUICK = Plan(
    seconds=2,
    warm_up=1,
    repetitions=1,
    batch_seconds=2,
    mint_codes=50_000,
    import_sales=20_000,
    match_shops=2_000,
    match_members=2_000,
    match_calls=60,
    image_members=50,
    image_seconds=4,
    allocation_people=10_000,
    allocation_goals=False,
    message_people=2_000,
    message_campaigns=10,
    small=40_000,
    large=400_000,
)


class Figure(msgspec.Struct, frozen=True):
    """One measured figure beside its limit of the same run; `cpu_us` is the server's Python CPU per item."""

    name: str
    value: float
    unit: str
    limit: float
    ratio: float
    p99_ms: float | None
    cpu_us: float | None


@dataclass(frozen=True, slots=True)
class Sample:
    """One repetition: items per second, and what one item cost; zero stands for what was not looked at."""

    per_second: float
    p99_ms: float = 0.0
    server_us: float = 0.0
    database_us: float = 0.0
    load_us: float = 0.0
    wal_bytes: float = 0.0
    rows: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """A figure with the repetitions behind it, and what a reader should know about them."""

    figure: Figure
    ours: tuple[Sample, ...]
    limits: tuple[Sample, ...]
    notes: tuple[str, ...] = ()


def result(
    name: str,
    unit: str,
    ours: Sequence[Sample],
    limits: Sequence[Sample],
    notes: Sequence[str] = (),
    *,
    cpu: bool = True,
) -> Result:
    """Return the medians of the repetitions as a figure."""
    value = median(sample.per_second for sample in ours)
    limit = median(sample.per_second for sample in limits)
    p99 = median(sample.p99_ms for sample in ours)
    figure = Figure(
        name=name,
        value=round(value, 1),
        unit=unit,
        limit=round(limit, 1),
        ratio=round(value / limit, 3),
        p99_ms=round(p99, 1) if p99 else None,
        cpu_us=round(median(sample.server_us for sample in ours), 1) if cpu else None,
    )
    return Result(figure, tuple(ours), tuple(limits), tuple(notes))
