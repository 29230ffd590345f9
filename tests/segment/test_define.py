"""Segments as their owners handle them: what is refused, what a number is told as, and the rule said back."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.pure.ids import uuid7
from ringmain.member import api as member
from ringmain.member.errors import AnswerNotOffered
from ringmain.network.errors import ShopNotFound
from ringmain.segment import api, errors
from ringmain.segment.store import looks
from ringmain.segment.store import segments as store
from tests.entry.web.tribes import found
from tests.member.people import Town

# A Wednesday in Shanghai, and the Monday after.
WEDNESDAY = datetime(2026, 3, 4, 2, 0, tzinfo=UTC)
MONDAY = datetime(2026, 3, 9, 2, 0, tzinfo=UTC)
EVER = api.Clause(kind="visits", days=90, at_least=1)


async def define(town: Town, *clauses: api.Clause, merchant: bool = True, at: datetime = WEDNESDAY) -> api.Segment:
    """Make a segment of the bakery's, or of the network's."""
    async with town.unit(at) as uow:
        return await api.define(uow, "Some", clauses, town.merchant_id if merchant else None)


async def shown(town: Town, segment_id: UUID, *, merchant: bool = True) -> api.People:
    """Return what is told of the number of people."""
    async with town.unit() as uow:
        return (await api.segment_of(uow, segment_id, town.merchant_id if merchant else None)).people


async def put(town: Town, segment_id: UUID, people: int) -> None:
    """Put so many new members into a segment."""
    async with town.unit(WEDNESDAY) as uow:
        tags = [member.identifier(member.IdentifierKind.TAG, uuid4().hex) for _ in range(people)]
        made = await member.enrol(uow, town.keyring, [member.Enrolment(tag) for tag in tags])
        rows = [
            store.ChangeRow(uuid7(WEDNESDAY), segment_id, None, one.known.subject_id, True, "filled", None, WEDNESDAY)
            for one in made
        ]
        await store.change(uow, rows)
        await looks.note_filling(uow, segment_id, None, people, WEDNESDAY)


@pytest.mark.parametrize(
    ("clauses", "merchant", "refused"),
    [
        ([], True, errors.ClauseMalformed),
        ([EVER] * 6, True, errors.ClauseMalformed),
        ([api.Clause(kind="visits", days=3)], True, errors.ClauseMalformed),
        ([api.Clause(kind="bought", days=3, category="Pharmacy")], True, errors.CategorySensitive),
        ([api.Clause(kind="tribe", tribe_id=uuid4())], True, errors.TribeUnknown),
        ([api.Clause(kind="answer", question="spice", answer="hot")], True, errors.ClauseNotForMerchants),
        ([api.Clause(kind="answer", question="spice", answer="cold")], False, AnswerNotOffered),
        ([api.Clause(kind="last_visit", days=3, shop_id=uuid4())], False, ShopNotFound),
    ],
)
async def test_what_is_refused(
    town: Town, clauses: list[api.Clause], merchant: bool, refused: type[RuleBroken]
) -> None:
    """Malformed, sensitive, unknown, or of what people told the network only; then there is no segment."""
    with pytest.raises(refused):
        await define(town, *clauses, merchant=merchant)
    assert await town.count("segment") == 0


async def test_a_shop_of_another_merchant_and_one_too_many(town: Town) -> None:
    """A merchant names its own shops only, and keeps fifty segments at most; the network names any shop."""
    other = api.Clause(kind="visits", days=3, at_least=1, shop_id=town.other_shop_id)
    with pytest.raises(ShopNotFound):
        await define(town, other)
    await define(town, other, merchant=False)
    for _ in range(api.MOST_SEGMENTS):
        await define(town, EVER)
    with pytest.raises(errors.TooManySegments):
        await define(town, EVER)
    assert await town.count("segment") == api.MOST_SEGMENTS + 1


async def test_who_sees_which_segments(town: Town) -> None:
    """A merchant sees and archives its own, the operator everybody's."""
    own, networks = await define(town, EVER), await define(town, EVER, merchant=False)
    async with town.unit() as uow:
        assert [one.id for one in await api.segments(uow, town.merchant_id)] == [own.id]
        assert {one.id for one in await api.segments(uow, None)} == {own.id, networks.id}
        assert await api.segments(uow, town.other_merchant_id) == []
        for id_ in (networks.id, uuid4()):
            with pytest.raises(errors.SegmentUnknown):
                await api.archive(uow, id_, town.merchant_id)
        await api.archive(uow, own.id, None)
        assert [one.id for one in await api.segments(uow, None)] == [networks.id]


