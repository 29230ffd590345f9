"""The door of the API: a lean ASGI application that runs the routes of one table."""

import re
import time
import traceback
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec
import structlog

from ringmain.kit.db import Database
from ringmain.kit.http.authentication import Authenticate, Session, Sessions
from ringmain.kit.http.body import BodyDecoder, ClientGone, Receive, check_texts, decode_query, read_body
from ringmain.kit.http.limits import Bucket, Buckets, Limit
from ringmain.kit.http.observe import AccessLine, AccessLog, RequestIds, RequestMetrics
from ringmain.kit.http.problem import (
    MEDIA_TYPE,
    IdempotencyKeyInvalid,
    IdempotencyKeyMissing,
    InternalError,
    MediaTypeNotSupported,
    MethodNotAllowed,
    NotAuthenticated,
    NotAvailable,
    NotFound,
    RoleNotAllowed,
    TooManyRequests,
    ValueNotStorable,
    encoded,
    problem_of,
)
from ringmain.kit.http.route import Call, Reply, Route, SignedContent
from ringmain.kit.http.table import Table
from ringmain.kit.http.transactions import Run, not_storable, runner, transient
from ringmain.kit.pure.errors import RuleBroken, Unavailable

if TYPE_CHECKING:
    from ringmain.kit.secrets import Keyring

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

_KEY = re.compile(rb"[!-~]{1,255}\Z")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
_JSON = b"application/json"
_NO_STORE = (b"cache-control", b"no-store")
_NO_SNIFF = (b"x-content-type-options", b"nosniff")
_RETRY_SECONDS = 1


@dataclass(frozen=True, slots=True)
class DoorLimits:
    """How much the door lets in, and how long it believes a key."""

    per_key: Limit = field(default_factory=lambda: Limit(2_000))
    # Look-ups of keys that turn out wrong; a key of 256 bits is not guessed, but asking costs the database something.
    wrong_keys: Limit = field(default_factory=lambda: Limit(100, per="address"))
    key_seconds: float = 5.0


class _Endpoint:
    """A route with everything that can be prepared before the first request."""

    __slots__ = ("body", "buckets", "ids", "names", "needs_key", "roles", "route", "run")

    def __init__(self, route: Route) -> None:
        self.route = route
        self.run: Run = runner(route)
        self.roles = route.roles
        self.names = route.parameters
        self.ids = tuple(place for place, name in enumerate(self.names) if name.endswith("_id"))
        self.needs_key = route.needs_key
        self.buckets = tuple(Buckets(limit) for limit in route.limits)
        takes_body = route.request is not None or route.batch_of is not None
        self.body = BodyDecoder(route) if takes_body else None


class _Visit:
    """What is known so far of the request that is being answered."""

    __slots__ = ("code", "operation", "request_id", "session", "started")

    def __init__(self, request_id: str) -> None:
        self.request_id = request_id
        self.started = time.monotonic()
        self.operation = "none"
        self.session: Session | None = None
        self.code = ""


