"""Tests of comparison groups at plays: never the campaign's offer, always another prize, and both are recorded."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from ringmain.campaign import api
from ringmain.campaign.api import Audience, Campaign, Player, held_out
from ringmain.campaign.errors import OfferNotOpen
from ringmain.campaign.plan import deal
from ringmain.campaign.plan.assignment import is_compared
from ringmain.member.api import Known
from ringmain.segment import api as segment
from ringmain.segment.errors import SegmentUnknown
from tests.campaign.playing import claim, draw, phone
from tests.campaign.test_plan import MONTH, draft, partnership, step
from tests.match.street import NOW, Street

PHONES = [f"+86138001{number:05}" for number in range(200)]


async def running(street: Street, place: int = 1, **changes: Any) -> Campaign:
    """Let a campaign of a shop run."""
    return await step(street, "start", await draft(street, place, **changes))


async def people(street: Street, one: Campaign) -> tuple[Known, Known]:
    """Return a person who may get the offer, and one who is compared with."""
    found: dict[bool, Known] = {}
    for number in PHONES:
        known = await street.person(number)
        found.setdefault(is_compared(one.salt, known.subject_id, one.said.comparison_bp), known)
        if len(found) == 2:
            return found[False], found[True]
    raise AssertionError("of 200 people none is compared with")


async def recorded(street: Street, one: Campaign, known: Known) -> list[bool]:
    """Return in which groups a person was recorded."""
    rows = await street.value(
        "SELECT array_agg(treated) FROM campaign_opportunity WHERE campaign_id = %s AND subject_id = %s",
        one.id,
        known.subject_id,
    )
    return rows or []


async def test_who_is_compared_with_is_drawn_something_else(street: Street) -> None:
    """At a scene of four offers everybody is recorded when chance chose the campaign's; only one group sees it."""
    one, token = await running(street), await street.poster()
    treated, compared = await people(street, one)
    seen = {True: 0, False: 0}
    for days in range(12):
        for known, group in ((treated, True), (compared, False)):
            drawn = await draw(street, token, Player(known=known), NOW + timedelta(days=days))
            offers = {prize.offer.id for prize in drawn.prizes}
            assert len(offers) == 3
            seen[group] += one.said.offer_id in offers
    assert seen[True] > 0
    assert seen[False] == 0
    assert (await recorded(street, one, treated), await recorded(street, one, compared)) == ([True], [False])
    assert await street.value("SELECT count(*) FROM outbox WHERE kind = 'campaign_opportunity'") == 2
    async with street.unit() as uow:
        assert await held_out(uow, compared.subject_id, street.offers, NOW) == {one.said.offer_id}
        assert await held_out(uow, treated.subject_id, street.offers, NOW) == frozenset()


