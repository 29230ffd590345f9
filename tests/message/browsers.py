"""The edge of the outside world: a push service on this machine, and browsers that can read what it was handed."""

import asyncio
import base64
import json
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ringmain.message.model.browser import Subscription
from tests.message.listening import Listening, Received


@dataclass(frozen=True, slots=True)
class Browser:
    """A subscription, and the key that only the browser has."""

    subscription: Subscription
    key: ec.EllipticCurvePrivateKey = field(repr=False)


class PushService(Listening):
    """Takes what is pushed; `answers` are given first, once each."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[Received] = []
        self.answers: list[int] = []
        self._made = 0

    def browser(self) -> Browser:
        """Return a browser that subscribes here."""
        self._made += 1
        key = ec.generate_private_key(ec.SECP256R1())
        subscription = Subscription(f"{self.url}/push/{self._made}", _text(_point(key)), _text(os.urandom(16)), 1)
        return Browser(subscription, key)

    async def serve(self, received: AsyncIterator[Received], writer: asyncio.StreamWriter) -> None:
        """Take each as it comes."""
        async for request in received:
            self.requests.append(request)
            status = self.answers.pop(0) if self.answers else 201
            writer.write(f"HTTP/1.1 {status} x\r\nlocation: /m/1\r\ncontent-length: 0\r\n\r\n".encode())
            await writer.drain()


def plain(browser: Browser, body: bytes) -> bytes:
    """Return what a browser reads. Raises ValueError where it is not for this browser."""
    salt, size, length = body[:16], int.from_bytes(body[16:20]), body[20]
    theirs, sealed = body[21 : 21 + length], body[21 + length :]
    assert len(sealed) <= size
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs)
    info = b"WebPush: info\0" + _point(browser.key) + theirs
    secret = _derived(_raw(browser.subscription.auth), browser.key.exchange(ec.ECDH(), point), info, 32)
    key = _derived(salt, secret, b"Content-Encoding: aes128gcm\0", 16)
    try:
        padded = AESGCM(key).decrypt(_derived(salt, secret, b"Content-Encoding: nonce\0", 12), sealed, None)
    except InvalidTag:
        raise ValueError("not for this browser") from None
    words, _, rest = padded.rpartition(b"\x02")
    assert rest.strip(b"\0") == b""
    return words


def unpacked(authorization: str) -> dict[str, str]:
    """Return the claims of the token that a push service was shown."""
    token = authorization.removeprefix("vapid t=").partition(",")[0]
    claims: dict[str, str] = json.loads(_raw(token.split(".")[1]))
    return claims


def _point(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _derived(salt: bytes, key: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(key)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
