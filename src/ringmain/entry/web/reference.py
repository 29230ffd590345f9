"""The API reference as data for its page, made from the OpenAPI document alone."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ringmain.kit.http.openapi import resolve

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a path, query or header."""

    name: str
    place: str
    required: bool
    kind: str
    description: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One route as a reader sees it; `errors` are (status, codes)."""

    name: str
    method: str
    path: str
    summary: str
    description: str
    tag: str
    roles: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    request: str
    status: int
    response: str
    errors: tuple[tuple[int, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """One rule that can be broken: what it says, and what to do next."""

    code: str
    status: int
    meaning: str
    next_step: str


@dataclass(frozen=True, slots=True)
class Reference:
    """The whole API: operations by tag, and every error code once."""

    version: str
    description: tuple[str, ...]
    tags: tuple[tuple[str, tuple[Operation, ...]], ...]
    errors: tuple[ErrorCode, ...]

    @property
    def operations(self) -> int:
        """How many operations there are."""
        return sum(len(operations) for _, operations in self.tags)


def read(document: Json) -> Reference:
    """Return the reference of an OpenAPI 3.1 document as `ringmain.kit.http.openapi` makes it."""
    operations = list(_operations(document))
    tags = dict.fromkeys(operation.tag for operation in operations)
    errors = {error.code: error for error in _error_codes(document)}
    return Reference(
        version=document["info"]["version"],
        description=tuple(document["info"]["description"].split("\n\n")),
        tags=tuple((tag, tuple(one for one in operations if one.tag == tag)) for tag in tags),
        errors=tuple(errors[code] for code in sorted(errors)),
    )


def _operations(document: Json) -> Iterator[Operation]:
    for path, methods in document["paths"].items():
        for method, raw in methods.items():
            yield _operation(document, path, method, raw)


def _operation(document: Json, path: str, method: str, raw: Json) -> Operation:
    good = next(int(status) for status in raw["responses"] if int(status) < 400)  # noqa: PLR2004 (HTTP: errors begin)
    failing = {int(status): answer for status, answer in raw["responses"].items() if int(status) != good}
    return Operation(
        name=raw["operationId"],
        method=method.upper(),
        path=path,
        summary=raw["summary"],
        description=raw.get("description", ""),
        tag=raw["tags"][0],
        roles=tuple(raw["x-roles"]),
        parameters=tuple(_parameter(resolve(document, one)) for one in raw["parameters"]),
        request=_example(raw.get("requestBody", {})),
        status=good,
        response=_example(raw["responses"][str(good)]),
        errors=tuple((status, tuple(_examples(document, answer))) for status, answer in sorted(failing.items())),
    )


def _parameter(raw: Json) -> Parameter:
    schema = raw["schema"]
    kind = schema.get("format") or schema.get("type") or "value"
    if "anyOf" in schema:
        kinds = [one.get("format") or one.get("type", "value") for one in schema["anyOf"]]
        kind = " or ".join(one for one in kinds if one != "null")
    return Parameter(raw["name"], raw["in"], raw["required"], kind, raw.get("description", ""))


def _example(body: Json) -> str:
    """Return the JSON example of a request or response body, or nothing."""
    for content in body.get("content", {}).values():
        if "example" in content:
            return json.dumps(content["example"], indent=2, ensure_ascii=False)
    return ""


def _examples(document: Json, answer: Json) -> Json:
    content = resolve(document, answer)["content"]
    return {code: resolve(document, one) for code, one in next(iter(content.values()))["examples"].items()}


def _error_codes(document: Json) -> Iterator[ErrorCode]:
    for methods in document["paths"].values():
        for raw in methods.values():
            for status, answer in raw["responses"].items():
                if int(status) < 400:  # noqa: PLR2004 (as above)
                    continue
                for code, example in _examples(document, answer).items():
                    yield ErrorCode(code, int(status), example["summary"], example["value"]["detail"])
