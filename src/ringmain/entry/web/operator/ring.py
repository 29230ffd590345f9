"""The ring: which vouchers flow where, whether that is more than chance, and where people are lost."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from starlette.responses import Response

from ringmain.entry.web.audiences import OPERATOR
from ringmain.entry.web.merchant import turning
from ringmain.entry.web.merchant.common import N_
from ringmain.entry.web.operator.common import Names, area_names, csv_file, kind_names, names
from ringmain.entry.web.operator.kept import Kept
from ringmain.entry.web.picture import draw
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pages import PageRoute, Speech, Visit
from ringmain.loop import api as loop
from ringmain.voucher import api as voucher

_MOST_EDGES = 400
_STRONGEST = 10
_MOST_MERCHANTS = 50
_IN_SANKEY = 40
# Tells "spent at" from "won at" where a shop is both; nobody sees it.
_SPENT = "\u200b"


@dataclass(frozen=True, slots=True)
class Reports:
    """What the lake says of a network."""

    flow: loop.FlowReport
    closure: loop.ClosureReport
    leaks: loop.LeakReport
    turning: loop.Ring


_KEPT: Kept[Reports] = Kept()


async def _counted(visit: Visit, asked: loop.Whose, now: datetime) -> Reports | None:
    make = partial(loop.in_turn, _reports, visit.site.settings.lake_folder, visit.network_id, asked, now)
    return await _KEPT.of(visit.network_id, make)


def _reports(lake: Path, network_id: UUID, asked: loop.Whose, now: datetime) -> Reports:
    return Reports(
        loop.flow_report(lake, network_id),
        loop.closure_report(lake, network_id),
        loop.leak_report(lake, network_id),
        loop.ring(lake, network_id, asked, now),
    )


async def show(visit: Visit) -> Response:
    """Show the ring."""
    async with visit.unit() as uow:
        known, edges = await names(uow), await voucher.flow_edges(uow, _MOST_EDGES)
        totals = await voucher.flow_totals(uow)
        asked, now = await loop.whose(uow), await uow.now()
    reports = await _counted(visit, asked, now)
    ring = {one.id: one.name for key, one in known.shops.items() if key == one.id}
    picture = draw(ring, [one for one in edges if one.won_at in ring and one.spent_at in ring], _STRONGEST)
    leaks = _leak_rows(visit.speech, reports)
    return visit.page(
        "operator/ring.html",
        names=known,
        picture=picture,
        edges=edges,
        totals=totals,
        reports=reports,
        sankey=_sankey(known, edges),
        sankey_rows=_edge_rows(visit.speech, known, edges[:_IN_SANKEY]),
        leaks=leaks,
        leak_chart=_leak_chart(leaks),
        null_rows=_null_rows(visit.speech, reports),
        closure_rows=_closure_rows(visit.speech, reports),
        turning=None if reports is None else _turning(visit.speech, known, reports.turning),
    )


@dataclass(frozen=True, slots=True)
class Turning:
    """How the ring turns, as tables: their columns and rows."""

    effect_columns: list[str]
    effects: list[list[str]]
    stages: list[list[str]]
    sharing: list[str]
    power_columns: list[str]
    power: list[list[str]]
    flows: list[tuple[str, list[list[str]]]]


def _turning(speech: Speech, known: Names, found: loop.Ring) -> Turning:
    currency = known.network.currency
    steps = (
        (speech.text("Won a voucher that has ended"), found.stages.won),
        (speech.text("Came to a shop that takes it"), found.stages.came),
        (speech.text("Spent it"), found.stages.spent),
        (speech.text("Came back within 28 days and spent none"), found.stages.back),
    )
    first = max(found.stages.won, 1)
    power = sorted(found.power, key=lambda one: -sum(side.amount_minor or 0 for side in one.given))
    named = {"area": area_names(speech, known), "category": kind_names(speech, known)}
    titles = {"area": speech.text("Between areas"), "category": speech.text("Between categories")}
    return Turning(
        turning.effect_columns(speech),
        turning.effect_rows(speech, found.effects, currency),
        [[name, speech.number(count), speech.share(count / first, 1)] for name, count in steps if found.stages.won],
        _sharing(speech, found.sharing),
        turning.power_columns(speech, speech.text("Merchant")),
        [
            turning.power_row(speech, known.merchant(one.merchant_id), one.given, currency)
            for one in power[:_MOST_MERCHANTS]
        ],
        [(titles[by], _cells(speech, cells, named[by], currency)) for by, cells in _coarse(found)],
    )


def _coarse(found: loop.Ring) -> Sequence[tuple[str, Sequence[loop.Cell]]]:
    return (("area", found.matrices["area"]), ("category", found.matrices["category"]))


def _cells(speech: Speech, cells: Sequence[loop.Cell], names: dict[str, str], currency: str) -> list[list[str]]:
    return [
        [
            names.get(one.origin, one.origin),
            names.get(one.destination, one.destination),
            speech.number(one.people),
            speech.number(one.vouchers),
            speech.money(one.amount_minor, currency),
        ]
        for one in cells
    ]


def _sharing(speech: Speech, found: loop.Sharing) -> list[str]:
    """Return what sharing brought: who was new and first seen by it, and how far invitations carry."""
    lines = [_factor(speech, found)]
    if found.sent_each is not None and found.conversion is not None:
        carried = {
            "sent": speech.number(found.sent),
            "senders": speech.number(found.senders),
            "joined": speech.number(found.joined),
            "came": speech.number(found.came),
        }
        lines.append(
            speech.text(
                "%(senders)s people sent %(sent)s invitations; by them %(joined)s became members, and %(came)s of "
                "these came to a shop.",
                **carried,
            )
        )
        rates = {
            "each": speech.number(round(found.sent_each * 100, 1)),
            "conversion": speech.share(found.conversion, 1),
            "k": speech.number(round(found.sent_each * found.conversion * 100, 1)),
        }
        lines.append(
            speech.text(
                "A hundred active people send %(each)s invitations, of which %(conversion)s bring a member: "
                "%(k)s for a hundred.",
                **rates,
            )
        )
    return lines


def _factor(speech: Speech, found: loop.Sharing) -> str:
    counted = {
        "new": speech.number(found.new),
        "shared": speech.number(found.by_sharing),
        "days": speech.number(found.days),
    }
    text = N_("Of %(new)s new people in %(days)s days, %(shared)s were first seen at a shared link.")
    if found.factor is None or found.interval is None:
        early = speech.text("Too early to say how many one brings.")
        return f"{speech.text(text, **counted)} {early}"
    rates = {
        "factor": speech.number(round(found.factor * 100, 1)),
        "low": speech.number(round(found.interval.low * 100, 1)),
        "high": speech.number(round(found.interval.high * 100, 1)),
    }
    each = N_("A hundred active people brought %(factor)s more by sharing (between %(low)s and %(high)s).")
    return f"{speech.text(text, **counted)} {speech.text(each, **rates)}"


def _sankey(known: Names, edges: Sequence[voucher.FlowEdge]) -> dict[str, Any]:
    """Return the options of the chart: where vouchers were won on the left, where they were spent on the right."""
    shown = edges[:_IN_SANKEY]
    left = dict.fromkeys(known.shop(one.won_at) for one in shown)
    right = dict.fromkeys(known.shop(one.spent_at) + _SPENT for one in shown)
    links = [
        {"source": known.shop(one.won_at), "target": known.shop(one.spent_at) + _SPENT, "value": one.redemptions}
        for one in shown
    ]
    nodes = [{"name": name} for name in (*left, *right)]
    # Labels stand inwards, so that nothing is cut off on a narrow screen.
    for node in nodes[len(left) :]:
        node["label"] = {"position": "left"}  # type: ignore[assignment]
    series = {"type": "sankey", "data": nodes, "links": links, "left": 0, "right": 0, "nodeGap": 12, "top": 8}
    return {"tooltip": {"trigger": "item"}, "series": [series]}


def _edge_rows(speech: Speech, known: Names, edges: Sequence[voucher.FlowEdge]) -> list[list[str]]:
    return [
        [
            known.shop(one.won_at),
            known.shop(one.spent_at),
            speech.number(one.people),
            speech.number(one.redemptions),
            speech.money(one.amount_minor, known.network.currency),
        ]
        for one in edges
    ]


def _beside(speech: Speech, name: str, found: loop.Beside) -> list[str]:
    if found.value is None or found.null is None or found.null_low is None or found.null_high is None:
        return [name, "–", "–", "–"]
    low, high = speech.share(found.null_low, 1), speech.share(found.null_high, 1)
    return [name, speech.share(found.value, 1), speech.share(found.null, 1), f"{low} – {high}"]


def _null_rows(speech: Speech, reports: Reports | None) -> list[list[str]]:
    """Return each figure of the flow beside what chance alone would give."""
    if reports is None or not reports.flow.visits.total.flow:
        return []
    shared, others = speech.text("shared by at least two people"), speech.text("answered by others the other way")
    same = speech.text("went straight back")
    rows = []
    for what, flow in ((speech.text("Visits"), reports.flow.visits), (speech.text("Vouchers"), reports.flow.vouchers)):
        total = flow.total
        rows += [
            _beside(speech, f"{what}: {shared}", total.shared),
            _beside(speech, f"{what}: {others}", total.returned_by_others),
            _beside(speech, f"{what}: {same}", total.returned_by_same),
        ]
    return rows


def _leak_rows(speech: Speech, reports: Reports | None) -> list[tuple[str, int]]:
    """Return the steps from a voucher won to a voucher spent, with how many reached each."""
    if reports is None or not reports.leaks.leaks.granted:
        return []
    found = reports.leaks.leaks
    return [
        (speech.text("Won a voucher that has ended"), found.granted),
        (speech.text("Came to a shop that takes it"), found.came),
        (speech.text("Spent it"), found.redeemed),
    ]


def _leak_chart(rows: Sequence[tuple[str, int]]) -> dict[str, Any]:
    return {
        "grid": {"left": 8, "right": 24, "top": 8, "bottom": 8, "containLabel": True},
        "xAxis": {"type": "value"},
        "yAxis": {"type": "category", "inverse": True, "data": [name for name, _ in rows]},
        "series": [{"type": "bar", "data": [count for _, count in rows], "label": {"show": True}}],
    }


def _closure_rows(speech: Speech, reports: Reports | None) -> list[list[str]]:
    """Return how many vouchers were spent in time, where people went before, and where they had never been."""
    if reports is None:
        return []
    rows = []
    for within in reports.closure.closure.within:
        if not within.every.vouchers:
            continue
        for name, rate in (
            (speech.text("All"), within.every),
            (speech.text("Habit: been there before"), within.habit),
            (speech.text("Discovery: never been there"), within.discovery),
            (speech.text("Not known: their visits are recorded for too short a time"), within.unknown),
        ):
            if not rate.vouchers:
                continue
            share = speech.share(rate.per_voucher, 1) if rate.per_voucher is not None else "–"
            days = speech.texts("%(num)s day", "%(num)s days", within.days)
            rows.append([days, name, speech.number(rate.vouchers), speech.number(rate.closed), share])
    return rows


async def flow_file(visit: Visit) -> Response:
    """Give the flow of vouchers between shops as a file."""
    async with visit.unit() as uow:
        known, edges = await names(uow), await _edges(uow)
    rows = (
        (one.won_at, known.shop(one.won_at), one.spent_at, known.shop(one.spent_at), one.people, one.redemptions,
         one.amount_minor)
        for one in edges
    )  # fmt: skip
    header = ("won_at_id", "won_at", "spent_at_id", "spent_at", "people", "redemptions", "amount_minor")
    return csv_file(visit, "flow", header, rows)


async def _edges(uow: UnitOfWork) -> list[voucher.FlowEdge]:
    return await voucher.flow_edges(uow, 100_000)


async def leaks_file(visit: Visit) -> Response:
    """Give the leaks as a file."""
    async with visit.unit() as uow:
        asked, now = await loop.whose(uow), await uow.now()
    reports = await _counted(visit, asked, now)
    return csv_file(visit, "leaks", ("step", "vouchers"), _leak_rows(visit.speech, reports))


PAGES: tuple[PageRoute, ...] = (
    PageRoute(path="/operator/ring", audience=OPERATOR, get=show),
    PageRoute(path="/operator/ring/flow.csv", audience=OPERATOR, get=flow_file),
    PageRoute(path="/operator/ring/leaks.csv", audience=OPERATOR, get=leaks_file),
)
