"""The door: what it refuses, how it runs handlers, and what it tells."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid4

import msgspec
import psycopg
import pytest

from ringmain.kit.db import Database, UnitOfWork
from ringmain.kit.http import (
    PUBLIC,
    AmountMinor,
    Api,
    BadItem,
    Call,
    Currency,
    DoorLimits,
    IdempotencyKey,
    Limit,
    Listed,
    Outcome,
    Page,
    Principal,
    Reply,
    Request,
    Route,
    Time,
    payload_hash,
    problem_of,
)
from ringmain.kit.http.observe import AccessLog
from ringmain.kit.migrate import Urls
from ringmain.kit.pure.errors import RuleBroken, Unavailable
from ringmain.kit.secrets import Keyring
from tests.network.town import Client

NETWORK = uuid4()


class _TooDear(RuleBroken):
    """Too dear for this test."""

    code = "test_too_dear"
    status = HTTPStatus.CONFLICT
    next_step = "Choose something cheaper."


class _Buy(Request, frozen=True):
    amount_minor: AmountMinor
    currency: Currency = "CNY"
    note: str = ""
    at: Time | None = None


class _Bought(msgspec.Struct, frozen=True):
    id: UUID
    amount_minor: int


class _Item(Request, frozen=True):
    idempotency_key: IdempotencyKey
    amount_minor: AmountMinor
    note: str = ""


class _Find(Page, frozen=True):
    shop_id: list[UUID] = msgspec.field(default_factory=list)
    open: bool | None = None


def _route(path: str, handler: Any, method: Any = "POST", **change: Any) -> Route:
    declared: dict[str, Any] = {
        "summary": "s",
        "tag": "t",
        "roles": frozenset({"operator"}),
        "response": _Bought,
        "operation": f"{method} {path}",
    }
    return Route(method=method, path=path, handler=handler, **declared | change)


async def _echo(call: Call, body: Any) -> Any:
    found = {"body": msgspec.to_builtins(body), "query": msgspec.to_builtins(call.query), "path": call.path}
    return found | {"key": call.idempotency_key, "role": call.principal.role}


async def _count(uow: UnitOfWork, call: Call) -> dict[str, Any]:
    rows = await uow.rows(dict, "SELECT follower, current_setting('ringmain.merchant', true) AS m FROM follower_cursor")
    return {"rows": len(rows), "role": call.principal.role}


async def _buy(uow: UnitOfWork, _: Call, body: _Buy) -> _Bought:
    id_ = uuid4()
    await uow.execute(
        "INSERT INTO follower_cursor VALUES (%s, %s, '', '1', 1)",
        (uow.network_id, str(id_)),
    )
    if body.amount_minor > 1_000:
        raise _TooDear(limit_minor=1_000)
    return _Bought(id_, body.amount_minor)


async def _many(call: Call, items: list[_Item | BadItem]) -> Listed[Outcome[int]]:
    return Listed(
        [
            Outcome(status=int(item.error.status), problem=problem_of(item.error, call.request_id))
            if isinstance(item, BadItem)
            else Outcome(status=200, answer=item.amount_minor)
            for item in items
        ]
    )


class _Fails:
    """A handler that raises what it is told to."""

    def __init__(self) -> None:
        self.errors: list[Exception] = []
        self.calls = 0

    async def __call__(self, *_: Any) -> dict[str, int]:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return {"calls": self.calls}


async def _picture(_: Call, __: None) -> Reply:
    return Reply(b"<svg/>", "image/svg+xml", ((b"x-kind", b"test"),))


class _Door:
    """An application of test routes on a real database."""

    def __init__(self, database: Database, limits: DoorLimits | None) -> None:
        self.fails = _Fails()
        self.lines: list[bytes] = []
        self.database = database
        self.people = {
            "operator": Principal(network_id=NETWORK, principal_id=NETWORK, role="operator"),
            "merchant": Principal(network_id=NETWORK, principal_id=uuid4(), role="merchant", merchant_id=uuid4()),
        }
        self.lookups = 0
        either = frozenset({"operator", "merchant"})
        routes = [
            _route("/v1/echo", _echo, request=_Buy, transaction="own", response=Any),
            _route("/v1/echo", _echo, "GET", query=_Find, transaction="own", response=Any, roles=either),
            _route("/v1/things/{thing_id}/parts/{name}", _echo, "GET", transaction="own", response=Any),
            _route("/v1/purchases", _buy, request=_Buy, transaction="write", status=201, errors=(_TooDear,)),
            _route("/v1/purchases", _count, "GET", reads_as="network", response=Any, roles=either),
            _route("/v1/own-purchases", _count, "GET", response=Any, roles=either),
            _route("/v1/many", _many, batch_of=_Item, transaction="own", response=Listed[Outcome[int]]),
            _route("/v1/fails", self.fails, "GET", response=Any),
            _route("/v1/picture", _picture, "GET", transaction="own", response=bytes, produces=("image/svg+xml",)),
            _route(
                "/v1/guess",
                self.fails,
                roles=PUBLIC,
                public_because="a test",
                transaction="own",
                limit=Limit(2, seconds=60, per="address"),
                response=Any,
            ),
        ]
        self.api = Api(
            routes,
            database=database,
            keyring=Keyring({1: b"k" * 32}),
            authenticate=self._authenticate,
            limits=limits,
            access_log=AccessLog(self.lines.append),
        )

    async def _authenticate(self, token: str) -> Principal | None:
        self.lookups += 1
        await asyncio.sleep(0)
        return self.people.get(token)

    def client(self, token: str | None = "operator") -> Client:
        return Client(self.api, token)


Open = Callable[..., Any]


@pytest.fixture
async def door(database_urls: Urls) -> AsyncIterator[_Door]:
    """Give a door on this worker's database."""
    async with _opened(database_urls) as door:
        yield door


