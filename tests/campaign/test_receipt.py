"""Tests of the way back after a sale: one code per sale, one play per code, the sale as the voucher's origin."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from ringmain.campaign import api
from ringmain.campaign.errors import ReceiptEnded, ReceiptUsed, SaleUnknown
from tests.campaign.playing import claim, draw, phone
from tests.match.street import NOW, Street


async def _code(street: Street, sale_id: UUID) -> str:
    async with street.unit() as uow:
        return (await api.next_voucher(uow, sale_id)).token


async def test_a_receipt_leads_to_a_voucher_of_another_shop(street: Street) -> None:
    """The play is bound to the sale: won at its shop, with the sale as origin, once."""
    known, mine = await street.person(), phone()
    sale_id = await street.buy(None, 1)
    token = await _code(street, sale_id)
    drawn = await draw(street, token, mine)
    assert drawn.shop_id == street.shops[1]
    assert street.shops[1] not in {prize.shop.id for prize in drawn.prizes}
    claimed = await claim(street, drawn, known)
    origin = await street.value("SELECT (origin_kind, origin_id)::text FROM voucher WHERE id = %s", claimed.voucher_id)
    assert origin == f"(sale,{sale_id})"
    # On another day the same phone is shown its voucher, another phone that the receipt was used.
    later = NOW + timedelta(days=3)
    assert (await draw(street, token, mine, later)).voucher_id == claimed.voucher_id
    with pytest.raises(ReceiptUsed):
        await draw(street, token, at=later)
    assert await street.value("SELECT count(*) FROM draw") == 1


async def test_a_sale_has_one_code(street: Street) -> None:
    """Printed again, and from eight tills at once, it is the same code."""
    sale_id = await street.buy(None, 1)
    codes = await asyncio.gather(*(_code(street, sale_id) for _ in range(8)))
    assert len(set(codes)) == 1
    assert await street.value("SELECT count(*) FROM scene") == 1
    assert await _code(street, await street.buy(None, 1)) != codes[0]


async def test_two_phones_at_once_play_a_receipt_once(street: Street) -> None:
    """Eight people photograph one receipt: one plays, the others are told."""
    token = await _code(street, await street.buy(None, 1))
    answers = await asyncio.gather(*(draw(street, token) for _ in range(8)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in answers) == ["Draw"] + ["ReceiptUsed"] * 7


async def test_old_receipts_and_unknown_sales_are_refused(street: Street) -> None:
    """After 14 days the code is no longer good; no sale, or another merchant's, has no code."""
    sale_id = await street.buy(None, 1)
    token = await _code(street, sale_id)
    with pytest.raises(ReceiptEnded):
        await draw(street, token, at=NOW + timedelta(days=14, seconds=1))
    for wrong, merchant in ((UUID(int=4), None), (sale_id, street.merchants[0])):
        with pytest.raises(SaleUnknown):
            async with street.unit() as uow:
                await api.next_voucher(uow, wrong, merchant_id=merchant)
    assert await street.value("SELECT count(*) FROM draw") == 0
