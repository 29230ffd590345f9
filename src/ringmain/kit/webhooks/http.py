"""The routes of webhooks, for operators, and for merchants about their own."""

from collections.abc import Collection
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import Audited, Call, Listed, Page, Request, Role, Route, Time, keys_of, listed
from ringmain.kit.webhooks import errors, store
from ringmain.kit.webhooks import manage as use
from ringmain.kit.webhooks.guard import Guard

_MANAGERS: frozenset[Role] = frozenset({"operator", "merchant"})
_ID = "01932c5e-7b41-7c3d-9f21-3b1a8e0c7d42"
_AT = "2026-03-01T09:00:00Z"
_TAG = "webhooks"
_DAY_SECONDS = 86_400
_LONGEST_OVERLAP_SECONDS = 7 * _DAY_SECONDS
Kind = Annotated[str, Meta(pattern=r"^[a-z_]{1,40}\Z")]


class MakeWebhook(Request, frozen=True):
    """Where to send which facts; a merchant hears of its own only."""

    url: Annotated[str, Meta(min_length=8, max_length=2_000)]
    kinds: Annotated[list[Kind], Meta(min_length=1, max_length=50)]


class RotateWebhookSecret(Request, frozen=True):
    """How long everything is signed with the secret before, too: at most a week."""

    overlap_seconds: Annotated[int, Meta(ge=0, le=_LONGEST_OVERLAP_SECONDS)] = _DAY_SECONDS


class ResendFailed(Request, frozen=True):
    """From when on what failed is sent again; by default the thirty days that are kept."""

    since: Time | None = None


class DeliveriesQuery(Page, frozen=True):
    """Which deliveries to list, the newest first."""

    state: Literal["waiting", "delivered", "failed"] | None = None


class WebhookKept(Struct, frozen=True):
    """A webhook by what its secret is derived from."""

    id: UUID
    merchant_id: UUID | None
    url: str
    kinds: list[str]
    version: int
    master_version: int
    old_valid_until: datetime | None


class WebhookMade(Struct, frozen=True):
    """A webhook with its secret, which is shown here only; null where the master key that made it was forgotten."""

    id: UUID
    merchant_id: UUID | None
    url: str
    kinds: list[str]
    version: int
    secret: str | None
    old_valid_until: datetime | None


class WebhookAnswer(Struct, frozen=True):
    """A webhook without its secret, and how it does."""

    id: UUID
    merchant_id: UUID | None
    url: str
    kinds: list[str]
    made_at: datetime
    old_valid_until: datetime | None
    disabled_at: datetime | None
    disabled_because: str | None
    failing_since: datetime | None


class DeliveryAnswer(Struct, frozen=True):
    """How far the telling of one event got."""

    event_id: UUID
    kind: str
    fact_id: UUID
    recorded_at: datetime
    state: str
    attempts: int
    tried_at: datetime | None
    next_at: datetime | None
    delivered_at: datetime | None
    last_status: int | None
    last_error: str | None


class WebhookNamed(Struct, frozen=True):
    """The webhook that it was about."""

    webhook_id: UUID


class EventQueued(Struct, frozen=True):
    """An event that will be sent within a few seconds."""

    webhook_id: UUID
    event_id: UUID


class EventsQueued(Struct, frozen=True):
    """How many events will be sent again."""

    webhook_id: UUID
    count: int


def routes(kinds: Collection[str]) -> tuple[Route, ...]:
    """Return the routes; `kinds` are the kinds of facts that this installation tells."""
    return (_making(frozenset(kinds)), *_KEEPING, *_SENDING)


async def _make(kinds: frozenset[str], uow: UnitOfWork, call: Call, body: MakeWebhook) -> WebhookKept:
    guard = Guard(development=call.settings.development)
    new = use.NewEndpoint(body.url, body.kinds, call.merchant_scope())
    return _kept(await use.make_endpoint(uow, call.keyring, guard, kinds, new))


async def _rotate(uow: UnitOfWork, call: Call, body: RotateWebhookSecret) -> WebhookKept:
    overlap = timedelta(seconds=body.overlap_seconds)
    return _kept(await use.rotate_secret(uow, call.keyring, call.id("webhook_id"), overlap, call.merchant_scope()))


async def _list(uow: UnitOfWork, call: Call) -> Listed[WebhookAnswer]:
    return Listed([_shown(one) for one in await store.endpoints(uow, call.merchant_scope())])


