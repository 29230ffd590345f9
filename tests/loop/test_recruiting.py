"""Which shops to recruit: exact small towns, the greedy order beside every other choice, and who is never looked at."""

from collections.abc import AsyncIterator
from itertools import product
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from ringmain.kit.migrate import Urls
from ringmain.loop.api import Found, Recruiting, recruiting
from ringmain.loop.model.recruiting import Int64s, Opening, Town, Wanting, best_places, found_by, openings, shares
from ringmain.match import api as match
from tests.campaign.test_need_audience import expect
from tests.loop.lake import START, SmallLake
from tests.match.street import NOW, Street, open_shops
from tests.match.street import small_street as open_street

KINDS, AREAS = 4, 3


def town(seed: int, shops: int = 14) -> Town:
    """Draw shops in three areas three kilometres apart, of which the middle one reaches both others."""
    random = np.random.default_rng(seed)
    area = np.r_[np.arange(AREAS), random.integers(0, AREAS, shops - AREAS)]
    return Town(
        latitude=30.0 + area * 0.03 + random.normal(0, 0.002, shops),
        longitude=120.0 + random.normal(0, 0.002, shops),
        kind=random.integers(0, KINDS, shops),
        area=area,
        gives=random.random(shops) < 0.6,
        kinds=KINDS,
        areas=AREAS,
        apart=np.array([[0, 1], [1, 0]]),
        reach_m=5_000,
    )


def crowd(seed: int, shops: int = 14, people: int = 200) -> Wanting:
    """Draw people who want one kind in three."""
    random = np.random.default_rng([seed, 1])
    blocked = np.column_stack((random.integers(0, people, 30), random.integers(0, shops, 30)))
    return Wanting(random.integers(0, shops, people), random.random((people, KINDS)) < 0.35, np.unique(blocked, axis=0))


def one_by_one(place: Town, people: Wanting, opened: list[tuple[int, int]] | None = None) -> Int64s:
    """Count the same with loops and another formula of distance: each prize that each person may be shown."""

    def near(a: tuple[float, float], b: tuple[float, float]) -> bool:
        north = (a[0] - b[0]) * 111_195
        east = (a[1] - b[1]) * 111_195 * np.cos(np.radians((a[0] + b[0]) / 2))
        return bool(np.hypot(north, east) <= place.reach_m)

    at = list(zip(place.latitude.tolist(), place.longitude.tolist(), strict=True))
    apart, blocked = set(map(tuple, place.apart.tolist())), set(map(tuple, people.blocked.tolist()))
    found = []
    for person, last in enumerate(people.last.tolist()):
        mine = sum(
            bool(place.gives[shop] and people.wants[person, place.kind[shop]] and near(at[last], at[shop]))
            for shop in range(len(at))
            if shop != last and (last, shop) not in apart and (person, shop) not in blocked
        )
        for kind, area in opened or ():
            here = place.area == area
            middle = (float(place.latitude[here].mean()), float(place.longitude[here].mean()))
            mine += bool(people.wants[person, kind] and near(at[last], middle))
        found.append(mine)
    return np.array(found)


def test_prizes_are_counted_as_one_by_one() -> None:
    """The shop itself, its rivals, what is blocked, far, unwanted or without an offer are no prizes; others are."""
    for seed in range(5):
        place, people = town(seed), crowd(seed)
        found = found_by(place, people)
        np.testing.assert_array_equal(found, one_by_one(place, people))
        assert sum(shares(found)) == len(people.last)
        assert shares(found)[3] == (found >= 3).sum()


def test_the_order_is_what_trying_every_shop_gives() -> None:
    """At each step no other kind and area brings more people to three, nor, at the same, more people one further."""
    for seed in range(4):
        place, people = town(seed), crowd(seed)
        found = found_by(place, people)
        opened: list[tuple[int, int]] = []
        for one in openings(place, people, found, 5):
            before = one_by_one(place, people, opened)
            tried = {}
            for kind, area in product(range(KINDS), range(AREAS)):
                after = one_by_one(place, people, [*opened, (kind, area)])
                more = int(((after > before) & (before < 3)).sum())
                tried[-int((after >= 3).sum() - (before >= 3).sum()), -more, kind, area] = kind, area
            best = min(tried)
            assert (one.kind, one.area, one.reach, one.more) == (best[2], best[3], -best[0], -best[1])
            opened.append((one.kind, one.area))
        assert len(opened) == 5


