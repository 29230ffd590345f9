"""Holders who agreed are reminded once, two days before a voucher ends."""

from datetime import timedelta

import pytest

from ringmain.kit.secrets import Keyring
from ringmain.member import api as member
from ringmain.message import api as message
from ringmain.voucher import remind as reminding
from tests.voucher.ring import DAY, NOW, Ring

KEYRING = Keyring({1: bytes(32)})
BASE = "https://ring.example"
HOUR = timedelta(hours=1)
ENDS = NOW + 14 * DAY
# An hour in which a voucher of today, which is good for fourteen days, has two days left.
SPAN = reminding.Span(ENDS - 2 * DAY - HOUR, ENDS - 2 * DAY)


async def _holder(ring: Ring, phone: str, *, agrees: bool = True) -> member.Known:
    async with ring.unit() as uow:
        item = member.Enrolment(member.identifier(member.IdentifierKind.PHONE, phone), verified=True)
        known = (await member.enrol(uow, KEYRING, [item]))[0].known
        if agrees:
            said = member.Answer(member.Purpose.MARKETING, True, "2026-01", "en")
            await member.record_consents(uow, known.member_id, [said], member.Place("till", known.member_id))
    return known


async def _remind(ring: Ring, span: reminding.Span = SPAN) -> int:
    return await reminding.remind(ring.database, KEYRING, ring.network_id, span, BASE, now=span.until)


async def _read(ring: Ring, known: member.Known) -> list[str]:
    async with ring.unit() as uow:
        shown = await message.received(uow, KEYRING, known.member_id)
    return [one.text.body for one in shown if one.text]


async def test_a_holder_is_reminded_once_of_what_is_left_where_and_until_when(ring: Ring) -> None:
    """The same span again, or one that overlaps it, tells nobody twice."""
    anna = await _holder(ring, "+14155552671")
    granted = await ring.grant(await ring.publish(shop_ids=(ring.cafe_shop,)), subject=anna.subject_id)
    assert granted.valid_until == ENDS
    assert await _remind(ring) == 1
    assert await _remind(ring) == 0
    assert await _remind(ring, reminding.Span(SPAN.since - HOUR, SPAN.until + HOUR)) == 0
    (body,) = await _read(ring, anna)
    shop = await ring.value("SELECT name FROM shop WHERE id = %s", ring.cafe_shop)
    name = await ring.value("SELECT name FROM network")
    assert body == f"{name}: your €2 off at {shop} ends on Mar 16, 2026. {BASE}/wallet/{granted.voucher_id}?m"
    assert await ring.value("SELECT reference_id FROM message") == granted.voucher_id


async def test_of_a_voucher_that_many_shops_take_the_giver_is_named(ring: Ring) -> None:
    """Whose voucher it is, where the shop is the holder's to choose."""
    anna = await _holder(ring, "+14155552671")
    await ring.grant(await ring.publish(), subject=anna.subject_id)
    assert await _remind(ring) == 1
    name = await ring.value("SELECT legal_name FROM merchant WHERE id = %s", ring.bakery)
    assert name in (await _read(ring, anna))[0]


@pytest.mark.parametrize("case", ["spent", "too early", "too late", "won yesterday", "never agreed", "a stranger"])
async def test_who_need_not_be_told_is_not(ring: Ring, case: str) -> None:
    """Nothing is sent, and nothing is written down, for vouchers that are spent, not due, new, or of the silent."""
    anna = await _holder(ring, "+14155552671", agrees=case != "never agreed")
    offer = await ring.publish(valid_days=2 if case == "won yesterday" else 14)
    at = SPAN.until - HOUR / 2 if case == "won yesterday" else NOW
    granted = await ring.grant(offer, subject=None if case == "a stranger" else anna.subject_id, at=at)
    if case == "spent":
        await ring.spend(granted)
    span = {
        "too early": reminding.Span(SPAN.since - HOUR, SPAN.until - HOUR),
        "too late": reminding.Span(SPAN.since + HOUR, SPAN.until + HOUR),
        "won yesterday": reminding.Span(SPAN.since, SPAN.until),
    }.get(case, SPAN)
    assert await _remind(ring, span) == 0
    assert await ring.value("SELECT count(*) FROM message") == 0


async def test_many_vouchers_of_one_person_are_one_reminder_a_day(ring: Ring, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every voucher is looked at, whatever the size of a step; the cap of the person lets one message through."""
    monkeypatch.setattr(reminding, "_AT_ONCE", 2)
    anna, bert = await _holder(ring, "+14155552671"), await _holder(ring, "+14155552672")
    offer = await ring.publish()
    for known in (anna, anna, anna, bert, anna):
        await ring.grant(offer, subject=known.subject_id)
    assert await _remind(ring) == 2
    assert len(await _read(ring, anna)) == 4
    assert await ring.value("SELECT count(*) FROM message_delivery WHERE reason = 'cap_day'") == 3
