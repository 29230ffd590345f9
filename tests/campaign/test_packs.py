"""Tests of ready packs: those that come with the package, what is wrong with a line, and drafts that give nothing."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from ringmain.campaign import api
from ringmain.campaign.api import LeftOut, State
from ringmain.campaign.errors import PackCampaignUnknown, PackNeedsUsual, PackNotFound, PackUnreadable
from ringmain.campaign.packs import load
from ringmain.campaign.packs.model import read_pack
from ringmain.kit.pure.ids import uuid7
from ringmain.member import api as member
from ringmain.message.segments import segments
from ringmain.sale import api as sale
from ringmain.voucher import api as voucher
from tests.campaign.messages.morning import column
from tests.campaign.playing import draw
from tests.campaign.test_plan import partnership
from tests.match.street import NOW, Street

ASKED = frozenset(question.key for question in member.QUESTIONS)
CATERING = (load._FOLDER / "catering.toml").read_text("utf-8")


def test_a_pack_for_each_trade() -> None:
    """Four trades, three to five campaigns each, and a message that is sent in one part in either language."""
    found = api.packs()
    assert [one.name for one in found] == ["catering", "department_store", "education", "services"]
    for one in found:
        assert 3 <= len(one.campaigns) <= 5
        assert {segments(one.words["sms"].of(language)).parts for language in ("en", "zh")} == {1}
    with pytest.raises(PackNotFound):
        api.pack_of("weapons")


@pytest.mark.parametrize(
    ("line", "becomes", "at"),
    [
        ('goal = "lapsed"', 'goal = "sell"', "campaigns[1].goal"),
        ("worth = 25", "worth = 101", "campaigns[1].offer.worth"),
        ("not_seen_days = 45", "# not_seen_days", "campaigns[1].not_seen_days"),
        ('key = "come_back"', 'key = "quiet_afternoons"', "campaigns[1].key"),
        ('questions = ["diet", "spice", "birthday_month"]', 'questions = ["faith"]', "questions"),
        ('zh = "好久不见"', 'zh = " "', "campaigns[1].name.zh"),
        ("holder_only = true", "colour = 3", "campaigns[1].offer.colour"),
        ('from = "14:00"', 'from = "18:00"', "campaigns[0].from"),
        ("weekdays = [1, 2, 3, 4, 5]", "weekdays = [0]", "campaigns[0].weekdays"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(line: str, becomes: str, at: str) -> None:
    """The field and the line where it stands; of what is missing, the line of its table."""
    place = CATERING.splitlines().index(line) + 1
    if becomes.startswith("#"):
        place = [number for number, text in enumerate(CATERING.splitlines(), 1) if text == "[[campaigns]]"][1]
    with pytest.raises(PackUnreadable) as refused:
        read_pack("catering", CATERING.replace(line, becomes, 1), ASKED)
    assert (refused.value.facts["field"], refused.value.facts["line"]) == (at, place)


def test_what_is_no_toml_is_told_with_its_line() -> None:
    """A bracket that is not closed."""
    text = CATERING.replace("[words.poster]", "[words.poster", 1)
    with pytest.raises(PackUnreadable) as refused:
        read_pack("catering", text, ASKED)
    assert refused.value.facts["line"] == text.splitlines().index("[words.poster") + 1


async def apply(street: Street, *keys: str, usual_minor: int | None = 6_000) -> api.Applied:
    """Make drafts for the flower shop."""
    async with street.unit() as uow:
        return await api.apply_pack(
            uow,
            "catering",
            street.merchants[1],
            usual_minor=usual_minor,
            language="en",
            keys=list(keys) or None,
        )


async def test_drafts_are_made_once_and_give_nothing(street: Street) -> None:
    """Three drafts with paused offers of shares of a usual purchase; what needs a partner waits until there is one."""
    done = await apply(street)
    assert sorted(done.made) == ["come_back", "first_meal", "quiet_afternoons"]
    assert (done.before, done.left_out) == ({}, {"neighbours": LeftOut.NO_PARTNER})
    async with street.unit() as uow:
        drafts = {key: await api.read_campaign(uow, id_, by=street.merchants[1]) for key, id_ in done.made.items()}
        offers = await voucher.read_offers(uow, [one.said.offer_id for one in drafts.values()])
    assert {one.state for one in drafts.values()} == {State.DRAFT}
    assert {offer.paused for offer in offers.values()} == {True}
    quiet = drafts["quiet_afternoons"].said
    assert (quiet.name, quiet.goal, quiet.audience.kind, quiet.audience.metres) == (
        "Quiet afternoons",
        "quiet_hours",
        "area",
        1_000,
    )
    assert (quiet.schedule.weekdays, quiet.schedule.from_minute, quiet.schedule.until_minute) == (
        (1, 2, 3, 4, 5),
        840,
        1_020,
    )
    terms = offers[quiet.offer_id].terms
    assert (terms.face_minor, terms.minimum_minor, quiet.budget_minor) == (1_200, 3_600, 240_000)
    assert drafts["come_back"].said.audience.segment_id is not None
    drawn = {prize.offer.id for _ in range(3) for prize in (await draw(street, await street.poster())).prizes}
    assert drawn.isdisjoint(offers)
    again = await apply(street, usual_minor=9_000)
    assert (again.made, again.before) == ({}, done.made)
    await partnership(street, 2)
    more = await apply(street, "neighbours")
    assert list(more.made) == ["neighbours"]
    assert await street.value("SELECT count(*) FROM campaign") == 4
    assert await street.value("SELECT count(*) FROM segment") == 1


async def test_a_started_draft_is_given(street: Street) -> None:
    """Starting it lets its offer be given, as with any campaign."""
    done = await apply(street, "first_meal")
    async with street.unit() as uow:
        one = await api.start_campaign(uow, done.made["first_meal"], by=street.merchants[1])
        offer = (await voucher.read_offers(uow, [one.said.offer_id]))[one.said.offer_id]
    assert (one.state, offer.paused) == (State.RUNNING, False)


async def test_what_the_pack_does_not_have_makes_nothing(street: Street) -> None:
    """One unknown key refuses the whole."""
    with pytest.raises(PackCampaignUnknown):
        await apply(street, "first_meal", "free_beer")
    assert await column(street, "SELECT id FROM campaign") == list[UUID]()


async def sell(street: Street, amounts: Sequence[int], place: int = 1, at: datetime = NOW) -> None:
    """Sell something for each amount at a shop."""
    new = [
        sale.NewSale(
            id=uuid7(at),
            shop_id=street.shops[place],
            merchant_id=street.merchants[place],
            total_minor=amount,
            currency="CNY",
            sold_at=at,
        )
        for amount in amounts
    ]
    async with street.unit(at) as uow:
        answers = await sale.record(uow, new)
    assert all(isinstance(answer, sale.Recorded) for answer in answers)


async def test_prices_come_from_what_is_sold(street: Street) -> None:
    """The median of thirty sales of eight weeks; not older ones, returns, another shop's, or what was only redeemed."""
    await sell(street, [9_000 + 10 * number for number in range(15)] + [5_000] * 14)
    await sell(street, [100] * 40, at=NOW - timedelta(weeks=8, hours=1))
    await sell(street, [200] * 40, place=2)
    await sell(street, [-300] * 40)
    with pytest.raises(PackNeedsUsual):
        await apply(street, "first_meal", usual_minor=None)
    assert await column(street, "SELECT id FROM campaign") == list[UUID]()
    await sell(street, [9_500])
    done = await apply(street, "first_meal", usual_minor=None)
    assert (done.usual_minor, done.from_sales) == (9_000, 30)
    async with street.unit() as uow:
        one = await api.read_campaign(uow, done.made["first_meal"], by=street.merchants[1])
        offer = (await voucher.read_offers(uow, [one.said.offer_id]))[one.said.offer_id]
    named = await apply(street, "come_back", usual_minor=18_000)
    assert (named.usual_minor, named.from_sales) == (18_000, None)
    first = next(each for each in api.pack_of("catering").campaigns if each.key == "first_meal")
    assert offer.terms.face_minor == 9_000 * first.offer.worth // 100
