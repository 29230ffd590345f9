"""Planned switch-offs: drawn by chance, one at a time, and no campaign gives anything where the money is off."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ringmain.campaign import api
from ringmain.campaign.errors import SwitchOffInvalid, SwitchOffNotFound, SwitchOffPlanned
from ringmain.campaign.plan.deal import dealing
from ringmain.campaign.plan.switch_off import holds
from ringmain.network import api as network
from ringmain.network.api import NewShop
from tests.campaign.messages.morning import by_message, choices, people, send
from tests.campaign.test_deal import running
from tests.match.street import NOW, ZONE, Street

DAY = timedelta(days=1)
LONG = api.Schedule(starts_at=NOW - DAY, ends_at=NOW + 120 * DAY)


async def spread(street: Street, more: int) -> None:
    """Open shops of the bakery's merchant in further areas, one each."""
    async with street.unit() as uow:
        await network.open_shops(
            uow,
            [NewShop(street.merchants[0], f"Far {one}", "books", 31.3 + one / 10, 121.5, ZONE) for one in range(more)],
        )


async def plan(street: Street, **changes: Any) -> api.SwitchOff:
    """Plan one for half of the areas, from now on."""
    asked: dict[str, Any] = {"share_bp": 5_000, "starts_at": NOW, "days": 90, **changes}
    async with street.unit() as uow:
        return await api.plan_switch_off(uow, **asked)


async def test_half_of_the_areas_are_drawn(street: Street) -> None:
    """Eight areas: four are off. There is one at a time; stopped, it leaves room, and stopping again is the same."""
    await spread(street, 6)
    one = await plan(street)
    async with street.unit() as uow:
        areas = await api.areas(uow)
    assert (len(areas), sum(api.is_off(one, area) for area in areas)) == (8, 4)
    with pytest.raises(SwitchOffPlanned):
        await plan(street, starts_at=NOW + 300 * DAY)
    async with street.unit(NOW + DAY) as uow:
        stopped = await api.stop_switch_off(uow, one.id)
        assert await api.stop_switch_off(uow, one.id) == stopped == replace(one, stopped_at=NOW + DAY)
        with pytest.raises(SwitchOffNotFound):
            await api.stop_switch_off(uow, street.network_id)
    async with street.unit(NOW + DAY) as uow:
        await api.plan_switch_off(uow, share_bp=5_000, starts_at=NOW + DAY, days=30)
        assert len(await api.switch_offs(uow)) == 2


@pytest.mark.parametrize(
    ("field", "more", "changes"),
    [
        ("share_bp", 6, {"share_bp": 999}),
        ("share_bp", 6, {"share_bp": 5_001}),
        ("days", 6, {"days": 29}),
        ("days", 6, {"days": 181}),
        ("starts_at", 6, {"starts_at": NOW - timedelta(seconds=1)}),
        # Four areas in all: three off leave one.
        ("share_bp", 2, {}),
    ],
)
async def test_what_cannot_be_read_is_not_planned(
    street: Street, field: str, more: int, changes: dict[str, Any]
) -> None:
    """Refused at its field, and nothing is kept."""
    await spread(street, more)
    with pytest.raises(SwitchOffInvalid) as refused:
        await plan(street, **changes)
    assert refused.value.facts["field"] == field
    assert await street.value("SELECT count(*) FROM switch_off") == 0


async def test_where_the_money_is_off_no_campaign_gives(street: Street) -> None:
    """At a door of an area that is off the offer is closed and nobody is recorded; elsewhere, and afterwards, not."""
    await spread(street, 6)
    one = await running(street, schedule=LONG)
    off = await plan(street)
    async with street.unit() as uow:
        shops = await network.all_shops(uow)
    for at, ends in ((NOW, False), (NOW + 91 * DAY, True)):
        for shop in shops:
            async with street.unit(at) as uow:
                dealt = await dealing(uow, None, [one.said.offer_id], at, channel="scene", at_shop_id=shop.id)
            assert (one.said.offer_id in dealt.closed) == (holds(off, shop) and not ends)
            assert (dealt.open == ()) == (holds(off, shop) and not ends)


async def test_who_was_last_there_gets_no_message(street: Street) -> None:
    """The message of the day is chosen for those who bought where the money flows."""
    await spread(street, 6)
    await by_message(street, schedule=LONG)
    off = await plan(street)
    async with street.unit() as uow:
        shops = {shop.id: shop for shop in await network.all_shops(uow)}
    who = await people(street, 6)
    for known in who:
        await street.buy(known, 2, NOW - 2 * DAY)
    await send(street)
    assert bool(await choices(street)) != holds(off, shops[street.shops[2]])
