"""The OpenAPI 3.1 document, made from the table of routes: every status, every error code, roles and examples."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from ringmain.kit.http.body import batch_type
from ringmain.kit.http.problem import (
    BodyTooLarge,
    CardNumberRefused,
    CursorInvalid,
    IdempotencyKeyInvalid,
    IdempotencyKeyMissing,
    InternalError,
    MalformedJson,
    MediaTypeNotSupported,
    NotAuthenticated,
    NotAvailable,
    NotFound,
    NulCharacter,
    Problem,
    RequestInvalid,
    RoleNotAllowed,
    RouteNotFound,
    TooManyRequests,
    ValueNotStorable,
    problem_of,
)
from ringmain.kit.http.route import EVERYBODY, Route
from ringmain.kit.http.types import Page
from ringmain.kit.idempotency import KeyReusedWithOtherPayload
from ringmain.kit.pure.errors import RuleBroken

_REF = "#/components/schemas/{name}"
_PROBLEM = "application/problem+json"
_UUID_EXAMPLE = "01932c5e-7b41-7c3d-9f21-3b1a8e0c7d42"
_REQUEST_EXAMPLE = "b3c1f0a97d2e4c55-1a"
_TIMED = (TooManyRequests, NotAvailable)
Json = dict[str, Any]
_KEY: Json = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "New for each intention; a retry with the same key and content gets the first answer.",
    "schema": {"type": "string", "pattern": "^[!-~]{1,255}$", "minLength": 1, "maxLength": 255},
    "example": "6f1c1c0e-6f0f-4a52-8c39-2f3f8e0a9b11",
}
_HEADERS: Json = {
    "X-Request-Id": {"description": "The request, as in the log.", "schema": {"type": "string"}},
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}},
}


def document(routes: Sequence[Route], *, title: str, version: str, description: str) -> Json:
    """Return the document of these routes as JSON-able data."""
    types = _types(routes)
    schemas, components = msgspec.json.schema_components(types, ref_template=_REF)
    schema_of = dict(zip(map(id, types), schemas, strict=True))
    _plain_patterns(components)
    paths: dict[str, Json] = {}
    shared = _Shared()
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schema_of, components, shared)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version, "description": description, "license": {"name": "Apache-2.0"}},
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(route.tag for route in routes)],
        "paths": paths,
        "components": {
            "schemas": components,
            "responses": shared.responses,
            "examples": shared.examples,
            "parameters": {"IdempotencyKey": _KEY},
            "headers": _HEADERS,
            "securitySchemes": {
                "apiKey": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API key of the network; `x-roles` of an operation names who may call it.",
                }
            },
        },
    }


def resolve(described: Mapping[str, Any], part: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a part of a document, or what it refers to."""
    if "$ref" not in part:
        return part
    found = described
    for name in part["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return found


def errors_of(route: Route) -> tuple[type[RuleBroken], ...]:
    """Return every rule that may refuse a request of this route: the door's own and the declared ones."""
    takes_body = route.request is not None or route.batch_of is not None
    texts = takes_body or route.query is not None or route.needs_key or bool(route.parameters)
    errors: list[type[RuleBroken]] = [RequestInvalid, NotAvailable, InternalError]
    if route.roles:
        errors += [NotAuthenticated, TooManyRequests]
    if route.limits:
        errors.append(TooManyRequests)
    if route.roles and route.roles != EVERYBODY:
        errors.append(RoleNotAllowed)
    if route.parameters:
        errors += [NotFound, RouteNotFound]
    if takes_body:
        errors += [MalformedJson, BodyTooLarge, MediaTypeNotSupported]
    if texts:
        errors += [NulCharacter, CardNumberRefused, ValueNotStorable]
    if route.needs_key:
        errors += [IdempotencyKeyMissing, IdempotencyKeyInvalid, KeyReusedWithOtherPayload]
    if route.query is not None and issubclass(route.query, Page):
        errors.append(CursorInvalid)
    return tuple(dict.fromkeys([*errors, *route.errors]))


def _plain_patterns(schema: Any) -> None:
    """Write the end of a text as JSON Schema (ECMA-262) does, where Python's sign for it means nothing."""
    if isinstance(schema, dict):
        if isinstance(schema.get("pattern"), str):
            schema["pattern"] = schema["pattern"].replace(r"\Z", "$")
        for part in schema.values():
            _plain_patterns(part)
    elif isinstance(schema, list):
        for part in schema:
            _plain_patterns(part)


def _types(routes: Iterable[Route]) -> list[Any]:
    """Return every type once; a generic alias and a batch type are told apart by identity."""
    types: dict[int, Any] = {id(Problem): Problem}
    for route in routes:
        for kind in (route.request, _batch_of(route), route.query, route.response):
            if kind is not None and kind is not bytes:
                types[id(kind)] = kind
    return list(types.values())


_BATCHES: dict[Any, Any] = {}


def _batch_of(route: Route) -> Any:
    if route.batch_of is None:
        return None
    if route.batch_of not in _BATCHES:
        _BATCHES[route.batch_of] = batch_type(route.batch_of)
    return _BATCHES[route.batch_of]


class _Shared:
    """Refusals and their examples, each written once: most routes are refused for the same reasons."""

    def __init__(self) -> None:
        self.responses: Json = {}
        self.examples: Json = {}

    def failure(self, status: int, errors: Sequence[type[RuleBroken]]) -> Json:
        """Return a reference to the answer that one of these rules was broken."""
        errors = sorted(errors, key=lambda error: error.code)
        codes = [error.code for error in errors]
        digest = hashlib.blake2b("\0".join(codes).encode(), digest_size=4).hexdigest()
        name = f"{HTTPStatus(status).name.title().replace('_', '')}-{digest}"
        self.responses[name] = {
            "description": HTTPStatus(status).phrase,
            "headers": _headers(errors),
            "content": {_PROBLEM: {"schema": _problem_with(codes), "examples": self._examples_of(errors)}},
        }
        return {"$ref": f"#/components/responses/{name}"}

    def _examples_of(self, errors: Sequence[type[RuleBroken]]) -> Json:
        for error in errors:
            self.examples[error.code] = {
                "summary": (error.__doc__ or error.code).strip().partition("\n")[0],
                "value": msgspec.to_builtins(problem_of(error(), _REQUEST_EXAMPLE)),
            }
        return {error.code: {"$ref": f"#/components/examples/{error.code}"} for error in errors}


def _problem_with(codes: Sequence[str]) -> Json:
    return {
        "allOf": [
            {"$ref": _REF.format(name="Problem")},
            {"type": "object", "properties": {"code": {"enum": list(codes)}}},
        ]
    }


def _operation(route: Route, schema_of: dict[int, Json], components: Json, shared: "_Shared") -> Json:
    operation: Json = {
        "operationId": route.operation,
        "summary": route.summary,
        "tags": [route.tag],
        "x-roles": sorted(route.roles),
        "security": [{"apiKey": []}] if route.roles else [],
        "parameters": _parameters(route, schema_of, components),
        "responses": _responses(route, schema_of, shared),
    }
    notes = [route.description, route.public_because and f"Public: {route.public_because}"]
    notes.append(route.keyless_because and f"Takes no `Idempotency-Key`: {route.keyless_because}")
    description = "\n\n".join(note for note in notes if note)
    if description:
        operation["description"] = description
    kind = route.request if route.request is not None else _batch_of(route)
    if kind is not None:
        content: Json = {"schema": schema_of[id(kind)]}
        if route.example is not None:
            content["example"] = msgspec.to_builtins(route.example)
        operation["requestBody"] = {"required": True, "content": {"application/json": content}}
    return operation


def _parameters(route: Route, schema_of: dict[int, Json], components: Json) -> list[Json]:
    parameters: list[Json] = []
    for name in route.parameters:
        schema = {"type": "string", "format": "uuid"} if name.endswith("_id") else {"type": "string", "minLength": 1}
        example = route.example_path.get(name, _UUID_EXAMPLE)
        parameters.append({"name": name, "in": "path", "required": True, "schema": schema, "example": example})
    if route.query is not None:
        struct = components[schema_of[id(route.query)]["$ref"].rpartition("/")[2]]
        for name, schema in struct["properties"].items():
            parameter = {"name": name, "in": "query", "required": name in struct.get("required", ()), "schema": schema}
            if name in route.example_query:
                parameter["example"] = route.example_query[name]
            parameters.append(parameter)
    if route.needs_key:
        parameters.append({"$ref": "#/components/parameters/IdempotencyKey"})
    return parameters


def _responses(route: Route, schema_of: dict[int, Json], shared: "_Shared") -> Json:
    responses: Json = {str(int(route.status)): _success(route, schema_of)}
    by_status: dict[int, list[type[RuleBroken]]] = {}
    for error in errors_of(route):
        by_status.setdefault(int(error.status), []).append(error)
    for status, errors in sorted(by_status.items()):
        responses[str(status)] = shared.failure(status, errors)
    return responses


def _success(route: Route, schema_of: dict[int, Json]) -> Json:
    content: Json = {}
    for media_type in route.produces:
        if route.response is bytes:
            content[media_type] = {"schema": {"type": "string", "contentMediaType": media_type}}
        else:
            content[media_type] = {"schema": schema_of[id(route.response)]}
        if route.example_response is not None:
            content[media_type]["example"] = msgspec.to_builtins(route.example_response)
    return {"description": HTTPStatus(route.status).phrase, "headers": _headers(()), "content": content}


def _headers(errors: Sequence[type[RuleBroken]]) -> Json:
    names = ["X-Request-Id", *(["Retry-After"] if any(error in _TIMED for error in errors) else [])]
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
