"""Taking a voucher of an offer that was found: one press; who has not joined does that first, with the wish kept."""

from datetime import datetime, timedelta
from uuid import UUID

from starlette.responses import Response

from ringmain.campaign import api as campaign
from ringmain.campaign.errors import OfferNotOpen, OfferTaken
from ringmain.entry.web.person import phone, words
from ringmain.kit.pages import Visit
from ringmain.network import api as network
from ringmain.scene.errors import SceneRetired
from ringmain.voucher import api as voucher

_RECENTLY = timedelta(hours=3)


async def take(visit: Visit) -> Response:
    """Take a voucher of the offer that was pressed."""
    offer_id = visit.form.id("offer")
    if visit.session is None or offer_id is None:
        return visit.go("/nearby")
    if visit.known.holder_id is None:
        async with visit.unit() as uow:
            await phone.remember(visit, uow, take=str(offer_id), choice=None, game=None, packet=None)
        return visit.go("/join")
    return await take_now(visit, offer_id)


async def take_now(visit: Visit, offer_id: UUID) -> Response:
    """Grant the voucher to the holder of this phone, once, however often it is pressed, and lead to it."""
    try:
        async with visit.unit() as uow:
            at_shop_id = shop_of_late(visit, await uow.now())
            taken = await campaign.take(uow, visit.site.keyring, offer_id, visit.holder_id, at_shop_id=at_shop_id)
        leads_to = f"/wallet/{taken.voucher_id}?won=yes"
    except OfferTaken as rule:
        leads_to = f"/wallet/{rule.facts['voucher_id']}"
    except (OfferNotOpen, SceneRetired):
        leads_to = "/nearby?gone=1"
    async with visit.unit() as uow:
        await phone.remember(visit, uow, take=None)
    return visit.go(leads_to)


async def wanted(visit: Visit) -> dict[str, str] | None:
    """Return the offer that this phone wants a voucher of, and that waits for its person to join."""
    wish = (visit.session.facts if visit.session is not None else {}).get("take")
    if not wish:
        return None
    async with visit.unit() as uow:
        offer = (await voucher.read_offers(uow, [UUID(wish)])).get(UUID(wish))
        if offer is None:
            return None
        shops = await network.shops(uow, offer.terms.shop_ids) if offer.terms.shop_ids else []
        where = shops[0].name if len(shops) == 1 else offer.name
    return {"worth": words.worth(visit.speech, offer.terms), "shop": where}


def shop_of_late(visit: Visit, at: datetime) -> UUID | None:
    """Return the shop at which this phone has met a scene within the last hours."""
    facts = visit.known.facts
    if not facts.get("shop") or at - datetime.fromisoformat(facts["touched_at"]) > _RECENTLY:
        return None
    return UUID(facts["shop"])
