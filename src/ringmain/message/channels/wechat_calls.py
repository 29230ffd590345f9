"""What WeChat tells of template messages: signed calls with a little XML.

https://developers.weixin.qq.com/doc/offiaccount/Basic_Information/Access_Overview.html
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from xml.parsers import expat

from ringmain.kit.db import UnitOfWork
from ringmain.message.errors import CallbackNotSigned
from ringmain.message.model.finished import Finished
from ringmain.message.model.steps import State
from ringmain.message.store import tokens as store

_SKEW = timedelta(minutes=5)
_MOST_BYTES, _LONGEST_NUMBER, _LONGEST_SECONDS = 8_192, 19, 11
_FINISHED = "TEMPLATESENDJOBFINISH"
# Status, without the blank that some of them have behind the colon -> what it means. Of a person who blocks the account
# the channel is stopped; what failed at WeChat goes another way at once.
_TOLD: dict[str, tuple[State, str | None]] = {
    "success": (State.DELIVERED, None),
    "failed:user block": (State.FAILED, "stopped_at_provider"),
    "failed:system failed": (State.FAILED, "provider_failed"),
}


@dataclass(frozen=True, slots=True)
class Call:
    """What WeChat signs: the time in seconds and a number; the content of a call is not among it."""

    timestamp: str
    nonce: str
    signature: str


def check_call(token: str, call: Call, now: datetime) -> None:
    """Raise `CallbackNotSigned` where a call is not signed with our token, or was at another time."""
    expected = hashlib.sha1("".join(sorted((token, call.timestamp, call.nonce))).encode()).hexdigest()  # noqa: S324 (WeChat's)
    signed = hmac.compare_digest(expected.encode(), call.signature.lower().encode())
    if not signed or not call.timestamp.isdecimal() or len(call.timestamp) >= _LONGEST_SECONDS:
        raise CallbackNotSigned
    if abs(now - datetime.fromtimestamp(int(call.timestamp), tz=UTC)) > _SKEW:
        raise CallbackNotSigned


async def take_call(uow: UnitOfWork, call: Call, content: bytes, now: datetime) -> None:
    """Note a call; WeChat may repeat it. Raises `CallbackNotSigned` where it tells something else then."""
    signed = hashlib.sha256(f"{call.timestamp}/{call.nonce}".encode()).digest()
    # Older ones are refused for their time.
    if not await store.note_call(uow, signed, hashlib.sha256(content).digest(), now, now - 2 * _SKEW):
        raise CallbackNotSigned


def read_finished(content: bytes) -> Finished | None:
    """Return what a call tells of a message; None where it is of something else, or no XML of WeChat's."""
    told = _fields(content)
    number, at = told.get("MsgID", ""), told.get("CreateTime", "")
    if told.get("Event") != _FINISHED or not number.isdecimal() or len(number) > _LONGEST_NUMBER:
        return None
    if not at.isdecimal() or len(at) >= _LONGEST_SECONDS:
        return None
    word = ":".join(part.strip() for part in told.get("Status", "").lower().split(":"))
    state, reason = _TOLD.get(word, (State.FAILED, "provider_refused"))
    return Finished(number, state, reason, datetime.fromtimestamp(int(at), tz=UTC))


class _NotRead(Exception):
    """A document that has more in it than fields."""


def _fields(content: bytes) -> dict[str, str]:
    """Return the texts of the elements in the outermost one; nothing of a document that defines anything."""
    path: list[str] = []
    found: dict[str, str] = {}

    def begin(name: str, _: object) -> None:
        path.append(name)

    def end(_: str) -> None:
        path.pop()

    def text(letters: str) -> None:
        if len(path) == 2:  # noqa: PLR2004 (the outermost element, and a field)
            found[path[1]] = found.get(path[1], "") + letters

    def refuse(*_: object) -> int:
        raise _NotRead

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = begin, end, text
    # Entities need a document type; without one there is nothing to expand and nothing to fetch.
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = parser.ExternalEntityRefHandler = refuse
    try:
        if len(content) > _MOST_BYTES:
            return {}
        parser.Parse(content, True)
    except (expat.ExpatError, _NotRead, UnicodeDecodeError, ValueError):
        return {}
    return {name: value.strip() for name, value in found.items()}
