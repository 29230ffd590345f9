"""The lake's folder: whole files or none, durable before the cursor moves, and nothing that no cursor knows."""

import fcntl
import os
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TextIO
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq

from ringmain.kit.follow_store import START, Position
from ringmain.kit.pure.errors import Unavailable

WHOLE = "all.parquet"
_NAME = re.compile(r"(\d+)-(\d+)\.parquet")
_UNFINISHED = ".unfinished"
_LOCKS = ".locks"
# Waiting for the disk, several at once share the journal's commits.
_FSYNC_THREADS = 8


class Mark:
    """What the last writer of a network left in the file that it locked."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def read(self) -> str:
        """Return what the last writer left."""
        self._file.seek(0)
        return self._file.read()

    def write(self, text: str) -> None:
        """Leave another text for the next writer."""
        self._file.truncate(0)
        self._file.write(text)
        self._file.flush()


class LakeFolder:
    """`<root>/<kind>/network=<uuid>/day=<YYYY-MM-DD>/<txid>-<id>.parquet`, named by the first outbox row in it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def day_file(self, kind: str, network_id: UUID, day: date, first: Position) -> Path:
        """Return the path of the file for one day of a batch."""
        return self._network(kind, network_id) / f"day={day.isoformat()}" / f"{first.txid}-{first.id}.parquet"

    def whole_file(self, kind: str, network_id: UUID) -> Path:
        """Return the path of a table that is copied whole."""
        return self._network(kind, network_id) / WHOLE

    @contextmanager
    def alone(self, network_id: UUID) -> Iterator["Mark"]:
        """Keep every other writer of a network out, also one whose database connection is already gone.

        Raises `Unavailable` where somebody is writing.
        """
        locks = self.root / _LOCKS
        locks.mkdir(parents=True, exist_ok=True)
        with (locks / str(network_id)).open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise Unavailable("another process writes this network's part of the lake") from error
            yield Mark(file)

    def publish(self, files: Mapping[Path, pa.Table]) -> None:
        """Write files so that each appears whole, in place of an older one of its name, and survives a power cut."""
        unfinished = {path: path.with_name(path.name + _UNFINISHED) for path in files}
        folders = {path.parent for path in files}
        made = {folder for path in folders for folder in self._make(path)}
        for path, rows in files.items():
            pq.write_table(rows, unfinished[path], compression="zstd")
        with ThreadPoolExecutor(_FSYNC_THREADS) as threads:
            list(threads.map(_fsync, unfinished.values()))
            for path, written in unfinished.items():
                written.replace(path)
            list(threads.map(_fsync, folders | {folder.parent for folder in made}))

    def remove_beyond(self, network_id: UUID, position: Position) -> int:
        """Remove what was written and never became part of the lake: files beyond the cursor, and unfinished ones.

        At `START` nothing of the network is left. Returns the number of files removed.
        """
        removed = 0
        for network in self.root.glob(f"*/network={network_id}"):
            for path in [path for path in network.rglob("*") if path.is_file()]:
                if _is_beyond(path.name, position):
                    path.unlink()
                    removed += 1
        return removed

    def _network(self, kind: str, network_id: UUID) -> Path:
        return self.root / kind / f"network={network_id}"

    def _make(self, folder: Path) -> list[Path]:
        """Make a folder with its parents, and return those that were missing."""
        missing = [one for one in (folder, *folder.parents) if not one.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        return missing


def _is_beyond(name: str, position: Position) -> bool:
    if name.endswith(_UNFINISHED):
        return True
    found = _NAME.fullmatch(name)
    if found is None:
        return name == WHOLE and position == START
    return Position(int(found[1]), int(found[2])) > position


def _fsync(path: Path) -> None:
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
