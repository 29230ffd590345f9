"""The rows of models and of what became of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from ringmain.kit.db import UnitOfWork


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A model without its bytes."""

    id: UUID
    task: str
    made_at: datetime
    learnt_from: datetime
    learnt_until: datetime
    facts: int
    metrics: dict[str, Any]
    baselines: dict[str, Any]
    sha256: bytes


@dataclass(frozen=True, slots=True)
class EventRow:
    """Something that became of a model."""

    sequence: int
    task: str
    model_id: UUID
    kind: str
    reasons: list[str]
    at: datetime


@dataclass(frozen=True, slots=True)
class _Artefact:
    sha256: bytes
    artefact: bytes | None


async def lock(uow: UnitOfWork, task: str) -> None:
    """Let one at a time decide which model of a task serves."""
    key = f"{uow.network_id} {task}"
    await uow.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 25))", (key,))


async def add(uow: UnitOfWork, row: ModelRow, metrics: str, baselines: str, artefact: bytes | None) -> None:
    """Append a model; its figures are given as JSON."""
    await uow.execute(
        """
        INSERT INTO model (network_id, id, task, made_at, learnt_from, learnt_until, facts, metrics, baselines, sha256,
                           artefact)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s::jsonb, %s, %s)
        """,
        (
            uow.network_id,
            row.id,
            row.task,
            row.made_at,
            row.learnt_from,
            row.learnt_until,
            row.facts,
            metrics,
            baselines,
            row.sha256,
            artefact,
        ),
    )


async def add_event(
    uow: UnitOfWork, task: str, model_id: UUID, kind: str, reasons: Sequence[str], at: datetime
) -> None:
    """Append what became of a model."""
    await uow.execute(
        """
        INSERT INTO model_event (network_id, task, model_id, kind, reasons, at)
        VALUES (%s, %s, %s, %s, %s::text[], %s)
        """,
        (uow.network_id, task, model_id, kind, list(reasons), at),
    )


async def events(uow: UnitOfWork) -> list[EventRow]:
    """Return all that became of the models of a network, in order; some a week for each task."""
    return await uow.rows(
        EventRow,
        """
        SELECT sequence, task, model_id, kind, reasons, at FROM model_event WHERE network_id = %s ORDER BY sequence
        """,
        (uow.network_id,),
    )


_MODELS = """
    SELECT id, task, made_at, learnt_from, learnt_until, facts, metrics, baselines, sha256
    FROM model WHERE network_id = %s
"""


async def newest(uow: UnitOfWork, limit: int) -> list[ModelRow]:
    """Return the models made last, the newest first."""
    return await uow.rows(ModelRow, f"{_MODELS} ORDER BY made_at DESC, id DESC LIMIT %s", (uow.network_id, limit))


async def one(uow: UnitOfWork, model_id: UUID) -> ModelRow | None:
    """Return a model."""
    return await uow.row(ModelRow, f"{_MODELS} AND id = %s", (uow.network_id, model_id))


async def artefact(uow: UnitOfWork, model_id: UUID) -> tuple[bytes, bytes | None] | None:
    """Return the hash that was kept of a model, and its bytes as they are now."""
    row = await uow.row(
        _Artefact,
        "SELECT sha256, artefact FROM model WHERE network_id = %s AND id = %s",
        (uow.network_id, model_id),
    )
    return (row.sha256, row.artefact) if row is not None else None
