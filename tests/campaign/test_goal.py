"""Goals narrow whom campaigns are for: new guests, and those who stayed away; one rule wherever vouchers are given."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from ringmain.campaign import api
from ringmain.campaign.api import Audience, Campaign, Goal, Player
from ringmain.campaign.errors import CampaignInvalid, OfferNotOpen
from ringmain.campaign.plan import goal
from ringmain.campaign.plan.deal import Dealing, dealing
from ringmain.campaign.plan.reach import audience_size
from ringmain.loop.forecast import planned
from ringmain.member import api as member
from ringmain.member.api import Known, Purpose
from ringmain.profile import api as profile
from tests.campaign.games.test_limits import open_game, play_at
from tests.campaign.messages.morning import by_message, choices, column, people, send
from tests.campaign.playing import claim, draw, phone
from tests.campaign.test_deal import people as two_groups
from tests.campaign.test_deal import recorded, running
from tests.campaign.test_need_audience import expect
from tests.campaign.test_plan import draft, plan
from tests.match.street import NOW, Street, open_shops

DAY = timedelta(days=1)
LONG = api.Schedule(starts_at=NOW - DAY, ends_at=NOW + 90 * DAY)
LONG_AGO, OF_LATE = NOW - 60 * DAY, NOW - 60 * DAY + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("wanted", "last_at", "is_for"),
    [
        ("new", None, True),
        ("new", LONG_AGO, False),
        ("lapsed", None, False),
        ("lapsed", LONG_AGO, True),
        ("lapsed", OF_LATE, False),
        ("quiet_hours", OF_LATE, True),
        ("exchange", OF_LATE, True),
    ],
)
def test_the_rule(street: Street, wanted: Goal, last_at: datetime | None, is_for: bool) -> None:
    """New is who never bought there; to the second, sixty days ago is long enough; other goals leave nobody out."""
    assert plan(street, goal=wanted).is_for(last_at, NOW) is is_for


async def dealt(street: Street, one: Campaign, known: Known | None, at: datetime = NOW) -> Dealing:
    """Return what campaigns say of a campaign's offer for somebody at the bakery's door."""
    async with street.unit(at) as uow:
        subject_id = None if known is None else known.subject_id
        return await dealing(uow, subject_id, [one.said.offer_id], at, channel="scene", at_shop_id=street.shops[0])


async def is_open(street: Street, one: Campaign, known: Known | None, at: datetime = NOW) -> bool:
    """Say whether a campaign is open to somebody."""
    found = await dealt(street, one, known, at)
    assert found.closed == found.not_meant
    return not found.closed


async def test_who_bought_there_is_not_new_and_nobody_elses_shop_counts(street: Street) -> None:
    """A purchase at another merchant changes nothing; one at its own shop does, until it is said to be not theirs."""
    one, known = await running(street), await street.person()
    await street.buy(known, 2, LONG_AGO)
    assert await is_open(street, one, known)
    assert await is_open(street, one, None)
    sale_id = await street.buy(known, 1, LONG_AGO)
    assert not await is_open(street, one, known)
    async with street.unit() as uow:
        await profile.dispute(uow, known.member_id, sale_id, not_me=True)
    assert await is_open(street, one, known)


async def test_who_stayed_away_bought_and_not_of_late(street: Street) -> None:
    """Never: no. Yesterday: no. Sixty days after it: yes. Of the network's own campaigns every shop counts."""
    one, known = await running(street, goal="lapsed", schedule=LONG), await street.person()
    assert not await is_open(street, one, known)
    assert not await is_open(street, one, None)
    await street.buy(known, 1, NOW)
    assert not await is_open(street, one, known, NOW + DAY)
    assert await is_open(street, one, known, NOW + 60 * DAY)
    shorter = await running(street, 2, goal="lapsed", lapsed_days=7, schedule=LONG)
    await street.buy(known, 2, NOW)
    assert await is_open(street, shorter, known, NOW + 7 * DAY)


async def test_without_consent_the_network_may_not_tell(street: Street) -> None:
    """Who does not agree is new wherever they buy, and has stayed away from nowhere."""
    new, lapsed = await running(street), await running(street, 2, goal="lapsed")
    known = await street.person(personal=False)
    for place in (1, 2):
        await street.buy(known, place, LONG_AGO)
    assert (await is_open(street, new, known), await is_open(street, lapsed, known)) == (True, False)
    # The control: the same person, a minute after agreeing.
    later = NOW + timedelta(minutes=1)
    async with street.unit(later) as uow:
        answer = member.Answer(Purpose.PERSONALISATION, True, "2026-01", "en")
        await member.record_consents(uow, known.member_id, [answer], member.Place("page", known.member_id))
    assert (await is_open(street, new, known, later), await is_open(street, lapsed, known, later)) == (False, True)


async def test_a_regular_is_drawn_something_else_and_is_not_compared(street: Street) -> None:
    """Neither group sees the offer, and nobody is recorded: who cannot get it says nothing of its effect."""
    one, token = await running(street), await street.poster()
    for known in await two_groups(street, one):
        await street.buy(known, 1, LONG_AGO)
        for days in range(8):
            drawn = await draw(street, token, Player(known=known), NOW + timedelta(days=days))
            assert one.said.offer_id not in {prize.offer.id for prize in drawn.prizes}
        assert await recorded(street, one, known) == []


