"""Guests of a merchant: those who agreed to be known, and counts of everybody."""

from typing import Any
from uuid import UUID

from babel.dates import format_skeleton
from starlette.responses import Response

from ringmain.entry.web.audiences import MERCHANT
from ringmain.entry.web.merchant.common import console_of, merchant_id, shown
from ringmain.kit.pages import PageRoute, Speech, Visit
from ringmain.loop import api as loop
from ringmain.match.api import usual_name
from ringmain.need import api as need
from ringmain.network import api as network

HERE = "/merchant/members"
_PAGE = 50


async def guests(visit: Visit) -> Response:
    """Show the guests who share with this merchant, how many are expected, and what groups of all do elsewhere."""
    own = merchant_id(visit)
    try:
        after = UUID(visit.query("after"))
    except ValueError:
        after = None
    # Counts of what groups do elsewhere need others' rows; what is shown is this merchant's.
    async with visit.unit() as uow:
        console = await console_of(uow, visit)
        counts = await loop.guest_counts(uow, own)
        shops = await network.shops_of(uow, own)
        expected = await need.ahead(uow, [shop.id for shop in shops], await uow.now())
        paid = await need.traffic(uow, [shop.id for shop in shops], await uow.now())
        found = await loop.guests(uow, visit.site.keyring, own, after=after, limit=_PAGE + 1)
    speech = visit.speech
    groups = [(usual_name(one.category, speech.language), speech.number(one.people)) for one in counts.elsewhere]
    coming = [
        (shop.name, _about(speech, one.expected))
        for shop, one in zip(shops, expected, strict=True)
        if one.expected is not None
    ]
    following = found[_PAGE - 1].member_id if len(found) > _PAGE else None
    return shown(
        visit,
        "guests.html",
        HERE,
        console,
        counts=counts,
        guests=found[:_PAGE],
        following=following,
        elsewhere=groups,
        coming=coming,
        traffic=[_traffic(speech, shop.name, one) for shop, one in zip(shops, paid, strict=True)],
        least=need.LEAST_PEOPLE,
    )


def _about(speech: Speech, expected: int) -> str:
    if not expected:
        return speech.text("fewer than %(number)s", number=speech.number(need.ROUNDED_TO))
    return speech.text("about %(number)s", number=speech.number(expected))


def _traffic(speech: Speech, shop: str, one: need.ShopTraffic) -> dict[str, Any]:
    """Return a shop's chart with its table; without a forecast, the sentence that says what is missing."""
    if not one.days:
        weeks = (one.days_known or 0) // 7
        needed = speech.number(need.LEAST_DAYS // 7)
        if one.days_known is not None and one.days_known >= need.LEAST_DAYS:
            missing = speech.text("The next forecast comes tonight.")
        else:
            missing = speech.texts(
                "A forecast needs %(needed)s weeks of sales; you have %(num)s week.",
                "A forecast needs %(needed)s weeks of sales; you have %(num)s weeks.",
                weeks,
                needed=needed,
            )
        return {"shop": shop, "missing": missing}
    made = speech.text("Made by a learnt model.") if one.made_by == need.MODEL else speech.text("Made by counting.")
    rows = [
        [
            format_skeleton("MMMEd", day.day, locale=speech.locale),
            speech.number(round(day.expected)),
            f"{speech.number(round(day.low))} – {speech.number(round(day.high))}",
            speech.number(day.last_week),
        ]
        for day in one.days
    ]
    return {"shop": shop, "chart": _traffic_chart(speech, one), "rows": rows, "made": made}


def _traffic_chart(speech: Speech, one: need.ShopTraffic) -> dict[str, Any]:
    """Return the options: the band between the bounds, what is expected, and the same weekday of last week."""
    expected, before = speech.text("Expected"), speech.text("Same weekday last week")
    hidden = {"type": "line", "stack": "band", "symbol": "none", "lineStyle": {"opacity": 0}, "silent": True}
    return {
        "tooltip": {"trigger": "axis"},
        "legend": {"data": [expected, before], "top": 0},
        "grid": {"left": 44, "right": 8, "top": 40, "bottom": 28},
        "xAxis": {
            "type": "category",
            "data": [format_skeleton("MMMd", day.day, locale=speech.locale) for day in one.days],
        },
        "yAxis": {"type": "value", "minInterval": 1},
        "series": [
            {"name": expected, "type": "line", "data": [round(day.expected) for day in one.days]},
            {
                "name": before,
                "type": "line",
                "lineStyle": {"type": "dashed"},
                "data": [day.last_week for day in one.days],
            },
            {**hidden, "data": [round(day.low) for day in one.days], "tooltip": {"show": False}},
            {
                **hidden,
                "data": [round(day.high) - round(day.low) for day in one.days],
                "areaStyle": {"opacity": 0.15},
                "tooltip": {"show": False},
            },
        ],
    }


PAGES = (PageRoute(path=HERE, audience=MERCHANT, get=guests),)
