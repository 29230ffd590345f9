"""Red packets: opened once per person, never more than was put in, and what nobody opens is the maker's again."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from ringmain.campaign import api, budgets
from ringmain.campaign.api import Opened, Packet, Shared
from ringmain.campaign.errors import PacketEmpty
from ringmain.campaign.packets import store
from ringmain.campaign.packets.model import Opening, divide
from ringmain.campaign.packets.share import end_due_packet
from ringmain.campaign.store import Cap
from ringmain.entry.verify import verify
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.errors import RuleBroken
from ringmain.member.api import Known
from ringmain.voucher import api as voucher
from ringmain.voucher.api import Granted, Redeem, Redeemer, Use
from tests.campaign.test_deal import running
from tests.match.street import NOW, ZONE, Street

LATER = NOW + timedelta(hours=25)


async def _person(street: Street) -> Known:
    return await street.person(f"+8613{uuid4().int % 10**9:09}")


async def _won(street: Street, known: Known, **terms: Any) -> UUID:
    """Give somebody a voucher of the florist: 20 yuan with a fee of 7 fen, where nothing else is said."""
    offer = await street.publish(1, **{"face_minor": 2_000, "fee_minor": 7, **terms})
    async with street.unit() as uow:
        grant = voucher.Grant(offer_id=offer.id, at=NOW, subject_id=known.subject_id, sender_shop_id=street.shops[0])
        granted = (await voucher.grant(uow, [grant]))[0]
    assert isinstance(granted, Granted)
    return granted.voucher_id


async def _make(street: Street, known: Known, voucher_id: UUID, parts: int = 4, at: datetime = NOW) -> Packet:
    async with street.unit(at) as uow:
        return await api.make_packet(uow, known.member_id, voucher_id, parts)


async def _open(street: Street, packet: Packet, known: Known, at: datetime = NOW) -> Opened:
    async with street.unit(at) as uow:
        return await api.open_packet(uow, packet.id, known.member_id)


async def _read(street: Street, packet: Packet) -> Shared:
    async with street.unit() as uow:
        return await api.read_packet(uow, packet.id)


async def _spend(street: Street, voucher_id: UUID, known: Known, at: datetime = NOW) -> Any:
    by = Redeemer(street.merchants[1], street.shops[1], None, ZONE)
    async with street.unit(at) as uow:
        redeem = Redeem(
            id=uuid4(), voucher_id=voucher_id, sale_id=uuid4(), by=by, at=at, subject_id=known.subject_id,
            basket_minor=9_000, currency="CNY",
        )  # fmt: skip
        return (await voucher.apply(uow, [Use((redeem,))]))[0]


async def _clean(street: Street) -> None:
    # Sales are not what is tested here: these redemptions have none.
    checks = await verify(street.database, street.network_id)
    assert [one for one in checks if not one.ok and one.name != "every redemption belongs to a sale"] == []


async def test_friends_open_what_was_put_in_and_each_has_a_voucher_on_the_same_terms(street: Street) -> None:
    """20 yuan in four parts: four vouchers of the same offer, shop and ends, whose values and fees add up exactly."""
    maker = await _person(street)
    voucher_id = await _won(street, maker)
    packet = await _make(street, maker, voucher_id)
    drawn = divide(packet.seed, 2_000, 7, 4, packet.least_minor)
    friends = [await _person(street) for _ in range(4)]
    opened = [await _open(street, packet, friend) for friend in friends]
    again = await _open(street, packet, friends[2])

    assert [one.opening.amount_minor for one in opened] == [part.amount_minor for part in drawn]
    assert (again.opening, again.again) == (opened[2].opening, True)
    shared = await _read(street, packet)
    assert (shared.left, shared.opened_minor) == (0, 2_000)
    assert shared.packet.ended_at == NOW
    rows = await street.value(
        """SELECT array_agg(DISTINCT (offer_id, sender_shop_id, valid_from, valid_until)::text) FROM voucher"""
    )
    assert len(rows) == 1
    assert await street.value("SELECT sum(held_minor) FROM voucher") == 2_007
    parent = "SELECT (closed, remaining_minor, held_minor)::text FROM voucher WHERE id = %s"
    assert await street.value(parent, voucher_id) == "(split,0,0)"
    spent = await _spend(street, opened[0].opening.voucher_id, friends[0])
    assert spent[0].amount_minor == drawn[0].amount_minor
    assert spent[0].fee_minor == drawn[0].fee_minor == 2
    assert (await _spend(street, voucher_id, maker)).code == "voucher_given_away"
    await _clean(street)


async def test_the_story_of_a_voucher_leads_from_its_parts_to_it_and_back(street: Street) -> None:
    """A part knows whose part it is and which transfer paid for it; the voucher knows its parts."""
    maker, friend = await _person(street), await _person(street)
    voucher_id = await _won(street, maker)
    part_id = (await _open(street, await _make(street, maker, voucher_id), friend)).opening.voucher_id
    async with street.unit() as uow:
        part, whole = await voucher.show(uow, part_id), await voucher.show(uow, voucher_id)

    assert [one.voucher_id for one in part.lineage] == [part_id, voucher_id]
    assert part.issue_transfers == whole.issue_transfers
    assert [one.amount_minor for one in part.issue_transfers] == [2_007]
    assert [(one.row.kind, one.row.id) for one in whole.events] == [("split", part_id)]


async def test_what_nobody_opens_is_the_makers_again_when_it_ends(street: Street) -> None:
    """After a day the job gives it back, and it is spent whole; before that it cannot be spent."""
    maker, friend = await _person(street), await _person(street)
    voucher_id = await _won(street, maker)
    packet = await _make(street, maker, voucher_id)
    part = (await _open(street, packet, friend)).opening
    assert (await _spend(street, voucher_id, maker)).code == "voucher_locked"
    async with street.unit(NOW + timedelta(hours=23)) as uow:
        assert not await end_due_packet(uow)
    async with street.unit(LATER) as uow:
        assert await end_due_packet(uow)
        assert not await end_due_packet(uow)
    with pytest.raises(RuleBroken, match="red_packet_over"):
        await _open(street, packet, await _person(street), LATER)
    spent = await _spend(street, voucher_id, maker, LATER)

    assert spent[0].amount_minor == 2_000 - part.amount_minor
    await _clean(street)


async def test_the_maker_takes_back_the_rest_and_may_share_it_again(street: Street) -> None:
    """Ended early, by the maker only: then what is left is made into another packet; parts are not divided again."""
    maker, friend = await _person(street), await _person(street)
    voucher_id = await _won(street, maker)
    packet = await _make(street, maker, voucher_id)
    part = (await _open(street, packet, friend)).opening
    async with street.unit() as uow:
        with pytest.raises(RuleBroken, match="red_packet_unknown"):
            await api.end_packet(uow, packet.id, friend.member_id)
        for _ in range(2):
            assert (await api.end_packet(uow, packet.id, maker.member_id)).packet.ended_at == NOW
    second = await _make(street, maker, voucher_id, 2)

    assert second.amount_minor == 2_000 - part.amount_minor
    with pytest.raises(RuleBroken, match="voucher_not_splittable"):
        await _make(street, friend, part.voucher_id, 2)
    await _clean(street)


async def test_many_friends_at_once_open_no_more_than_there_is(street: Street) -> None:
    """64 friends tap twice on the last part: one has it, 63 are told that others were faster, and verify is clean."""
    maker = await _person(street)
    packet = await _make(street, maker, await _won(street, maker), 2)
    await _open(street, packet, await _person(street))
    friends = [await _person(street) for _ in range(64)]
    answers = await _rush(street, packet, friends)

    opened = {one.opening.voucher_id for one in answers if isinstance(one, Opened)}
    assert len(opened) == 1
    assert sum(isinstance(one, PacketEmpty) for one in answers) == 126
    assert await street.value("SELECT count(*) FROM red_packet_opening") == 2
    assert await street.value("SELECT sum(held_minor) FROM voucher") == 2_007
    await _clean(street)


async def test_without_a_fresh_look_the_database_refuses_the_second_one(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: where openings are read before the lock, friends run into each other, and still nothing is made."""
    maker = await _person(street)
    packet = await _make(street, maker, await _won(street, maker), 2)

    async def stale(uow: UnitOfWork, packet_id: UUID) -> list[Opening]:
        del uow, packet_id
        return []

    monkeypatch.setattr(store, "openings", stale)
    await _open(street, packet, await _person(street))
    with pytest.raises(psycopg.errors.IntegrityError):
        await _open(street, packet, await _person(street))
    assert await street.value("SELECT count(*) FROM red_packet_opening") == 1
    assert await street.value("SELECT sum(held_minor) FROM voucher") == 2_007


