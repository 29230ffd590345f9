"""What the messages of a campaign will say, before it runs."""

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from ringmain.campaign.tell import value_of
from ringmain.kit.db import UnitOfWork
from ringmain.message import api as message
from ringmain.network import api as network
from ringmain.voucher.api import PublishedOffer

_NOBODYS = UUID(int=0)


async def preview_message(uow: UnitOfWork, offer: PublishedOffer, public_base: str) -> list[message.Preview]:
    """Return the message of an offer's voucher as it would be sent now, in every language; its links lead nowhere.

    Of an offer that leads to several shops the first one's name stands there; each person is told of theirs.
    """
    home, now = await network.network_of(uow), await uow.now()
    ids = offer.terms.shop_ids[:1]
    shops = await network.shops(uow, ids) if ids else []
    parameters: dict[str, message.Value] = {
        "value": value_of(offer.terms, offer.terms.face_minor),
        "shop": shops[0].name if shops else offer.name,
        "ends": _ends(offer, now),
        "link": f"{public_base}/wallet/{_NOBODYS}?m",
    }
    template = message.Template.VOUCHER_GIVEN
    return message.previews(template, parameters, home.name, public_base, ZoneInfo(home.time_zone))


def _ends(offer: PublishedOffer, now: datetime) -> datetime:
    """Return when a voucher ends that is given now."""
    days = offer.terms.valid_days
    ends = [one for one in (offer.terms.valid_until, None if days is None else now + timedelta(days=days)) if one]
    return min(ends, default=now)
