"""The ring and the merchant: what people did after they played here, and what it gives to others and gets."""

from starlette.responses import Response

from ringmain.entry.web.audiences import MERCHANT
from ringmain.entry.web.merchant import turning
from ringmain.entry.web.merchant.common import console_of, merchant_id, shown
from ringmain.kit.pages import PageRoute, Visit
from ringmain.loop import api as loop

HERE = "/merchant/ring"


async def show(visit: Visit) -> Response:
    """Show what the ring does for this merchant."""
    async with visit.unit() as uow:
        console = await console_of(uow, visit)
        asked, now = await loop.whose(uow, merchant_id(visit)), await uow.now()
    found = await loop.in_turn(loop.own_ring, visit.site.settings.lake_folder, visit.network_id, asked, now)
    speech = visit.speech
    return shown(
        visit,
        "ring.html",
        HERE,
        console,
        effect_columns=turning.effect_columns(speech),
        effects=turning.effect_rows(speech, found.effects, console.currency),
        power_columns=turning.power_columns(speech, speech.text("Merchant")),
        power=[turning.power_row(speech, console.merchant.legal_name, found.power.given, console.currency)]
        if found.power.given
        else [],
    )


PAGES = (PageRoute(path=HERE, audience=MERCHANT, get=show),)
