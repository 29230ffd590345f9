"""Invitations earn a voucher for a new person's own first visit, once, and nothing for tricks."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from ringmain.campaign import api, budgets
from ringmain.campaign.api import ReferralRule
from ringmain.campaign.referrals.invite import reward, take_back_undone, waiting_rewards
from ringmain.campaign.store import Cap
from ringmain.entry.verify import verify
from ringmain.kit.pure.errors import RuleBroken
from ringmain.member import api as member
from ringmain.member.api import Known
from ringmain.sale import change
from ringmain.scene import api as scene
from ringmain.scene.api import NewScene, SceneKind
from tests.match.street import NOW, Street

SOON, LATER = NOW + timedelta(hours=1), NOW + timedelta(hours=2)
PHONE, OTHER_PHONE = uuid4().hex, uuid4().hex


async def _person(street: Street) -> Known:
    return await street.person(f"+8613{uuid4().int % 10**9:09}")


async def _invited(street: Street, sharer: Known, device: str = PHONE) -> str:
    """Let somebody hand on a link to the bakery, made on a phone; returns its token."""
    async with street.unit() as uow:
        new = NewScene(SceneKind.SHARE, "Shared by a guest", street.shops[0])
        made = (await scene.place_scenes(uow, [new]))[0]
        await api.invite(uow, made.id, sharer.subject_id, "link", street.keyring, device)
    return made.token


async def _friend(street: Street, token: str, device: str = OTHER_PHONE) -> Known:
    friend = await _person(street)
    async with street.unit() as uow:
        await api.join_by(uow, street.keyring, token, friend, device)
    return friend


async def _rule(street: Street, most: int = 5) -> UUID:
    offer = await street.publish(2)
    async with street.unit() as uow:
        await api.set_rule(uow, ReferralRule(offer.id, most))
    return offer.id


async def _run(street: Street) -> None:
    """Run what the worker runs."""
    async with street.unit(LATER) as uow:
        await take_back_undone(uow)
    async with street.unit(LATER) as uow:
        found = await waiting_rewards(uow)
    for one in found:
        async with street.unit(LATER) as uow:
            await reward(uow, one)


async def _refund(street: Street, sale_id: UUID) -> None:
    async with street.unit(LATER) as uow:
        await change.refund(uow, change.Refund(sale_id, None, 3_000, "returned"))


async def _rewards(street: Street) -> int:
    return int(await street.value("SELECT count(*) FROM referral_reward WHERE undone_at IS NULL"))


async def test_a_friends_first_visit_at_any_shop_earns_a_voucher_once(street: Street) -> None:
    """Invited at the bakery, bought at the bookshop: the sharer has a voucher whose origin is that sale; once."""
    offer_id, sharer = await _rule(street), await _person(street)
    friend = await _friend(street, await _invited(street, sharer))
    await _run(street)
    assert await _rewards(street) == 0
    bought = await street.buy(friend, 4, SOON)
    await street.buy(friend, 3, SOON + timedelta(minutes=9))
    for _ in range(2):
        await _run(street)

    row = await street.value("SELECT (offer_id, subject_id, sender_shop_id, origin_kind, origin_id)::text FROM voucher")
    assert row == f"({offer_id},{sharer.subject_id},{street.shops[0]},sale,{bought})"
    assert await _rewards(street) == 1
    assert await street.value("SELECT count(*) FROM given WHERE channel = 'share'") == 1
    assert [one for one in await verify(street.database, street.network_id) if not one.ok] == []
    async with street.unit(LATER) as uow:
        figures = (await api.sharing_of(uow, sharer, 60)).figures
    assert (figures.invitations, figures.joined, figures.came, figures.undone) == (1, 1, 1, 0)


async def test_a_visit_that_is_undone_takes_its_reward_back_and_another_one_earns_it(street: Street) -> None:
    """The sale is refunded: the voucher is void, its money the funder's again; the next visit earns a new one."""
    await _rule(street)
    friend = await _friend(street, await _invited(street, await _person(street)))
    first = await street.buy(friend, 4, SOON)
    await _run(street)
    await _refund(street, first)
    await _run(street)
    assert await _rewards(street) == 0
    assert await street.value("SELECT closed FROM voucher") == "void"
    await street.buy(friend, 4, SOON + timedelta(minutes=30))
    await _run(street)

    assert await _rewards(street) == 1
    assert await street.value("SELECT count(*) FROM referral_reward") == 2
    assert [one for one in await verify(street.database, street.network_id) if not one.ok] == []


