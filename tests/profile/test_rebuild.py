"""An image follows the facts in whatever order they come: it is that of a rebuild from all of them, every time."""

import asyncio
import math
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from statistics import median
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ringmain.kit.idempotency import Keyed
from ringmain.kit.migrate import Urls
from ringmain.kit.pure.ids import uuid7
from ringmain.member import api as member
from ringmain.member.api import IdentifierKind
from ringmain.profile import api
from ringmain.profile.errors import SaleNotOfMember
from ringmain.profile.store import ShopBasket, replace_shop_baskets
from ringmain.sale import api as sale
from ringmain.sale import change
from ringmain.sale.errors import SaleNotFound
from tests.member.people import OPERATOR, Town, small_town

# Around the end of the 180 days that count, with room for the time that a test takes.
_DAYS = (*range(9), 30, 90, 178, 182, 400)
# How often the image is looked at between two facts.
_READ = 0.15
_GOODS = ((), ("bread",), ("bread", "roses"), ("roses", "bread", "bread"))
# What a basket of the bakery usually comes to.
USUAL_MINOR = 1_000


@dataclass(frozen=True, slots=True)
class Bought:
    """A purchase as it will have been, when everything about it has come: how much of it went back, what was said.

    `words` are what its buyer says of it in turn: true, this was not me. `by_card`: before anybody knew whose card it
    is. A negative total is goods that were brought back.
    """

    days: int
    minute: int
    place: int
    by_card: bool
    total_minor: int
    tender: str
    goods: tuple[str, ...]
    refunds: tuple[int, ...]
    words: tuple[bool, ...]


Known = Sequence[tuple[int, Bought]]


@dataclass(frozen=True, slots=True)
class Story:
    """Purchases, how often the two cards of a person were put together and apart again, and the order of it all."""

    bought: tuple[Bought, ...]
    merges: int
    order: int


