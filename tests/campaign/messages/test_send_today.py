"""Tests of vouchers by message: who is chosen, who never is, and that stopping anywhere loses and doubles nothing."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from ringmain.campaign import api, budgets
from ringmain.campaign.messages import choose, give, run, store
from ringmain.campaign.messages.model import Round, with_chance
from ringmain.campaign.messages.people import Reachable
from ringmain.campaign.plan.assignment import is_compared
from ringmain.campaign.plan.model import Audience
from ringmain.campaign.store import Cap
from ringmain.kit.db import UnitOfWork
from ringmain.match import api as match
from ringmain.member.api import Purpose
from ringmain.message import api as message
from tests.campaign.messages.morning import BASE, agree, by_message, choices, column, people, send
from tests.campaign.test_plan import MONTH
from tests.match.street import NOW, Street

DAY = timedelta(days=1)


async def test_who_agreed_gets_a_voucher_and_is_told(street: Street) -> None:
    """Of forty people those who are compared with get nothing; all others one voucher, one message, one opportunity."""
    one, who = await by_message(street), await people(street, 40)
    compared = {known.subject_id for known in who if is_compared(one.salt, known.subject_id, 1_000)}
    sent = await send(street)
    treated = {known.subject_id for known in who} - compared
    assert sent == run.Sent(planned=True, decided=len(treated))
    assert set(await column(street, "SELECT subject_id FROM voucher")) == treated
    assert set(await column(street, "SELECT subject_id FROM message")) == treated
    told = await column(street, "SELECT treated FROM campaign_opportunity")
    assert (told.count(True), told.count(False)) == (len(treated), len(compared))
    assert set(await column(street, "SELECT DISTINCT origin_kind FROM voucher")) == {"message"}
    assert await column(street, "SELECT id FROM voucher ORDER BY id") == await column(
        street, "SELECT choice_id FROM message_outcome ORDER BY choice_id"
    )
    assert await street.value("SELECT sum(taken_minor) FROM budget") == 300 * len(treated)
    assert await street.value("SELECT count(*) FROM given WHERE channel = 'message'") == len(treated)
    assert set(await column(street, "SELECT propensity FROM message_choice")) == {1.0}
    async with street.unit() as uow:
        figures = await api.message_figures(uow, one.id)
        assert (figures.waiting, figures.given, figures.refused) == (0, len(treated), {})
        assert figures.messages == [message.Tally("sms", "queued", None, len(treated))]
    assert await send(street) == run.Sent(planned=False, decided=0)


async def test_what_is_read_says_value_shop_and_how_to_stop(street: Street) -> None:
    """The message is marketing: its last line, and its mail header, is the link that stops all of them."""
    await by_message(street)
    await people(street, 5)
    await send(street)
    doors = message.Doors(street.keyring, {}, BASE, frozenset({street.network_id}))
    await message.deliver_due(street.database, doors, street.network_id, now=NOW + timedelta(minutes=1))
    async with street.unit() as uow:
        body = (await message.sink_messages(uow, 1))[0].body
    assert body.startswith("【Street】送您Flower Corner的券：¥3，2026年3月")
    assert f"{BASE}/wallet/" in body
    assert f"退订：{BASE}/u/" in body


async def test_a_day_spends_a_day_of_the_budget(street: Street) -> None:
    """A budget of 333 vouchers for 28 days gives 12 on one day, however many people could be told."""
    await by_message(street, budget_minor=100_000)
    await people(street, 25)
    await send(street)
    # What chance alone gives comes beside it.
    assert (await column(street, "SELECT propensity FROM message_choice")).count(1.0) == 12


@pytest.mark.parametrize("purpose", [Purpose.MARKETING, Purpose.PERSONALISATION])
async def test_without_consent_nobody_is_chosen(street: Street, purpose: Purpose) -> None:
    """Who takes back either consent is not even chosen; nothing was given."""
    await by_message(street)
    for known in await people(street, 5):
        await agree(street, known, granted=False, purpose=purpose)
    assert await send(street) == run.Sent(planned=True, decided=0)
    assert await choices(street) == {}
    assert await street.value("SELECT count(*) FROM voucher") == 0


async def test_consent_withdrawn_after_the_choice_counts(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chosen in the morning, withdrawn before it was given: the outcome says so, and no voucher was made."""
    await by_message(street)
    who = await people(street, 5)
    await stopped_after_planning(street, monkeypatch)
    chosen = [known for known in who if (await choices(street))[known.subject_id][1]]
    for known in chosen:
        await agree(street, known, granted=False)
    await send(street)
    assert await column(street, "SELECT refusal FROM message_outcome") == ["no_consent"] * len(chosen)
    assert await street.value("SELECT count(*) FROM voucher") == 0
    assert await street.value("SELECT sum(taken_minor) FROM budget") == 0


