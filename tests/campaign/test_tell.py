"""Tests of messages that plays and sales lead to: once, to proven phones, to who wants them, from fresh facts."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from ringmain.campaign import api
from ringmain.kit.follow import Follower, begin_anew, catch_up
from ringmain.member import api as member
from ringmain.member.api import IdentifierKind, Known
from ringmain.message import api as message
from ringmain.sale import api as sale
from tests.match.street import Street

BASE = "https://ring.example"


async def follow(street: Street, *followers: Follower) -> list[str]:
    """Read all facts, send what is due into the outbox of development, and return what stands there, sorted."""
    for follower in followers or (
        api.winners(street.keyring, BASE),
        sale.receipts(street.keyring, BASE),
    ):
        await catch_up(street.database, follower, street.network_id)
    doors = message.Doors(street.keyring, {}, BASE, frozenset({street.network_id}))
    await message.deliver_due(street.database, doors, street.network_id)
    async with street.unit() as uow:
        return sorted(one.body for one in await message.sink_messages(uow, 30))


async def take(street: Street, known: Known, at: datetime) -> UUID:
    """Let somebody take a voucher of the flower shop."""
    async with street.unit(at) as uow:
        return (await api.take(uow, street.keyring, street.offers[1], known.member_id)).voucher_id


async def no_messages(street: Street, known: Known) -> None:
    """Let somebody want no messages."""
    async with street.unit() as uow:
        await message.set_preferences(uow, known.member_id, message.Preferences(()))


async def test_a_voucher_won_and_a_sale_are_told_once(street: Street) -> None:
    """Value, shop and day, in the language of the phone's country; reading every fact again tells nothing new."""
    now, known = datetime.now(UTC), await street.person()
    voucher_id, sale_id = await take(street, known, now), await street.buy(known, 2, now)
    token = sale.receipt_token(street.keyring, street.network_id, sale_id)
    receipt, won = await follow(street)
    assert receipt == f"【Street】您在Noodle House 兰州面馆的收据，¥30。{BASE}/receipts/{token}?m"
    assert won.startswith("【Street】您获得Flower Corner的券：¥3，")
    assert won.endswith(f"前有效。{BASE}/wallet/{voucher_id}?m")
    for follower in (api.winners(street.keyring, BASE), sale.receipts(street.keyring, BASE)):
        await begin_anew(street.database, follower.name, street.network_id)
    assert len(await follow(street)) == 2
    assert await street.value("SELECT count(*) FROM message") == 2


async def test_who_wants_no_messages_gets_none(street: Street) -> None:
    """The refusal is written down, and nothing is sent."""
    now, known = datetime.now(UTC), await street.person()
    await no_messages(street, known)
    await take(street, known, now)
    await street.buy(known, 2, now)
    assert await follow(street) == []
    states = "SELECT string_agg(state || ' ' || reason, ', ') FROM message_delivery"
    assert await street.value(states) == "refused channel_none, refused channel_none"


async def test_strangers_old_facts_and_unproven_phones_are_left_alone(street: Street) -> None:
    """Nobody recognised, three hours ago, a number that only a cashier has typed: not even a refusal is written."""
    now, known = datetime.now(UTC), await street.person()
    await street.buy(None, 2, now)
    await street.buy(known, 2, now - timedelta(hours=3))
    await take(street, known, now - timedelta(hours=3))
    async with street.unit() as uow:
        item = member.Enrolment(member.identifier(IdentifierKind.PHONE, "+8613800138009"))
        unproven = (await member.enrol(uow, street.keyring, [item]))[0].known
    await street.buy(unproven, 2, now)
    await take(street, unproven, now)
    assert await follow(street) == []
    assert await street.value("SELECT count(*) FROM message") == 0


async def test_a_failing_message_undoes_no_sale(street: Street) -> None:
    """The message is made from the fact: before anybody follows, the sale stands and nothing waits to be sent."""
    now, known = datetime.now(UTC), await street.person()
    await street.buy(known, 2, now)
    assert await street.value("SELECT count(*) FROM message") == 0
    assert await street.value("SELECT count(*) FROM sale") == 1
    assert len(await follow(street, sale.receipts(street.keyring, BASE))) == 1
