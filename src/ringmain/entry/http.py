"""The HTTP door: the API under /v1, its description, health, readiness and metrics; pages are mounted beside it."""

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from importlib.metadata import version
from typing import Any

import msgspec
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from ringmain.campaign import api as campaign
from ringmain.campaign.http import ROUTES as CAMPAIGN_ROUTES
from ringmain.entry.webhook_events import sources
from ringmain.kit.db import Database
from ringmain.kit.garbage import spare_what_is_loaded
from ringmain.kit.http import Api, Call, DoorLimits, Limit, Route
from ringmain.kit.http.audit_routes import ROUTES as AUDIT_ROUTES
from ringmain.kit.http.observe import AccessLog
from ringmain.kit.http.openapi import document
from ringmain.kit.pure.errors import Unavailable
from ringmain.kit.secrets import Keyring
from ringmain.kit.settings import Settings
from ringmain.kit.webhooks.http import routes as webhook_routes
from ringmain.loop.http import ROUTES as LOOP_ROUTES
from ringmain.match.http import routes as match_routes
from ringmain.member.api import OneTimeCodes
from ringmain.member.http import routes as member_routes
from ringmain.message.api import code_sender
from ringmain.message.http import ROUTES as MESSAGE_ROUTES
from ringmain.need.http import ROUTES as NEED_ROUTES
from ringmain.network.api import Authenticator
from ringmain.network.http import ROUTES as NETWORK_ROUTES
from ringmain.profile.http import ROUTES as PROFILE_ROUTES
from ringmain.sale.api import TillDoor
from ringmain.sale.http import routes as till_routes
from ringmain.scene.http import ROUTES as SCENE_ROUTES
from ringmain.segment.http import ROUTES as SEGMENT_ROUTES
from ringmain.settlement.http import ROUTES as SETTLEMENT_ROUTES
from ringmain.simulate.api import street
from ringmain.voucher.http import ROUTES as VOUCHER_ROUTES

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]
Answer = tuple[int, str, bytes]

_TEXT = "text/plain; charset=utf-8"
_READY_SECONDS = 2.0
_DESCRIPTION = """\
Every write takes an `Idempotency-Key`: a retry with the same key and content gets the first answer, for ever.
Errors are `application/problem+json` with a stable `code` and a sentence that says what to do next. Unknown fields are
refused. Lists are paged: pass `next` as `after`. Money is an integer of minor units with a currency; times are RFC 3339
with a zone. Numbers of payment cards are refused in every field."""


def all_routes(door: TillDoor) -> tuple[Route, ...]:
    """Return every route of the API; the hot ones of the till go through `door`."""
    return (
        *NETWORK_ROUTES,
        *member_routes(_codes),
        *MESSAGE_ROUTES,
        *SCENE_ROUTES,
        *VOUCHER_ROUTES,
        *till_routes(door),
        *PROFILE_ROUTES,
        *SEGMENT_ROUTES,
        *SETTLEMENT_ROUTES,
        *NEED_ROUTES,
        *match_routes(campaign.first_found),
        *CAMPAIGN_ROUTES,
        *LOOP_ROUTES,
        *AUDIT_ROUTES,
        *webhook_routes([source.kind for source in sources()]),
    )


def _codes(call: Call) -> OneTimeCodes:
    """Return the way in which one-time codes reach their phones."""
    return code_sender(call.settings, call.keyring, kept=call.principal.network_id == street.NETWORK_ID)


def described_routes(settings: Settings) -> tuple[Route, ...]:
    """Return the routes for whoever only describes them: their door leads to a database that is never opened."""
    return all_routes(TillDoor(Database(""), Keyring({1: bytes(32)}), coalesce=settings.coalesce))


