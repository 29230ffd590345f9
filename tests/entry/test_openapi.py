"""The OpenAPI document is complete and true: its examples fit, and no request gets an answer that it does not name."""

import asyncio
import random
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import hypothesis
import msgspec
import pytest
import schemathesis
import uvicorn
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from ringmain.entry.http import described_routes, openapi
from ringmain.kit.http import DoorLimits, Limit, Route
from ringmain.kit.http.body import batch_type
from ringmain.kit.migrate import Urls
from ringmain.kit.settings import Settings
from tests.entry.matrix import Things, things, trade
from tests.network.town import installation

ROUTES = described_routes(Settings())
DOCUMENT = openapi(ROUTES)
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
OPERATIONS = {
    found.ok().definition.raw["operationId"]: found.ok()
    for found in SCHEMA.get_all_operations()
    if isinstance(found, schemathesis.core.result.Ok)
}
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
NAMES = sorted(route.operation for route in ROUTES)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.operation)
def test_every_route_has_examples_that_fit(route: Route) -> None:
    """The example of a request can be decoded as one, that of an answer as an answer, and no body is without one."""
    kind = route.request if route.batch_of is None else batch_type(route.batch_of)
    if kind is not None:
        assert route.example is not None
        msgspec.convert(msgspec.to_builtins(route.example), kind)
    if route.response is not bytes:
        assert route.example_response is not None
        msgspec.convert(msgspec.to_builtins(route.example_response), route.response, strict=True)


def test_every_operation_is_described_once() -> None:
    """Every route is in the document under its operation's name, with its roles and a summary of its own."""
    assert sorted(OPERATIONS) == NAMES
    described = [operation for path in DOCUMENT["paths"].values() for operation in path.values()]
    assert len({operation["summary"] for operation in described}) == len(described)
    assert all(operation["x-roles"] or operation["security"] == [] for operation in described)


@dataclass(frozen=True, slots=True)
class Served:
    """A running server, and things that exist in it."""

    url: str
    mine: Things

    def known(self, name: str) -> str | None:
        """Return an existing id for a field of this name, if there is one."""
        town = self.mine.town
        own = {
            "merchant_id": town.merchants[0],
            "shop_id": town.shops[0],
            "staff_id": self.mine.staff_id,
            "terminal_id": self.mine.made_terminal_id,
            "key_id": self.mine.key_id,
        }
        short = name.removesuffix("_id")
        return str(own[name]) if name in own else self.mine.more.get(short)


@pytest.fixture(scope="module")
def served(database_urls: Urls) -> Iterator[Served]:
    """Serve the application over HTTP from a thread, on a free port."""
    ready: list[Served] = []
    started = threading.Event()
    ended: list[asyncio.Event] = []
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))

        async def serve() -> None:
            stop = asyncio.Event()
            limits = DoorLimits(per_key=Limit(1_000_000), wrong_keys=Limit(1_000_000, per="address"))
            async with installation(database_urls.application_url, limits=limits) as here:
                mine = await trade(here, await things(here, await here.town()))
                server = uvicorn.Server(uvicorn.Config(here.app, log_level="critical", lifespan="on"))
                running = asyncio.create_task(server.serve(sockets=[listening]))
                ready.append(Served(f"http://127.0.0.1:{listening.getsockname()[1]}", mine))
                ended.append(stop)
                started.set()
                await stop.wait()
                server.should_exit = True
                await running

        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
        thread.start()
        assert started.wait(30)
        yield ready[0]
        loop.call_soon_threadsafe(ended[0].set)
        thread.join(30)
        loop.close()


def _tried(operation: str, served: Served, role: str, examples: int) -> None:
    """Send generated requests, half of them with ids that exist, and check each answer against the document."""
    headers = {"Authorization": f"Bearer {served.mine.town.tokens[role]}"}

    @hypothesis.settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
    )
    @hypothesis.given(case=_cases(operation), seed=hypothesis.strategies.integers(0, 2**32))
    def run(case: Any, seed: int) -> None:
        chance = random.Random(seed)
        # Nobody is erased who is needed by the requests that follow.
        if isinstance(case.path_parameters, dict) and operation != "erase_member":
            case.path_parameters = _with_known(case.path_parameters, served, chance)
        case.body = _with_known(case.body, served, chance)
        key = {"Idempotency-Key": str(uuid4())} if chance.random() < 0.9 else {}
        case.call_and_validate(base_url=served.url, headers=headers | key, checks=CHECKS)

    run()


def _cases(operation: str) -> hypothesis.strategies.SearchStrategy[Any]:
    """Return requests that fit the document, and some that do not."""
    described = OPERATIONS[operation]
    good = described.as_strategy(generation_mode=schemathesis.GenerationMode.POSITIVE)
    bad = described.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE)
    return hypothesis.strategies.one_of(good, good, bad)


def _with_known(value: Any, served: Served, chance: random.Random) -> Any:
    if isinstance(value, list):
        return [_with_known(part, served, chance) for part in value]
    if not isinstance(value, dict):
        return value
    changed = {name: _with_known(part, served, chance) for name, part in value.items()}
    for name in changed:
        known = served.known(name)
        if known is not None and chance.random() < 0.7:
            changed[name] = known
    return changed


@pytest.mark.parametrize("operation", NAMES)
def test_no_answer_is_undocumented(served: Served, operation: str) -> None:
    """An operator's generated requests get no 5xx and no status, header, type or shape that is not described."""
    _tried(operation, served, "operator", 12)


@pytest.mark.long
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("role", ["operator", "merchant", "terminal", "analyst"])
@pytest.mark.parametrize("operation", NAMES)
def test_no_answer_is_undocumented_for_any_role(served: Served, operation: str, role: str) -> None:
    """The same for every role, with many more requests."""
    _tried(operation, served, role, 150)


def test_an_undocumented_status_is_caught(served: Served) -> None:
    """Control: where the document forgets a refusal, the check fails."""
    forgetful = openapi(ROUTES)
    del forgetful["paths"]["/v1/merchants/{merchant_id}"]["get"]["responses"]["404"]
    operation = schemathesis.openapi.from_dict(forgetful)["/v1/merchants/{merchant_id}"]["GET"]
    case = operation.Case(path_parameters={"merchant_id": str(UUID(int=7))})
    headers = {"Authorization": f"Bearer {served.mine.town.tokens['operator']}"}
    with pytest.raises(BaseExceptionGroup, match="Undocumented status code"):
        case.call_and_validate(base_url=served.url, headers=headers, checks=CHECKS)


def test_what_many_routes_share_is_written_once() -> None:
    """Refusals are references to answers of the components, all of which are used; the document stays small."""
    answers = [
        answer
        for methods in DOCUMENT["paths"].values()
        for operation in methods.values()
        for status, answer in operation["responses"].items()
        if int(status) >= 400
    ]
    assert all(list(answer) == ["$ref"] for answer in answers)
    used = {answer["$ref"].rpartition("/")[2] for answer in answers}
    assert used == set(DOCUMENT["components"]["responses"])
    written = {msgspec.json.encode(one) for one in DOCUMENT["components"]["responses"].values()}
    assert len(written) == len(used)
    operations = sum(map(len, DOCUMENT["paths"].values()))
    assert len(msgspec.json.format(msgspec.json.encode(DOCUMENT), indent=1)) < 5_500 * operations
