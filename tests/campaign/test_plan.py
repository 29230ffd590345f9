"""Tests of the life of campaigns and of partnerships: what is allowed, what is refused, and what that leaves."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from ringmain.campaign import api
from ringmain.campaign.api import Audience, Campaign, NewCampaign, Schedule, State
from ringmain.campaign.errors import (
    CampaignInvalid,
    CampaignMoveRefused,
    CampaignNotFound,
    OfferInCampaign,
    PartnershipLimit,
    PartnershipNotAgreed,
    PartnershipNotFound,
)
from ringmain.campaign.plan import partner
from ringmain.campaign.plan.model import MOVES
from ringmain.network.errors import MerchantNotFound
from ringmain.segment import api as segment
from tests.entry.web.tribes import counted as tribes_counted
from tests.entry.web.tribes import found as tribes_found
from tests.match.street import NOW, Street

MONTH = Schedule(starts_at=NOW - timedelta(days=1), ends_at=NOW + timedelta(days=27))


def plan(street: Street, place: int = 1, **changes: Any) -> NewCampaign:
    """Return a campaign of a shop's merchant with its first offer."""
    usual: dict[str, Any] = {"name": "Spring", "goal": "new", "budget_minor": 10_000, "schedule": MONTH}
    ids = {"merchant_id": street.merchants[place], "offer_id": street.offers[place]}
    return NewCampaign(**{**ids, **usual, **changes})


async def draft(street: Street, place: int = 1, *, by_operator: bool = False, **changes: Any) -> Campaign:
    """Draft a campaign as its merchant, or for it."""
    by = None if by_operator else street.merchants[place]
    async with street.unit() as uow:
        return await api.draft_campaign(uow, plan(street, place, **changes), by=by)


async def step(street: Street, name: str, one: Campaign, **more: Any) -> Campaign:
    """Take a step as the campaign's merchant."""
    by = more or {"by": one.said.merchant_id}
    async with street.unit() as uow:
        done: Campaign = await getattr(api, f"{name}_campaign")(uow, one.id, **by)
        return done


async def paused(street: Street, offer_id: UUID) -> bool:
    """Say whether an offer is paused."""
    value: bool = await street.value("SELECT paused FROM offer WHERE id = %s", offer_id)
    return value


async def test_a_campaign_runs_pauses_and_ends(street: Street) -> None:
    """Its states are appended, its offer is given only while it runs, and it can be copied when it has ended."""
    one = await draft(street)
    assert one.state is State.DRAFT
    assert (await step(street, "start", one)).state is State.RUNNING
    assert not await paused(street, one.said.offer_id)
    assert (await step(street, "pause", one)).state is State.PAUSED
    assert await paused(street, one.said.offer_id)
    assert (await step(street, "start", one)).state is State.RUNNING
    assert (await step(street, "end", one)).state is State.ENDED
    assert await paused(street, one.said.offer_id)
    states = await street.value(
        "SELECT string_agg(state, ' ' ORDER BY number) FROM campaign_event WHERE campaign_id = %s", one.id
    )
    assert states == "draft running paused running ended"
    again = {"starts_at": NOW, "ends_at": NOW + timedelta(days=7), "by": one.said.merchant_id}
    copy = await step(street, "copy", one, **again)
    assert copy.said == replace(
        one.said, schedule=replace(MONTH, starts_at=NOW, ends_at=NOW + timedelta(days=7)), copied_from=one.id
    )
    assert copy.salt != one.salt
    async with street.unit() as uow:
        assert await api.read_campaign(uow, copy.id, by=None) == copy
        assert {found.id for found in await api.campaigns_of(uow, one.said.merchant_id)} == {copy.id, one.id}


STEPS = {"start": State.RUNNING, "pause": State.PAUSED, "end": State.ENDED}


