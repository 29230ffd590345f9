"""The models of a network: kept with their figures and the hash of their bytes, promoted or refused, rolled back.

Nothing is ever overwritten. Which model of a task serves follows from what became of all of them: promoted ones lie on
each other, the topmost serves, and withdrawing it lets the one below serve again.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from http import HTTPStatus
from math import isnan
from typing import Any, Literal
from uuid import UUID

import msgspec

from ringmain.kit.db import UnitOfWork
from ringmain.kit.learn import registry_store as store
from ringmain.kit.learn.intervals import Estimate
from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.pure.ids import uuid7

# serves; served until a newer one was promoted; refused when it was judged; withdrawn by a roll-back.
State = Literal["serves", "served", "refused", "withdrawn"]
Figures = Mapping[str, Estimate]


class ModelChanged(RuleBroken):
    """The bytes of a model are not those that were kept: nothing is foretold with them."""

    code = "model_changed"
    status = HTTPStatus.CONFLICT
    next_step = "Roll the task back to the model that served before, and find out who changed the row in the database."


class NoModelBefore(RuleBroken):
    """There is no model to which this task could go back."""

    code = "model_none_before"
    status = HTTPStatus.CONFLICT
    next_step = "Read the list of models: only a task whose serving model replaced another one can be rolled back."


class ServingChanged(RuleBroken):
    """Meanwhile another model of this task serves than the one that the new one was compared with."""

    code = "model_serving_changed"
    status = HTTPStatus.CONFLICT
    next_step = "Train again: the new model is then compared with the one that serves now."


@dataclass(frozen=True, slots=True)
class NewModel:
    """A model to keep: learnt from `facts` facts of a window of time, with figures of ours and of other rankings."""

    task: str
    learnt_from: datetime
    learnt_until: datetime
    facts: int
    metrics: Figures
    baselines: Mapping[str, Figures]
    artefact: bytes


@dataclass(frozen=True, slots=True)
class KeptModel:
    """A model as it is kept; `since` is when its state began, `reasons` say by code why it was refused."""

    id: UUID
    task: str
    made_at: datetime
    learnt_from: datetime
    learnt_until: datetime
    facts: int
    metrics: Figures
    baselines: Mapping[str, Figures]
    sha256: bytes
    state: State
    since: datetime
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Standing:
    """What has become of a model."""

    state: State
    since: datetime
    reasons: tuple[str, ...]


async def keep(
    uow: UnitOfWork, new: NewModel, *, compared_with: UUID | None, refused_because: Sequence[str] = ()
) -> KeptModel:
    """Keep a model that was judged beside `compared_with`, the one that served (None: none did); promote or refuse it.

    It serves from this transaction on, unless there is a reason to refuse it. Raises `ServingChanged`.
    """
    await store.lock(uow, new.task)
    now_serving = await serving(uow, new.task)
    if (now_serving.id if now_serving is not None else None) != compared_with:
        raise ServingChanged(task=new.task)
    now = await uow.now()
    digest = hashlib.sha256(new.artefact).digest()
    row = store.ModelRow(
        uuid7(now), new.task, now, new.learnt_from, new.learnt_until, new.facts, dict(new.metrics), {}, digest
    )
    baselines = {name: _plain(figures) for name, figures in new.baselines.items()}
    kept = None if refused_because else new.artefact
    await store.add(uow, row, _json(_plain(new.metrics)), _json(baselines), kept)
    await store.add_event(uow, new.task, row.id, "refused" if refused_because else "promoted", refused_because, now)
    return _kept(row, new.baselines, _Standing("refused" if refused_because else "serves", now, tuple(refused_because)))


async def serving(uow: UnitOfWork, task: str) -> KeptModel | None:
    """Return the model of a task that serves; None where none does."""
    standing = _standings(await store.events(uow))
    found = next(
        (id_ for (of, id_), one in standing.items() if of == task and one.state == "serves"),
        None,
    )
    row = await store.one(uow, found) if found is not None else None
    return _read(row, standing[task, row.id]) if row is not None else None


async def models(uow: UnitOfWork, limit: int = 100) -> list[KeptModel]:
    """Return the models of a network with what became of them, the newest first."""
    standing = _standings(await store.events(uow))
    return [_read(row, standing[row.task, row.id]) for row in await store.newest(uow, limit)]


async def load(uow: UnitOfWork, model_id: UUID) -> bytes:
    """Return the bytes of a model. Raises `ModelChanged` where they are not those that were kept."""
    found = await store.artefact(uow, model_id)
    if found is None or found[1] is None or hashlib.sha256(found[1]).digest() != found[0]:
        raise ModelChanged(model_id=model_id)
    return found[1]


async def roll_back(uow: UnitOfWork, task: str) -> tuple[KeptModel, KeptModel]:
    """Withdraw the model that serves and let the one before it serve again; return both, the withdrawn one first.

    Raises `NoModelBefore`.
    """
    await store.lock(uow, task)
    below = _stack(await store.events(uow), task)
    if len(below) < 2:  # noqa: PLR2004 (the one that serves and one before it)
        raise NoModelBefore(task=task)
    now = await uow.now()
    await store.add_event(uow, task, below[-1], "withdrawn", (), now)
    standing = _standings(await store.events(uow))
    rows = [await store.one(uow, id_) for id_ in (below[-1], below[-2])]
    withdrawn, back = (_read(row, standing[task, row.id]) for row in rows if row is not None)
    return withdrawn, back


def _stack(events: Sequence[store.EventRow], task: str) -> list[UUID]:
    """Return the promoted models of a task that were not withdrawn, the one that serves last."""
    stack: list[UUID] = []
    for event in events:
        if event.task == task and event.kind == "promoted":
            stack.append(event.model_id)
        elif event.task == task and event.kind == "withdrawn":
            stack.remove(event.model_id)
    return stack


def _standings(events: Sequence[store.EventRow]) -> dict[tuple[str, UUID], _Standing]:
    """Return what became of each model, by task and id; a model that serves again does so since the roll-back."""
    found: dict[tuple[str, UUID], _Standing] = {}
    for event in events:
        key = event.task, event.model_id
        if event.kind == "refused":
            found[key] = _Standing("refused", event.at, tuple(event.reasons))
            continue
        before = {one: state for one, state in found.items() if one[0] == event.task and state.state == "serves"}
        found |= {one: _Standing("served", event.at, ()) for one in before}
        if event.kind == "promoted":
            found[key] = _Standing("serves", event.at, ())
            continue
        found[key] = _Standing("withdrawn", event.at, ())
        upto = [one for one in events if one.sequence <= event.sequence]
        for id_ in _stack(upto, event.task)[-1:]:
            found[event.task, id_] = _Standing("serves", event.at, ())
    return found


def _read(row: store.ModelRow, standing: _Standing) -> KeptModel:
    return _kept(row, {name: _estimates(figures) for name, figures in row.baselines.items()}, standing)


def _kept(row: store.ModelRow, baselines: Mapping[str, Figures], standing: _Standing) -> KeptModel:
    return KeptModel(
        row.id,
        row.task,
        row.made_at,
        row.learnt_from,
        row.learnt_until,
        row.facts,
        _estimates(row.metrics),
        baselines,
        bytes(row.sha256),
        standing.state,
        standing.since,
        standing.reasons,
    )


def _plain(figures: Figures) -> dict[str, Any]:
    """Return figures as JSON has them: what could not be computed is null."""
    return {
        name: {part: None if value is None or isnan(value) else value for part, value in asdict(one).items()}
        for name, one in figures.items()
    }


def _estimates(figures: Mapping[str, Any]) -> dict[str, Estimate]:
    def one(found: Any) -> Estimate:
        if isinstance(found, Estimate):
            return found
        return Estimate(float("nan") if found["value"] is None else found["value"], found["low"], found["high"])

    return {name: one(found) for name, found in figures.items()}


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
