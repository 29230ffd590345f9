"""Campaigns for who wants a category: by what is expected of a person who agrees; refused where too personal."""

from uuid import UUID

import numpy as np
import pytest

from ringmain.campaign.api import Audience
from ringmain.campaign.errors import CampaignInvalid
from ringmain.campaign.plan.deal import dealing
from ringmain.campaign.plan.reach import audience_size
from ringmain.kit.learn import registry
from ringmain.kit.learn.registry import NewModel
from ringmain.need import api as need
from ringmain.need import store
from tests.campaign.test_deal import running
from tests.campaign.test_plan import draft, plan
from tests.match.street import NOW, Street

COFFEE = Audience(kind="need", category="coffee")


async def expect(street: Street, shop: int, chances: dict[UUID, float]) -> None:
    """Leave a forecast in which people come to a shop within a week with chances."""
    async with street.unit() as uow:
        model = await registry.keep(uow, NewModel(need.TASK, NOW, NOW, 1, {}, {}, b"trees"), compared_with=None)
        count, chance = len(chances), np.array(list(chances.values()))
        places, never = np.ones(count, dtype=np.int64), np.zeros(count, dtype=np.bool_)
        wanted = store.Wanted(list(chances), [street.shops[shop]] * count, places, chance, chance, never)
        await store.replace(uow, wanted, model.id, NOW)


async def test_who_probably_wants_it_is_meant(street: Street) -> None:
    """A chance of one in five within a week is likely; less, nobody known, and who does not agree are not meant."""
    one = await running(street, audience=COFFEE)
    people = [await street.person(f"+861380000000{n}", personal=n != 3) for n in range(1, 4)]
    ids = [known.subject_id for known in people]
    await expect(street, 3, dict(zip(ids, (0.21, 0.19, 0.9), strict=True)))
    async with street.unit() as uow:
        found = [
            (await dealing(uow, id_, None, NOW, channel="scene", at_shop_id=street.shops[0])).closed
            for id_ in (*ids, None)
        ]
    closed = frozenset({one.said.offer_id})
    assert found == [frozenset(), closed, closed, closed]


@pytest.mark.parametrize(("category", "words"), [("pharmacy", "health"), ("casinos", "shops of the network")])
async def test_some_needs_are_refused(street: Street, category: str, words: str) -> None:
    """What is too personal, or sold nowhere here, is refused at its field, and nothing is kept."""
    with pytest.raises(CampaignInvalid) as refused:
        await draft(street, audience=Audience(kind="need", category=category))
    assert (refused.value.facts["field"], words in str(refused.value.facts["reason"])) == ("audience.category", True)
    assert await street.value("SELECT count(*) FROM campaign WHERE network_id = %s", street.network_id) == 0


async def test_one_shops_guests_are_not_counted_for_another(street: Street) -> None:
    """Of a kind that fewer than three other merchants have no number is told, however many want it."""
    people = [(await street.person(f"+86138000001{n:02}")).subject_id for n in range(30)]
    await expect(street, 3, dict.fromkeys(people, 0.9))
    async with street.unit() as uow:
        assert await audience_size(uow, street.keyring, plan(street, goal="quiet_hours", audience=COFFEE), NOW) is None
        # Control: there is a number to keep.
        assert len(await need.wanting(uow, [street.shops[3]], NOW)) == 30
