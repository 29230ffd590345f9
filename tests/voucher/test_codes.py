"""Codes become vouchers again, nothing else does, and a till checks signed ones without a network."""

import os
import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from ringmain.kit.pure.ids import uuid7
from ringmain.kit.secrets import Keyring
from ringmain.voucher import codes, errors
from ringmain.voucher.model import PublishedOffer, Terms, Voucher

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
NETWORK = UUID(int=77)
SHOPS = (UUID(int=1), UUID(int=2))
KEYRING = Keyring({1: b"k" * 32, 2: b"l" * 32})
# The alphanumeric set of QR codes (ISO/IEC 18004): half the size of bytes.
QR_ALPHANUMERIC = re.compile(r"[0-9A-Z $%*+\-./:]+")


def _offer(**changes: Any) -> PublishedOffer:
    fields: dict[str, Any] = {"kind": "cash", "currency": "EUR", "face_minor": 200, "valid_days": 1, **changes}
    return PublishedOffer(
        id=UUID(int=5),
        creator_merchant_id=UUID(int=6),
        funder_id=UUID(int=6),
        name="Two off",
        terms=Terms(**fields),
        stock=None,
        paused=False,
        created_at=NOW,
    )


def _voucher() -> Voucher:
    return Voucher(
        uuid7(NOW),
        UUID(int=5),
        os.urandom(16),
        None,
        200,
        150,
        150,
        0,
        0,
        None,
        None,
        None,
        NOW,
        NOW.replace(year=2027),
    )


def test_a_code_becomes_its_voucher_again() -> None:
    """A plain code has 55 letters for a small QR code, and parses to the id and secret it was made of."""
    code = codes.Code(uuid7(NOW), os.urandom(16))
    assert (len(code.text()), code.text()[:3]) == (55, "RM1")
    assert QR_ALPHANUMERIC.fullmatch(code.text())
    assert codes.parse(code.text()) == code
    assert codes.parse(f"  {code.text().lower()}\r\n") == code


def test_codes_by_the_million_look_the_same() -> None:
    """The codes that are encoded in one go are those that are encoded one by one."""
    made = [codes.Code(uuid7(NOW), os.urandom(16)) for _ in range(100)]
    data = b"".join(code.voucher_id.bytes + code.secret for code in made)
    assert codes.encode_codes(data).decode() == "".join(code.text() for code in made)
    assert codes.encode_codes(b"") == b""


GOOD = codes.Code(UUID("01932c5e-7b41-7c3d-9f21-3b1a8e0c7d42"), bytes(range(16))).text()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "RM1",
        "RM3" + GOOD[3:],
        GOOD[:-1],
        GOOD + "A",
        GOOD[:20] + "1" + GOOD[21:],
        GOOD[:20] + "é" + GOOD[21:],
        GOOD[:-1] + chr(ord(GOOD[-1]) + 1),
        "RM2" + GOOD[3:],
        "RM1" + "A" * 5_000,
        "https://example.org/v/" + GOOD,
    ],
)
def test_anything_else_is_malformed(text: str) -> None:
    """Texts that are no code, or a second spelling of one, are refused by name, never by a crash."""
    assert codes.parse(GOOD).secret == bytes(range(16))
    with pytest.raises(errors.CodeMalformed):
        codes.parse(text)


def test_a_signed_code_is_checked_without_a_network() -> None:
    """With the network's public key alone, a till learns all it needs; online, the same code is parsed as usual."""
    voucher, offer = _voucher(), _offer(shop_ids=SHOPS)
    text = codes.sign(KEYRING, NETWORK, voucher, offer)
    assert text.startswith("RM2")
    assert QR_ALPHANUMERIC.fullmatch(text)
    assert codes.parse(text) == codes.Code(voucher.id, voucher.secret)
    public_key = KEYRING.public_keys(codes.PURPOSE, NETWORK)[2]
    assert codes.verify_signed(public_key, text) == codes.SignedVoucher(
        key_version=2,
        code=codes.Code(voucher.id, voucher.secret),
        offer_id=offer.id,
        network_digest=codes.network_digest(NETWORK),
        shops_digest=codes.shops_digest(tuple(reversed(SHOPS))),
        value_minor=150,
        currency="EUR",
        valid_from=NOW,
        valid_until=NOW.replace(year=2027),
    )


def test_every_bit_of_a_signed_code_counts() -> None:
    """Whatever letter is changed, the code is no longer genuine; so it is for another network's or version's key."""
    text = codes.sign(KEYRING, NETWORK, _voucher(), _offer())
    keys = KEYRING.public_keys(codes.PURPOSE, NETWORK)
    for place in range(3, len(text)):
        changed = text[:place] + ("B" if text[place] == "A" else "A") + text[place + 1 :]
        with pytest.raises((errors.SignatureInvalid, errors.CodeMalformed)):
            codes.verify_signed(keys[2], changed)
    for key in (
        keys[1],
        KEYRING.public_keys(codes.PURPOSE, UUID(int=78))[2],
        KEYRING.public_keys("member", NETWORK)[2],
    ):
        with pytest.raises(errors.SignatureInvalid):
            codes.verify_signed(key, text)
    with pytest.raises(errors.CodeMalformed):
        codes.verify_signed(keys[2], GOOD)


def test_shops_are_named_by_a_digest() -> None:
    """The order of shops makes no difference, the set does; every shop is zero bytes."""
    assert codes.shops_digest(SHOPS) == codes.shops_digest(tuple(reversed(SHOPS)))
    assert codes.shops_digest(SHOPS) != codes.shops_digest(SHOPS[:1])
    assert codes.shops_digest(()) == bytes(8)
