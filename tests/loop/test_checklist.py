"""The set-up checklist follows what a merchant has, from nothing to the first voucher spent."""

from ringmain.kit.pure.ids import uuid7
from ringmain.loop.api import Checklist, checklist
from ringmain.network import api as network
from ringmain.network.api import NewMerchant
from tests.loop.street import NOW, Street, somebody


async def _checklist(street: Street) -> Checklist:
    async with street.console(street.tea) as uow:
        return await checklist(uow, street.tea)


async def test_each_step_is_done_when_its_thing_is_there(street: Street) -> None:
    """Steps turn done one after the other, and the first open one is next."""
    steps = {one.step: one.done for one in (await _checklist(street)).steps}
    assert {step for step, done in steps.items() if done} == {"money"}
    assert (await _checklist(street)).next == "shop_with_hours"
    network_id, tea, shop = street.network_id, street.tea, street.shops[0]
    now, id_ = NOW, uuid7(NOW)
    writes: list[tuple[str, tuple[object, ...], str]] = [
        ("UPDATE shop SET hours = '[[],[],[],[],[],[],[]]' WHERE network_id = %s AND id = %s", (network_id, shop), ""),
        (
            """INSERT INTO terminal (network_id, id, merchant_id, shop_id, name, made_at, paired_at)
               VALUES (%s, %s, %s, %s, 'Till', %s, %s)""",
            (network_id, id_, tea, shop, now, now),
            "staff_with_pin",
        ),
        (
            """INSERT INTO staff (network_id, id, merchant_id, name, role, joined_at)
               VALUES (%s, %s, %s, 'Mei', 'cashier', %s)""",
            (network_id, id_, tea, now),
            "offer",
        ),
    ]
    for query, params, following in writes:
        async with street.unit() as uow:
            await uow.connection.execute(query.encode(), params)
        assert (await _checklist(street)).next == (following or "terminal_paired")
    offer = await street.publish()
    assert (await _checklist(street)).next == "poster"
    async with street.unit() as uow:
        await uow.execute(
            "INSERT INTO scene (network_id, id, kind, name, shop_id, merchant_id, token, made_at)"
            " VALUES (%s, %s, 'poster', 'Door', %s, %s, %s, %s)",
            (network_id, id_, shop, tea, id_.hex[:22], now),
        )
    assert (await _checklist(street)).next == "voucher_won"
    ann = somebody()
    won = await street.win(offer, ann, NOW)
    assert (await _checklist(street)).next == "voucher_redeemed"
    await street.buy(0, NOW, ann, 1_000, won)
    found = await _checklist(street)
    assert (found.next, {one.done for one in found.steps}) == (None, {True})
    assert all(one.page.startswith("/merchant") for one in found.steps)


async def test_what_others_have_does_not_count(street: Street) -> None:
    """A merchant without anything has all steps before it, whatever its neighbours did; credit counts as money."""
    await street.win(await street.publish(), somebody(), NOW)
    async with street.unit() as uow:
        bare, trusted = await network.open_merchants(
            uow, [NewMerchant("Bare"), NewMerchant("Trusted", credit_limit_minor=500)]
        )
    for id_, done in ((bare.id, set()), (trusted.id, {"money"})):
        async with street.console(id_) as uow:
            found = await checklist(uow, id_)
        assert {one.step for one in found.steps if one.done} == done
