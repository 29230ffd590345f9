"""What comes in: the body and the query of a request, read within limits and decoded into the types of the route."""

import re
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, get_args, get_origin
from urllib.parse import parse_qsl

import msgspec
from msgspec import Meta, Struct

from ringmain.kit.http.cards import json_holds_card_number, may_hold_card_number, text_holds_card_number
from ringmain.kit.http.problem import (
    BodyTooLarge,
    CardNumberRefused,
    MalformedJson,
    NulCharacter,
    RequestInvalid,
)
from ringmain.kit.http.route import BATCH_ITEMS, BATCH_LIMIT_BYTES, BODY_LIMIT_BYTES, BadItem, Route
from ringmain.kit.pure.errors import RuleBroken

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(9999, 1, 1, tzinfo=UTC)

# A NUL escaped in JSON; an even number of backslashes in front of it means the text `\u0000` itself.
_NUL_ESCAPE = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_AT_FIELD = re.compile(r"^(?P<what>.*?)(?: - at `(?:key in )?\$?\.?(?P<field>.*)`)?$", re.DOTALL)
_NAMED_FIELD = re.compile(r"(?:missing required|contains unknown) field `(?P<name>[^`]*)`")


class ClientGone(Exception):
    """The client closed the connection before its request was whole; nobody waits for an answer."""


async def read_body(receive: Receive, announced: int, limit: int) -> bytes:
    """Return the whole body. Raises `BodyTooLarge` past `limit` bytes, announced or not, and `ClientGone`."""
    if announced > limit:
        raise BodyTooLarge(limit_bytes=limit)
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientGone
    body: bytes = message.get("body", b"")
    if not message.get("more_body", False):
        if len(body) > limit:
            raise BodyTooLarge(limit_bytes=limit)
        return body
    parts = bytearray(body)
    while message.get("more_body", False):
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        parts += message.get("body", b"")
        if len(parts) > limit:
            raise BodyTooLarge(limit_bytes=limit)
    return bytes(parts)


class BodyDecoder:
    """Decodes the bodies of one route."""

    def __init__(self, route: Route) -> None:
        self.limit = route.body_limit_bytes or (BATCH_LIMIT_BYTES if route.batch_of else BODY_LIMIT_BYTES)
        self._item: msgspec.json.Decoder[Any] | None = None
        self._raw: msgspec.json.Decoder[Any] | None = None
        kind: Any = route.request
        if route.batch_of is not None:
            kind = batch_type(route.batch_of)
            self._item = msgspec.json.Decoder(route.batch_of)
            self._raw = msgspec.json.Decoder(batch_type(msgspec.Raw))
        self._whole: msgspec.json.Decoder[Any] = msgspec.json.Decoder(kind)

    def decode(self, data: bytes) -> Any:
        """Return the request, or for a batch the list of its items, unreadable ones as `BadItem`.

        Raises `MalformedJson`, `RequestInvalid`, `NulCharacter` or `CardNumberRefused`.
        """
        if self._item is None:
            return decode_json(self._whole, data)
        try:
            return decode_json(self._whole, data).items
        except MalformedJson:
            raise
        except RuleBroken:
            # Some item is to blame, or the frame: each item is judged by itself, so that one does not fail the others.
            return self._items(data)

    def _items(self, data: bytes) -> list[Any]:
        assert self._raw is not None
        raws = _decoded(self._raw, data).items
        return [self._one(bytes(raw)) for raw in raws]

    def _one(self, raw: bytes) -> Any:
        assert self._item is not None
        try:
            return decode_json(self._item, raw)
        except RuleBroken as error:
            return BadItem(error)


def batch_type(item: Any) -> type[Struct]:
    """Return the type `{"items": [...]}` of a batch of 1 to 1,000 items."""
    many = Annotated[list[item], Meta(min_length=1, max_length=BATCH_ITEMS)]
    name = "Raw" if item is msgspec.Raw else item.__name__
    return msgspec.defstruct(f"BatchOf{name}", [("items", many)], frozen=True, forbid_unknown_fields=True)


def decode_json(decoder: msgspec.json.Decoder[Any], data: bytes) -> Any:
    """Return `data` decoded and checked for what may never be stored: NUL characters and card numbers."""
    if b"\x00" in data or (b"\\u0000" in data and _NUL_ESCAPE.search(data)):
        raise NulCharacter
    if json_holds_card_number(data):
        raise CardNumberRefused
    return _decoded(decoder, data)


