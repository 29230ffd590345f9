"""The route: one declaration from which dispatch, roles, decoding and the OpenAPI document are made."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from msgspec import Struct

from ringmain.kit.db import Database
from ringmain.kit.http.limits import Limit
from ringmain.kit.http.problem import NotAuthenticated, NotFound
from ringmain.kit.pure.errors import RuleBroken

if TYPE_CHECKING:
    from ringmain.kit.secrets import Keyring

Role = Literal["operator", "merchant", "terminal", "analyst"]
ROLES: tuple[Role, ...] = ("operator", "merchant", "terminal", "analyst")
EVERYBODY: frozenset[Role] = frozenset(ROLES)
PUBLIC: frozenset[Role] = frozenset()
Transaction = Literal["read", "write", "own"]

BODY_LIMIT_BYTES = 256 * 1024
BATCH_LIMIT_BYTES = 8 * 1024 * 1024
BATCH_ITEMS = 1_000


class Principal(Struct, frozen=True, kw_only=True):
    """Who is calling: a stable identity (terminal, merchant, key holder) that outlives the rotation of its key."""

    network_id: UUID
    principal_id: UUID
    role: Role
    merchant_id: UUID | None = None
    shop_id: UUID | None = None
    terminal_id: UUID | None = None
    staff_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class SignedContent:
    """What was sent to a route that is `signed`: the bytes as they came, and the headers by lower-case names."""

    body: bytes
    headers: Mapping[str, str]


@dataclass(slots=True)
class Call:
    """One request on its way to a handler."""

    database: Database
    keyring: "Keyring"
    settings: Any
    request_id: str
    address: str
    route: "Route"
    caller: Principal | None
    path: dict[str, str] = field(default_factory=dict)
    query: Any = None
    body: Any = None
    idempotency_key: str | None = None
    payload_hash: bytes = b""
    signed: SignedContent | None = None

    @property
    def principal(self) -> Principal:
        """Who is calling; only public routes have nobody."""
        if self.caller is None:
            raise NotAuthenticated
        return self.caller

    def id(self, name: str) -> UUID:
        """Return a path parameter that ends in `_id`; raises `NotFound` where it is no UUID."""
        try:
            return UUID(self.path[name])
        except ValueError as error:
            raise NotFound from error

    def merchant_scope(self) -> UUID | None:
        """Return the only merchant this caller may touch, or None for operators and analysts (the whole network)."""
        principal = self.principal
        if principal.role in ("merchant", "terminal"):
            if principal.merchant_id is None:
                raise NotFound
            return principal.merchant_id
        return None

    def allow_merchant(self, merchant_id: UUID) -> None:
        """Raise `NotFound` where the caller belongs to another merchant."""
        own = self.merchant_scope()
        if own is not None and own != merchant_id:
            raise NotFound


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that is not JSON, or that sets headers (lower-case names)."""

    body: bytes
    media_type: str
    headers: tuple[tuple[bytes, bytes], ...] = ()


class BadItem(Struct, frozen=True):
    """An item of a batch that could not be read; it gets its own answer, and the others go on."""

    error: RuleBroken


