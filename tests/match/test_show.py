"""Tests of what is kept of lists that people see: the chances of each place, and of whom; and what that changes."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from ringmain.campaign import api as campaign
from ringmain.entry.worker import jobs
from ringmain.kit.follow import catch_up
from ringmain.kit.http import Api, Principal, Role
from ringmain.kit.lake.connect import connect
from ringmain.kit.lake.export import Exporter
from ringmain.kit.migrate import Urls
from ringmain.kit.settings import Settings
from ringmain.match import api
from ringmain.match.api import Context, Match
from ringmain.match.catalogue import catalogue_of, exposures
from ringmain.match.http import routes
from ringmain.match.model import seed_of
from ringmain.member.api import Known
from tests.match.street import NOW, Street, open_shops, small_street
from tests.network.town import Client

ALWAYS = "ringmain.match.model.explore.SHARE"


async def show(street: Street, known: Known | None = None, at: datetime = NOW, limit: int = 2) -> list[Match]:
    """Show somebody at the bakery's door a list."""
    subjects = known.subject_ids if known else ()
    context = Context(at=at, at_shop_id=street.shops[0], subject_ids=subjects, limit=limit)
    async with street.unit(at) as uow:
        return await api.show_nearby(uow, context)


async def another(street: Street) -> None:
    """Open a fourth shop that is a good visit, so that two are left beside a list of two."""
    async with street.unit() as uow:
        merchants, shops = await open_shops(uow, [("Tea House", "tea", 600, 0)])
    street.merchants += merchants
    street.shops += shops
    await street.publish(5, face_minor=100)


async def kept(street: Street) -> list[tuple[Any, ...]]:
    """Return what was kept of lists, in the order in which they were written."""
    columns = "subject_id, shop_ids, propensities, explored, candidates"
    async with street.unit() as uow:
        text: Any = f"SELECT {columns} FROM match_shown ORDER BY xmin::text::bigint"  # noqa: S608 (no input)
        return await (await uow.connection.execute(text)).fetchall()


async def test_what_was_shown_is_kept_with_its_chances(street: Street, tmp_path: Path, database_urls: Urls) -> None:
    """One row a list, with the person only where they agreed; in the lake, a row for each place."""
    anna, bob = await street.person(), await street.person("+8613800138001", personal=False)
    shown = [await show(street), await show(street, anna), await show(street, bob)]
    rows = await kept(street)
    assert [row[0] for row in rows] == [None, anna.subject_id, None]
    assert [row[1] for row in rows] == [[one.shop.id for one in found] for found in shown]
    # One more shop is left to be drawn, in three lists of a hundred: which ones they are, the network's id decides.
    by_chance = [row[3][1] for row in rows]
    assert [(row[2], row[3], row[4]) for row in rows] == [
        ([1.0, 0.03 if drawn else 0.97], [False, drawn], 1) for drawn in by_chance
    ]
    exporter = Exporter(tmp_path, database_urls.application_url, api.LAKE_TABLES)
    await catch_up(street.database, exporter.follower(), street.network_id)
    with connect(tmp_path, api.LAKE_TABLES, network_id=street.network_id) as lake:
        facts = lake.table("match_shown").to_pyarrow().to_pylist()
    assert len(facts) == 6
    mine = sorted((one for one in facts if one["subject_id"]), key=lambda one: one["place"])
    assert [(one["place"], one["shop_id"]) for one in mine] == [
        (place, str(match.shop.id)) for place, match in enumerate(shown[1], 1)
    ]
    assert [(one["propensity"], one["explored"]) for one in mine] == list(zip(rows[1][2], rows[1][3], strict=True))
    assert {(one["candidates"], one["shown_at"]) for one in mine} == {(1, NOW)}


