"""Tests of prices: what is solved from the plays that were, and how the next play is drawn at it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from ringmain.campaign import budgets, store
from ringmain.campaign.budgets import NewBudget
from ringmain.campaign.prices import OLDEST, serving
from ringmain.campaign.pricing import price
from ringmain.campaign.store import Band, Pricing
from ringmain.entry.worker import jobs
from ringmain.kit.migrate import Urls
from ringmain.kit.pure.ids import uuid7
from tests.campaign.playing import claim, draw, phone
from tests.match.street import NOW, Street, small_street

DAY = timedelta(days=1)


async def solved(street: Street) -> Pricing:
    """Solve the street's prices at noon of its Monday."""
    found = await price(_At(street), street.network_id)  # type: ignore[arg-type]
    assert found is not None
    return found


class _At:
    """The database of a street in the street's own time."""

    def __init__(self, street: Street) -> None:
        self._street = street

    def unit(self, network_id: object, role: str) -> object:
        """Open a unit of work at noon of the street's Monday."""
        assert network_id == self._street.network_id
        return self._street.database.unit(self._street.network_id, role=role, now=NOW)  # type: ignore[arg-type]


async def small_budget(street: Street) -> None:
    """Let the offer that is worth most draw on a budget that bears two vouchers this week."""
    new = NewBudget(
        owner_id=street.merchants[3],
        name="Week",
        currency="CNY",
        limit_minor=1_000,
        begins_at=NOW - timedelta(hours=1),
        ends_at=NOW + 7 * DAY - timedelta(hours=1),
        offer_ids=(street.offers[3],),
    )
    async with street.unit() as uow:
        await budgets.open_budget(uow, new)


async def test_a_wanted_offer_with_little_money_has_a_price(street: Street) -> None:
    """Of forty plays two can be given the offer that is worth most: its coins cost something, others' nothing."""
    token = await street.poster()
    for _ in range(40):
        await draw(street, token)
    await small_budget(street)
    found = await solved(street)
    assert (found.people, found.candidates) == (40, 160)
    assert found.vouchers == 40
    assert 0 <= found.gap < 0.05
    async with street.unit() as uow:
        prices = {one.object_id: one.price for one in await store.coin_prices(uow)}
    assert set(prices) == {street.offers[3]}
    assert prices[street.offers[3]] > 0


async def test_plays_are_drawn_at_the_price(street: Street) -> None:
    """At a price beyond its worth an offer is drawn first only by chance; without it, it is drawn first most often."""
    token = await street.poster()
    await draw(street, token)

    async def first() -> list[object]:
        return [(await draw(street, token)).prizes[0].offer.id for _ in range(40)]

    await put(street, {}, NOW - timedelta(minutes=1))
    cheap = await first()
    await put(street, {street.offers[3]: 1.0})
    dear = await first()
    assert cheap.count(street.offers[3]) > 5
    assert dear.count(street.offers[3]) <= 5


async def put(street: Street, offers: dict[object, float], at: datetime = NOW) -> None:
    """Let prices serve that nobody has solved."""
    pricing = Pricing(uuid7(at), at, 1, 1, 1, 1.0, 1.0, 0.0)
    async with street.unit() as uow:
        await store.replace_prices(uow, pricing, offers, {})  # type: ignore[arg-type]


async def test_a_priced_play_keeps_all_that_a_play_promises(street: Street) -> None:
    """Three prizes of three shops, not the own one nor a rival's; chances, reasons, and one voucher of a claim."""
    await street.rival(0, 3)
    known, token = await street.person(), await street.poster()
    await put(street, {})
    drawn = await draw(street, token, phone(known))
    assert {prize.shop.id for prize in drawn.prizes} == {street.shops[1], street.shops[2], street.shops[4]}
    assert all(0 < prize.propensity <= 1 for prize in drawn.prizes)
    assert drawn.prizes[-1].propensity == 1
    assert {reason.code for reason in drawn.prizes[0].reasons} >= {"distance"}
    assert await street.value("SELECT candidates FROM draw") == 3
    assert (await draw(street, token, phone(known))).prizes == drawn.prizes
    await claim(street, drawn, known)
    assert await street.value("SELECT count(*) FROM voucher") == 1


async def test_old_prices_serve_nobody(street: Street) -> None:
    """After six hours plays are drawn by their match again: all four shops, as before any price."""
    await put(street, {street.offers[1]: 1.0})
    token, late = await street.poster(), NOW + OLDEST
    first = [(await draw(street, token, at=late)).prizes[0].offer.id for _ in range(40)]
    assert street.offers[1] in first
    async with street.unit(late) as uow:
        assert await serving(uow, late) is None


async def test_who_may_receive_no_more_is_given_less(street: Street) -> None:
    """A merchant whose band is used up has a price of power: its offer is given to nobody in the solution."""
    token = await street.poster()
    for _ in range(20):
        await draw(street, token)
    async with street.unit() as uow:
        await budgets.set_band(uow, Band(street.merchants[3], 0, 0))
    found = await solved(street)
    assert found.vouchers == 20
    async with street.unit() as uow:
        prices = {one.object_id: one.price for one in await store.coin_prices(uow)}
    assert prices[street.offers[3]] > 0


async def test_the_worker_prices(new_database: Callable[[], Urls]) -> None:
    """The hourly job prices what was played in the last seven days, in networks of the present."""
    urls = new_database()
    async with small_street(urls.application_url) as street:
        now = datetime.now(tz=UTC)
        await draw(street, await street.poster(), at=now)
        async with jobs(urls.application_url).open_async() as app:
            await app.configure_task("campaign:price").defer_async(timestamp=0)
            context = {"database": street.database}
            await app.run_worker_async(wait=False, install_signal_handlers=False, additional_context=context)
        assert await street.value("SELECT people FROM pricing") == 1


async def test_nobody_has_played(street: Street) -> None:
    """Without plays there is nothing to price, and nothing is written."""
    assert await price(_At(street), street.network_id) is None  # type: ignore[arg-type]
    assert await street.value("SELECT count(*) FROM pricing") == 0
