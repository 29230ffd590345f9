"""Ready packs: choose one for the kind of trade, look at what it holds, and make drafts of what is wanted of it."""

from typing import Any
from uuid import UUID

from msgspec import Struct
from starlette.responses import Response

from ringmain.campaign import api as campaign
from ringmain.campaign.api import LeftOut, Pack, PackCampaign, Usual
from ringmain.entry.web.audiences import MERCHANT
from ringmain.entry.web.merchant.campaign_form import GOALS
from ringmain.entry.web.merchant.common import N_, console_of, merchant_id, shown
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pages import PageRoute, Speech, Visit
from ringmain.member import api as member
from ringmain.network import api as network

HERE = "/merchant/packs"
_RAIL = "/merchant/campaigns"
_LEFT_OUT = {
    LeftOut.NO_SHOP: N_("You have no shop yet. Open one first."),
    LeftOut.NO_TRIBE: N_("No group is shown to you yet."),
    LeftOut.NO_PARTNER: N_("It needs a partner. Propose a partnership first."),
    LeftOut.SENSITIVE: N_("People are not chosen by what your shop is about."),
    LeftOut.NO_SEGMENT_LEFT: N_("You have as many segments as you may have. Archive one first."),
}
_AUDIENCES = {
    "everyone": N_("Everyone who meets it"),
    "tribe": N_("Your largest group"),
    "need": N_("Who probably wants it this week"),
}
_CHANNELS = {"scene": N_("when they play"), "search": N_("when they search"), "message": N_("by message")}
_WORDS = {
    "poster": N_("For your poster"),
    "sms": N_("For a message of your own"),
    "till": N_("For your people at the till"),
}


class _Made(Struct, frozen=True):
    """How many drafts were made of which usual purchase; `left_out` campaigns by key with the reason."""

    made: int
    left_out: dict[str, str]
    usual_minor: int
    from_sales: int | None


async def packs(visit: Visit) -> Response:
    """Show the packs that there are."""
    async with visit.unit() as uow:
        console = await console_of(uow, visit)
    language = visit.speech.language
    rows = [
        {
            "name": one.name,
            "title": one.title.of(language),
            "about": one.about.of(language),
            "campaigns": visit.speech.texts("%(num)s campaign", "%(num)s campaigns", len(one.campaigns)),
        }
        for one in campaign.packs()
    ]
    return shown(visit, "packs.html", _RAIL, console, packs=rows)


async def pack(visit: Visit) -> Response:
    """Show what a pack holds."""
    return await _page(visit, campaign.pack_of(visit.path_text("name")))


async def apply(visit: Visit) -> Response:
    """Make drafts of the campaigns that are ticked."""
    one, own, speech = campaign.pack_of(visit.path_text("name")), merchant_id(visit), visit.speech
    async with visit.unit() as uow:
        console = await console_of(uow, visit)
        sold = await campaign.usual_purchase(uow, await network.shops_of(uow, own))
    usual, keys = visit.form.minor("usual", console.precision), visit.form.all("keys")
    # What stands in the field as it was filled in is what was sold, and not what somebody has typed.
    named = None if usual == sold.minor else usual
    fault = "" if usual else speech.text("Say what a usual purchase costs, such as 60.")
    if not fault and not keys:
        fault = speech.text("Tick one campaign at least.")
    if fault or not usual:
        return await _page(visit, one, fault=fault, usual=visit.form.text("usual"), chosen=keys, status=422)

    async def act(uow: UnitOfWork) -> _Made:
        found = await campaign.apply_pack(uow, one.name, own, usual_minor=named, language=speech.language, keys=keys)
        left_out = {key: reason.value for key, reason in found.left_out.items()}
        return _Made(len(found.made), left_out, found.usual_minor, found.from_sales)

    made = await visit.once("page apply pack", act, _Made)
    return await _page(visit, one, made=made, usual=visit.form.text("usual"))


