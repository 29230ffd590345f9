"""Today for you: what one usually wants now, places, and vouchers that end soon; each with why, and "not for me"."""

from typing import Any

from starlette.responses import Response

from ringmain.campaign import api as campaign
from ringmain.entry.web.person import phone, taking, words
from ringmain.entry.web.person.nearby import line
from ringmain.entry.web.person.wallet import shop_names, where
from ringmain.kit.pages import Speech, Visit
from ringmain.match import api as match
from ringmain.match.api import Wish
from ringmain.member.errors import MemberUnknown
from ringmain.network import api as network
from ringmain.voucher import api as voucher
from ringmain.voucher.api import Held


async def show(visit: Visit) -> Response:
    """Show what is worth a look now; without personalisation that is the same for everybody who stands there."""
    async with visit.unit() as uow:
        known = await phone.holder(visit, uow)
        if known is None:
            raise MemberUnknown()
        here = await network.network_of(uow)
        at = await uow.now()
        shop_id = taking.shop_of_late(visit, at)
        first = await campaign.first_found(uow, known, shop_id, at)
        today = await match.today(uow, known, at_shop_id=shop_id, first_offers=first)
        taken = await campaign.taken_today(uow, known.subject_ids)
        wallet = await voucher.wallet(uow, known.subject_ids)
        names = await shop_names(uow, list(today.ending))
    held = {one.offer.id: one.voucher.id for one in wallet if one.state in ("open", "later")}

    def ending(one: Held) -> dict[str, Any]:
        return {
            "id": one.voucher.id,
            "offer": one.offer.id,
            "worth": words.worth(visit.speech, one.offer.terms, one.voucher.remaining_minor or None),
            "where": where(visit, one, names, here.name),
            "until": words.until(visit.speech, one.voucher.valid_until, today.at, here.time_zone),
        }

    return visit.page(
        "person/today.html",
        wishes=[
            {"why": _why(visit.speech, today.part, one), **line(visit.speech, one.match, held)} for one in today.wishes
        ],
        places=[line(visit.speech, one, held) for one in today.places],
        ending=[ending(one) for one in today.ending],
        personal=today.personal,
        taken=taken,
        hidden=visit.query("hidden"),
        member=True,
    )


async def hide(visit: Visit) -> Response:
    """Keep a shop, or an offer and its vouchers, away from the holder of this phone; vouchers stay in the wallet."""
    shop_id, offer_id = visit.form.id("shop"), visit.form.id("offer")
    if (shop_id is None) == (offer_id is None):
        return visit.go("/today")
    async with visit.unit() as uow:
        known = await phone.holder(visit, uow)
        if known is None:
            raise MemberUnknown()
        await match.block(uow, known.subject_ids, shop_id=shop_id, offer_id=offer_id)
    return visit.go("/today?hidden=1")


def _why(speech: Speech, part: str, wish: Wish) -> str:
    """Return the sentence that says on what evidence somebody is thought to want something now."""
    what = match.usual_name(wish.wanted.words, speech.language)
    num = speech.number(wish.wanted.count)
    texts = {
        "morning": speech.text("In the morning you often go for %(what)s: %(num)s times lately.", what=what, num=num),
        "midday": speech.text("Around midday you often go for %(what)s: %(num)s times lately.", what=what, num=num),
        "afternoon": speech.text(
            "In the afternoon you often go for %(what)s: %(num)s times lately.", what=what, num=num
        ),
        "evening": speech.text("In the evening you often go for %(what)s: %(num)s times lately.", what=what, num=num),
        "night": speech.text("At night you often go for %(what)s: %(num)s times lately.", what=what, num=num),
    }
    return texts[part]