async def stopped_after_planning(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the process die between choosing and giving."""

    async def dies(*_: Any) -> int:
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(run, "give_some", dies)
        with pytest.raises(ConnectionError):
            await send(street)


async def test_killed_in_the_middle_nothing_is_lost_or_doubled(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    """It dies after some pieces, and after the vouchers of one that was not committed; then it goes on to the end."""
    await by_message(street)
    await people(street, 30)
    pieces = 0

    async def some(uow: UnitOfWork, reachable: Reachable, base: str, day: date, most: int) -> int:
        nonlocal pieces
        found = await give.give_some(uow, reachable, base, day, min(most, 4))
        pieces += 1
        if pieces == 3:
            raise ConnectionError
        return found

    monkeypatch.setattr(run, "give_some", some)
    with pytest.raises(ConnectionError):
        await send(street)
    assert await street.value("SELECT count(*) FROM voucher") == 8
    chosen = await choices(street)
    await send(street, NOW + timedelta(minutes=5))
    assert await choices(street) == chosen
    treated = sorted(id_ for id_, (_, group) in chosen.items() if group)
    assert sorted(await column(street, "SELECT subject_id FROM voucher")) == treated
    assert sorted(await column(street, "SELECT subject_id FROM message")) == treated


async def test_what_a_day_has_left_is_refused_on_the_next(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    """Yesterday's choices are not given today; today chooses anew."""
    await by_message(street)
    await people(street, 5)
    await stopped_after_planning(street, monkeypatch)
    treated = [group for _, group in (await choices(street)).values()].count(True)
    await send(street, NOW + DAY)
    outcomes = await column(street, "SELECT coalesce(refusal, 'given') FROM message_outcome")
    assert (outcomes.count("day_over"), outcomes.count("given")) == (treated, treated)
    assert await street.value("SELECT count(*) FROM voucher") == treated


async def test_at_night_nothing_is_chosen(street: Street) -> None:
    """At 22:00 and at 8:59 local time the network is quiet; at 9:00 it begins."""
    await by_message(street)
    await people(street, 3)
    for hours, planned in ((10, False), (20.98, False), (21, True)):
        assert (await send(street, NOW + timedelta(hours=hours))).planned == planned


@pytest.mark.parametrize(
    ("changes", "chosen"),
    [
        ({}, 5),
        ({"channels": ("scene", "search")}, 0),
        ({"schedule": MONTH.__class__(starts_at=NOW - DAY, ends_at=NOW + DAY, weekdays=(2,))}, 0),
        ({"schedule": MONTH.__class__(starts_at=NOW - DAY, ends_at=NOW + DAY, from_minute=900)}, 5),
        ({"audience": Audience(kind="tribe", tribe_id=UUID(int=7))}, 0),
        ({"audience": Audience(kind="area", latitude=31.2, longitude=121.5, metres=100)}, 0),
    ],
)
async def test_a_campaign_reaches_its_audience(street: Street, changes: dict[str, Any], chosen: int) -> None:
    """By channel, weekday, tribe and area; hours of the day bind the voucher's scene, not the message."""
    await by_message(street, by_operator=True, **changes)
    await people(street, 5)
    await send(street)
    assert len(await choices(street)) == chosen


async def test_the_area_is_where_somebody_bought_last(street: Street) -> None:
    """Who bought at the bakery is in its area, and who bought three kilometres away is not."""
    await by_message(street, audience=Audience(kind="area", latitude=31.2, longitude=121.5, metres=100))
    here, there = await people(street, 2)
    await street.buy(here, 0, NOW - DAY)
    await street.buy(there, 4, NOW - DAY)
    await send(street)
    assert list(await choices(street)) == [here.subject_id]


async def test_never_the_shop_they_just_stood_in_nor_its_rival(street: Street) -> None:
    """Who bought at the flower shop two hours ago, or at its rival, is not sent there; two days ago they are."""
    always = MONTH.__class__(starts_at=NOW - DAY, ends_at=NOW + DAY, weekdays=(1, 2, 3, 4, 5, 6, 7))
    await by_message(street, goal="quiet_hours", schedule=always)
    await street.rival(2, 1)
    just, rival, before = await people(street, 3)
    await street.buy(just, 1, NOW - timedelta(hours=2))
    await street.buy(rival, 2, NOW - timedelta(hours=2))
    await street.buy(before, 1, NOW - 2 * DAY)
    await send(street)
    assert list(await choices(street)) == [before.subject_id]


async def test_what_is_blocked_or_held_already_is_not_sent(street: Street) -> None:
    """A block of the shop, a block of the offer, and an open voucher of it, each keep one person out."""
    one = await by_message(street, channels=("message", "search"))
    who = await people(street, 8)
    able = [known for known in who if not is_compared(one.salt, known.subject_id, 1_000)]
    async with street.unit() as uow:
        await match.block(uow, able[0].subject_ids, shop_id=street.shops[1])
        await match.block(uow, able[1].subject_ids, offer_id=street.offers[1])
        await api.take(uow, street.keyring, street.offers[1], able[2].member_id)
    await send(street)
    left = {known.subject_id for known in who} - {known.subject_id for known in able[:3]}
    assert set(await choices(street)) == left


async def test_caps_hold_across_merchants_and_channels(street: Street) -> None:
    """With one voucher a person and day, whoever took another shop's gets no message; the merchant's cap is kept."""
    one = await by_message(street)
    who = await people(street, 12)
    able = [known for known in who if not is_compared(one.salt, known.subject_id, 1_000)]
    async with street.unit() as uow:
        await budgets.set_cap(uow, Cap(street.network_id, "person", "", 1, 1))
        await budgets.set_cap(uow, Cap(street.merchants[1], "merchant", "", 3, 1))
        await api.take(uow, street.keyring, street.offers[3], able[0].member_id)
    await send(street)
    assert able[0].subject_id not in await choices(street)
    assert await street.value("SELECT count(*) FROM given WHERE channel = 'message'") == 3
    refused = await column(street, "SELECT refusal FROM message_outcome WHERE refusal IS NOT NULL")
    assert set(refused) <= {"cap_of_merchant"}


async def test_a_voucher_worth_less_than_its_price_is_not_sent(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where coins are dear, because plays bring more with them, a person gets nothing."""

    class Dear:
        def of(self, reach: match.Reach, sender_id: UUID | None) -> Any:
            assert sender_id is None
            return reach.near * 0 + 1.0

    async def dear(*_: Any) -> Dear:
        return Dear()

    await by_message(street)
    await people(street, 5)
    monkeypatch.setattr(choose, "serving", dear)
    await send(street)
    assert await choices(street) == {}


async def test_a_round_is_written_once(street: Street) -> None:
    """Whoever plans the same day a second time writes nothing."""
    await by_message(street)
    await people(street, 3)
    await send(street)
    first = await choices(street)
    async with street.unit() as uow:
        new = Round(day=NOW.date(), planned_at=NOW, people=0, candidates=0, gap=0.0)
        assert not await store.add_round(uow, new)
    assert await choices(street) == first


def test_chance_is_drawn_as_often_as_it_says() -> None:
    """Of two candidates each, one allocated: it is given with 0.98, the other with 0.02, and that is what is logged."""
    people_ = 20_000
    first = np.arange(people_ + 1) * 2
    drawn = with_chance(first, first[:-1], UUID(int=7), 0.04)
    assert len(drawn) == people_
    others = [one for one in drawn if one.edge % 2]
    assert {round(one.propensity, 9) for one in drawn if not one.edge % 2} == {0.98}
    assert {round(one.propensity, 9) for one in others} == {0.02}
    assert 330 < len(others) < 470
    assert all(one.explored for one in others)
    nothing = with_chance(first, first[:0], UUID(int=7), 0.04)
    assert 700 < len(nothing) < 900
    assert {one.propensity for one in nothing} == {0.02}
