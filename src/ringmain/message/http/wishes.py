"""What people and networks want of messages: preferences and rules."""

from typing import Annotated, Literal

from msgspec import Meta

from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import Call, Request, Role, Route, Time
from ringmain.member.errors import MemberUnknown
from ringmain.message import api
from ringmain.message.errors import MessageRulesInvalid, PauseInvalid, PreferencesInvalid

WayWord = Literal["push", "wechat", "sms", "email", "paper"]
KindWord = Literal["offers", "reminders", "winnings", "receipts"]
_WAYS: dict[api.Channel, WayWord] = {
    api.Channel.PUSH: "push",
    api.Channel.WECHAT: "wechat",
    api.Channel.SMS: "sms",
    api.Channel.EMAIL: "email",
    api.Channel.PAPER: "paper",
}
_KINDS: dict[api.Kind, KindWord] = {
    api.Kind.OFFERS: "offers",
    api.Kind.REMINDERS: "reminders",
    api.Kind.WINNINGS: "winnings",
    api.Kind.RECEIPTS: "receipts",
}
TimeOfDay = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]\Z", description="Local time, HH:MM.")]


class MessageRules(Request, frozen=True):
    """How much marketing one person gets from all merchants together, and when none is sent (local time)."""

    marketing_per_day: Annotated[int, Meta(ge=0, le=10)] = 1
    marketing_per_week: Annotated[int, Meta(ge=0, le=50)] = 3
    quiet_from: TimeOfDay = "21:00"
    quiet_until: TimeOfDay = "09:00"


class MessagePreferences(Request, frozen=True):
    """How a person wants to be reached: `channels` are tried in their order; none: not at all, but for codes.

    A pause stops marketing only. Quiet hours are their own, for everything, in `time_zone` (null: the network's), and
    come on top of the network's; so does `marketing_per_week`, of which the smaller one holds.
    """

    channels: tuple[WayWord, ...] = ("push", "wechat", "sms", "email", "paper")
    paused_until: Time | None = None
    quiet_from: TimeOfDay | None = None
    quiet_until: TimeOfDay | None = None
    time_zone: Annotated[str, Meta(max_length=60)] | None = None
    marketing_per_week: Annotated[int, Meta(ge=0, le=50)] | None = None
    stopped: tuple[KindWord, ...] = ()


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
    if (body.quiet_from is None) != (body.quiet_until is None):
        raise PreferencesInvalid(reason="quiet_hours")
    quiet = None
    if body.quiet_from is not None and body.quiet_until is not None:
        quiet = api.Quiet(_minute(body.quiet_from), _minute(body.quiet_until))
    chosen = api.Preferences(
        order=tuple(api.Channel(one) for one in body.channels),
        paused_until=body.paused_until,
        quiet=quiet,
        time_zone=body.time_zone,
        per_week=body.marketing_per_week,
        stopped=frozenset(api.Kind(one) for one in body.stopped),
    )
    return _preferences(await api.set_preferences(uow, call.id("member_id"), chosen))


def _rules(rules: api.Rules) -> MessageRules:
    return MessageRules(
        rules.marketing_per_day, rules.marketing_per_week, _clock(rules.quiet_from), _clock(rules.quiet_until)
    )


def _preferences(chosen: api.Preferences) -> MessagePreferences:
    return MessagePreferences(
        channels=tuple(_WAYS[one] for one in chosen.order),
        paused_until=chosen.paused_until,
        quiet_from=None if chosen.quiet is None else _clock(chosen.quiet.begins),
        quiet_until=None if chosen.quiet is None else _clock(chosen.quiet.ends),
        time_zone=chosen.time_zone,
        marketing_per_week=chosen.per_week,
        stopped=tuple(_KINDS[one] for one in api.STOPPABLE if one in chosen.stopped),
    )


def _minute(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


_OPERATOR: frozenset[Role] = frozenset({"operator"})
_TILLS: frozenset[Role] = frozenset({"operator", "terminal"})
_MEMBER = "018f4e3a-7c00-7a10-8000-000000000001"
_RULES = {"marketing_per_day": 1, "marketing_per_week": 3, "quiet_from": "21:00", "quiet_until": "09:00"}
_PREFERENCES = {
    "channels": ["email", "sms"],
    "paused_until": "2026-04-01T00:00:00Z",
    "quiet_from": "22:00",
    "quiet_until": "10:00",
    "time_zone": "Europe/Berlin",
    "marketing_per_week": 1,
    "stopped": ["receipts"],
}


ROUTES: tuple[Route, ...] = (
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
        errors=(MemberUnknown, PauseInvalid, PreferencesInvalid),
        example=_PREFERENCES,
        example_response=_PREFERENCES,
    ),
)
