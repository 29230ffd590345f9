"""Tests of the image of a person: what is known, corrected by its owner, and unused where they do not agree."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from ringmain.member import api as member
from ringmain.member.api import IdentifierKind
from ringmain.member.errors import MemberUnknown
from ringmain.message import api as message
from ringmain.profile import api
from ringmain.profile.errors import FieldUnknown, SaleNotOfMember
from ringmain.sale import api as sale
from ringmain.voucher import api as voucher
from tests.member.people import NOW, OPERATOR, OTHER_PHONE, PHONE, Town
from tests.profile.visits import DAY, buy, buy_often, voucher_of


async def _image(town: Town, member_id: UUID) -> api.Image:
    async with town.unit() as uow:
        return await api.image(uow, town.keyring, member_id)


def _said(image: api.Image) -> dict[str, Any]:
    """Return what the fields that are known say."""
    return {
        one.field.value: one.amount_minor or [(value.words, value.count) for value in one.values] or one.number
        for one in image.fields
        if one.known
    }


async def test_an_image_is_counted_from_visits(town: Town) -> None:
    """Shops, categories, day part by the shop's clock, tender and basket; after 180 days a visit is not counted."""
    anna = await town.person(IdentifierKind.PHONE, PHONE, name="Anna")
    bert = await town.person(IdentifierKind.PHONE, OTHER_PHONE)
    cash = {"tenders": (sale.Tender("cash", 3_200),)}
    await buy_often(town, anna, [1, 2, 3, 181], **cash)
    await buy(town, anna, NOW - DAY * 4, elsewhere=True, total_minor=4_800)
    await buy_often(town, bert, [1, 2, 3], elsewhere=True)
    image = await _image(town, anna.member_id)
    assert _said(image) == {
        "favourite_shops": [("Bakery", 3), ("Flowers", 1)],
        "favourite_categories": [("bakery", 3), ("florist", 1)],
        "usual_areas": [("Bakery", 4)],
        "usual_day_part": [("evening", 4)],
        "usual_tender": [("cash", 3)],
        "average_basket": 3_600,
        "voucher_use": [("voucher", 0)],
        "loyalty": [("Bakery", 3)],
        "regularity": [("even", 3)],
        "next_visit": 1.0,
    }
    assert (image.person.name, image.counted, len(image.visits), image.photo) == ("Anna", 4, 5, False)
    assert [one.value for one in image.person.identifiers] == ["+*********8000"]
    assert image.visits[0].sold_at == NOW - DAY


async def test_with_two_visits_nothing_is_said(town: Town) -> None:
    """The visits are listed, and no field claims to know anything."""
    anna = await town.person(IdentifierKind.PHONE, PHONE)
    await buy_often(town, anna, [1, 2])
    image = await _image(town, anna.member_id)
    assert (_said(image), image.counted) == ({}, 2)


async def test_this_was_not_me(town: Town) -> None:
    """A disputed sale counts no longer, stays in the list with its mark and as it was, and counts when taken back."""
    anna = await town.person(IdentifierKind.PHONE, PHONE)
    sales = await buy_often(town, anna, [1, 2, 3])
    before = await town.dump("sale")
    async with town.unit() as uow:
        assert await api.dispute(uow, anna.member_id, sales[0], not_me=True)
        assert not await api.dispute(uow, anna.member_id, sales[0], not_me=True)
    image = await _image(town, anna.member_id)
    assert (_said(image), image.counted) == ({}, 2)
    assert [(one.sale_id, one.disputed) for one in image.visits] == [
        (sales[2], False),
        (sales[1], False),
        (sales[0], True),
    ]
    assert await town.dump("sale") == before
    assert await town.count("sale_dispute") == 1
    async with town.unit(NOW + timedelta(seconds=1)) as uow:
        assert await api.dispute(uow, anna.member_id, sales[0], not_me=False)
    assert (await _image(town, anna.member_id)).counted == 3
    assert len(await town.facts("sale_disputed")) == 2


async def test_only_own_sales_can_be_disputed(town: Town) -> None:
    """Another's sale, nobody's and none are all the same answer, and nothing is written."""
    anna = await town.person(IdentifierKind.PHONE, PHONE)
    bert = await town.person(IdentifierKind.PHONE, OTHER_PHONE)
    for sale_id in (await buy(town, bert), await buy(town, None, NOW - DAY), anna.member_id):
        for call in (
            lambda uow, id_=sale_id: api.dispute(uow, anna.member_id, id_, not_me=True),
            lambda uow, id_=sale_id: api.own_receipt(uow, anna.member_id, id_),
        ):
            with pytest.raises(SaleNotOfMember):
                async with town.unit() as uow:
                    await call(uow)
    assert await town.count("sale_dispute") == 0


