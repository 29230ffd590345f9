"""Codes: what a voucher looks like in a QR code, plain or signed, and how a text becomes a voucher again.

A plain code is `RM1` and the base32 (RFC 4648, upper case, no padding) of voucher id and secret: 55 characters, all of
them in the alphanumeric set of QR codes. A signed code is `RM2` and the base32 of a payload that carries the same two,
with what a till needs to decide without a network, and its Ed25519 signature. A signature proves that a code is
genuine, never that it is unspent.
"""

import base64
import hashlib
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import numpy as np
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ringmain.kit.secrets import Keyring
from ringmain.voucher.errors import CodeMalformed, SignatureInvalid
from ringmain.voucher.model import PublishedOffer, Voucher

PLAIN = "RM1"
SIGNED = "RM2"
PURPOSE = "voucher"
_ID_BYTES = 16
_SECRET_BYTES = 16
_BODY_BYTES = _ID_BYTES + _SECRET_BYTES
_BITS_PER_LETTER = 5
_BODY_LETTERS = -(-_BODY_BYTES * 8 // _BITS_PER_LETTER)
_ALPHABET = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", dtype=np.uint8)
_LETTERS = re.compile(r"[A-Z2-7]+")
_AS_DIGITS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789ABCDEFGHIJKLMNOPQRSTUV")
CODE_LENGTH = len(PLAIN) + _BODY_LETTERS
_SIGNATURE_BYTES = 64
_DIGEST_BYTES = 8
# Key version, voucher, secret, offer, network, shops, value, currency, begin and end in seconds since 1970.
_PAYLOAD = struct.Struct(">H16s16s16s8s8sQ8sQQ")
_LONGEST_TEXT = 600


@dataclass(frozen=True, slots=True)
class Code:
    """What a code says: which voucher, and the secret that proves that its bearer has it."""

    voucher_id: UUID
    secret: bytes

    def text(self) -> str:
        """Return the plain code."""
        return PLAIN + _base32(self.voucher_id.bytes + self.secret)


@dataclass(frozen=True, slots=True)
class SignedVoucher:
    """What a signed code says; `shops_digest` is of the shops that accept it, zero bytes where every shop does."""

    key_version: int
    code: Code
    offer_id: UUID
    network_digest: bytes
    shops_digest: bytes
    value_minor: int
    currency: str
    valid_from: datetime
    valid_until: datetime


def parse(text: str) -> Code:
    """Return voucher and secret of a plain or signed code, as scanned or typed. Raises `CodeMalformed`.

    The signature of a signed code is not looked at: online, the secret decides.
    """
    return _parts(text)[0]


def _parts(text: str) -> tuple[Code, bytes]:
    """Return the code in a text, and payload and signature together where it is signed."""
    text = text.strip().upper()
    if len(text) > _LONGEST_TEXT:
        raise CodeMalformed()
    body = _bytes_of(text[len(PLAIN) :])
    if text.startswith(PLAIN) and len(body) == _BODY_BYTES:
        return Code(UUID(bytes=body[:_ID_BYTES]), body[_ID_BYTES:]), b""
    if text.startswith(SIGNED) and len(body) == _PAYLOAD.size + _SIGNATURE_BYTES:
        _, voucher, secret, *_ = _PAYLOAD.unpack_from(body)
        return Code(UUID(bytes=voucher), secret), body
    raise CodeMalformed()


def encode_codes(data: bytes) -> bytes:
    """Return the plain codes, 55 characters each and one after the other, of ids and secrets (32 bytes each)."""
    bodies = np.frombuffer(data, dtype=np.uint8).reshape(-1, _BODY_BYTES)
    bits = np.zeros((len(bodies), _BODY_LETTERS * _BITS_PER_LETTER), dtype=np.uint8)
    bits[:, : _BODY_BYTES * 8] = np.unpackbits(bodies, axis=1)
    weights = np.array([16, 8, 4, 2, 1], dtype=np.uint8)
    letters = bits.reshape(len(bodies), _BODY_LETTERS, _BITS_PER_LETTER) @ weights
    texts = np.empty((len(bodies), CODE_LENGTH), dtype=np.uint8)
    texts[:, : len(PLAIN)] = np.frombuffer(PLAIN.encode(), dtype=np.uint8)
    texts[:, len(PLAIN) :] = _ALPHABET[letters]
    return texts.tobytes()


def sign(keyring: Keyring, network_id: UUID, voucher: Voucher, offer: PublishedOffer) -> str:
    """Return the signed code of a voucher: genuine for whoever has the network's public key."""
    payload = _PAYLOAD.pack(
        keyring.newest,
        voucher.id.bytes,
        voucher.secret,
        offer.id.bytes,
        network_digest(network_id),
        shops_digest(offer.terms.shop_ids),
        voucher.remaining_minor,
        offer.terms.currency.encode().ljust(8, b"\0"),
        int(voucher.valid_from.timestamp()),
        int(voucher.valid_until.timestamp()),
    )
    _, signature = keyring.sign(payload, PURPOSE, network_id)
    return SIGNED + _base32(payload + signature)


def verify_signed(public_key: bytes, text: str) -> SignedVoucher:
    """Return what a signed code says, if the holder of `public_key` (32 bytes, Ed25519) has signed it.

    A pure function that a till can run without a network. It proves that the code is genuine, never that it is
    unspent. Raises `CodeMalformed`, `SignatureInvalid`.
    """
    code, body = _parts(text)
    if not body:
        raise CodeMalformed(reason="The code is not signed.")
    payload, signature = body[: _PAYLOAD.size], body[_PAYLOAD.size :]
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, payload)
    except InvalidSignature:
        raise SignatureInvalid() from None
    version, _, _, offer, network, shops, value, currency, begins, ends = _PAYLOAD.unpack(payload)
    return SignedVoucher(
        key_version=version,
        code=code,
        offer_id=UUID(bytes=offer),
        network_digest=network,
        shops_digest=shops,
        value_minor=value,
        currency=currency.rstrip(b"\0").decode(),
        valid_from=datetime.fromtimestamp(begins, tz=UTC),
        valid_until=datetime.fromtimestamp(ends, tz=UTC),
    )


def network_digest(network_id: UUID) -> bytes:
    """Return the 8 bytes by which a signed code names its network."""
    return hashlib.blake2b(network_id.bytes, digest_size=_DIGEST_BYTES).digest()


def shops_digest(shop_ids: Sequence[UUID]) -> bytes:
    """Return the 8 bytes by which a signed code names a set of shops; zero bytes for every shop."""
    if not shop_ids:
        return bytes(_DIGEST_BYTES)
    joined = b"".join(sorted(id_.bytes for id_ in shop_ids))
    return hashlib.blake2b(joined, digest_size=_DIGEST_BYTES).digest()


def _base32(data: bytes) -> str:
    return base64.b32encode(data).rstrip(b"=").decode()


def _bytes_of(letters: str) -> bytes:
    """Return the bytes of base32 letters; as a number in base 32, because every redemption waits for it."""
    size, spare = divmod(len(letters) * _BITS_PER_LETTER, 8)
    if spare >= _BITS_PER_LETTER or not _LETTERS.fullmatch(letters):
        raise CodeMalformed()
    number = int(letters.translate(_AS_DIGITS), 32)
    # The last letter has bits to spare: only one spelling of a code is valid.
    if number & ((1 << spare) - 1):
        raise CodeMalformed()
    return (number >> spare).to_bytes(size)
