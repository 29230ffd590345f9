"""T17: a payment card's number in any text of any route is refused, and is found in no table, answer or log."""

import copy
import os
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from msgspec import inspect

from ringmain.entry.http import described_routes
from ringmain.kit.http import Route
from ringmain.kit.migrate import Urls
from ringmain.kit.postgres.binaries import find_binaries
from ringmain.kit.settings import Settings
from tests.entry.cells import CELLS
from tests.entry.matrix import LETTERS, Things, things, trade
from tests.network.town import Answer, Installation, installation

Path_ = tuple[str | int, ...]
# Test numbers of the schemes, as issuers publish them; each passes the Luhn check.
VISA, MASTERCARD, AMEX, UNIONPAY, JCB = (
    "4111111111111111",
    "5555555555554444",
    "378282246310005",
    "6200000000000005",
    "3530111333300000",
)
NUMBERS = (VISA, MASTERCARD, AMEX, UNIONPAY, JCB)
WAYS: dict[str, Callable[[str], str]] = {
    "bare": lambda number: number,
    "in groups": lambda number: " ".join(number[at : at + 4] for at in range(0, len(number), 4)),
    "in a sentence": lambda number: f"paid with {number[:4]}-{number[4:8]}-{number[8:12]}-{number[12:]}, thanks",
    "in full-width digits": lambda number: "".join(chr(0xFF10 + int(digit)) for digit in number),
}
ROUTES = described_routes(Settings())
REFUSED = "card_number_refused"


@dataclass(frozen=True, slots=True)
class Field:
    """One text of one route: where it stands in the body or the query."""

    operation: str
    place: str
    path: Path_


def texts_of(kind: Any, at: Path_ = ()) -> Iterator[Path_]:
    """Yield the place of every text in a type: of strings, and of everything else that travels as one."""
    if isinstance(
        kind, inspect.StrType | inspect.UUIDType | inspect.DateTimeType | inspect.DateType | inspect.LiteralType
    ):
        yield at
    elif isinstance(kind, inspect.Metadata):
        yield from texts_of(kind.type, at)
    elif isinstance(kind, inspect.StructType):
        for field in kind.fields:
            yield from texts_of(field.type, (*at, field.encode_name))
    elif isinstance(kind, inspect.UnionType):
        yield from dict.fromkeys(place for one in kind.types for place in texts_of(one, at))
    elif isinstance(kind, inspect.ListType | inspect.VarTupleType | inspect.SetType):
        yield from texts_of(kind.item_type, (*at, 0))
    elif isinstance(kind, inspect.TupleType):
        for number, one in enumerate(kind.item_types):
            yield from texts_of(one, (*at, number))
    elif isinstance(kind, inspect.DictType):
        yield from texts_of(kind.value_type, (*at, "key"))
        yield (*at, "a key")


def fields_of(route: Route) -> list[Field]:
    """Return every text that a route reads from its body or its query."""
    found: list[Field] = []
    if route.request is not None:
        found += [Field(route.operation, "body", path) for path in texts_of(inspect.type_info(route.request))]
    if route.batch_of is not None:
        item = inspect.type_info(route.batch_of)
        found += [Field(route.operation, "body", ("items", 0, *path)) for path in texts_of(item)]
    if route.query is not None:
        found += [Field(route.operation, "query", path) for path in texts_of(inspect.type_info(route.query))]
    return found


FIELDS = {route.operation: fields_of(route) for route in ROUTES}


def put(body: Any, path: Path_, value: str) -> Any:
    """Return the body with a text at a place, where lists and objects on the way are made if they are missing."""
    if not path:
        return value
    name, rest = path[0], path[1:]
    if isinstance(name, int):
        items = list(body) if isinstance(body, list) and body else [None] * (name + 1)
        items[name] = put(items[name], rest, value)
        return items
    whole = dict(body) if isinstance(body, dict) else {}
    whole[name] = put(whole.get(name), rest, value)
    return whole


@pytest.fixture
async def here(new_database: Callable[[], Urls]) -> AsyncIterator[tuple[Installation, Urls]]:
    """The application on a database of its own, whose dump holds what this test did and nothing else."""
    urls = new_database()
    async with installation(urls.application_url) as here:
        for endpoint in here.app.api._endpoints.values():
            # Every field is tried: stricter rates of some routes would hide behind them what this test is about.
            endpoint.buckets = ()
        yield here, urls


async def made(here: Installation) -> Things:
    """A town that does business."""
    return await trade(here, await things(here, await here.town()))


async def ask(here: Installation, mine: Things, route: Route, body: Any, **more: Any) -> Answer:
    """Call a route with the key of the first role that may."""
    cell = CELLS[route.operation]
    token = mine.town.tokens[LETTERS[cell.roles[0]]] if cell.roles else None
    client = here.client(token)
    client.address = str(uuid4())
    query = more.pop("query", "")
    path = cell.path(mine).partition("?")[0] if query else cell.path(mine)
    return await client.call(route.method, path + query, body, **more)


