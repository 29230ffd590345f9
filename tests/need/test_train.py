"""Training and forecasting of a network: kept whole or not at all, of those who agreed, with what serves."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import numpy as np
import psycopg
import pytest

from ringmain.kit.learn import registry
from ringmain.kit.learn.registry import KeptModel, ModelChanged, NewModel, NoModelBefore
from ringmain.kit.migrate import Urls
from ringmain.member import api as member
from ringmain.need import api as need
from ringmain.need import store
from ringmain.need.errors import HistoryTooShort, TaskUnknown
from ringmain.need.forecast import forecast_needs, needs
from tests.loop.lake import SmallLake
from tests.need.town import PEOPLE, START, Town, learnt, open_town, rounds

END = START + timedelta(days=60)


@pytest.fixture
async def town(database_urls: Urls, tmp_path: Path) -> AsyncIterator[Town]:
    """Give a network of its own, in which everybody agrees; nobody has walked yet."""
    async with open_town(database_urls.application_url, tmp_path) as town:
        yield town


def quiet(stage: str) -> None:
    """Say nothing."""


async def promote(town: Town, *, days: float = 30) -> UUID:
    """Let a model serve, as if it had been trained so many days after the start."""
    found = learnt()
    until = START + timedelta(days=days)
    new = NewModel(need.TASK, START, until, found.visits, found.figures, found.baselines, found.artefact)
    async with town.database.unit(town.network_id, role="worker", now=until) as uow:
        serving = await registry.serving(uow, need.TASK)
        kept = await registry.keep(uow, new, compared_with=serving.id if serving else None)
    return kept.id


async def expect(town: Town, model_id: UUID) -> None:
    """Let every person be expected at every shop, as if a forecast had been made at the end."""
    pairs = [(known.subject_id, shop) for known in town.people for shop in town.shops]
    place = np.tile(np.arange(1, len(town.shops) + 1), len(town.people))
    wanted = store.Wanted(
        [who for who, _ in pairs], [shop for _, shop in pairs], place, 1 / place, 1 / place, place < 4
    )
    async with town.database.unit(town.network_id, role="worker") as uow:
        await store.replace(uow, wanted, model_id, END)


async def forecast(town: Town) -> int | None:
    """Forecast for the town."""
    return await forecast_needs(town.database, town.lake, town.network_id, quiet)


# Work in a process of its own at low priority takes its time on a busy machine.
@pytest.mark.timeout(600)
async def test_a_trained_model_serves_and_foretells(town: Town) -> None:
    """It is kept with its window and figures, and every consenting person gets their next shops with chances."""
    town.walk(rounds())
    await town.agree(3, granted=False)
    said: list[str] = []
    done = await need.train(town.database, town.lake, town.network_id, need.TASK, said.append)
    assert (done.model.state, done.people) == ("serves", PEOPLE - 1)
    assert said[0] == "reading the lake"
    assert "learning from everything" in said
    assert done.model.learnt_from.date() == START.date()
    assert done.model.metrics["mrr"].value > 0.9
    assert set(done.model.baselines) == {"own visits", "popular", "after last"}
    assert await town.value("SELECT count(DISTINCT subject_id) FROM need") == PEOPLE - 1
    assert await town.value("SELECT max(place) FROM need") == 9
    left_out = town.people[3].subject_id
    assert await town.value("SELECT count(*) FROM need WHERE subject_id = %s", left_out) == 0
    last = max(shop_day for shop_day in rounds() if shop_day[0] == 0)
    async with town.database.unit(town.network_id) as uow:
        found = await needs(uow, town.people[0].subject_ids, START + timedelta(days=last[2]))
    best = max(found, key=lambda one: one.next_chance)
    own = [shop for person, shop, _ in sorted(rounds(), key=lambda one: one[2]) if person == 0]
    # After the last shop comes the one that came after it before.
    assert best.shop_id == town.shops[own[own.index(own[-1]) + 1]]
    assert best.next_chance > 0.8
    assert best.been


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_a_second_model_has_to_wait_until_there_is_something_to_compare_by(town: Town) -> None:
    """Trained again at once, the new model is refused with its figures; the first serves on, and forecasts."""
    town.walk(rounds())
    first = await promote(town, days=60)
    again = await need.train(town.database, town.lake, town.network_id, need.TASK, quiet)
    assert (again.model.state, again.model.reasons) == ("refused", ("serving_too_young",))
    assert again.model.metrics["mrr"] == learnt().figures["mrr"]
    assert set(again.model.baselines) == {"own visits", "popular", "after last", "serving"}
    assert again.people == PEOPLE
    assert await town.value("SELECT count(*) FROM model") == 2
    assert await town.value("SELECT count(*) FROM need WHERE model_id = %s", first) == PEOPLE * 9


def test_training_is_due_when_a_week_has_passed_since_the_data_of_what_serves() -> None:
    """Sooner there is no moment of which both know nothing; without a model it always is."""
    window = (START, START + timedelta(days=60))
    serving = KeptModel(UUID(int=1), need.TASK, END, *window, 1, {}, {}, b"", "serves", END, ())
    assert not need.is_due(serving, window[1] + timedelta(days=6))
    assert need.is_due(serving, window[1] + timedelta(days=7))
    assert need.is_due(None, START)


async def test_too_little_history_writes_nothing(town: Town) -> None:
    """The refusal says what there is and what is needed; an unknown task is refused before anything is read."""
    town.walk(rounds(days=30))
    with pytest.raises(HistoryTooShort) as refusal:
        await need.train(town.database, town.lake, town.network_id, need.TASK, quiet)
    assert refusal.value.facts["needed_days"] == 42
    with pytest.raises(TaskUnknown):
        await need.train(town.database, town.lake, town.network_id, "weather", quiet)
    assert await town.value("SELECT count(*) FROM model") == 0
    assert await town.value("SELECT count(*) FROM need") == 0


async def test_an_interrupted_training_leaves_all_as_it_was(town: Town) -> None:
    """Cancelled while it learns: no model, no forecast; what stood before still stands."""
    town.walk(rounds())
    await expect(town, await promote(town))
    before = await town.value("SELECT md5(string_agg(n::text, ',' ORDER BY n)) FROM need n")
    learning = asyncio.Event()
    training = asyncio.create_task(
        need.train(
            town.database,
            town.lake,
            town.network_id,
            need.TASK,
            lambda stage: learning.set() if stage.endswith("learning") else None,
        )
    )
    await learning.wait()
    training.cancel()
    with pytest.raises(asyncio.CancelledError):
        await training
    assert await town.value("SELECT count(*) FROM model") == 1
    assert await town.value("SELECT md5(string_agg(n::text, ',' ORDER BY n)) FROM need n") == before


async def test_without_a_model_nothing_is_expected(town: Town) -> None:
    """The rules serve alone."""
    assert await forecast(town) is None
    assert await town.value("SELECT count(*) FROM need") == 0


async def test_a_forecast_follows_what_people_agree_to(town: Town) -> None:
    """Who takes their consent back, or hides their favourite shops, has no rows at the next forecast."""
    town.walk(rounds())
    await expect(town, await promote(town))
    await town.agree(0, granted=False)
    async with town.database.unit(town.network_id) as uow:
        await member.hide_field(uow, town.people[1].member_id, "favourite_shops", hidden=True)
    assert await forecast(town) == PEOPLE - 2
    gone = [town.people[0].subject_id, town.people[1].subject_id]
    assert await town.value("SELECT count(*) FROM need WHERE subject_id = ANY(%s)", gone) == 0


async def test_erasing_a_person_erases_what_is_expected_of_them(town: Town) -> None:
    """At once, in the same transaction; what is expected of others stays."""
    await expect(town, await promote(town))
    gone = town.people[5]
    async with town.database.unit(town.network_id) as uow:
        await member.erase(uow, gone.member_id, town.network_id)
    assert await town.value("SELECT count(*) FROM need WHERE subject_id = %s", gone.subject_id) == 0
    assert await town.value("SELECT count(DISTINCT subject_id) FROM need") == PEOPLE - 1
    # A forecast that began before is written without them.
    await expect(town, await town.serving())
    assert await town.value("SELECT count(DISTINCT subject_id) FROM need") == PEOPLE - 1


async def test_merged_people_are_expected_as_one(town: Town) -> None:
    """At once both subjects' rows are the person's, each shop once; the next forecast has the one that stands."""
    town.walk(rounds())
    await expect(town, await promote(town))
    old, new = town.people[0], town.people[1]
    async with town.database.unit(town.network_id) as uow:
        await member.merge(uow, old.member_id, new.member_id, town.network_id)
        (known,) = await member.subjects(uow, [new.member_id])
        assert known is not None
        found = await needs(uow, known.subject_ids, END)
    assert len({one.shop_id for one in found}) == len(found) == 9
    # The exporter would have told the lake.
    lake = SmallLake(town.lake, town.network_id)
    lake.merge(str(old.subject_id), into=str(new.subject_id))
    lake.write()
    assert await forecast(town) == PEOPLE - 1
    assert await town.value("SELECT count(*) FROM need WHERE subject_id = %s", old.subject_id) == 0


async def test_what_was_expected_a_week_ago_counts_no_more(town: Town) -> None:
    """Rows that nobody renewed say nothing of now."""
    await expect(town, await promote(town))
    async with town.database.unit(town.network_id) as uow:
        assert len(await needs(uow, town.people[0].subject_ids, END)) == 9
        assert await needs(uow, town.people[0].subject_ids, END + timedelta(days=7)) == []
        assert len(await need.own_needs(uow, town.people[0].subject_ids)) == 9
        assert await needs(uow, (), END) == []


async def test_rolling_back_forgets_what_the_withdrawn_model_expected(town: Town) -> None:
    """Nothing is expected until the next forecast, which the model before makes; further back there is none."""
    first = await promote(town)
    second = await promote(town)
    await expect(town, second)
    async with town.database.unit(town.network_id) as uow:
        withdrawn, back = await need.roll_back(uow, need.TASK)
    assert (withdrawn.id, back.id) == (second, first)
    assert await town.value("SELECT count(*) FROM need") == 0
    await expect(town, first)
    with pytest.raises(NoModelBefore):
        async with town.database.unit(town.network_id) as uow:
            await need.roll_back(uow, need.TASK)
    assert await town.value("SELECT count(DISTINCT subject_id) FROM need") == PEOPLE


async def test_a_model_whose_bytes_were_changed_foretells_nothing(town: Town, database_urls: Urls) -> None:
    """Control: one byte is another; the forecast is refused, and what stood before stays until it is too old."""
    town.walk(rounds())
    kept = await promote(town)
    await expect(town, kept)
    with psycopg.connect(database_urls.migration_url, autocommit=True) as outside:
        outside.execute("UPDATE model SET artefact = set_byte(artefact, 9, 0) WHERE id = %s", (kept,))
    with pytest.raises(ModelChanged):
        await forecast(town)
    with pytest.raises(ModelChanged):
        await need.train(town.database, town.lake, town.network_id, need.TASK, quiet)
    assert await town.value("SELECT count(DISTINCT subject_id) FROM need") == PEOPLE
    assert await town.value("SELECT count(*) FROM model") == 1
