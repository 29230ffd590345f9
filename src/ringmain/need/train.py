"""Train a network's models: judge, keep, promote or refuse, and forecast with what serves; and roll back."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from ringmain.kit.apart import apart
from ringmain.kit.db import Database, UnitOfWork
from ringmain.kit.learn import registry
from ringmain.kit.learn.registry import KeptModel, NewModel
from ringmain.need import store
from ringmain.need.errors import TaskUnknown
from ringmain.need.forecast import TASK, TASKS, forecast_on
from ringmain.need.ground import ground
from ringmain.need.place import training
from ringmain.need.place.training import Serving, Trained

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Training:
    """What a training ended with; `people` is of how many something is expected now, None where no model serves."""

    model: KeptModel
    people: int | None


async def train(
    database: Database, lake: Path, network_id: UUID, task: str, progress: Progress, *, seed: int = 0
) -> Training:
    """Train a model on the lake, keep it, let it serve if it is better, and forecast with the one that serves then.

    Until it is kept nothing is written: interrupted, all is as it was. Raises `TaskUnknown`, `HistoryTooShort`,
    `ModelChanged` (of the one that serves) and `ServingChanged`.
    """
    require_task(task)
    progress("reading the lake")
    known = await ground(database, lake, network_id)
    journal = known.walks.journal
    training.require_history(journal, known.second)
    async with database.unit(network_id, role="worker") as uow:
        serving = await registry.serving(uow, task)
        standing = None
        if serving is not None:
            artefact = await registry.load(uow, serving.id)
            standing = Serving(artefact, int(serving.learnt_until.timestamp()))
    found = await apart(training.train, journal, known.second, standing, seed, progress=progress)
    async with database.unit(network_id, role="worker") as uow:
        kept = await registry.keep(
            uow,
            _new(task, found),
            compared_with=serving.id if serving is not None else None,
            refused_because=found.verdict.reasons,
        )
    return Training(kept, await forecast_on(database, known, network_id, progress))


def _new(task: str, found: Trained) -> NewModel:
    return NewModel(
        task,
        datetime.fromtimestamp(found.learnt_from, tz=UTC),
        datetime.fromtimestamp(found.learnt_until, tz=UTC),
        found.visits,
        found.figures,
        {name: {**figures, "ahead": found.ahead[name]} for name, figures in found.baselines.items()},
        found.artefact,
    )


async def roll_back(uow: UnitOfWork, task: str) -> tuple[KeptModel, KeptModel]:
    """Withdraw the serving model, with all that it expects; return it and the one that serves again.

    Until the next forecast the rules serve alone. Raises `TaskUnknown` and `NoModelBefore`.
    """
    require_task(task)
    both = await registry.roll_back(uow, task)
    await store.clear(uow)
    return both


def require_task(task: str) -> None:
    """Raise `TaskUnknown` where nothing is trained for a task."""
    if task not in TASKS:
        raise TaskUnknown(task=task, tasks=", ".join(TASKS))


def is_due(serving: KeptModel | None, now: datetime) -> bool:
    """Say whether a new model could be compared with the one that serves: with questions from after its own data."""
    if serving is None:
        return True
    return training.origins(int(now.timestamp()))[-1] >= int(serving.learnt_until.timestamp())


__all__ = ["TASK", "TASKS", "Training", "is_due", "require_task", "roll_back", "train"]