async def test_numbers_of_a_merchants_own_guests_are_exact(town: Town) -> None:
    """Its own till says as much; the operator reads a number from ten people on."""
    segment_id = (await define(town, EVER)).id
    assert await shown(town, segment_id) == api.People(api.Counting.EXACT, 0)
    await put(town, segment_id, 9)
    assert await shown(town, segment_id) == api.People(api.Counting.EXACT, 9)
    assert await shown(town, segment_id, merchant=False) == api.People(api.Counting.FEWER_THAN_TEN)
    await put(town, segment_id, 1)
    assert await shown(town, segment_id, merchant=False) == api.People(api.Counting.EXACT, 10)


@pytest.mark.parametrize(("people", "counting"), [(9, "fewer_than_ten"), (40, "rounded")])
async def test_numbers_beyond_a_merchants_till_are_told_on_mondays(town: Town, people: int, counting: str) -> None:
    """With a tribe asked for: nothing before the next Monday, then in fives from ten on, and the same all week."""
    tribe_id = (await found(town.database, town.network_id))[0]
    segment_id = (await define(town, EVER, api.Clause(kind="tribe", tribe_id=tribe_id))).id
    await put(town, segment_id, people)
    told = []
    for at in (WEDNESDAY, MONDAY, MONDAY + timedelta(days=3)):
        await api.keep_once(town.database, town.keyring, town.network_id, now=at)
        told.append(await shown(town, segment_id))
        if at == MONDAY:
            await put(town, segment_id, 30)
    assert told[0] == api.People(api.Counting.NOT_YET)
    assert told[1] == told[2]
    assert (told[1].counting, told[1].counted_on) == (counting, MONDAY.date())
    assert told[1].number is None or (told[1].number % 5, abs(told[1].number - people) < 5) == (0, True)


async def test_a_rule_is_said_back(town: Town) -> None:
    """As one sentence, in English and Chinese, with the names of shops, tribes, questions and amounts."""
    tribe_id = (await found(town.database, town.network_id))[0]
    clauses = (
        api.Clause(kind="visits", days=90, at_least=1, shop_id=town.shop_id),
        api.Clause(kind="spent", days=1, at_most=1_050, category="tea"),
        api.Clause(kind="tribe", tribe_id=tribe_id),
        api.Clause(kind="answer", question="spice", answer="hot"),
    )
    made = await define(town, *clauses, merchant=False)
    async with town.unit() as uow:
        names = await api.names_of(uow, [made.rule])
    assert api.said(made.rule, "en", names) == (
        "People who came at least once to Bakery in 90 days, spent at most 10.50 CNY for tea in 1 day, are in the "
        "group “Noodles” and answered “How hot do you like it?” with “Hot”."
    )
    assert api.said(made.rule, "zh", names) == (
        "符合全部条件的人：90 天内在「Bakery」到店至少 1 次；1 天内在「tea」类店铺消费至多 10.50 CNY；"
        "属于人群「Noodles」；对「How hot do you like it?」回答「Hot」。"
    )


@pytest.mark.parametrize(
    ("clause", "english", "chinese"),
    [
        ({"kind": "last_visit", "days": 30}, "came for the last time 30 days ago or longer", "上次到店在 30 天以前"),
        ({"kind": "first_visit", "days": 7}, "came for the first time in the last 7 days", "7 天内首次到店"),
        ({"kind": "bought", "days": 7, "category": "tea"}, "bought tea in 7 days", "7 天内买过「tea」"),
        ({"kind": "redeemed", "days": 7}, "used a voucher in 7 days", "7 天内用过券"),
        (
            {"kind": "day_part", "days": 7, "part": "night", "at_most": 2},
            "came at most 2 times at night in 7 days",
            "7 天内在深夜到店至多 2 次",
        ),
    ],
)
def test_each_clause_is_said(clause: dict[str, Any], english: str, chinese: str) -> None:
    """The kinds that need no names."""
    names, one = api.Names({}, {}, "CNY"), api.Clause(**clause)
    assert (api.clause_said(one, "en", names), api.clause_said(one, "zh", names)) == (english, chinese)


async def test_the_own_copy_tells_the_segments_somebody_is_in(town: Town) -> None:
    """With their rule in words; an archived one is left out."""
    segment_id = (await define(town, EVER)).id
    anna = await town.person(member.IdentifierKind.TAG, "anna")
    row = store.ChangeRow(uuid7(WEDNESDAY), segment_id, None, anna.subject_id, True, "filled", None, WEDNESDAY)
    async with town.unit() as uow:
        await store.change(uow, [row])
        assert await api.copied_segments(uow, anna.member_id) == [
            {
                "called": "Some",
                "merchant_id": town.merchant_id,
                "rule": "Your guests who came at least once in 90 days.",
                "since": WEDNESDAY,
            }
        ]
        await api.archive(uow, segment_id, town.merchant_id)
        assert await api.copied_segments(uow, anna.member_id) == []
