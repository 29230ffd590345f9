"""Facts reach the lake exactly once, in portable types, and are read as views."""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ringmain.kit.db import Database, UnitOfWork
from ringmain.kit.follow import Batch, Follower, begin_anew, catch_up
from ringmain.kit.lake import LakeTable
from ringmain.kit.lake.connect import connect
from ringmain.kit.lake.export import Exporter, FactsMissing, QueryFailed
from ringmain.kit.lake.folder import LakeFolder
from ringmain.kit.migrate import Urls
from ringmain.kit.pure.errors import Unavailable

NOON = datetime(2017, 3, 1, 12, tzinfo=UTC)
VISIT = LakeTable(
    kind="visit",
    columns={"visit_id": "string", "who": "string", "amount": "int64", "at": "timestamp", "tags": "strings"},
    query="""SELECT id::text AS visit_id, who::text, amount, at, tags FROM visit
             WHERE network_id = %(network)s AND id = ANY(%(ids)s)""",
    day_column="at",
)
PART = LakeTable(
    kind="part",
    columns={"visit_id": "string", "tag": "string"},
    query="""SELECT id::text AS visit_id, unnest(tags) AS tag, at FROM visit
             WHERE network_id = %(network)s AND id = ANY(%(ids)s)""",
    day_column="at",
    announced_as=("visit",),
    per_id=False,
)
ALIAS = LakeTable(
    kind="alias",
    columns={"who": "string", "now": "string"},
    query="SELECT DISTINCT who::text, 'x' AS now FROM visit WHERE network_id = %(network)s AND who IS NOT NULL",
    announced_as=("renamed", "renamed_back"),
    whole=True,
)
TABLES = (VISIT, PART, ALIAS)


@pytest.fixture(scope="module")
def urls(new_database: Callable[[], Urls]) -> Urls:
    """Give a database with a table of facts that no slice knows."""
    made = new_database()
    with psycopg.connect(made.migration_url) as connection:
        connection.execute("""
            SET LOCAL ROLE migrator;
            CREATE TABLE visit (network_id uuid NOT NULL, id uuid NOT NULL, who uuid, amount bigint NOT NULL,
                                at timestamptz NOT NULL, tags text[] NOT NULL, PRIMARY KEY (network_id, id));
            CALL protect_network_table('visit', null, true);
        """)
    return made


@pytest.fixture
async def database(urls: Urls) -> AsyncIterator[Database]:
    """Give the application's door to that database."""
    async with Database(urls.application_url, connections=3) as opened:
        yield opened


async def visit(database: Database, network: UUID, *times: datetime) -> list[UUID]:
    """Record visits at these times, all in one transaction; the amount is the place in the list."""
    ids = [uuid4() for _ in times]
    async with database.unit(network) as uow:
        for place, (id_, at) in enumerate(zip(ids, times, strict=True)):
            who = None if place else id_
            insert = "INSERT INTO visit VALUES (%s, %s, %s, %s, %s, %s)"
            await uow.execute(insert, (network, id_, who, place, at, ["a", "b"][:place]))
        uow.record("visit", ids)
    return ids


def visit_ids(root: Path, network: UUID | None = None) -> list[str]:
    """Return the ids in the lake, in order, doubles and all."""
    with connect(root, TABLES, network_id=network) as lake:
        ids: list[str] = lake.table("visit").visit_id.to_pyarrow().to_pylist()
    return sorted(ids)


def files_in(root: Path, pattern: str = "*.parquet") -> list[str]:
    """Return the paths of the lake's files, below its root and in order."""
    return sorted(str(path.relative_to(root)) for path in root.glob(f"*/**/{pattern}") if path.is_file())


def texts(*groups: list[UUID]) -> list[str]:
    """Return ids as the lake has them."""
    return sorted(str(id_) for ids in groups for id_ in ids)