@asynccontextmanager
async def _opened(urls: Urls, limits: DoorLimits | None = None) -> AsyncIterator[_Door]:
    async with Database(urls.application_url, connections=4) as database:
        yield _Door(database, limits)


# ------------------------------------------------------------------------------------------------------ what comes in


async def test_a_request_is_decoded(door: _Door) -> None:
    """Body, query with lists and booleans, path and key reach the handler in their types."""
    echo = (await door.client().post("/v1/echo", {"amount_minor": 5}, key="k!~")).json
    assert echo == {
        "body": {"amount_minor": 5, "currency": "CNY", "note": "", "at": None},
        "query": None,
        "path": {},
        "key": "k!~",
        "role": "operator",
    }
    shops = [str(uuid4()), str(uuid4())]
    found = (await door.client().get(f"/v1/echo?limit=7&shop_id={shops[0]}&shop_id={shops[1]}&open=true")).json
    assert found["query"] == {"limit": 7, "after": None, "shop_id": shops, "open": True}
    thing = uuid4()
    path = (await door.client().get(f"/v1/things/{str(thing).upper()}/parts/lid")).json["path"]
    assert path == {"thing_id": str(thing), "name": "lid"}


@pytest.mark.parametrize(
    ("raw", "status", "code", "field"),
    [
        (b"", 400, "malformed_json", None),
        (b"{", 400, "malformed_json", None),
        (b'{"amount_minor": 1, "note": "\xff"}', 400, "malformed_json", None),
        (b'{"amount_minor": 1, "note": "\\ud800"}', 400, "malformed_json", None),
        (b"[" * 100_000, 422, "request_invalid", ""),
        (b'{"note": "4111", "at": ' + b"[" * 100_000, 422, "request_invalid", "at"),
        (b"[]", 422, "request_invalid", ""),
        (b"{}", 422, "request_invalid", "amount_minor"),
        (b'{"amount_minor": "1"}', 422, "request_invalid", "amount_minor"),
        (b'{"amount_minor": 1.5}', 422, "request_invalid", "amount_minor"),
        (b'{"amount_minor": 0}', 422, "request_invalid", "amount_minor"),
        (b'{"amount_minor": -1}', 422, "request_invalid", "amount_minor"),
        (b'{"amount_minor": 9007199254740992}', 422, "request_invalid", "amount_minor"),
        (b'{"amount_minor": 99999999999999999999999999}', 422, "request_invalid", "amount_minor"),
        (b'{"amount_minor": 1e400}', 422, "request_invalid", "amount_minor"),
        (b'{"amount_minor": 1, "currency": "usd"}', 422, "request_invalid", "currency"),
        (b'{"amount_minor": 1, "currency": "USD\\n"}', 422, "request_invalid", "currency"),
        (b'{"amount_minor": 1, "at": "2026-03-01T09:00:00"}', 422, "request_invalid", "at"),
        (b'{"amount_minor": 1, "at": "1969-12-31T23:59:59Z"}', 422, "request_invalid", "at"),
        (b'{"amount_minor": 1, "at": "0001-01-01T00:00:00+14:00"}', 422, "request_invalid", "at"),
        (b'{"amount_minor": 1, "at": "9999-12-31T23:59:59-14:00"}', 422, "request_invalid", "at"),
        (b'{"amount_minor": 1, "amuont": 2}', 422, "request_invalid", "amuont"),
        (b'{"amount_minor": 1, "note": "a\\u0000b"}', 422, "nul_character", None),
        (b'{"amount_minor": 1, "note": "a\x00b"}', 422, "nul_character", None),
        (b'{"amount_minor": 1, "note": "4111 1111 1111 1111"}', 422, "card_number_refused", None),
        (b'{"amount_minor": 1, "4111111111111111": 2}', 422, "card_number_refused", None),
    ],
)
async def test_a_bad_body_is_refused(door: _Door, raw: bytes, status: int, code: str, field: str | None) -> None:
    """Each fault has its rule, names the field and what to do, and never repeats what was sent."""
    answer = await door.client().call("POST", "/v1/echo", raw=raw, headers={"content-type": "application/json"})
    assert (answer.status, answer.code) == (status, code)
    assert answer.json["facts"].get("field") == field
    assert answer.json["detail"].endswith(".")
    assert b"4111" not in answer.body


