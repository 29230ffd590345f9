"""Whether the link of a message was followed by somebody, or only looked at by a program before them."""

from collections.abc import Mapping
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pages import Visit
from ringmain.member.api import Known
from ringmain.message import api as message

# Stands in the links of messages, so that they can be counted when they are followed.
_BY_MESSAGE = "m"
# By these a browser says that it fetches a page which nobody has asked for yet.
_AHEAD = ("sec-purpose", "purpose", "x-purpose", "x-moz")
_AHEAD_WORDS = ("prefetch", "prerender", "preview")


async def note_followed(visit: Visit, uow: UnitOfWork, known: Known, reference_id: UUID, *, signed_in: bool) -> None:
    """Note that a person has followed the link of the message that told them of something."""
    request = visit.request
    if _BY_MESSAGE in request.query_params and is_followed(request.method, request.headers, signed_in=signed_in):
        await message.note_opened(uow, visit.site.keyring, known, reference_id)


def is_followed(method: str, headers: Mapping[str, str], *, signed_in: bool) -> bool:
    """Say whether a request is somebody's who goes to a page, by what browsers tell of it (Fetch Metadata).

    A HEAD, and what is fetched ahead, is nobody's. Where no session tells a person from a program that makes a preview
    of links, the browser itself has to say that it goes there: programs do not.
    """
    if method != "GET" or any(word in headers.get(name, "").lower() for name in _AHEAD for word in _AHEAD_WORDS):
        return False
    return headers.get("sec-fetch-mode", "navigate" if signed_in else "") == "navigate"
