"""The first page of a merchant: what was counted today, how long the money lasts, and what is to be set up."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

from babel.dates import format_skeleton
from starlette.responses import Response

from ringmain.campaign import api as campaign
from ringmain.entry.web.audiences import MERCHANT
from ringmain.entry.web.merchant.common import N_, Console, console_of, csv_file, csv_line, merchant_id, reading, shown
from ringmain.entry.web.merchant.notes import said
from ringmain.entry.web.merchant.partners import awaiting, ended_by_others
from ringmain.kit.pages import PageRoute, Speech, Visit
from ringmain.loop import api as loop
from ringmain.network import api as network

HERE = "/merchant"
_PERIODS = {
    "today": N_("Today"),
    "yesterday": N_("Yesterday"),
    "last_7_days": N_("Last 7 days"),
    "last_28_days": N_("Last 28 days"),
}
_STEPS: dict[loop.Step, tuple[str, str]] = {
    "shop_with_hours": (N_("Say when the shop is open"), N_("Guests are sent only when somebody is there.")),
    "terminal_paired": (N_("Pair a till"), N_("Any phone, tablet or computer will do.")),
    "staff_with_pin": (N_("Give your people a PIN"), N_("So that you know who took which voucher.")),
    "money": (N_("Pay money in"), N_("It pays for the vouchers that bring you guests; what is not spent stays yours.")),
    "offer": (N_("Make your first offer"), N_("It takes less than three minutes.")),
    "poster": (N_("Hang up a poster"), N_("Guests scan it at your door and win vouchers.")),
    "voucher_won": (N_("Your first voucher is won"), N_("Scan your own poster and try it.")),
    "voucher_redeemed": (N_("Your first voucher is spent"), N_("Take it at your till.")),
}


_TOP_UPS = {
    "announced": N_("%(amount)s will be added from what you are owed: %(moment)s. Pause it to stop it."),
    "made": N_("%(amount)s was added from what you are owed: %(moment)s."),
    "failed": N_("A top-up of %(amount)s failed, for too little was owed to you: %(moment)s. Pay money in."),
    "stopped": N_("You stopped a top-up of %(amount)s: %(moment)s."),
}
# Notes and top-ups are news for two weeks.
_NEWS = timedelta(days=14)


def _top_up(speech: Speech, console: Console, one: loop.TopUp) -> str:
    moment = speech.moment(one.decided_at or one.due_at, console.time_zone, "short")
    return speech.text(_TOP_UPS[one.state], amount=speech.money(one.amount_minor, console.currency), moment=moment)


async def today(visit: Visit) -> Response:
    """Show the day."""
    async with reading(visit) as uow:
        console = await console_of(uow, visit)
        figures = await loop.today(uow, merchant_id(visit))
        pressure = await loop.pressure(uow, merchant_id(visit))
        checklist = await loop.checklist(uow, merchant_id(visit))
        days = await loop.daily(uow, merchant_id(visit))
    async with visit.unit() as uow:
        # Drafts stand beside what was sent, so a merchant's own transaction cannot read the table of notes.
        notes = await loop.notes_to(uow, merchant_id(visit))
        standing = await loop.standing(uow, merchant_id(visit))
        own, partnerships = merchant_id(visit), await campaign.partnerships_of(uow, merchant_id(visit))
        asked = awaiting(partnerships, own)
        over = ended_by_others(partnerships, own, figures.at - _NEWS)
        ids = {*(one.proposed_by for one in asked), *(one.ended_by for one in over if one.ended_by)}
        called = {one.id: one.legal_name for one in await network.merchants(uow, sorted(ids))}
    period = visit.query("period") if visit.query("period") in _PERIODS else "today"
    counted = next(one for one in figures.counted if one.period == period)
    steps = [(*_words(visit.speech, one.step), one) for one in checklist.steps]
    return shown(
        visit,
        "today.html",
        HERE,
        console,
        figures=figures,
        counted=counted,
        period=period,
        periods=[(name, visit.speech.text(label)) for name, label in _PERIODS.items()],
        pressure=pressure,
        notes=[
            said(visit.speech, one, console.shop_name(one.shop_id))
            for one in notes
            if one.decided_at is not None and figures.at - one.decided_at < _NEWS
        ],
        top_ups=[
            _top_up(visit.speech, console, one)
            for one in standing.top_ups[:1]
            if figures.at - (one.decided_at or one.announced_at) < _NEWS
        ],
        proposals=[(one, called[one.proposed_by]) for one in asked],
        over=[(one.name, called[one.ended_by]) for one in over if one.ended_by],
        steps=steps,
        next_step=next((one for one in steps if one[2].step == checklist.next), None),
        anything=any(day.sales for day in days),
        chart=_chart(visit.speech, days),
        days=[_row(visit.speech, console, day) for day in days],
    )


async def daily_csv(visit: Visit) -> Response:
    """Give the days of the chart as a file."""
    async with reading(visit) as uow:
        days = await loop.daily(uow, merchant_id(visit))

    async def lines() -> AsyncIterator[str]:
        yield csv_line(("day", "sales", "sales_with_voucher", "taken_off_minor"))
        for day in days:
            yield csv_line((day.day, day.sales, day.voucher_sales, day.taken_off_minor))

    return csv_file("days.csv", lines())


def _words(speech: Speech, step: loop.Step) -> tuple[str, str]:
    title, text = _STEPS[step]
    return speech.text(title), speech.text(text)


def _chart(speech: Speech, days: list[loop.DayRow]) -> dict[str, Any]:
    """Return the options of the chart: sales with a voucher, stacked on those without."""
    names = speech.text("With a voucher"), speech.text("Without one")
    return {
        "tooltip": {"trigger": "axis"},
        "legend": {"data": list(names), "top": 0},
        "grid": {"left": 44, "right": 8, "top": 40, "bottom": 28},
        "xAxis": {"type": "category", "data": [_short(speech, day.day) for day in days]},
        "yAxis": {"type": "value", "minInterval": 1},
        "series": [
            {"name": names[0], "type": "bar", "stack": "all", "data": [day.voucher_sales for day in days]},
            {
                "name": names[1],
                "type": "bar",
                "stack": "all",
                "itemStyle": {"opacity": 0.35},
                "data": [day.sales - day.voucher_sales for day in days],
            },
        ],
    }


def _short(speech: Speech, day: date) -> str:
    return format_skeleton("MMMd", day, locale=speech.locale)


def _row(speech: Speech, console: Console, day: loop.DayRow) -> list[str]:
    return [
        speech.day(day.day),
        speech.number(day.sales),
        speech.number(day.voucher_sales),
        speech.money(day.taken_off_minor, console.currency),
    ]


PAGES = (
    PageRoute(path=HERE, audience=MERCHANT, get=today),
    PageRoute(path="/merchant/days.csv", audience=MERCHANT, get=daily_csv),
)