async def test_an_empty_list_and_looking_leave_nothing(street: Street) -> None:
    """Who finds nothing was shown nothing; who only ranks, as tills and analysts do, shows nothing."""
    async with street.unit() as uow:
        assert await api.show_nearby(uow, Context(at=NOW, words="submarine")) == []
    await street.find()
    for role in ("terminal", "analyst"):
        assert (await _client(street, role).get("/v1/matches")).json["items"]
    assert await kept(street) == []
    assert (await _client(street, "operator").get("/v1/matches?limit=1")).json["items"]
    assert len(await kept(street)) == 1


async def test_shops_that_were_shown_little_are_drawn_rather(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    """A day's lists count from the next day on, once, and for a week; what is told of chances follows."""
    await another(street)
    monkeypatch.setattr(ALWAYS, 1.0)
    best, drawn = (one.shop.id for one in await show(street))
    ((_, _, propensities, explored, candidates),) = await kept(street)
    assert (propensities, explored, candidates) == ([1.0, 0.5], [False, True], 2)
    assert street.shops[4] not in (best, drawn)  # The books are too far.
    for _ in range(2):
        assert [one.shop.id for one in await show(street)] == [best, drawn]
    assert await week(street, NOW) == {}
    next_day = NOW + timedelta(days=1)
    for _ in range(2):
        async with street.unit(next_day) as uow:
            await api.count_exposures(uow)
    found = await show(street, at=next_day)
    # Three times shown and the other one never: 1/4 of 5/4.
    assert (await kept(street))[-1][2][1] == pytest.approx(0.2 if found[1].shop.id == drawn else 0.8)
    counted = {best: 3, drawn: 3}
    assert [await week(street, NOW + timedelta(days=days)) for days in (0, 1, 7, 8)] == [{}, counted, counted, {}]


async def week(street: Street, at: datetime) -> dict[UUID, int]:
    """Return how often shops were shown in the week before a moment."""
    async with street.unit(at) as uow:
        known = await catalogue_of(uow, at)
        shown = await exposures(uow, known, at)
    return {shop.id: int(count) for shop, count in zip(known.catalogue.shops, shown, strict=True) if count}


async def test_without_personalisation_chance_does_not_know_the_person(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever they are and wherever they went, all are shown the same at a moment; the control: a seed that knows."""
    await another(street)
    monkeypatch.setattr(ALWAYS, 1.0)
    anna, bob = await street.person(personal=False), await street.person("+8613800138001", personal=False)
    await street.buy(anna, 2)
    moments = [NOW + timedelta(minutes=15 * quarter) for quarter in range(8)]

    async def same() -> bool:
        shown = [[await show(street, who, at) for at in moments] for who in (None, anna, bob)]
        return shown[0] == shown[1] == shown[2]

    assert await same()
    monkeypatch.setattr("ringmain.match.nearby.seed_of", lambda id_, context, **_: seed_of(id_, context, personal=True))
    assert not await same()


async def test_the_worker_counts(new_database: Callable[[], Urls]) -> None:
    """The nightly job counts the days that are over, of this network too."""
    url = new_database().application_url
    async with small_street(url) as street:
        async with street.database.unit(street.network_id) as uow:
            now = await uow.now()
        await show(street, at=now - timedelta(days=1))
        async with jobs(url).open_async() as app:
            await app.configure_task("match:exposures").defer_async(timestamp=0)
            context = {"database": street.database}
            await app.run_worker_async(wait=False, install_signal_handlers=False, additional_context=context)
        assert await street.value("SELECT count(*) FROM match_counted") == 7
        assert await street.value("SELECT sum(shown) FROM match_exposure") == 2


def _client(street: Street, role: Role) -> Client:
    place = 0 if role == "terminal" else None
    principal = Principal(
        network_id=street.network_id,
        principal_id=uuid4(),
        role=role,
        merchant_id=None if place is None else street.merchants[place],
        shop_id=None if place is None else street.shops[place],
    )

    async def authenticate(_: str) -> Principal:
        return principal

    door = Api(
        routes(campaign.first_found),
        database=street.database,
        keyring=street.keyring,
        authenticate=authenticate,
        settings=Settings(),
    )
    return Client(door, role)
