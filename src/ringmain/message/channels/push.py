"""Web push: words encrypted for one browser (RFC 8291, RFC 8188), under a key that push services know (RFC 8292)."""

import base64
import os
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import httpx2
import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ringmain.kit.secrets import Keyring
from ringmain.kit.webhooks import Guard
from ringmain.kit.webhooks.errors import WebhookAddressRefused
from ringmain.message.channels.port import Delivered, NotDelivered, Outgoing
from ringmain.message.errors import SubscriptionInvalid
from ringmain.message.model.browser import Subscription

_CURVE = ec.SECP256R1()
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_POINT_BYTES, _AUTH_BYTES, _SALT_BYTES, _NUMBER_BYTES = 65, 16, 16, 32
_RECORD_BYTES = 4_096
# One record holds the words, a byte that ends them, and a tag of 16 bytes; push services take no more than one.
_MOST_BYTES = _RECORD_BYTES - 103
_LONGEST_BODY = 1_000
_PROOF_SECONDS = 12 * 3_600
_LONGEST_WAIT_SECONDS = 28 * 86_400
_TIMEOUT_SECONDS = 10.0
_GONE = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
_REFUSALS = {
    HTTPStatus.UNAUTHORIZED: "credentials_refused",
    HTTPStatus.FORBIDDEN: "credentials_refused",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "message_too_long",
}


class Shown(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the browser is told: words, where a tap leads, and where one stops messages like this."""

    id: str
    title: str
    body: str
    language: str
    url: str | None = None
    stop: str | None = None


def checked(subscription: Subscription, guard: Guard) -> Subscription:
    """Return a subscription. Raises `SubscriptionInvalid`: no public https address, or keys that are none."""
    try:
        guard.check(subscription.endpoint)
        _point(_bytes(subscription.p256dh))
        whole = len(_bytes(subscription.auth)) == _AUTH_BYTES
    except (WebhookAddressRefused, ValueError):
        raise SubscriptionInvalid from None
    if not whole:
        raise SubscriptionInvalid
    return subscription


def public_key(keyring: Keyring, version: int | None = None) -> str:
    """Return the key by which browsers let push services know us, as base64url; the same for a whole installation."""
    return _text(_raw(_own_key(keyring, version or keyring.newest)))


def encrypt(
    words: bytes, subscription: Subscription, *, key: ec.EllipticCurvePrivateKey | None = None, salt: bytes = b""
) -> bytes:
    """Return words as only that browser can read them (aes128gcm); `key` and `salt` are new each time."""
    key, salt = key or ec.generate_private_key(_CURVE), salt or os.urandom(_SALT_BYTES)
    theirs, ours = _bytes(subscription.p256dh), _raw(key)
    shared = key.exchange(ec.ECDH(), _point(theirs))
    secret = _derived(_bytes(subscription.auth), shared, b"WebPush: info\0" + theirs + ours, 32)
    content_key = _derived(salt, secret, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(salt, secret, b"Content-Encoding: nonce\0", 12)
    head = salt + _RECORD_BYTES.to_bytes(4) + bytes((len(ours),)) + ours
    return head + AESGCM(content_key).encrypt(nonce, words + b"\x02", None)


def proof(keyring: Keyring, version: int, endpoint: str, contact: str, now: float) -> str:
    """Return the header by which a push service knows who calls: a token for it alone, good for half a day."""
    parts = urlsplit(endpoint)
    claims = {"aud": f"{parts.scheme}://{parts.netloc}", "exp": int(now) + _PROOF_SECONDS, "sub": contact}
    signed = f"{_json({'typ': 'JWT', 'alg': 'ES256'})}.{_json(claims)}"
    key = _own_key(keyring, version)
    r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(SHA256())))
    signature = _text(r.to_bytes(_NUMBER_BYTES) + s.to_bytes(_NUMBER_BYTES))
    return f"vapid t={signed}.{signature}, k={_text(_raw(key))}"


class WebPush:
    """Hands messages to the push services of browsers; addresses are subscriptions as JSON."""

    def __init__(self, keyring: Keyring, contact: str, guard: Guard) -> None:
        self._keyring = keyring
        self._contact = contact
        self._guard = guard
        # No proxy of the environment, no redirects: the address that was checked is the one that is called.
        self._client = httpx2.AsyncClient(trust_env=False, follow_redirects=False, timeout=_TIMEOUT_SECONDS)

    async def deliver(self, message: Outgoing) -> Delivered:
        """Hand one message over. Raises `NotDelivered`: `subscription_gone` where the browser wants no more."""
        subscription = msgspec.json.decode(message.address, type=Subscription)
        body = encrypt(_shown(message), subscription)
        headers = {
            "authorization": proof(
                self._keyring, subscription.version, subscription.endpoint, self._contact, time.time()
            ),
            "content-encoding": "aes128gcm",
            "content-type": "application/octet-stream",
            "ttl": str(min(max(message.seconds_left, 0), _LONGEST_WAIT_SECONDS)),
            "urgency": "normal",
            # A message that is sent again, because its answer was lost, replaces itself.
            "topic": _text(message.message_id.bytes),
        }
        try:
            target = await self._guard.target(subscription.endpoint)
            extensions = {"sni_hostname": target.host} if target.parts.scheme == "https" else {}
            response = await self._client.post(
                target.url, content=body, headers=headers | {"host": target.host_header}, extensions=extensions
            )
        except WebhookAddressRefused:
            raise NotDelivered("address_refused", passing=False) from None
        except httpx2.TimeoutException:
            raise NotDelivered("provider_timeout", passing=True) from None
        except (OSError, httpx2.HTTPError):
            raise NotDelivered("provider_unreachable", passing=True) from None
        return _judge(response.status_code, response.headers)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def _shown(message: Outgoing) -> bytes:
    words = message.body if message.link is None else message.body.replace(message.link, "")
    shown = Shown(
        id=str(message.message_id),
        title=message.title,
        body=" ".join(words.split())[:_LONGEST_BODY],
        language=message.language,
        url=message.link,
        stop=message.stop_link,
    )
    return msgspec.json.encode(shown)[:_MOST_BYTES]


def _judge(status: int, headers: Mapping[str, str]) -> Delivered:
    if status in _GONE:
        raise NotDelivered("subscription_gone", passing=False, provider_code=status)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise NotDelivered("provider_busy", passing=True, provider_code=status)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise NotDelivered("provider_failed", passing=True, provider_code=status)
    if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        reason = _REFUSALS.get(HTTPStatus(status), "provider_refused")
        raise NotDelivered(reason, passing=False, provider_code=status)
    return Delivered(headers.get("location", "")[-100:] or None)


def _own_key(keyring: Keyring, version: int) -> ec.EllipticCurvePrivateKey:
    number = int.from_bytes(keyring.derived("web push", version=version)) % (_ORDER - 1) + 1
    return ec.derive_private_key(number, _CURVE)


def _point(raw: bytes) -> ec.EllipticCurvePublicKey:
    """Return a point of the curve. Raises ValueError where it is none: whoever names another learns nothing of keys."""
    if len(raw) != _POINT_BYTES:
        raise ValueError
    return ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, raw)


def _raw(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _derived(salt: bytes, key: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(key)


def _json(value: Any) -> str:
    return _text(msgspec.json.encode(value))


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True)
