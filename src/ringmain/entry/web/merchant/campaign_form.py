"""The form of a campaign: for whom, when, with which offer; and what it may bring, before anything is paid."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from starlette.responses import Response

from ringmain.campaign import api as campaign
from ringmain.campaign.api import Audience, NewCampaign, Schedule
from ringmain.campaign.errors import CampaignInvalid
from ringmain.entry.web.merchant.common import N_, Console, Draft, console_of, merchant_id, shown
from ringmain.entry.web.merchant.offer_form import in_words, typed
from ringmain.entry.web.merchant.shops import DAYS
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pages import Form, Speech, Visit
from ringmain.loop import api as loop
from ringmain.match.api import usual_name
from ringmain.network import api as network
from ringmain.segment import api as segment
from ringmain.voucher import api as voucher
from ringmain.voucher.api import PublishedOffer

HERE: Final = "/merchant/campaigns"
GOALS = {
    "new": N_("Bring new guests"),
    "lapsed": N_("Bring back guests who stayed away"),
    "quiet_hours": N_("Fill quiet hours"),
    "exchange": N_("Exchange guests with a neighbour"),
}
_METRES = (300, 1_000)
_DAY_MINUTES = campaign.DAY_MINUTES
# Where a refusal of the campaign slice stands in the form.
_FIELDS = {
    "offer_id": "offer",
    "budget_minor": "budget",
    "ends_at": "ends",
    "from_minute": "from",
    "until_minute": "from",
    "comparison_bp": "comparison",
    "partnership_id": "partnership",
    "audience.category": "audience",
    "lapsed_days": "lapsed",
}
_FAULTS = {
    "budget": N_("The budget has to pay for one voucher at least. Raise it, or choose an offer of less."),
    "ends": N_("The last day has to come after the first one, and may not be over."),
    "from": N_("It ends after it begins, on the same day. For a night make two campaigns."),
    "partnership": N_("Choose a partnership that all have agreed to, or another goal."),
    "audience": N_("Nobody is chosen by this. Choose another audience."),
    "lapsed": N_("Say after how many days a guest has stayed away: 7 to 730."),
}


@dataclass(frozen=True, slots=True)
class Outlook:
    """What to expect, in words: costs, and sentences about visits with what they rest on."""

    costs: loop.Preview
    visits: str
    more: str
    rests: str
    people: str


async def new(visit: Visit) -> Response:
    """Show an empty form; its first day is today by the shop's clock."""
    async with visit.unit() as uow:
        console, now = await console_of(uow, visit), await uow.now()
    today = now.astimezone(ZoneInfo(console.time_zone)).date()
    values = {
        "goal": "new",
        "lapsed": str(campaign.LAPSED_DAYS),
        "audience": "everyone",
        "starts": today.isoformat(),
        "ends": (today + timedelta(days=28)).isoformat(),
        "comparison": "10",
        "scene": "yes",
        "search": "yes",
    }
    if visit.query("partnership"):
        values |= {"goal": "exchange", "partnership": visit.query("partnership")}
    return await _form(visit, Draft(values))


async def create(visit: Visit) -> Response:
    """Keep the campaign as a draft, or show what is wrong; without a press of "keep" only the forecast."""
    draft, own = typed(visit.form), merchant_id(visit)
    async with visit.unit() as uow:
        console = await console_of(uow, visit)
        offers = await _offers(uow, own)
        named = await audiences(uow, visit.speech, console)
    wish = _wish(visit.speech, console, offers, draft, own)
    if wish is not None and value_of(wish.audience) not in dict(named):
        draft.faults["audience"] = visit.speech.text(_FAULTS["audience"])
    if visit.form.text("show") == "forecast" or wish is None or draft.faults:
        return await _form(visit, draft, 422 if draft.faults else 200)

    async def act(uow: UnitOfWork) -> UUID:
        return (await campaign.draft_campaign(uow, wish, by=own)).id

    try:
        campaign_id = await visit.once("page draft campaign", act, UUID)
    except CampaignInvalid as error:
        _refused(visit.speech, draft, error)
        return await _form(visit, draft, 422)
    return visit.go(f"{HERE}/{campaign_id}")