async def _rush(street: Street, packet: Packet, friends: list[Known]) -> list[Any]:
    taps = [_open(street, packet, friend) for friend in friends for _ in range(2)]
    return await asyncio.gather(*taps, return_exceptions=True)


async def test_nobody_opens_their_own_and_caps_and_campaigns_bind(street: Street) -> None:
    """The maker, who is at a cap, and everybody while a campaign gives the offer: refused, and nothing is opened."""
    maker, friend = await _person(street), await _person(street)
    packet = await _make(street, maker, await _won(street, maker))
    with pytest.raises(RuleBroken, match="red_packet_own"):
        await _open(street, packet, maker)
    for kind, owner in (("person_channel", street.network_id), ("person_merchant", street.merchants[1])):
        channel = "share" if kind == "person_channel" else ""
        async with street.unit() as uow:
            await budgets.set_cap(uow, Cap(owner, kind, channel, 0, 1))  # type: ignore[arg-type]
        with pytest.raises(RuleBroken, match="cap_reached"):
            await _open(street, packet, friend)
        async with street.unit() as uow:
            await budgets.set_cap(uow, Cap(owner, kind, channel, 5, 1))  # type: ignore[arg-type]
    assert await street.value("SELECT count(*) FROM red_packet_opening") == 0
    campaign = await running(street)
    async with street.unit() as uow:
        await uow.execute("UPDATE offer SET stock = NULL WHERE id = %s", (campaign.said.offer_id,))
        grant = voucher.Grant(offer_id=campaign.said.offer_id, at=NOW, subject_id=maker.subject_id)
        granted = (await voucher.grant(uow, [grant]))[0]
    assert isinstance(granted, Granted)
    with pytest.raises(RuleBroken, match="red_packet_waits"):
        await _make(street, maker, granted.voucher_id)
    await _open(street, packet, friend)
    assert await street.value("SELECT count(*) FROM given WHERE channel = 'share' AND cost_minor = 0") == 1