@st.composite
def purchases(draw: st.DrawFn, minute: int) -> Bought:
    """A purchase; most of them are plain."""
    total = draw(st.sampled_from([100, 999, 3_200, 3_200, 12_345, -800]))
    parts = [(), (), (), (total,), (1, total - 1), (50,)] if total > 0 else [()]
    return Bought(
        days=draw(st.sampled_from(_DAYS)),
        # Of no two purchases the same, so that which is newer is no matter of chance.
        minute=minute,
        place=draw(st.integers(0, 1)),
        by_card=draw(st.booleans()),
        total_minor=total,
        tender=draw(st.sampled_from(["cash", "card", "wallet"])),
        goods=draw(st.sampled_from(_GOODS)) if total > 0 else (),
        refunds=draw(st.sampled_from(parts)),
        words=draw(st.sampled_from([(), (), (True,), (True, False), (True, False, True)])),
    )


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Some purchases in some order."""
    count = draw(st.integers(1, 9))
    bought = tuple(draw(purchases(minute)) for minute in range(count))
    return Story(bought, draw(st.integers(0, 3)), draw(st.integers(0, 2**32)))


class Telling:
    """One story in a town: each fact is told through the doors that everybody uses, some of them twice."""

    def __init__(self, town: Town, story: Story) -> None:
        self.town, self.story = town, story
        self.chance = Random(story.order)
        self.now = datetime.now(tz=UTC)
        self.door = sale.TillDoor(town.database, town.keyring, coalesce=False)
        self.shops = (town.shop_id, town.other_shop_id)
        self.at = [self.now - timedelta(days=one.days, hours=one.minute, minutes=one.minute) for one in story.bought]
        self.ids = [uuid7(at) for at in self.at]
        self.refunded: Counter[int] = Counter()
        self.said: list[list[bool]] = [list(one.words) for one in story.bought]
        self.merged: UUID | None = None

    async def tell(self) -> None:
        """Tell everything in the order of the story; what is refused because its sale has not come yet comes again."""
        self.person = await self.town.person(IdentifierKind.PHONE, f"+86138{uuid.uuid4().int % 10**8:08}")
        self.card = await self.town.person(IdentifierKind.CARD_TOKEN, f"tok_{uuid.uuid4()}")
        waiting = self._facts()
        while waiting:
            later = []
            for fact in waiting:
                try:
                    if self.chance.random() < _READ:
                        # Whoever keeps what was read has to bring it up to date with what comes later.
                        await self.image()
                    await self._tell(*fact)
                except (SaleNotFound, SaleNotOfMember):
                    later.append(fact)
            self.chance.shuffle(later)
            # Words about a card's purchases are heard once the card is known to be theirs.
            if len(later) == len(waiting):
                break
            waiting = later

    def _facts(self) -> list[tuple[str, int]]:
        facts = [("sale", place) for place in range(len(self.ids)) for _ in range(self.chance.choice((1, 1, 2)))]
        for place, one in enumerate(self.story.bought):
            facts += [("refund", place)] * len(one.refunds) + [("word", place)] * len(one.words)
        facts += [("merge", 0)] * self.story.merges
        self.chance.shuffle(facts)
        return facts

    async def _tell(self, kind: str, place: int) -> None:
        if kind == "sale":
            # Twice under the same key is once.
            asked = Keyed(self.town.shop_id, str(self.ids[place]), self.ids[place].bytes, self._sale(place))
            answer = await self.door.record(self.town.network_id, asked)
            assert isinstance(answer, sale.Recorded), answer
        elif kind == "merge":
            await self._merge()
        else:
            async with self.town.database.unit(self.town.network_id) as uow:
                await (self._refund if kind == "refund" else self._say)(uow, place)

    def _sale(self, place: int) -> sale.NewSale:
        one = self.story.bought[place]
        return sale.NewSale(
            id=self.ids[place],
            shop_id=self.shops[one.place],
            subject_id=(self.card if one.by_card else self.person).subject_id,
            sold_at=self.at[place],
            total_minor=one.total_minor,
            currency="CNY",
            tenders=(sale.Tender(one.tender, one.total_minor),),
            lines=tuple(
                sale.Line(product, 1_000, 0 if number else one.total_minor) for number, product in enumerate(one.goods)
            ),
        )

    async def _refund(self, uow: Any, place: int) -> None:
        amount = self.story.bought[place].refunds[self.refunded[place]]
        await change.refund(uow, change.Refund(self.ids[place], None, amount, "returned"))
        self.refunded[place] += 1

    async def _say(self, uow: Any, place: int) -> None:
        # Said twice: the second time is no news.
        await api.dispute(uow, self.person.member_id, self.ids[place], not_me=self.said[place][0])
        await api.dispute(uow, self.person.member_id, self.ids[place], not_me=self.said[place][0])
        self.said[place].pop(0)

    async def _merge(self) -> None:
        """Put the card to the person, or, where that was done, take it away again."""
        async with self.town.database.unit(self.town.network_id) as uow:
            if self.merged is None:
                done = await member.merge(uow, self.card.member_id, self.person.member_id, OPERATOR)
                self.merged = done.merge_id
            else:
                await member.unmerge(uow, self.merged, OPERATOR)
                self.merged = None

    def known(self) -> list[tuple[int, Bought]]:
        """Return what counts in the end, the newest first: by the last word, and without what was undone."""
        found = []
        for place, one in enumerate(self.story.bought):
            heard = one.words[: len(one.words) - len(self.said[place])]
            disputed = bool(heard) and heard[-1]
            undone = sum(one.refunds) == one.total_minor
            theirs = self.merged is not None or not one.by_card
            if theirs and one.total_minor >= 0 and one.days < 180 and not disputed and not undone:
                found.append((place, one))
        return sorted(found, key=lambda pair: self.ids[pair[0]], reverse=True)

    async def image(self) -> list[dict[str, Any]]:
        """Return the fields of the person's image, as they are read."""
        async with self.town.database.unit(self.town.network_id) as uow:
            drawn = await api.image(uow, self.town.keyring, self.person.member_id)
        return [
            {
                "field": one.field.value,
                "values": [(value.key, value.count, value.of, value.sale_ids) for value in one.values],
                "figure": one.amount_minor if one.number is None else round(one.number, 9),
                "facts": one.facts,
                "span": (one.oldest_at, one.newest_at),
                "expected": one.expected_at,
            }
            for one in drawn.fields
        ]

    def rebuilt(self) -> list[dict[str, Any]]:
        """Return the same, counted anew in the plainest way from everything that counts in the end."""
        known = self.known()
        shop = {place: str(self.shops[one.place]) for place, one in known}
        trade = {place: ("bakery", "florist")[one.place] for place, one in known}
        everywhere = [(shop[known[0][0]], place) for place, _ in known] if known else []
        # Both shops are at one corner: the area is called after the one where they were more often, then more lately.
        shops = self._field("favourite_shops", [(shop[place], place) for place, _ in known], 3)
        if shops["values"]:
            everywhere = [(shops["values"][0][0], place) for _, place in everywhere]
        return [
            shops,
            self._field("favourite_categories", [(trade[place], place) for place, _ in known], 3),
            self._products(known),
            self._field("usual_areas", everywhere, 3),
            self._field("usual_day_part", [(self._part(place), place) for place, _ in known], 1),
            self._field("usual_tender", [(one.tender, place) for place, one in known], 1),
            self._basket(known),
            self._spending(known),
            self._share("voucher_use", "voucher", [], [place for place, _ in known]),
            self._novelty(known),
            self._loyalty(shops, trade),
            *self._rhythm([place for place, _ in known]),
        ]

    def _products(self, known: Known) -> dict[str, Any]:
        told = [(place, set(one.goods)) for place, one in known if one.goods]
        found = self._field("favourite_products", [(product, place) for place, goods in told for product in goods], 3)
        often = [(key, count, len(told), ids) for key, count, _, ids in found["values"] if count > 1]
        found["values"] = often if len(told) >= 3 else []
        return {**found, "facts": len(told)}

    def _basket(self, known: Known) -> dict[str, Any]:
        basket = self._field("average_basket", [("", place) for place, _ in known], 0)
        if len(known) >= 3:
            basket["figure"] = int(sum(one.total_minor for _, one in known) / len(known) + 0.5)
        return basket

    def _spending(self, known: Known) -> dict[str, Any]:
        """Others pay 10.00 at the bakery; of the florist's baskets nothing is known."""
        times = [(place, one.total_minor / USUAL_MINOR) for place, one in known if one.place == 0]
        found = self._field("spending_power", [("", place) for place, _ in times], 0)
        if len(times) >= 3:
            number = math.prod(one for _, one in times) ** (1 / len(times))
            word = self._word(number)
            saying = [(word, place) for place, one in times if self._word(one) == word]
            found["values"] = [(word, len(saying), len(times), self._evidence(saying, word))]
            found["figure"] = round(number, 9)
        return found

    @staticmethod
    def _word(times: float) -> str:
        return "less" if times < 0.8 else "more" if times > 1.25 else "about"

    def _share(self, name: str, key: str, saying: Sequence[int], places: Sequence[int]) -> dict[str, Any]:
        found = self._field(name, [(key, place) for place in places], 0)
        if len(places) >= 3:
            ids = self._evidence([(key, place) for place in saying], key)
            found["values"] = [(key, len(saying), len(places), ids)]
            found["figure"] = round(len(saying) / len(places), 9)
        return found

    def _novelty(self, known: Known) -> dict[str, Any]:
        places = [place for place, _ in known]
        newer = places[: max(min((len(places) + 1) // 2, len(places) - 5), 0)]
        where = [one.place for _, one in known]
        new = [place for number, place in enumerate(newer) if where[number] not in where[number + 1 :]]
        return self._share("novelty", "new", new, newer)

    def _loyalty(self, shops: dict[str, Any], trade: dict[int, str]) -> dict[str, Any]:
        """Each trade has one shop here, so that who goes there is wholly faithful."""
        values = [(key, count, count, ids) for key, count, _, ids in shops["values"] if count >= 3]
        return {**shops, "field": "loyalty", "values": values, "figure": 1.0 if values else None}

    def _rhythm(self, places: Sequence[int]) -> list[dict[str, Any]]:
        shanghai = ZoneInfo("Asia/Shanghai")
        last = {self.at[place].astimezone(shanghai).date(): place for place in reversed(places)}
        days = sorted(last)
        gaps = [(days[number + 1] - days[number]).days for number in range(len(days) - 1)]
        if len(gaps) < 3:
            facts = [("", last[day]) for day in reversed(days[1:])]
            return [self._field(name, facts, 0) for name in ("regularity", "next_visit")]
        middle = median(gaps)
        even = [last[day] for day, gap in zip(days[1:], gaps, strict=True) if abs(gap - middle) <= middle / 2]
        regular = self._field("regularity", [("even", place) for place in places], 0)
        regular["figure"], regular["facts"] = middle, len(gaps)
        following = {**regular, "field": "next_visit"}
        ids = self._evidence([("even", one) for one in even[::-1]], "even")
        regular["values"] = [("even", len(even), len(gaps), ids)]
        expected = max(self.at[place] for place in places) + timedelta(days=middle)
        # Reading takes a moment.
        if expected <= self.now:
            return [regular, {**following, "figure": None}]
        return [regular, {**following, "expected": expected}]

    def _part(self, place: int) -> str:
        hour = self.at[place].astimezone(ZoneInfo("Asia/Shanghai")).hour
        if hour < 5 or hour >= 22:
            return "night"
        return "morning" if hour < 11 else "midday" if hour < 14 else "afternoon" if hour < 17 else "evening"

    def _field(self, name: str, facts: Sequence[tuple[str, int]], most: int) -> dict[str, Any]:
        counts = Counter(key for key, _ in facts)
        newest = {key: max(self.at[place] for other, place in facts if other == key) for key in counts}
        ranked = sorted(counts, key=lambda key: (-counts[key], -newest[key].timestamp(), key))[:most]
        times = [self.at[place] for _, place in facts]
        return {
            "field": name,
            "values": [(key, counts[key], len(facts), self._evidence(facts, key)) for key in ranked]
            if len(facts) >= 3
            else [],
            "figure": None,
            "facts": len(facts),
            "span": (min(times), max(times)) if times else (None, None),
            "expected": None,
        }

    def _evidence(self, facts: Iterable[tuple[str, int]], key: str) -> tuple[UUID, ...]:
        return tuple(self.ids[place] for other, place in facts if other == key)[:10]


async def hold(town: Town, story: Story) -> int:
    """Tell a story, compare the image with the rebuild, and return how many purchases counted in the end."""
    telling = Telling(town, story)
    async with town.database.unit(town.network_id) as uow:
        await replace_shop_baskets(uow, [ShopBasket(town.shop_id, "CNY", USUAL_MINOR)], telling.now)
    await telling.tell()
    assert await telling.image() == telling.rebuilt()
    return len(telling.known())


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    """Give a loop that lives as long as the test: each example of a property runs on it."""
    with asyncio.Runner() as runner:
        yield runner


@pytest.mark.parametrize("examples", [40, pytest.param(1_500, marks=[pytest.mark.long, pytest.mark.timeout(1_800)])])
def test_an_image_equals_a_rebuild_from_all_facts(runner: asyncio.Runner, database_urls: Urls, examples: int) -> None:
    """Facts that come late, twice, undone, disputed and taken back, merged and unmerged, in any order."""
    counted: list[int] = []
    stack = AsyncExitStack()
    town = runner.run(stack.enter_async_context(small_town(database_urls.application_url)))

    @settings(max_examples=examples, phases=(Phase.generate,), database=None, suppress_health_check=list(HealthCheck))
    @given(stories())
    def holds(story: Story) -> None:
        counted.append(runner.run(hold(town, story)))

    try:
        holds()
    finally:
        runner.run(stack.aclose())
    assert max(counted) >= 3, "no image had anything to say"


PLAIN = Bought(1, 0, 0, False, 3_200, "cash", (), (), ())


@pytest.mark.parametrize("fault", ["undone", "disputed", "merged"])
async def test_control_a_planted_fold_is_caught(town: Town, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    """A fold that counts what was undone, what was not them, or nothing of the card that is theirs, is no rebuild."""
    odd = {
        "undone": replace(PLAIN, refunds=(3_200,)),
        "disputed": replace(PLAIN, words=(True,)),
        "merged": replace(PLAIN, by_card=True),
    }[fault]
    story = Story((*(replace(PLAIN, minute=minute) for minute in range(3)), replace(odd, minute=3)), 1, 5)
    assert await hold(town, story) == (4 if fault == "merged" else 3)
    read, disputed = sale.bought_by, api.disputed_sales

    async def bought_by(uow: Any, subject_ids: Sequence[UUID], **more: Any) -> list[Any]:
        rows = await read(uow, subject_ids[:1] if fault == "merged" else subject_ids, **more)
        return [replace(row, undone=False) for row in rows] if fault == "undone" else rows

    async def disputed_sales(uow: Any, subject_ids: Sequence[UUID]) -> set[UUID]:
        return set() if fault == "disputed" else await disputed(uow, subject_ids)

    monkeypatch.setattr(sale, "bought_by", bought_by)
    monkeypatch.setattr("ringmain.profile.store.disputed_sales", disputed_sales)
    with pytest.raises(AssertionError):
        await hold(town, story)
