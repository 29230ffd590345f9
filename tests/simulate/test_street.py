"""The made-up street: it lives through the use cases, the same way every time, and its books agree."""

from datetime import UTC, datetime, timedelta
from typing import Any

from ringmain.campaign import api as campaign
from ringmain.entry.verify import verify
from ringmain.kit.db import Database
from ringmain.kit.migrate import Urls
from ringmain.kit.secrets import Keyring
from ringmain.simulate import street

NOW = datetime(2026, 11, 28, 6, 30, tzinfo=UTC)
KEYRING = Keyring({1: b"k" * 32})
_COUNTED = ("shop", "member", "sale", "voucher", "redemption", "touch")


async def _counts(database: Database) -> dict[str, int]:
    counts: dict[str, int] = {}
    async with database.unit(street.NETWORK_ID) as uow:
        for table in _COUNTED:
            row: Any = await uow.row(dict, f"SELECT count(*) AS n FROM {table}")  # noqa: S608 (the names are ours)
            counts[table] = row["n"]
    return counts


async def test_the_street_lives_and_opening_it_again_changes_nothing(database_urls: Urls) -> None:
    """Vouchers are won and spent, every check of the books holds, and a second opening makes no second day."""
    days: list[None] = []
    async with Database(database_urls.application_url) as database:
        await street.open_street(database, KEYRING, NOW, days=7, progress=lambda: days.append(None))
        first = await _counts(database)
        assert (first["shop"], first["member"], len(days)) == (8, 30, 8)
        assert first["sale"] > 80
        assert 0 < first["redemption"] < first["voucher"] <= first["touch"]
        assert [check.name for check in await verify(database, street.NETWORK_ID) if not check.ok] == []
        await street.open_street(database, KEYRING, NOW, days=7)
        assert await _counts(database) == first


async def test_neighbours_of_the_street_are_partners(database_urls: Urls) -> None:
    """The first stall has one exchange that runs, and one proposal to answer; a second opening adds neither again."""
    mine = street.STALLS[0].merchant_id
    async with Database(database_urls.application_url) as database:
        for _ in range(2):
            await street.open_street(database, KEYRING, NOW, days=1)
        async with database.unit(street.NETWORK_ID, now=NOW) as uow:
            (running,) = await campaign.campaigns_of(uow, mine)
            agreed = [one.agreed for one in await campaign.partnerships_of(uow, mine)]
    assert (running.state, running.said.goal) == (campaign.State.RUNNING, "exchange")
    assert sorted(mine in one for one in agreed) == [False, True]


async def test_the_street_goes_on_the_next_day(database_urls: Urls) -> None:
    """Opened a day later, the street lives that day and no other again."""
    async with Database(database_urls.application_url) as database:
        await street.open_street(database, KEYRING, NOW, days=2)
        before = await _counts(database)
        await street.open_street(database, KEYRING, NOW + timedelta(days=1), days=2)
        after = await _counts(database)
    assert after["sale"] > before["sale"]
    assert after["member"] == before["member"]
