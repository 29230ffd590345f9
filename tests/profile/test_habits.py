"""Tests of what a cashier sees: this merchant's own sales and nothing of elsewhere, within ten milliseconds."""

from datetime import timedelta

from ringmain.kit.pure.ids import uuid7
from ringmain.member import api as member
from ringmain.member.api import IdentifierKind
from ringmain.profile import api
from ringmain.sale import api as sale
from ringmain.voucher import api as voucher
from tests.member.people import NOW, OPERATOR, PHONE, Town
from tests.profile.visits import DAY, buy, buy_often

RYE = (sale.Line("rye bread", 1_000, 3_200),)
ROLL = (sale.Line("roll", 2_000, 3_200),)


async def _habits(town: Town, known: member.Known, *, elsewhere: bool = False) -> api.Habits:
    async with town.unit() as uow:
        merchant_id = town.other_merchant_id if elsewhere else town.merchant_id
        return await api.habits_for_merchant(uow, known.member_id, merchant_id)


async def test_a_cashier_sees_visits_here_and_nothing_of_elsewhere(town: Town) -> None:
    """Visits, last visit, usual purchase and points; the florist knows nothing of the bread."""
    anna = await town.person(IdentifierKind.PHONE, PHONE)
    await buy_often(town, anna, [1, 5, 9], lines=RYE)
    await buy_often(town, anna, [2, 300], lines=ROLL)
    await buy(town, anna, NOW - DAY * 3, elsewhere=True, lines=(sale.Line("roses", 1_000, 3_200),))
    async with town.unit() as uow:
        await voucher.give_points(uow, [voucher.PointsGiven(OPERATOR, anna.subject_id, town.merchant_id, 40, NOW)])
    assert await _habits(town, anna) == api.Habits(5, NOW - DAY, 4, "rye bread", 3, 40)
    assert await _habits(town, anna, elsewhere=True) == api.Habits(1, NOW - DAY * 3, 1, None, 0, 40)


async def test_a_stranger_has_no_habits(town: Town) -> None:
    """Nothing bought is nothing known."""
    anna = await town.person(IdentifierKind.PHONE, PHONE)
    await buy(town, None, lines=RYE)
    assert await _habits(town, anna) == api.Habits(0, None, 0, None, 0, 0)


async def test_too_few_visits_make_no_habit(town: Town) -> None:
    """Two visits, or three with another purchase each, say nothing of a usual purchase."""
    anna = await town.person(IdentifierKind.PHONE, PHONE)
    await buy_often(town, anna, [1, 2], lines=RYE)
    assert (await _habits(town, anna)).usual_product is None
    bert = await town.person(IdentifierKind.CARD_TOKEN, "tok_bert")
    for day, product in enumerate(("rye bread", "roll", "cake")):
        await buy(town, bert, NOW - DAY * day, lines=(sale.Line(product, 1_000, 3_200),))
    assert (await _habits(town, bert)).usual_product is None


async def test_what_was_not_them_is_no_habit(town: Town) -> None:
    """A disputed sale is left out of visits and purchases; a returned one is no visit."""
    anna = await town.person(IdentifierKind.PHONE, PHONE)
    sales = await buy_often(town, anna, [1, 2, 3], lines=RYE)
    await buy(town, anna, NOW - DAY * 4, total_minor=-3_200)
    async with town.unit() as uow:
        await api.dispute(uow, anna.member_id, sales[2], not_me=True)
    assert await _habits(town, anna) == api.Habits(2, NOW - DAY * 2, 2, None, 0, 0)


async def test_merged_members_are_one_guest(town: Town) -> None:
    """Visits with the card before it was known count."""
    anna = await town.person(IdentifierKind.PHONE, PHONE)
    card = await town.person(IdentifierKind.CARD_TOKEN, "tok_anna")
    await buy_often(town, card, [4, 5], lines=RYE)
    await buy_often(town, anna, [1], lines=RYE)
    async with town.unit() as uow:
        await member.merge(uow, card.member_id, anna.member_id, OPERATOR)
    assert await _habits(town, card) == api.Habits(3, NOW - DAY, 3, "rye bread", 3, 0)


async def test_a_regular_guest_is_counted_whole(town: Town) -> None:
    """Every visit counts, however often somebody comes."""
    anna = await town.person(IdentifierKind.PHONE, PHONE)
    new = [
        sale.NewSale(
            id=uuid7(NOW - timedelta(minutes=number)),
            shop_id=town.shop_id,
            subject_id=anna.subject_id,
            total_minor=3_200,
            currency="CNY",
            lines=RYE,
        )
        for number in range(400)
    ]
    async with town.unit() as uow:
        await sale.record(uow, new)
    assert (await _habits(town, anna)).visits == 400
