"""What the commands about models do with an installation, and how they show it."""

from collections.abc import Sequence
from functools import partial
from math import isnan
from uuid import UUID

from rich.console import Console
from rich.status import Status
from rich.table import Table

from ringmain.entry.installation import Installation
from ringmain.entry.keys import COMMAND_LINE, chosen_network
from ringmain.kit.audit import audit
from ringmain.kit.learn import registry
from ringmain.kit.learn.intervals import Estimate
from ringmain.kit.learn.registry import KeptModel
from ringmain.need import api as need

_SHOWN = 20


async def train(
    installation: Installation, screen: Console, network_id: UUID | None, task: str | None, seed: int
) -> None:
    """Train one task or all of them, with progress, and show each model with the figures that decided.

    Raises `TaskUnknown`, `HistoryTooShort`, `ModelChanged`, `ServingChanged`; nothing is kept then.
    """
    chosen = await chosen_network(installation, network_id)
    lake = installation.settings.lake_folder
    for one in (task,) if task is not None else need.TASKS:
        with screen.status(one) as status:
            done = await need.train(
                installation.database,
                lake,
                chosen,
                one,
                partial(_say, status, one),
                seed=seed,
            )
        screen.print(table_of([done.model]))
        screen.print(_outcome(done), highlight=False)


def _say(status: Status, task: str, stage: str) -> None:
    status.update(f"{task}: {stage}")


def _outcome(done: need.Training) -> str:
    if done.model.state == "serves":
        return f"It serves. Something is expected of {done.people:,} people now."
    why = f"Refused: {', '.join(done.model.reasons)}."
    if done.people is None:
        return f"{why} No model serves; the rules do."
    return f"{why} The model before it serves on; something is expected of {done.people:,} people now."


async def models(installation: Installation, network_id: UUID | None) -> list[Table]:
    """Return the models of a network as a table for each task, the newest first."""
    async with installation.database.unit(await chosen_network(installation, network_id)) as uow:
        found = await registry.models(uow, _SHOWN)
    return [table_of([one for one in found if one.task == task], task) for task in sorted({one.task for one in found})]


async def roll_back(installation: Installation, screen: Console, network_id: UUID | None, task: str) -> str:
    """Roll a task back, forecast with the model that serves again, and say which one it is. Raises `NoModelBefore`."""
    chosen = await chosen_network(installation, network_id)
    async with installation.database.unit(chosen) as uow:
        withdrawn, back = await need.roll_back(uow, task)
        await audit(uow, COMMAND_LINE, "roll_back_model", "model", withdrawn.id, {"task": task, "serves": back.id})
    with screen.status(task) as status:
        lake = installation.settings.lake_folder
        people = await need.forecast_needs(installation.database, lake, chosen, status.update)
    return (
        f"{task}: the model of {withdrawn.made_at:%Y-%m-%d %H:%M} is withdrawn, that of {back.made_at:%Y-%m-%d %H:%M} "
        f"serves. Something is expected of {people or 0:,} people now."
    )


def table_of(found: Sequence[KeptModel], title: str | None = None) -> Table:
    """Return models as a table: what each is, its mean reciprocal rank beside the others', and what became of it."""
    others = need.in_order({name for one in found for name in one.baselines})
    table = Table("made", "state", "since", "data", "facts", "mrr", *others, "acc@10", "id", title=title)
    for one in found:
        table.add_row(
            f"{one.made_at:%Y-%m-%d %H:%M}",
            f"{one.state}{' (' + ', '.join(one.reasons) + ')' if one.reasons else ''}",
            f"{one.since:%Y-%m-%d %H:%M}",
            f"{one.learnt_from:%Y-%m-%d} – {one.learnt_until:%Y-%m-%d}",
            f"{one.facts:,}",
            figure(one.metrics.get("mrr")),
            *(figure(one.baselines.get(name, {}).get("mrr")) for name in others),
            figure(one.metrics.get("acc@10")),
            str(one.id),
        )
    return table


def figure(one: Estimate | None) -> str:
    """Return a figure with its interval, where there is one."""
    if one is None or isnan(one.value):
        return "-"
    return f"{one.value:.3f}" if one.low is None else f"{one.value:.3f} ({one.low:.3f}-{one.high:.3f})"