def _refused(speech: Speech, draft: Draft, error: CampaignInvalid) -> None:
    """Put a refusal at its field, with what to do."""
    field = _FIELDS.get(str(error.facts["field"]), str(error.facts["field"]))
    draft.faults[field] = speech.text(_FAULTS[field]) if field in _FAULTS else str(error.facts["reason"])


async def _form(visit: Visit, draft: Draft, status: int = 200) -> Response:
    own, speech = merchant_id(visit), visit.speech
    async with visit.unit() as uow:
        console = await console_of(uow, visit)
        offers = await _offers(uow, own)
        partners = [one for one in await campaign.partnerships_of(uow, own) if one.state == "agreed"]
        named = await audiences(uow, speech, console)
        wish = _wish(speech, console, offers, Draft(draft.values), own)
        asked = None
        if wish is not None and value_of(wish.audience) in dict(named):
            asked = await loop.planned(uow, visit.site.keyring, wish)
    outlook = None
    if asked is not None and wish is not None:
        found = await loop.in_turn(loop.forecast, visit.site.settings.lake_folder, visit.network_id, asked)
        outlook = _outlook(speech, asked, found, wish)
    values: dict[str, Any] = {
        "offers": offers,
        "partners": partners,
        "goals": [(goal, speech.text(text)) for goal, text in GOALS.items() if goal != "exchange" or partners],
        "audiences": named,
        "named_offers": [(one.id, f"{one.name} · {in_words(speech, one.terms)}") for one in offers],
        "named_partners": [(one.id, one.name) for one in partners],
        "days": [(f"day{number}", speech.text(day)) for number, day in enumerate(DAYS, 1)],
        "outlook": outlook,
        "plan": None if outlook is None else outlook.costs,
    }
    return shown(visit, "campaign_new.html", HERE, console, status, draft=draft, **values)


def _outlook(speech: Speech, asked: loop.Planned, found: loop.Expected, wish: NewCampaign) -> Outlook:
    """Return a forecast in words."""

    def between(one: loop.VisitRange) -> dict[str, str]:
        return {"number": speech.number(one.expected), "low": speech.number(one.low), "high": speech.number(one.high)}

    if found.campaigns and found.offers:
        rests = N_("This rests on %(offers)s offers like yours and on %(campaigns)s of your campaigns that have ended.")
    elif found.campaigns:
        rests = N_("This rests on %(campaigns)s of your campaigns that have ended; no offer like yours has ended yet.")
    elif found.offers:
        rests = N_(
            "The range is wide, because none of your campaigns has ended and been compared yet. It rests on %(offers)s"
            " offers like yours and on what is usual; each campaign that ends makes it narrower."
        )
    else:
        rests = N_(
            "The range is wide, because nothing like it has been tried in this network yet: it rests on what is usual"
            " elsewhere. Each campaign that ends makes it narrower."
        )
    people = ""
    if asked.people is not None:
        people = speech.text("About %(number)s people are in this audience.", number=speech.number(asked.people))
    elif wish.audience.kind != "everyone":
        people = speech.text("How many people that is cannot be told: fewer than ten, or not counted yet.")
    visits = N_("About %(number)s visits with its voucher (between %(low)s and %(high)s).")
    return Outlook(
        asked.costs,
        speech.text(visits, **between(found.visits)),
        more_in_words(speech, found.more),
        speech.text(rests, offers=speech.number(found.offers), campaigns=speech.number(found.campaigns)),
        people,
    )


