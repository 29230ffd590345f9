"""A merchant's guests: names only of those who agreed, and of others' shops only crowds."""

from uuid import UUID

from ringmain.kit.secrets import Keyring
from ringmain.loop.api import Elsewhere, GuestCounts, guest_counts, guests
from ringmain.member import api as member
from tests.loop.street import DAY, NOW, Street, somebody

KEYRING = Keyring({1: b"k" * 32})


async def _member(street: Street, phone: str, name: str) -> member.Known:
    async with street.unit() as uow:
        identifier = member.identifier(member.IdentifierKind.PHONE, phone)
        (enrolled,) = await member.enrol(uow, KEYRING, [member.Enrolment(identifier, True, name, "en")])
        (known,) = await member.subjects(uow, [enrolled.known.member_id])
    assert known is not None
    return known


async def _consent(street: Street, member_id: UUID, merchant_id: UUID, granted: bool) -> None:
    async with street.unit() as uow:
        answer = member.Answer(member.Purpose.SHARE_WITH_MERCHANT, granted, "2026-01", "en", merchant_id)
        await member.record_consents(uow, member_id, [answer], member.Place("page", member_id))


async def test_only_who_agreed_is_named_with_visits_here(street: Street) -> None:
    """Name, masked phone and visits of who agreed to share with this merchant; nobody else, nothing of elsewhere."""
    ann, bob = await _member(street, "+8613800138000", "Ann"), await _member(street, "+8613800138001", "Bob")
    await _consent(street, ann.member_id, street.tea, True)
    await _consent(street, bob.member_id, street.merchants[1], True)
    offer = await street.publish()
    await street.buy(0, NOW - 2 * DAY, ann.subject_id, 500)
    await street.buy(0, NOW - DAY, ann.subject_id, 500, await street.win(offer, ann.subject_id, NOW - 3 * DAY))
    await street.buy(1, NOW, ann.subject_id, 900)
    await street.buy(0, NOW, bob.subject_id, 900)
    async with street.unit() as uow:
        (found,) = await guests(uow, KEYRING, street.tea)
    assert (found.member_id, found.name) == (ann.member_id, "Ann")
    assert found.phone is not None
    assert "1380" not in found.phone[4:]
    assert (found.visits, found.visits_with_voucher, found.last_visit_at) == (2, 1, NOW - DAY)


async def test_who_withdraws_is_gone_from_the_list(street: Street) -> None:
    """The last answer counts, and pages go on after a member."""
    people = [await _member(street, f"+861380013900{n}", f"P{n}") for n in range(3)]
    for one in people:
        await _consent(street, one.member_id, street.tea, True)
    async with street.unit(NOW + DAY) as uow:
        answer = member.Answer(member.Purpose.SHARE_WITH_MERCHANT, False, "2026-01", "en", street.tea)
        await member.record_consents(uow, people[1].member_id, [answer], member.Place("page", somebody()))
    ids = sorted([people[0].member_id, people[2].member_id])
    async with street.unit(NOW + DAY) as uow:
        assert [one.member_id for one in await guests(uow, KEYRING, street.tea)] == ids
        assert [one.member_id for one in await guests(uow, KEYRING, street.tea, limit=1)] == ids[:1]
        assert [one.member_id for one in await guests(uow, KEYRING, street.tea, after=ids[0])] == ids[1:]


async def test_of_elsewhere_only_crowds_over_three_merchants_show(street: Street) -> None:
    """Nine people, or ten at two other merchants, are too few; ten at three are shown, without who they are."""
    people = [somebody() for _ in range(10)]
    for one in people:
        await street.buy(0, NOW, one, 100)
    await _same_category(street)
    for place, one in enumerate(people[:9]):
        await street.buy(1 + place % 3, NOW, one, 100)
    assert (await _counts(street)).elsewhere == []
    await street.buy(1, NOW, people[9], 100)
    found = await _counts(street)
    assert (found.guests, found.elsewhere) == (10, [Elsewhere("food", 10)])


async def test_a_crowd_at_two_others_is_not_shown(street: Street) -> None:
    """Control for the count of merchants: ten people at two others could be read back to one of them."""
    await _same_category(street)
    for place in range(10):
        person = somebody()
        await street.buy(0, NOW, person, 100)
        await street.buy(1 + place % 2, NOW, person, 100)
    assert (await _counts(street)).elsewhere == []


async def _same_category(street: Street) -> None:
    async with street.unit() as uow:
        await uow.execute("UPDATE shop SET category = 'food' WHERE network_id = %s", (street.network_id,))


async def _counts(street: Street) -> GuestCounts:
    async with street.unit() as uow:
        return await guest_counts(uow, street.tea)
