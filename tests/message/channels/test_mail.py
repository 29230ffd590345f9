"""Tests of e-mail against a real SMTP server on this machine."""

import ssl
import uuid

import pytest

from ringmain.kit.pure.ids import uuid7
from ringmain.message.channels.mail import MailServer, SmtpMail
from ringmain.message.channels.port import Delivered, NotDelivered, Outgoing
from tests.member.people import NOW
from tests.message.providers import FakeMail

ADDRESS = "anna@example.org"
LINK = "https://ring.example/u/abc"


def _message(link: str | None = None) -> Outgoing:
    return Outgoing(uuid.uuid4(), uuid7(NOW), ADDRESS, "代金券", "您好, Anna\n.\nend", "zh", link)


async def _refused(server: MailServer) -> NotDelivered:
    with pytest.raises(NotDelivered) as caught:
        await SmtpMail(server).deliver(_message())
    assert ADDRESS not in repr(caught.value)
    return caught.value


async def test_a_mail_arrives_whole_and_encrypted(mail: FakeMail) -> None:
    """Nothing but the greeting is said before encryption; words, headers and language arrive as they were."""
    message = _message()
    delivered = await SmtpMail(mail.server()).deliver(message)
    assert delivered == Delivered(f"<{message.message_id}@example.org>")
    (received,) = mail.received
    assert (received["Subject"], received["From"], received["To"]) == ("代金券", "ring@example.org", ADDRESS)
    assert received.get_content().splitlines() == ["您好, Anna", ".", "end"]
    assert received["Content-Language"] == "zh-Hans"
    assert received["Auto-Submitted"] == "auto-generated"
    assert received["List-Unsubscribe"] is None
    assert [word for word in mail.said if word.startswith("plain")] == ["plain EHLO", "plain STARTTLS"]


async def test_a_mail_says_how_to_stop_it_with_one_click(mail: FakeMail) -> None:
    """RFC 8058: both headers, and the link that a POST without a session stops."""
    await SmtpMail(mail.server()).deliver(_message(LINK))
    (received,) = mail.received
    assert received["List-Unsubscribe"] == f"<{LINK}>"
    assert received["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@pytest.mark.parametrize(
    ("step", "answer", "reason", "passing", "code"),
    [
        ("RCPT", "550 5.1.1 no such anna@example.org", "address_refused", False, 550),
        ("RCPT", "451 4.7.1 later", "address_refused", True, 451),
        ("MAIL", "553 5.1.8 sender", "provider_refused", False, 553),
        ("DATA", "554 5.7.1 spam", "provider_refused", False, 554),
        ("DATA", "452 4.3.1 full", "provider_refused", True, 452),
        ("AUTH", "535 5.7.8 wrong", "credentials_refused", False, 535),
        ("AUTH", "454 4.7.0 later", "credentials_refused", True, 454),
    ],
)
async def test_refusals_become_words_of_ours(
    mail: FakeMail, step: str, answer: str, reason: str, passing: bool, code: int
) -> None:
    """5xx is for good, 4xx passes; the server's sentence, which quotes the address, is nowhere kept."""
    mail.refuse = {step: answer}
    error = await _refused(mail.server())
    assert (error.reason, error.passing, error.provider_code) == (reason, passing, code)
    assert mail.received == []


async def test_nothing_is_said_to_a_server_without_encryption(mail: FakeMail) -> None:
    """Where STARTTLS is not offered, neither password nor mail leaves the house."""
    mail.offers_encryption = False
    error = await _refused(mail.server())
    assert (error.reason, error.passing) == ("encryption_not_offered", False)
    assert "plain AUTH" not in mail.said
    assert "plain MAIL" not in mail.said


async def test_a_certificate_that_nobody_vouches_for_is_refused(mail: FakeMail) -> None:
    """The password is not told to whoever answers in the server's place."""
    error = await _refused(mail.server(context=ssl.create_default_context()))
    assert (error.reason, error.passing) == ("certificate_not_believed", False)
    assert not any("AUTH" in word for word in mail.said)


async def test_a_server_that_is_away_passes(mail: FakeMail) -> None:
    """A refused connection is tried again later."""
    error = await _refused(mail.server(port=1))
    assert (error.reason, error.passing) == ("provider_unreachable", True)