async def _page(
    visit: Visit,
    one: Pack,
    *,
    made: _Made | None = None,
    fault: str = "",
    usual: str = "",
    chosen: list[str] | None = None,
    status: int = 200,
) -> Response:
    speech, own = visit.speech, merchant_id(visit)
    async with visit.unit() as uow:
        console = await console_of(uow, visit)
        drafts = await campaign.pack_drafts(uow, own, one.name)
        sold = await campaign.usual_purchase(uow, await network.shops_of(uow, own))
    asked = {question.key: question.words for question in member.QUESTIONS}
    left_out = {} if made is None else {key: speech.text(_LEFT_OUT[LeftOut(why)]) for key, why in made.left_out.items()}
    return shown(
        visit,
        "pack.html",
        _RAIL,
        console,
        status,
        pack=one.name,
        title=one.title.of(speech.language),
        about=one.about.of(speech.language),
        rows=[_row(speech, each, drafts.get(each.key), left_out.get(each.key, "")) for each in one.campaigns],
        chosen=[each.key for each in one.campaigns] if chosen is None else chosen,
        words=[(speech.text(_WORDS[key]), words.of(speech.language)) for key, words in one.words.items()],
        questions=[speech.text(asked[key]) for key in one.questions],
        made=None if made is None else speech.texts("%(num)s draft was made.", "%(num)s drafts were made.", made.made),
        any_left=any(each.key not in drafts for each in one.campaigns),
        fault=fault,
        usual=usual or ("" if sold.minor is None else console.major(sold.minor)),
        sold=_sold(speech, sold, console.currency),
        used="" if made is None else _used(speech, made, console.currency),
    )


def _sold(speech: Speech, sold: Usual, currency: str) -> str:
    """Return what the field of the usual purchase is filled in with, or why it is empty."""
    if sold.minor is None:
        return speech.text(
            "Too little was sold of late to tell: from %(fewest)s sales in eight weeks on it is filled in by itself.",
            fewest=speech.number(campaign.FEWEST_SALES),
        )
    return speech.text(
        "%(amount)s is the middle of your last %(sales)s sales of eight weeks. Type another one to reckon with that.",
        amount=speech.money(sold.minor, currency),
        sales=speech.number(sold.sales),
    )


def _used(speech: Speech, made: _Made, currency: str) -> str:
    """Return which usual purchase drafts were made of."""
    amount = speech.money(made.usual_minor, currency)
    if made.from_sales is None:
        return speech.text("They reckon with a usual purchase of %(amount)s, as you have typed it.", amount=amount)
    return speech.text(
        "They reckon with a usual purchase of %(amount)s, the middle of your last %(sales)s sales.",
        amount=amount,
        sales=speech.number(made.from_sales),
    )


def _row(speech: Speech, one: PackCampaign, draft: UUID | None, left_out: str) -> dict[str, Any]:
    return {
        "key": one.key,
        "name": one.name.of(speech.language),
        "why": one.why.of(speech.language),
        "goal": speech.text(GOALS[one.goal]),
        "lines": [_worth(speech, one), _audience(speech, one), _times(speech, one)],
        "draft": draft,
        "left_out": left_out,
    }


def _worth(speech: Speech, one: PackCampaign) -> str:
    """Return what the offer takes off, as a share of a usual purchase."""
    worth, number = speech.share(one.offer.worth / 100), speech.number(one.vouchers)
    if one.offer.percent is not None:
        percent = speech.share(one.offer.percent / 100)
        return speech.text(
            "%(percent)s off, at most %(worth)s of a usual purchase; money for %(number)s vouchers",
            percent=percent,
            worth=worth,
            number=number,
        )
    return speech.text("Worth %(worth)s of a usual purchase; money for %(number)s vouchers", worth=worth, number=number)


def _audience(speech: Speech, one: PackCampaign) -> str:
    if one.metres is not None:
        who = speech.text("Whoever stands within %(metres)s", metres=speech.distance(one.metres))
    elif one.not_seen_days is not None:
        who = speech.text("Guests not seen for %(days)s days", days=one.not_seen_days)
    else:
        who = speech.text(_AUDIENCES[one.audience])
    return f"{who} · {', '.join(speech.text(_CHANNELS[name]) for name in one.channels)}"


def _times(speech: Speech, one: PackCampaign) -> str:
    lasts = speech.texts("%(num)s day from tomorrow", "%(num)s days from tomorrow", one.days)
    if one.until_minute - one.from_minute == campaign.DAY_MINUTES:
        return lasts
    begin, end = (f"{minute // 60:02}:{minute % 60:02}" for minute in (one.from_minute, one.until_minute))
    return f"{lasts} · {begin}-{end}"


PAGES = (
    PageRoute(path=HERE, audience=MERCHANT, get=packs),
    PageRoute(path=f"{HERE}/{{name}}", audience=MERCHANT, get=pack, post=apply),
)
