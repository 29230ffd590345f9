"""Tests of receipts for buyers: what was bought and saved, opened by a token that nobody can guess."""

from uuid import uuid4

import pytest

from ringmain.kit.secrets import Keyring
from ringmain.sale import api as sale
from ringmain.sale.errors import SaleNotFound
from tests.sale.tills import Till

KEYRING = Keyring({1: bytes(range(32))})


async def test_a_receipt_says_what_was_bought_and_saved(till: Till) -> None:
    """Lines, vouchers, tenders and sums, and nothing of who bought."""
    granted = await till.ring.grant(await till.ring.publish())
    lines = (sale.Line("noodles", 2_000, 900, "food"), sale.Line("tea", 1_000, 100))
    sold = await till.sell(till.with_voucher(granted, lines=lines, tenders=(sale.Tender("card", 800),), receipt="A-1"))
    async with till.ring.unit() as uow:
        receipt = await sale.receipt_of(uow, sold.sale_id)
    assert (receipt.merchant_name, receipt.shop_name, receipt.receipt) == ("Cafe", "Cafe", "A-1")
    assert (receipt.total_minor, receipt.saved_minor, receipt.to_pay_minor, receipt.refunded_minor) == (
        1_000,
        200,
        800,
        0,
    )
    assert (receipt.lines, receipt.tenders) == (lines, (sale.Tender("card", 800),))
    assert [(use.offer_name, use.amount_minor, use.reversed) for use in receipt.vouchers] == [("Two off", 200, False)]
    assert str(till.ring.member) not in repr(receipt)


async def test_an_unknown_sale_has_no_receipt(till: Till) -> None:
    """The rule is named."""
    async with till.ring.unit() as uow:
        with pytest.raises(SaleNotFound):
            await sale.receipt_of(uow, uuid4())


def test_a_token_opens_its_receipt_and_no_other() -> None:
    """64 letters; every changed letter, another key and another form open nothing."""
    network_id, sale_id = uuid4(), uuid4()
    token = sale.receipt_token(KEYRING, network_id, sale_id)
    assert len(token) == 64
    assert sale.read_receipt_token(KEYRING, token) == (network_id, sale_id)
    for place in range(64):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        assert sale.read_receipt_token(KEYRING, changed) is None
    assert sale.read_receipt_token(Keyring({1: bytes(32)}), token) is None
    for other in ("", token[:-1], token + "A", "*" * 64, "é" * 64):
        assert sale.read_receipt_token(KEYRING, other) is None


def test_a_printed_token_outlives_the_rotation_of_the_master_key() -> None:
    """The version that made it is among those that are tried."""
    network_id, sale_id = uuid4(), uuid4()
    token = sale.receipt_token(KEYRING, network_id, sale_id)
    rotated = Keyring({1: bytes(range(32)), 2: bytes(32)})
    assert sale.read_receipt_token(rotated, token) == (network_id, sale_id)
    assert sale.receipt_token(rotated, network_id, sale_id) != token