def more_in_words(speech: Speech, more: loop.VisitRange) -> str:
    """Return how many more visits it may bring; what it may cost is said in words, without a sign."""
    number, high = speech.number(more.expected), speech.number(more.high)
    if more.low > 0:
        text = N_("About %(number)s visits would not have come without it (between %(low)s and %(high)s).")
        return speech.text(text, number=number, low=speech.number(more.low), high=high)
    if more.low == 0:
        text = N_("About %(number)s visits would not have come without it: at most %(high)s, and perhaps none.")
        return speech.text(text, number=number, high=high)
    if more.expected > 0:
        text = N_(
            "About %(number)s visits would not have come without it. It may be anything from %(fewer)s fewer to"
            " %(high)s more, so it may also bring nothing."
        )
        return speech.text(text, number=number, fewer=speech.number(-more.low), high=high)
    text = N_("It will probably bring no more visits: anything from %(fewer)s fewer to %(high)s more.")
    return speech.text(text, fewer=speech.number(-more.low), high=speech.number(max(0, more.high)))


async def audiences(uow: UnitOfWork, speech: Speech, console: Console) -> list[tuple[str, str]]:
    """Return who a campaign may be for, as choices: everyone, the merchant's groups and segments, needs, places."""
    language: segment.Language = "zh" if speech.language == "zh" else "en"
    tribes = (await segment.tribes_of_merchant(uow, console.merchant.id)).tribes
    own = await segment.segments(uow, console.merchant.id)
    categories = sorted({shop.category for shop in await network.all_shops(uow)})

    def called(one: segment.MerchantTribe) -> str:
        name = segment.name_words(one.told.name, language, usual_name)
        return speech.text("Group: %(name)s (about %(people)s)", name=name, people=speech.number(one.people))

    def wanting(name: str) -> str:
        return speech.text("Probably wants this week: %(kind)s", kind=usual_name(name, speech.language))

    return [
        ("everyone", speech.text("Everyone who meets it")),
        *((f"tribe:{one.tribe_id}", called(one)) for one in tribes),
        *((f"segment:{one.id}", speech.text("Segment: %(name)s", name=one.name)) for one in own),
        *((f"need:{name}", wanting(name)) for name in categories if not segment.is_sensitive(name)),
        *(
            (
                value_of(_around(shop, metres)),
                speech.text("Within %(metres)s of %(shop)s", metres=speech.distance(metres), shop=shop.name),
            )
            for shop in console.shops
            for metres in _METRES
        ),
    ]


def value_of(audience: Audience) -> str:
    """Return an audience as the value of its choice."""
    if audience.kind == "area":
        return f"area:{audience.latitude}:{audience.longitude}:{audience.metres}"
    what = audience.tribe_id or audience.segment_id or audience.category
    return audience.kind if what is None else f"{audience.kind}:{what}"


def _around(shop: network.Shop, metres: int) -> Audience:
    return Audience(kind="area", latitude=shop.latitude, longitude=shop.longitude, metres=metres)


def _audience(value: str) -> Audience | None:
    """Return the audience of a choice, None for what is none."""
    kind, _, what = value.partition(":")
    try:
        if kind == "tribe":
            return Audience(kind="tribe", tribe_id=UUID(what))
        if kind == "segment":
            return Audience(kind="segment", segment_id=UUID(what))
        if kind == "area":
            latitude, longitude, metres = what.split(":")
            return Audience(kind="area", latitude=float(latitude), longitude=float(longitude), metres=int(metres))
    except ValueError:
        return None
    if kind == "need":
        return Audience(kind="need", category=what) if what else None
    return Audience() if kind in ("", "everyone") else None


async def _offers(uow: UnitOfWork, own: UUID) -> list[PublishedOffer]:
    found = await voucher.newest_offers(uow, creator_merchant_id=own, limit=100)
    return [offer for offer in found if not offer.terms.price_points]