async def test_the_same_word_said_twice_at_once_is_written_once(town: Town) -> None:
    """Of ten at the same moment one is new."""
    anna = await town.person(IdentifierKind.PHONE, PHONE)
    sale_id = await buy(town, anna)
    await town.warm()

    async def say() -> bool:
        async with town.unit() as uow:
            return await api.dispute(uow, anna.member_id, sale_id, not_me=True)

    assert sum(await asyncio.gather(*(say() for _ in range(10)))) == 1
    assert await town.count("sale_dispute") == 1


async def test_a_person_hides_a_field(town: Town) -> None:
    """It is marked, and shown again on demand; a field that does not exist is refused."""
    anna = await town.person(IdentifierKind.PHONE, PHONE)
    async with town.unit() as uow:
        await api.hide(uow, anna.member_id, "usual_tender", hidden=True)
    assert (await _image(town, anna.member_id)).hidden == {"usual_tender"}
    async with town.unit() as uow:
        await api.hide(uow, anna.member_id, "usual_tender", hidden=False)
    assert (await _image(town, anna.member_id)).hidden == frozenset()
    with pytest.raises(FieldUnknown):
        async with town.unit() as uow:
            await api.hide(uow, anna.member_id, "horoscope", hidden=True)


async def test_without_personalisation_the_image_is_shown_and_unused(town: Town) -> None:
    """Nothing said means no; a yes and its withdrawal switch the mark and nothing else."""
    anna = await town.person(IdentifierKind.PHONE, PHONE)
    await buy_often(town, anna, [1, 2, 3])
    seen = []
    for granted in (None, True, False):
        async with town.unit() as uow:
            if granted is not None:
                answer = member.Answer(member.Purpose.PERSONALISATION, granted, "2026-01", "zh")
                await member.record_consents(uow, anna.member_id, [answer], member.Place("page", OPERATOR))
        image = await _image(town, anna.member_id)
        seen.append((image.personalised, image.counted, len(_said(image))))
    assert seen == [(False, 3, 7), (True, 3, 7), (False, 3, 7)]


async def test_visits_show_the_vouchers_that_came_off(town: Town) -> None:
    """Voucher, saving, and its reversal; merged members are one person; pages follow each other."""
    anna = await town.person(IdentifierKind.PHONE, PHONE)
    card = await town.person(IdentifierKind.CARD_TOKEN, "tok_anna")
    voucher_id = await voucher_of(town, anna)
    spent = await buy(town, anna, vouchers=(sale.VoucherUse(voucher_id),))
    older = await buy(town, card, NOW - DAY)
    async with town.unit() as uow:
        await member.merge(uow, card.member_id, anna.member_id, OPERATOR)
        first, second = await api.visits(uow, anna.member_id)
        assert (first.sale_id, first.total_minor, first.saved_minor) == (spent, 3_200, 800)
        assert [(use.voucher_id, use.offer_name, use.amount_minor, use.reversed) for use in first.vouchers] == [
            (voucher_id, "Eight off", 800, False)
        ]
        assert (second.sale_id, second.saved_minor, second.vouchers) == (older, 0, ())
        assert [one.sale_id for one in await api.visits(uow, card.member_id, before=spent, limit=1)] == [older]
        undo = voucher.Reverse(OPERATOR, first.vouchers[0].redemption_id, None, NOW, "wrong table")
        await voucher.apply(uow, [undo])
        (again, _) = await api.visits(uow, anna.member_id)
        assert (again.saved_minor, again.vouchers[0].reversed) == (0, True)


