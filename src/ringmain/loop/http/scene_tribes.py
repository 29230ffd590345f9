"""The route of the table of scenes and tribes."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from ringmain.kit.http import Call, Limit, Role, Route
from ringmain.loop.scene_tribes import SceneTribe, scene_tribes, table_of
from ringmain.loop.turns import in_turn

_READERS: frozenset[Role] = frozenset({"operator", "merchant", "analyst"})
_SOME_AT_A_TIME = Limit(10, seconds=60)


class WorkedShown(Struct, frozen=True, kw_only=True):
    """The best that was tried: a plan or a campaign, and the visits one person did more, with a 95 % interval."""

    kind: str
    id: UUID
    name: str
    state: str
    more: float | None
    low: float | None
    high: float | None
    people: int


class SceneTribeShown(Struct, frozen=True, kw_only=True):
    """A tribe at a kind of scene: counted (people met, their visits), caused (`best`), and one `action`.

    `full_price`: visits without a voucher. `margin_minor` null: nobody has stated a margin; else it is of
    `margin_share` of the turnover. `action`: make_plan, wait, extend_plan, keep_plan, end_harmful, end_useless, repeat.
    """

    tribe_id: UUID
    scene: str
    people: int
    visits: int
    full_price: int
    paid_minor: int
    margin_minor: int | None
    margin_share: float
    best: WorkedShown | None
    running_plan_id: UUID | None
    action: str


class SceneTribesShown(Struct, frozen=True, kw_only=True):
    """The table. People met from `since` to `until` were each followed for `window_days`."""

    since: datetime
    until: datetime
    window_days: int
    currency: str
    items: list[SceneTribeShown]


async def _table(call: Call, _: Any) -> SceneTribesShown:
    async with call.database.unit(call.principal.network_id) as uow:
        asked = await table_of(uow, call.merchant_scope())
    found = await in_turn(scene_tribes, call.settings.lake_folder, call.keyring, asked)
    return SceneTribesShown(
        since=found.since,
        until=found.until,
        window_days=found.window_days,
        currency=found.currency,
        items=[_shown(one) for one in found.rows],
    )


def _shown(one: SceneTribe) -> SceneTribeShown:
    same = ("tribe_id", "scene", "people", "visits", "full_price", "paid_minor", "margin_minor", "running_plan_id")
    return SceneTribeShown(
        margin_share=round(one.margin_share, 4),
        best=_worked(one),
        action=one.action.value,
        **{name: getattr(one, name) for name in same},
    )


def _worked(one: SceneTribe) -> WorkedShown | None:
    if one.best is None:
        return None
    measured = one.best.measured
    low, high = (None, None) if measured.interval is None else (measured.interval.low, measured.interval.high)
    more, low, high = (None if value is None else round(value, 4) for value in (measured.more, low, high))
    return WorkedShown(
        kind=one.best.kind,
        id=one.best.id,
        name=one.best.name,
        state=measured.state.value,
        more=more,
        low=low,
        high=high,
        people=measured.people,
    )


_ID = "018f4e3a-7c00-7a10-8000-000000000041"

ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/scene-tribes",
        operation="read_scene_tribes",
        summary="Read which scene works for which tribe, and what to do about each",
        description="Rows of ten people and more. A merchant reads its own shops, for tribes it is told of, as it "
        "stood on a Monday, people and visits in fives.",
        tag="service plans",
        roles=_READERS,
        handler=_table,
        transaction="own",
        response=SceneTribesShown,
        limit=_SOME_AT_A_TIME,
        example_response={
            "since": "2026-01-19T00:00:00Z",
            "until": "2026-02-16T00:00:00Z",
            "window_days": 14,
            "currency": "CNY",
            "items": [
                {
                    "tribe_id": _ID,
                    "scene": "poster",
                    "people": 120,
                    "visits": 310,
                    "full_price": 205,
                    "paid_minor": 1_240_000,
                    "margin_minor": 700_000,
                    "margin_share": 0.9,
                    "best": {
                        "kind": "plan",
                        "id": _ID,
                        "name": "",
                        "state": "effect",
                        "more": 0.31,
                        "low": 0.12,
                        "high": 0.5,
                        "people": 900,
                    },
                    "running_plan_id": _ID,
                    "action": "extend_plan",
                }
            ],
        },
    ),
)
