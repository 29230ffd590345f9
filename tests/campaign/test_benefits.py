"""Tests of benefits at tills: told and given only to who has shown their code, is served, and gets them still."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from ringmain.campaign import api
from ringmain.campaign.api import Benefit, Player, Till
from ringmain.campaign.errors import BenefitNotDue
from ringmain.campaign.http import ROUTES
from ringmain.kit.http import Api, Principal
from ringmain.kit.settings import Settings
from ringmain.member import api as member
from ringmain.member.api import Known, Purpose
from tests.campaign.messages.morning import column
from tests.campaign.playing import draw
from tests.campaign.test_service import TABLE, groups, plan, some, tribe
from tests.match.street import NOW, Street
from tests.network.town import Client

DAY = timedelta(days=1)
TEA = Benefit("Tea", "茶")


def till_of(street: Street, place: int = 1) -> Till:
    """Return a till at a shop."""
    return Till(street.merchants[place], street.shops[place], UUID(int=place))


async def met(street: Street) -> tuple[api.ServicePlan, Known, Known]:
    """Return a plan with two benefits, somebody served and somebody held out, both met at a poster."""
    who = await some(street, 40)
    one = await plan(street, await tribe(street, who), benefits=(TABLE, TEA))
    (served, *_), (held, *_) = groups(one, who)
    token = await street.poster()
    for known in (served, held):
        await draw(street, token, Player(known=known))
    return one, served, held


async def due(street: Street, known: Known, till: Till, at: datetime = NOW) -> list[str]:
    """Return the tokens of what somebody gets."""
    async with street.unit(at) as uow:
        return [one.token for one in await api.due_benefits(uow, street.keyring, known, till)]


async def give(street: Street, token: str, till: Till, at: datetime = NOW) -> bool:
    """Give a benefit; say whether it is a new one."""
    async with street.unit(at) as uow:
        return (await api.give_benefit(uow, street.keyring, token, till)).new


async def test_what_is_due_is_given_once_a_day(street: Street) -> None:
    """Two benefits are two facts; a second press none, the next day one; whoever is held out has none to give."""
    one, served, held = await met(street)
    till = till_of(street)
    table, tea = await due(street, served, till)
    assert await due(street, held, till) == []
    assert [await give(street, token, till) for token in (table, table, tea)] == [True, False, True]
    (again, _) = await due(street, served, till, NOW + DAY)
    assert await give(street, again, till, NOW + DAY)
    rows = await column(street, "SELECT concat(plan_id, benefit, subject_id) FROM benefit_given ORDER BY day, benefit")
    assert rows == [f"{one.id}{place}{served.subject_id}" for place in (1, 2, 1)]
    assert await street.value("SELECT sum(cardinality(ids)) FROM outbox WHERE kind = 'benefit_given'") == 3
    async with street.unit() as uow:
        copied = await api.copied_benefits(uow, served)
        assert [(row["plan_id"], row["shop_id"]) for row in copied] == [(one.id, till.shop_id)] * 3
        assert await api.copied_benefits(uow, held) == []


@pytest.mark.parametrize(
    "case",
    ["another till", "too late", "made up", "tampered with", "consent", "changed", "ended", "another tribe"],
)
async def test_what_is_not_due_leaves_no_fact(street: Street, case: str) -> None:
    """A token is good at its till for a quarter of an hour, while plan, tribe, group and consent stand."""
    one, served, _ = await met(street)
    till, at = till_of(street), NOW
    token = (await due(street, served, till))[0]
    if case == "another till":
        till = replace(till, terminal_id=UUID(int=99))
    elif case == "too late":
        at = NOW + timedelta(minutes=15, seconds=1)
    elif case == "made up":
        token = token[:-4] + "AAAA"
    elif case == "tampered with":
        middle = len(token) // 2
        token = token[:middle] + ("A" if token[middle] != "A" else "B") + token[middle + 1 :]
    elif case == "another tribe":
        await tribe(street, [])
        async with street.unit() as uow:
            await uow.execute("DELETE FROM tribe_member WHERE subject_id = %s", (served.subject_id,))
    async with street.unit() as uow:
        if case == "consent":
            answer = member.Answer(Purpose.PERSONALISATION, False, "2026-01", "en")
            await member.record_consents(uow, served.member_id, [answer], member.Place("page", served.member_id))
        if case == "changed":
            await api.change_plan(uow, one.id, replace(one.said, benefits=(TEA,)), by=None)
        if case == "ended":
            await api.end_plan(uow, one.id, by=None)
    with pytest.raises(BenefitNotDue):
        await give(street, token, till, at)
    assert await street.value("SELECT count(*) FROM benefit_given") == 0
    assert await street.value("SELECT count(*) FROM outbox WHERE kind = 'benefit_given'") == 0


async def test_a_till_asks_by_the_code_that_is_shown(street: Street) -> None:
    """Over the API: by the present code, which stays unused; a used one, or a member's id, tells nothing."""
    _, served, held = await met(street)
    principal = Principal(
        network_id=street.network_id,
        principal_id=uuid4(),
        role="terminal",
        merchant_id=street.merchants[1],
        shop_id=street.shops[1],
        terminal_id=uuid4(),
    )

    async def authenticate(_: str) -> Principal:
        return principal

    door = Api(ROUTES, database=street.database, keyring=street.keyring, authenticate=authenticate, settings=Settings())
    client = Client(door, "terminal")

    async def code(known: Known) -> str:
        async with street.database.unit(street.network_id) as uow:
            return (await member.show_code(uow, street.keyring, known.member_id)).code

    shown = await code(served)
    found = (await client.post("/v1/benefits/lookups", {"code": shown})).json
    assert [(one["en"], one["zh"], one["merchant_id"]) for one in found["benefits"]] == [
        (TABLE.en, TABLE.zh, None),
        (TEA.en, TEA.zh, None),
    ]
    assert (await client.post("/v1/benefits/lookups", {"code": await code(held)})).json["benefits"] == []
    assert (await client.post("/v1/benefits/lookups", {"member_id": str(served.member_id)})).status == 422
    given = await client.post("/v1/benefits/given", {"token": found["benefits"][0]["token"]})
    assert (given.status, given.json["new"]) == (201, True)
    async with street.database.unit(street.network_id) as uow:
        await member.use_codes(uow, street.keyring, [shown])
    assert (await client.post("/v1/benefits/lookups", {"code": shown})).code == "member_code_used"
    assert await street.value("SELECT count(*) FROM benefit_given") == 1