@pytest.mark.parametrize("state", [State.DRAFT, State.RUNNING, State.PAUSED, State.ENDED])
async def test_only_the_moves_of_the_table_are_allowed(street: Street, state: State) -> None:
    """From each state every step either is in the table of moves or is refused and changes nothing."""
    way = {"draft": (), "running": ("start",), "paused": ("start", "pause"), "ended": ("start", "end")}[state.value]
    for name, wanted in STEPS.items():
        one = await draft(street, 1, offer_id=(await street.publish(1)).id)
        for before in way:
            one = await step(street, before, one)
        assert one.state is state
        events = await street.value("SELECT count(*) FROM campaign_event")
        if wanted in MOVES[state]:
            assert (await step(street, name, one)).state is wanted
            continue
        with pytest.raises(CampaignMoveRefused):
            await step(street, name, one)
        assert await street.value("SELECT count(*) FROM campaign_event") == events


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("name", {"name": " "}),
        ("ends_at", {"schedule": replace(MONTH, ends_at=MONTH.starts_at)}),
        ("ends_at", {"schedule": replace(MONTH, ends_at=NOW)}),
        ("until_minute", {"schedule": replace(MONTH, from_minute=600, until_minute=600)}),
        ("weekdays", {"schedule": replace(MONTH, weekdays=(0,))}),
        ("from_minute", {"goal": "quiet_hours"}),
        ("audience.tribe_id", {"audience": Audience(kind="tribe")}),
        ("audience.metres", {"audience": Audience(kind="area", latitude=31.2, longitude=121.5)}),
        ("audience.metres", {"audience": Audience(metres=500)}),
        ("audience.segment_id", {"audience": Audience(kind="segment")}),
        ("comparison_bp", {"comparison_bp": 499}),
        ("comparison_bp", {"comparison_bp": 1_001}),
        ("partnership_id", {"goal": "exchange"}),
        ("channels", {"channels": ()}),
        ("budget_minor", {"budget_minor": 299}),
    ],
)
async def test_what_makes_no_sense_is_refused(street: Street, field: str, changes: dict[str, Any]) -> None:
    """A campaign with a wrong field is refused with its name, and nothing is kept."""
    with pytest.raises(CampaignInvalid) as refused:
        await draft(street, **changes)
    assert refused.value.facts["field"] == field
    assert await street.value("SELECT count(*) FROM campaign") == 0


async def test_others_have_no_say(street: Street) -> None:
    """Another merchant can neither draft for this one, nor with its offer, nor read, start or end its campaign."""
    one, other = await draft(street), street.merchants[2]
    async with street.unit() as uow:
        with pytest.raises(CampaignNotFound):
            await api.draft_campaign(uow, plan(street), by=other)
        with pytest.raises(CampaignInvalid):
            await api.draft_campaign(uow, plan(street, 2, offer_id=street.offers[1]), by=other)
        with pytest.raises(CampaignNotFound):
            await api.read_campaign(uow, one.id, by=other)
    for name in ("start", "pause", "end"):
        with pytest.raises(CampaignNotFound):
            await step(street, name, one, by=other)
    assert await street.value("SELECT count(*) FROM campaign_event") == 1


async def test_an_offer_is_in_one_campaign_at_a_time(street: Street) -> None:
    """A second campaign with the same offer waits until the first has ended; also while that one pauses."""
    first, second = await draft(street), await draft(street)
    await step(street, "start", first)
    await step(street, "pause", first)
    with pytest.raises(OfferInCampaign) as refused:
        await step(street, "start", second)
    assert refused.value.facts["campaign_id"] == first.id
    await step(street, "end", first)
    assert (await step(street, "start", second)).state is State.RUNNING


async def test_what_is_over_is_ended(street: Street) -> None:
    """When its time is over a campaign is ended by the night's job, once; before that it runs on."""
    one = await draft(street)
    await step(street, "start", one)
    async with street.unit(NOW + timedelta(days=26)) as uow:
        assert await api.end_due_campaigns(uow) == []
    async with street.unit(NOW + timedelta(days=27)) as uow:
        assert await api.end_due_campaigns(uow) == [one.id]
    async with street.unit(NOW + timedelta(days=27)) as uow:
        assert await api.end_due_campaigns(uow) == []


async def partnership(street: Street, *partners: int, limit_minor: int = 20_000) -> UUID:
    """Let shop 1's merchant propose a partnership, to which all agree."""
    async with street.unit() as uow:
        one = await api.propose_partnership(
            uow, "Neighbours", street.merchants[1], [street.merchants[place] for place in partners], limit_minor
        )
        for place in partners:
            await api.agree_partnership(uow, one.id, party=street.merchants[place])
    return one.id


