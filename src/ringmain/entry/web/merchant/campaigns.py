"""Campaigns of a merchant: the list, a new one with its forecast, and what each brought beside its comparison group."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from starlette.responses import Response

from ringmain.campaign import api as campaign
from ringmain.campaign.api import Campaign, State
from ringmain.entry.web.audiences import MERCHANT
from ringmain.entry.web.merchant.campaign_form import GOALS, HERE, audiences, create, new, value_of
from ringmain.entry.web.merchant.campaign_messages import channels_of, said_in
from ringmain.entry.web.merchant.common import N_, console_of, merchant_id, shown
from ringmain.entry.web.merchant.offer_form import in_words
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pages import PageRoute, Speech, Visit
from ringmain.loop import api as loop
from ringmain.network import api as network
from ringmain.voucher import api as voucher

_FULL_BP = 10_000
_STARTING = (State.DRAFT, State.PAUSED)
STATES = {
    State.DRAFT: N_("draft"),
    State.AWAITING_APPROVAL: N_("waits for partners"),
    State.RUNNING: N_("running"),
    State.PAUSED: N_("paused"),
    State.ENDED: N_("ended"),
}
_VISITS, _PAID = N_("more visits"), N_("paid by guests")


@dataclass(frozen=True, slots=True)
class Told:
    """A reading in words: one sentence, a second one that explains it, and its kind of badge."""

    sentence: str
    why: str
    kind: str
    shows: bool


async def campaigns(visit: Visit) -> Response:
    """Show the list, and what partners ask to be approved."""
    own = merchant_id(visit)
    async with visit.unit() as uow:
        console = await console_of(uow, visit)
        found = await campaign.campaigns_of(uow, own, limit=100)
        waiting = await campaign.campaigns_to_approve(uow, own)
        ids = {one.said.merchant_id for one in waiting}
        partners = {one.id: one.legal_name for one in await network.merchants(uow, sorted(ids))} if ids else {}
    states = {state: visit.speech.text(text) for state, text in STATES.items()}
    goals = {goal: visit.speech.text(text) for goal, text in GOALS.items()}
    values: dict[str, Any] = {"waiting": waiting, "partners": partners, "states": states, "goals": goals}
    return shown(visit, "campaigns.html", HERE, console, campaigns=found, last_day=last_day, **values)


def last_day(one: Campaign) -> datetime:
    """Return a moment of a campaign's last day; its end itself is the first moment that is no longer of it."""
    return one.said.schedule.ends_at - timedelta(microseconds=1)


async def report(visit: Visit) -> Response:
    """Show what a campaign has brought, in words, with its interval."""
    campaign_id, own = visit.path_id("campaign_id"), merchant_id(visit)
    async with visit.unit() as uow:
        console = await console_of(uow, visit)
        one = await campaign.read_campaign(uow, campaign_id, by=own)
        mine = one.said.merchant_id == own
        offer = (await voucher.read_offers(uow, [one.said.offer_id]))[one.said.offer_id]
        asked = await loop.lift_of(uow, campaign_id, by=own) if mine and one.state is not State.DRAFT else None
        sent = await campaign.message_figures(uow, campaign_id) if mine and "message" in one.said.channels else None
        said = await campaign.preview_message(uow, offer, visit.site.settings.public_base) if sent else []
        now = await uow.now()
        way = await campaign.in_the_way(uow, one) if mine and one.state in _STARTING else None
        named = dict(await audiences(uow, visit.speech, console)) if mine else {}
    found = None
    if asked is not None:
        found = await loop.in_turn(loop.campaign_lift, visit.site.settings.lake_folder, visit.network_id, asked, now)
    speech = visit.speech
    told = None if found is None else (visits_in_words(speech, found), _paid(speech, found, one.currency))
    return shown(
        visit,
        "campaign.html",
        HERE,
        console,
        campaign=one,
        last_day=last_day(one),
        mine=mine,
        offer=offer,
        worth=in_words(speech, offer.terms),
        state=speech.text(STATES[one.state]),
        goal=speech.text(GOALS[one.said.goal]),
        audience=named.get(value_of(one.said.audience), speech.text("Chosen by its owner")),
        share=speech.share(one.said.comparison_bp / _FULL_BP),
        found=found,
        told=told,
        sent=sent,
        said=said_in(speech, said),
        channels=[] if sent is None else channels_of(speech, sent),
        chart=None if found is None else _chart(found),
        rows=[] if found is None else _rows(speech, found, one.currency),
        way=way,
        steps=tuple(name for name in _steps(one) if way is None or name != "start") if mine else (),
        orphaned=await _orphaned(visit, one, own) if mine else False,
        approvable=not mine and one.state is State.AWAITING_APPROVAL,
    )


