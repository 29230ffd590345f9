"""Jobs in PostgreSQL: work that is deferred or periodic, run by the worker, tried again where it fails."""

from collections.abc import Awaitable
from pathlib import Path
from typing import Any, Protocol

import procrastinate
from procrastinate import Blueprint, JobContext, PsycopgConnector

from ringmain.kit.db import Database
from ringmain.kit.secrets import Keyring

SCHEMA = "jobs"
# A job that failed waits 10 s, then 20, 40 ...: long enough for a database to come back.
RETRY = procrastinate.RetryStrategy(max_attempts=6, exponential_wait=10)


class Work(Protocol):
    """What a job does; `timestamp` is when it was due, in seconds since 1970."""

    __name__: str

    def __call__(self, context: JobContext, timestamp: int) -> Awaitable[None]:
        """Do it; what it raises makes the job try again."""


def every(
    jobs: Blueprint, cron: str, work: Work, *, queueing_lock: str, lock: str | None = None, name: str | None = None
) -> None:
    """Make a job of `work`, due at the times of a cron line (UTC); `name` is by default that of the function.

    One of the same `queueing_lock` waits at most, and of the same `lock` one runs at a time.
    """
    name = name or work.__name__
    jobs.periodic(cron=cron)(
        jobs.task(name=name, queueing_lock=queueing_lock, lock=lock, pass_context=True, retry=RETRY)(work)
    )


def connector(application_url: str) -> PsycopgConnector:
    """Return the connection of jobs: the application's login in the role of workers, in the schema of jobs."""
    return PsycopgConnector(conninfo=application_url, kwargs={"options": f"-c role=worker -c search_path={SCHEMA}"})


def database_of(context: JobContext) -> Database:
    """Return the database that the worker gave to its jobs."""
    database: Any = context.additional_context["database"]
    assert isinstance(database, Database)
    return database


def keyring_of(context: JobContext) -> Keyring:
    """Return the keyring that the worker gave to its jobs."""
    keyring: Any = context.additional_context["keyring"]
    assert isinstance(keyring, Keyring)
    return keyring


def lake_of(context: JobContext) -> Path:
    """Return the folder of the lake."""
    return Path(context.additional_context["lake"])


def public_base_of(context: JobContext) -> str:
    """Return the address under which people reach this installation, for links in what jobs send."""
    return str(context.additional_context["public_base"])