async def test_tricks_earn_nothing(street: Street) -> None:
    """Oneself, who was a member before, the same phone, a visit together, and a return: no voucher for any of them."""
    await _rule(street)
    sharer = await _person(street)
    token = await _invited(street, sharer)
    async with street.unit() as uow:
        await api.join_by(uow, street.keyring, token, sharer, OTHER_PHONE)
    assert await street.value("SELECT count(*) FROM referral") == 0
    same_phone = await _friend(street, token, PHONE)
    assert await street.value("SELECT refused FROM referral") == "same_phone"
    old = await _person(street)
    await street.buy(old, 4, NOW - timedelta(days=9))
    async with street.unit() as uow:
        await api.join_by(uow, street.keyring, token, old, OTHER_PHONE)
    together = await _friend(street, token)
    await street.buy(sharer, 3, SOON)
    await street.buy(together, 3, SOON + timedelta(minutes=5))
    for one in (same_phone, old):
        await street.buy(one, 4, SOON)
    await _run(street)

    assert await _rewards(street) == 0
    # The control: alone at another shop, the friend who came together with the sharer counts.
    await street.buy(together, 4, SOON + timedelta(minutes=40))
    await _run(street)
    assert await _rewards(street) == 1


async def test_who_turns_out_to_have_been_known_before_earns_nothing(street: Street) -> None:
    """A friend who is merged with an older member was not new."""
    await _rule(street)
    friend = await _friend(street, await _invited(street, await _person(street)))
    old = await _person(street)
    async with street.unit() as uow:
        await member.merge(uow, friend.member_id, old.member_id, uuid4())
    await street.buy(friend, 4, SOON)
    await _run(street)
    assert await _rewards(street) == 0


async def test_the_limit_of_a_month_and_caps_wait_and_do_not_lose(street: Street) -> None:
    """One a month: of two friends one is rewarded; with a higher limit the other follows, unless a cap is full."""
    offer_id, sharer = await _rule(street, 1), await _person(street)
    token = await _invited(street, sharer)
    for place in (3, 4):
        await street.buy(await _friend(street, token), place, SOON)
    await _run(street)
    assert await _rewards(street) == 1
    async with street.unit() as uow:
        await api.set_rule(uow, ReferralRule(offer_id, 9))
        await budgets.set_cap(uow, Cap(street.network_id, "person_channel", "share", 1, 1))
    await _run(street)
    assert await _rewards(street) == 1
    async with street.unit() as uow:
        await budgets.set_cap(uow, Cap(street.network_id, "person_channel", "share", 9, 1))
    await _run(street)
    assert await _rewards(street) == 2


async def test_without_a_rule_nothing_is_earned_and_a_rule_needs_an_offer(street: Street) -> None:
    """No rule, or none any more: no voucher; an offer that is none is refused."""
    friend = await _friend(street, await _invited(street, await _person(street)))
    await street.buy(friend, 4, SOON)
    await _run(street)
    await _rule(street)
    async with street.unit() as uow:
        await api.set_rule(uow, None)
    await _run(street)
    assert await _rewards(street) == 0
    async with street.unit() as uow:
        with pytest.raises(RuleBroken, match="referral_rule_invalid"):
            await api.set_rule(uow, ReferralRule(uuid4(), 1))