async def test_facts_lie_in_the_folder_of_their_network_and_utc_day(
    database: Database, urls: Urls, tmp_path: Path
) -> None:
    """Each UTC day of a batch has a file with exactly the declared columns and types, in order of time."""
    network = uuid4()
    late = datetime(2017, 3, 1, 23, 59, 59, 999_999, tzinfo=UTC)
    ids = await visit(database, network, late, NOON, late + timedelta(microseconds=1))
    assert await catch_up(database, Exporter(tmp_path, urls.application_url, TABLES).follower(), network) == 1
    files = files_in(tmp_path)
    with psycopg.connect(urls.migration_url) as connection:
        ((txid, id_),) = connection.execute("SELECT txid::text, id FROM outbox WHERE network_id = %s", [network])
    assert files == [
        f"part/network={network}/day=2017-03-01/{txid}-{id_}.parquet",
        f"part/network={network}/day=2017-03-02/{txid}-{id_}.parquet",
        f"visit/network={network}/day=2017-03-01/{txid}-{id_}.parquet",
        f"visit/network={network}/day=2017-03-02/{txid}-{id_}.parquet",
    ]
    first = pq.ParquetFile(tmp_path / files[2]).read()
    types: dict[str, pa.DataType] = {
        "visit_id": pa.string(),
        "who": pa.string(),
        "amount": pa.int64(),
        "at": pa.timestamp("us", tz="UTC"),
        "tags": pa.list_(pa.string()),
    }
    assert first.schema.remove_metadata() == pa.schema(types)
    assert first.to_pylist() == [
        {"visit_id": str(ids[1]), "who": None, "amount": 1, "at": NOON, "tags": ["a"]},
        {"visit_id": str(ids[0]), "who": str(ids[0]), "amount": 0, "at": late, "tags": []},
    ]
    assert [name for name in files_in(tmp_path, "*") if name.endswith("unfinished")] == []


async def test_views_hold_one_network_or_all_and_missing_kinds_are_empty(
    database: Database, urls: Urls, tmp_path: Path
) -> None:
    """A connection for a network shows nobody else's facts; a kind without files is an empty table of its schema."""
    first, second = uuid4(), uuid4()
    exporter = Exporter(tmp_path / "a [lake] of=ours", urls.application_url, TABLES)
    ids = {network: await visit(database, network, NOON) for network in (first, second)}
    for network in ids:
        await catch_up(database, exporter.follower(), network)
    root = tmp_path / "a [lake] of=ours"
    assert visit_ids(root, first) == texts(ids[first])
    assert visit_ids(root) == texts(ids[first], ids[second])
    with connect(root, TABLES, network_id=first, memory_limit="100MB", threads=1) as lake:
        table = lake.table("visit")
        assert table.filter(table.day == date(2017, 3, 1)).count().to_pyarrow().as_py() == 1
        assert table.network.to_pyarrow().to_pylist() == [str(first)]
        assert dict(lake.table("alias").schema().items()).keys() == {"who", "now", "network"}
        assert lake.table("alias").count().to_pyarrow().as_py() == 0
        assert str(lake.table("part").schema()["tag"]) == "string"
    with connect(tmp_path / "nowhere", TABLES) as lake:
        assert lake.table("visit").count().to_pyarrow().as_py() == 0


async def test_a_column_that_older_files_lack_is_null(database: Database, urls: Urls, tmp_path: Path) -> None:
    """A table that grew a column reads its older files with nulls there, beside newer ones and alone."""
    network = uuid4()
    await visit(database, network, NOON)
    await catch_up(database, Exporter(tmp_path, urls.application_url, TABLES).follower(), network)
    query = """SELECT id::text AS visit_id, 7::bigint AS seats, at FROM visit
               WHERE network_id = %(network)s AND id = ANY(%(ids)s)"""
    grown = LakeTable("visit", {"visit_id": "string", "seats": "int64", "at": "timestamp"}, query, "at")
    with connect(tmp_path, [grown], network_id=network) as lake:
        assert lake.table("visit").seats.to_pyarrow().to_pylist() == [None]
    await visit(database, network, NOON)
    await catch_up(database, Exporter(tmp_path, urls.application_url, [grown]).follower(), network)
    with connect(tmp_path, [grown], network_id=network) as lake:
        assert sorted(lake.table("visit").seats.to_pyarrow().to_pylist(), key=str) == [7, None]


