"""The routes of what is ahead of a merchant's shops, and of models: their figures, which serve, rolling back."""

from datetime import date, datetime
from math import isnan
from uuid import UUID

from msgspec import Struct

from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import Call, Listed, Role, Route
from ringmain.kit.learn import registry
from ringmain.kit.learn.intervals import Estimate
from ringmain.kit.learn.registry import Figures, KeptModel, NoModelBefore
from ringmain.need import api
from ringmain.need.errors import TaskUnknown
from ringmain.network import api as network
from ringmain.network.errors import MerchantNotFound

_READERS: frozenset[Role] = frozenset({"operator", "analyst"})
_MANAGERS: frozenset[Role] = frozenset({"operator", "merchant"})
_OPERATOR: frozenset[Role] = frozenset({"operator"})
_MOST = 100


class FigureShown(Struct, frozen=True):
    """A figure with its 95 % interval; null where it could not be computed."""

    value: float | None
    low: float | None
    high: float | None


class ModelShown(Struct, frozen=True):
    """A model: what it was learnt from, how it did beside other rankings, and what became of it.

    `ahead` of a baseline is by how much our mean reciprocal rank was above its own.
    """

    model_id: UUID
    task: str
    state: str
    since: datetime
    reasons: list[str]
    made_at: datetime
    learnt_from: datetime
    learnt_until: datetime
    facts: int
    sha256: str
    metrics: dict[str, FigureShown]
    baselines: dict[str, dict[str, FigureShown]]


class RolledBack(Struct, frozen=True):
    """The model that was withdrawn, and the one that serves again."""

    withdrawn: ModelShown
    serves: ModelShown


class DayAhead(Struct, frozen=True):
    """Payments to expect on a day; eight days of ten end between `low` and `high`. `last_week`: the same weekday."""

    day: date
    expected: float
    low: float
    high: float
    last_week: int


class ShopAheadShown(Struct, frozen=True):
    """What is ahead of a shop. `known_guests`: of the next seven days, in fives; null where too few are behind it.

    `days` is empty before `days_needed` days of payments are known. `made_by`: "model", or the count that did best.
    """

    shop_id: UUID
    known_guests: int | None
    days_known: int
    days_needed: int
    made_by: str | None
    made_at: datetime | None
    days: list[DayAhead]


class MerchantAhead(Struct, frozen=True):
    """What is ahead of each shop of a merchant."""

    items: list[ShopAheadShown]


async def _ahead(uow: UnitOfWork, call: Call) -> MerchantAhead:
    merchant_id = call.id("merchant_id")
    if call.merchant_scope() not in (None, merchant_id):
        raise MerchantNotFound(merchant_id=merchant_id)
    await network.merchant_of(uow, merchant_id)
    ids, at = [shop.id for shop in await network.shops_of(uow, merchant_id)], await uow.now()
    guests, paid = await api.ahead(uow, ids, at), await api.traffic(uow, ids, at)
    return MerchantAhead(
        [
            ShopAheadShown(
                shop_id=one.shop_id,
                known_guests=known.expected,
                days_known=one.days_known or 0,
                days_needed=api.LEAST_DAYS,
                made_by=one.made_by if one.days else None,
                made_at=one.made_at if one.days else None,
                days=[DayAhead(day.day, day.expected, day.low, day.high, day.last_week) for day in one.days],
            )
            for known, one in zip(guests, paid, strict=True)
        ]
    )


async def _models(uow: UnitOfWork, call: Call) -> Listed[ModelShown]:
    del call
    return Listed([_shown(one) for one in await registry.models(uow, _MOST)])


async def _roll_back(uow: UnitOfWork, call: Call, _: None) -> RolledBack:
    withdrawn, back = await api.roll_back(uow, call.path["task"])
    return RolledBack(_shown(withdrawn), _shown(back))


def _shown(one: KeptModel) -> ModelShown:
    return ModelShown(
        model_id=one.id,
        task=one.task,
        state=one.state,
        since=one.since,
        reasons=list(one.reasons),
        made_at=one.made_at,
        learnt_from=one.learnt_from,
        learnt_until=one.learnt_until,
        facts=one.facts,
        sha256=one.sha256.hex(),
        metrics=_figures(one.metrics),
        baselines={name: _figures(figures) for name, figures in one.baselines.items()},
    )


def _figures(figures: Figures) -> dict[str, FigureShown]:
    def plain(one: Estimate) -> FigureShown:
        return FigureShown(None if isnan(one.value) else one.value, one.low, one.high)

    return {name: plain(one) for name, one in figures.items()}


_ID = "01932c5e-7b41-7c3d-9f21-3b1a8e0c7d42"
_AT = "2026-03-01T09:00:00Z"
_FIGURE = {"value": 0.61, "low": 0.58, "high": 0.64}
_EXAMPLE = {
    "model_id": _ID,
    "task": "need-place",
    "state": "serves",
    "since": _AT,
    "reasons": [],
    "made_at": _AT,
    "learnt_from": "2025-09-01T00:00:00Z",
    "learnt_until": _AT,
    "facts": 120_000,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "metrics": {"mrr": _FIGURE},
    "baselines": {"own visits": {"mrr": {"value": 0.52, "low": 0.49, "high": 0.55}}},
}

ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/merchants/{merchant_id}/ahead",
        operation="read_ahead",
        summary="Read what is ahead of a merchant's shops: known guests, and payments of the next two weeks",
        description="Payments are forecast every night from those per shop and day, once eight weeks are known, with "
        "what did best at moments of the past: a learnt model only where it is surely better than every simple "
        "count. Known guests are a sum of the chances of people who agree to personalisation, in fives.",
        tag="merchants",
        roles=_MANAGERS,
        handler=_ahead,
        # Chances of people are in rows that no merchant sees; only rounded sums leave.
        reads_as="network",
        response=MerchantAhead,
        errors=(MerchantNotFound,),
        example_response={
            "items": [
                {
                    "shop_id": _ID,
                    "known_guests": 25,
                    "days_known": 90,
                    "days_needed": 56,
                    "made_by": "weekday's three-week median",
                    "made_at": _AT,
                    "days": [{"day": "2026-03-01", "expected": 41.0, "low": 30.5, "high": 52.0, "last_week": 39}],
                }
            ]
        },
    ),
    Route(
        method="GET",
        path="/v1/models",
        operation="list_models",
        summary="List the models that were trained, the newest first",
        description="Each with its data window and its figures beside those of the baselines, of moments that it had "
        "not learnt from. The newest hundred.",
        tag="models",
        roles=_READERS,
        handler=_models,
        response=Listed[ModelShown],
        example_response={"items": [_EXAMPLE], "next": None},
    ),
    Route(
        method="POST",
        path="/v1/models/{task}/rollback",
        operation="roll_back_model",
        summary="Let the model serve again that served before",
        description="What the withdrawn model had foretold is forgotten at once; the next forecast, within the hour, "
        "is made with the model before it.",
        tag="models",
        roles=_OPERATOR,
        handler=_roll_back,
        response=RolledBack,
        transaction="write",
        errors=(TaskUnknown, NoModelBefore),
        example_response={"withdrawn": {**_EXAMPLE, "state": "withdrawn"}, "serves": _EXAMPLE},
    ),
)