async def test_without_the_dealing_who_is_compared_with_gets_it(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: where nobody is held out, the same person is shown the campaign's offer within a few days."""
    monkeypatch.setattr(deal, "_is_held_out", lambda *_: False)
    one, token = await running(street), await street.poster()
    _, compared = await people(street, one)
    shown = set()
    for days in range(12):
        drawn = await draw(street, token, Player(known=compared), NOW + timedelta(days=days))
        shown |= {prize.offer.id for prize in drawn.prizes}
    assert one.said.offer_id in shown


async def test_who_joins_after_the_draw_gets_the_next_prize(street: Street) -> None:
    """An unknown phone is shown the campaign's offer; whoever is compared with gets another prize, and is recorded."""
    one, token = await running(street), await street.poster()
    for known, treated in zip(await people(street, one), (True, False), strict=True):
        drawn = await draw(street, token, phone())
        while one.said.offer_id not in {prize.offer.id for prize in drawn.prizes}:
            drawn = await draw(street, token, phone())
        claimed = await claim(street, drawn, known, one.said.offer_id)
        assert (claimed.offer_id == one.said.offer_id, claimed.stand_in) == (treated, not treated)
        assert claimed.offer_id in {prize.offer.id for prize in drawn.prizes}
        assert await recorded(street, one, known) == [treated]


async def test_who_is_compared_with_cannot_take_it(street: Street) -> None:
    """Found by a search, the offer is open to one and not to the other; nothing was granted to them."""
    one = await running(street)
    treated, compared = await people(street, one)
    async with street.unit() as uow:
        await api.take(uow, street.keyring, one.said.offer_id, treated.member_id)
    with pytest.raises(OfferNotOpen):
        async with street.unit() as uow:
            await api.take(uow, street.keyring, one.said.offer_id, compared.member_id)
    assert await street.value("SELECT count(*) FROM voucher WHERE subject_id = %s", compared.subject_id) == 0


@pytest.mark.parametrize(
    ("changes", "opens"),
    [
        ({}, True),
        ({"channels": ("search",)}, False),
        ({"schedule": replace(MONTH, starts_at=NOW + timedelta(hours=1))}, False),
        ({"schedule": replace(MONTH, weekdays=(2, 3))}, False),
        ({"schedule": replace(MONTH, from_minute=721)}, False),
        ({"schedule": replace(MONTH, from_minute=720)}, True),
        ({"audience": Audience(kind="tribe", tribe_id=UUID(int=7))}, False),
        ({"audience": Audience(kind="area", latitude=31.2, longitude=121.5, metres=100)}, True),
        ({"audience": Audience(kind="area", latitude=31.2, longitude=121.6, metres=100)}, False),
    ],
)
async def test_a_campaign_is_open_to_its_audience_at_its_hours(
    street: Street, changes: dict[str, Any], opens: bool
) -> None:
    """Monday noon at the bakery: by channel, first day, weekday, hour, tribe and area the offer is open or closed."""
    one = await running(street, by_operator="audience" in changes, **changes)
    known = await street.person()
    async with street.unit() as uow:
        dealt = await api.dealing(uow, known.subject_id, None, NOW, channel="scene", at_shop_id=street.shops[0])
    assert (one.said.offer_id not in dealt.closed) == opens
    assert ([found.id for found in dealt.open] == [one.id]) == opens


async def test_an_exchange_is_given_at_partners_only(street: Street) -> None:
    """Of two partners: at the partner's door it is open, at a stranger's it is closed, and when it is ended, too."""
    shared = await partnership(street, 2)
    one = await draft(street, goal="exchange", partnership_id=shared)
    await step(street, "start", one)
    await step(street, "approve", one, partner=street.merchants[2])

    async def closed_at(place: int) -> bool:
        async with street.unit() as uow:
            dealt = await api.dealing(uow, None, None, NOW, channel="scene", at_shop_id=street.shops[place])
        return one.said.offer_id in dealt.closed

    assert [await closed_at(place) for place in (2, 3)] == [False, True]
    async with street.unit() as uow:
        await api.end_partnership(uow, shared, party=street.merchants[2])
    assert await street.value("SELECT paused FROM offer WHERE id = %s", one.said.offer_id)


async def test_a_campaign_gives_no_more_than_its_budget(street: Street) -> None:
    """A budget of one voucher: the first person takes it, then the offer is closed, and is not drawn either."""
    one = await running(street, budget_minor=500)
    treated = []
    for number in PHONES:
        known = await street.person(number)
        if not is_compared(one.salt, known.subject_id, 1_000):
            treated.append(known)
        if len(treated) == 2:
            break
    async with street.unit() as uow:
        await api.take(uow, street.keyring, one.said.offer_id, treated[0].member_id)
    with pytest.raises(OfferNotOpen):
        async with street.unit() as uow:
            await api.take(uow, street.keyring, one.said.offer_id, treated[1].member_id)
    for _ in range(10):
        drawn = await draw(street, await street.poster())
        assert one.said.offer_id not in {prize.offer.id for prize in drawn.prizes}
    await step(street, "end", one)
    assert await street.value("SELECT ends_at = %s FROM budget WHERE id = %s", NOW, one.id)


async def test_a_segment_is_an_audience(street: Street) -> None:
    """Open to who is in the segment and to nobody else; another merchant's segment is none."""
    clauses = [segment.Clause(kind="visits", days=30, at_least=1)]
    async with street.unit() as uow:
        made = await segment.define(uow, "Guests", clauses, street.merchants[1])
    known, other = await street.person(), await street.person("+8613800138009")
    one = await running(street, audience=Audience(kind="segment", segment_id=made.id))
    async with street.unit() as uow:
        await uow.execute(
            "INSERT INTO segment_member (network_id, segment_id, subject_id, since) VALUES (%s, %s, %s, %s)",
            (street.network_id, made.id, known.subject_id, NOW),
        )
        for who, opens in ((known, True), (other, False)):
            dealt = await api.dealing(uow, who.subject_id, None, NOW, channel="search")
            assert ([found.id for found in dealt.open] == [one.id]) == opens
    with pytest.raises(SegmentUnknown):
        await draft(street, 2, audience=Audience(kind="segment", segment_id=made.id))


async def test_areas_have_turns(street: Street) -> None:
    """Dealt by turns, everybody of an area is in the group of the turn, and is recorded once for each."""
    one, token = await running(street, turn_hours=24), await street.poster()
    known = await street.person()
    groups = set()
    for days in range(10):
        drawn = await draw(street, token, Player(known=known), NOW + timedelta(days=days))
        async with street.unit(NOW + timedelta(days=days)) as uow:
            at = await uow.now()
            dealt = await api.dealing(uow, known.subject_id, None, at, channel="scene", at_shop_id=street.shops[0])
        held = one.said.offer_id in dealt.held_out
        groups.add(held)
        assert not (held and one.said.offer_id in {prize.offer.id for prize in drawn.prizes})
    assert groups == {True, False}
    assert await street.value("SELECT count(*) = count(DISTINCT turn) FROM campaign_opportunity")
