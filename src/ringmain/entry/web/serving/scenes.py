"""Which scene works for which group: what was counted, what was caused, and one action a row; as a page and a file."""

from typing import Any
from uuid import UUID

from starlette.responses import Response

from ringmain.entry.web.audiences import MERCHANT, OPERATOR
from ringmain.entry.web.merchant.common import N_, merchant_id
from ringmain.entry.web.operator.common import csv_file
from ringmain.entry.web.serving.effect import in_words
from ringmain.entry.web.serving.plans import Kept, shown
from ringmain.entry.web.serving.words import SCENES, tribe_name, tribes_told
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pages import PageRoute, Speech, Visit
from ringmain.loop import api as loop
from ringmain.loop.api import Action, SceneTribe
from ringmain.network import api as network

_MERCHANT, _OPERATOR = "/merchant/scenes", "/operator/scenes"
_FULL_BP = 10_000
_COLUMNS = (
    "group",
    "scene",
    "people",
    "visits",
    "full_price_visits",
    "turnover_minor",
    "margin_minor",
    "margin_of_turnover",
    "currency",
    "best",
    "state",
    "more_visits_per_person",
    "low",
    "high",
    "action",
)
_ACTIONS = {
    Action.MAKE_PLAN: N_("Make a plan"),
    Action.WAIT: N_("Let it run on"),
    Action.EXTEND_PLAN: N_("Extend it: make one where else they are met"),
    Action.KEEP_PLAN: N_("Keep it as it is"),
    Action.END_HARMFUL: N_("End it: it costs visits"),
    Action.END_USELESS: N_("End it: no effect after %(people)s people"),
    Action.REPEAT: N_("Do it again: what ran before worked"),
}


async def of_merchant(visit: Visit) -> Response:
    """Show a merchant's table."""
    return await _page(visit, merchant_id(visit))


async def of_network(visit: Visit) -> Response:
    """Show the network's table."""
    return await _page(visit, None)


async def file_of_merchant(visit: Visit) -> Response:
    """Give a merchant's table as a file."""
    return await _file(visit, merchant_id(visit))


async def file_of_network(visit: Visit) -> Response:
    """Give the network's table as a file."""
    return await _file(visit, None)


async def state_margin(visit: Visit) -> Response:
    """Keep what a merchant says that it keeps of its turnover; empty takes it back."""
    own, text = merchant_id(visit), visit.form.text("margin").strip()
    share = visit.form.minor("margin", 2) if text else None
    if text and (share is None or share > _FULL_BP):
        return await _page(visit, own, fault=visit.speech.text("Type percent from 0 to 100, such as 62.5."), status=422)

    async def act(uow: UnitOfWork) -> Kept:
        await network.state_margin(uow, own, share)
        return Kept(own)

    await visit.once("state_margin", act, Kept)
    return visit.go(_MERCHANT)


async def _read(visit: Visit, own: UUID | None) -> tuple[loop.SceneTribes, list[dict[str, Any]]]:
    async with visit.unit() as uow:
        asked = await loop.table_of(uow, own)
        told = await tribes_told(uow, own)
    found = await loop.in_turn(loop.scene_tribes, visit.site.settings.lake_folder, visit.site.keyring, asked)
    home = "/operator/plans" if own is None else "/merchant/plans"
    return found, [
        _row(visit.speech, one, tribe_name(visit.speech, told.get(one.tribe_id)), home, found.currency)
        for one in found.rows
    ]


async def _page(visit: Visit, own: UUID | None, *, fault: str = "", status: int = 200) -> Response:
    found, rows = await _read(visit, own)
    async with visit.unit() as uow:
        zone = (await network.network_of(uow)).time_zone
        stated = None if own is None else await network.margin_of(uow, own)
    margin = "" if stated is None else f"{stated / 100:g}"
    return await shown(
        visit,
        own,
        "scenes",
        _OPERATOR if own is None else _MERCHANT,
        status,
        rows=rows,
        found=found,
        zone=zone,
        of_merchant=own is not None,
        margin=visit.form.text("margin") if fault else margin,
        fault=fault,
    )