async def test_a_backslash_before_u0000_is_text(door: _Door) -> None:
    """The six characters of the escape themselves are no NUL."""
    raw = b'{"amount_minor": 1, "note": "\\\\u0000"}'
    assert (await door.client().call("POST", "/v1/echo", raw=raw)).json["body"]["note"] == "\\u0000"


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/nothing", 404, "route_not_found"),
        ("/v1/echo/", 404, "route_not_found"),
        ("/v1/things/7/parts/lid", 404, "not_found"),
        ("/v1/things/01932c5e-7b41-7c3d-9f21-3b1a8e0c7d42/parts/4111111111111111", 422, "card_number_refused"),
        ("/v1/things/01932c5e-7b41-7c3d-9f21-3b1a8e0c7d42/parts/a\x00", 422, "nul_character"),
        ("/v1/echo?limit=0", 422, "request_invalid"),
        ("/v1/echo?limit=x", 422, "request_invalid"),
        ("/v1/echo?limit=1&limit=2", 422, "request_invalid"),
        ("/v1/echo?colour=red", 422, "request_invalid"),
        ("/v1/echo?after=4111+1111+1111+1111", 422, "card_number_refused"),
        ("/v1/echo?after=%00", 422, "nul_character"),
        ("/v1/echo?after=%ff", 422, "request_invalid"),
        ("/v1/fails?x=1", 422, "request_invalid"),
    ],
)
async def test_a_bad_path_or_query_is_refused(door: _Door, path: str, status: int, code: str) -> None:
    """Unknown paths, ids that are none, unknown and wrong query fields have their rules."""
    answer = await door.client().get(path)
    assert (answer.status, answer.code) == (status, code)
    assert door.fails.calls == 0


async def test_another_method_is_told_the_right_ones(door: _Door) -> None:
    """405 carries Allow."""
    answer = await door.client().call("DELETE", "/v1/echo")
    assert (answer.status, answer.code, answer.headers["allow"]) == (405, "method_not_allowed", "GET, POST")


@pytest.mark.parametrize(
    ("media_type", "status"),
    [
        ("application/json", 200),
        ("Application/JSON; charset=UTF-8", 200),
        ("text/plain", 415),
        ("", 415),
        ("application/json; charset=latin-1", 415),
        ("application/x-www-form-urlencoded", 415),
    ],
)
async def test_only_json_is_taken(door: _Door, media_type: str, status: int) -> None:
    """The body is declared as JSON in UTF-8, or refused."""
    answer = await door.client().call("POST", "/v1/echo", {"amount_minor": 1}, headers={"content-type": media_type})
    assert answer.status == status


@pytest.mark.parametrize("announced", [True, False])
async def test_a_large_body_is_refused(door: _Door, announced: bool) -> None:
    """A body past the limit is refused by its announced length, and by its real one."""
    raw = b'{"amount_minor": 1, "note": "' + b"x" * 300_000 + b'"}'
    headers = {} if announced else {"content-length": "10"}
    answer = await door.client().call("POST", "/v1/echo", raw=raw, headers=headers)
    assert (answer.status, answer.code, answer.json["facts"]) == (413, "body_too_large", {"limit_bytes": 262_144})