async def test_who_turns_out_to_be_a_regular_wins_the_next_prize(street: Street) -> None:
    """A phone that nobody knows is shown the offer for new guests; its owner, a regular, claims another one."""
    one, token = await running(street), await street.poster()
    treated, _ = await two_groups(street, one)
    await street.buy(treated, 1, LONG_AGO)
    drawn = await draw(street, token, phone())
    while one.said.offer_id not in {prize.offer.id for prize in drawn.prizes}:
        drawn = await draw(street, token, phone())
    claimed = await claim(street, drawn, treated, one.said.offer_id)
    assert claimed.offer_id != one.said.offer_id
    assert claimed.stand_in
    assert await recorded(street, one, treated) == []


async def test_a_regular_cannot_take_it(street: Street) -> None:
    """Found by a search it is not open to them, and nothing was granted."""
    one = await running(street)
    treated, _ = await two_groups(street, one)
    await street.buy(treated, 1, LONG_AGO)
    with pytest.raises(OfferNotOpen):
        async with street.unit() as uow:
            await api.take(uow, street.keyring, one.said.offer_id, treated.member_id)
    assert await street.value("SELECT count(*) FROM voucher") == 0


async def test_in_a_game_a_regular_wins_what_stands_in(street: Street) -> None:
    """The only prize is for new guests: who is new wins it, who is not wins all the same."""
    one = await running(street, 1)
    treated, _ = await two_groups(street, one)
    regular = await street.person("+8613900000001")
    await street.buy(regular, 1, LONG_AGO)
    _, door = await open_game(street, [one.said.offer_id], [1])
    assert (await play_at(street, door, treated)).prize.offer_id == one.said.offer_id
    won = await play_at(street, door, regular)
    assert won.prize.stand_in
    assert await recorded(street, one, regular) == []


@pytest.mark.parametrize("wanted", ["new", "lapsed"])
async def test_by_message_only_who_is_meant_is_chosen(street: Street, wanted: Goal) -> None:
    """Of thirty people ten bought there long ago and ten of late; each goal chooses its own ten, in both groups."""
    await by_message(street, goal=wanted)
    who = await people(street, 30)
    for number, known in enumerate(who[:20]):
        await street.buy(known, 1, LONG_AGO if number < 10 else OF_LATE)
    await send(street)
    meant = who[20:] if wanted == "new" else who[:10]
    assert set(await choices(street)) == {known.subject_id for known in meant}


async def test_who_bought_since_the_morning_is_sent_nothing(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chosen as a new guest, then a guest before the message was given: refused, and there is no voucher."""
    await by_message(street)
    who = await people(street, 10)
    asked = goal.left_out

    async def later(uow: Any, campaigns: Any, known: Any, at: datetime) -> Any:
        """Let everybody buy something between the choice and the giving."""
        monkeypatch.setattr(goal, "left_out", asked)
        found = await asked(uow, campaigns, known, at)
        for one in who:
            await street.buy(one, 1)
        return found

    monkeypatch.setattr(goal, "left_out", later)
    await send(street)
    assert len(await choices(street)) == 10
    assert await street.value("SELECT count(*) FROM voucher") == 0
    assert set(await column(street, "SELECT refusal FROM message_outcome")) <= {"campaign_closed", "compared_with"}


async def test_the_forecast_counts_whom_the_goal_is_about(street: Street) -> None:
    """Twenty guests stayed away: that many people, in fives; how many are new to it nobody may tell a merchant."""
    who = await people(street, 30)
    for number, known in enumerate(who):
        await street.buy(known, 1, LONG_AGO if number < 20 else OF_LATE)
    async with street.unit() as uow:
        lapsed = await planned(uow, street.keyring, plan(street, goal="lapsed"))
        new = await planned(uow, street.keyring, plan(street))
    assert lapsed.people == 20
    assert new.people is None
    # One voucher a week for each of them, in four weeks, is more than the budget pays for; of ten there are fewer.
    assert lapsed.given == min(10_000 // 300, 20 * 4)


async def test_a_need_is_narrowed_to_new_guests(street: Street) -> None:
    """Of thirty who want coffee half have bought at the merchant; it is told of the others only."""
    async with street.unit() as uow:
        for _ in range(3):
            await open_shops(uow, [("Coffee", "coffee", 100, 100)])
    who = await people(street, 30)
    await expect(street, 3, {known.subject_id: 0.9 for known in who})
    for known in who[:15]:
        await street.buy(known, 1, LONG_AGO)
    wish = plan(street, audience=Audience(kind="need", category="coffee"))
    async with street.unit() as uow:
        assert await audience_size(uow, street.keyring, wish, NOW) == 15
        assert await audience_size(uow, street.keyring, replace(wish, goal="quiet_hours"), NOW) == 30


@pytest.mark.parametrize("days", [6, 731])
async def test_days_are_bounded(street: Street, days: int) -> None:
    """Refused at its field, and nothing is kept."""
    with pytest.raises(CampaignInvalid) as refused:
        await draft(street, goal="lapsed", lapsed_days=days)
    assert refused.value.facts["field"] == "lapsed_days"
    assert await street.value("SELECT count(*) FROM campaign WHERE network_id = %s", street.network_id) == 0