def _decoded(decoder: msgspec.json.Decoder[Any], data: bytes) -> Any:
    try:
        found = decoder.decode(data)
    except msgspec.ValidationError as error:
        raise invalid(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise MalformedJson from None
    if isinstance(found, Struct):
        _check_times(found)
    return found


@cache
def _fields_with_times(kind: type[Struct]) -> tuple[str, ...]:
    """Return the fields of a type in which a time stands, at whatever depth: most types have none and cost nothing."""
    return tuple(
        field.name
        for field in msgspec.structs.fields(kind)
        if b'"date-time"' in msgspec.json.encode(msgspec.json.schema_components([field.type]))
    )


def _check_times(value: Any, field: str = "") -> None:
    """Raise where a time lies outside the years that ids (from 1970) and every time zone's calendar can hold."""
    if isinstance(value, datetime):
        if not EARLIEST <= value < LATEST:
            expected = f"Expected a time from {EARLIEST.year} to {LATEST.year - 1}"
            raise RequestInvalid(field=field, expected=expected, reason=f"`{field}`: {expected}.")
    elif isinstance(value, Struct):
        for name in _fields_with_times(type(value)):
            _check_times(getattr(value, name), f"{field}.{name}" if field else name)
    elif isinstance(value, list | tuple):
        for place, part in enumerate(value):
            _check_times(part, f"{field}[{place}]")


def decode_query(kind: type[Struct] | None, raw: bytes) -> Any:
    """Return the query as `kind`; a repeated name gives a list. A query that nobody asked for is refused."""
    if not raw:
        return None if kind is None else _converted({}, kind)
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=100)
    except ValueError:
        raise RequestInvalid(reason="The query is not percent-encoded UTF-8.") from None
    # The digits of a place on earth look like a card's by chance: what is read as a number is kept as no text.
    numbers = set() if kind is None else _float_fields(kind)
    check_texts([name for name, _ in pairs] + [value for name, value in pairs if name not in numbers])
    many = set() if kind is None else _list_fields(kind)
    values: dict[str, Any] = {}
    for name, value in pairs:
        if name in many:
            values.setdefault(name, []).append(value)
        elif name in values:
            raise RequestInvalid(field=name, reason=f"`{name}` is given twice.")
        else:
            values[name] = value
    if kind is None:
        raise RequestInvalid(field=pairs[0][0] if pairs else "", reason="This route takes no query.")
    return _converted(values, kind)


def check_texts(texts: Sequence[str]) -> None:
    """Raise where a text of the path, the query or a header may not be stored."""
    for text in texts:
        if "\x00" in text:
            raise NulCharacter
        if may_hold_card_number(text.encode("utf-8", "replace")) and text_holds_card_number(text):
            raise CardNumberRefused


def invalid(error: msgspec.ValidationError) -> RequestInvalid:
    """Return the refusal that names the field and what was expected, from msgspec's message (which holds no values)."""
    match = _AT_FIELD.match(str(error))
    what, field = (match["what"], match["field"] or "") if match else (str(error), "")
    named = _NAMED_FIELD.search(what)
    if named:
        field = f"{field}.{named['name']}" if field else named["name"]
    place = f"`{field}`: " if field else ""
    return RequestInvalid(field=field, expected=what, reason=f"{place}{what}.")


def _converted(values: dict[str, Any], kind: type[Struct]) -> Any:
    try:
        found = msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        raise invalid(error) from None
    _check_times(found)
    return found


def _list_fields(kind: type[Struct]) -> set[str]:
    return {field.encode_name for field in msgspec.structs.fields(kind) if _holds_list(field.type)}


def _float_fields(kind: type[Struct]) -> set[str]:
    return {field.encode_name for field in msgspec.structs.fields(kind) if _may_be_float(field.type)}


def _may_be_float(annotation: Any) -> bool:
    return annotation is float or any(_may_be_float(part) for part in get_args(annotation))


def _holds_list(annotation: Any) -> bool:
    return get_origin(annotation) in (list, tuple) or any(_holds_list(part) for part in get_args(annotation))
