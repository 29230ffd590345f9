"""Tests of chance in answers: how much of it, with which probabilities, for whom, and what is never drawn."""

import itertools
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from math import prod
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from ringmain.match.model import (
    REACH_M,
    SHARE,
    Catalogue,
    Context,
    Drawn,
    ListedOffer,
    MatchedOffer,
    Person,
    Place,
    Ranked,
    ShopFacts,
    Stand,
    draw,
    explores,
    fair_weights,
    left_of,
    seed_of,
)
from tests.match.test_model import AT, DAILY, HERE, OFFER

FIRST, OTHERS = range(20), np.arange(20, 60)
# Chance has so much of a place that every outcome of a short list is seen.
MUCH = 0.4
SEEN = np.array([0.0, 1.0, 3.0])
# The controls are noticed in 3,000.
DRAWS = 6_000
# Of 3,000 lists with these seeds; 3 % of their 57,000 places would be 1,710, with a standard deviation of 41.
TOTAL = 1_776


def test_three_places_in_a_hundred_are_given_by_chance() -> None:
    """Of every place but the first one, which the best shop always has; nothing is shown twice, and ranks stay."""
    counts = np.zeros(20, dtype=int)
    for seed in range(3_000):
        drawn = draw(FIRST, OTHERS, np.ones(40), seed)
        counts += [one.explored for one in drawn]
        assert len({one.shop for one in drawn}) == 20
        ranked = [one.shop for one in drawn if not one.explored]
        assert ranked == list(range(len(ranked)))
    assert counts[0] == 0
    assert int(counts.sum()) == TOTAL
    assert abs(TOTAL - SHARE * 19 * 3_000) < 3 * 41


def outcomes(
    how: Callable[..., list[Drawn]], seeds: int = DRAWS
) -> tuple[Counter[tuple[int, ...]], dict[tuple[int, ...], float]]:
    """Draw short lists; return how often each was drawn, and its probability by what was said of its places."""
    seen: Counter[tuple[int, ...]] = Counter()
    chances: dict[tuple[int, ...], float] = {}
    for seed in range(seeds):
        drawn = how([0, 1, 2], np.array([7, 8, 9]), fair_weights(SEEN), seed)
        shops = tuple(one.shop for one in drawn)
        seen[shops] += 1
        chances[shops] = prod(one.propensity for one in drawn)
    return seen, chances


def differences(seen: Counter[tuple[int, ...]], chances: dict[tuple[int, ...], float]) -> int:
    """Count the lists that were drawn more or less often than was said: by four standard deviations."""
    drawn = sum(seen.values())
    return sum(
        abs(count - drawn * chances[shops]) > 4 * (drawn * chances[shops] * (1 - chances[shops])) ** 0.5
        for shops, count in seen.items()
    )


def test_what_is_said_of_chance_is_what_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    """The probabilities of all lists sum to 1, those of each place too, and each list is as frequent as was said."""
    monkeypatch.setattr("ringmain.match.model.explore.SHARE", MUCH)
    seen, chances = outcomes(draw)
    # The best shop; then in each of two places the next by rank, or one of three or of the two that are left.
    assert len(chances) == 1 + 3 + 3 + 3 * 2
    assert sum(chances.values()) == pytest.approx(1.0)
    assert differences(seen, chances) == 0
    second: dict[int, float] = {}
    for seed in range(2_000):
        one = draw([0, 1, 2], np.array([7, 8, 9]), fair_weights(SEEN), seed)[1]
        second[one.shop] = one.propensity
    # By 1 / (1 + shown): 1, 1/2 and 1/4 of 7/4.
    expected = {1: 1 - MUCH, 7: MUCH * 4 / 7, 8: MUCH * 2 / 7, 9: MUCH * 1 / 7}
    assert second == pytest.approx(expected)


