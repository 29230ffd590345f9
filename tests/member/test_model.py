"""Tests of the pure decisions about people: normal forms, masks, consents in force."""

import itertools
from datetime import timedelta
from uuid import UUID

import pytest

from ringmain.kit.http.problem import CardNumberRefused
from ringmain.kit.pure.errors import RuleBroken
from ringmain.member.errors import IdentifierInvalid, PhoneInvalid
from ringmain.member.model import ConsentRecord, IdentifierKind, in_force, initial, mask_phone, mask_token
from ringmain.member.normal import e164, identifier
from tests.member.people import NOW, OPERATOR


@pytest.mark.parametrize(
    ("written", "region", "stored"),
    [
        ("+8613800138000", None, "+8613800138000"),
        (" +86 138 0013 8000 ", None, "+8613800138000"),
        ("138-0013-8000", "CN", "+8613800138000"),
        ("+1 (415) 555-2671", None, "+14155552671"),
        ("0171 5551234", "DE", "+491715551234"),
        ("+491715551234", "CN", "+491715551234"),
    ],
)
def test_phones_are_stored_in_one_form(written: str, region: str | None, stored: str) -> None:
    """However a phone is written, it is E.164."""
    assert e164(written, region) == stored


@pytest.mark.parametrize(
    ("written", "region"),
    [
        ("13800138000", None),
        ("+86", None),
        ("+8600000000000", None),
        ("+999123456789", None),
        ("hello", "CN"),
        ("1-800-FLOWERS", "US"),
        ("+14155552671 ext. 5", None),
        ("4242424242424242", "US"),
        ("", "CN"),
        ("138001380001380013800", "CN"),
    ],
)
def test_what_is_no_phone_is_refused_without_showing_it(written: str, region: str | None) -> None:
    """A number that cannot exist, letters, an extension, a card's number: the error does not repeat it."""
    with pytest.raises(PhoneInvalid) as caught:
        e164(written, region)
    assert not written or written not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "value", "rule"),
    [
        (IdentifierKind.CARD_TOKEN, "4242424242424242", CardNumberRefused),
        (IdentifierKind.CARD_TOKEN, "tok_4242424242424242", CardNumberRefused),
        (IdentifierKind.CARD_TOKEN, "4242-4242-4242-4242", CardNumberRefused),
        (IdentifierKind.TAG, "378282246310005", CardNumberRefused),
        (IdentifierKind.ALIPAY, "6222021234567890128", CardNumberRefused),
        (IdentifierKind.CARD_TOKEN, "abc", IdentifierInvalid),
        (IdentifierKind.CARD_TOKEN, "x" * 201, IdentifierInvalid),
        (IdentifierKind.CARD_TOKEN, "with space", IdentifierInvalid),
        (IdentifierKind.TAG, "null\x00byte", IdentifierInvalid),
        (IdentifierKind.WECHAT, "<script>", IdentifierInvalid),
        (IdentifierKind.WECHAT, "微信号码", IdentifierInvalid),
    ],
)
def test_what_is_no_token_is_refused(kind: IdentifierKind, value: str, rule: type[RuleBroken]) -> None:
    """Card numbers in any dress, and what no provider sends; no error shows the value."""
    with pytest.raises(rule) as caught:
        identifier(kind, value)
    assert value not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (IdentifierKind.CARD_TOKEN, "4242424242424241"),
        (IdentifierKind.CARD_TOKEN, "tok_1MzxVe2eZvKYlo2C"),
        (IdentifierKind.CARD_TOKEN, "b7e23ec29af22b0b4e41da31e868d57226121c84"),
        (IdentifierKind.WECHAT, "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"),
        (IdentifierKind.ALIPAY, "2088102122524333"),
        (IdentifierKind.TAG, "04A2B9C1D2E3F0"),
        (IdentifierKind.CARD_TOKEN, "cus.A+B/C==:9"),
    ],
)
def test_what_providers_send_is_taken_as_it_is(kind: IdentifierKind, value: str) -> None:
    """Tokens, payer ids and tag numbers keep every letter; a sixteen-digit number that is no card's is a token."""
    assert identifier(kind, f" {value} ").value == value


def test_what_a_till_shows_is_masked() -> None:
    """The end of a phone, the end of a long token, the first letter of a name."""
    assert mask_phone("+8613800138000") == "+*********8000"
    assert mask_token("tok_8fG2kLq9") == "********kLq9"
    assert mask_token("short678") == "********"
    assert initial("anna") == "A"
    assert initial("张伟") == "张"


def _record(minute: int, purpose: str, recipient: int | None, *, granted: bool, number: int) -> ConsentRecord:
    at = NOW + timedelta(minutes=minute)
    to = None if recipient is None else UUID(int=recipient)
    return ConsentRecord(UUID(int=number), OPERATOR, purpose, to, granted, "1", "en", "till", None, OPERATOR, at)


def test_the_order_in_which_records_arrive_does_not_matter() -> None:
    """Of all orders of the same records, the same are in force: the last per purpose and recipient."""
    records = [
        _record(0, "marketing", None, granted=True, number=1),
        _record(1, "marketing", None, granted=False, number=2),
        _record(1, "marketing", None, granted=True, number=3),
        _record(0, "share_with_merchant", 7, granted=True, number=4),
        _record(5, "share_with_merchant", 8, granted=False, number=5),
    ]
    for order in itertools.permutations(records):
        assert {record.id.int for record in in_force(order)} == {2, 4, 5}
