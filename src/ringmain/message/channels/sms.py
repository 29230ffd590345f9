"""Text messages through Twilio's Messages API, or a provider that answers like it."""

import base64
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from uuid import UUID

import httpx2
import msgspec

from ringmain.message.channels.port import Delivered, NotDelivered, Outgoing
from ringmain.message.model.steps import State
from ringmain.message.reports import Report

_API = "/2010-04-01/Accounts/{account}/Messages.json"
_SERVICE_PREFIX = "MG"
# Twilio's numbers for errors, as words: https://www.twilio.com/docs/api/errors
_REASONS = {
    20003: "credentials_refused",
    20429: "provider_busy",
    21211: "address_invalid",
    21214: "address_unreachable",
    21265: "address_invalid",
    21408: "region_not_allowed",
    21606: "sender_refused",
    21608: "address_unproven_at_provider",
    21610: "stopped_at_provider",
    21612: "address_unreachable",
    21614: "address_not_mobile",
    21617: "message_too_long",
    30003: "address_unreachable",
    30004: "blocked_by_carrier",
    30005: "address_unknown",
    30006: "address_not_mobile",
    30007: "filtered_by_carrier",
    30008: "provider_refused",
}
# Those told later that will be no different next time: a phone that is switched off (30003) is none of them.
_HARD = frozenset({21610, 21614, 30004, 30005, 30006, 30007})
_TOLD = {"delivered": State.DELIVERED, "read": State.OPENED, "failed": State.FAILED, "undelivered": State.FAILED}
_OTHER_REASON = "provider_refused"
_LONGEST_CODE, _LONGEST_REFERENCE = 9, 100


@dataclass(frozen=True, slots=True)
class SmsAccount:
    """How to reach the provider, and as whom; `key` is missing where the secret is the account's own token."""

    url: str
    account: str
    key: str | None
    secret: str = field(repr=False)
    sender: str
    timeout_seconds: float = 10.0


class _Answer(msgspec.Struct, frozen=True):
    """What is read of an answer: of a message its sid and status, of an error its number."""

    sid: str | None = None
    status: str | int | None = None
    error_code: int | None = None
    code: int | None = None


class TwilioSms:
    """Sends text messages by HTTP."""

    def __init__(self, account: SmsAccount) -> None:
        self._account = account
        self._client = httpx2.AsyncClient(
            base_url=account.url.rstrip("/"),
            auth=httpx2.BasicAuth(account.key or account.account, account.secret),
            timeout=account.timeout_seconds,
        )

    async def deliver(self, message: Outgoing) -> Delivered:
        """Hand one message over. Raises `NotDelivered`: for 4xx for good, for 429, 5xx and lost answers for now."""
        sender = self._account.sender
        form = {
            "To": message.address,
            "MessagingServiceSid" if sender.startswith(_SERVICE_PREFIX) else "From": sender,
            "Body": message.body,
        }
        if message.report_link is not None:
            form["StatusCallback"] = message.report_link
        try:
            response = await self._client.post(_API.format(account=self._account.account), data=form)
        except httpx2.TimeoutException:
            raise NotDelivered("provider_timeout", passing=True) from None
        except httpx2.HTTPError:
            # The library's own text may hold the request; the word is enough.
            raise NotDelivered("provider_unreachable", passing=True) from None
        return _judge(response.status_code, _read(response.content))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def signature_of(token: str, url: str, form: Mapping[str, Sequence[str]]) -> str:
    """Return how the provider signs a call: HMAC-SHA1 of the address and of all fields, sorted, as base64.

    https://www.twilio.com/docs/usage/security#validating-requests
    """
    fields = "".join(name + value for name in sorted(form) for value in sorted(set(form[name])))
    return base64.b64encode(hmac.digest(token.encode(), (url + fields).encode(), "sha1")).decode()


def report_of(message_id: UUID, at: datetime, field_: Callable[[str], str]) -> Report | None:
    """Return what a call of the provider tells of a message; None where it tells nothing that is not known."""
    state = _TOLD.get(field_("MessageStatus"))
    if state is None:
        return None
    number = field_("ErrorCode")
    code = int(number) if number.isdecimal() and len(number) <= _LONGEST_CODE else None
    failed = state is State.FAILED
    return Report(
        message_id=message_id,
        state=state,
        happened_at=at,
        reason=_reason(code) if failed else None,
        hard=failed and code in _HARD,
        provider_reference=field_("MessageSid")[:_LONGEST_REFERENCE] or None,
        provider_code=code,
    )


def _judge(status: int, answer: _Answer) -> Delivered:
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise NotDelivered("provider_failed", passing=True, provider_code=answer.code)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise NotDelivered("provider_busy", passing=True, provider_code=answer.code)
    if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        raise NotDelivered(_reason(answer.code), passing=False, provider_code=answer.code)
    if answer.status in ("failed", "undelivered", "canceled"):
        raise NotDelivered(_reason(answer.error_code), passing=False, provider_code=answer.error_code)
    return Delivered(answer.sid)


def _reason(code: int | None) -> str:
    return _OTHER_REASON if code is None else _REASONS.get(code, _OTHER_REASON)


def _read(content: bytes) -> _Answer:
    """Read what can be read: a proxy on the way may answer in HTML."""
    try:
        return msgspec.json.decode(content, type=_Answer)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _Answer()