@pytest.mark.parametrize("fault", ["as if all were alike", "as if chance had less"])
def test_control_probabilities_that_are_not_those_of_the_draw_are_noticed(
    monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """The control: probabilities that leave out who was shown little, or the share itself, do not fit what happens."""
    monkeypatch.setattr("ringmain.match.model.explore.SHARE", MUCH)

    def wrong(first: Sequence[int], others: Any, weights: Any, seed: int) -> list[Drawn]:
        drawn = draw(first, others, weights, seed)
        if fault == "as if all were alike":
            return [replace(one, propensity=MUCH / 3) if one.explored else one for one in drawn]
        return [replace(one, propensity=one.propensity / 2) if one.explored else one for one in drawn]

    assert differences(*outcomes(wrong, 3_000)) > 0


def test_who_was_shown_little_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shop that nobody saw is drawn a hundred times as often as one that was shown 99 times; both have a chance."""
    monkeypatch.setattr("ringmain.match.model.explore.SHARE", 1.0)
    weights = fair_weights(np.array([0.0, 99.0]))
    drawn = {one.shop: one.propensity for seed in range(2_000) for one in draw([0, 1], np.array([5, 6]), weights, seed)}
    assert drawn[5] / drawn[6] == pytest.approx(100.0)


def test_where_nothing_else_is_good_all_goes_by_rank() -> None:
    """Without other shops each has its place for certain; an empty answer stays one."""
    drawn = draw([3, 1], np.array([], dtype=np.int64), np.array([]), 1)
    assert drawn == [Drawn(3, 1.0, explored=False), Drawn(1, 1.0, explored=False)]
    assert draw([], OTHERS, np.ones(40), 1) == []


# ------------------------------------------------------------------------------------------ who may be drawn

BEST, SHY = UUID(int=1), UUID(int=2)
HERE_IS, ITS_MERCHANT = UUID(int=50), UUID(int=150)


def shop(id_: UUID, metres: float, **changes: Any) -> ShopFacts:
    """Make a shop north of the place."""
    facts = ShopFacts(
        id=id_,
        merchant_id=UUID(int=id_.int + 100),
        name="Shop",
        category="tea",
        latitude=31.2 + metres / 111_195,
        longitude=121.5,
        time_zone="Asia/Shanghai",
        hours=DAILY,
    )
    return replace(facts, **changes)


def others(
    person: Person | None = None, rivals: frozenset[tuple[UUID, UUID]] = frozenset(), **changes: Any
) -> set[UUID]:
    """Return who could be drawn beside the best shop: the shy one, unless what is changed of it forbids that."""
    offer: MatchedOffer = replace(OFFER, id=UUID(int=902), **{k: v for k, v in changes.items() if k == "ends_at"})
    shy = shop(SHY, changes.get("metres", 900), **{k: v for k, v in changes.items() if k == "hours"})
    offers = [ListedOffer(OFFER, UUID(int=0), 0, (BEST,)), ListedOffer(offer, UUID(int=7), 100, (SHY,))]
    catalogue = Catalogue([shop(BEST, 10), shy, shop(HERE_IS, 0)], offers)
    left = left_of(catalogue, [-1, changes.get("stock", -1)], [0, changes.get("fund", 100)])
    context = Context(at=AT, place=HERE, limit=1, **{k: v for k, v in changes.items() if k == "with_offers_only"})
    ranked = Ranked(catalogue, left, context, person or Person(), Stand(HERE_IS, ITS_MERCHANT, rivals))
    assert [catalogue.shops[place].id for place in ranked.first] == [BEST]
    return {catalogue.shops[int(place)].id for place in ranked.others(REACH_M)}


CLOSED = tuple(((0, 60),) for _ in range(7))


@pytest.mark.parametrize(
    "guard",
    [
        {"person": Person(blocked_shops=frozenset({SHY}))},
        {"person": Person(blocked_offers=frozenset({UUID(int=902)}))},
        {"rivals": frozenset({(ITS_MERCHANT, SHY)})},
        {"rivals": frozenset({(UUID(int=102), HERE_IS)})},
        {"hours": CLOSED},
        {"metres": 2_100},
        {"stock": 0},
        {"fund": 99},
        {"ends_at": AT - timedelta(minutes=1)},
    ],
    ids=["blocked", "offer blocked", "rival", "its rival", "closed", "far", "none left", "no cover", "over"],
)
def test_what_may_not_be_shown_or_is_no_good_visit_is_never_drawn(guard: dict[str, Any]) -> None:
    """The shop that has one thing against it is not drawn; the control: without it, the same shop is."""
    assert others(**guard) == set()
    assert others() == {SHY}


def test_nobody_is_drawn_where_something_is_looked_for() -> None:
    """Who types a name or asks for one offer gets what they asked for."""
    assert explores(Context(at=AT))
    assert explores(Context(at=AT, words="  "))
    assert not explores(Context(at=AT, words="tea"))
    assert not explores(Context(at=AT, offer_id=OFFER.id))


def test_the_person_is_part_of_chance_only_where_they_agreed() -> None:
    """Without consent everybody at a place has the same seed; it stays for a quarter of an hour, and is the place's."""
    town, anna, bob = UUID(int=5), (UUID(int=11),), (UUID(int=12),)
    contexts = [Context(at=AT, place=HERE, subject_ids=one) for one in (anna, bob, ())]
    assert len({seed_of(town, one, personal=False) for one in contexts}) == 1
    assert len({seed_of(town, one, personal=True) for one in contexts}) == 3
    first = contexts[0]
    seeds = {
        name: seed_of(town, context, personal=False)
        for name, context in {
            "same": replace(first, at=AT + timedelta(minutes=14)),
            "later": replace(first, at=AT + timedelta(minutes=15)),
            "elsewhere": replace(first, place=Place(31.2, 121.6)),
        }.items()
    }
    known = seed_of(town, first, personal=False)
    assert {name for name, seed in seeds.items() if seed == known} == {"same"}
    assert seed_of(uuid.uuid4(), first, personal=False) != known
    assert all(a >= 0 and a != b for a, b in itertools.pairwise(seeds.values()))
