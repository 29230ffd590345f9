"""Rows out of PostgreSQL as Arrow, through ADBC: COPY in binary, no Python object per value."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote
from uuid import UUID

import adbc_driver_postgresql.dbapi as adbc
import pyarrow as pa

from ringmain.kit.lake.table import LakeTable

_STATEMENT_TIMEOUT_SECONDS = 600
_LONGEST_ERROR = 1_000


class QueryFailed(Exception):
    """PostgreSQL refused or broke off the query of a lake table."""


@contextmanager
def lake_connection(application_url: str, network_id: UUID, role: str = "worker") -> Iterator[Any]:
    """Connect as a role that row-level security binds to one network."""
    options = f"-c role={role} -c ringmain.network={network_id} -c statement_timeout={_STATEMENT_TIMEOUT_SECONDS}s"
    separator = "&" if "?" in application_url else "?"
    with adbc.connect(f"{application_url}{separator}options={quote(options)}", autocommit=True) as connection:
        yield connection


def read_rows(connection: Any, table: LakeTable, network_id: UUID, ids: Sequence[UUID]) -> pa.Table:
    """Return the rows of a table for facts with these ids, as the query gives them. Raises `QueryFailed`."""
    # COPY takes no parameters. What is put into the text are UUIDs, which carry nothing but hexadecimal digits.
    query = table.query.replace("%(network)s", f"'{UUID(int=network_id.int)}'::uuid")
    if not table.whole:
        query = query.replace("%(ids)s", "'{" + ",".join([str(UUID(int=id_.int)) for id_ in ids]) + "}'::uuid[]")
    with connection.cursor() as cursor:
        try:
            cursor.execute(query)
            rows: pa.Table = cursor.fetch_arrow_table()
        except adbc.Error as error:
            # The driver repeats the query, with up to megabytes of ids, which no log should hold.
            said = str(error).partition("Query was:")[0][:_LONGEST_ERROR]
            raise QueryFailed(f"{table.kind}: {said.strip()}") from None
    return rows
