"""No text of a request may hold a card number; what only looks like one passes."""

import json
import time

import pytest

from ringmain.kit.http.cards import json_holds_card_number, may_hold_card_number, text_holds_card_number

# Numbers that the card schemes and payment providers publish for tests.
CARDS = [
    "4111111111111111",
    "4222222222222",
    "4012 8888 8888 1881",
    "5555-5555-5555-4444",
    "2223003122003222",
    "2720.9900.0000.0007",
    "378282246310005",
    "3714 496353 98431",
    "6011111111111117",
    "6200000000000005",
    "3530111333300000",
    "30569309025904",
    "36227206271667",
    "6555900000604105",
]
HARMLESS = [
    "01932c5e-7b41-7c3d-9f21-3b1a8e0c7d42",
    "41111111-1111-1111-1111-111111111111",
    "4111111111111112",
    "123456789012",
    "4006381333931",
    "4901234567894",
    "+8613800138000",
    "+628123456789",
    "+4915112345678",
    "+49 151 1234 5678",
    "2026-11-22T14:31:22.123456+00:00",
    "2088102169481075",
    "285421673809124756",
    "9007199254740991",
    "a1b24111111111111111c3d4e5f60718293a4b5c6d7e8f90",
    "tok_1NkZJx2eZvKYlo2CqLNrZ9wX",
    "12345678901234567890123456789012345678901234",
]


@pytest.mark.parametrize("number", CARDS)
def test_a_card_number_is_found_wherever_it_stands(number: str) -> None:
    """Alone, within a text, in a nested list, as a key, escaped, in full-width digits, and before an expiry date."""
    escaped = "".join(f"\\u{ord(character):04x}" for character in number)
    full_width = number.translate({ord("0") + digit: 0xFF10 + digit for digit in range(10)})
    for document in (
        json.dumps({"note": number}),
        json.dumps({"note": f"card:{number}, exp 12/27"}),
        json.dumps({"note": f"x{number}"}),
        json.dumps({"note": f"{number} 1227 123"}),
        json.dumps({"items": [{"deep": [[number]]}]}),
        json.dumps({number: 1}),
        f'{{"note": "{escaped}"}}',
        json.dumps({"note": full_width}, ensure_ascii=False),
        f'{{"note": "{number}"',
    ):
        assert json_holds_card_number(document.encode()), document


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_like_a_card_number_passes(text: str) -> None:
    """UUIDs, hexadecimal tokens, trade numbers, phones, times, payment codes and amounts are no card numbers."""
    assert not text_holds_card_number(text)
    assert not json_holds_card_number(json.dumps({"value": text}).encode())


@pytest.mark.parametrize("number", CARDS)
def test_a_plus_sign_makes_no_phone_of_a_card(number: str) -> None:
    """A card number behind a plus sign is refused all the same, and so is one beside a phone."""
    assert text_holds_card_number(f"+{number}")
    assert text_holds_card_number(f"+4915112345678, {number}")


def test_numbers_are_no_texts() -> None:
    """An amount is never taken for a card number, whatever its digits are."""
    assert not json_holds_card_number(b'{"amount_minor": 4111111111111111}')


def test_the_first_look_is_cheap() -> None:
    """A body in which nothing matches costs at most two microseconds."""
    body = json.dumps(
        {"id": HARMLESS[0], "shop_id": HARMLESS[0], "amount_minor": 1250, "code": "ABCDEFGH" * 6}
    ).encode()
    assert not may_hold_card_number(body)
    best = min(_seconds(body) for _ in range(20))
    assert best < 2e-6


def _seconds(body: bytes) -> float:
    started = time.perf_counter()
    for _ in range(500):
        json_holds_card_number(body)
    return (time.perf_counter() - started) / 500
