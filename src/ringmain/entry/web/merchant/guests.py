"""Guests of a merchant: those who agreed to be known, and counts of everybody."""

from uuid import UUID

from starlette.responses import Response

from ringmain.entry.web.audiences import MERCHANT
from ringmain.entry.web.merchant.common import console_of, merchant_id, shown
from ringmain.kit.pages import PageRoute, Speech, Visit
from ringmain.loop import api as loop
from ringmain.match.api import usual_name
from ringmain.need import api as need
from ringmain.network import api as network

HERE = "/merchant/members"
_PAGE = 50


async def guests(visit: Visit) -> Response:
    """Show the guests who share with this merchant, how many are expected, and what groups of all do elsewhere."""
    own = merchant_id(visit)
    try:
        after = UUID(visit.query("after"))
    except ValueError:
        after = None
    # Counts of what groups do elsewhere need others' rows; what is shown is this merchant's.
    async with visit.unit() as uow:
        console = await console_of(uow, visit)
        counts = await loop.guest_counts(uow, own)
        shops = await network.shops_of(uow, own)
        expected = await need.ahead(uow, [shop.id for shop in shops], await uow.now())
        found = await loop.guests(uow, visit.site.keyring, own, after=after, limit=_PAGE + 1)
    speech = visit.speech
    groups = [(usual_name(one.category, speech.language), speech.number(one.people)) for one in counts.elsewhere]
    coming = [
        (shop.name, _about(speech, one.expected))
        for shop, one in zip(shops, expected, strict=True)
        if one.expected is not None
    ]
    following = found[_PAGE - 1].member_id if len(found) > _PAGE else None
    return shown(
        visit,
        "guests.html",
        HERE,
        console,
        counts=counts,
        guests=found[:_PAGE],
        following=following,
        elsewhere=groups,
        coming=coming,
        least=need.LEAST_PEOPLE,
    )


def _about(speech: Speech, expected: int) -> str:
    if not expected:
        return speech.text("fewer than %(number)s", number=speech.number(need.ROUNDED_TO))
    return speech.text("about %(number)s", number=speech.number(expected))


PAGES = (PageRoute(path=HERE, audience=MERCHANT, get=guests),)
