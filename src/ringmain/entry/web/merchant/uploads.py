"""Files of sales that a merchant has uploaded: kept in the home for a week, checked and imported in the background."""

import asyncio
import hashlib
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal
from uuid import UUID

import msgspec
from starlette.datastructures import UploadFile

from ringmain.kit.pages import Site
from ringmain.kit.pure.errors import RuleBroken
from ringmain.sale import api as sale

State = Literal["uploaded", "checking", "checked", "running", "done", "failed"]
_PIECE = 1 << 20
_KEPT = timedelta(days=7)
_MOST_KEPT = 10
# What runs in this process, by upload. An import may be killed at any moment: it goes on where it was.
_RUNNING: dict[UUID, asyncio.Task[None]] = {}


class Upload(msgspec.Struct, kw_only=True):
    """One uploaded file and how far it is. `done` of `total` are bytes of a CSV or rows of a Parquet file.

    `problem` is the code of the rule that stopped it, `facts` what it says; `fields` what was chosen in the form.
    `interrupted` says that the process that worked on it is gone.
    """

    id: UUID
    name: str
    at: datetime
    state: State = "uploaded"
    fields: dict[str, str] = {}
    done: int = 0
    total: int = 0
    counts: sale.Counts | None = None
    problem: str | None = None
    facts: dict[str, str] = {}
    interrupted: bool = False

    @property
    def works(self) -> bool:
        """Whether it is being checked or imported, by this process or by one that ended."""
        return self.state in ("checking", "running")


@dataclass(frozen=True, slots=True)
class Uploads:
    """The uploads of one merchant."""

    site: Site
    network_id: UUID
    merchant_id: UUID

    async def keep(self, file: UploadFile) -> Upload:
        """Keep a file; the same one again is the upload that it was. Raises `ImportUnreadable`."""
        digest = hashlib.blake2b(self.merchant_id.bytes + (file.filename or "").encode(), digest_size=16)
        parts: list[bytes] = []
        while piece := await file.read(_PIECE):
            digest.update(piece)
            parts.append(piece)
        await file.close()
        upload = Upload(id=UUID(bytes=digest.digest()), name=(file.filename or "file")[-120:], at=datetime.now(tz=UTC))
        known = await self.find(upload.id)
        if known is not None:
            return known
        return await asyncio.to_thread(self._write, upload, parts)

    async def find(self, id_: UUID) -> Upload | None:
        """Return an upload of this merchant, as it stands."""
        found = await asyncio.to_thread(self._read, id_)
        if found is not None and found.works and id_ not in _RUNNING:
            # It may have come to its end between the reading and now; what came of it was written first.
            found = await asyncio.to_thread(self._read, id_)
            if found is not None:
                found.interrupted = found.works and id_ not in _RUNNING
        return found

    async def all(self) -> list[Upload]:
        """Return the uploads that are kept, the newest first."""
        return await asyncio.to_thread(self._list)

    async def peek(self, upload: Upload) -> sale.Peek:
        """Look into the file. Raises `ImportUnreadable`."""
        return await asyncio.to_thread(sale.peek, self.path(upload), upload.name)

    def path(self, upload: Upload) -> Path:
        """Return where the file lies."""
        parquet = upload.name.lower().endswith((".parquet", ".pq"))
        return self._folder(upload.id) / ("file.parquet" if parquet else "file.csv")

    def rejected(self, upload: Upload) -> Path:
        """Return where its refused rows are reported."""
        return self._folder(upload.id) / "rejected.csv"

    async def start(self, upload: Upload, mapping: sale.Mapping, *, dry_run: bool) -> None:
        """Check or import the file in the background; what is under way already goes on."""
        before = _RUNNING.get(upload.id)
        if before is not None and upload.works:
            return
        if before is not None:
            # It has said already what came of it, and ends in a moment.
            await before
        upload.state, upload.problem, upload.facts = ("checking" if dry_run else "running"), None, {}
        upload.done, upload.total, upload.counts, upload.interrupted = 0, 0, None, False
        await asyncio.to_thread(self._begin, upload, dry_run)
        task = asyncio.create_task(self._work(upload, mapping, dry_run=dry_run))
        _RUNNING[upload.id] = task
        task.add_done_callback(lambda _: _RUNNING.pop(upload.id, None))

    async def _work(self, upload: Upload, mapping: sale.Mapping, *, dry_run: bool) -> None:
        def note(now: sale.Progress) -> None:
            upload.done, upload.total, upload.counts = now.done, now.size, now.counts
            self._save(upload)

        task = sale.SaleImport(
            network_id=self.network_id,
            path=self.path(upload),
            mapping=mapping,
            keyring=self.site.keyring,
            merchant_id=self.merchant_id,
            rejected=self.rejected(upload),
            dry_run=dry_run,
        )
        try:
            report = await sale.import_sales(self.site.database, task, progress=note)
            upload.counts, upload.state = report.counts, "checked" if dry_run else "done"
        except RuleBroken as error:
            upload.state, upload.problem = "failed", error.code
            upload.facts = {name: str(value) for name, value in error.facts.items()}
        await asyncio.to_thread(self._save, upload)

    def _begin(self, upload: Upload, dry_run: bool) -> None:
        if dry_run or upload.state != "running":
            self.rejected(upload).unlink(missing_ok=True)
        self._save(upload)

    def _write(self, upload: Upload, parts: list[bytes]) -> Upload:
        self._tidy()
        folder = self._folder(upload.id)
        folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        try:
            with self.path(upload).open("wb") as file:
                file.writelines(parts)
            sale.peek(self.path(upload), upload.name)
            self._save(upload)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return upload

    def _save(self, upload: Upload) -> None:
        folder = self._folder(upload.id)
        unfinished = folder / "state.part"
        unfinished.write_bytes(msgspec.json.encode(upload))
        unfinished.replace(folder / "state.json")

    def _read(self, id_: UUID) -> Upload | None:
        try:
            return msgspec.json.decode((self._folder(id_) / "state.json").read_bytes(), type=Upload)
        except FileNotFoundError:
            return None

    def _list(self) -> list[Upload]:
        found = [self._read(UUID(path.name)) for path in self._home.glob("*-*-*-*-*")]
        return sorted((one for one in found if one is not None), key=lambda one: one.at, reverse=True)

    def _tidy(self) -> None:
        """Delete what is old or too much, but nothing that is being worked on."""
        oldest = datetime.now(tz=UTC) - _KEPT
        for place, upload in enumerate(self._list()):
            if (place >= _MOST_KEPT - 1 or upload.at < oldest) and upload.id not in _RUNNING:
                shutil.rmtree(self._folder(upload.id), ignore_errors=True)

    @property
    def _home(self) -> Path:
        folder: Path = self.site.settings.home_folder
        return folder / "uploads" / str(self.network_id) / str(self.merchant_id)

    def _folder(self, id_: UUID) -> Path:
        return self._home / str(id_)
