"""What the tests of the embedded server share: other owners of a home, and questions to its server."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ringmain.kit.postgres import (
    ServerAddress,
)
from ringmain.kit.postgres import postmaster as postmaster_module

FAST = {"fsync": "off"}
"""Settings of servers whose tests crash nothing."""

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can take other identities or mount a small disk")
_OWNER = """
import sys, time
from pathlib import Path
from ringmain.kit.postgres import EmbeddedServer
server = EmbeddedServer(Path(sys.argv[1]), {"fsync": "off"})
server.start()
print(server.pid, flush=True)
time.sleep(600)
"""


def query(address: ServerAddress, statement: str, database: str = "postgres") -> object:
    """Run one statement as the superuser; return the first value of its answer."""
    with psycopg.connect(address.url(database), autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        row = cursor.fetchone() if cursor.description else None
    return row[0] if row else None


def mode(path: Path) -> int:
    """Return the permission bits of a file or folder."""
    return path.stat().st_mode & 0o777


@contextmanager
def other_owner(
    home: Path, python: str = sys.executable, **arguments: Any
) -> Iterator[tuple["subprocess.Popen[str]", int]]:
    """Run another process that owns the server of `home`; give it and the server's process id."""
    argv = [python, "-c", _OWNER, str(home)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env=environment, **arguments) as owner:
        try:
            assert owner.stdout is not None
            said = owner.stdout.readline()
            assert said, "the owner ended before its server ran"
            yield owner, int(said)
        finally:
            owner.kill()


def gone(pid: int) -> bool:
    """Return whether the process ends within ten seconds."""
    return postmaster_module.wait_for_end(pid, None, 10)
