"""Messages of a day beside plays of the same moment: together never more than budgets and caps bear."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from ringmain.campaign import api, budgets, store
from ringmain.campaign.api import Schedule
from ringmain.campaign.store import Cap
from ringmain.kit.db import Database
from ringmain.kit.http import persist
from ringmain.kit.migrate import Urls
from ringmain.kit.pure.errors import RuleBroken
from ringmain.member.api import Known
from tests.campaign.messages.morning import by_message, people, send
from tests.match.street import NOW, Street

PLAYS, TOLD = 16, 16
HOUR = timedelta(hours=1)
TODAY = Schedule(starts_at=NOW - HOUR, ends_at=NOW + HOUR)
# So long whoever has read waits for the other side to read; past it the control has failed to be one.
_PATIENCE = 60


@pytest.fixture
async def plays(database_urls: Urls) -> AsyncIterator[Database]:
    """Give a connection to each of those who play."""
    async with Database(database_urls.application_url, connections=PLAYS) as database:
        yield database


async def all_at_once(street: Street, plays: Database, who: list[Known]) -> None:
    """Let people take the campaign's voucher by a search while others are sent it."""

    async def one(known: Known) -> None:
        async def work() -> Any:
            async with plays.unit(street.network_id, now=NOW) as uow:
                return await api.take(uow, street.keyring, street.offers[1], known.member_id)

        await persist(work)

    outcomes = await asyncio.gather(send(street), *(one(known) for known in who), return_exceptions=True)
    others = [one for one in outcomes[1:] if isinstance(one, BaseException) and not isinstance(one, RuleBroken)]
    assert others == []
    assert not isinstance(outcomes[0], BaseException), outcomes[0]


async def crowd(street: Street) -> list[Known]:
    """Make those who are told, and return those who play."""
    await people(street, TOLD)
    return [await street.person(f"+86138003{number:05}") for number in range(PLAYS)]


async def test_a_budget_of_ten_gives_ten(street: Street, plays: Database) -> None:
    """Sixteen are chosen and sixteen search, all at once; ten vouchers are given, and ten are taken from the budget."""
    one = await by_message(street, channels=("message", "search"), schedule=TODAY, budget_minor=3_150)
    await all_at_once(street, plays, await crowd(street))
    assert await street.value("SELECT count(*) FROM voucher") == 10
    assert await street.value("SELECT taken_minor FROM budget WHERE id = %s", one.id) == 3_000
    assert await street.value("SELECT sum(amount_minor) FROM budget_take") == 3_000


async def capped(street: Street, plays: Database) -> int:
    """Return how many vouchers are given where the merchant's cap is seven."""
    await by_message(street, channels=("message", "search"), schedule=TODAY, budget_minor=90_000)
    who = await crowd(street)
    async with street.unit() as uow:
        await budgets.set_cap(uow, Cap(street.merchants[1], "merchant", "", 7, 1))
    await all_at_once(street, plays, who)
    return int(await street.value("SELECT count(*) FROM given"))


async def test_a_cap_of_seven_gives_seven(street: Street, plays: Database) -> None:
    """The merchant's cap counts what is sent and what is found together."""
    assert await capped(street, plays) == 7


async def test_without_the_lock_the_cap_is_passed(
    street: Street, plays: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: where nobody locks the owner, messages and plays together give more than seven.

    Messages alone fill the cap, and one play more passes it: nobody writes before both have read that it is empty.
    """
    count, asking, read, both = store.given_of, set[Any](), set[str](), asyncio.Event()

    async def instead(*_: Any) -> None:
        asking.add(asyncio.current_task())

    async def together(*asked: Any) -> list[store.OwnerCount]:
        counts, task = await count(*asked), asyncio.current_task()
        if task in asking and task is not None:
            read.add("messages" if getattr(task.get_coro(), "__name__", "") == send.__name__ else "play")
            if len(read) > 1:
                both.set()
            await asyncio.wait_for(both.wait(), _PATIENCE)
        return counts

    monkeypatch.setattr(store, "lock_owner", instead)
    monkeypatch.setattr(store, "given_of", together)
    assert await capped(street, plays) > 7
    assert read == {"messages", "play"}
