"""Reading what was sent, and sending a test."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta, Struct

from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import Call, Limit, Listed, NotFound, Page, Request, Role, Route, keys_of, listed
from ringmain.kit.pure import ids
from ringmain.member import api as member
from ringmain.member.errors import MemberUnknown, PhoneInvalid
from ringmain.message import api
from ringmain.message.errors import (
    ChannelNotConfigured,
    MessageUnknown,
)
from ringmain.network.errors import EmailInvalid

ChannelWord = Literal["push", "wechat", "sms", "email", "paper", "none"]
StateWord = Literal["queued", "sent", "delivered", "opened", "complained", "failed", "bounced", "refused"]
WayWord = Literal["push", "wechat", "sms", "email", "paper"]


class Messages(Page, frozen=True):
    """Which messages."""

    member_id: UUID | None = None


class MessageShown(Struct, frozen=True):
    """A message and what became of it; what it said is between it and its reader.

    `member_id` is null where it went to an address only, or where the member was erased.
    """

    id: UUID
    member_id: UUID | None
    channel: ChannelWord
    purpose: Literal["transactional", "marketing"]
    template: str
    language: str
    reason: str
    reference_id: UUID
    merchant_id: UUID | None
    made_at: datetime
    due_at: datetime
    state: StateWord
    state_reason: str | None


class DeliveryShown(Struct, frozen=True):
    """One step of a message; `channel` is null where nothing was handed to one.

    `hard`: what failed would fail again by this way; `late`: something later was known when it was told.
    """

    state: StateWord
    channel: WayWord | None
    reason: str | None
    provider_reference: str | None
    provider_code: int | None
    hard: bool | None
    late: bool
    happened_at: datetime


class MessageWithSteps(Struct, frozen=True):
    """A message with all its steps, the first one first."""

    message: MessageShown
    deliveries: list[DeliveryShown]


class SendTest(Request, frozen=True):
    """Send a fixed text to an address of your own, to see whether messages arrive."""

    channel: Literal["sms", "email"]
    address: Annotated[str, Meta(min_length=3, max_length=254, description="A phone in E.164, or an e-mail address.")]
    language: Literal["en", "zh"] = "en"


class MessageQueued(Struct, frozen=True):
    """The message that was queued; read it to see what became of it."""

    message_id: UUID


class SinkMessage(Struct, frozen=True):
    """A message that was kept instead of sent, because this installation is in development mode."""

    id: UUID
    message_id: UUID
    channel: WayWord
    masked_address: str
    title: str
    body: str
    language: str
    kept_at: datetime


async def _list(uow: UnitOfWork, call: Call) -> Listed[MessageShown]:
    query: Messages = call.query
    keys = keys_of(query.after, tuple[UUID])
    rows = await api.list_messages(uow, query.limit + 1, before=keys[0] if keys else None, member_id=query.member_id)
    return listed([_shown(row) for row in rows], query.limit, lambda row: (row.id,))


async def _read(uow: UnitOfWork, call: Call) -> MessageWithSteps:
    row, steps = await api.read_message(uow, call.id("message_id"))
    return MessageWithSteps(_shown(row), [_step(step) for step in steps])


async def _send_test(uow: UnitOfWork, call: Call, body: SendTest) -> MessageQueued:
    channel = api.Channel(body.channel)
    if channel not in api.configured(call.settings):
        raise ChannelNotConfigured
    sms = channel is api.Channel.SMS
    address = member.e164(body.address) if sms else api.email_address(body.address)
    if address is None:
        raise EmailInvalid
    reference_id = ids.uuid7(await uow.now())
    item = api.Addressed(channel, address, api.Template.TEST, {}, body.language, reference_id)
    return MessageQueued((await api.send_to_addresses(uow, call.keyring, [item]))[0])


async def _read_sink(uow: UnitOfWork, call: Call) -> Listed[SinkMessage]:
    if not call.settings.development:
        raise NotFound
    query: Page = call.query
    keys = keys_of(query.after, tuple[UUID])
    rows = await api.sink_messages(uow, query.limit + 1, keys[0] if keys else None)
    return listed([_kept(row) for row in rows], query.limit, lambda row: (row.id,))


def _shown(row: api.Listed) -> MessageShown:
    message = row.message
    return MessageShown(
        id=message.id,
        member_id=row.member_id,
        channel=row.message.way,  # type: ignore[arg-type]  # a CHECK of the table allows these words only
        purpose=message.purpose,  # type: ignore[arg-type]
        template=message.template,
        language=message.language,
        reason=message.reason,
        reference_id=message.reference_id,
        merchant_id=message.merchant_id,
        made_at=message.made_at,
        due_at=message.due_at,
        state=message.state,  # type: ignore[arg-type]
        state_reason=message.why,
    )


def _step(step: api.Delivery) -> DeliveryShown:
    return DeliveryShown(
        step.state,  # type: ignore[arg-type]  # a CHECK of the table allows these words only
        step.channel,  # type: ignore[arg-type]
        step.reason,
        step.provider_reference,
        step.provider_code,
        step.hard,
        step.late,
        step.happened_at,
    )


def _kept(row: api.Kept) -> SinkMessage:
    return SinkMessage(
        row.id,
        row.message_id,
        row.channel,  # type: ignore[arg-type]  # a CHECK of the table allows these words only
        row.masked_address,
        row.title,
        row.body,
        row.language,
        row.kept_at,
    )


_OPERATOR: frozenset[Role] = frozenset({"operator"})
_MESSAGE = "018f4e3a-7c00-7a10-8000-000000000021"
_MEMBER = "018f4e3a-7c00-7a10-8000-000000000001"
_VOUCHER = "018f4e3a-7c00-7a10-8000-000000000022"
_AT = "2026-03-01T10:00:00Z"
_SHOWN: dict[str, Any] = {
    "id": _MESSAGE,
    "member_id": _MEMBER,
    "channel": "sms",
    "purpose": "transactional",
    "template": "voucher_won",
    "language": "zh",
    "reason": "voucher_won",
    "reference_id": _VOUCHER,
    "merchant_id": None,
    "made_at": _AT,
    "due_at": _AT,
    "state": "sent",
    "state_reason": None,
}
_STEPS = [
    {
        "state": "queued",
        "channel": None,
        "reason": None,
        "provider_reference": None,
        "provider_code": None,
        "hard": None,
        "late": False,
        "happened_at": _AT,
    },
    {
        "state": "sent",
        "channel": "sms",
        "reason": None,
        "provider_reference": "SM1f0e",
        "provider_code": None,
        "hard": None,
        "late": False,
        "happened_at": _AT,
    },
]
_KEPT: dict[str, Any] = {
    "id": "018f4e3a-7c00-7a10-8000-000000000023",
    "message_id": _MESSAGE,
    "channel": "sms",
    "masked_address": "+*********8000",
    "title": "Your code",
    "body": "123456 is your Old Town code. It is good for 5 minutes. Never tell it to anybody.",
    "language": "en",
    "kept_at": _AT,
}

ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/messages",
        operation="list_messages",
        summary="List messages, the newest first",
        description="What was sent to whom and why, and what became of it; not what it said.",
        tag="messages",
        roles=_OPERATOR,
        handler=_list,
        query=Messages,
        response=Listed[MessageShown],
        errors=(MemberUnknown,),
        example_query={"limit": "2"},
        example_response={"items": [_SHOWN], "next": None},
    ),
    Route(
        method="GET",
        path="/v1/messages/development-sink",
        operation="read_development_sink",
        summary="Read the messages that were not sent (development mode only)",
        tag="messages",
        roles=_OPERATOR,
        handler=_read_sink,
        query=Page,
        response=Listed[SinkMessage],
        example_query={"limit": "2"},
        example_response={"items": [_KEPT], "next": None},
    ),
    Route(
        method="POST",
        path="/v1/messages/tests",
        operation="send_test_message",
        summary="Send a test to an address of your own",
        tag="messages",
        roles=_OPERATOR,
        handler=_send_test,
        request=SendTest,
        response=MessageQueued,
        status=201,
        transaction="write",
        errors=(ChannelNotConfigured, PhoneInvalid, EmailInvalid),
        limit=Limit(10, seconds=60, per="key"),
        example={"channel": "email", "address": "anna@example.org"},
        example_response={"message_id": _MESSAGE},
    ),
    Route(
        method="GET",
        path="/v1/messages/{message_id}",
        operation="read_message",
        summary="Read a message and its steps",
        tag="messages",
        roles=_OPERATOR,
        handler=_read,
        response=MessageWithSteps,
        errors=(MessageUnknown,),
        example_response={"message": _SHOWN, "deliveries": _STEPS},
    ),
)
