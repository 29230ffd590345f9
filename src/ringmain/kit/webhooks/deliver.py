"""The courier: sends what is due, keeps what became of it, and leaves receivers in peace that do not answer."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import httpx2 as httpx
import structlog
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from standardwebhooks import Webhook

from ringmain.kit.db import Database
from ringmain.kit.metrics import WEBHOOK_ATTEMPTS
from ringmain.kit.secrets import Keyring
from ringmain.kit.webhooks import store
from ringmain.kit.webhooks.errors import WebhookAddressRefused
from ringmain.kit.webhooks.events import Source
from ringmain.kit.webhooks.guard import Guard
from ringmain.kit.webhooks.manage import secret_text
from ringmain.kit.webhooks.model import Outcome, Schedule, message_id

_log = structlog.get_logger(__name__)

TIMEOUT_SECONDS = 10.0
_LARGEST_ANSWER_BYTES = 16 * 1024
_AT_ONCE = 32
_IN_FLIGHT = 8
_LEASE = timedelta(seconds=120)
_REST_SECONDS = 1.0
_KEPT = timedelta(days=30)
_TIDY_SECONDS = 3_600.0
_FORMAT = JSONFormat()


class Courier:
    """Delivers the events of all networks; endpoints never wait for each other.

    At least once: an attempt is taken under a lease, so that whatever was on its way when a process died is sent again.
    """

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        sources: Sequence[Source],
        *,
        guard: Guard | None = None,
        schedule: Schedule | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._hidden = {source.kind: source.hidden for source in sources}
        self._guard = guard or Guard()
        self._schedule = schedule or Schedule()
        self._timeout = timeout_seconds
        self._busy: dict[UUID, asyncio.Task[int]] = {}

    async def run(self, networks: Callable[[], Awaitable[Sequence[UUID]]], stop: asyncio.Event) -> None:
        """Deliver until `stop` is set, through errors and restarts of the database."""
        tidy_at = 0.0
        loop = asyncio.get_running_loop()
        while not stop.is_set():
            try:
                ids = await networks()
                for network_id in ids:
                    await self.start(network_id)
                if loop.time() >= tidy_at:
                    tidy_at = loop.time() + _TIDY_SECONDS
                    await self._tidy(ids)
            except Exception as error:  # noqa: BLE001 (the next round tries again)
                _log.error("webhooks cannot be delivered", exc_info=error)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _REST_SECONDS)
        for task in self._busy.values():
            task.cancel()
        await asyncio.gather(*self._busy.values(), return_exceptions=True)

    async def start(self, network_id: UUID) -> None:
        """Begin to deliver what is due in a network, to each endpoint that nobody is busy with."""
        async with self._database.unit(network_id, role="worker") as uow:
            found = await store.due(uow, await uow.now())
        for endpoint_id in found:
            if endpoint_id not in self._busy:
                task = asyncio.create_task(self._drain(network_id, endpoint_id))
                self._busy[endpoint_id] = task
                task.add_done_callback(partial(self._done, endpoint_id))

    async def drain(self, network_id: UUID) -> int:
        """Deliver what is due in a network now, and return how many attempts were made."""
        async with self._database.unit(network_id, role="worker") as uow:
            found = await store.due(uow, await uow.now())
        return sum(await asyncio.gather(*(self._drain(network_id, id_) for id_ in found)))

    def _done(self, endpoint_id: UUID, task: asyncio.Task[int]) -> None:
        self._busy.pop(endpoint_id, None)
        if not task.cancelled() and task.exception() is not None:
            _log.error("a webhook cannot be delivered to", webhook_id=str(endpoint_id), exc_info=task.exception())

    async def _drain(self, network_id: UUID, endpoint_id: UUID) -> int:
        """Send batch after batch to one endpoint, until nothing is due or nothing gets through."""
        attempts = 0
        # No proxy of the environment, no redirects, no cookies of another receiver: a client for this endpoint alone.
        async with httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=self._timeout) as client:
            while True:
                async with self._database.unit(network_id, role="worker") as uow:
                    now = await uow.now()
                    endpoint = await store.endpoint(uow, endpoint_id)
                    if endpoint is None or endpoint.disabled_at is not None:
                        return attempts
                    # Who does not answer is asked with one event, not with all that wait.
                    most = 1 if endpoint.failures else _AT_ONCE
                    claimed = await store.claim(uow, endpoint_id, now, _LEASE, most)
                if not claimed:
                    return attempts
                attempts += len(claimed)
                gate = asyncio.Semaphore(_IN_FLIGHT)
                outcomes = await asyncio.gather(
                    *(self._attempt(client, gate, network_id, endpoint, one) for one in claimed)
                )
                if not await self._keep(network_id, endpoint, list(zip(claimed, outcomes, strict=True))):
                    return attempts

    async def _attempt(
        self,
        client: httpx.AsyncClient,
        gate: asyncio.Semaphore,
        network_id: UUID,
        endpoint: store.Endpoint,
        claimed: store.Claimed,
    ) -> Outcome:
        async with gate:
            hidden = self._hidden.get(claimed.kind, frozenset()) if endpoint.merchant_id else frozenset[str]()
            body = body_of(network_id, claimed, hidden)
            at = datetime.now(tz=UTC)
            headers = self._signed(endpoint, message_id(claimed.event_id), at, body)
            outcome = await post(client, self._guard, endpoint.url, body, headers, self._timeout)
        WEBHOOK_ATTEMPTS.labels("delivered" if outcome.delivered else "failed").inc()
        return outcome

    def _signed(self, endpoint: store.Endpoint, id_: str, at: datetime, body: bytes) -> dict[str, str]:
        """Return the headers of Standard Webhooks; during a rotation both secrets sign."""
        versions = [(endpoint.secret_version, endpoint.master_version)]
        old_until = endpoint.old_valid_until
        if endpoint.old_secret_version and endpoint.old_master_version and old_until is not None and old_until > at:
            versions.append((endpoint.old_secret_version, endpoint.old_master_version))
        secrets = [secret_text(self._keyring, endpoint.id, *version) for version in versions]
        signatures = [Webhook(secret).sign(id_, at, body.decode()) for secret in secrets if secret is not None]
        return {
            "webhook-id": id_,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": " ".join(signatures),
            "content-type": f"{JSONFormat.CONTENT_TYPE}; charset=utf-8",
            "user-agent": "Ringmain",
        }

    async def _keep(
        self, network_id: UUID, endpoint: store.Endpoint, done: Sequence[tuple[store.Claimed, Outcome]]
    ) -> bool:
        """Keep the outcomes; say whether to go on with this endpoint at once."""
        through = any(outcome.delivered for _, outcome in done)
        async with self._database.unit(network_id, role="worker") as uow:
            now = await uow.now()
            results = [self._result(now, claimed, outcome) for claimed, outcome in done]
            await store.keep_results(uow, endpoint.id, now, results)
            if any(outcome.gone for _, outcome in done):
                await store.set_disabled(uow, endpoint.id, now, "gone")
            elif through:
                if endpoint.failures:
                    await store.set_failing(uow, endpoint.id, 0, None, None)
            elif endpoint.failing_since is not None and now - endpoint.failing_since >= self._schedule.give_up:
                await store.set_disabled(uow, endpoint.id, now, "no_answer")
                _log.warning("webhook disabled", network_id=str(network_id), webhook_id=str(endpoint.id))
            else:
                failures = endpoint.failures + 1
                quiet = now + self._schedule.pause(failures, random.random())  # noqa: S311 (no secret)
                await store.set_failing(uow, endpoint.id, failures, endpoint.failing_since or now, quiet)
        return through

    def _result(self, now: datetime, claimed: store.Claimed, outcome: Outcome) -> store.Result:
        next_at: datetime | None = None
        if not outcome.delivered and not outcome.gone:
            next_at = now + self._schedule.pause(claimed.attempts, random.random())  # noqa: S311 (no secret)
            if next_at >= claimed.give_up_at:
                next_at = None
        return store.Result(claimed.event_id, outcome.status, outcome.error, outcome.delivered, next_at)

    async def _tidy(self, networks: Sequence[UUID]) -> None:
        for network_id in networks:
            async with self._database.unit(network_id, role="worker") as uow:
                await store.forget_before(uow, await uow.now() - _KEPT)


def body_of(network_id: UUID, claimed: store.Claimed, hidden: frozenset[str]) -> bytes:
    """Return an event as a CloudEvent in JSON: the same bytes at every attempt."""
    data: dict[str, Any] = {name: value for name, value in claimed.data.items() if name not in hidden}
    event = CloudEvent(
        {
            "id": message_id(claimed.event_id),
            "source": f"/networks/{network_id}",
            "type": f"ringmain.{claimed.kind}",
            "subject": str(claimed.fact_id),
            "time": claimed.recorded_at.astimezone(UTC),
            "datacontenttype": "application/json",
        },
        data,
    )
    return _FORMAT.write(event)


async def post(
    client: httpx.AsyncClient, guard: Guard, url: str, body: bytes, headers: Mapping[str, str], timeout_seconds: float
) -> Outcome:
    """Send a body to a checked address; whatever happens is an outcome. The answer's content is thrown away."""
    try:
        async with asyncio.timeout(timeout_seconds):
            target = await guard.target(url)
            extensions = {"sni_hostname": target.host} if target.parts.scheme == "https" else {}
            sent = {**headers, "host": target.host_header}
            async with client.stream("POST", target.url, content=body, headers=sent, extensions=extensions) as answer:
                read = 0
                # Raw: a small answer that unpacks to a large one stays small.
                async for part in answer.aiter_raw():
                    read += len(part)
                    if read > _LARGEST_ANSWER_BYTES:
                        break
                return Outcome(answer.status_code, "" if answer.is_success else "status")
    except WebhookAddressRefused:
        return Outcome(None, "address_refused")
    except (TimeoutError, httpx.TimeoutException):
        return Outcome(None, "timeout")
    except (OSError, httpx.HTTPError, httpx.InvalidURL, UnicodeError):
        return Outcome(None, "connection")
