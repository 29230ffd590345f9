"""Models are kept with their figures; which one serves follows from what became of all of them."""

import asyncio
import hashlib
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from ringmain.kit.db import Database
from ringmain.kit.learn import registry
from ringmain.kit.learn.intervals import Estimate
from ringmain.kit.learn.registry import KeptModel, ModelChanged, NewModel, NoModelBefore, ServingChanged
from ringmain.kit.migrate import Urls

AT = datetime(2026, 3, 1, 10, tzinfo=UTC)
FIGURES = {"mrr": Estimate(0.5, 0.4, 0.6), "auc": Estimate(float("nan"))}


@dataclass(slots=True)
class Shelf:
    """The models of one network."""

    database: Database
    network_id: UUID
    at: datetime = AT

    async def keep(self, artefact: bytes, compared_with: UUID | None, *reasons: str, task: str = "where") -> KeptModel:
        """Keep a model, a day after the last thing that happened."""
        self.at += timedelta(days=1)
        window = (self.at - timedelta(days=60), self.at)
        new = NewModel(task, *window, 123, FIGURES, {"popular": {"mrr": Estimate(0.25)}}, artefact)
        async with self.database.unit(self.network_id, role="worker", now=self.at) as uow:
            return await registry.keep(uow, new, compared_with=compared_with, refused_because=reasons)

    async def roll_back(self, task: str = "where") -> tuple[KeptModel, KeptModel]:
        """Roll a task back, a day after the last thing that happened."""
        self.at += timedelta(days=1)
        async with self.database.unit(self.network_id, now=self.at) as uow:
            return await registry.roll_back(uow, task)

    async def serving(self, task: str = "where") -> KeptModel | None:
        """Return what serves."""
        async with self.database.unit(self.network_id) as uow:
            return await registry.serving(uow, task)

    async def states(self) -> dict[UUID, str]:
        """Return the state of every model, the newest first."""
        async with self.database.unit(self.network_id) as uow:
            return {one.id: one.state for one in await registry.models(uow)}


@pytest.fixture
async def shelf(database_urls: Urls) -> AsyncIterator[Shelf]:
    """Give a network of its own."""
    async with Database(database_urls.application_url, connections=4) as database:
        yield Shelf(database, uuid.uuid4())


async def test_a_kept_model_is_read_as_it_was_kept(shelf: Shelf) -> None:
    """Figures with their intervals, also one that could not be computed; the bytes with their hash."""
    kept = await shelf.keep(b"trees", None)
    found = await shelf.serving()
    assert found is not None
    assert (found.id, found.state, found.since, found.facts) == (kept.id, "serves", AT + timedelta(days=1), 123)
    assert found.metrics["mrr"] == Estimate(0.5, 0.4, 0.6)
    assert str(found.metrics["auc"].value) == "nan"
    assert found.baselines == {"popular": {"mrr": Estimate(0.25)}}
    assert found.sha256 == hashlib.sha256(b"trees").digest()
    async with shelf.database.unit(shelf.network_id) as uow:
        assert await registry.load(uow, kept.id) == b"trees"


async def test_a_newer_model_replaces_and_a_refused_one_does_not(shelf: Shelf) -> None:
    """A refused model keeps its figures and reasons, and its bytes are not kept; tasks are apart."""
    first = await shelf.keep(b"1", None)
    refused = await shelf.keep(b"2", first.id, "below_serving")
    second = await shelf.keep(b"3", first.id)
    other = await shelf.keep(b"4", None, task="when")
    assert await shelf.states() == {
        other.id: "serves",
        second.id: "serves",
        refused.id: "refused",
        first.id: "served",
    }
    async with shelf.database.unit(shelf.network_id) as uow:
        (found,) = [one for one in await registry.models(uow) if one.id == refused.id]
        assert (found.reasons, found.metrics["mrr"].value) == (("below_serving",), 0.5)
        with pytest.raises(ModelChanged):
            await registry.load(uow, refused.id)


async def test_rolling_back_lets_the_one_before_serve_again(shelf: Shelf) -> None:
    """Again and again, down to the first; a model promoted after a roll-back lies on the one that serves then."""
    first = await shelf.keep(b"1", None)
    second = await shelf.keep(b"2", first.id)
    third = await shelf.keep(b"3", second.id)
    withdrawn, back = await shelf.roll_back()
    assert (withdrawn.id, withdrawn.state, back.id, back.state, back.since) == (
        third.id,
        "withdrawn",
        second.id,
        "serves",
        shelf.at,
    )
    fourth = await shelf.keep(b"4", second.id)
    assert [one.id for one in await shelf.roll_back()] == [fourth.id, second.id]
    assert [one.id for one in await shelf.roll_back()] == [second.id, first.id]
    assert await shelf.states() == {
        fourth.id: "withdrawn",
        third.id: "withdrawn",
        second.id: "withdrawn",
        first.id: "serves",
    }


async def test_there_is_nothing_before_the_first_model(shelf: Shelf) -> None:
    """Refused without any model, with one, and with one that was refused beside it; nothing changes."""
    with pytest.raises(NoModelBefore):
        await shelf.roll_back()
    first = await shelf.keep(b"1", None)
    refused = await shelf.keep(b"2", first.id, "below_serving")
    with pytest.raises(NoModelBefore):
        await shelf.roll_back()
    assert await shelf.states() == {refused.id: "refused", first.id: "serves"}


async def test_a_model_is_kept_only_beside_what_it_was_compared_with(shelf: Shelf) -> None:
    """Two trainings at once: the second finds another one serving than it was compared with, and keeps nothing."""
    outcomes = await asyncio.gather(shelf.keep(b"1", None), shelf.keep(b"2", None), return_exceptions=True)
    assert sorted(type(one).__name__ for one in outcomes) == ["KeptModel", ServingChanged.__name__]
    assert len(await shelf.states()) == 1
    with pytest.raises(ServingChanged):
        await shelf.keep(b"3", uuid.uuid4())
    assert len(await shelf.states()) == 1


async def test_changed_bytes_are_refused(shelf: Shelf, database_urls: Urls) -> None:
    """Control: somebody past the application changes the bytes; the hash that was kept does not fit them any more."""
    kept = await shelf.keep(b"trees", None)
    with psycopg.connect(database_urls.migration_url, autocommit=True) as outside:
        outside.execute("UPDATE model SET artefact = 'treez' WHERE id = %s", (kept.id,))
    async with shelf.database.unit(shelf.network_id) as uow:
        with pytest.raises(ModelChanged) as refusal:
            await registry.load(uow, kept.id)
    assert refusal.value.facts["model_id"] == kept.id


@pytest.mark.parametrize("statement", ["UPDATE model SET facts = 0", "DELETE FROM model_event"])
async def test_what_was_kept_is_never_changed(shelf: Shelf, statement: Any) -> None:
    """The application may add, and nothing else."""
    await shelf.keep(b"trees", None)
    async with shelf.database.unit(shelf.network_id) as uow:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await (await uow.connection.execute(f"{statement} RETURNING 1")).fetchone()
        await uow.connection.rollback()
    assert len(await shelf.states()) == 1
