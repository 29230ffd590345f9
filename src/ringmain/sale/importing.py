"""Import sales from a file: dry run, resume, a report of refused rows, and no doubles when it is run twice.

Unlike other use cases this one commits: each piece of the file is a transaction of its own, short enough that tills
beside it never wait for long, and carries the place where the next piece begins.
"""

import asyncio
import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import msgspec
import numpy as np

from ringmain.kit.db import Database, UnitOfWork
from ringmain.kit.http.transactions import persist
from ringmain.kit.pure import ids
from ringmain.kit.pure.clock import microseconds
from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.secrets import Keyring
from ringmain.member import api as member
from ringmain.network import api as network
from ringmain.sale import store
from ringmain.sale.columns import Flags, Longs, SaleColumns
from ringmain.sale.errors import ImportRunsElsewhere, ImportUnreadable, MappingInvalid
from ringmain.sale.import_memory import SeenSales
from ringmain.sale.import_step import (
    Counts,
    ImportReport,
    Progress,
    SaleImport,
    Step,
    copied,
    count,
    subjects_of,
    unknown_buyers,
)
from ringmain.sale.model import CLOCK_SKEW
from ringmain.sale.reading import Position, RefusedRow, SaleFile
from ringmain.sale.reading_csv import CsvFile
from ringmain.sale.reading_parquet import ParquetFile
from ringmain.sale.receipts import ShopBook, firsts_and_repeats, prepare
from ringmain.sale.rejected import report_length, write_rejected
from ringmain.sale.row_rules import RowRule

FIRST_STEP_ROWS = 5_000
MOST_STEP_ROWS = 20_000
_LEAST_STEP_ROWS = 250
# A receipt of more rows than this is a mapping that takes another column for its number.
_MOST_RECEIPT_ROWS = 100_000
# Transactions stay under 250 ms, so that tills never wait for an import: steps shrink and grow towards this.
_LONGEST_STEP_SECONDS = 0.16
_SHORTEST_STEP_SECONDS = 0.08
_HASH_PIECE = 1 << 20
_MOST_REMEMBERED = 200_000


async def import_sales(
    database: Database,
    task: SaleImport,
    *,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
    now: datetime | None = None,
) -> ImportReport:
    """Import the sales of a file, piece by piece; safe to cancel or kill at any moment, and to run again.

    The same file, mapping and merchant goes on where it was interrupted. Sales that are known are counted and left as
    they are. `stop` is asked after each piece; `now` replaces the database's clock. Raises `MappingInvalid` and
    `ImportUnreadable` (the file as a whole), `ImportRunsElsewhere`; broken rows are counted and reported instead.
    """
    file = await asyncio.to_thread(_open, task)
    try:
        run = await _begin(database, task, file, now)
        finished = await run.go(progress, stop)
        return ImportReport(run.row.id, finished, run.resumed, task.dry_run, run.counts)
    finally:
        file.close()


def _open(task: SaleImport) -> SaleFile:
    name = task.path.name.lower()
    parquet = task.mapping.format == "parquet" or (task.mapping.format is None and name.endswith((".parquet", ".pq")))
    try:
        return ParquetFile(task.path, task.mapping) if parquet else CsvFile(task.path, task.mapping)
    except OSError as error:
        raise ImportUnreadable(problem=error.strerror or type(error).__name__) from None


def _source(task: SaleImport) -> bytes:
    """Return 16 bytes that name this import: the same file with the same mapping for the same merchant."""
    hasher = hashlib.blake2b(digest_size=16)
    for part in (task.mapping.identity(), task.merchant_id.bytes if task.merchant_id else b""):
        hasher.update(len(part).to_bytes(4) + part)
    with task.path.open("rb") as file:
        while piece := file.read(_HASH_PIECE):
            hasher.update(piece)
    return hasher.digest()


# ------------------------------------------------------------------------------------------------------------ beginning


