"""Stopping marketing by the link in a message: one tap, no login; mail programs may press it, too (RFC 8058)."""

from starlette.responses import Response

from ringmain.entry.web.audiences import ANYBODY
from ringmain.entry.web.me.texts import language_of
from ringmain.kit.http import Limit
from ringmain.kit.pages import PageRoute, Visit
from ringmain.message import api as message
from ringmain.network import api as network

_LIMIT = (Limit(30, seconds=60, per="address"),)


async def show(visit: Visit) -> Response:
    """Ask; reading alone changes nothing, because programs that look for viruses open every link."""
    who = message.read_stop_token(visit.site.keyring, visit.path_text("token"))
    async with visit.unit(who.network_id) as uow:
        gets = await message.gets_marketing(uow, who.subject_id)
        reached = await message.still_reached(uow, who.subject_id)
        name = (await network.network_of(uow)).name
    return visit.page("messages/unsubscribe.html", network=name, gets=gets, reached=reached, done=False)


async def stop(visit: Visit) -> Response:
    """Stop. Once more changes nothing; the answer leads nowhere else, as RFC 8058 wants it.

    What a mail program posts says nothing of "everything", and stops what the message was: reminders and offers.
    """
    everything = visit.form.text("what") == "everything"
    who = message.read_stop_token(visit.site.keyring, visit.path_text("token"))
    async with visit.unit(who.network_id) as uow:
        await message.unsubscribe(uow, who, language_of(visit.speech), everything=everything)
        reached = await message.still_reached(uow, who.subject_id)
        name = (await network.network_of(uow)).name
    return visit.page("messages/unsubscribe.html", network=name, gets=False, reached=reached, done=True)


PAGES: tuple[PageRoute, ...] = (
    # Whoever holds the link may stop: a mail program has no session and no press, and nobody else can know the link.
    PageRoute(path="/u/{token}", audience=ANYBODY, get=show, post=stop, limit=_LIMIT, harmless=True),
)
