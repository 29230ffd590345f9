"""Asks a database about itself, for those who must not use the driver."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg

from ringmain.kit.postgres.errors import Trouble


class Unreachable(Trouble):
    """No database answers at the address, or it does not let us in."""


@dataclass(frozen=True, slots=True)
class Examination:
    """What a database says of itself; `clock_skew_seconds` is how far its clock is ahead of this machine's.

    `huge_pages` is "on", "off" or "unknown" (before PostgreSQL 17); `huge_pages_wanted` is how many would hold all of
    its shared memory, where it can tell.
    """

    major: int
    version: str
    encoding: str
    clock_skew_seconds: float
    in_recovery: bool
    fsync: bool
    synchronous_commit: bool
    huge_pages: str
    huge_pages_wanted: int | None


def examine(url: str) -> Examination:
    """Connect and ask; raise Unreachable with the server's words, which never contain the password."""
    try:
        with psycopg.connect(url, connect_timeout=5, autocommit=True) as connection:
            return _ask(connection)
    except psycopg.Error as error:
        said = str(error).strip().splitlines()
        raise Unreachable(
            f"The database does not let us in: {said[0] if said else type(error).__name__}.",
            "start it (`ringmain up`, or the server of RINGMAIN_DATABASE_URL), and compare host, port and password.",
        ) from None


def _ask(connection: "psycopg.Connection[Any]") -> Examination:
    before = datetime.now(tz=UTC)
    row = connection.execute(
        """
        SELECT current_setting('server_version_num')::int / 10000, current_setting('server_version'),
               current_setting('server_encoding'), clock_timestamp(), pg_is_in_recovery(),
               current_setting('fsync')::bool, current_setting('synchronous_commit') <> 'off',
               coalesce(current_setting('huge_pages_status', true), 'unknown'),
               nullif(current_setting('shared_memory_size_in_huge_pages', true), '-1')::int
        """
    ).fetchone()
    after = datetime.now(tz=UTC)
    assert row is not None
    major, version, encoding, their_now, *others = row
    # The answer was made somewhere between the two readings of our clock: their middle is the best guess.
    skew = (their_now - (before + (after - before) / 2)).total_seconds()
    return Examination(major, version, encoding, skew, *others)