async def test_a_partnership_is_agreed_by_all(street: Street) -> None:
    """Three parties: it is proposed until the last one agrees; strangers do not see it; whoever is in it can end it."""
    async with street.unit() as uow:
        one = await api.propose_partnership(uow, "Neighbours", street.merchants[1], street.merchants[2:4], 20_000)
        assert (one.state, one.agreed) == ("proposed", (street.merchants[1],))
        assert (await api.agree_partnership(uow, one.id, party=street.merchants[2])).state == "proposed"
        assert (await api.agree_partnership(uow, one.id, party=street.merchants[3])).state == "agreed"
        assert [found.id for found in await api.partnerships_of(uow, street.merchants[3])] == [one.id]
        assert await api.partnerships_of(uow, street.merchants[4]) == []
        with pytest.raises(PartnershipNotFound):
            await api.agree_partnership(uow, one.id, party=street.merchants[4])
        assert (await api.end_partnership(uow, one.id, party=street.merchants[2])).state == "ended"
        with pytest.raises(PartnershipNotAgreed):
            await api.agree_partnership(uow, one.id, party=street.merchants[3])


async def test_ending_a_partnership_frees_what_is_bound(street: Street) -> None:
    """What ran ends with its budget, what waited is a draft that binds nothing; others' money is left alone."""
    shared = await partnership(street, 2)
    running, waiting = [
        await draft(street, goal="exchange", partnership_id=shared, budget_minor=9_000, offer_id=id_)
        for id_ in (street.offers[1], (await street.publish(1)).id)
    ]
    alone = await step(street, "start", await draft(street, 3))
    for one in (running, waiting):
        await step(street, "start", one)
    await step(street, "approve", running, partner=street.merchants[2])
    async with street.unit() as uow:
        assert (await api.bound_minor(uow, [shared]))[shared, street.merchants[1]] == 18_000
        ended = await api.end_partnership(uow, shared, party=street.merchants[2])
        assert (ended.state, ended.ended_by) == ("ended", street.merchants[2])
    async with street.unit() as uow:
        states = [(await api.read_campaign(uow, one.id, by=None)).state for one in (running, waiting, alone)]
        assert await api.bound_minor(uow, [shared]) == {}
    assert states == [State.ENDED, State.DRAFT, State.RUNNING]
    assert await street.value("SELECT count(*) FROM budget WHERE ends_at > %s", NOW + timedelta(days=1)) == 1


