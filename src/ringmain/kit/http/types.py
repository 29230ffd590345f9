"""The field types and list shapes that every request and response of the API is made of."""

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from msgspec import Meta, Struct

from ringmain.kit.http.problem import CursorInvalid, Problem

Item = TypeVar("Item")

# The largest integer that every JSON reader keeps exact (RFC 8259, section 6): money never leaves this range.
MAX_EXACT = 9_007_199_254_740_991

AmountMinor = Annotated[int, Meta(gt=0, le=MAX_EXACT, description="Minor units (cents, fen); more than zero.")]
AmountMinorOrZero = Annotated[int, Meta(ge=0, le=MAX_EXACT, description="Minor units; zero or more.")]
SignedAmountMinor = Annotated[int, Meta(ge=-MAX_EXACT, le=MAX_EXACT, description="Minor units; may be negative.")]
Count = Annotated[int, Meta(ge=0, le=MAX_EXACT)]
Currency = Annotated[
    str, Meta(pattern=r"^[A-Z][A-Z0-9]{2,7}\Z", description="ISO 4217, or a currency of the network such as points.")
]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Reference = Annotated[str, Meta(min_length=1, max_length=200)]
Text = Annotated[str, Meta(max_length=4_000)]
Time = Annotated[datetime, Meta(tz=True, description="RFC 3339 with a time zone, from 1970 to 9998.")]
IdempotencyKey = Annotated[str, Meta(pattern=r"^[!-~]{1,255}\Z", description="1 to 255 visible ASCII characters.")]


class Request(Struct, frozen=True, forbid_unknown_fields=True):
    """What a client sends: a field nobody knows is refused, so that a typing error is never silently ignored."""


class Change(Request, frozen=True, omit_defaults=True):
    """What a client wants changed: fields that are absent (UNSET) stay as they are."""


class Page(Request, frozen=True):
    """The query of a list: how many, and after which one."""

    limit: Annotated[int, Meta(ge=1, le=200, description="How many items at most.")] = 50
    after: Annotated[str, Meta(max_length=512, description="`next` of the page before.")] | None = None


class Listed(Struct, Generic[Item], frozen=True):
    """One page of a list; `next` is null on the last page."""

    items: list[Item]
    next: str | None = None


class Outcome(Struct, Generic[Item], frozen=True, omit_defaults=True):
    """What became of one item of a batch: an answer, or a problem, with the status it would have had alone."""

    status: int
    answer: Item | None = None
    problem: Problem | None = None


def cursor_of(*keys: Any) -> str:
    """Return the opaque cursor of a row from the values that the list is ordered by (ids, times, integers, text)."""
    return base64.urlsafe_b64encode(msgspec.json.encode(keys)).rstrip(b"=").decode()


def keys_of(cursor: str | None, types: type[tuple[Any, ...]]) -> Any:
    """Return the keyset of a cursor as `types` (such as `tuple[UUID]`), or None where there is no cursor.

    Raises `CursorInvalid` where the text was not made by `cursor_of` for this list.
    """
    if cursor is None:
        return None
    try:
        data = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        return msgspec.json.decode(data, type=types)
    except (binascii.Error, ValueError, msgspec.MsgspecError, RecursionError) as error:
        raise CursorInvalid from error


def listed(rows: Sequence[Item], limit: int, key: Callable[[Item], tuple[Any, ...]]) -> Listed[Item]:
    """Return a page from rows fetched with `LIMIT limit + 1`: the one beyond tells whether there is a next page."""
    kept = list(rows[:limit])
    return Listed(kept, cursor_of(*key(kept[-1])) if len(rows) > limit and kept else None)
