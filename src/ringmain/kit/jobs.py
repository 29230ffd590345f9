"""Jobs in PostgreSQL: work that is deferred or periodic, run by the worker, tried again where it fails."""

from pathlib import Path
from typing import Any

import procrastinate
from procrastinate import PsycopgConnector

from ringmain.kit.db import Database
from ringmain.kit.secrets import Keyring

SCHEMA = "jobs"
# A job that failed waits 10 s, then 20, 40 ...: long enough for a database to come back.
RETRY = procrastinate.RetryStrategy(max_attempts=6, exponential_wait=10)


def connector(application_url: str) -> PsycopgConnector:
    """Return the connection of jobs: the application's login in the role of workers, in the schema of jobs."""
    return PsycopgConnector(conninfo=application_url, kwargs={"options": f"-c role=worker -c search_path={SCHEMA}"})


def database_of(context: procrastinate.JobContext) -> Database:
    """Return the database that the worker gave to its jobs."""
    database: Any = context.additional_context["database"]
    assert isinstance(database, Database)
    return database


def keyring_of(context: procrastinate.JobContext) -> Keyring:
    """Return the keyring that the worker gave to its jobs."""
    keyring: Any = context.additional_context["keyring"]
    assert isinstance(keyring, Keyring)
    return keyring


def lake_of(context: procrastinate.JobContext) -> Path:
    """Return the folder of the lake."""
    return Path(context.additional_context["lake"])


def public_base_of(context: procrastinate.JobContext) -> str:
    """Return the address under which people reach this installation, for links in what jobs send."""
    return str(context.additional_context["public_base"])
