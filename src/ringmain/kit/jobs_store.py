"""The queue of jobs as an operator sees it: what waits, what failed, and trying again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ringmain.kit.db import UnitOfWork

JobStatus = Literal["todo", "doing", "succeeded", "failed", "cancelled", "aborted"]


@dataclass(frozen=True, slots=True)
class Job:
    """One job; `at` is when its status changed last."""

    id: int
    task_name: str
    status: JobStatus
    attempts: int
    scheduled_at: datetime | None
    at: datetime | None


@dataclass(frozen=True, slots=True)
class JobCount:
    """How many jobs have a status."""

    status: JobStatus
    jobs: int


@dataclass(frozen=True, slots=True)
class _Id:
    id: int


# Jobs belong to the installation, not to a network; only the role of workers reaches them.
async def count_jobs(uow: UnitOfWork) -> list[JobCount]:
    """Count the jobs by status; the unit of work has the role "worker"."""
    return await uow.rows(
        JobCount,
        "SELECT status::text AS status, count(*) AS jobs FROM jobs.procrastinate_jobs GROUP BY status ORDER BY status",
    )


async def list_jobs(uow: UnitOfWork, statuses: Sequence[JobStatus], limit: int) -> list[Job]:
    """Return the newest jobs of these statuses."""
    return await uow.rows(
        Job,
        """
        SELECT j.id, j.task_name, j.status::text AS status, j.attempts, j.scheduled_at,
               (SELECT max(e.at) FROM jobs.procrastinate_events e WHERE e.job_id = j.id) AS at
        FROM jobs.procrastinate_jobs j WHERE j.status::text = ANY(%(statuses)s::text[])
        ORDER BY j.id DESC LIMIT %(limit)s
        """,
        {"statuses": list(statuses), "limit": limit},
    )


async def retry_job(uow: UnitOfWork, id_: int) -> bool:
    """Let a job that failed be done again; False where it did not fail, or where the same work waits already."""
    row = await uow.row(
        _Id,
        """
        UPDATE jobs.procrastinate_jobs AS j SET status = 'todo', scheduled_at = NULL, attempts = 0
        WHERE j.id = %(id)s AND j.status = 'failed'
          AND NOT EXISTS (SELECT FROM jobs.procrastinate_jobs o
                          WHERE o.status = 'todo' AND o.queueing_lock = j.queueing_lock)
        RETURNING j.id
        """,
        {"id": id_},
    )
    return row is not None
