"""T2 of plays: 64 claims at once, and never more vouchers than budgets and caps bear; each lock has a control."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from ringmain.campaign import api, budgets, store
from ringmain.campaign.api import Claimed, Draw
from ringmain.campaign.budgets import NewBudget
from ringmain.campaign.store import Cap, CapKind
from ringmain.kit.db import Database, UnitOfWork
from ringmain.kit.http import persist
from ringmain.kit.migrate import Urls
from ringmain.kit.pure.errors import RuleBroken
from ringmain.member.api import Known
from tests.campaign.playing import draw
from tests.match.street import NOW, Street, small_street

PLAYS = 64
POOLS = 4
# So long a planted fault lets others read what nobody has locked.
_MEANWHILE = 0.2
pytestmark = pytest.mark.timeout(300)


@pytest.fixture
async def street(database_urls: Urls) -> AsyncIterator[Street]:
    """Give a street of its own to a test."""
    async with small_street(database_urls.application_url) as street:
        yield street


@pytest.fixture
async def databases(database_urls: Urls) -> AsyncIterator[Sequence[Database]]:
    """Give a connection to each of 64 players."""
    async with AsyncExitStack() as stack:
        opened = [Database(database_urls.application_url, connections=PLAYS // POOLS) for _ in range(POOLS)]
        yield [await stack.enter_async_context(one) for one in opened]


async def people(street: Street) -> list[Known]:
    """Make 64 members."""
    return [await street.person(f"+86138001{number:05}") for number in range(PLAYS)]


async def plays_with(street: Street, offer_id: UUID) -> list[Draw]:
    """Draw at one poster until 64 plays show an offer."""
    token = await street.poster()
    found: list[Draw] = []
    while len(found) < PLAYS:
        drawn = await draw(street, token)
        if offer_id in {prize.offer.id for prize in drawn.prizes}:
            found.append(drawn)
    return found


async def claims(
    street: Street, databases: Sequence[Database], plays: Sequence[Draw], who: Sequence[Known], offer_id: UUID | None
) -> Counter[str]:
    """Claim all plays at once, each on a connection of its own; return how often each outcome was seen."""

    async def one(place: int) -> Claimed:
        drawn = plays[place]
        chosen = offer_id or drawn.prizes[0].offer.id

        async def work() -> Claimed:
            async with databases[place % POOLS].unit(street.network_id, now=NOW) as uow:
                return await api.claim(uow, street.keyring, drawn.token, chosen, who[place].member_id)

        return await persist(work)

    outcomes = await asyncio.gather(*(one(place) for place in range(PLAYS)), return_exceptions=True)
    return Counter(one.code if isinstance(one, RuleBroken) else type(one).__name__ for one in outcomes)


async def open_budget(street: Street, limit_minor: int) -> UUID:
    """Open a budget on which the offer of the second shop draws."""
    new = NewBudget(
        owner_id=street.merchants[1],
        name="Today",
        currency="CNY",
        limit_minor=limit_minor,
        begins_at=NOW - timedelta(hours=1),
        ends_at=NOW + timedelta(hours=1),
        offer_ids=(street.offers[1],),
    )
    async with street.unit() as uow:
        return (await budgets.open_budget(uow, new)).id


async def set_cap(street: Street, kind: CapKind, most: int) -> None:
    """Set a cap of the network."""
    async with street.unit() as uow:
        await budgets.set_cap(uow, Cap(street.network_id, kind, "", most, 1))


async def given(street: Street) -> int:
    """Return how many vouchers there are."""
    return int(await street.value("SELECT count(*) FROM voucher"))


async def test_a_budget_is_never_overdrawn(street: Street, databases: Sequence[Database]) -> None:
    """Of 64 who want the same prize at once, ten get it from a budget of ten and a half; the others' choice is gone."""
    plays, who = await plays_with(street, street.offers[1]), await people(street)
    await open_budget(street, 3_150)
    outcomes = await claims(street, databases, plays, who, street.offers[1])
    assert outcomes == {"Claimed": 10, "prize_gone": 54}
    assert await given(street) == 10
    assert await street.value("SELECT taken_minor FROM budget") == 3_000
    assert await street.value("SELECT sum(amount_minor) FROM budget_take") == 3_000
    assert await street.value("SELECT count(*) FROM given") == 10


async def test_a_person_never_passes_their_cap(street: Street, databases: Sequence[Database]) -> None:
    """One person with 64 plays at 64 posters on one day, all claimed at once: three vouchers, as the cap says."""
    known = await street.person()
    plays = [await draw(street, await street.poster()) for _ in range(PLAYS)]
    await set_cap(street, "person", 3)
    outcomes = await claims(street, databases, plays, [known] * PLAYS, None)
    assert outcomes == {"Claimed": 3, "cap_reached": 61}
    assert await given(street) == 3


async def test_a_merchant_never_passes_its_cap(street: Street, databases: Sequence[Database]) -> None:
    """Of 64 who want a prize of one merchant at once, seven get it, as its cap says."""
    plays, who = await plays_with(street, street.offers[1]), await people(street)
    await set_cap(street, "merchant", 7)
    outcomes = await claims(street, databases, plays, who, street.offers[1])
    assert outcomes["Claimed"] == 7
    assert await given(street) == 7


# ------------------------------------------------------------------------------------------------------------ controls


def without_lock(inner: Callable[..., Awaitable[Any]], monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Plant a fault: what should lock lets time pass instead, so that others read what it should have hidden."""

    async def instead(uow: UnitOfWork, *params: Any) -> Any:
        found = await inner(uow, *params) if name == "lock_budgets" else None
        await asyncio.sleep(_MEANWHILE)
        return found

    monkeypatch.setattr(store, name, instead)


async def test_control_a_person_without_a_lock_passes_their_cap(
    street: Street, databases: Sequence[Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where claims of a person are not locked, the check of the cap is a race, and this test sees it lost."""
    known = await street.person()
    plays = [await draw(street, await street.poster()) for _ in range(PLAYS)]
    await set_cap(street, "person", 3)
    without_lock(store.lock_person, monkeypatch, "lock_person")
    outcomes = await claims(street, databases, plays, [known] * PLAYS, None)
    assert outcomes["Claimed"] > 3
    assert await given(street) == outcomes["Claimed"]


async def test_control_a_merchant_without_a_lock_passes_its_cap(
    street: Street, databases: Sequence[Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the owner of an offer is not locked, more are given than its cap says."""
    plays, who = await plays_with(street, street.offers[1]), await people(street)
    await set_cap(street, "merchant", 7)
    without_lock(store.lock_owner, monkeypatch, "lock_owner")
    outcomes = await claims(street, databases, plays, who, street.offers[1])
    assert outcomes["Claimed"] > 7


async def test_control_a_budget_without_a_lock_is_saved_by_its_constraint(
    street: Street, databases: Sequence[Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where budgets are read without a lock, claims fail on the last guard: no more is taken than there is."""

    async def unlocked(uow: UnitOfWork, budget_ids: Sequence[UUID]) -> list[store.Budget]:
        return [one for one in await store.budgets(uow) if one.id in budget_ids]

    plays, who = await plays_with(street, street.offers[1]), await people(street)
    await open_budget(street, 3_150)
    monkeypatch.setattr(store, "lock_budgets", unlocked)
    without_lock(unlocked, monkeypatch, "lock_budgets")
    outcomes = await claims(street, databases, plays, who, street.offers[1])
    assert outcomes[psycopg.errors.CheckViolation.__name__] > 0
    assert await given(street) == outcomes["Claimed"] == 10
    assert await street.value("SELECT taken_minor FROM budget") == 3_000
