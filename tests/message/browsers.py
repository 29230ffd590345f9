"""The edge of the outside world: a push service on this machine, and browsers that can read what it was handed."""

import asyncio
import base64
import json
import os
from dataclasses import dataclass, field
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ringmain.message.model.browser import Subscription


@dataclass(frozen=True, slots=True)
class Browser:
    """A subscription, and the key that only the browser has."""

    subscription: Subscription
    key: ec.EllipticCurvePrivateKey = field(repr=False)


@dataclass(frozen=True, slots=True)
class Pushed:
    """What came to the service."""

    path: str
    headers: dict[str, str]
    body: bytes


class PushService:
    """Takes what is pushed; `answers` are given first, once each."""

    def __init__(self) -> None:
        self.requests: list[Pushed] = []
        self.answers: list[int] = []
        self._made = 0
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop listening."""
        assert self._server is not None
        self._server.close()

    def browser(self) -> Browser:
        """Return a browser that subscribes here."""
        assert self._server is not None
        self._made += 1
        port = self._server.sockets[0].getsockname()[1]
        key = ec.generate_private_key(ec.SECP256R1())
        subscription = Subscription(
            f"http://127.0.0.1:{port}/push/{self._made}", _text(_point(key)), _text(os.urandom(16)), 1
        )
        return Browser(subscription, key)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                _, path, _ = line.decode().split()
                headers = {}
                while (header := (await reader.readline()).decode().strip()) != "":
                    name, _, value = header.partition(": ")
                    headers[name.lower()] = value
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                self.requests.append(Pushed(path, headers, body))
                status = self.answers.pop(0) if self.answers else 201
                writer.write(f"HTTP/1.1 {status} x\r\nlocation: /m/1\r\ncontent-length: 0\r\n\r\n".encode())
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()


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