class Api:
    """Answers every request under `/v1`; wiring hands it the routes and what handlers need."""

    def __init__(
        self,
        routes: Sequence[Route],
        *,
        database: Database,
        keyring: "Keyring",
        authenticate: Authenticate,
        settings: Any = None,
        limits: DoorLimits | None = None,
        access_log: AccessLog | None = None,
    ) -> None:
        limits = limits or DoorLimits()
        self.table = Table(routes)
        self.sessions = Sessions(authenticate, limits.per_key, seconds=limits.key_seconds)
        self._endpoints = {route.operation: _Endpoint(route) for route in self.table.routes}
        self._database = database
        self._keyring = keyring
        self._settings = settings
        self._wrong_keys = Buckets(limits.wrong_keys)
        self._log = access_log or AccessLog()
        self._metrics = RequestMetrics()
        self._ids = RequestIds()
        self._encoder = msgspec.json.Encoder()
        per_key = limits.per_key
        self._policy = (b"ratelimit-policy", b'"key";q=%d;w=%d' % (per_key.quota, per_key.seconds))
        self._window = round(per_key.seconds)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        visit = _Visit(self._ids.next())
        try:
            status, body, headers = await self._answer(visit, scope, receive)
        except ClientGone:
            return
        except RuleBroken as error:
            status, body, headers = _refusal(visit, error)
        except Unavailable:
            status, body, headers = _refusal(visit, NotAvailable())
        except Exception as error:  # noqa: BLE001 (the door answers whatever happened behind it)
            status, body, headers = _refusal(visit, _unforeseen(visit, error))
        self._stamp(visit, headers, len(body))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        self._note(visit, scope, status)

    async def _answer(self, visit: _Visit, scope: Scope, receive: Receive) -> tuple[int, bytes, Headers]:
        route, values = self.table.find(scope["method"], scope["path"])
        visit.operation = route.operation
        endpoint = self._endpoints[route.operation]
        authorization = key = media_type = b""
        length = 0
        for name, value in scope["headers"]:
            if name == b"authorization":
                authorization = value
            elif name == b"idempotency-key":
                key = value
            elif name == b"content-type":
                media_type = value
            elif name == b"content-length":
                length = int(value)
        client = scope.get("client")
        address = client[0] if client else ""
        session = await self._admit(visit, endpoint, authorization, address)
        call = Call(
            self._database,
            self._keyring,
            self._settings,
            visit.request_id,
            address,
            route,
            None if session is None else session.principal,
        )
        if values:
            call.path = _path(endpoint, values)
        if endpoint.needs_key:
            call.idempotency_key = _checked_key(key)
        query = scope["query_string"]
        if query or route.query is not None:
            call.query = decode_query(route.query, query)
        if endpoint.body is not None:
            if media_type != _JSON:
                _check_media_type(media_type)
            content = await read_body(receive, length, endpoint.body.limit)
            call.signed = _signed(content, scope) if route.signed else None
            call.body = endpoint.body.decode(content)
        answer = await endpoint.run(call)
        if isinstance(answer, Reply):
            return route.status, answer.body, [(b"content-type", answer.media_type.encode()), *answer.headers]
        body = answer if type(answer) is bytes else self._encoder.encode(answer)
        return route.status, body, [(b"content-type", _JSON)]

    async def _admit(self, visit: _Visit, endpoint: _Endpoint, authorization: bytes, address: str) -> Session | None:
        """Return whose key this is, within its role and its rate; None at a public route."""
        session: Session | None = None
        if endpoint.roles:
            now = visit.started
            session = self.sessions.known(authorization, now) or await self._look_up(authorization, address)
            visit.session = session
            if not session.bucket.take(self.sessions.limit, now):
                raise _too_many(session.bucket, self.sessions.limit)
            if session.principal.role not in endpoint.roles:
                raise RoleNotAllowed(roles=sorted(endpoint.roles))
        for buckets in endpoint.buckets:
            caller: object = address
            if buckets.limit.per == "all":
                caller = None
            elif buckets.limit.per == "key" and session is not None:
                caller = session.principal.principal_id
            empty = buckets.take(caller)
            if empty is not None:
                raise _too_many(empty, buckets.limit)
        return session

    async def _look_up(self, authorization: bytes, address: str) -> Session:
        if not authorization:
            raise NotAuthenticated
        wrong = self._wrong_keys.of(address)
        if wrong.left < 1.0 and not self.sessions.seen(authorization):
            # Let the bucket fill again by asking it; a key that was good a moment ago is not held up by others.
            empty = self._wrong_keys.take(address)
            if empty is not None:
                raise _too_many(empty, self._wrong_keys.limit)
        session = await self.sessions.look_up(authorization)
        if session is None:
            self._wrong_keys.take(address)
            raise NotAuthenticated
        return session

    def _stamp(self, visit: _Visit, headers: Headers, length: int) -> None:
        headers.append((b"content-length", b"%d" % length))
        headers.append((b"x-request-id", visit.request_id.encode()))
        headers.append(_NO_STORE)
        headers.append(_NO_SNIFF)
        session = visit.session
        if session is not None:
            headers.append(self._policy)
            headers.append((b"ratelimit", b'"key";r=%d;t=%d' % (max(0, session.bucket.left), self._window)))

    def _note(self, visit: _Visit, scope: Scope, status: int) -> None:
        seconds = time.monotonic() - visit.started
        self._metrics.add(visit.operation, status, seconds)
        principal = visit.session.principal if visit.session is not None else None
        self._log.add(
            AccessLine(
                "request",
                round(time.time(), 3),
                visit.request_id,
                scope["method"],
                visit.operation,
                status,
                round(seconds * 1000, 3),
                principal.role if principal is not None else "",
                principal.network_id if principal is not None else None,
                principal.principal_id if principal is not None else None,
                visit.code,
            )
        )


def _signed(content: bytes, scope: Scope) -> SignedContent:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    return SignedContent(content, headers)


def _path(endpoint: _Endpoint, values: tuple[str, ...]) -> dict[str, str]:
    """Return the parameters of the path; ids are in their canonical form, and what is no id is not found."""
    for place in endpoint.ids:
        if not _UUID.match(values[place]):
            raise NotFound
    if len(endpoint.ids) < len(values):
        check_texts([value for place, value in enumerate(values) if place not in endpoint.ids])
    return {
        name: value.lower() if place in endpoint.ids else value
        for place, (name, value) in enumerate(zip(endpoint.names, values, strict=True))
    }


def _checked_key(key: bytes) -> str:
    if not key:
        raise IdempotencyKeyMissing
    if not _KEY.match(key):
        raise IdempotencyKeyInvalid
    text = key.decode("ascii")
    check_texts((text,))
    return text


def _check_media_type(media_type: bytes) -> None:
    kind, _, parameters = media_type.lower().partition(b";")
    charset = parameters.strip().removeprefix(b"charset=").strip(b'"')
    if kind.strip() != _JSON or charset not in (b"", b"utf-8", b"utf8"):
        raise MediaTypeNotSupported


def _too_many(bucket: Bucket, limit: Limit) -> TooManyRequests:
    return TooManyRequests(retry_after_seconds=bucket.wait_seconds(limit))


def _refusal(visit: _Visit, error: RuleBroken) -> tuple[int, bytes, Headers]:
    visit.code = error.code
    headers: Headers = [(b"content-type", MEDIA_TYPE)]
    if isinstance(error, MethodNotAllowed):
        headers.append((b"allow", ", ".join(error.facts.get("allow", ())).encode()))
    elif isinstance(error, NotAuthenticated):
        headers.append((b"www-authenticate", b'Bearer realm="ringmain"'))
    elif error.status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        headers.append((b"retry-after", b"%d" % error.facts.get("retry_after_seconds", _RETRY_SECONDS)))
    return int(error.status), encoded(problem_of(error, visit.request_id)), headers


def _unforeseen(visit: _Visit, error: Exception) -> RuleBroken:
    """Log an error by its kind and place, never by its text, which may quote what people sent."""
    if transient(error):
        return NotAvailable()
    places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    structlog.get_logger("ringmain.http").error(
        "request_failed",
        request=visit.request_id,
        operation=visit.operation,
        kind=type(error).__qualname__,
        sqlstate=getattr(error, "sqlstate", None),
        places=places[-12:],
    )
    return ValueNotStorable() if not_storable(error) else InternalError()