@pytest.mark.parametrize(
    ("key", "code"),
    [
        (None, "idempotency_key_missing"),
        ("k" * 256, "idempotency_key_invalid"),
        ("two words", "idempotency_key_invalid"),
        ("käse", "idempotency_key_invalid"),
        ("4111111111111111", "card_number_refused"),
    ],
)
async def test_a_write_needs_a_sound_key(door: _Door, key: str | None, code: str) -> None:
    """A write without a key, or with one of another form, is refused before anything happens."""
    answer = await door.client().call("POST", "/v1/purchases", {"amount_minor": 1}, key=key)
    assert answer.code == code
    assert (await door.client().call("POST", "/v1/echo", {"amount_minor": 1}, key="k" * 255)).status == 200


# --------------------------------------------------------------------------------------------------------- who may in


async def test_only_known_keys_of_the_right_role_come_in(door: _Door) -> None:
    """No key, a wrong one and another scheme are 401; another role is 403 with the roles that may."""
    for token in (None, "nobody", "ä"):
        answer = await door.client(token).get("/v1/echo")
        assert (answer.status, answer.code) == (401, "not_authenticated")
    basic = await door.client(None).call("GET", "/v1/echo", headers={"authorization": "Basic operator"})
    assert basic.status == 401
    refused = await door.client("merchant").post("/v1/echo", {"amount_minor": 1})
    assert (refused.status, refused.code, refused.json["facts"]) == (403, "role_not_allowed", {"roles": ["operator"]})


async def test_a_key_is_looked_up_once_for_many_requests(door: _Door) -> None:
    """Requests that arrive together share one look-up, and later ones need none."""
    await asyncio.gather(*[door.client().get("/v1/echo") for _ in range(20)])
    await door.client().get("/v1/echo")
    assert door.lookups == 1
    door.api.sessions.forget()
    await door.client().get("/v1/echo")
    assert door.lookups == 2


async def test_a_greedy_key_is_held_up(database_urls: Urls) -> None:
    """The third request of a key with two a minute is 429 with the time to wait; another key goes on."""
    async with _opened(database_urls, DoorLimits(per_key=Limit(2, seconds=60.0))) as door:
        answers = [await door.client().get("/v1/echo") for _ in range(3)]
        assert [answer.status for answer in answers] == [200, 200, 429]
        assert [answer.headers["ratelimit"] for answer in answers] == [
            '"key";r=1;t=60',
            '"key";r=0;t=60',
            '"key";r=0;t=60',
        ]
        assert answers[0].headers["ratelimit-policy"] == '"key";q=2;w=60'
        assert answers[2].code == "too_many_requests"
        assert 28 <= int(answers[2].headers["retry-after"]) <= 31
        assert (await door.client("merchant").get("/v1/echo")).status == 200


async def test_wrong_keys_from_one_address_are_held_up(database_urls: Urls) -> None:
    """Guessing keys ends in 429 without a look-up; a key that is in use from there goes on."""
    async with _opened(database_urls, DoorLimits(wrong_keys=Limit(3, seconds=600.0), key_seconds=0.0)) as door:
        assert (await door.client().get("/v1/echo")).status == 200
        statuses = [(await door.client(f"wrong{place}").get("/v1/echo")).status for place in range(5)]
        assert statuses == [401, 401, 401, 429, 429]
        assert door.lookups == 4
        assert (await door.client().get("/v1/echo")).status == 200


async def test_what_can_be_guessed_has_its_own_rate(door: _Door) -> None:
    """A stricter route holds one address up and not another."""
    client = Client(door.api, None, "198.51.100.1")
    assert [(await client.post("/v1/guess")).status for _ in range(3)] == [200, 200, 429]
    assert (await Client(door.api, None, "198.51.100.2").post("/v1/guess")).status == 200


# ------------------------------------------------------------------------------------------------------- transactions


async def _rows(door: _Door) -> int:
    return int((await door.client().get("/v1/purchases")).json["rows"])


