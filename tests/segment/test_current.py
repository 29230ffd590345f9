"""Segments follow facts and time: who is in them is who a look at everybody from scratch would put there."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from ringmain.kit.follow import catch_up
from ringmain.kit.migrate import Urls
from ringmain.member import api as member
from ringmain.profile import api as profile
from ringmain.sale import api as sale
from ringmain.segment import api
from ringmain.segment.store import facts as fact_store
from ringmain.segment.store import looks
from ringmain.segment.store import segments as store
from tests.member.people import OPERATOR, Town, small_town
from tests.profile.test_rebuild import Story, Telling, stories
from tests.profile.visits import DAY, voucher_of
from tests.profile.visits import buy as buy_at

PLACE = member.Place("page", OPERATOR)
# A follower reads by the clock of the database, so what is told here happens now.
NOW = datetime.now(tz=UTC).replace(microsecond=0)


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    """Give a loop that lives as long as the test: each example of a property runs on it."""
    with asyncio.Runner() as runner:
        yield runner


async def buy(town: Town, who: member.Known, days: float = 0, **more: Any) -> UUID:
    """Record a sale at the bakery, so many days ago."""
    return await buy_at(town, who, NOW - DAY * days, **more)


async def define(town: Town, *clauses: api.Clause, merchant: bool = True, at: datetime = NOW) -> UUID:
    """Make a segment of the bakery's guests, or of the network's people."""
    async with town.unit(at) as uow:
        return (await api.define(uow, "Some", clauses, town.merchant_id if merchant else None)).id


async def follow(town: Town) -> None:
    """Let the follower read what is there."""
    await catch_up(town.database, api.follower(town.keyring), town.network_id)


async def keep(town: Town, at: datetime | None = NOW, piece: int = 500) -> None:
    """Let the keeper work until there is nothing to do at a moment."""
    for _ in range(100):
        if not (await api.keep_once(town.database, town.keyring, town.network_id, now=at, piece=piece)).more:
            return
    raise AssertionError("the keeper never comes to an end")


async def agree(town: Town, who: member.Known, *, granted: bool = True) -> None:
    """Let a person agree to personalisation, or withdraw it."""
    answer = member.Answer(member.Purpose.PERSONALISATION, granted, "2026-01", "en")
    async with town.database.unit(town.network_id) as uow:
        await member.record_consents(uow, who.member_id, [answer], PLACE)


async def inside(town: Town, segment_id: UUID) -> list[UUID]:
    """Return who is in a segment."""
    async with town.unit(NOW) as uow:
        return await api.members_of(uow, segment_id)


async def pairs(town: Town) -> set[tuple[Any, ...]]:
    """Return every membership, and when people are looked at next."""
    members = await town.rows("SELECT segment_id, subject_id FROM segment_member")
    due = await town.rows("SELECT subject_id, due_at FROM segment_due WHERE due_at > now()")
    return {*members, *due}


async def rebuild(town: Town, at: datetime | None) -> set[tuple[Any, ...]]:
    """Forget who is in which segment, look at everybody, and return what then is."""
    async with town.database.unit(town.network_id) as uow:
        await uow.execute("DELETE FROM segment_member")
        await uow.execute("DELETE FROM segment_due")
        await looks.fill_again(uow, [row.id for row in await store.live(uow)])
    await keep(town, at)
    return await pairs(town)


async def person(town: Town) -> member.Known:
    """Make somebody with a phone."""
    return await town.person(member.IdentifierKind.PHONE, f"+86138{uuid4().int % 10**8:08}")


class Followed(Telling):
    """A story during which segments are kept up, between any two facts."""

    async def image(self) -> list[dict[str, Any]]:
        """Follow, in the place of looking at the image."""
        await follow(self.town)
        return []


async def _rules(town: Town) -> list[UUID]:
    visits = api.Clause(kind="visits", days=90, at_least=2)
    return [
        await define(town, visits),
        await define(town, replace(visits, at_least=None, at_most=1, days=8)),
        await define(town, api.Clause(kind="last_visit", days=30)),
        await define(town, api.Clause(kind="spent", days=90, at_least=3_000), visits),
        await define(town, api.Clause(kind="first_visit", days=8)),
        await define(town, visits, merchant=False),
        await define(town, api.Clause(kind="last_visit", days=3, category="florist"), merchant=False),
        await define(town, api.Clause(kind="day_part", days=178, part="evening", at_most=0), merchant=False),
    ]


async def hold(town: Town, story: Story, segment_ids: list[UUID]) -> int:
    """Tell a story, compare with a rebuild now and in forty days, and return how many memberships there were."""
    telling = Followed(town, story)
    await telling.tell()
    if story.order % 3:
        await agree(town, telling.person)
    if story.order % 5 == 0:
        async with town.database.unit(town.network_id) as uow:
            await member.erase(uow, telling.card.member_id, OPERATOR)
    await follow(town)
    await keep(town, None)
    followed = await pairs(town)
    assert followed == await rebuild(town, None)
    # By hand, from what the story says in the end: who came to the bakery twice in 90 days.
    own = [one for place, one in telling.known() if one.place == 0 and one.days < 90]
    erased = story.order % 5 == 0 and telling.merged is not None
    assert (telling.person.subject_id in await inside(town, segment_ids[0])) == (len(own) >= 2 and not erased)
    later = datetime.now(tz=UTC) + timedelta(days=40)
    await keep(town, later)
    passed = await town.rows("SELECT segment_id, subject_id FROM segment_member")
    await rebuild(town, later)
    assert sorted(passed) == sorted(await town.rows("SELECT segment_id, subject_id FROM segment_member"))
    await rebuild(town, None)
    return len(followed)


@pytest.mark.parametrize("towns", [1, pytest.param(40, marks=[pytest.mark.long, pytest.mark.timeout(3_600)])])
def test_who_is_in_equals_a_rebuild(runner: asyncio.Runner, database_urls: Urls, towns: int) -> None:
    """Facts late, twice, undone, disputed, merged, unmerged, erased, in any order; and time that passes.

    Each story is compared with a rebuild of its whole town, so that a town has no more than 25 of them.
    """
    counted = [count for number in range(towns) for count in _hold_in_a_town(runner, database_urls, number)]
    assert len(counted) >= 25 * towns
    assert max(counted) >= 3, "nobody was in any segment"


def _hold_in_a_town(runner: asyncio.Runner, database_urls: Urls, number: int) -> list[int]:
    counted: list[int] = []
    stack = AsyncExitStack()
    town = runner.run(stack.enter_async_context(small_town(database_urls.application_url)))
    segment_ids = runner.run(_rules(town))
    runner.run(keep(town, None))

    @seed(number)
    @settings(max_examples=25, phases=(Phase.generate,), database=None, suppress_health_check=list(HealthCheck))
    @given(stories())
    def holds(story: Story) -> None:
        counted.append(runner.run(hold(town, story, segment_ids)))

    try:
        holds()
    finally:
        runner.run(stack.aclose())
    return counted


@pytest.mark.parametrize("fault", ["disputed", "merged"])
async def test_control_a_follower_that_is_told_less_is_caught(
    town: Town, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """A follower that does not hear of what was disputed, or of who was merged, is no rebuild."""
    segment_id = await define(town, api.Clause(kind="visits", days=90, at_least=2))
    anna, card = await person(town), await person(town)
    bought = [await buy(town, who, days) for who, days in ((anna, 2), (anna, 1), (card, 3))]
    await follow(town)
    assert await inside(town, segment_id) == [anna.subject_id]
    monkeypatch.setattr("ringmain.segment.current._OF_SUBJECTS", frozenset())
    monkeypatch.setattr(fact_store, "OF_SALES", frozenset({"sale"}))
    async with town.unit(NOW) as uow:
        if fault == "disputed":
            await profile.dispute(uow, anna.member_id, bought[0], not_me=True)
        else:
            await member.merge(uow, anna.member_id, card.member_id, OPERATOR)
    await follow(town)
    assert await pairs(town) != await rebuild(town, NOW)


async def test_joining_and_leaving_are_facts_with_their_cause(town: Town) -> None:
    """A sale lets a person join, its reversal by word lets them leave; each is announced once, with what caused it."""
    segment_id = await define(town, api.Clause(kind="visits", days=90, at_least=2))
    await keep(town)
    anna = await person(town)
    first, second = await buy(town, anna, 2), await buy(town, anna, 1)
    await follow(town)
    async with town.unit(NOW) as uow:
        await profile.dispute(uow, anna.member_id, first, not_me=True)
    await follow(town)
    await follow(town)
    rows = await town.rows(
        "SELECT id, segment_id, merchant_id, subject_id, joined, cause_kind, cause_id FROM segment_change ORDER BY id"
    )
    (dispute,) = await town.facts("sale_disputed")
    common = (segment_id, town.merchant_id, anna.subject_id)
    assert [row[1:] for row in rows] == [(*common, True, "sale", second), (*common, False, "sale_disputed", dispute)]
    assert await town.facts("segment_change") == [row[0] for row in rows]


async def test_time_lets_people_join_and_leave_without_looking_at_everybody(town: Town) -> None:
    """Whoever has a visit that grows old is looked at at that moment, and nobody else."""
    recent = await define(town, api.Clause(kind="visits", days=10, at_least=1))
    away = await define(town, api.Clause(kind="last_visit", days=30))
    anna, ben = await person(town), await person(town)
    await buy(town, anna)
    await keep(town)
    await follow(town)
    assert (await inside(town, recent), await inside(town, away)) == ([anna.subject_id], [])
    assert await town.rows("SELECT subject_id, due_at FROM segment_due") == [(anna.subject_id, NOW + DAY * 10)]
    await keep(town, NOW + DAY * 10 - timedelta(seconds=1))
    assert await inside(town, recent) == [anna.subject_id]
    await keep(town, NOW + DAY * 10)
    assert (await inside(town, recent), await inside(town, away)) == ([], [])
    done = await api.keep_once(town.database, town.keyring, town.network_id, now=NOW + DAY * 30)
    assert (done.looked_at, await inside(town, away)) == (1, [anna.subject_id])
    assert await town.rows("SELECT cause_kind, cause_id FROM segment_change ORDER BY changed_at OFFSET 1") == [
        ("time", None),
        ("time", None),
    ]
    assert await town.count("segment_due") == 0
    assert ben.subject_id not in await inside(town, away)


async def test_a_new_rule_is_filled_in_pieces_and_says_how_far(town: Town) -> None:
    """The request looks at nobody; each piece of the keeper is noted, and facts between two pieces are not lost."""
    people = [await person(town) for _ in range(5)]
    for one in people[:4]:
        await buy(town, one)
    await follow(town)
    segment_id = await define(town, api.Clause(kind="visits", days=30, at_least=1))
    shares = []
    for number in range(4):
        async with town.unit(NOW) as uow:
            shares.append((await api.segment_of(uow, segment_id, town.merchant_id)).filled_per_cent)
        if number == 1:
            await buy(town, people[4])
            await follow(town)
        await api.keep_once(town.database, town.keyring, town.network_id, now=NOW, piece=2)
    assert shares == [0, 40, 80, 100]
    assert await inside(town, segment_id) == sorted(one.subject_id for one in people)


async def test_consent_lets_people_into_the_networks_segments_and_out(town: Town) -> None:
    """Agreeing lets a person in, withdrawing lets them out at once; a hidden field does the same."""
    segment_id = await define(
        town, api.Clause(kind="visits", days=90, at_least=1, shop_id=town.shop_id), merchant=False
    )
    anna = await person(town)
    await buy(town, anna)
    seen = []
    for step in ("nothing", "agree", "hide", "show", "withdraw"):
        async with town.unit(NOW) as uow:
            if step in ("hide", "show"):
                await member.hide_field(uow, anna.member_id, "favourite_shops", hidden=step == "hide")
        if step in ("agree", "withdraw"):
            await agree(town, anna, granted=step == "agree")
        await follow(town)
        seen.append(await inside(town, segment_id) == [anna.subject_id])
    assert seen == [False, True, False, True, False]


async def test_answers_and_vouchers_and_lines(town: Town) -> None:
    """What somebody answered, whether they used a voucher, and what they bought; erasing them lets them leave."""
    answered = await define(town, api.Clause(kind="answer", question="spice", answer="hot"), merchant=False)
    bought = await define(town, api.Clause(kind="bought", days=30, category="bread"))
    redeemed = await define(town, api.Clause(kind="redeemed", days=30))
    anna = await person(town)
    await agree(town, anna)
    async with town.unit(NOW) as uow:
        await member.answer_question(uow, town.keyring, anna.member_id, "spice", "hot")
    voucher_id = await voucher_of(town, anna, NOW)
    await buy(
        town,
        anna,
        lines=(sale.Line("Loaf", 1_000, 3_200, "bread"),),
        vouchers=(sale.VoucherUse(voucher_id),),
    )
    await follow(town)
    for segment_id in (answered, bought, redeemed):
        assert await inside(town, segment_id) == [anna.subject_id]
    async with town.unit(NOW) as uow:
        assert await api.in_segment(uow, redeemed, [anna.subject_id, uuid4()]) == {anna.subject_id}
        await member.erase(uow, anna.member_id, OPERATOR)
    assert await town.count("segment_member") == 0
    await follow(town)
    left = await town.rows("SELECT segment_id FROM segment_change WHERE NOT joined AND cause_kind = 'member_erased'")
    assert sorted(left) == sorted([(answered,), (bought,), (redeemed,)])


async def test_an_import_is_left_to_the_keeper(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch that touches very many people holds nobody back: they are due at once, each with their fact."""
    # Facts of three people may come in several batches, where other work holds some of them back.
    monkeypatch.setattr("ringmain.segment.current._MOST_AT_ONCE", 0)
    segment_id = await define(town, api.Clause(kind="visits", days=30, at_least=1))
    await keep(town)
    people = [await person(town) for _ in range(3)]
    for one in people:
        await buy(town, one)
    await catch_up(town.database, replace(api.follower(town.keyring), most_facts=100), town.network_id)
    assert await inside(town, segment_id) == []
    await keep(town, None)
    kinds = await town.rows("SELECT DISTINCT cause_kind FROM segment_change")
    assert (await inside(town, segment_id), kinds) == (sorted(one.subject_id for one in people), [("sale",)])


async def test_an_archived_segment_holds_nobody(town: Town) -> None:
    """At once for who asks, and its rows go in pieces; nobody is told to have left, and nothing is due any more."""
    segment_id = await define(town, api.Clause(kind="visits", days=30, at_least=1))
    anna = await person(town)
    await buy(town, anna)
    await keep(town)
    assert await inside(town, segment_id) == [anna.subject_id]
    async with town.unit(NOW) as uow:
        assert await api.archive(uow, segment_id, town.merchant_id) == segment_id
    assert (await inside(town, segment_id), await town.count("segment_member")) == ([], 1)
    await keep(town, NOW + DAY * 31)
    assert (await town.count("segment_member"), await town.count("segment_due")) == (0, 0)
    assert await town.rows("SELECT joined FROM segment_change") == [(True,)]