async def _begin(database: Database, task: SaleImport, file: SaleFile, now: datetime | None) -> "_Run":
    source = await asyncio.to_thread(_source, task)
    async with database.unit(task.network_id, now=now) as uow:
        started_at = await uow.now()
        shops = _shop_book(task, await network.all_shops(uow))
        row = store.ImportRow(ids.uuid7(started_at), file.start.offset, file.start.line, False, 0, {})
        counts, resumed = Counts(), False
        if not task.dry_run:
            left = await store.unfinished_import(uow, source)
            if left is not None and _report_is_whole(task, left):
                row, counts, resumed = left, msgspec.convert(left.counts, Counts), True
            else:
                encoded, name = msgspec.json.encode(counts), task.path.name
                await store.start_import(uow, row, encoded, source=source, file_name=name, merchant_id=task.merchant_id)
    latest = microseconds(started_at + CLOCK_SKEW)
    return _Run(database, task, file, shops, latest, now, row, counts, resumed, FIRST_STEP_ROWS)


def _report_is_whole(task: SaleImport, left: store.ImportRow) -> bool:
    """Say whether the report can be gone on with: where it was lost, the import begins anew and makes it whole."""
    if task.rejected is None:
        return True
    if not left.report_bytes:
        return not left.counts["rows_refused"]
    return report_length(task.rejected) >= left.report_bytes


def _shop_book(task: SaleImport, shops: Sequence[network.Shop]) -> ShopBook:
    """Return the shops that the file may name. Raises `MappingInvalid` where the mapping names one that it may not."""
    own = [shop for shop in shops if task.merchant_id in (None, shop.merchant_id)]
    place = {shop.id: number for number, shop in enumerate(own)}
    names = {str(id_): id_ for id_ in place} if task.mapping.shop.ids is None else task.mapping.shop.ids
    for name, id_ in [*names.items(), *([("", task.mapping.shop.id)] if task.mapping.shop.id else [])]:
        if id_ not in place:
            key = f"shop.ids.{name}" if name else "shop.id"
            raise MappingInvalid(key=key, problem=f"there is no shop {id_} of yours in this network")
    return ShopBook(
        ids=[shop.id for shop in own],
        merchant_ids=[shop.merchant_id for shop in own],
        time_zones=[shop.time_zone for shop in own],
        place_of={name: place[id_] for name, id_ in names.items()},
        only=place[task.mapping.shop.id] if task.mapping.shop.id else None,
    )


# ----------------------------------------------------------------------------------------------------------- the pieces