async def test_a_write_happens_once_per_key(door: _Door) -> None:
    """Twenty sends of one request at once give one answer and one row; spaces and order of fields do not matter."""
    before = await _rows(door)
    key = str(uuid4())
    bodies = [b'{"amount_minor": 5, "note": "x"}', b'{ "note":"x",\n"amount_minor":5 }'] * 10
    answers = await asyncio.gather(*[door.client().call("POST", "/v1/purchases", raw=body, key=key) for body in bodies])
    assert {answer.status for answer in answers} == {201}
    assert len({answer.body for answer in answers}) == 1
    assert await _rows(door) == before + 1
    other = await door.client().post("/v1/purchases", {"amount_minor": 6}, key=key)
    assert (other.status, other.code) == (422, "idempotency_key_reused")
    assert await _rows(door) == before + 1


async def test_a_refused_write_leaves_nothing_but_the_refusal(door: _Door) -> None:
    """What a handler wrote before it refused is undone; the retry is told the same, with the same facts."""
    before = await _rows(door)
    first = await door.client().post("/v1/purchases", {"amount_minor": 1_001}, key="dear")
    again = await door.client().post("/v1/purchases", {"amount_minor": 1_001}, key="dear")
    for answer in (first, again):
        assert (answer.status, answer.code, answer.json["facts"]) == (409, "test_too_dear", {"limit_minor": 1_000})
        assert answer.json["title"] == "Test too dear"
        assert answer.json["type"] == "urn:ringmain:problem:test_too_dear"
        assert answer.json["detail"] == "Choose something cheaper."
    assert await _rows(door) == before


async def test_the_answer_that_is_kept_holds_no_request(door: _Door) -> None:
    """The idempotency row holds a keyed hash of the request and nothing of its content."""
    await door.client().post("/v1/purchases", {"amount_minor": 5, "note": "a private note"}, key="private")
    async with door.database.unit(NETWORK) as uow:
        rows = await uow.rows(dict, "SELECT * FROM idempotency_key WHERE key = 'private'")
    assert len(rows) == 1
    assert len(bytes(rows[0]["payload_hash"])) == 16
    assert "private note" not in str(rows)


async def test_merchants_read_through_their_own_role(door: _Door) -> None:
    """A read of a merchant sees no table without merchants, unless its route says that it needs them."""
    assert (await door.client("merchant").get("/v1/purchases")).status == 200
    assert (await door.client("operator").get("/v1/own-purchases")).status == 200
    assert (await door.client("merchant").get("/v1/own-purchases")).status == 500


async def test_a_lost_transaction_is_run_again(door: _Door) -> None:
    """Deadlocks and lost races are tried again; after five times the client is asked to, with Retry-After."""
    door.fails.errors = [psycopg.errors.DeadlockDetected(), psycopg.errors.SerializationFailure()]
    assert (await door.client().get("/v1/fails")).json == {"calls": 3}
    door.fails.errors = [psycopg.errors.DeadlockDetected() for _ in range(9)]
    answer = await door.client().get("/v1/fails")
    assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "unavailable", "1")
    assert len(door.fails.errors) == 4


async def test_unavailability_is_told(door: _Door) -> None:
    """Where the system cannot decide now, the answer is 503 with Retry-After, and it is not tried again inside."""
    door.fails.errors = [Unavailable("busy")]
    answer = await door.client().get("/v1/fails")
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    assert door.fails.calls == 1


async def test_the_unforeseen_is_logged_without_its_text(door: _Door, capsys: pytest.CaptureFixture[str]) -> None:
    """An unknown error is 500 with the request's id; the log names kind and place, never the text or the query."""
    door.fails.errors = [KeyError("4111111111111111 secret")]
    answer = await door.client().get("/v1/fails")
    assert (answer.status, answer.code) == (500, "internal_error")
    request_id = answer.headers["x-request-id"]
    assert answer.json["instance"] == f"urn:ringmain:request:{request_id}"
    logged = capsys.readouterr().out
    assert request_id in logged
    assert "KeyError" in logged
    assert "secret" not in logged + answer.body.decode()


async def test_what_the_database_cannot_hold_is_the_senders_fault(door: _Door) -> None:
    """A value out of the database's range is 422, not 500."""
    door.fails.errors = [psycopg.errors.NumericValueOutOfRange()]
    answer = await door.client().get("/v1/fails")
    assert (answer.status, answer.code) == (422, "value_not_storable")


# ------------------------------------------------------------------------------------------------------------ batches