async def test_a_whole_table_is_replaced_when_it_is_announced(database: Database, urls: Urls, tmp_path: Path) -> None:
    """A small table is one file with all its rows, written anew at each announcement of its kind."""
    network = uuid4()
    exporter = Exporter(tmp_path, urls.application_url, TABLES)
    for kind in ("renamed", "renamed_back"):
        await visit(database, network, NOON)
        async with database.unit(network) as uow:
            uow.record(kind, [uuid4()])
        await catch_up(database, exporter.follower(), network)
    with connect(tmp_path, TABLES, network_id=network) as lake:
        assert lake.table("alias").count().to_pyarrow().as_py() == 2
    assert [path.name for path in (tmp_path / "alias").rglob("*.parquet")] == ["all.parquet"]


def _export_and_die(url: str, root: Path, network: UUID, most_rows: int) -> None:
    """Write a batch into the lake, and be killed before the cursor is committed."""
    exporter = Exporter(root, url, TABLES)

    async def die(uow: UnitOfWork, batch: Batch) -> None:
        await exporter.handle(uow, batch)
        os.kill(os.getpid(), signal.SIGKILL)

    async def run() -> None:
        usual = exporter.follower(most_rows=most_rows)
        async with Database(url, connections=1) as database:
            await catch_up(database, Follower("lake", die, usual.kinds, most_rows=most_rows), network)

    asyncio.run(run())


def _killed(url: str, root: Path, network: UUID, most_rows: int) -> None:
    process = multiprocessing.get_context("spawn").Process(target=_export_and_die, args=(url, root, network, most_rows))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL


@pytest.mark.parametrize("most_rows", [1, 2, 100], ids=["smaller batches", "the same", "a larger batch"])
async def test_a_kill_between_the_files_and_the_cursor_doubles_nothing(
    database: Database, urls: Urls, tmp_path: Path, most_rows: int
) -> None:
    """What a killed export had written is written again, in batches of any size, and every fact is there once."""
    network = uuid4()
    ids = [await visit(database, network, NOON + timedelta(days=day), NOON) for day in range(4)]
    _killed(urls.application_url, tmp_path, network, most_rows=2)
    assert visit_ids(tmp_path) == texts(*ids[:2])
    exporter = Exporter(tmp_path, urls.application_url, TABLES)
    await catch_up(database, exporter.follower(most_rows=most_rows), network)
    assert visit_ids(tmp_path) == texts(*ids)


async def test_a_kill_in_the_middle_of_a_lake_keeps_what_was_committed(
    database: Database, urls: Urls, tmp_path: Path
) -> None:
    """An exporter that lives on after another one was killed keeps its own files, and removes the other's leftovers."""
    network = uuid4()
    exporter = Exporter(tmp_path, urls.application_url, TABLES)
    first = await visit(database, network, NOON)
    await catch_up(database, exporter.follower(), network)
    later = [await visit(database, network, NOON + timedelta(days=day)) for day in range(3)]
    _killed(urls.application_url, tmp_path, network, most_rows=3)
    assert visit_ids(tmp_path) == texts(first, *later)
    await catch_up(database, exporter.follower(most_rows=1), network)
    assert visit_ids(tmp_path) == texts(first, *later)