@dataclass(slots=True)
class _Run:
    """One import under way."""

    database: Database
    task: SaleImport
    file: SaleFile
    shops: ShopBook
    latest: int
    now: datetime | None
    row: store.ImportRow
    counts: Counts
    resumed: bool
    step_rows: int
    months: set[int] = field(default_factory=set)
    seen: SeenSales = field(default_factory=SeenSales)
    identifiers: dict[str, member.Identifier | RowRule] = field(default_factory=dict)
    to_enrol: set[member.Identifier] = field(default_factory=set)
    careful: bool = False

    async def go(self, progress: Callable[[Progress], None] | None, stop: Callable[[], bool] | None) -> bool:
        """Go through the file; return whether its end was reached."""
        at = Position(self.row.next_offset, self.row.next_line, self.row.after_broken)
        # While the database writes one piece, the next is read and examined in a thread.
        ahead = asyncio.create_task(asyncio.to_thread(self._step, at, self.step_rows))
        try:
            while True:
                # Cancelled or not, the thread ends by itself; it is awaited below.
                step = await asyncio.shield(ahead)
                if not step.at_end:
                    ahead = asyncio.create_task(asyncio.to_thread(self._step, step.end, self.step_rows))
                await self._take(step)
                if progress is not None:
                    progress(Progress(step.end.offset, self.file.size, self.counts))
                if step.at_end:
                    return True
                if stop is not None and stop():
                    return False
        finally:
            # The thread reads from the file, which is closed next.
            await asyncio.wait([ahead])
            ahead.exception()

    def _step(self, at: Position, most: int) -> Step:
        if len(self.identifiers) > _MOST_REMEMBERED:
            self.identifiers.clear()
        rows = self.file.read(at, most)
        prepared = prepare(rows, self.task.mapping, self.shops, self.latest, self._member_rule)
        whole = prepared.taken == rows.table.num_rows
        if not whole and not prepared.taken:
            # All rows are of one receipt, which may go on behind them.
            if most >= _MOST_RECEIPT_ROWS:
                problem = f"a receipt has more than {_MOST_RECEIPT_ROWS} rows; `receipt` may name the wrong column"
                raise ImportUnreadable(problem=problem, line=at.line)
            return self._step(at, most * 4)
        end = rows.end if whole else rows.position(prepared.taken)
        found = [self.identifiers.get(value) for value in prepared.buyers.values]
        identifiers = [one if isinstance(one, member.Identifier) else None for one in found]
        return Step(at, end, whole and rows.at_end, rows, prepared, identifiers)

    def _member_rule(self, value: str) -> RowRule:
        """Return what is wrong with an identifier, and remember the normal form of one that is right."""
        known = self.identifiers.get(value)
        if known is None:
            mapping = self.task.mapping.member
            assert mapping is not None
            try:
                known = member.identifier(member.IdentifierKind[mapping.kind.upper()], value, mapping.region)
            except RuleBroken as error:
                card = error.code == "card_number_refused"
                known = RowRule.CARD_NUMBER if card else RowRule.MEMBER_INVALID
            self.identifiers[value] = known
        return known if isinstance(known, RowRule) else RowRule.NONE

    async def _take(self, step: Step) -> None:
        """Write one piece, or in a dry run find out what would be written."""
        if self.task.dry_run:
            async with self.database.unit(self.task.network_id, now=self.now) as uow:
                counts, refused = await self._foresee(uow, step)
            self._report(refused)
            self.counts = counts
            return
        await self._make_partitions(step.prepared.sales)
        begun = time.perf_counter()
        try:
            self.row, self.counts = await persist(lambda: self._write(step))
        except Exception as error:
            if self.careful or not store.met_known_sale(error):
                raise
            # From here on sales are looked up before they are written, until a piece holds only new ones again.
            self.careful = True
            self.row, self.counts = await persist(lambda: self._write(step))
        self._adapt(time.perf_counter() - begun)

    def _adapt(self, seconds: float) -> None:
        if seconds > _LONGEST_STEP_SECONDS:
            self.step_rows = max(self.step_rows // 2, _LEAST_STEP_ROWS)
        elif seconds < _SHORTEST_STEP_SECONDS:
            self.step_rows = min(self.step_rows * 3 // 2, MOST_STEP_ROWS)

    async def _make_partitions(self, sales: SaleColumns) -> None:
        """Make the partitions of all months of a piece, in a transaction of its own: it locks the tables' outline."""
        months = set(np.unique(sales.sold_at.astype("M8[us]").astype("M8[M]").astype(np.int64)).tolist())
        missing = sorted(months - self.months)
        if missing:
            async with self.database.unit(self.task.network_id) as uow:
                for month in missing:
                    first = datetime(1970 + month // 12, month % 12 + 1, 1, tzinfo=UTC)
                    await store.ensure_partitions(uow, first, first)
            self.months |= months

    # -------------------------------------------------------------------------------------------------------- writing

    async def _write(self, step: Step) -> tuple[store.ImportRow, Counts]:
        """Write one piece with the place behind it: both, or nothing."""
        async with self.database.unit(self.task.network_id, now=self.now) as uow:
            sales = step.prepared.sales
            first, again = firsts_and_repeats(sales)
            counts = copied(self.counts)
            people = await self._people(uow, step, first, counts)
            inserted = await self._insert(uow, sales.of(first), people)
            known = np.sort(np.concatenate((first[~inserted], again)))
            differing = await _differing(uow, sales, known, people)
            refused = step.refused(differing)
            count(counts, step, first[inserted], known, differing, refused)
            counts.buyers_unknown += unknown_buyers(sales, first[inserted], people)
            row = await self._moved(uow, step, counts, refused)
        self.careful = len(known) > 0
        return row, counts

    async def _insert(self, uow: UnitOfWork, sales: SaleColumns, people: Sequence[member.Known | None]) -> Flags:
        """Write the sales that are new, announce them, and say which those are."""
        inserted = np.ones(len(sales), bool)
        if not len(sales):
            return inserted
        if self.careful:
            inserted = await store.insert_unknown_sales(uow, sales, subjects_of(sales, people))
        else:
            await store.insert_sale_columns(uow, sales, subjects_of(sales, people))
        uow.record_column("sale", sales.ids[inserted])
        return inserted

    async def _moved(
        self, uow: UnitOfWork, step: Step, counts: Counts, refused: Sequence[RefusedRow]
    ) -> store.ImportRow:
        row = replace(
            self.row,
            next_offset=step.end.offset,
            next_line=step.end.line,
            after_broken=step.end.after_broken,
            report_bytes=self._report(refused),
        )
        moved = await store.move_import(
            uow, row, msgspec.json.encode(counts), from_offset=step.begin.offset, finished=step.at_end
        )
        if not moved:
            raise ImportRunsElsewhere
        return row

    def _report(self, refused: Sequence[RefusedRow]) -> int:
        if self.task.rejected is None:
            return 0
        length = write_rejected(self.task.rejected, self.row.report_bytes, refused)
        if self.task.dry_run:
            self.row = replace(self.row, report_bytes=length)
        return length

    async def _people(
        self, uow: UnitOfWork, step: Step, first: Longs, counts: Counts
    ) -> "Sequence[member.Known | None]":
        """Return who stands behind each buyer's value; unknown ones of new sales are enrolled where that is asked."""
        mapping = self.task.mapping.member
        people = await _known_people(uow, self.task.keyring, step)
        if mapping is None or mapping.unknown_members != "enrol" or all(people):
            return people
        # Only for new sales: whoever was erased since must not come back because a file is run again.
        sales = step.prepared.sales.of(first)
        new = sales.of(np.flatnonzero(~await store.known_sales(uow, sales)))
        places = [place for place in np.unique(new.buyer).tolist() if place >= 0 and people[place] is None]
        wanted = {place: one for place in places if (one := step.identifiers[place]) is not None}
        enrolled = await member.enrol(uow, self.task.keyring, [member.Enrolment(one) for one in wanted.values()])
        counts.members_enrolled += len({one.known.member_id for one in enrolled if one.new})
        for place, one in zip(wanted, enrolled, strict=True):
            people[place] = one.known
        return people

    # -------------------------------------------------------------------------------------------------------- dry run

    async def _foresee(self, uow: UnitOfWork, step: Step) -> tuple[Counts, list[RefusedRow]]:
        """Return what `_write` would count and refuse."""
        sales = step.prepared.sales
        counts = copied(self.counts)
        people = await _known_people(uow, self.task.keyring, step)
        stored = await store.known_sales(uow, sales)
        differing = set((await _differing(uow, sales, np.flatnonzero(stored), people)).tolist())
        fresh = np.flatnonzero(~stored)
        earlier, other = self.seen.meet(sales.of(fresh))
        differing |= set(fresh[other].tolist())
        refused = step.refused(np.array(sorted(differing), np.int64))
        new = fresh[~earlier]
        known = np.sort(np.concatenate((np.flatnonzero(stored), fresh[earlier])))
        count(counts, step, new, known, np.array(sorted(differing), np.int64), refused)
        mapping = self.task.mapping.member
        if mapping is not None and mapping.unknown_members == "enrol":
            strangers = {step.identifiers[place] for place in np.unique(sales.buyer[new]).tolist() if place >= 0}
            known_ones = {one for one, person in zip(step.identifiers, people, strict=True) if person is not None}
            self.to_enrol |= {one for one in strangers - known_ones if one is not None}
            counts.members_enrolled = len(self.to_enrol)
        else:
            counts.buyers_unknown += unknown_buyers(sales, new, people)
        return counts, refused


# ----------------------------------------------------------------------------------------------- people and contents


async def _known_people(uow: UnitOfWork, keyring: Keyring, step: Step) -> list[member.Known | None]:
    """Return who each value of a buyer stands for, None where nobody is known by it."""
    asked = [(place, one) for place, one in enumerate(step.identifiers) if one is not None]
    people: list[member.Known | None] = [None] * len(step.identifiers)
    if asked:
        found = await member.identify_all(uow, keyring, [one for _, one in asked])
        for (place, _), person in zip(asked, found, strict=True):
            people[place] = person
    return people


async def _differing(uow: UnitOfWork, sales: SaleColumns, known: Longs, people: Sequence[member.Known | None]) -> Longs:
    """Return the places of known sales that the file tells otherwise than they are stored.

    A buyer counts as another only where both are known and no merge has made them one.
    """
    if not len(known):
        return known
    chosen = sales.of(known)
    places = await store.differing_sales(uow, chosen)
    for other in await store.other_subjects(uow, chosen, subjects_of(chosen, people)):
        person = people[int(chosen.buyer[other.place])]
        if person is not None and other.subject_id not in person.subject_ids:
            places.add(other.place)
    return known[sorted(places)]