async def test_a_poisonous_item_fails_alone(door: _Door) -> None:
    """NUL, overflow, card number, unknown field and missing key fail their own item; the others get their answers."""
    good = {"idempotency_key": "k", "amount_minor": 3}
    items = [
        good,
        good | {"note": "a\x00"},
        good | {"amount_minor": 10**30},
        good | {"note": "4111111111111111"},
        good | {"x": 1},
        {"amount_minor": 1},
        7,
        good | {"amount_minor": 4},
    ]
    answer = await door.client().post("/v1/many", {"items": items}, key=None)
    assert answer.status == 200
    outcomes = answer.json["items"]
    assert [outcome["status"] for outcome in outcomes] == [200, 422, 422, 422, 422, 422, 422, 200]
    assert [outcome["problem"]["code"] for outcome in outcomes[1:7]] == [
        "nul_character",
        "request_invalid",
        "card_number_refused",
        "request_invalid",
        "request_invalid",
        "request_invalid",
    ]
    assert (outcomes[0], outcomes[7]) == ({"status": 200, "answer": 3}, {"status": 200, "answer": 4})


@pytest.mark.parametrize("body", [{"items": []}, {"items": [{}] * 1_001}, {}, {"items": {}}, {"items": [1], "x": 1}])
async def test_a_batch_has_its_frame(door: _Door, body: Any) -> None:
    """A batch holds 1 to 1,000 items and nothing else."""
    answer = await door.client().post("/v1/many", body, key=None)
    assert (answer.status, answer.code) == (422, "request_invalid")
    whole = {"items": [{"idempotency_key": "k", "amount_minor": 3}] * 1_000}
    assert len((await door.client().post("/v1/many", whole, key=None)).json["items"]) == 1_000


# ------------------------------------------------------------------------------------------------------------ answers


async def test_answers_carry_their_headers(door: _Door) -> None:
    """Every answer has an id of its own, forbids caching and sniffing, and says its length."""
    first, second = [await door.client().get("/v1/echo") for _ in range(2)]
    assert first.headers["x-request-id"] != second.headers["x-request-id"]
    assert first.headers["cache-control"] == "no-store"
    assert first.headers["x-content-type-options"] == "nosniff"
    assert int(first.headers["content-length"]) == len(first.body)


async def test_an_answer_may_be_something_else_than_json(door: _Door) -> None:
    """A picture is sent as it is, with its type and headers."""
    answer = await door.client().get("/v1/picture")
    assert (answer.body, answer.headers["content-type"], answer.headers["x-kind"]) == (
        b"<svg/>",
        "image/svg+xml",
        "test",
    )


async def test_the_access_log_names_the_operation_and_no_content(door: _Door) -> None:
    """One line per request: id, operation, status, role, rule; no path, query, body, key or token."""
    await door.client().get("/v1/echo?after=visible")
    await door.client().post("/v1/purchases", {"amount_minor": 1_001, "note": "visible"}, key="visible-key")
    await door.client("nobody").get("/v1/visible")
    door.api._log.flush()
    lines = [json.loads(line) for line in b"".join(door.lines).splitlines()]
    assert [(line["operation"], line["status"], line.get("code"), line.get("role")) for line in lines] == [
        ("GET /v1/echo", 200, None, "operator"),
        ("POST /v1/purchases", 409, "test_too_dear", "operator"),
        ("none", 404, "route_not_found", None),
    ]
    assert b"visible" not in b"".join(door.lines)
    assert b"Bearer" not in b"".join(door.lines)


async def test_a_client_that_goes_away_gets_no_answer(door: _Door) -> None:
    """A request that ends in the middle of its body is dropped without an answer or an error."""
    sent: list[Any] = []
    messages = [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}]

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/v1/echo", "query_string": b"", "client": None}
    headers = [
        (b"authorization", b"Bearer operator"),
        (b"idempotency-key", b"k"),
        (b"content-type", b"application/json"),
    ]
    await door.api(scope | {"headers": headers}, receive, send)
    assert sent == []


async def test_the_hash_of_a_payload_is_keyed(door: _Door) -> None:
    """Another master key, another path or another content gives another hash; the same gives the same."""
    body = _Buy(5)

    def hashed(body: _Buy, key: bytes = b"k" * 32, **path: str) -> bytes:
        route = door.api.table.routes[0]
        call = Call(door.database, Keyring({1: key}), None, "", "", route, None, path=path)
        return payload_hash(call, body)

    assert hashed(body) == hashed(_Buy(5))
    assert len({hashed(body), hashed(_Buy(6)), hashed(body, b"x" * 32), hashed(body, thing_id="7")}) == 4