async def _file(visit: Visit, own: UUID | None) -> Response:
    found, rows = await _read(visit, own)
    lines = []
    for one, row in zip(found.rows, rows, strict=True):
        best = one.best.measured if one.best is not None else None
        ends = (None, None) if best is None or best.interval is None else (best.interval.low, best.interval.high)
        caused = [None if value is None else round(value, 4) for value in (best and best.more, *ends)]
        lines.append(
            [
                row["name"],
                row["scene"],
                one.people,
                one.visits,
                one.full_price,
                one.paid_minor,
                "" if one.margin_minor is None else one.margin_minor,
                round(one.margin_share, 4),
                found.currency,
                row["best"],
                "" if best is None else best.state.value,
                *("" if value is None else value for value in caused),
                row["action"],
            ]
        )
    return csv_file(visit, "scenes-and-groups", _COLUMNS, lines)


def _row(speech: Speech, one: SceneTribe, name: str, home: str, currency: str) -> dict[str, Any]:
    action, href = _action(speech, one, home)
    margin = speech.text("not stated")
    if one.margin_minor is not None:
        margin = speech.money(one.margin_minor, currency)
        if round(one.margin_share, 2) < 1:
            share = speech.share(one.margin_share)
            margin = speech.text("%(margin)s, of %(share)s of the turnover", margin=margin, share=share)
    return {
        "name": name,
        "scene": scene_name(speech, one.scene),
        "people": speech.number(one.people),
        "visits": speech.number(one.visits),
        "full_price": speech.number(one.full_price),
        "paid": speech.money(one.paid_minor, currency),
        "margin": margin,
        "best": _best(speech, one),
        "worked": _worked(speech, one),
        "action": action,
        "href": href,
    }


def scene_name(speech: Speech, scene: str) -> str:
    """Return how a kind of scene is called."""
    words: dict[str, str] = dict(SCENES.items())
    return speech.text(words[scene]) if scene in words else speech.text("Searches")


def _best(speech: Speech, one: SceneTribe) -> str:
    if one.best is None:
        return speech.text("Nothing was tried")
    return speech.text("Service plan") if one.best.kind == "plan" else one.best.name


def _worked(speech: Speech, one: SceneTribe) -> str:
    """Return what was caused by the best that was tried, in words."""
    if one.best is None:
        return ""
    return in_words(speech, one.best.measured.more, one.best.measured.interval, one.best.measured.state)


def _action(speech: Speech, one: SceneTribe, home: str) -> tuple[str, str]:
    """Return what to do about a row, and the page where it is done; no page where there is nothing to do."""
    people = 0 if one.running is None else one.running.people
    named = {"people": speech.number(people)} if one.action is Action.END_USELESS else {}
    words = speech.text(_ACTIONS[one.action], **named)
    if one.action in (Action.END_HARMFUL, Action.END_USELESS, Action.KEEP_PLAN, Action.WAIT):
        return words, f"{home}/{one.running_plan_id}"
    if one.action is Action.EXTEND_PLAN:
        return words, f"{home}/new?tribe={one.tribe_id}"
    if one.scene not in SCENES:
        return speech.text("Nothing: searches are answered by need alone"), ""
    return words, f"{home}/new?tribe={one.tribe_id}&scene={one.scene}"


PAGES: tuple[PageRoute, ...] = (
    PageRoute(path=_MERCHANT, audience=MERCHANT, get=of_merchant, post=state_margin),
    PageRoute(path=f"{_MERCHANT}.csv", audience=MERCHANT, get=file_of_merchant),
    PageRoute(path=_OPERATOR, audience=OPERATOR, get=of_network),
    PageRoute(path=f"{_OPERATOR}.csv", audience=OPERATOR, get=file_of_network),
)
