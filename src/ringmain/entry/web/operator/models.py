"""The models: what serves, how it did beside the dumb baselines, what became of the others, and the way back."""

from collections.abc import Mapping
from math import isnan
from uuid import UUID

from msgspec import Struct
from starlette.responses import Response

from ringmain.entry.web.audiences import OPERATOR
from ringmain.entry.web.operator.common import MOST_ROWS
from ringmain.kit.db import UnitOfWork
from ringmain.kit.learn import registry
from ringmain.kit.learn.intervals import Estimate
from ringmain.kit.learn.registry import KeptModel
from ringmain.kit.pages import PageRoute, Speech, Visit
from ringmain.need import api as need
from ringmain.network import api as network

# The figures of a card, in order; the mean reciprocal rank decides.
_FIGURES = ("mrr", "returning.mrr", "discovery.mrr", "acc@1", "acc@10")


class RolledBack(Struct, frozen=True):
    """The model that serves again."""

    model_id: UUID


async def show(visit: Visit) -> Response:
    """Show for each task the model that serves and those before it."""
    async with visit.unit() as uow:
        here = await network.network_of(uow)
        found = await registry.models(uow, MOST_ROWS)
    tasks = [(task, [one for one in found if one.task == task]) for task in need.TASKS]
    cards = [(task, _serving(models), [_row(visit.speech, one) for one in models], models) for task, models in tasks]
    return visit.page(
        "operator/models.html",
        network=here,
        tasks=[
            {
                "task": task,
                "name": _name(visit.speech, task),
                "serving": serving,
                "figures": _table(visit.speech, serving) if serving is not None else [],
                "columns": [_ranking(visit.speech, name) for name in need.in_order(serving.baselines)]
                if serving is not None
                else [],
                "before": any(one.state == "served" for one in models),
                "rows": rows,
            }
            for task, serving, rows, models in cards
        ],
    )


async def roll_back(visit: Visit) -> Response:
    """Let the model serve again that served before."""
    task = visit.form.text("task")

    async def act(uow: UnitOfWork) -> RolledBack:
        _, back = await need.roll_back(uow, task)
        return RolledBack(back.id)

    await visit.once("roll_back_model", act, RolledBack)
    return visit.go("/operator/models")


def _serving(models: list[KeptModel]) -> KeptModel | None:
    return next((one for one in models if one.state == "serves"), None)


def _table(speech: Speech, one: KeptModel) -> list[list[str]]:
    """Return a row for each figure: its name, ours, and that of each other ranking."""
    return [
        [_figure_name(speech, name), _figure(speech, one.metrics, name)]
        + [_figure(speech, one.baselines[other], name) for other in need.in_order(one.baselines)]
        for name in _FIGURES
    ]


def _row(speech: Speech, one: KeptModel) -> dict[str, object]:
    return {
        "model": one,
        "kind": {"serves": "flows", "refused": "wrong", "withdrawn": "wrong"}.get(one.state, ""),
        "why": [_reason(speech, reason) for reason in one.reasons],
        "mrr": _figure(speech, one.metrics, "mrr"),
        "own": _figure(speech, one.baselines.get("own visits", {}), "mrr"),
    }


def _figure(speech: Speech, figures: Mapping[str, Estimate], name: str) -> str:
    one = figures.get(name)
    if one is None or isnan(one.value):
        return "–"
    value = speech.number(round(one.value, 3))
    if one.low is None or one.high is None:
        return value
    return f"{value} ({speech.number(round(one.low, 3))} – {speech.number(round(one.high, 3))})"


def _name(speech: Speech, task: str) -> str:
    return {need.TASK: speech.text("Where people go next")}.get(task, task)


def _figure_name(speech: Speech, name: str) -> str:
    return {
        "mrr": speech.text("Mean reciprocal rank"),
        "returning.mrr": speech.text("of visits to known shops"),
        "discovery.mrr": speech.text("of visits to new shops"),
        "acc@1": speech.text("First guess right"),
        "acc@10": speech.text("Among the first ten"),
    }[name]


def _ranking(speech: Speech, name: str) -> str:
    return {
        "own visits": speech.text("Own visits"),
        "popular": speech.text("Popular"),
        "after last": speech.text("After the last shop"),
        "serving": speech.text("Served before"),
    }.get(name, name)


def _reason(speech: Speech, reason: str) -> str:
    return {
        "not_above_own_visits": speech.text("not better than counting a person's own visits"),
        "not_above_popular": speech.text("not better than naming the most visited shops"),
        "not_above_after_last": speech.text("not better than naming what others visit after the same shop"),
        "below_serving": speech.text("worse than the model that serves"),
        "serving_too_young": speech.text("too few visits since the model that serves to compare them"),
    }.get(reason, reason)


PAGES: tuple[PageRoute, ...] = (PageRoute(path="/operator/models", audience=OPERATOR, get=show, post=roll_back),)
