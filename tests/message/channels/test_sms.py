"""Tests of text messages against a server that behaves like Twilio."""

import base64
import logging
import uuid
from datetime import UTC, datetime

import pytest

from ringmain.message.channels.port import Delivered, NotDelivered, Outgoing
from ringmain.message.channels.sms import SmsAccount, TwilioSms, report_of, signature_of
from ringmain.message.model.steps import State
from ringmain.message.reports import Report
from tests.message.providers import ACCOUNT, SECRET, SENDER, FakeTwilio, problem

PHONE = "+8613800138000"
MESSAGE_ID = uuid.uuid4()
NOW = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
TEXT = "123456 is your code & more: 您好"


async def _deliver(account: SmsAccount) -> Delivered:
    channel = TwilioSms(account)
    try:
        return await channel.deliver(Outgoing(uuid.uuid4(), uuid.uuid4(), PHONE, "Your code", TEXT, "en"))
    finally:
        await channel.close()


async def _refused(account: SmsAccount) -> NotDelivered:
    with pytest.raises(NotDelivered) as caught:
        await _deliver(account)
    return caught.value


async def test_a_message_is_handed_over_as_the_provider_wants_it(twilio: FakeTwilio) -> None:
    """One form goes to the account's messages, with basic authentication; the provider's id comes back."""
    assert await _deliver(twilio.account()) == Delivered(f"SM{1:032}")
    (request,) = twilio.requests
    assert (request.method, request.path) == ("POST", f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json")
    assert request.form == {"To": PHONE, "From": SENDER, "Body": TEXT}


async def test_a_messaging_service_and_a_key_are_used_where_given(twilio: FakeTwilio) -> None:
    """A sender that begins with MG is a messaging service; with a key its secret logs in instead of the account's."""
    error = await _refused(twilio.account(key="SK1", sender="MG0000000000000000000000000000000a"))
    assert (error.reason, error.passing, error.provider_code) == ("credentials_refused", False, 20003)
    (request,) = twilio.requests
    assert request.form["MessagingServiceSid"] == "MG0000000000000000000000000000000a"
    assert "From" not in request.form
    assert base64.b64decode(request.headers["authorization"].split()[1]).decode() == f"SK1:{SECRET}"


@pytest.mark.parametrize(
    ("status", "body", "reason", "passing", "code"),
    [
        (400, problem(21211, f"The 'To' number {PHONE} is not valid"), "address_invalid", False, 21211),
        (400, problem(21610, "Attempt to send to unsubscribed recipient"), "stopped_at_provider", False, 21610),
        (400, problem(21614, "not a mobile number"), "address_not_mobile", False, 21614),
        (400, problem(99999, "something new"), "provider_refused", False, 99999),
        (401, problem(20003, "Authenticate"), "credentials_refused", False, 20003),
        (302, b"", "provider_refused", False, None),
        (429, problem(20429, "Too many requests"), "provider_busy", True, 20429),
        (500, b"<html>oops</html>", "provider_failed", True, None),
        (503, problem(20503, "down"), "provider_failed", True, 20503),
        (201, b'{"sid": "SM1", "status": "failed", "error_code": 30005}', "address_unknown", False, 30005),
    ],
)
async def test_errors_become_words_of_ours(
    twilio: FakeTwilio, status: int, body: bytes, reason: str, passing: bool, code: int | None
) -> None:
    """4xx is for good, but for 429; 5xx passes; the provider's sentence, which quotes the phone, is nowhere kept."""
    twilio.answers = [(status, body)]
    error = await _refused(twilio.account())
    assert (error.reason, error.passing, error.provider_code) == (reason, passing, code)
    assert PHONE not in repr(error)
    assert error.__cause__ is None
    assert len(twilio.requests) == 1


async def test_a_2xx_that_is_no_json_counts_as_sent(twilio: FakeTwilio) -> None:
    """The provider took it: sending again would only double it."""
    twilio.answers = [(200, b"ok")]
    assert await _deliver(twilio.account()) == Delivered(None)


async def test_a_silent_provider_is_given_up(twilio: FakeTwilio) -> None:
    """After the time-out nobody waits any more, and later the message is tried again."""
    twilio.answers = [None]
    error = await _refused(twilio.account(timeout_seconds=0.2))
    assert (error.reason, error.passing) == ("provider_timeout", True)


async def test_a_provider_that_is_away_passes(twilio: FakeTwilio) -> None:
    """A refused connection is tried again later."""
    error = await _refused(twilio.account(url="http://127.0.0.1:1"))
    assert (error.reason, error.passing) == ("provider_unreachable", True)


async def test_no_log_and_no_text_form_holds_phone_words_or_secret(
    twilio: FakeTwilio, caplog: pytest.LogCaptureFixture
) -> None:
    """At the most talkative level the libraries say nothing that must stay secret, nor do our own shapes."""
    caplog.set_level(logging.DEBUG)
    await _deliver(twilio.account())
    twilio.answers = [(500, b"oops")]
    await _refused(twilio.account())
    message = Outgoing(uuid.uuid4(), uuid.uuid4(), PHONE, "Your code", TEXT, "en")
    said = caplog.text + repr(twilio.account()) + repr(message)
    encoded = base64.b64encode(f"{ACCOUNT}:{SECRET}".encode()).decode()
    for secret in (SECRET, PHONE, PHONE[1:], "123456", encoded):
        assert secret not in said


def test_calls_are_signed_as_the_provider_documents_it() -> None:
    """The example of its documentation; a field more or another address is another signature."""
    form = {
        "CallSid": ["CA1234567890ABCDE"],
        "Caller": ["+14158675309"],
        "Digits": ["1234"],
        "From": ["+14158675309"],
        "To": ["+18005551212"],
    }
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert signature_of("12345", url, form) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    assert signature_of("12345", url, form | {"Digits": ["1235"]}) != signature_of("12345", url, form)


@pytest.mark.parametrize(
    ("status", "code", "state", "reason", "hard"),
    [
        ("delivered", "", State.DELIVERED, None, False),
        ("undelivered", "30003", State.FAILED, "address_unreachable", False),
        ("undelivered", "30005", State.FAILED, "address_unknown", True),
        ("failed", "21610", State.FAILED, "stopped_at_provider", True),
        ("failed", "99999", State.FAILED, "provider_refused", False),
    ],
)
def test_what_a_call_tells(status: str, code: str, state: State, reason: str | None, hard: bool) -> None:
    """A phone that is away may be reached later; a number that does not exist never."""
    form = {"MessageStatus": status, "ErrorCode": code, "MessageSid": "SM1"}
    told = report_of(MESSAGE_ID, NOW, lambda name: form.get(name, ""))
    assert told == Report(MESSAGE_ID, state, NOW, reason, hard, "SM1", int(code) if code else None)


@pytest.mark.parametrize("status", ["queued", "sending", "sent", ""])
def test_what_is_known_already_is_no_report(status: str) -> None:
    """Queued and sent: we were told so when it was taken."""
    assert report_of(MESSAGE_ID, NOW, lambda _: status) is None
