"""The document says everything that a route can answer."""

from http import HTTPStatus
from typing import Any

import msgspec
import pytest

from ringmain.kit.http import EVERYBODY, PUBLIC, AmountMinor, Limit, Listed, Page, Request, Route
from ringmain.kit.http.openapi import document, errors_of, resolve
from ringmain.kit.pure.errors import RuleBroken


class _Sold(RuleBroken):
    """All are sold."""

    code = "test_all_sold"
    status = HTTPStatus.GONE
    next_step = "Come again tomorrow."


class _Order(Request, frozen=True):
    """An order."""

    amount_minor: AmountMinor


class _Ordered(msgspec.Struct):
    """What was ordered."""

    id: str


async def _handler(*_: Any) -> Any:
    raise NotImplementedError


def _route(**change: Any) -> Route:
    declared: dict[str, Any] = {
        "method": "POST",
        "path": "/v1/shops/{shop_id}/orders",
        "operation": "order",
        "summary": "Order",
        "tag": "orders",
        "roles": frozenset({"terminal", "operator"}),
        "handler": _handler,
        "request": _Order,
        "response": _Ordered,
        "status": 201,
        "transaction": "write",
        "errors": (_Sold,),
        "example": {"amount_minor": 5},
        "example_response": {"id": "x"},
    }
    return Route(**declared | change)


def _described(*routes: Route) -> dict[str, Any]:
    return document(routes, title="T", version="1", description="D")


def test_a_route_is_described_in_full() -> None:
    """Roles, security, parameters, body, success and every refusal with its codes and an example each."""
    found = _described(_route())
    operation = found["paths"]["/v1/shops/{shop_id}/orders"]["post"]
    assert found["openapi"] == "3.1.0"
    assert operation["x-roles"] == ["operator", "terminal"]
    assert operation["security"] == [{"apiKey": []}]
    parameters = [resolve(found, one) for one in operation["parameters"]]
    assert [(one["name"], one["in"], one["required"]) for one in parameters] == [
        ("shop_id", "path", True),
        ("Idempotency-Key", "header", True),
    ]
    body = operation["requestBody"]["content"]["application/json"]
    assert (body["schema"], body["example"]) == ({"$ref": "#/components/schemas/_Order"}, {"amount_minor": 5})
    assert found["components"]["schemas"]["_Order"]["additionalProperties"] is False
    assert operation["responses"]["201"]["content"]["application/json"]["example"] == {"id": "x"}
    statuses = ["201", "400", "401", "403", "404", "410", "413", "415", "422", "429", "500", "503"]
    assert list(operation["responses"]) == statuses
    gone = resolve(found, operation["responses"]["410"])["content"]["application/problem+json"]
    assert gone["schema"]["allOf"][1]["properties"]["code"]["enum"] == ["test_all_sold"]
    sold = resolve(found, gone["examples"]["test_all_sold"])
    assert sold["value"]["detail"] == "Come again tomorrow."
    assert "Retry-After" in resolve(found, operation["responses"]["429"])["headers"]


def test_a_query_becomes_parameters() -> None:
    """A list's query is described field by field, with bounds and the cursor's refusal."""
    route = _route(
        method="GET",
        path="/v1/orders",
        request=None,
        query=Page,
        transaction="read",
        response=Listed[_Ordered],
        status=200,
    )
    found = _described(route)
    operation = found["paths"]["/v1/orders"]["get"]
    limit, after = operation["parameters"]
    assert (limit["name"], limit["schema"]["minimum"], limit["schema"]["maximum"], limit["required"]) == (
        "limit",
        1,
        200,
        False,
    )
    assert after["name"] == "after"
    codes = resolve(found, operation["responses"]["422"])["content"]["application/problem+json"]["examples"]
    assert "cursor_invalid" in codes
    assert "400" not in operation["responses"]


def test_patterns_end_as_json_schema_wants() -> None:
    """No pattern carries Python's own sign for the end of a text."""
    assert "\\\\Z" not in msgspec.json.encode(_described(_route())).decode()


@pytest.mark.parametrize(
    ("change", "there", "absent"),
    [
        ({}, {"not_authenticated", "role_not_allowed", "idempotency_key_reused", "not_found"}, {"cursor_invalid"}),
        ({"roles": EVERYBODY}, {"not_authenticated"}, {"role_not_allowed"}),
        (
            {"roles": PUBLIC, "public_because": "x", "transaction": "own", "limit": Limit(1)},
            {"too_many_requests", "malformed_json"},
            {"not_authenticated", "role_not_allowed"},
        ),
        ({"request": None}, {"idempotency_key_missing"}, {"malformed_json", "body_too_large"}),
        ({"transaction": "own", "keyless_because": "x"}, {"malformed_json"}, {"idempotency_key_missing"}),
    ],
)
def test_the_doors_own_refusals_follow_from_the_declaration(
    change: dict[str, Any], there: set[str], absent: set[str]
) -> None:
    """A refusal is described where the door can give it, and nowhere else."""
    codes = {error.code for error in errors_of(_route(**change))}
    assert there <= codes
    assert not absent & codes
