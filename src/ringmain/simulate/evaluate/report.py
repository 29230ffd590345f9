"""What an evaluation answers: figures with intervals beside those of the dumb baselines, time and memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec
from rich.table import Table

from ringmain.kit.learn.intervals import Estimate

Figures = Mapping[str, Estimate]


@dataclass(frozen=True, slots=True)
class Result:
    """What a task measured: `n` cases judged, our figures, those of the baselines, and sentences to read with them."""

    n: int
    metrics: Figures
    baselines: Mapping[str, Figures]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A result with what it was measured on and what it cost; its JSON has these names."""

    task: str
    data: str
    n: int
    metrics: Figures
    baselines: Mapping[str, Figures]
    seconds: float
    peak_mb: float
    notes: tuple[str, ...] = field(default=())

    def as_json(self) -> bytes:
        """Return the evaluation as indented JSON."""
        return msgspec.json.format(msgspec.json.encode(self))

    def as_table(self) -> Table:
        """Return a table with one row per metric, ours first, then each baseline."""
        table = Table("metric", "ringmain", *self.baselines, title=f"{self.task}: {self.n:,} cases of {self.data}")
        names = dict.fromkeys((*self.metrics, *(name for figures in self.baselines.values() for name in figures)))
        for name in names:
            columns = (self.metrics, *self.baselines.values())
            table.add_row(name, *(cell(figures.get(name)) for figures in columns))
        table.caption = f"{self.seconds:.0f} s, at most {self.peak_mb:.0f} MB; in brackets 95 % over persons"
        return table


def cell(figure: Estimate | None) -> str:
    """Return a figure with its interval as the cell of a table; nothing for none."""
    if figure is None:
        return ""
    if figure.low is None or figure.high is None:
        return f"{figure.value:.4g}"
    return f"{figure.value:.4f} [{figure.low:.4f}, {figure.high:.4f}]"