def openapi(routes: Sequence[Route] | None = None) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the routes, by default of all, as JSON-able data."""
    routes = described_routes(Settings()) if routes is None else routes
    return document(routes, title="Ringmain", version=version("ringmain"), description=_DESCRIPTION)


class App:
    """One ASGI application for everything that this installation answers."""

    def __init__(
        self,
        api: Api,
        door: TillDoor,
        database: Database,
        authenticator: Authenticator,
        log: AccessLog,
        pages: AsgiApp | None,
    ) -> None:
        self.api = api
        self.door = door
        self._database = database
        self._authenticator = authenticator
        self._log = log
        self._pages = pages
        self._openapi = b""
        self._own: dict[str, Callable[[Scope], Awaitable[Answer]]] = {
            "/v1/openapi.json": self._describe,
            "/healthz": self._live,
            "/readyz": self._ready,
            "/metrics": self._metrics,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or live through the server's life."""
        if scope["type"] == "lifespan":
            await self._live_through(receive, send)
            return
        path = scope["path"]
        own = self._own.get(path) if scope["type"] == "http" else None
        if own is not None:
            await _send(send, scope, await own(scope))
        elif scope["type"] == "http" and (path.startswith("/v1/") or self._pages is None):
            await self.api(scope, receive, send)
        elif self._pages is not None:
            await self._pages(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _live_through(self, receive: Receive, send: Send) -> None:
        noting: asyncio.Task[None] | None = None
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                spare_what_is_loaded()
                noting = asyncio.create_task(self._authenticator.keep_noting())
                await send({"type": "lifespan.startup.complete"})
            else:
                if noting is not None:
                    noting.cancel()
                await self.door.close()
                await self._authenticator.note_uses()
                self._log.flush()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _describe(self, _: Scope) -> Answer:
        self._openapi = self._openapi or msgspec.json.encode(openapi(self.api.table.routes))
        return 200, "application/json", self._openapi

    async def _live(self, _: Scope) -> Answer:
        return 200, _TEXT, b"alive\n"

    async def _ready(self, _: Scope) -> Answer:
        """Say whether the database answers: only then is it worth sending requests here."""
        try:
            async with asyncio.timeout(_READY_SECONDS), self._database.unit(None) as uow:
                await uow.now()
        except (Unavailable, TimeoutError):
            return 503, _TEXT, b"the database does not answer\n"
        return 200, _TEXT, b"ready\n"

    async def _metrics(self, scope: Scope) -> Answer:
        """Give the metrics to this machine itself, and to whoever brings an operator's key."""
        if not _is_local(scope):
            authorization = dict(scope["headers"]).get(b"authorization", b"")
            session = await self.api.sessions.look_up(authorization)
            if session is None:
                return 401, _TEXT, b"Send an operator's API key as a bearer token.\n"
            if session.principal.role != "operator":
                return 403, _TEXT, b"Only operators may read metrics.\n"
        return 200, CONTENT_TYPE_LATEST, generate_latest()


def build_app(
    settings: Settings,
    database: Database,
    keyring: Keyring,
    extra_routes: Sequence[Route] = (),
    *,
    door: TillDoor | None = None,
    pages: AsgiApp | None = None,
    limits: DoorLimits | None = None,
    access_log: AccessLog | None = None,
) -> App:
    """Wire the door. `pages` answers every path outside /v1, /healthz, /readyz and /metrics (Starlette will do).

    The database is opened and closed by the caller. The application takes part in the server's lifespan: it notes the
    last use of keys in the background.
    """
    authenticator = Authenticator(database)
    door = door or TillDoor(database, keyring, coalesce=settings.coalesce)
    log = access_log or AccessLog()
    api = Api(
        (*all_routes(door), *extra_routes),
        database=database,
        keyring=keyring,
        authenticate=authenticator,
        settings=settings,
        limits=limits or DoorLimits(per_key=Limit(settings.requests_per_second)),
        access_log=log,
    )
    return App(api, door, database, authenticator, log, pages)


def _is_local(scope: Scope) -> bool:
    """Say whether the request came from this machine, and not through a proxy that runs on it."""
    client = scope.get("client")
    if client is None or any(name in (b"x-forwarded-for", b"forwarded") for name, _ in scope["headers"]):
        return False
    try:
        return ipaddress.ip_address(client[0]).is_loopback
    except ValueError:
        return False


async def _send(send: Send, scope: Scope, answer: Answer) -> None:
    status, media_type, body = answer
    headers = [(b"content-type", media_type.encode()), (b"content-length", b"%d" % len(body))]
    if scope["method"] not in ("GET", "HEAD"):
        status, body, headers = 405, b"", [(b"allow", b"GET, HEAD"), (b"content-length", b"0")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