@pytest.mark.parametrize(
    ("terms", "parts", "code"),
    [
        ({"kind": "discount", "percent_bp": 1_000}, 2, "voucher_not_splittable"),
        ({"in_total": 100}, 2, "voucher_not_splittable"),
        ({}, 11, "red_packet_invalid"),
        ({"face_minor": 3, "fee_minor": 0}, 4, "red_packet_invalid"),
    ],
)
async def test_what_cannot_be_divided_is_refused_and_stays_as_it_was(
    street: Street, terms: dict[str, Any], parts: int, code: str
) -> None:
    """A percentage, a counted offer, too many parts, or less than a fen each: nothing is put aside."""
    maker = await _person(street)
    voucher_id = await _won(street, maker, **terms)
    with pytest.raises(RuleBroken, match=code):
        await _make(street, maker, voucher_id, parts)
    with pytest.raises(RuleBroken, match="voucher_not_found"):
        await _make(street, await _person(street), voucher_id, 2)
    assert await street.value("SELECT count(*) FROM red_packet") == 0
    assert await street.value("SELECT lock_key FROM voucher") is None


async def test_a_voucher_that_is_taken_back_takes_its_packet_with_it(street: Street) -> None:
    """The shop withdraws it: parts that were opened live on, the rest of the money is the shop's again."""
    maker, friend = await _person(street), await _person(street)
    voucher_id = await _won(street, maker)
    packet = await _make(street, maker, voucher_id)
    await _open(street, packet, friend)
    async with street.unit() as uow:
        await voucher.void(uow, [voucher_id])
    with pytest.raises(RuleBroken, match="red_packet_over"):
        await _open(street, packet, await _person(street))
    async with street.unit(LATER) as uow:
        assert await end_due_packet(uow)
    await _clean(street)


async def test_verify_finds_parts_that_are_not_what_was_drawn(street: Street, database_urls: Any) -> None:
    """Control: a part that grew shows; and what was drawn can neither be changed nor opened twice."""
    maker = await _person(street)
    await _make(street, maker, await _won(street, maker))
    with psycopg.connect(database_urls.migration_url, autocommit=True) as owner:
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="made once"):
            owner.execute("UPDATE red_packet SET parts = 5 WHERE network_id = %s", (street.network_id,))
        owner.execute(
            "INSERT INTO red_packet_part SELECT network_id, packet_id, 9, 1, 0 FROM red_packet_part"
            " WHERE network_id = %s AND number = 1",
            (street.network_id,),
        )
    faulty = [check.name for check in await verify(street.database, street.network_id) if not check.ok]
    assert faulty == ["red packets give what they were made of, and no more"]
