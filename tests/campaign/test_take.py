"""Tests of taking vouchers of offers that were found: one a day, of what may be shown, followed back to a touch."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import psycopg
import pytest

from ringmain.campaign import api, store
from ringmain.campaign.api import Claimed
from ringmain.campaign.errors import OfferNotOpen, OfferTaken
from ringmain.kit.migrate import Urls
from ringmain.match import api as match
from ringmain.member.api import Known
from ringmain.member.errors import MemberUnknown
from ringmain.scene import api as scene
from ringmain.scene.errors import SceneRetired
from tests.match.street import CONNECTIONS, NOW, Street, small_street

AT_ONCE = 64


async def take(street: Street, known: Known, offer_id: UUID, at: datetime = NOW, at_shop: int | None = None) -> Claimed:
    """Let somebody take a voucher, who stands at a shop where that is said."""
    async with street.unit(at) as uow:
        at_shop_id = None if at_shop is None else street.shops[at_shop]
        return await api.take(uow, street.keyring, offer_id, known.member_id, at_shop_id=at_shop_id)


async def counts(street: Street) -> tuple[int, int, int, int]:
    """Return how many vouchers, plays, claims and touches there are."""
    tables = ("voucher", "draw", "draw_claim", "touch")
    found = [await street.value(f"SELECT count(*) FROM {table}") for table in tables]  # noqa: S608 (the names are ours)
    return found[0], found[1], found[2], found[3]


async def test_a_found_offer_becomes_a_voucher_with_its_way(street: Street) -> None:
    """The voucher was led to by a touch of the scene of searches and sent by nobody; its money is set aside."""
    known = await street.person()
    taken = await take(street, known, street.offers[2])
    assert (taken.offer_id, taken.stand_in) == (street.offers[2], False)
    row = await street.value(
        "SELECT (subject_id, sender_shop_id, origin_kind, origin_id, held_minor)::text FROM voucher WHERE id = %s",
        taken.voucher_id,
    )
    touch = await street.value("SELECT (id, subject_id, shop_id)::text FROM touch")
    origin = await street.value("SELECT id FROM touch")
    assert row == f"({known.subject_id},,touch,{origin},400)"
    assert touch == f"({origin},{known.subject_id},)"
    prize = "SELECT (place, offer_id, shop_id, propensity)::text FROM draw_prize"
    assert await street.value(prize) == f"(1,{street.offers[2]},{street.shops[2]},1)"
    kinds = "SELECT string_agg(kind, ' ' ORDER BY kind) FROM outbox WHERE kind IN ('touch', 'draw', 'draw_claimed')"
    assert await street.value(kinds) == "draw draw_claimed touch"


async def test_one_a_day_and_of_each_offer_one_at_a_time(street: Street) -> None:
    """The same again is the first answer, another one today is refused, and tomorrow only what is not held is open."""
    known = await street.person()
    first = await take(street, known, street.offers[1])
    assert await take(street, known, street.offers[1]) == first
    with pytest.raises(OfferTaken) as refused:
        await take(street, known, street.offers[2])
    assert refused.value.facts == {"voucher_id": first.voucher_id}
    assert await counts(street) == (1, 1, 1, 1)
    async with street.unit() as uow:
        assert await api.taken_today(uow, known.subject_ids) == first.voucher_id
        assert await api.taken_today(uow, ()) is None
    tomorrow = NOW + timedelta(days=1)
    with pytest.raises(OfferTaken):
        await take(street, known, street.offers[1], tomorrow)
    await take(street, known, street.offers[2], tomorrow)
    assert await counts(street) == (2, 2, 2, 2)


async def test_what_a_draw_may_not_show_cannot_be_taken(street: Street) -> None:
    """Not the shop where one stands nor its rival, not what is blocked, paused, uncovered or paid for in points."""
    known = await street.person()
    await street.rival(0, 1)
    async with street.unit() as uow:
        await match.block(uow, known.subject_ids, shop_id=street.shops[2])
        await match.block(uow, known.subject_ids, offer_id=street.offers[3])
    await street.pause(street.offers[4])
    points = await street.publish(4, kind="points", goods="A mug", price_points=10, face_minor=100)
    uncovered = await street.publish(4, face_minor=100_001)
    closed = [*street.offers, points.id, uncovered.id, known.subject_id]
    for offer_id in closed:
        with pytest.raises(OfferNotOpen):
            await take(street, known, offer_id, at_shop=0)
    assert await counts(street) == (0, 0, 0, 0)
    # The control: from elsewhere, where nobody is a rival, both may be taken.
    last = await street.publish(0, stock=1)
    await take(street, known, last.id)
    with pytest.raises(OfferNotOpen):
        await take(street, await street.person("+8613800138001"), last.id)
    with pytest.raises(OfferTaken):
        await take(street, known, street.offers[1])


async def test_a_retired_search_and_an_unknown_person_take_nothing(street: Street) -> None:
    """An operator closes taking by retiring the scene of searches."""
    known = await street.person()
    async with street.unit() as uow:
        found = await scene.search_scene(uow)
        await scene.retire_scene(uow, found.id)
        assert (found.kind, found.shop_id) == ("search", None)
    with pytest.raises(SceneRetired):
        await take(street, known, street.offers[1], NOW + timedelta(minutes=1))
    async with street.unit() as uow:
        with pytest.raises(MemberUnknown):
            await api.take(uow, street.keyring, street.offers[1], street.network_id)
    assert await counts(street) == (0, 0, 0, 0)


async def test_64_presses_at_once_are_one_voucher(street: Street) -> None:
    """64 presses on three offers at once, the first of all in this network: one scene, one touch, one voucher."""
    known = await street.person()
    presses = (take(street, known, street.offers[1 + number % 3]) for number in range(AT_ONCE))
    answers = await asyncio.gather(*presses, return_exceptions=True)
    taken = {one for one in answers if isinstance(one, Claimed)}
    refused = [one for one in answers if not isinstance(one, Claimed)]
    assert len(taken) == 1
    assert all(isinstance(one, OfferTaken) for one in refused)
    assert await counts(street) == (1, 1, 1, 1)
    assert await street.value("SELECT count(*) FROM scene") == 1


async def test_without_lock_and_constraints_presses_at_once_are_many(
    new_database: Callable[[], Urls], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: without the lock the constraints stand alone, and without them there are several vouchers."""
    together = asyncio.Barrier(CONNECTIONS)

    async def no_lock_but_all_at_once(*_: object) -> None:
        await together.wait()

    urls = new_database()
    async with small_street(urls.application_url) as street:
        async with street.unit() as uow:
            await scene.search_scene(uow)
        monkeypatch.setattr(store, "lock_person", no_lock_but_all_at_once)
        for guarded, phone in ((True, "+8613800138002"), (False, "+8613800138003")):
            if not guarded:
                with psycopg.connect(urls.migration_url) as owner:
                    owner.execute("ALTER TABLE draw DROP CONSTRAINT draw_once_a_day")
                    owner.execute("ALTER TABLE draw_claim DROP CONSTRAINT draw_claim_once_a_day")
            known, before = await street.person(phone), (await counts(street))[0]
            presses = (take(street, known, street.offers[1]) for _ in range(CONNECTIONS))
            await asyncio.gather(*presses, return_exceptions=True)
            assert ((await counts(street))[0] - before == 1) == guarded
