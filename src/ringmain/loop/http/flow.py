"""The loop's routes: flow, closure and leaks, for those who see the whole network."""

from typing import Annotated, Any

from msgspec import Meta

from ringmain.kit.http import Call, Limit, Request, Role, Route
from ringmain.loop import api

_WHOLE_NETWORK: frozenset[Role] = frozenset({"operator", "analyst"})
_SOME_AT_A_TIME = Limit(10, seconds=60)

Days = Annotated[int, Meta(ge=1, le=366, description="Days of 24 hours.")]


class FlowQuery(Request, frozen=True):
    """What counts as flow, and how it is shown."""

    gap_days: Annotated[int, Meta(ge=1, le=366, description="Days between two visits that still are one way.")] = 14
    window_days: Annotated[int, Meta(ge=1, le=366, description="Days of each window.")] = 28
    strongest: Annotated[int, Meta(ge=0, le=200, description="How many of the strongest edges to list.")] = 10


class ClosureQuery(Request, frozen=True):
    """What counts as coming back."""

    return_days: Days = 28


async def _flow(call: Call, _: Any) -> api.FlowReport:
    query: FlowQuery = call.query
    return await api.in_turn(
        api.flow_report,
        call.settings.lake_folder,
        call.principal.network_id,
        gap_days=query.gap_days,
        window_days=query.window_days,
        strongest=query.strongest,
    )


async def _closure(call: Call, _: Any) -> api.ClosureReport:
    lake, network_id = call.settings.lake_folder, call.principal.network_id
    return await api.in_turn(api.closure_report, lake, network_id, return_days=call.query.return_days)


async def _leaks(call: Call, _: Any) -> api.LeakReport:
    return await api.in_turn(api.leak_report, call.settings.lake_folder, call.principal.network_id)


def _beside(value: float, null: float) -> dict[str, float]:
    return {"value": value, "null": null, "null_low": round(null - 0.01, 3), "null_high": round(null + 0.01, 3)}


_FIGURES = {
    "start": "2026-03-01T00:00:00Z",
    "end": "2026-03-29T00:00:00Z",
    "flow": 4120,
    "edges": 870,
    "members": 611,
    "shared": _beside(0.62, 0.41),
    "returned_by_others": _beside(0.35, 0.22),
    "returned_by_same": _beside(0.28, 0.02),
    "gini": _beside(0.58, 0.31),
    "top_edges": _beside(0.12, 0.05),
    "top_members": 0.07,
}
_EDGE = {
    "from_shop_id": "0195e4a0-0000-7000-8000-000000000001",
    "to_shop_id": "0195e4a0-0000-7000-8000-000000000002",
    "flow": 316,
    "members": 56,
}
_OF = {"total": _FIGURES, "windows": [_FIGURES], "strongest": [_EDGE]}
_RATE = {"vouchers": 1500, "closed": 180, "members": 420, "per_voucher": 0.12, "per_member": 0.09}
_CLASSES = {"every": _RATE, "habit": _RATE, "discovery": _RATE, "unknown": _RATE}
_LEAKS = {
    "granted": 1500,
    "came": 310,
    "redeemed": 240,
    "running": 90,
    "unidentified": 12,
    "never_came": 0.793,
    "came_and_kept": 0.226,
}

ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/loop/flow",
        operation="read_flow",
        summary="Read the flow between shops",
        description="Flow of all visits (a member's consecutive visits at different shops) and of redeemed vouchers "
        "(won at one shop, spent at another), each figure beside what permuting the destinations gives: any set of "
        "walks looks like a circulation, so a figure says something only where it stands out of its null and its past.",
        tag="loop",
        roles=_WHOLE_NETWORK,
        handler=_flow,
        transaction="own",
        query=FlowQuery,
        response=api.FlowReport,
        limit=_SOME_AT_A_TIME,
        example_query={"window_days": "28", "strongest": "10"},
        example_response={
            "gap_days": 14,
            "window_days": 28,
            "permutations": 20,
            "visits": _OF,
            "vouchers": _OF,
        },
    ),
    Route(
        method="GET",
        path="/v1/loop/closure",
        operation="read_closure",
        summary="Read the closure of granted vouchers",
        description="How many granted vouchers were redeemed within 7 and 14 days, per voucher and per member, and how "
        "many came back afterwards without spending another one. Habit (spent where the holder had been before) and "
        "discovery (where never before) are told apart only for holders with 26 weeks of history, and never added up. "
        "This counts what happened; what vouchers caused is told by comparison groups only.",
        tag="loop",
        roles=_WHOLE_NETWORK,
        handler=_closure,
        transaction="own",
        query=ClosureQuery,
        response=api.ClosureReport,
        limit=_SOME_AT_A_TIME,
        example_query={"return_days": "28"},
        example_response={
            "closure": {"history_days": 182, "within": [{"days": 7, **_CLASSES}, {"days": 14, **_CLASSES}]},
            "second_visits": {"days": 28, **_CLASSES},
        },
    ),
    Route(
        method="GET",
        path="/v1/loop/leaks",
        operation="read_leaks",
        summary="Read where vouchers were lost",
        description="Of the vouchers that have ended: how many holders came to a shop that takes it while it could be "
        "spent, and how many spent it.",
        tag="loop",
        roles=_WHOLE_NETWORK,
        handler=_leaks,
        transaction="own",
        response=api.LeakReport,
        limit=_SOME_AT_A_TIME,
        example_response={"leaks": _LEAKS},
    ),
)
