"""Card numbers are refused at the door: no text of any request may hold one (only a provider's tokens are taken).

A number counts when it has the length and the issuer's prefix of a payment card, passes the Luhn check (ISO/IEC
7812-1, annex B), and is written in one piece or in groups parted by spaces, dots or dashes. Three kinds of text that
look alike by chance are let through: UUIDs and hexadecimal tokens; valid GTIN-13 and GTIN-14 trade numbers (a till
sends them with every line; a German or Japanese GTIN begins with 4 like a Visa card); and texts that are nothing but a
valid phone with its plus sign (German ones have 13 digits and begin with 49). Codes of Ringmain that people type have
12 digits, and no card has.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

import msgspec
import phonenumbers

_DIGITS_TO_ZERO = bytes.maketrans(b"123456789", b"000000000")
_SEPARATORS = b" .-"
_SHORTEST = 13
_ZEROS = b"0" * _SHORTEST
_GROUPS = re.compile(r"\d(?:[\s.\-]?\d){12,}")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_HEX_TOKEN = re.compile(r"(?<![0-9a-z])(?=[0-9]*[a-f])[0-9a-f]{24,}(?![0-9a-z])", re.IGNORECASE)
_PHONE = re.compile(r"\+[1-9][\d\s().\-]{6,30}")
_GTIN_LENGTHS = (13, 14)
# Issuer's prefix (as a regular expression) and lengths: public ranges of the card schemes.
_ISSUERS = (
    (re.compile(r"4"), (13, 16, 19)),  # Visa
    (re.compile(r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720"), (16,)),  # Mastercard
    (re.compile(r"3[47]"), (15,)),  # American Express
    (re.compile(r"6011|65|64[4-9]"), (16, 17, 18, 19)),  # Discover, RuPay
    (re.compile(r"62"), (16, 17, 18, 19)),  # UnionPay
    (re.compile(r"35"), (16, 17, 18, 19)),  # JCB
    (re.compile(r"30|36|38|39"), (14, 15, 16, 17, 18, 19)),  # Diners Club
)


def may_hold_card_number(data: bytes) -> bool:
    """Return whether JSON or header bytes are worth a closer look; costs under a microsecond, never misses one."""
    return (
        data.translate(_DIGITS_TO_ZERO, _SEPARATORS).find(_ZEROS) >= 0
        # Digits may hide as \uXXXX or as digits of another script: such bodies are looked at closely.
        or not data.isascii()
        or b"\\u" in data
    )


def json_holds_card_number(data: bytes) -> bool:
    """Return whether any text or key in a JSON document, or the bytes of a broken one, holds a card number."""
    if not may_hold_card_number(data):
        return False
    try:
        document = msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return text_holds_card_number(data.decode("utf-8", "replace"))
    return any(map(text_holds_card_number, _texts(document)))


def text_holds_card_number(text: str) -> bool:
    """Return whether a text holds a card number."""
    if len(text) < _SHORTEST or not may_hold_card_number(text.encode("utf-8", "replace")):
        return False
    text = _HEX_TOKEN.sub("x", _UUID.sub("x", unicodedata.normalize("NFKC", text)))
    found = any(_is_card_number(number) for match in _GROUPS.finditer(text) for number in _numbers(match.group()))
    return found and not _is_phone(text)


def _texts(document: Any) -> Iterator[str]:
    waiting = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, dict):
            yield from value
            waiting.extend(value.values())


def _numbers(run: str) -> Iterator[str]:
    """Return every number of whole groups: `4111 1111 1111 1111 12 27` holds more than the card's number."""
    groups = re.findall(r"\d+", run)
    for first in range(len(groups)):
        number = ""
        for group in groups[first:]:
            number += group
            yield number


def _is_card_number(number: str) -> bool:
    number = "".join(str(int(digit)) for digit in number)
    return (
        any(len(number) in lengths and prefix.match(number) for prefix, lengths in _ISSUERS)
        and _luhn(number)
        and not (len(number) in _GTIN_LENGTHS and _is_gtin(number))
    )


def _is_phone(text: str) -> bool:
    if not _PHONE.fullmatch(text):
        return False
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(text))
    except phonenumbers.NumberParseException:
        return False


def _luhn(number: str) -> bool:
    doubled = "".join(str(int(digit) * 2) for digit in number[-2::-2])
    return (sum(map(int, number[-1::-2])) + sum(map(int, doubled))) % 10 == 0


def _is_gtin(number: str) -> bool:
    """GS1 General Specifications 7.9: weights 3 and 1 in turn, from the digit before the check digit leftwards."""
    weighted = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(number[:-1])))
    return (weighted + int(number[-1])) % 10 == 0
