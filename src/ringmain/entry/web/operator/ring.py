"""The ring: which vouchers flow where, whether that is more than chance, and where people are lost."""

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from starlette.responses import Response

from ringmain.entry.web.audiences import OPERATOR
from ringmain.entry.web.operator.common import Names, csv_file, names
from ringmain.entry.web.picture import draw
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pages import PageRoute, Speech, Visit
from ringmain.loop import api as loop
from ringmain.voucher import api as voucher

_log = structlog.get_logger(__name__)
_MOST_EDGES = 400
_STRONGEST = 10
_IN_SANKEY = 40
_FRESH_SECONDS = 300.0
_PATIENCE_SECONDS = 8.0
# One analysis at a time: each may take all the memory that analyses are given.
_ANALYSES = ThreadPoolExecutor(1, thread_name_prefix="ring")
# Tells "spent at" from "won at" where a shop is both; nobody sees it.
_SPENT = "\u200b"


@dataclass(frozen=True, slots=True)
class Reports:
    """What the lake says of a network."""

    flow: loop.FlowReport
    closure: loop.ClosureReport
    leaks: loop.LeakReport


class _Kept:
    """The newest reports of each network, made in the background and kept for five minutes."""

    def __init__(self) -> None:
        self._found: dict[UUID, tuple[float, Reports]] = {}
        self._making: dict[UUID, asyncio.Task[None]] = {}

    async def of(self, lake: Path, network_id: UUID) -> Reports | None:
        """Return the reports; None while the first ones take longer than people wait."""
        made_at, found = self._found.get(network_id, (0.0, None))
        if found is not None and time.monotonic() - made_at < _FRESH_SECONDS:
            return found
        if network_id not in self._making:
            task = asyncio.create_task(self._make(lake, network_id))
            self._making[network_id] = task
            task.add_done_callback(lambda _: self._making.pop(network_id, None))
        if found is None:
            await asyncio.wait([self._making[network_id]], timeout=_PATIENCE_SECONDS)
            found = self._found.get(network_id, (0.0, None))[1]
        return found

    async def _make(self, lake: Path, network_id: UUID) -> None:
        try:
            found = await asyncio.get_running_loop().run_in_executor(_ANALYSES, partial(_reports, lake, network_id))
        except Exception as error:  # noqa: BLE001 (the page stands without it; the next visitor tries again)
            _log.exception("ring_not_analysed", kind=type(error).__qualname__, exc_info=False)
        else:
            self._found[network_id] = time.monotonic(), found


_KEPT = _Kept()


def _reports(lake: Path, network_id: UUID) -> Reports:
    return Reports(
        loop.flow_report(lake, network_id),
        loop.closure_report(lake, network_id),
        loop.leak_report(lake, network_id),
    )


async def show(visit: Visit) -> Response:
    """Show the ring."""
    async with visit.unit() as uow:
        known, edges = await names(uow), await voucher.flow_edges(uow, _MOST_EDGES)
        totals = await voucher.flow_totals(uow)
    reports = await _KEPT.of(visit.site.settings.lake_folder, visit.network_id)
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
    )


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
    rows = []
    for what, flow in ((speech.text("Visits"), reports.flow.visits), (speech.text("Vouchers"), reports.flow.vouchers)):
        total = flow.total
        rows += [
            _beside(speech, f"{what}: {speech.text('shared by at least two people')}", total.shared),
            _beside(speech, f"{what}: {speech.text('answered by others the other way')}", total.returned_by_others),
            _beside(speech, f"{what}: {speech.text('went straight back')}", total.returned_by_same),
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
    reports = await _KEPT.of(visit.site.settings.lake_folder, visit.network_id)
    return csv_file(visit, "leaks", ("step", "vouchers"), _leak_rows(visit.speech, reports))


PAGES: tuple[PageRoute, ...] = (
    PageRoute(path="/operator/ring", audience=OPERATOR, get=show),
    PageRoute(path="/operator/ring/flow.csv", audience=OPERATOR, get=flow_file),
    PageRoute(path="/operator/ring/leaks.csv", audience=OPERATOR, get=leaks_file),
)