def refused(answer: Answer) -> bool:
    """Whether the card number was the reason; in a batch, that of its only item."""
    if answer.status == 200 and b'"items"' in answer.body:
        return all((item.get("problem") or {}).get("code") == REFUSED for item in answer.json["items"])
    return answer.code == REFUSED


def dump(urls: Urls) -> str:
    """Everything that the database holds, as text."""
    program = find_binaries().program("pg_dump")
    command = [str(program), "--data-only", "--inserts", "--dbname", urls.migration_url]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def holds_number(text: str) -> list[str]:
    """Return the card numbers that a text holds, however they are written."""
    plain = text.translate({0xFF10 + digit: str(digit) for digit in range(10)})
    for separator in " -.":
        plain = plain.replace(separator, "")
    return [number for number in NUMBERS if number in plain]


def server_log() -> str:
    """What the database server of this test session has logged."""
    folder = Path(os.environ["RINGMAIN_TEST_RUN"])
    return "".join(path.read_text(errors="replace") for path in folder.rglob("*.log"))


@pytest.mark.timeout(300)
async def test_no_text_of_any_route_takes_a_card_number(
    here: tuple[Installation, Urls], capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Every text of every body and query is tried in several scripts and forms: refused, and kept nowhere."""
    app, urls = here
    mine = await made(app)
    findings: list[str] = []
    tried = 0
    for route in ROUTES:
        valid = CELLS[route.operation].body
        for place, field in enumerate(FIELDS[route.operation]):
            for turn, (way, write) in enumerate(WAYS.items()):
                text = write(NUMBERS[(place + turn) % len(NUMBERS)])
                if field.place == "body":
                    body = put(copy.deepcopy(valid(mine)) if valid else {}, field.path, text)
                    answer = await ask(app, mine, route, body)
                else:
                    name = "?" + "&".join(f"{part}={quoted(text)}" for part in field.path if isinstance(part, str))
                    answer = await ask(app, mine, route, None, query=name)
                tried += 1
                if not refused(answer) or holds_number(answer.body.decode()):
                    findings.append(f"{field} {way}: {answer.status} {answer.body[:200]!r}")
    assert findings == []
    assert tried > 400
    logged = capfd.readouterr().out + caplog.text + b"".join(app.log).decode() + server_log()
    assert holds_number(logged) == []
    assert holds_number(dump(urls)) == []


def quoted(text: str) -> str:
    """Write a text as it stands in a URL."""
    return "".join(f"%{byte:02X}" for byte in text.encode())


async def test_keys_names_and_unknown_fields_take_none_either(here: tuple[Installation, Urls]) -> None:
    """An idempotency key, the name of a field, a field nobody knows, escaped digits, a path: nothing lets it in."""
    app, urls = here
    mine = await made(app)
    sale = next(route for route in ROUTES if route.operation == "record_sale")
    valid = {"total_minor": 1_000, "currency": "CNY"}
    escaped = "".join(f"\\u{ord(digit):04x}" for digit in VISA)
    raw = b'{"total_minor": 1000, "currency": "CNY", "receipt": "%s"}' % escaped.encode()
    answers = [
        await ask(app, mine, sale, valid, key=VISA),
        await ask(app, mine, sale, valid, key=f"sale-{VISA}-1"),
        await ask(app, mine, sale, valid | {VISA: 1}),
        await ask(app, mine, sale, valid | {"note": {"deep": [[VISA]]}}),
        await ask(app, mine, sale, None, raw=raw),
        await ask(app, mine, sale, None, query=f"?{VISA}=1"),
    ]
    assert [answer.code for answer in answers] == [REFUSED] * len(answers)
    client = app.client(mine.town.tokens["operator"])
    found = await client.get(f"/v1/shops/{VISA}")
    assert (found.status, holds_number(found.body.decode())) == (404, [])
    assert holds_number(dump(urls) + b"".join(app.log).decode()) == []


async def test_control_without_the_check_it_is_kept(
    here: tuple[Installation, Urls], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the check at the door switched off, the number is stored, and the search of the dump finds it."""
    app, urls = here
    mine = await made(app)
    monkeypatch.setattr("ringmain.kit.http.body.json_holds_card_number", lambda _: False)
    route = next(one for one in ROUTES if one.operation == "record_sale")
    shop = str(mine.town.shops[0])
    body = {"total_minor": 1_000, "currency": "CNY", "shop_id": shop, "receipt": WAYS["in groups"](VISA)}
    answer = await ask(app, mine, route, body)
    assert answer.status == 201
    assert holds_number(dump(urls)) == [VISA]


def test_every_route_with_texts_is_tried() -> None:
    """The list of fields is read from the route table: no route that takes a body is without a field by mistake."""
    bare = {route.operation for route in ROUTES if (route.request or route.batch_of) and not FIELDS[route.operation]}
    known = {name for name in bare if not _has_text(name)}
    assert bare == known


def _has_text(operation: str) -> bool:
    route = next(one for one in ROUTES if one.operation == operation)
    schema = msgspec.json.schema(route.request or route.batch_of)
    return '"type": "string"' in str(schema).replace("'", '"')
