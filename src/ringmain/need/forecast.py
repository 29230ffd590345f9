"""Forecast for a network with the model that serves: where each person will be next, as rows that matching reads."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import numpy as np

from ringmain.kit.apart import apart
from ringmain.kit.db import Database, Pending, UnitOfWork
from ringmain.kit.learn import registry
from ringmain.need import store
from ringmain.need.ground import Ground, agreeing, ground
from ringmain.need.place.foresee import Foreseen, foresee

TASK = "need-place"
TASKS = (TASK,)
# What was expected longer ago says nothing of now.
OLDEST = timedelta(days=7)
_EVER = datetime(1970, 1, 1, tzinfo=UTC)

Progress = Callable[[str], None]


async def forecast_needs(database: Database, lake: Path, network_id: UUID, progress: Progress) -> int | None:
    """Put what the serving model expects in place of what was expected before; return of how many people.

    None where no model serves: then nothing is expected of anybody. What is expected of those who no longer agree goes
    away with it. Raises `ModelChanged` and `ModelUnreadable`: then what stood before stays, until it is too old.
    """
    progress("reading the lake")
    return await forecast_on(database, await ground(database, lake, network_id), network_id, progress)


async def forecast_on(database: Database, known: Ground, network_id: UUID, progress: Progress) -> int | None:
    """Forecast as `forecast_needs` does, where the lake has been read already."""
    async with database.unit(network_id, role="worker") as uow:
        serving = await registry.serving(uow, TASK)
        if serving is None:
            await store.clear(uow)
            return None
        artefact = await registry.load(uow, serving.id)
    progress("forecasting")
    journal = known.walks.journal
    found = None
    if len(journal):
        found = await apart(foresee, journal, artefact, known.second, progress=progress)
    async with database.unit(network_id, role="worker") as uow:
        return await _put(uow, known, found, serving.id)


async def _put(uow: UnitOfWork, known: Ground, found: Foreseen | None, model_id: UUID) -> int:
    """Write what was found; of nobody who has changed their mind meanwhile, and nothing of a model rolled back."""
    now_serving = await registry.serving(uow, TASK)
    if found is None or now_serving is None or now_serving.id != model_id:
        await store.clear(uow)
        return 0
    subjects, shops = known.walks.subjects, known.walks.shops
    agreed = await agreeing(uow, {subjects[one] for one in np.unique(found.person).tolist()})
    kept = np.flatnonzero([subjects[one] in agreed for one in found.person.tolist()])
    await store.replace(
        uow,
        store.Wanted(
            [subjects[one] for one in found.person[kept].tolist()],
            [shops[one] for one in found.place[kept].tolist()],
            found.rank[kept],
            found.next_chance[kept],
            found.week_chance[kept],
            found.been[kept],
        ),
        model_id,
        known.at,
    )
    return len(agreed)


async def own_needs(uow: UnitOfWork, subject_ids: Sequence[UUID]) -> list[store.Need]:
    """Return all that is kept of what is expected of a person, for their own copy: also what counts no more."""
    return await (await store.of_person(uow, subject_ids, _EVER)).all()


async def needs(uow: UnitOfWork, subject_ids: Sequence[UUID], at: datetime) -> list[store.Need]:
    """Return what is expected of a person at a moment, by shop; what was expected longer than a week ago is not.

    `subject_ids` are the person's subject and those merged into it. Whether they agree is for the caller to ask.
    """
    return await (await ask_needs(uow, subject_ids, at)).all() if subject_ids else []


async def ask_needs(uow: UnitOfWork, subject_ids: Sequence[UUID], at: datetime) -> Pending[store.Need]:
    """Ask for the same; the answer can be awaited after other questions were asked."""
    return await store.of_person(uow, subject_ids, at - OLDEST)


async def weeks_of(uow: UnitOfWork, subject_ids: Sequence[UUID], at: datetime) -> list[store.WeekChance]:
    """Return for many people how probable it is that they come to shops within a week; see `needs`."""
    return await store.of_people(uow, subject_ids, at - OLDEST) if subject_ids else []


async def week_columns(uow: UnitOfWork, subject_ids: Sequence[UUID], at: datetime) -> store.WeekColumns:
    """Return what `weeks_of` does as columns, for thousands of people at once."""
    return await store.columns_of_people(uow, subject_ids, at - OLDEST)
