"""Tests of web push: the example of RFC 8291, a push service on this machine, and what must not be called."""

import base64
import json
import time
import uuid
from collections.abc import AsyncIterator

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from ringmain.kit.secrets import Keyring
from ringmain.kit.webhooks import Guard
from ringmain.message.channels.port import Delivered, NotDelivered, Outgoing
from ringmain.message.channels.push import WebPush, checked, encrypt, proof, public_key
from ringmain.message.errors import SubscriptionInvalid
from ringmain.message.model.browser import Subscription
from tests.message.browsers import Browser, PushService, plain, unpacked

KEYRING = Keyring({1: bytes(range(32)), 2: bytes(32)})
CONTACT = "mailto:ring@example.org"


@pytest.fixture
async def service() -> AsyncIterator[PushService]:
    """Give a push service on this machine."""
    async with PushService() as one:
        yield one


def _message(browser: Browser) -> Outgoing:
    return Outgoing(
        network_id=uuid.uuid4(),
        message_id=uuid.uuid4(),
        address=msgspec.json.encode(browser.subscription).decode(),
        title="A voucher for you",
        body="Old Town: ¥8 off at 茶室, yours until Sunday. https://ring.example/wallet/1?m",
        language="en",
        stop_link="https://ring.example/u/1",
        link="https://ring.example/wallet/1?m",
        seconds_left=3_600,
    )


async def _deliver(browser: Browser, message: Outgoing | None = None, *, development: bool = True) -> Delivered:
    channel = WebPush(KEYRING, CONTACT, Guard(development=development))
    try:
        return await channel.deliver(message or _message(browser))
    finally:
        await channel.close()


def test_words_are_encrypted_as_the_standard_shows() -> None:
    """RFC 8291, appendix A: the same keys and salt give the same bytes."""
    key = ec.derive_private_key(int.from_bytes(_raw("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")), ec.SECP256R1())
    browser = Subscription(
        "https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV",
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "BTBZMqHH6r4Tts7J_aSIgg",
        1,
    )
    words = b"When I grow up, I want to be a watermelon"
    assert encrypt(words, browser, key=key, salt=_raw("DGv6ra1nlYgDCS1FRnbzlw")) == _raw(
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A"
        "_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


def test_push_services_know_us_by_a_signed_token_for_them_alone() -> None:
    """RFC 8292: ES256 over who is called, until when, and whom to turn to; the key is what browsers were given."""
    header = proof(KEYRING, 1, "https://push.example.net/a/b", CONTACT, 1_000.0)
    token, _, key = header.removeprefix("vapid t=").partition(", k=")
    head, claims, signature = token.split(".")
    assert key == public_key(KEYRING, 1) != public_key(KEYRING)
    assert json.loads(_raw(head)) == {"typ": "JWT", "alg": "ES256"}
    assert json.loads(_raw(claims)) == {"aud": "https://push.example.net", "exp": 1_000 + 43_200, "sub": CONTACT}
    r, s = _raw(signature)[:32], _raw(signature)[32:]
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _raw(key))
    der = encode_dss_signature(int.from_bytes(r), int.from_bytes(s))
    public.verify(der, f"{head}.{claims}".encode(), ec.ECDSA(SHA256()))


async def test_a_browser_reads_what_it_is_told_and_nobody_else_can(service: PushService) -> None:
    """Words without the address in them, where a tap leads, where one stops; for as long as somebody wants it."""
    browser, other = service.browser(), service.browser()
    message = _message(browser)
    await _deliver(browser, message)
    (request,) = service.requests
    assert msgspec.json.decode(plain(browser, request.body)) == {
        "id": str(message.message_id),
        "title": "A voucher for you",
        "body": "Old Town: ¥8 off at 茶室, yours until Sunday.",
        "language": "en",
        "url": "https://ring.example/wallet/1?m",
        "stop": "https://ring.example/u/1",
    }
    assert request.headers["ttl"] == "3600"
    assert request.headers["content-encoding"] == "aes128gcm"
    assert len(request.headers["topic"]) == 22
    assert int(unpacked(request.headers["authorization"])["exp"]) > time.time()
    for word in (b"Old Town", b"ring.example", b"voucher"):
        assert word not in request.body
    with pytest.raises(ValueError, match="not for this browser"):
        plain(other, request.body)


@pytest.mark.parametrize(
    ("status", "reason", "passing"),
    [
        (404, "subscription_gone", False),
        (410, "subscription_gone", False),
        (403, "credentials_refused", False),
        (413, "message_too_long", False),
        (400, "provider_refused", False),
        (429, "provider_busy", True),
        (503, "provider_failed", True),
    ],
)
async def test_what_push_services_refuse(service: PushService, status: int, reason: str, passing: bool) -> None:
    """A browser that is gone is gone; a service that is busy is asked again."""
    browser = service.browser()
    service.answers = [status]
    with pytest.raises(NotDelivered) as caught:
        await _deliver(browser)
    assert (caught.value.reason, caught.value.passing, caught.value.provider_code) == (reason, passing, status)


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://push.example.net/a",
        "https://127.0.0.1/a",
        "https://localhost/a",
        "https://10.0.0.1/a",
        "https://169.254.169.254/latest",
        "https://[::1]/a",
        "https://user:secret@push.example.net/a",
        "ftp://push.example.net/a",
        "",
    ],
)
async def test_no_address_of_our_own_house_is_called(service: PushService, endpoint: str) -> None:
    """Neither taken from a browser nor called, whatever a browser names as its push service."""
    good = service.browser().subscription
    bad = Subscription(endpoint, good.p256dh, good.auth, 1)
    with pytest.raises(SubscriptionInvalid):
        checked(bad, Guard())
    with pytest.raises(NotDelivered, match="address_refused"):
        await _deliver(Browser(bad, service.browser().key), development=False)
    assert service.requests == []


def test_keys_that_are_none_are_refused(service: PushService) -> None:
    """A point that is not on the curve, a secret of another length, text that is none."""
    good = service.browser().subscription
    endpoint = "https://push.example.net/a"
    assert checked(Subscription(endpoint, good.p256dh, good.auth, 1), Guard()).endpoint == endpoint
    off = base64.urlsafe_b64encode(b"\x04" + bytes(63) + b"\x01").decode()
    for p256dh, auth in ((off, good.auth), (good.p256dh, "AAAA"), ("???", good.auth), (good.p256dh, "ä")):
        with pytest.raises(SubscriptionInvalid):
            checked(Subscription(endpoint, p256dh, auth, 1), Guard())


def _raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