async def _remove(uow: UnitOfWork, call: Call, _: None) -> WebhookNamed:
    await use.remove_endpoint(uow, call.id("webhook_id"), call.merchant_scope())
    return WebhookNamed(call.id("webhook_id"))


async def _enable(uow: UnitOfWork, call: Call, _: None) -> WebhookNamed:
    await use.enable(uow, call.id("webhook_id"), call.merchant_scope())
    return WebhookNamed(call.id("webhook_id"))


async def _test(uow: UnitOfWork, call: Call, _: None) -> EventQueued:
    return EventQueued(call.id("webhook_id"), await use.send_test(uow, call.id("webhook_id"), call.merchant_scope()))


async def _resend(uow: UnitOfWork, call: Call, _: None) -> EventQueued:
    webhook_id, event_id = call.id("webhook_id"), call.id("event_id")
    await use.resend(uow, webhook_id, event_id, call.merchant_scope())
    return EventQueued(webhook_id, event_id)


async def _resend_failed(uow: UnitOfWork, call: Call, body: ResendFailed) -> EventsQueued:
    webhook_id = call.id("webhook_id")
    return EventsQueued(webhook_id, await use.resend_failed(uow, webhook_id, body.since, call.merchant_scope()))


async def _deliveries(uow: UnitOfWork, call: Call) -> Listed[DeliveryAnswer]:
    query: DeliveriesQuery = call.query
    after = keys_of(query.after, tuple[UUID])
    endpoint = await use.owned(uow, call.id("webhook_id"), call.merchant_scope())
    rows = await store.deliveries(uow, endpoint.id, after and after[0], query.limit + 1, state=query.state)
    return listed([_delivery(row) for row in rows], query.limit, lambda row: (row.event_id,))


def _reveal(call: Call, kept: WebhookKept) -> WebhookMade:
    secret = use.secret_text(call.keyring, kept.id, kept.version, kept.master_version)
    return WebhookMade(kept.id, kept.merchant_id, kept.url, kept.kinds, kept.version, secret, kept.old_valid_until)


def _kept(one: store.Endpoint) -> WebhookKept:
    return WebhookKept(
        one.id, one.merchant_id, one.url, one.kinds, one.secret_version, one.master_version, one.old_valid_until
    )


def _shown(one: store.Endpoint) -> WebhookAnswer:
    return WebhookAnswer(
        one.id,
        one.merchant_id,
        one.url,
        one.kinds,
        one.made_at,
        one.old_valid_until,
        one.disabled_at,
        one.disabled_because,
        one.failing_since,
    )


def _delivery(one: store.Delivery) -> DeliveryAnswer:
    return DeliveryAnswer(
        one.event_id,
        one.kind,
        one.fact_id,
        one.recorded_at,
        one.state,
        one.attempts,
        one.tried_at,
        one.next_at,
        one.delivered_at,
        one.last_status,
        one.last_error,
    )


_MADE = {
    "id": _ID,
    "merchant_id": None,
    "url": "https://pos.example.com/ringmain",
    "kinds": ["redemption", "sale"],
    "version": 1,
    "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwZIo2LaLaSw=",
    "old_valid_until": None,
}
_WEBHOOK = {
    "id": _ID,
    "merchant_id": None,
    "url": "https://pos.example.com/ringmain",
    "kinds": ["redemption", "sale"],
    "made_at": _AT,
    "old_valid_until": None,
    "disabled_at": None,
    "disabled_because": None,
    "failing_since": None,
}
_DELIVERY = {
    "event_id": _ID,
    "kind": "sale",
    "fact_id": _ID,
    "recorded_at": _AT,
    "state": "delivered",
    "attempts": 1,
    "tried_at": _AT,
    "next_at": None,
    "delivered_at": _AT,
    "last_status": 204,
    "last_error": None,
}
_SIGNED = (
    "Bodies are CloudEvents in JSON, signed as Standard Webhooks says; the secret is in this answer only. Events come "
    "at least once and in no promised order: tell doubles by `webhook-id`. Answer with 2xx within ten seconds."
)


