"""Identifiers as people and tills write them, brought to the one form in which they are hashed and sealed."""

import phonenumbers

from ringmain.kit.http.cards import text_holds_card_number
from ringmain.kit.http.problem import CardNumberRefused
from ringmain.member.errors import PhoneInvalid
from ringmain.member.model import Identifier, IdentifierKind, token_identifier


def identifier(kind: IdentifierKind, value: str, region: str | None = None) -> Identifier:
    """Return the normal form of an identifier.

    `region` (ISO 3166, such as CN) says where a phone without + belongs. Raises `PhoneInvalid`, `IdentifierInvalid`,
    or `CardNumberRefused` where a token is or holds the number of a card; no error shows the value.
    """
    if kind is IdentifierKind.PHONE:
        return Identifier(kind, e164(value, region))
    # Imports and replays come past the door that looks at requests, so tokens are looked at here too.
    if text_holds_card_number(value):
        raise CardNumberRefused
    return token_identifier(kind, value)


def e164(value: str, region: str | None = None) -> str:
    """Return a phone in E.164. Raises `PhoneInvalid` for what cannot be a phone of anybody."""
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        raise PhoneInvalid from None
    # An extension or letters would be lost, and with them the difference between two people.
    if number.extension or any(letter.isalpha() for letter in value) or not phonenumbers.is_valid_number(number):
        raise PhoneInvalid
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