async def test_what_started_while_a_partnership_ended_ends_within_the_hour(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The net below: whatever ending it has not seen, the job of the hour ends."""
    shared = await partnership(street, 2)
    one = await draft(street, goal="exchange", partnership_id=shared)
    await step(street, "start", one)
    await step(street, "approve", one, partner=street.merchants[2])

    async def nothing(*_: Any, **__: Any) -> list[UUID]:
        return []

    monkeypatch.setattr(partner, "release_exchanges", nothing)
    async with street.unit() as uow:
        await api.end_partnership(uow, shared, party=street.merchants[2])
        assert (await api.read_campaign(uow, one.id, by=None)).state is State.RUNNING
        assert await api.end_due_campaigns(uow) == [one.id]
        assert (await api.read_campaign(uow, one.id, by=None)).state is State.ENDED


async def test_a_merchant_gives_to_groups_that_it_is_shown_only(street: Street) -> None:
    """Another's group is refused, whether it exists or not; one that is shown to it, or by the operator, is kept."""
    ids = await tribes_found(street.database, street.network_id, at=NOW)
    for id_ in (*ids, UUID(int=7)):
        with pytest.raises(CampaignInvalid) as refused:
            await draft(street, audience=Audience(kind="tribe", tribe_id=id_))
        assert refused.value.facts["field"] == "audience.tribe_id"
    await draft(street, audience=Audience(kind="tribe", tribe_id=ids[0]), by_operator=True)
    await tribes_counted(street.database, street.network_id, street.merchants[1])
    async with street.unit() as uow:
        shown = (await segment.tribes_of_merchant(uow, street.merchants[1])).tribes[0].tribe_id
    await draft(street, audience=Audience(kind="tribe", tribe_id=shown))
    assert await street.value("SELECT count(*) FROM campaign WHERE network_id = %s", street.network_id) == 2


async def test_strangers_and_empty_partnerships_are_refused(street: Street) -> None:
    """Nobody is a partner of themselves, nor of a merchant that does not exist."""
    async with street.unit() as uow:
        with pytest.raises(CampaignInvalid):
            await api.propose_partnership(uow, "Me", street.merchants[1], [street.merchants[1]], 5)
        with pytest.raises(MerchantNotFound):
            await api.propose_partnership(uow, "Nobody", street.merchants[1], [UUID(int=5)], 5)
    assert await street.value("SELECT count(*) FROM partnership") == 0


async def test_an_exchange_runs_when_all_partners_have_approved(street: Street) -> None:
    """Started it waits; after one of two approvals it still does; after both it runs; its own merchant has no vote."""
    shared = await partnership(street, 2, 3)
    one = await draft(street, goal="exchange", partnership_id=shared)
    assert (await step(street, "start", one)).state is State.AWAITING_APPROVAL
    async with street.unit() as uow:
        assert [found.id for found in await api.campaigns_to_approve(uow, street.merchants[2])] == [one.id]
        assert await api.campaigns_to_approve(uow, street.merchants[1]) == []
        assert (await api.read_campaign(uow, one.id, by=street.merchants[3])).id == one.id
    for place in (1, 4):
        with pytest.raises(CampaignNotFound):
            await step(street, "approve", one, partner=street.merchants[place])
    with pytest.raises(CampaignMoveRefused):
        await step(street, "start", one)
    assert (await step(street, "approve", one, partner=street.merchants[2])).state is State.AWAITING_APPROVAL
    assert (await step(street, "approve", one, partner=street.merchants[3])).state is State.RUNNING
    with pytest.raises(CampaignMoveRefused):
        await step(street, "decline", one, partner=street.merchants[3])


async def test_a_declined_exchange_is_a_draft_again(street: Street) -> None:
    """A partner sends it back; it can be started again, and waits again."""
    one = await draft(street, goal="exchange", partnership_id=await partnership(street, 2))
    await step(street, "start", one)
    assert (await step(street, "decline", one, partner=street.merchants[2])).state is State.DRAFT
    assert (await step(street, "start", one)).state is State.AWAITING_APPROVAL


async def test_the_limit_of_a_partnership_counts_every_budget(street: Street) -> None:
    """Two exchanges of 10,000 fit a limit of 20,000, and a third does not until one has ended."""
    shared = await partnership(street, 2)
    made = [
        await draft(street, goal="exchange", partnership_id=shared, offer_id=(await street.publish(1)).id)
        for _ in range(3)
    ]
    for one in made[:2]:
        await step(street, "start", one)
        assert (await step(street, "approve", one, partner=street.merchants[2])).state is State.RUNNING
    with pytest.raises(PartnershipLimit) as refused:
        await step(street, "start", made[2])
    assert refused.value.facts == {"limit_minor": 20_000, "committed_minor": 20_000}
    await step(street, "end", made[0])
    assert (await step(street, "start", made[2])).state is State.AWAITING_APPROVAL


async def test_without_an_agreed_partnership_no_exchange_starts(street: Street) -> None:
    """Proposed only, or ended: the exchange stays a draft. Of a partnership of others there is none to be drafted."""
    async with street.unit() as uow:
        one = await api.propose_partnership(uow, "Us", street.merchants[1], [street.merchants[2]], 20_000)
        others = await api.propose_partnership(uow, "Them", street.merchants[2], [street.merchants[3]], 20_000)
    exchange = await draft(street, goal="exchange", partnership_id=one.id)
    with pytest.raises(PartnershipNotAgreed):
        await step(street, "start", exchange)
    with pytest.raises(PartnershipNotFound):
        await draft(street, goal="exchange", partnership_id=others.id)
    assert await street.value("SELECT count(*) FROM campaign_event") == 1