async def test_control_without_removing_leftovers_facts_are_doubled(
    database: Database, urls: Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted fault: an exporter that trusts whatever lies in its folder counts facts twice after a kill."""
    network = uuid4()
    ids = [await visit(database, network, NOON + timedelta(days=day), NOON) for day in range(2)]
    _killed(urls.application_url, tmp_path, network, most_rows=2)
    monkeypatch.setattr(LakeFolder, "remove_beyond", lambda *_: 0)
    await catch_up(database, Exporter(tmp_path, urls.application_url, TABLES).follower(most_rows=1), network)
    assert len(visit_ids(tmp_path)) > len(texts(*ids))


async def test_unfinished_files_are_never_read_and_are_cleared_away(
    database: Database, urls: Urls, tmp_path: Path
) -> None:
    """A file that a power cut left half written is no part of any view, and the next export removes it."""
    network = uuid4()
    ids = await visit(database, network, NOON)
    half = tmp_path / "visit" / f"network={network}" / "day=2017-03-01" / "9-9.parquet.unfinished"
    half.parent.mkdir(parents=True)
    half.write_bytes(b"PAR1")
    assert visit_ids(tmp_path) == []
    await catch_up(database, Exporter(tmp_path, urls.application_url, TABLES).follower(), network)
    assert visit_ids(tmp_path) == texts(ids)
    assert not half.exists()


async def test_only_one_process_writes_a_network(database: Database, urls: Urls, tmp_path: Path) -> None:
    """While somebody else holds the network's folder, an export writes nothing and the cursor stays."""
    network = uuid4()
    ids = await visit(database, network, NOON)
    exporter = Exporter(tmp_path, urls.application_url, TABLES)
    with LakeFolder(tmp_path).alone(network), pytest.raises(Unavailable):
        await catch_up(database, exporter.follower(), network)
    assert visit_ids(tmp_path) == []
    await catch_up(database, exporter.follower(), network)
    assert visit_ids(tmp_path) == texts(ids)


async def test_a_fact_whose_row_is_missing_stops_the_export(database: Database, urls: Urls, tmp_path: Path) -> None:
    """An announced fact that the query does not find is an error, never a silent gap; nothing is written."""
    network = uuid4()
    await visit(database, network, NOON)
    async with database.unit(network) as uow:
        uow.record("visit", [uuid4()])
    with pytest.raises(FactsMissing, match="2 facts were announced for visit; it has 1"):
        await catch_up(database, Exporter(tmp_path, urls.application_url, TABLES).follower(), network)
    assert files_in(tmp_path) == []


async def test_a_query_that_fails_says_why_in_few_words(database: Database, urls: Urls, tmp_path: Path) -> None:
    """The error names the kind and PostgreSQL's reason, without the query and its thousands of ids."""
    network = uuid4()
    ids = await visit(database, network, *[NOON] * 500)
    wrong = LakeTable("visit", {"visit_id": "string"}, "SELECT id AS visit_id, at FROM visits WHERE %(ids)s", "at")
    with pytest.raises(QueryFailed, match=r'visit: .*relation "visits" does not exist') as failed:
        await catch_up(database, Exporter(tmp_path, urls.application_url, [wrong]).follower(), network)
    assert len(str(failed.value)) < 1_100
    assert str(ids[-1]) not in str(failed.value)
    assert files_in(tmp_path) == []


async def test_the_exporter_sees_its_network_only(database: Database, urls: Urls, tmp_path: Path) -> None:
    """Row-level security binds the export too: a query that forgets the network gets no foreign rows."""
    network, other = uuid4(), uuid4()
    ids = await visit(database, network, NOON)
    await visit(database, other, NOON)
    query = "SELECT id::text AS visit_id, at FROM visit WHERE %(ids)s IS NOT NULL"
    careless = LakeTable("visit", {"visit_id": "string"}, query, "at")
    await catch_up(database, Exporter(tmp_path, urls.application_url, [careless]).follower(), network)
    with connect(tmp_path, [careless]) as lake:
        assert lake.table("visit").visit_id.to_pyarrow().to_pylist() == texts(ids)


async def test_beginning_anew_replaces_the_network_in_the_lake(database: Database, urls: Urls, tmp_path: Path) -> None:
    """After a restore the lake of a network is written again from its first fact; other networks stay as they are."""
    network, other = uuid4(), uuid4()
    exporter = Exporter(tmp_path, urls.application_url, TABLES)
    ids = {one: await visit(database, one, NOON) for one in (network, other)}
    for one in ids:
        await catch_up(database, exporter.follower(), one)
    stale = tmp_path / "visit" / f"network={network}" / "day=2017-03-01" / "99999999999-1.parquet"
    next(stale.parent.iterdir()).rename(stale)
    await begin_anew(database, exporter.follower().name, network)
    await catch_up(database, exporter.follower(), network)
    assert visit_ids(tmp_path) == texts(*ids.values())
    assert not stale.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "no name"},
        {"query": "SELECT 1"},
        {"day_column": ""},
        {"whole": True},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_declaration_that_contradicts_itself_is_refused(wrong: dict[str, Any]) -> None:
    """A lake table says its name, and how it is copied, without contradiction."""
    good: dict[str, Any] = {"kind": "visit", "columns": {}, "query": "SELECT %(ids)s", "day_column": "at"}
    LakeTable(**good)
    with pytest.raises(ValueError, match=r"name|whole"):
        LakeTable(**good | wrong)