async def _orphaned(visit: Visit, one: Campaign, own: UUID) -> bool:
    """Say whether it ended, or is a draft again, because its partnership did."""
    if one.said.partnership_id is None or one.state not in (State.ENDED, State.DRAFT):
        return False
    async with visit.unit() as uow:
        found = await campaign.read_partnership(uow, one.said.partnership_id, party=own)
    return found.ended_at is not None and one.changed_at >= found.ended_at


def _steps(one: Campaign) -> tuple[str, ...]:
    """Return what its merchant may do with it now."""
    steps = {
        State.DRAFT: ("start", "end"),
        State.AWAITING_APPROVAL: ("end",),
        State.RUNNING: ("pause", "end"),
        State.PAUSED: ("start", "end"),
        State.ENDED: ("copy",),
    }
    return steps[one.state]


def visits_in_words(speech: Speech, found: loop.CampaignLift) -> Told:
    """Return what is said of visits."""
    one = found.visits

    def whole(value: float) -> str:
        return speech.number(round(abs(value)))

    if one.interval is None or one.total is None or one.state is loop.State.TOO_EARLY:
        return _not_yet(speech, found)
    between = {"low": speech.number(round(one.interval.low)), "high": speech.number(round(one.interval.high))}
    if one.state is loop.State.NO_EFFECT_SEEN:
        text = N_("No effect was seen: it may have brought between %(low)s and %(high)s visits.")
        sentence = speech.text(text, **between)
        return Told(sentence, speech.text("Both groups came about as often."), "", shows=True)
    if one.total > 0:
        text = N_("Brought %(number)s more visits than without it (between %(low)s and %(high)s).")
        return Told(speech.text(text, number=whole(one.total), **between), _how(speech, found), "flows", shows=True)
    between = {"low": whole(one.interval.high), "high": whole(one.interval.low)}
    text = N_("Cost %(number)s visits that would have come without it (between %(low)s and %(high)s).")
    return Told(speech.text(text, number=whole(one.total), **between), _how(speech, found), "wrong", shows=True)


def _paid(speech: Speech, found: loop.CampaignLift, currency: str) -> Told:
    """Return what is said of money."""
    one = found.paid
    if one.interval is None or one.total is None or one.state is loop.State.TOO_EARLY:
        return Told(speech.text("Too early to say of what guests paid."), "", "", shows=False)
    low, high = (speech.money(round(value), currency) for value in (one.interval.low, one.interval.high))
    text = N_("What guests paid, vouchers left out, changed by %(total)s (between %(low)s and %(high)s).")
    total = speech.money(round(one.total), currency)
    return Told(speech.text(text, total=total, low=low, high=high), "", "", shows=True)


def _how(speech: Speech, found: loop.CampaignLift) -> str:
    one = found.visits
    return speech.text(
        "%(treated)s guests could get the voucher; %(others)s like them, chosen by chance, could not.",
        treated=speech.number(one.treated),
        others=speech.number(one.others),
    )