def test_a_small_town_by_hand() -> None:
    """Two shops give tea: whoever wants it stands at one of them and finds the other."""
    place = Town(
        np.array([30.0, 30.001]), np.array([120.0, 120.0]), np.array([0, 0]), np.array([0, 0]),
        np.array([True, True]), 2, 1, np.empty((0, 2), dtype=np.int64), 5_000,
    )  # fmt: skip
    people = Wanting(np.array([0, 1, 1]), np.array([[1, 0], [1, 1], [0, 1]], dtype=bool), np.empty((0, 2), np.int64))
    found = found_by(place, people)
    assert found.tolist() == [1, 1, 0]
    assert shares(found) == [1, 2, 0, 0]
    # One more for two people either way; of equal ones the first kind. Then noodles, then tea brings two to three.
    assert openings(place, people, found, 5)[:3] == [Opening(0, 0, 0, 2), Opening(0, 0, 2, 2), Opening(1, 0, 0, 1)]
    assert best_places(place, people, found) == [Opening(0, 0, 0, 2), Opening(1, 0, 0, 2)]


@pytest.fixture
async def street(database_urls: Urls) -> AsyncIterator[Street]:
    """Give the street of matches, whose five shops have an offer each."""
    async with open_street(database_urls.application_url) as street:
        yield street


async def buyers(street: Street, facts: SmallLake, shop: UUID, count: int, *, personal: bool = True) -> list[UUID]:
    """Let people buy twice at a shop, a day and three days before now."""
    people = [await street.person(f"+86138{int(personal)}00000{n:02}", personal=personal) for n in range(count)]
    ids = [one.subject_id for one in people]
    on = (NOW - START).days
    for id_ in ids:
        facts.walk(str(id_), (str(shop), on - 3), (str(shop), on - 1))
    facts.write()
    return ids


async def told(street: Street, lake: Path) -> Recruiting | None:
    """Return what is missing at noon of the street's Monday."""
    return await recruiting(street.database, lake, street.network_id, now=NOW)


@pytest.mark.parametrize(("agree", "others"), [(9, 12), (0, 0)])
async def test_only_who_agrees_is_counted_and_few_say_nothing(
    street: Street, tmp_path: Path, agree: int, others: int
) -> None:
    """Nine who agree are too few, however many others there are; an empty lake says nothing."""
    facts = SmallLake(tmp_path, street.network_id)
    await buyers(street, facts, street.shops[1], others, personal=False)
    await buyers(street, facts, street.shops[1], agree)
    assert await told(street, tmp_path) is None


async def test_wants_are_what_is_bought_twice_and_what_is_expected(street: Street, tmp_path: Path) -> None:
    """There is no other florist; the noodles that a forecast expects are one prize, until they are paused."""
    ids = await buyers(street, SmallLake(tmp_path, street.network_id), street.shops[1], 10)
    await expect(street, 2, dict.fromkeys(ids, 0.5))
    found = await told(street, tmp_path)
    assert found is not None
    assert found.whole == Found(None, 10, 0, 10, 0, 0)
    assert [(one.people, one.one) for one in found.areas] == [(10, 10)]
    assert {one.category for one in found.categories} == {"florist", "noodles"}
    assert [(one.category, one.reach, one.more) for one in found.next][:2] == [
        ("florist", None, 10),
        ("florist", 10, 10),
    ]
    await street.pause(street.offers[2])
    found = await told(street, tmp_path)
    assert found is not None
    assert found.whole == Found(None, 10, 10, 0, 0, 0)
    silent = {one.category: one.silent for one in found.categories}
    assert silent == {"florist": (), "noodles": (street.shops[2],)}


async def test_a_rivals_prize_is_none_and_a_block_takes_one_away(street: Street, tmp_path: Path) -> None:
    """Who stands at a rival of the noodle house is not shown its prize."""
    ids = await buyers(street, SmallLake(tmp_path, street.network_id), street.shops[1], 10)
    await expect(street, 2, dict.fromkeys(ids, 0.5))
    async with street.unit() as uow:
        await match.block(uow, [ids[0]], shop_id=street.shops[2])
    found = await told(street, tmp_path)
    assert found is not None
    assert (found.whole.none, found.whole.one) == (1, 9)
    await street.rival(2, 1)
    found = await told(street, tmp_path)
    assert found is not None
    assert found.whole.none == 10


async def test_what_is_too_personal_is_nobodys_want(street: Street, tmp_path: Path) -> None:
    """Ten who buy at a pharmacy want nothing that is told of."""
    async with street.unit() as uow:
        _, shops = await open_shops(uow, [("Pharmacy", "pharmacy", 100, 100)])
    await buyers(street, SmallLake(tmp_path, street.network_id), shops[0], 10)
    assert await told(street, tmp_path) is None
