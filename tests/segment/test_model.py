"""A rule decides of a person's facts, and says itself when time alone will change its answer."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringmain.segment.model import Clause, Held, PersonFacts, SegmentRule, SegmentVisit

NOW = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
DAY = timedelta(days=1)
MERCHANT, OTHER = UUID(int=1), UUID(int=2)
SHOP, OTHER_SHOP, TRIBE = UUID(int=3), UUID(int=4), UUID(int=5)


def visit(days: float, *, elsewhere: bool = False, **more: object) -> SegmentVisit:
    """A visit so many days ago, for 10.00, in the evening."""
    shop, merchant, category = (OTHER_SHOP, OTHER, "tea") if elsewhere else (SHOP, MERCHANT, "bakery")
    plain = SegmentVisit(NOW - DAY * days, shop, merchant, category, "evening", 1_000, False)
    return replace(plain, **more)  # type: ignore[arg-type]  # whatever a test wants to be otherwise


TWICE = (visit(3), visit(20, elsewhere=True))
AGREES = PersonFacts(TWICE, personalised=True)


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        (Clause(kind="visits", days=30, at_least=2), Held(True, NOW + DAY * 10)),
        (Clause(kind="visits", days=10, at_least=2), Held(False)),
        (Clause(kind="visits", days=30, at_least=1, shop_id=SHOP), Held(True, NOW + DAY * 27)),
        (Clause(kind="visits", days=30, at_least=1, category="florist"), Held(False)),
        (Clause(kind="visits", days=30, at_most=1), Held(False, NOW + DAY * 10)),
        (Clause(kind="visits", days=10, at_most=1), Held(True)),
        (Clause(kind="last_visit", days=3), Held(True)),
        (Clause(kind="last_visit", days=4), Held(False, NOW + DAY)),
        (Clause(kind="last_visit", days=4, shop_id=OTHER_SHOP), Held(True)),
        (Clause(kind="last_visit", days=4, category="florist"), Held(False)),
        (Clause(kind="spent", days=30, at_least=1_001), Held(True, NOW + DAY * 10)),
        (Clause(kind="spent", days=30, at_least=2_001), Held(False)),
        (Clause(kind="spent", days=30, at_most=999), Held(False, NOW + DAY * 27)),
        (Clause(kind="first_visit", days=21), Held(True, NOW + DAY)),
        (Clause(kind="first_visit", days=20), Held(False)),
        (Clause(kind="bought", days=30, category="bread"), Held(False)),
        (Clause(kind="redeemed", days=30), Held(False)),
        (Clause(kind="day_part", days=30, part="evening", at_least=2), Held(True, NOW + DAY * 10)),
        (Clause(kind="day_part", days=30, part="morning", at_most=0), Held(True)),
        (Clause(kind="tribe", tribe_id=TRIBE), Held(False)),
        (Clause(kind="answer", question="spice", answer="hot"), Held(False)),
    ],
)
def test_each_kind_of_clause(clause: Clause, expected: Held) -> None:
    """Each says whether it holds, and until when; days are spans of 24 hours."""
    assert clause.well_formed
    assert SegmentRule((clause,)).judge(AGREES, NOW) == expected


def test_what_was_bought_redeemed_answered_and_grouped() -> None:
    """The kinds of clauses that the plain visits say nothing of."""
    facts = replace(
        AGREES,
        visits=(visit(5, redeemed=True, bought=frozenset({"bread"})),),
        tribe_id=TRIBE,
        answers={"spice": "hot"},
    )
    for clause, until in (
        (Clause(kind="bought", days=30, category="bread"), NOW + DAY * 25),
        (Clause(kind="redeemed", days=6), NOW + DAY),
        (Clause(kind="tribe", tribe_id=TRIBE), None),
        (Clause(kind="answer", question="spice", answer="hot"), None),
    ):
        assert SegmentRule((clause,)).judge(facts, NOW) == Held(True, until)


def test_a_merchant_sees_its_own_guests_only() -> None:
    """What happens elsewhere neither counts nor makes a guest; without consent its own till still counts."""
    silent = PersonFacts(TWICE)
    ever = Clause(kind="visits", days=30, at_least=1)
    assert SegmentRule((ever,), OTHER).holds(silent, NOW)
    assert not SegmentRule((replace(ever, at_least=2),), OTHER).holds(AGREES, NOW)
    never = Clause(kind="visits", days=30, at_most=0)
    assert not SegmentRule((never,), UUID(int=9)).holds(AGREES, NOW)


def test_beyond_a_merchants_own_till_consent_is_needed_and_what_is_hidden_is_not_used() -> None:
    """The network's segments, and a merchant's that asks for a tribe, hold only people who agree."""
    ever = Clause(kind="visits", days=30, at_least=1, shop_id=SHOP)
    tribe = Clause(kind="tribe", tribe_id=TRIBE)
    for rule in (SegmentRule((ever,)), SegmentRule((ever, tribe), MERCHANT)):
        facts = replace(AGREES, tribe_id=TRIBE)
        assert rule.holds(facts, NOW)
        assert not rule.holds(replace(facts, personalised=False), NOW)
        assert not rule.holds(replace(facts, hidden=frozenset({"favourite_shops"})), NOW)
        assert rule.holds(replace(facts, hidden=frozenset({"usual_tender"})), NOW)


@pytest.mark.parametrize(
    "clause",
    [
        Clause(kind="visits", days=30),
        Clause(kind="visits", days=30, at_least=1, at_most=3),
        Clause(kind="visits", days=0, at_least=1),
        Clause(kind="visits", days=731, at_least=1),
        Clause(kind="visits", days=30, at_least=0),
        Clause(kind="visits", days=30, at_most=-1),
        Clause(kind="visits", days=30, at_least=1, shop_id=SHOP, category="tea"),
        Clause(kind="visits", days=30, at_least=1, part="evening"),
        Clause(kind="last_visit", days=30, at_least=1),
        Clause(kind="bought", days=30),
        Clause(kind="tribe", tribe_id=TRIBE, days=3),
        Clause(kind="answer", question="spice"),
    ],
)
def test_malformed_clauses(clause: Clause) -> None:
    """A field that is missing, not of the kind, or out of bounds."""
    assert not clause.well_formed


def _clauses() -> st.SearchStrategy[Clause]:
    days = st.integers(1, 40)
    few = st.integers(1, 4)
    return st.one_of(
        st.builds(lambda d, n: Clause(kind="visits", days=d, at_least=n), days, few),
        st.builds(lambda d, n: Clause(kind="visits", days=d, at_most=n, shop_id=SHOP), days, few),
        st.builds(lambda d: Clause(kind="last_visit", days=d), days),
        st.builds(lambda d, n: Clause(kind="spent", days=d, at_least=n * 700), days, few),
        st.builds(lambda d, n: Clause(kind="spent", days=d, at_most=n * 700, category="tea"), days, few),
        st.builds(lambda d: Clause(kind="first_visit", days=d), days),
        st.builds(lambda d: Clause(kind="redeemed", days=d), days),
        st.builds(lambda d, n: Clause(kind="day_part", days=d, part="morning", at_least=n), days, few),
    )


_VISITS = st.lists(
    st.builds(
        visit,
        st.integers(-40, 1_000).map(lambda hours: hours / 24),
        elsewhere=st.booleans(),
        paid_minor=st.sampled_from([0, 300, 700, 2_000]),
        redeemed=st.booleans(),
        part=st.sampled_from(["morning", "evening"]),
    ),
    max_size=8,
)


@given(_VISITS, st.lists(_clauses(), min_size=1, max_size=3), st.sampled_from([None, MERCHANT]))
def test_an_answer_stands_until_it_says(
    visits: list[SegmentVisit], clauses: list[Clause], merchant_id: UUID | None
) -> None:
    """Asked every hour of the next 100 days, no answer changes before the moment that was named for it."""
    rule, facts = SegmentRule(tuple(clauses), merchant_id), PersonFacts(visits, personalised=True)
    held = rule.judge(facts, NOW)
    assert held.until is None or held.until > NOW
    for hour in range(0, 24 * 100, 6):
        at = NOW + timedelta(hours=hour)
        if held.until is not None and at >= held.until:
            # Whoever looks again then hears what is so, and until when.
            held = rule.judge(facts, at)
        assert rule.holds(facts, at) == held.holds, at
