"""Requests, answers and routes of messages."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta, Struct

from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import Call, Limit, Listed, NotFound, Page, Request, Role, Route, Time, keys_of, listed
from ringmain.kit.pure import ids
from ringmain.member import api as member
from ringmain.member.errors import MemberUnknown, PhoneInvalid
from ringmain.message import api
from ringmain.message.errors import (
    ChannelNotConfigured,
    MessageRulesInvalid,
    MessageUnknown,
    PauseInvalid,
)
from ringmain.network.errors import EmailInvalid

ChannelWord = Literal["sms", "email", "none"]
StateWord = Literal["queued", "sent", "failed", "refused"]
TimeOfDay = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]\Z", description="Local time, HH:MM.")]


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
    """One step of a message."""

    state: StateWord
    reason: str | None
    provider_reference: str | None
    provider_code: int | None
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
    channel: Literal["sms", "email"]
    masked_address: str
    title: str
    body: str
    language: str
    kept_at: datetime


class MessageRules(Request, frozen=True):
    """How much marketing one person gets from all merchants together, and when none is sent (local time)."""

    marketing_per_day: Annotated[int, Meta(ge=0, le=10)] = 1
    marketing_per_week: Annotated[int, Meta(ge=0, le=50)] = 3
    quiet_from: TimeOfDay = "21:00"
    quiet_until: TimeOfDay = "09:00"


class MessagePreferences(Request, frozen=True):
    """How a person wants to be reached. `none`: not at all, but for codes; a pause stops marketing only."""

    channel: Literal["sms", "none"] = "sms"
    paused_until: Time | None = None


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


async def _read_rules(uow: UnitOfWork, _: Call) -> MessageRules:
    return _rules(await api.rules(uow))


async def _set_rules(uow: UnitOfWork, _: Call, body: MessageRules) -> MessageRules:
    new = api.Rules(
        body.marketing_per_day, body.marketing_per_week, _minute(body.quiet_from), _minute(body.quiet_until)
    )
    return _rules(await api.set_rules(uow, new))


async def _read_preferences(uow: UnitOfWork, call: Call) -> MessagePreferences:
    return _preferences(await api.preferences(uow, call.id("member_id")))


async def _set_preferences(uow: UnitOfWork, call: Call, body: MessagePreferences) -> MessagePreferences:
    chosen = api.Preferences(api.Channel(body.channel), body.paused_until)
    return _preferences(await api.set_preferences(uow, call.id("member_id"), chosen))


def _shown(row: api.Listed) -> MessageShown:
    message = row.message
    return MessageShown(
        id=message.id,
        member_id=row.member_id,
        channel=message.channel,  # type: ignore[arg-type]  # a CHECK of the table allows these words only
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
        step.reason,
        step.provider_reference,
        step.provider_code,
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


def _rules(rules: api.Rules) -> MessageRules:
    return MessageRules(
        rules.marketing_per_day, rules.marketing_per_week, _clock(rules.quiet_from), _clock(rules.quiet_until)
    )


def _preferences(chosen: api.Preferences) -> MessagePreferences:
    return MessagePreferences("none" if chosen.channel is api.Channel.NONE else "sms", chosen.paused_until)


def _minute(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


_OPERATOR: frozenset[Role] = frozenset({"operator"})
_TILLS: frozenset[Role] = frozenset({"operator", "terminal"})
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
    {"state": "queued", "reason": None, "provider_reference": None, "provider_code": None, "happened_at": _AT},
    {"state": "sent", "reason": None, "provider_reference": "SM1f0e", "provider_code": None, "happened_at": _AT},
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
_RULES = {"marketing_per_day": 1, "marketing_per_week": 3, "quiet_from": "21:00", "quiet_until": "09:00"}
_PREFERENCES = {"channel": "sms", "paused_until": "2026-04-01T00:00:00Z"}

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
        method="GET",
        path="/v1/messages/rules",
        operation="read_message_rules",
        summary="Read how much may be sent, and when",
        tag="messages",
        roles=_OPERATOR,
        handler=_read_rules,
        response=MessageRules,
        example_response=_RULES,
    ),
    Route(
        method="PUT",
        path="/v1/messages/rules",
        operation="set_message_rules",
        summary="Set how much may be sent, and when",
        description="Caps count marketing to one person from all merchants together, per local day and per seven "
        "local days. Equal ends of the quiet hours: none.",
        tag="messages",
        roles=_OPERATOR,
        handler=_set_rules,
        request=MessageRules,
        response=MessageRules,
        transaction="write",
        errors=(MessageRulesInvalid,),
        example=_RULES,
        example_response=_RULES,
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
    Route(
        method="GET",
        path="/v1/members/{member_id}/message-preferences",
        operation="read_message_preferences",
        summary="Read how a member wants to be reached",
        tag="messages",
        roles=_TILLS,
        handler=_read_preferences,
        response=MessagePreferences,
        errors=(MemberUnknown,),
        example_response=_PREFERENCES,
    ),
    Route(
        method="PUT",
        path="/v1/members/{member_id}/message-preferences",
        operation="set_message_preferences",
        summary="Set how a member wants to be reached",
        description="Whether they agree to marketing at all is a consent (`record_consents`).",
        tag="messages",
        roles=_TILLS,
        handler=_set_preferences,
        request=MessagePreferences,
        response=MessagePreferences,
        transaction="write",
        errors=(MemberUnknown, PauseInvalid),
        example=_PREFERENCES,
        example_response=_PREFERENCES,
    ),
)