def _wish(
    speech: Speech, console: Console, offers: list[PublishedOffer], draft: Draft, own: UUID
) -> NewCampaign | None:
    """Return the campaign that the form describes, or None and the faults in the draft."""
    form = Form({name: [value] for name, value in draft.values.items()})
    offer = next((one for one in offers if str(one.id) == draft.get("offer")), None)
    budget = form.minor("budget", console.precision)
    starts, ends = (_day(draft.get(name), console.time_zone) for name in ("starts", "ends"))
    share, goal = form.whole("comparison"), draft.get("goal", "new")
    hours = _hours(draft)
    days = tuple(number for number in range(1, 8) if draft.get(f"day{number}"))
    quiet = goal == "quiet_hours" and hours == (0, _DAY_MINUTES) and not days
    audience = _audience(draft.get("audience"))
    partner = form.id("partnership") if goal == "exchange" else None
    lapsed = _lapsed(draft) if goal == "lapsed" else campaign.LAPSED_DAYS
    for name, missing, text in (
        ("name", not draft.get("name").strip(), speech.text("Give the campaign a name.")),
        ("goal", goal not in GOALS, speech.text("Choose what it is for.")),
        ("audience", audience is None, speech.text(_FAULTS["audience"])),
        ("offer", offer is None, speech.text("Choose one of your offers.")),
        ("budget", not budget, speech.text("Say how much money it may use, such as 500.")),
        ("starts", starts is None, speech.text("Choose the first day.")),
        ("ends", ends is None, speech.text("Choose the last day.")),
        ("comparison", share not in range(5, 11), speech.text("The comparison group is 5 to 10 percent.")),
        ("lapsed", goal == "lapsed" and lapsed is None, speech.text(_FAULTS["lapsed"])),
        ("from", hours is None, speech.text("Type both hours, such as 14:00 and 17:00, or leave both empty.")),
        ("from", quiet, speech.text("Say from when to when it is quiet, or on which days.")),
    ):
        if missing:
            draft.faults[name] = text
    if offer is None or not budget or starts is None or ends is None or share is None or draft.faults:
        return None
    if hours is None or audience is None:
        return None
    channels: tuple[Any, ...] = tuple(name for name in ("scene", "search", "message") if draft.get(name))
    chosen: Any = goal
    return NewCampaign(
        merchant_id=own,
        name=draft.get("name").strip(),
        goal=chosen,
        offer_id=offer.id,
        budget_minor=budget,
        audience=audience,
        schedule=Schedule(
            starts_at=starts,
            ends_at=ends + timedelta(days=1),
            weekdays=days,
            from_minute=hours[0],
            until_minute=hours[1],
        ),
        channels=channels or ("scene",),
        comparison_bp=share * 100,
        partnership_id=partner,
        lapsed_days=lapsed or campaign.LAPSED_DAYS,
    )


def _lapsed(draft: Draft) -> int | None:
    """Return after how many days a guest has stayed away, None where that is no number of days."""
    text = draft.get("lapsed") or str(campaign.LAPSED_DAYS)
    days = int(text) if text.isdecimal() and len(text) <= len(str(campaign.MOST_LAPSED)) else 0
    return days if campaign.LEAST_LAPSED <= days <= campaign.MOST_LAPSED else None


def _hours(draft: Draft) -> tuple[int, int] | None:
    """Return the minutes between which it is given: the whole day where both are empty, None where one is missing."""
    begin, end = draft.get("from"), draft.get("until")
    if not begin and not end:
        return 0, _DAY_MINUTES
    minutes = _minute(begin), _minute(end)
    return None if minutes[0] is None or minutes[1] is None else (minutes[0], minutes[1])


def _day(text: str, zone: str) -> datetime | None:
    try:
        day = datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 (a day has no zone; the next line gives it one)
    except ValueError:
        return None
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(ZoneInfo("UTC"))


def _minute(text: str) -> int | None:
    hour, colon, minute = text.partition(":")
    if not colon or not (hour.isdecimal() and minute.isdecimal()):
        return None
    return int(hour) * 60 + int(minute)