def _making(kinds: frozenset[str]) -> Route:
    return Route(
        method="POST",
        path="/v1/webhooks",
        operation="make_webhook",
        summary="Be told of facts by HTTP",
        description=f"{_SIGNED} Kinds: {', '.join(sorted(kinds))}.",
        tag=_TAG,
        roles=_MANAGERS,
        transaction="write",
        handler=partial(_make, kinds),
        request=MakeWebhook,
        kept=WebhookKept,
        reveal=_reveal,
        response=WebhookMade,
        status=201,
        errors=(errors.WebhookAddressRefused, errors.WebhookKindUnknown, errors.TooManyWebhooks),
        example={"url": "https://pos.example.com/ringmain", "kinds": ["sale", "redemption"]},
        example_response=_MADE,
    )


_KEEPING: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/webhooks",
        operation="list_webhooks",
        summary="List webhooks, and how they do",
        tag=_TAG,
        roles=_MANAGERS,
        handler=_list,
        response=Listed[WebhookAnswer],
        example_response={"items": [_WEBHOOK], "next": None},
    ),
    Route(
        method="DELETE",
        path="/v1/webhooks/{webhook_id}",
        operation="remove_webhook",
        summary="Be told nothing more",
        tag=_TAG,
        roles=_MANAGERS,
        transaction="write",
        handler=_remove,
        response=WebhookNamed,
        errors=(errors.WebhookNotFound,),
        example_response={"webhook_id": _ID},
    ),
    Route(
        method="POST",
        path="/v1/webhooks/{webhook_id}/rotation",
        operation="rotate_webhook_secret",
        summary="Give a webhook a new secret; for a while both sign",
        tag=_TAG,
        roles=_MANAGERS,
        transaction="write",
        handler=_rotate,
        request=RotateWebhookSecret,
        kept=WebhookKept,
        reveal=_reveal,
        response=WebhookMade,
        errors=(errors.WebhookNotFound,),
        example={"overlap_seconds": _DAY_SECONDS},
        example_response=_MADE | {"version": 2, "old_valid_until": "2026-03-02T09:00:00Z"},
    ),
    Route(
        method="POST",
        path="/v1/webhooks/{webhook_id}/activation",
        operation="enable_webhook",
        summary="Switch a webhook on again that was disabled",
        tag=_TAG,
        roles=_MANAGERS,
        transaction="write",
        handler=_enable,
        response=WebhookNamed,
        errors=(errors.WebhookNotFound,),
        example_response={"webhook_id": _ID},
    ),
)

_SENDING: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/v1/webhooks/{webhook_id}/test-events",
        operation="test_webhook",
        summary="Send a test event",
        tag=_TAG,
        roles=_MANAGERS,
        transaction="write",
        handler=_test,
        response=EventQueued,
        status=201,
        errors=(errors.WebhookNotFound, errors.WebhookDisabled),
        example_response={"webhook_id": _ID, "event_id": _ID},
    ),
    Route(
        method="GET",
        path="/v1/webhooks/{webhook_id}/deliveries",
        operation="list_deliveries",
        summary="List what was told to a webhook in the last thirty days, the newest first",
        tag=_TAG,
        roles=_MANAGERS,
        reads_as="network",
        handler=_deliveries,
        query=DeliveriesQuery,
        response=Listed[DeliveryAnswer],
        errors=(errors.WebhookNotFound,),
        example_query={"state": "delivered"},
        example_response={"items": [_DELIVERY], "next": None},
    ),
    Route(
        method="POST",
        path="/v1/webhooks/{webhook_id}/deliveries/{event_id}/resend",
        operation="resend_event",
        summary="Send one event again, under the id it had",
        tag=_TAG,
        roles=_MANAGERS,
        transaction="write",
        handler=_resend,
        audited=Audited(object_kind="webhook", object_from="webhook_id", facts=("event_id",)),
        response=EventQueued,
        errors=(errors.WebhookNotFound, errors.WebhookDisabled, errors.WebhookDeliveryNotFound),
        example_response={"webhook_id": _ID, "event_id": _ID},
    ),
    Route(
        method="POST",
        path="/v1/webhooks/{webhook_id}/resends",
        operation="resend_failed_events",
        summary="Send everything again that failed or was missed since a time",
        tag=_TAG,
        roles=_MANAGERS,
        transaction="write",
        handler=_resend_failed,
        request=ResendFailed,
        response=EventsQueued,
        errors=(errors.WebhookNotFound, errors.WebhookDisabled),
        example={"since": _AT},
        example_response={"webhook_id": _ID, "count": 12},
    ),
)
