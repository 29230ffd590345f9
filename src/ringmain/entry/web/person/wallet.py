"""The wallet: open vouchers first, by how soon they end, then those that are over, with why."""

from uuid import UUID

from starlette.responses import Response

from ringmain.entry.web.person import phone, words
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pages import Visit
from ringmain.network import api as network
from ringmain.voucher import api as voucher
from ringmain.voucher.api import Held

_SOON_DAYS = 3
_MOST_NAMES = 3


async def show(visit: Visit) -> Response:
    """Show what the holder of this phone has."""
    async with visit.unit() as uow:
        now = await uow.now()
        here = await network.network_of(uow)
        known = await phone.holder(visit, uow)
        held = await voucher.wallet(uow, known.subject_ids) if known is not None else []
        names = await shop_names(uow, held)
    if known is None:
        await visit.sign_out()
        return visit.go("/welcome-back")
    lines = [
        {
            "id": one.voucher.id,
            "state": one.state,
            "worth": words.worth(visit.speech, one.offer.terms, one.voucher.remaining_minor or None),
            "where": where(visit, one, names, here.name),
            "until": words.until(visit.speech, one.voucher.valid_until, now, here.time_zone),
            "soon": (one.voucher.valid_until - now).days < _SOON_DAYS,
            "begins": one.voucher.valid_from,
            "ended": one.voucher.valid_until,
            "used_at": one.used_at,
            "used_where": names.get(one.used_shop_id) if one.used_shop_id else None,
        }
        for one in held
    ]
    good = [line for line in lines if line["state"] in ("open", "later")]
    over = [line for line in lines if line["state"] not in ("open", "later")]
    return visit.page("person/wallet.html", good=good, over=over, now=now, zone=here.time_zone)


async def shop_names(uow: UnitOfWork, held: list[Held]) -> dict[UUID, str]:
    """Return the names of the shops that vouchers lead to, were won at or were used in."""
    ids = {id_ for one in held for id_ in one.offer.terms.shop_ids}
    ids |= {id_ for one in held for id_ in (one.used_shop_id, one.sender_shop_id) if id_ is not None}
    return {shop.id: shop.name for shop in await network.shops(uow, sorted(ids))} if ids else {}


def where(visit: Visit, one: Held, names: dict[UUID, str], network_name: str) -> str:
    """Return where a voucher may be spent: its shops by name, or every shop of the network."""
    shops = [names[id_] for id_ in one.offer.terms.shop_ids if id_ in names]
    if not shops:
        return visit.speech.text("Every shop of %(network)s", network=network_name)
    if len(shops) <= _MOST_NAMES:
        return ", ".join(shops)
    rest, first = len(shops) - 1, shops[0]
    return visit.speech.texts("%(shop)s and %(num)s other shop", "%(shop)s and %(num)s other shops", rest, shop=first)
