"""What providers tell of the messages that they took: signed by Standard Webhooks, many at once."""

from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta, Struct
from standardwebhooks import Webhook, WebhookVerificationError

from ringmain.kit.http import PUBLIC, Call, Limit, Request, Route, Time, persist
from ringmain.message import api
from ringmain.message.errors import CallbackNotSigned

_MOST = 100
ReportedWord = Literal["sent", "delivered", "opened", "complained", "failed", "bounced"]
ReasonWord = Annotated[str, Meta(pattern=r"^[a-z_]{1,40}\Z", description="A word: no sentence, no address.")]
OutcomeWord = Literal["new", "repeated", "late", "unknown"]


class DeliveryReport(Request, frozen=True):
    """What became of one message. `sent`: the provider took it. `hard`: it can never arrive by this way."""

    network_id: UUID
    message_id: UUID
    state: ReportedWord
    happened_at: Time
    reason: ReasonWord | None = None
    hard: bool = False
    provider_reference: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    provider_code: Annotated[int, Meta(ge=-(2**31), lt=2**31)] | None = None


class DeliveryReports(Request, frozen=True):
    """What became of some messages, in any order."""

    reports: Annotated[list[DeliveryReport], Meta(min_length=1, max_length=_MOST)]


class ReportOutcome(Struct, frozen=True):
    """What a report was: news, told before, told too late to matter, or of no message of ours."""

    message_id: UUID
    outcome: OutcomeWord


class ReportOutcomes(Struct, frozen=True):
    """One outcome for each report, in their order."""

    outcomes: list[ReportOutcome]


async def _take(call: Call, body: DeliveryReports) -> ReportOutcomes:
    _check(call)
    by_network: dict[UUID, list[int]] = {}
    for place, one in enumerate(body.reports):
        by_network.setdefault(one.network_id, []).append(place)
    outcomes: dict[int, api.Verdict] = {}
    for network_id in sorted(by_network):
        places = by_network[network_id]
        reports = [_report(body.reports[place]) for place in places]

        async def take(network_id: UUID = network_id, reports: list[api.Report] = reports) -> list[api.Verdict]:
            async with call.database.unit(network_id) as uow:
                return await api.take_reports(uow, call.keyring, reports)

        outcomes |= dict(zip(places, await persist(take), strict=True))
    return ReportOutcomes(
        [ReportOutcome(one.message_id, outcomes[place].value) for place, one in enumerate(body.reports)]
    )


def _check(call: Call) -> None:
    """Raise `CallbackNotSigned` where the bytes are not signed with the secret, or were signed at another time."""
    secret = call.settings.message_callback_secret
    if secret is None:
        raise CallbackNotSigned
    assert call.signed is not None
    try:
        Webhook(secret.get_secret_value()).verify(call.signed.body, dict(call.signed.headers))
    except (WebhookVerificationError, ValueError):
        raise CallbackNotSigned from None


def _report(one: DeliveryReport) -> api.Report:
    return api.Report(
        message_id=one.message_id,
        state=api.State(one.state),
        happened_at=one.happened_at,
        reason=one.reason,
        hard=one.hard,
        provider_reference=one.provider_reference,
        provider_code=one.provider_code,
    )


_MESSAGE = "018f4e3a-7c00-7a10-8000-000000000021"
_EXAMPLE: dict[str, Any] = {
    "reports": [
        {
            "network_id": "018f4e3a-7c00-7a10-8000-0000000000ff",
            "message_id": _MESSAGE,
            "state": "bounced",
            "happened_at": "2026-03-01T10:00:00Z",
            "reason": "address_unknown",
            "hard": True,
        }
    ]
}

ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/v1/messages/deliveries",
        operation="report_deliveries",
        summary="Tell what became of messages",
        description="For providers of any channel, signed as Standard Webhooks describes (`webhook-id`, "
        "`webhook-timestamp` within five minutes, `webhook-signature`). Reports may come twice and in any order. What "
        "failed hard goes by the person's next channel; a bounce or a wrong address stops the channel.",
        tag="messages",
        roles=PUBLIC,
        public_because="a provider has no key; the signature with RINGMAIN_MESSAGE_CALLBACK_SECRET proves who calls",
        handler=_take,
        request=DeliveryReports,
        response=ReportOutcomes,
        transaction="own",
        signed=True,
        keyless_because="a report that is told again changes nothing",
        errors=(CallbackNotSigned,),
        limit=Limit(3_000, seconds=60, per="address"),
        example=_EXAMPLE,
        example_response={"outcomes": [{"message_id": _MESSAGE, "outcome": "new"}]},
    ),
)