@dataclass(frozen=True, slots=True)
class Audited:
    """How the audit log names what a route does, where its defaults do not say it well (see `kit.http.auditing`).

    `object_kind` and `object_from`: what it was done to, and the field of the answer, the body or the path with its id;
    `facts`: more fields to keep. Never name a field that holds personal data or free text.
    """

    object_kind: str = ""
    object_from: str = ""
    facts: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Route:
    """One operation of the API. See the fields for what each declaration means; all of it appears in OpenAPI.

    - `roles`: who may call; `PUBLIC` needs `public_because`.
    - `transaction`: "read" calls `handler(uow, call)` (a body, if any, is in `call.body`); "write" calls
      `handler(uow, call, body)` inside `answer_once`; "own" calls `handler(call, body)`, which opens its own. A write
      that raises a rule leaves nothing but the kept refusal; one that returns it also keeps what it has written.
    - `reads_as`: "merchant" lets keys of merchants read through the database role that sees the rows of one merchant
      and no table without merchants; "network" where the route needs others, and then checks the merchant itself.
    - `request` or `batch_of` (the type of one item; the handler gets a list in which unreadable items are `BadItem`).
    - `kept` and `reveal`: where the answer holds what may not be kept with the idempotency key, the handler returns
      `kept` and `reveal(call, kept)` makes the `response` of it, at first and on every retry.
    - `keyless_because`: why a write needs no idempotency key.
    - `signed`: the handler checks a signature over the bytes of the body, and finds them in `call.signed`.
    - `limit`: stricter rates for things that can be guessed.
    - `audited`: every write of an operator's, merchant's or analyst's key leaves an entry in the audit log by itself,
      unless `unaudited_because` says why not. `audited` is for other names than the default ones; then reads, and
      writes of terminals, leave an entry too. Handlers of "own" transactions write theirs with `auditing.note`.
    - `produces`: media types other than JSON, for handlers that return `Reply`.
    """

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    operation: str
    summary: str
    tag: str
    roles: frozenset[Role]
    handler: Callable[..., Awaitable[Any]]
    response: Any
    description: str = ""
    public_because: str = ""
    request: type[Struct] | None = None
    batch_of: type[Struct] | None = None
    query: type[Struct] | None = None
    status: int = HTTPStatus.OK
    errors: tuple[type[RuleBroken], ...] = ()
    transaction: Transaction = "read"
    reads_as: Literal["merchant", "network"] = "merchant"
    kept: Any = None
    reveal: Callable[[Call, Any], Any] | None = None
    keyless_because: str = ""
    signed: bool = False
    limit: Limit | tuple[Limit, ...] = ()
    body_limit_bytes: int = 0
    audited: Audited | None = None
    unaudited_because: str = ""
    produces: tuple[str, ...] = ("application/json",)
    example: Any = None
    example_query: Mapping[str, str] = field(default_factory=dict)
    example_path: Mapping[str, str] = field(default_factory=dict)
    example_response: Any = None

    def __post_init__(self) -> None:
        """Refuse declarations that leave something open."""
        if not self.roles and not self.public_because:
            raise ValueError(f"{self.operation}: a public route says why it is public")
        if self.request is not None and self.batch_of is not None:
            raise ValueError(f"{self.operation}: a route takes one thing or a batch, not both")
        if self.transaction == "write" and not self.roles:
            raise ValueError(f"{self.operation}: a kept answer belongs to a principal; a public write opens its own")
        if self.transaction == "write" and self.batch_of is not None:
            raise ValueError(f"{self.operation}: the items of a batch carry their own keys; open your own transactions")
        if self.audited is not None and self.unaudited_because:
            raise ValueError(f"{self.operation}: a route is audited, or says why not")
        if not self.path.startswith("/v1/"):
            raise ValueError(f"{self.operation}: every route lives under /v1/")

    @property
    def needs_key(self) -> bool:
        """Whether the header `Idempotency-Key` is required."""
        return (
            self.method != "GET" and self.transaction != "read" and self.batch_of is None and not self.keyless_because
        )

    @property
    def limits(self) -> tuple[Limit, ...]:
        """The stricter rates of this route."""
        return self.limit if isinstance(self.limit, tuple) else (self.limit,)

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names in the braces of the path."""
        return tuple(part[1:-1] for part in self.path.split("/") if part.startswith("{"))

    @property
    def number(self) -> int:
        """The stable number of the operation, for the scope of its idempotency keys."""
        return operation_number(self.operation)


def operation_number(operation: str) -> int:
    """Return a number from 1,024 to 32,767 derived from an operation's name, so that nobody hands out numbers.

    Renaming an operation renames the scope of its kept keys. Two operations that share a number are refused when the
    table of routes is built; numbers below 1,024 are free for use cases that choose their own.
    """
    return 1_024 + int.from_bytes(hashlib.blake2b(operation.encode(), digest_size=4).digest()) % 31_744
