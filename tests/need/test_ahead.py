"""What shops may expect within a week: sums of chances over at least ten people, rounded."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from ringmain.kit.learn import registry
from ringmain.kit.learn.registry import NewModel
from ringmain.kit.migrate import Urls
from ringmain.need import api as need
from ringmain.need import store
from tests.need.town import START, Town, open_town

AT = START + timedelta(days=60)


@pytest.fixture
async def town(database_urls: Urls, tmp_path: Path) -> AsyncIterator[Town]:
    """Give a network of its own."""
    async with open_town(database_urls.application_url, tmp_path, people=24) as town:
        yield town


async def expect(town: Town, rows: Sequence[tuple[int, int, float, bool]]) -> None:
    """Let a forecast say (person, shop, chance within a week, whether they know it)."""
    async with town.database.unit(town.network_id, role="worker", now=AT) as uow:
        new = NewModel(need.TASK, START, AT, 1, {}, {}, b"trees")
        model = await registry.keep(uow, new, compared_with=None)
        chances = np.array([row[2] for row in rows])
        wanted = store.Wanted(
            [town.people[row[0]].subject_id for row in rows],
            [town.shops[row[1]] for row in rows],
            np.ones(len(rows), dtype=np.int64),
            chances,
            chances,
            np.array([row[3] for row in rows]),
        )
        await store.replace(uow, wanted, model.id, AT)


async def test_a_shop_expects_the_sum_of_chances_in_fives(town: Town) -> None:
    """Twenty people at 0.6 are 12, hence about 10; ten at 0.25 are 2.5, hence about 5."""
    await expect(town, [(n, 0, 0.6, True) for n in range(20)] + [(n, 1, 0.25, True) for n in range(10)])
    async with town.database.unit(town.network_id) as uow:
        found = await need.ahead(uow, town.shops[:2], AT)
        assert [(one.shop_id, one.expected, one.made_at) for one in found] == [
            (town.shops[0], 10, AT),
            (town.shops[1], 5, AT),
        ]
        # A forecast of more than a week ago says nothing of the next one.
        assert [one.expected for one in await need.ahead(uow, town.shops[:2], AT + timedelta(days=7))] == [None, None]


async def test_of_fewer_than_ten_people_nothing_is_shown(town: Town) -> None:
    """Nine who know the shop are too few, however many strangers might come."""
    await expect(town, [(n, 0, 0.9, True) for n in range(9)] + [(n, 0, 0.9, False) for n in range(9, 24)])
    async with town.database.unit(town.network_id) as uow:
        assert await need.ahead(uow, town.shops[:1], AT) == [need.ShopAhead(town.shops[0], None, None)]