def _not_yet(speech: Speech, found: loop.CampaignLift) -> Told:
    """Return why nothing is said, and when something will be."""
    if found.visits.state is loop.State.MISCOUNTED:
        why = speech.text("The two groups are not of the sizes they should be. Tell the operator of the network.")
        return Told(speech.text("Cannot be said."), why, "wrong", shows=False)
    if not found.people and not found.waiting:
        return Told(speech.text("Too early to say: nobody has met it yet."), "", "", shows=False)
    if found.days_needed is None:
        sentence = speech.text("Too early to say.")
    else:
        sentence = speech.texts(
            "Too early to say: needs about %(num)s more day.",
            "Too early to say: needs about %(num)s more days.",
            found.days_needed,
        )
    why = speech.text(
        "%(people)s guests were followed for %(days)s days, and of %(waiting)s the days are not over.",
        people=speech.number(found.people),
        days=found.window_days,
        waiting=speech.number(found.waiting),
    )
    return Told(sentence, why, "", shows=False)


def _chart(found: loop.CampaignLift) -> dict[str, Any] | None:
    """Return the interval as a bar from its low to its high end, with the estimate on it."""
    one = found.visits
    if one.interval is None or one.total is None or one.state is loop.State.TOO_EARLY:
        return None
    low, total, high = round(one.interval.low), round(one.total), round(one.interval.high)
    # The range as a bar on a line, the estimate as a point on it, and nought always in the picture.
    bar = {"type": "line", "data": [[low, 0], [high, 0]], "lineStyle": {"width": 8}, "symbol": "none"}
    point = {"type": "scatter", "data": [[total, 0]], "symbolSize": 18}
    return {
        "grid": {"left": 24, "right": 24, "top": 24, "bottom": 32},
        "xAxis": {"type": "value", "min": min(0, low), "max": max(0, high)},
        "yAxis": {"type": "value", "show": False, "min": -1, "max": 1},
        "series": [bar, point],
    }


def _rows(speech: Speech, found: loop.CampaignLift, currency: str) -> list[list[str]]:
    """Return the figures as a table: what, estimate, low, high, and how many people in each group."""
    rows = []
    for name, one, worth in (
        (speech.text(_VISITS), found.visits, speech.number),
        (speech.text(_PAID), found.paid, lambda value: speech.money(value, currency)),
    ):
        if one.interval is None or one.total is None or one.state is loop.State.TOO_EARLY:
            continue
        values = (one.total, one.interval.low, one.interval.high)
        counts = (speech.number(one.treated), speech.number(one.others))
        rows.append([name, *(worth(round(value)) for value in values), *counts])
    return rows


async def step(visit: Visit) -> Response:
    """Start, pause, end or copy a campaign; approve or decline a partner's."""
    campaign_id, own, name = visit.path_id("campaign_id"), merchant_id(visit), visit.form.text("step")

    async def act(uow: UnitOfWork) -> UUID:
        if name == "copy":
            now = await uow.now()
            one = await campaign.read_campaign(uow, campaign_id, by=own)
            lasts = one.said.schedule.ends_at - one.said.schedule.starts_at
            return (await campaign.copy_campaign(uow, campaign_id, starts_at=now, ends_at=now + lasts, by=own)).id
        if name in ("approve", "decline"):
            decide = campaign.approve_campaign if name == "approve" else campaign.decline_campaign
            return (await decide(uow, campaign_id, partner=own)).id
        do = {"start": campaign.start_campaign, "pause": campaign.pause_campaign}.get(name, campaign.end_campaign)
        return (await do(uow, campaign_id, by=own)).id

    shown_id = await visit.once(f"page campaign {name}", act, UUID)
    return visit.go(HERE if name == "decline" else f"{HERE}/{shown_id}")


PAGES = (
    PageRoute(path=HERE, audience=MERCHANT, get=campaigns),
    PageRoute(path=f"{HERE}/new", audience=MERCHANT, get=new, post=create),
    PageRoute(path=f"{HERE}/{{campaign_id:uuid}}", audience=MERCHANT, get=report, post=step),
)
