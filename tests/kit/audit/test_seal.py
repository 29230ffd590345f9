"""Entries are kept with what they record, and chained in the order of commits without a row that everybody updates."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import psycopg
import pytest

from ringmain.kit.audit import Actor, Filter, audit, entries, head_of, seal_now, verify_chain
from ringmain.kit.db import Database
from ringmain.kit.migrate import Urls

SOMEBODY = Actor("operator", UUID("01932c5e-7b41-7c3d-9f21-3b1a8e0c7d42"))


@pytest.fixture
async def database(database_urls: Urls) -> AsyncIterator[Database]:
    """Give the application's door to this worker's database."""
    async with Database(database_urls.application_url, connections=8) as opened:
        yield opened


@pytest.fixture
def network() -> UUID:
    """Give a network that nobody else uses."""
    return uuid4()


async def note(database: Database, network: UUID, action: str = "make_key", *, fails: bool = False) -> None:
    """Note something in a transaction of its own, which may fail afterwards."""
    async with database.unit(network) as uow:
        await audit(uow, SOMEBODY, action, "key", uuid4(), {"role": "merchant"}, "req_1")
        if fails:
            raise ValueError("planted")


async def test_an_entry_is_kept_with_what_it_records(database: Database, network: UUID) -> None:
    """A transaction that fails leaves no entry; one that commits leaves it, chained at the sealer's next look."""
    with pytest.raises(ValueError, match="planted"):
        await note(database, network, fails=True)
    await note(database, network)
    await seal_now(database, network)
    async with database.unit(network) as uow:
        (entry,) = await entries(uow, Filter(), None, 10)
        head = await head_of(uow)
    assert (entry.actor_kind, entry.actor_id, entry.action, entry.object_kind) == (
        "operator",
        SOMEBODY.id,
        "make_key",
        "key",
    )
    assert (entry.facts, entry.request_id, entry.sequence) == ({"role": "merchant"}, "req_1", 1)
    assert head is not None
    assert (head.sequence, head.hash) == (1, entry.hash.hex() if entry.hash else "")


async def test_what_commits_late_is_chained_late_and_not_lost(
    database: Database, database_urls: Urls, network: UUID
) -> None:
    """While an older transaction runs, entries wait; afterwards each has one place, in the order of transactions."""
    with psycopg.connect(database_urls.application_url, options="-c role=app_network") as old:
        old.execute("SELECT set_config('ringmain.network', %s, true)", [str(network)])
        late = uuid4()
        old.execute(
            "INSERT INTO audit_entry VALUES (%s, %s, now(), 'system', NULL, 'late', 'thing', NULL, '{}', '')",
            [network, late],
        )
        old.execute("INSERT INTO outbox (network_id, kind, ids) VALUES (%s, 'audit_entry', %s)", [network, [late]])
        await note(database, network, "early")
        async with database.unit(network, role="worker") as uow:
            assert (await verify_chain(uow)).waiting == 1
        old.commit()
    await seal_now(database, network)
    async with database.unit(network) as uow:
        found = {entry.action: entry.sequence for entry in await entries(uow, Filter(), None, 10)}
    assert found == {"late": 1, "early": 2}


async def test_many_writers_and_two_sealers_make_one_chain(database: Database, network: UUID) -> None:
    """Sixty entries written at once, while two sealers race, end as one chain without gaps that holds."""

    async def write(count: int) -> None:
        for _ in range(count):
            await note(database, network)

    await asyncio.gather(*(write(10) for _ in range(6)), seal_now(database, network), seal_now(database, network))
    await seal_now(database, network)
    async with database.unit(network, role="worker") as uow:
        found = await verify_chain(uow)
    assert (found.ok, found.links, found.waiting) == (True, 60, 0)


async def test_entries_are_found_by_what_and_by_whom(database: Database, network: UUID) -> None:
    """A list is narrowed by action and actor, and goes back in time by the id of the last entry seen."""
    for action in ("make_key", "revoke_key", "make_key"):
        await note(database, network, action)
    async with database.unit(network) as uow:
        made = await entries(uow, Filter(action="make_key", actor_id=SOMEBODY.id), None, 10)
        older = await entries(uow, Filter(action="make_key"), made[0].id, 10)
        nobody = await entries(uow, Filter(actor_id=uuid4()), None, 10)
    assert [entry.action for entry in made] == ["make_key", "make_key"]
    assert [entry.id for entry in older] == [made[1].id]
    assert nobody == []


async def test_what_people_write_is_refused(database: Database, network: UUID) -> None:
    """A long text is no fact: it is refused, and nothing is kept."""
    with pytest.raises(ValueError, match="reason is too long"):
        async with database.unit(network) as uow:
            await audit(uow, SOMEBODY, "make_key", "key", None, {"reason": "x" * 101})
    async with database.unit(network) as uow:
        assert await entries(uow, Filter(), None, 10) == []


async def test_the_application_can_only_add(database_urls: Urls) -> None:
    """Neither role of the application may change or remove an entry or a link."""
    for role in ("app_network", "worker"):
        for statement in ("UPDATE audit_entry SET action = 'x'", "DELETE FROM audit_link", "TRUNCATE audit_entry"):
            with (
                psycopg.connect(database_urls.application_url, options=f"-c role={role}") as connection,
                pytest.raises(psycopg.errors.InsufficientPrivilege),
            ):
                connection.execute(statement)
