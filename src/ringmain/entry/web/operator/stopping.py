"""When the money stops, as the page of pressure shows it: what visits remain, and planning a switch-off."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID
from zoneinfo import ZoneInfo

from starlette.responses import Response

from ringmain.campaign import api as campaign
from ringmain.entry.web.merchant.common import N_
from ringmain.entry.web.operator.common import Names, area_names, names
from ringmain.entry.web.operator.kept import Kept
from ringmain.kit.audit import Actor, Facts, audit
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pages import Speech, Visit
from ringmain.loop import api as loop

_HERE = "/operator/pressure"
_FULL = 100
_SHARES, _DAYS = (10, 25, 50), (30, 60, 90, 180)
_FEWEST_AREAS = 6
_MOST_SHOWN = 20
_NAMES = {
    "before": N_("Before"),
    "during": N_("While it flowed"),
    "after_30": N_("1 to 30 days after"),
    "after_60": N_("31 to 60 days after"),
    "after_90": N_("61 to 90 days after"),
}

_KEPT: Kept[loop.SwitchedOff] = Kept()


@dataclass(frozen=True, slots=True)
class Stop:
    """A stop in words, and its periods as rows."""

    title: str
    sentence: str
    note: str
    rows: list[list[str]]


@dataclass(frozen=True, slots=True)
class Planned:
    """A planned switch-off in words."""

    id: UUID
    title: str
    lines: list[str]
    open: bool


@dataclass(frozen=True, slots=True)
class Off:
    """All that the page shows of it."""

    stops: list[Stop]
    columns: list[str]
    planned: list[Planned]
    may_plan: bool
    few: bool
    areas: int
    shares: list[tuple[str, str]]
    spans: list[tuple[str, str]]


async def stopped(visit: Visit, known: Names) -> Off | None:
    """Return what remains, and what is planned; None while it is being counted."""
    async with visit.unit() as uow:
        asked, now = await loop.stops(uow), await uow.now()
        areas = await campaign.areas(uow)
    make = partial(loop.in_turn, loop.switched_off, visit.site.settings.lake_folder, visit.network_id, asked, now)
    found = await _KEPT.of(visit.network_id, make)
    if found is None:
        return None
    speech, named = visit.speech, area_names(visit.speech, known)
    # What was planned or called off a moment ago is not among what is kept.
    read = {one.planned.id: one for one in found.planned}
    planned = [_planned(speech, known, one, read.get(one.id), named, now) for one in asked.planned]
    return Off(
        [_stop(speech, known, named, one) for one in found.stops[:_MOST_SHOWN]],
        [
            speech.text("When"),
            speech.text("Could win"),
            speech.text("Kept apart"),
            speech.text("By habit alone"),
            speech.text("The money made"),
        ],
        planned,
        may_plan=len(areas) >= _FEWEST_AREAS and not any(one.open for one in planned),
        few=len(areas) < _FEWEST_AREAS,
        areas=len(areas),
        shares=[(str(share), speech.share(share / _FULL)) for share in _SHARES],
        spans=[(str(days), speech.texts("%(num)s day", "%(num)s days", days)) for days in _DAYS],
    )


def _stop(speech: Speech, known: Names, named: dict[str, str], one: loop.StopRead) -> Stop:
    if one.merchant_id is not None:
        title = known.merchant(one.merchant_id)
    elif one.area is not None:
        title = named.get(one.area, one.area)
    else:
        title = speech.text("The whole ring")
    day = speech.day(one.stopped_at, known.network.time_zone)
    note = speech.text("Its last campaign ended on %(day)s.", day=day)
    if one.topping_up:
        note += " " + speech.text("A standing top-up is still on.")
    return Stop(title, _sentence(speech, one), note, [_row(speech, period) for period in one.periods])


def _sentence(speech: Speech, one: loop.StopRead) -> str:
    """Return what the latest period that can be read says."""
    read = [period for period in one.periods if period.name in loop.AFTER and period.interval is not None]
    if not read:
        return speech.text("too early to say")
    last = read[-1]
    assert last.more is not None
    assert last.interval is not None
    facts = {
        "days": loop.AFTER.index(last.name) * 30 + 30,
        "more": speech.number(round(abs(last.more) * _FULL, 1)),
    }
    if last.interval.low > 0:
        text = N_("after %(days)s days, %(more)s more visits a week of 100 people are still there")
        return speech.text(text, **facts)
    if last.interval.high < 0:
        return speech.text("after %(days)s days, 100 people come %(more)s times a week less than without it", **facts)
    return speech.text("after %(days)s days nothing is seen of it any more", **facts)


def _row(speech: Speech, one: loop.StopPeriod) -> list[str]:
    def rate(value: float | None) -> str:
        return "–" if value is None else speech.number(round(value, 2))

    if one.name == "before":
        made = "–"
    elif one.interval is None or one.more is None:
        made = speech.text("too early to say")
    else:
        low, high = speech.number(round(one.interval.low, 2)), speech.number(round(one.interval.high, 2))
        made = speech.text(
            "%(more)s (between %(low)s and %(high)s)", more=speech.number(round(one.more, 2)), low=low, high=high
        )
    return [speech.text(_NAMES[one.name]), rate(one.rate), rate(one.others), rate(one.habit), made]


def _planned(
    speech: Speech,
    known: Names,
    one: campaign.SwitchOff,
    read: loop.PlannedRead | None,
    named: dict[str, str],
    now: datetime,
) -> Planned:
    zone = known.network.time_zone
    title = speech.text(
        "%(first)s to %(last)s",
        first=speech.day(one.starts_at, zone),
        last=speech.day(one.over_at - timedelta(microseconds=1), zone),
    )
    lines = [] if read is None else [", ".join(named.get(area, area) for area in read.off)]
    for number, found in enumerate(read.remaining if read is not None else ()):
        if found is not None:
            lines.append(
                speech.text(
                    "%(when)s: %(share)s of the visits are left (between %(low)s and %(high)s) beside areas with money",
                    when=speech.text(_NAMES[loop.AFTER[number]]),
                    share=speech.share(found.share),
                    low=speech.share(found.interval.low),
                    high=speech.share(found.interval.high),
                )
            )
    if len(lines) < 2:  # noqa: PLR2004 (nothing but the areas)
        lines.append(speech.text("Called off.") if one.over_at <= one.starts_at else speech.text("too early to say"))
    return Planned(one.id, title, lines, one.over_at > now)


async def plan(visit: Visit) -> Response:
    """Plan a switch-off from the next midnight on."""
    share, days = visit.form.whole("share") or 0, visit.form.whole("days") or 0
    async with visit.unit() as uow:
        zone = (await names(uow)).network.time_zone
        now = await uow.now()
    starts_at = _midnight(now, zone)

    async def act(uow: UnitOfWork) -> UUID:
        one = await campaign.plan_switch_off(uow, share_bp=share * _FULL, starts_at=starts_at, days=days)
        facts: Facts = {"share_bp": one.share_bp, "starts_at": one.starts_at.isoformat(), "days": days}
        await audit(uow, Actor("account", visit.holder_id), "plan_switch_off", "switch_off", one.id, facts)
        return one.id

    await visit.once("plan_switch_off", act, UUID)
    return visit.go(_HERE)


async def stop(visit: Visit) -> Response:
    """Let campaigns give everywhere again."""
    id_ = visit.path_id("switch_off_id")

    async def act(uow: UnitOfWork) -> UUID:
        one = await campaign.stop_switch_off(uow, id_)
        await audit(uow, Actor("account", visit.holder_id), "stop_switch_off", "switch_off", one.id, {})
        return one.id

    await visit.once("stop_switch_off", act, UUID)
    return visit.go(_HERE)


def _midnight(now: datetime, zone: str) -> datetime:
    local = now.astimezone(ZoneInfo(zone)) + timedelta(days=1)
    return local.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