async def test_a_minimal_sale_is_worth_what_it_was_completed_with(town: Town) -> None:
    """Until then only its voucher is known, and no basket rests on it."""
    anna = await town.person(IdentifierKind.PHONE, PHONE)
    voucher_id = await voucher_of(town, anna)
    bare = await buy(town, anna, total_minor=None, currency=None, vouchers=(sale.VoucherUse(voucher_id),))
    await buy_often(town, anna, [1, 2])
    assert "average_basket" not in _said(await _image(town, anna.member_id))
    async with town.unit() as uow:
        (visit,) = [one for one in await api.visits(uow, anna.member_id) if one.sale_id == bare]
        assert (visit.minimal, visit.total_minor, visit.saved_minor) == (True, 800, 800)
        detail = "INSERT INTO sale_change VALUES (%s, %s, %s, %s, 'completion', 3500, '{\"tenders\": []}', %s)"
        await uow.execute(detail, (town.network_id, OPERATOR, bare, town.merchant_id, NOW))
    assert _said(await _image(town, anna.member_id))["average_basket"] == 3_300


async def test_an_own_copy_holds_everything_and_is_json(town: Town) -> None:
    """Unmasked, with lines, answers, requests and fields; who typed something in is left out."""
    anna = await town.person(IdentifierKind.PHONE, PHONE, name="Anna")
    await buy_often(town, anna, [1, 2, 3], lines=(sale.Line("rye bread", 1_000, 3_200),))
    async with town.unit() as uow:
        await member.answer_question(uow, town.keyring, anna.member_id, "spice", "mild")
        answer = member.Answer(member.Purpose.MARKETING, True, "2026-01", "zh")
        await member.record_consents(uow, anna.member_id, [answer], member.Place("page", OPERATOR))
        place = member.Place("page", OPERATOR)
        await member.make_request(uow, town.keyring, anna.member_id, member.RequestKind.EXPORT, place)
        words = {"shop": "Bakery", "amount": "8", "link": "https://ring.example/r"}
        told = message.NewMessage(anna.subject_id, message.Template.RECEIPT, words, OPERATOR)
        await message.send(uow, town.keyring, [told])
        copy = msgspec.json.decode(msgspec.json.encode(await api.own_copy(uow, town.keyring, anna.member_id)))
    assert copy["member"]["identifiers"][0]["value"] == PHONE
    assert (copy["member"]["name"], copy["answers"], copy["photo_jpeg"]) == ("Anna", {"spice": "mild"}, None)
    assert [one["lines"][0]["product"] for one in copy["visits"]] == ["rye bread"] * 3
    assert [one["kind"] for one in copy["privacy_requests"]] == ["export"]
    assert copy["member"]["all_consents"][0]["purpose"] == "marketing"
    assert str(OPERATOR) not in str(copy)
    told_fields = {one["field"]: [value["words"] for value in one["values"]] for one in copy["image"]}
    assert set(told_fields) == set(api.Field)
    assert (told_fields["favourite_products"], told_fields["next_visit"]) == (["rye bread"], [])
    assert [(one["why"], one["state"], one["body"]) for one in copy["messages"]] == [
        ("receipt", "queued", "【Test street】您在Bakery的收据，8。https://ring.example/r")
    ]


async def test_an_own_copy_holds_vouchers_and_not_their_secrets(town: Town) -> None:
    """Open and spent ones, with what is left of them; whoever finds the file cannot spend them."""
    anna = await town.person(IdentifierKind.PHONE, PHONE)
    voucher_id = await voucher_of(town, anna)
    async with town.unit() as uow:
        copy = await api.own_copy(uow, town.keyring, anna.member_id)
        (held,) = await voucher.wallet(uow, anna.subject_ids)
    (one,) = copy.vouchers
    assert (one["voucher_id"], one["face_minor"], one["remaining_minor"], one["state"]) == (
        voucher_id,
        800,
        800,
        "open",
    )
    assert held.voucher.secret.hex() not in msgspec.json.encode(copy).decode()
    assert not any(isinstance(value, bytes) for value in one.values())


async def test_an_erased_person_has_no_image(town: Town) -> None:
    """Image, visits, copy and receipts: nobody is there."""
    anna = await town.person(IdentifierKind.PHONE, PHONE)
    sale_id = await buy(town, anna)
    async with town.unit() as uow:
        await member.erase(uow, anna.member_id, OPERATOR)
    async with town.unit() as uow:
        for call in (
            api.image(uow, town.keyring, anna.member_id),
            api.visits(uow, anna.member_id),
            api.own_copy(uow, town.keyring, anna.member_id),
            api.own_receipt(uow, anna.member_id, sale_id),
            api.habits_for_merchant(uow, anna.member_id, town.merchant_id),
        ):
            with pytest.raises(MemberUnknown):
                await call
