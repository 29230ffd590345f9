"""Questions are kept, answered once by the job, can be stopped, and say why they could not be answered."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ringmain.kit.migrate import Urls
from ringmain.simulate.api import what_if
from ringmain.simulate.errors import WhatIfUnknown
from ringmain.simulate.what_if import change, store
from tests.match.street import NOW, Street, small_street
from tests.simulate.what_if.test_what_if import World


@pytest.fixture
async def street(database_urls: Urls) -> AsyncIterator[Street]:
    """Give a street of five shops."""
    async with small_street(database_urls.application_url) as street:
        yield street


async def keep(street: Street, **words: str) -> Any:
    """Keep a question of one kind."""
    async with street.unit() as uow:
        return await what_if.keep_question(uow, await what_if.question_of(uow, **words))


async def newest(street: Street) -> what_if.Asked:
    """Return the newest question."""
    async with street.unit() as uow:
        return (await what_if.questions(uow))[0]


async def test_words_name_what_there_is(street: Street) -> None:
    """A shop and a merchant by id or name, a category around a shop; what there is not, or two at once, is refused."""
    async with street.unit() as uow:
        assert await what_if.question_of(uow, remove_shop="Bakery") == what_if.RemoveShop(street.shops[0])
        assert await what_if.question_of(uow, double_budget="Bakery Ltd") == what_if.DoubleBudget(street.merchants[0])
        found = await what_if.question_of(uow, add_shop="books@Bakery")
        assert found == what_if.AddShop("books", 31.2, 121.5)
        for words in (
            {},
            {"remove_shop": "Blacksmith"},
            {"double_budget": "Blacksmith"},
            {"add_shop": "swords@Bakery"},
            {"add_shop": "books@nowhere"},
            {"add_shop": "books@"},
            {"remove_shop": "Bakery", "double_budget": "Bakery Ltd"},
        ):
            with pytest.raises(WhatIfUnknown):
                await what_if.question_of(uow, **words)


async def test_too_little_history_is_said_and_nothing_is_tried_twice(street: Street, tmp_path: Path) -> None:
    """On an empty lake the answer is why there is none; then nothing waits any more."""
    id_ = await keep(street, remove_shop="Bakery")
    assert await what_if.answer_next(street.database, tmp_path, street.network_id, now=NOW) == id_
    one = await newest(street)
    assert (one.state, one.failure, one.answer) == ("failed", "too_little_history", None)
    assert await what_if.answer_next(street.database, tmp_path, street.network_id, now=NOW) is None


async def test_an_answer_is_kept_as_it_was_given(
    street: Street, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read again it is the same, with its question; a shop that is gone meanwhile has none."""
    world = World(1)
    figures = world.figures()
    monkeypatch.setattr("ringmain.simulate.what_if.asking.loop.network_figures", lambda *_: figures)
    async with street.unit() as uow:
        await what_if.keep_question(uow, what_if.RemoveShop(world.shops[0].id))
        await what_if.keep_question(uow, what_if.RemoveShop(street.shops[0]))
    for _ in range(2):
        await what_if.answer_next(street.database, tmp_path, street.network_id, now=NOW)
    async with street.unit() as uow:
        found = {one.question: one for one in await what_if.questions(uow)}
    done, gone = (found[what_if.RemoveShop(id_)] for id_ in (world.shops[0].id, street.shops[0]))
    assert done.state == "done"
    assert done.answer is not None
    assert done.answer.pairs == done.lived == what_if.PAIRS
    assert done.answer.named("visits").high < 0
    assert (gone.state, gone.failure) == ("failed", "what_if_unknown")


async def test_a_question_that_waits_is_stopped(street: Street, tmp_path: Path) -> None:
    """It is dropped, and the job does not answer it; stopping it once more is nothing."""
    id_ = await keep(street, remove_shop="Bakery")
    async with street.unit() as uow:
        assert await what_if.stop_question(uow, id_)
        assert not await what_if.stop_question(uow, id_)
    assert (await newest(street)).failure == "stopped"
    assert await what_if.answer_next(street.database, tmp_path, street.network_id, now=NOW) is None


async def test_stop_ends_a_question_that_is_being_answered(
    street: Street, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was lived until then is its whole answer, no pair is lived after it, and nothing waits or runs any more."""
    world = World(1)
    monkeypatch.setattr("ringmain.simulate.what_if.asking.loop.network_figures", lambda *_: world.figures())
    monkeypatch.setattr("ringmain.simulate.what_if.asking._LOOK_SECONDS", 0.05)
    lived: list[int] = []
    begun = threading.Event()
    pair = change._pair

    def slowly(*given: Any) -> tuple[float, ...]:
        lived.append(len(lived))
        if len(lived) == 3:
            begun.set()
        time.sleep(0.1)
        return pair(*given)

    monkeypatch.setattr(change, "_pair", slowly)
    async with street.unit() as uow:
        id_ = await what_if.keep_question(uow, what_if.RemoveShop(world.shops[0].id))
    working = asyncio.create_task(what_if.answer_next(street.database, tmp_path, street.network_id, now=NOW))
    assert await asyncio.to_thread(begun.wait, 30)
    assert (await newest(street)).state == "running"
    async with street.unit() as uow:
        assert await what_if.stop_question(uow, id_)
    assert await asyncio.wait_for(working, 30) == id_
    one, at_stop = await newest(street), len(lived)
    assert (one.state, one.failure) == ("done", None)
    assert one.answer is not None
    assert 3 <= one.answer.pairs == one.lived == at_stop < what_if.PAIRS
    await asyncio.sleep(0.3)
    assert len(lived) == at_stop
    assert await what_if.answer_next(street.database, tmp_path, street.network_id, now=NOW) is None
    async with street.unit() as uow:
        assert not await what_if.stop_question(uow, id_)


async def test_a_stop_outlives_its_worker(street: Street, tmp_path: Path) -> None:
    """A question that was to stop when its worker died is dropped, not lived again; one that was not is taken anew."""
    stopped, running = [await keep(street, remove_shop="Bakery") for _ in range(2)]
    async with street.unit() as uow:
        for _ in range(2):
            await store.take(uow, NOW)
        assert await what_if.stop_question(uow, stopped)
    later = NOW + timedelta(hours=1)
    assert await what_if.answer_next(street.database, tmp_path, street.network_id, now=later) == running
    async with street.unit() as uow:
        found = {one.id: (one.state, one.failure) for one in await what_if.questions(uow)}
    assert found == {stopped: ("failed", "stopped"), running: ("failed", "too_little_history")}
