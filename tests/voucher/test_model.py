"""The rules of vouchers as a table: terms, what is tried, and what comes of it; no database."""

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.pure.ids import uuid7
from ringmain.voucher.model import (
    Book,
    Close,
    Counter,
    Grant,
    Limit,
    Offer,
    PastRedemption,
    Redeem,
    Redeemed,
    Redeemer,
    Reverse,
    Reversed,
    Terms,
    Voucher,
    fault_of,
    limit_keys,
    local_day,
    validity,
)

MONDAY = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)  # 11:00 in Berlin
DAY = timedelta(days=1)
HOLDER, OTHER = UUID(int=1), UUID(int=2)
SHOP, OTHER_SHOP = UUID(int=3), UUID(int=4)
MERCHANT, FUNDER, OFFER = UUID(int=5), UUID(int=6), UUID(int=7)
SECRET = bytes(range(16))
TILL = Redeemer(MERCHANT, SHOP, None, "Europe/Berlin")
KINDS: dict[str, dict[str, Any]] = {
    "cash": {},
    "discount": {"percent_bp": 1_500},
    "exchange": {"goods": "A cup of tea"},
    "gift": {},
    "bundle": {"parts": 3},
    "points": {"price_points": 50},
}


def terms(kind: str = "cash", **changes: Any) -> Terms:
    """Return terms of a kind that make sense: worth 2.00, for 14 days."""
    fields = {"kind": kind, "currency": "EUR", "face_minor": 200, "valid_days": 14, **KINDS.get(kind, {}), **changes}
    return Terms(**fields)


def voucher(of: Terms, **changes: Any) -> Voucher:
    """Return a fresh voucher of the offer."""
    fresh = Voucher(
        id=uuid7(MONDAY),
        offer_id=OFFER,
        secret=SECRET,
        subject_id=HOLDER,
        face_minor=of.face_minor,
        remaining_minor=of.face_minor,
        held_minor=of.set_aside_minor,
        uses=0,
        sequence=0,
        closed=None,
        lock_key=None,
        lock_until=None,
        valid_from=MONDAY - DAY,
        valid_until=MONDAY + 14 * DAY,
    )
    return replace(fresh, **changes)


def book_of(of: Terms, *vouchers: Voucher, used: dict[str, int] | None = None) -> Book:
    """Return a book of one offer; `used` counts its limits by scope."""
    book = Book({one.id: one for one in vouchers}, {OFFER: Offer(OFFER, FUNDER, of)})
    day = local_day(MONDAY, TILL.time_zone)
    for key, maximum in limit_keys(of, OFFER, HOLDER, day):
        book.limits[key] = Limit((used or {}).get(key[1], 0), maximum)
    return book


def redeem(one: Voucher, **changes: Any) -> Redeem:
    """Return the holder spending a voucher on a basket of 10.00."""
    action = Redeem(
        uuid7(MONDAY), one.id, uuid7(MONDAY), TILL, MONDAY, subject_id=HOLDER, basket_minor=1_000, currency="EUR"
    )
    return replace(action, **changes)


def outcome(answer: Any) -> Any:
    """Return the code of a rule, or what was taken off."""
    if isinstance(answer, RuleBroken):
        return answer.code
    return [one.amount_minor for one in answer] if isinstance(answer, list) else answer


# --------------------------------------------------------------------------------------------- one voucher, one sale

# name: (terms, what the voucher is like, what is tried, what comes of it: the amount taken off, or the rule)
CASES: dict[str, tuple[Terms, dict[str, Any], dict[str, Any], int | str]] = {
    "cash takes its face value": (terms(), {}, {}, 200),
    "cash takes no more than the basket": (terms(), {}, {"basket_minor": 150}, 150),
    "cash without a basket takes its face value": (terms(), {}, {"basket_minor": None}, 200),
    "cash is not spent in parts": (terms(), {}, {"amount_minor": 50}, "part_not_allowed"),
    "a basket of nothing is no use": (terms(), {}, {"basket_minor": 0}, "voucher_without_effect"),
    "15 % of 10.00": (terms("discount"), {}, {}, 150),
    "15 % of 10.03 rounds down": (terms("discount"), {}, {"basket_minor": 1_003}, 150),
    "15 % of 10.04 rounds up": (terms("discount"), {}, {"basket_minor": 1_004}, 151),
    "50 % of 0.05 rounds half away from zero": (terms("discount", percent_bp=5_000), {}, {"basket_minor": 5}, 3),
    "a percentage stops at its cap": (terms("discount"), {}, {"basket_minor": 100_000}, 200),
    "a percentage that rounds to nothing": (terms("discount"), {}, {"basket_minor": 3}, "voucher_without_effect"),
    "a percentage needs the basket": (terms("discount"), {}, {"basket_minor": None}, "basket_required"),
    "an exchange pays its cost, whatever the basket": (terms("exchange"), {}, {"basket_minor": 10}, 200),
    "an exchange works without a basket": (terms("exchange"), {}, {"basket_minor": None}, 200),
    "a gift gives what the basket needs": (terms("gift"), {}, {"basket_minor": 120}, 120),
    "a gift gives the part asked for": (terms("gift"), {}, {"amount_minor": 70}, 70),
    "a gift gives no more than it has": (terms("gift"), {}, {"amount_minor": 201}, "amount_exceeds_remaining"),
    "a gift gives no more than is left": (
        terms("gift"),
        {"remaining_minor": 30, "held_minor": 30},
        {"amount_minor": 31},
        "amount_exceeds_remaining",
    ),
    "a gift gives no more than the basket": (
        terms("gift"),
        {},
        {"amount_minor": 60, "basket_minor": 50},
        "amount_exceeds_remaining",
    ),
    "a gift gives nothing below zero": (terms("gift"), {}, {"amount_minor": -5}, "voucher_without_effect"),
    "a bundle gives a third, rounded down": (terms("bundle"), {}, {}, 66),
    "a bundle's last part takes the rest": (
        terms("bundle"),
        {"uses": 2, "remaining_minor": 68, "held_minor": 68},
        {},
        68,
    ),
    "a points exchange takes off like cash": (terms("points"), {}, {}, 200),
    "spent": (terms(), {"closed": "spent", "remaining_minor": 0}, {}, "voucher_already_spent"),
    "expired and swept": (terms(), {"closed": "expired"}, {}, "voucher_expired"),
    "taken back": (terms(), {"closed": "void"}, {}, "voucher_void"),
    "ended, not swept": (terms(), {"valid_until": MONDAY}, {}, "voucher_expired"),
    "a moment before its end": (terms(), {"valid_until": MONDAY + timedelta(microseconds=1)}, {}, 200),
    "not begun": (terms(), {"valid_from": MONDAY + DAY}, {}, "voucher_not_yet_valid"),
    "at its first moment": (terms(), {"valid_from": MONDAY}, {}, 200),
    "another voucher": (terms(), {}, {"voucher_id": UUID(int=99)}, "voucher_not_found"),
    "a wrong secret": (terms(), {}, {"secret": bytes(16)}, "voucher_not_found"),
    "a wrong secret of a spent one tells nothing": (
        terms(),
        {"closed": "spent"},
        {"secret": bytes(16)},
        "voucher_not_found",
    ),
    "the right secret, by anybody": (terms(), {}, {"secret": SECRET, "subject_id": None}, 200),
    "neither code nor holder": (terms(), {}, {"subject_id": None}, "voucher_not_found"),
    "without the code, by somebody else": (terms(), {}, {"subject_id": OTHER}, "voucher_not_found"),
    "without the code, and nobody holds it": (terms(), {"subject_id": None}, {}, "voucher_not_found"),
    "a bearer's code": (terms(), {"subject_id": None}, {"secret": SECRET}, 200),
    "by a member merged into the buyer": (terms(), {}, {"subject_id": OTHER, "merged_subject_ids": (HOLDER,)}, 200),
    "holder only, by somebody with the code": (
        terms(holder_only=True),
        {},
        {"secret": SECRET, "subject_id": OTHER},
        "wrong_holder",
    ),
    "holder only, by its holder": (terms(holder_only=True), {}, {"secret": SECRET}, 200),
    "held by another till": (
        terms(),
        {"lock_key": UUID(int=8), "lock_until": MONDAY + timedelta(seconds=1)},
        {},
        "voucher_locked",
    ),
    "held by this till": (
        terms(),
        {"lock_key": UUID(int=8), "lock_until": MONDAY + DAY},
        {"lock_key": UUID(int=8)},
        200,
    ),
    "held until now": (terms(), {"lock_key": UUID(int=8), "lock_until": MONDAY}, {}, 200),
    "at another shop": (terms(shop_ids=(OTHER_SHOP,)), {}, {}, "shop_not_accepted"),
    "at one of its shops": (terms(shop_ids=(OTHER_SHOP, SHOP)), {}, {}, 200),
    "another currency": (terms(), {}, {"currency": "USD"}, "currency_differs"),
    "no currency named": (terms(), {}, {"currency": None}, 200),
    "below the minimum": (terms(minimum_minor=1_001), {}, {}, "minimum_not_reached"),
    "at the minimum": (terms(minimum_minor=1_000), {}, {}, 200),
    "a minimum needs the basket": (terms(minimum_minor=1), {}, {"basket_minor": None}, "basket_required"),
    "on its day": (terms(weekdays=(1,)), {}, {}, 200),
    "on another day": (terms(weekdays=(2, 3)), {}, {}, "outside_hours"),
    "before its hours": (terms(from_minute=11 * 60 + 1), {}, {}, "outside_hours"),
    "when its hours begin, by the shop's clock": (terms(from_minute=11 * 60), {}, {}, 200),
    "when its hours end": (terms(until_minute=11 * 60), {}, {}, "outside_hours"),
    "hours past midnight, at noon": (terms(from_minute=22 * 60, until_minute=120), {}, {}, "outside_hours"),
    "hours past midnight, late": (
        terms(from_minute=22 * 60, until_minute=120, weekdays=(1,)),
        {},
        {"at": MONDAY + timedelta(hours=12)},
        200,
    ),
    "hours past midnight belong to the evening before": (
        terms(from_minute=22 * 60, until_minute=120, weekdays=(1,)),
        {},
        {"at": MONDAY + timedelta(hours=14)},
        200,
    ),
    "the small hours of the day itself do not": (
        terms(from_minute=22 * 60, until_minute=120, weekdays=(1,)),
        {},
        {"at": MONDAY - timedelta(hours=10)},
        "outside_hours",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_one_redemption(name: str) -> None:
    """Each case takes off exactly what the table says, or names its rule and changes nothing."""
    of, state, tried, expected = CASES[name]
    one = voucher(of, **state)
    before = replace(one)
    book = book_of(of, one)
    assert outcome(book.quote(redeem(one, **tried))) == expected
    assert one == before
    answer = book.use([redeem(one, **tried)])
    if isinstance(expected, str):
        assert outcome(answer) == expected
        assert (one, book.changed, book.counted) == (before, set(), {})
    else:
        assert outcome(answer) == [expected]
        assert book.changed == {one.id}
        assert one.sequence == 1


# --------------------------------------------------------------------------------------------------- money that moves

# name: (terms, actions in order, (amount, fee, released) of each, remaining, held and state at the end)
MONEY: dict[str, tuple[Terms, list[dict[str, Any]], list[tuple[int, int, int]], tuple[int, int, str | None]]] = {
    "cash whole": (terms(), [{}], [(200, 0, 0)], (0, 0, "spent")),
    "cash of which a part was not needed": (terms(), [{"basket_minor": 150}], [(150, 0, 50)], (0, 0, "spent")),
    "cash with a fee": (terms(fee_minor=7), [{}], [(200, 7, 0)], (0, 0, "spent")),
    "cash with a fee paid at minting": (terms(fee_minor=7, fee_at="minting"), [{}], [(200, 0, 0)], (0, 0, "spent")),
    "a discount below its cap": (terms("discount", fee_minor=7), [{}], [(150, 7, 50)], (0, 0, "spent")),
    "a gift in parts pays its fee once": (
        terms("gift", fee_minor=7),
        [{"amount_minor": 50}, {"amount_minor": 100}, {}],
        [(50, 7, 0), (100, 0, 0), (50, 0, 0)],
        (0, 0, "spent"),
    ),
    "a gift that is not used up": (terms("gift"), [{"amount_minor": 50}], [(50, 0, 0)], (150, 150, None)),
    "a bundle with rounding": (
        terms("bundle"),
        [{}, {}, {}],
        [(66, 0, 0), (67, 0, 0), (67, 0, 0)],
        (0, 0, "spent"),
    ),
    "a bundle whose first basket was small": (
        terms("bundle", face_minor=300),
        [{"basket_minor": 40}, {}, {}],
        [(40, 0, 0), (130, 0, 0), (130, 0, 0)],
        (0, 0, "spent"),
    ),
    "a bundle whose last basket was small": (
        terms("bundle", face_minor=300),
        [{}, {}, {"basket_minor": 40}],
        [(100, 0, 0), (100, 0, 0), (40, 0, 60)],
        (0, 0, "spent"),
    ),
}


@pytest.mark.parametrize("name", MONEY)
def test_what_is_set_aside_is_paid_or_goes_back(name: str) -> None:
    """What was held equals what was paid, taken as fee, given back, and is still held; never more."""
    of, actions, moves, (remaining, held, closed) = MONEY[name]
    one = voucher(of)
    set_aside = one.held_minor
    book = book_of(of, one)
    done: list[Redeemed] = []
    for tried in actions:
        answer = book.use([redeem(one, **tried)])
        assert isinstance(answer, list), answer
        done += answer
    assert [(each.amount_minor, each.fee_minor, each.released_minor) for each in done] == moves
    assert (one.remaining_minor, one.held_minor, one.closed) == (remaining, held, closed)
    assert [each.sequence for each in done] == list(range(1, len(done) + 1))
    assert set_aside == sum(sum(move) for move in moves) + held
    if closed:
        assert outcome(book.use([redeem(one)])) == "voucher_already_spent"


# ------------------------------------------------------------------------------------------------------------ limits

LIMITS: dict[str, tuple[dict[str, Any], dict[str, int], dict[str, Any], list[Any]]] = {
    "per member": ({"per_member": 1}, {}, {}, [[200], "limit_reached"]),
    "per day": ({"per_day": 2}, {"day": 1}, {}, [[200], "limit_reached"]),
    "in total": ({"in_total": 5}, {"total": 5}, {}, ["limit_reached", "limit_reached"]),
    "the tightest counts": ({"in_total": 5, "per_member": 1}, {"total": 3}, {}, [[200], "limit_reached"]),
    "per member, and nobody knows who": (
        {"per_member": 1},
        {},
        {"subject_id": None, "secret": SECRET},
        ["wrong_holder", "wrong_holder"],
    ),
}


@pytest.mark.parametrize("name", LIMITS)
def test_limits_are_counted_within_a_batch(name: str) -> None:
    """Two vouchers of one offer in one batch meet the same limit, and a refused one counts nothing."""
    changes, used, tried, expected = LIMITS[name]
    of = terms(**changes)
    holder = None if "secret" in tried else HOLDER
    first, second = voucher(of, subject_id=holder), voucher(of, subject_id=holder)
    book = book_of(of, first, second, used=used)
    got = [outcome(book.use([redeem(one, **tried)])) for one in (first, second)]
    assert got == expected
    taken = sum(isinstance(one, list) for one in got)
    assert {key[1]: count for key, count in book.counted.items()} == {
        key[1]: taken for key, _ in limit_keys(of, OFFER, HOLDER, "") if taken
    }


def test_a_reversal_gives_the_members_count_back_and_keeps_the_day() -> None:
    """Undoing gives back the counts per member and in total; the day on which it was used stays counted."""
    of = terms(per_member=1, per_day=1, in_total=1)
    one = voucher(of)
    book = book_of(of, one)
    assert outcome(book.use([redeem(one)])) == [200]
    book.redemptions[UUID(int=9)] = past(one)
    book.counted.clear()
    assert isinstance(book.reverse(Reverse(UUID(int=10), UUID(int=9), MERCHANT, MONDAY, "")), Reversed)
    assert {key[1]: step for key, step in book.counted.items()} == {"member": -1, "total": -1}
    assert {key[1]: limit.used for key, limit in book.limits.items()} == {"member": 0, "day": 1, "total": 0}


# --------------------------------------------------------------------------------------- several vouchers in one sale


def test_vouchers_of_one_sale_share_the_basket() -> None:
    """The second voucher sees what the first has left of the basket."""
    first, second = voucher(terms()), voucher(terms())
    book = book_of(terms(), first, second)
    answer = book.use([redeem(one, basket_minor=300) for one in (first, second)])
    assert outcome(answer) == [200, 100]


STACKED: dict[str, tuple[Terms, dict[str, Any], int | None, str]] = {
    "one of them stands alone": (terms(combinable=False), {}, None, "not_combinable"),
    "one of them is refused": (terms(), {"secret": bytes(16)}, None, "voucher_not_found"),
    "nothing is left for the second": (terms(), {"basket_minor": 200}, None, "voucher_without_effect"),
    "the tenders do not add up": (terms(), {}, 399, "tenders_differ"),
}


@pytest.mark.parametrize("name", STACKED)
def test_all_vouchers_of_a_sale_or_none(name: str) -> None:
    """Where the second voucher is refused, the first one, the limits and the marks are as they were."""
    of, tried, expected_minor, code = STACKED[name]
    of = dataclasses.replace(of, in_total=10)
    vouchers = [voucher(of), voucher(of)]
    before = [replace(one) for one in vouchers]
    book = book_of(of, *vouchers)
    actions = [redeem(vouchers[0], basket_minor=tried.get("basket_minor", 1_000)), redeem(vouchers[1], **tried)]
    assert outcome(book.use(actions, expected_minor=expected_minor)) == code
    assert [book.vouchers[one.id] for one in before] == before
    assert (book.changed, book.counted) == (set(), {})
    assert [limit.used for limit in book.limits.values()] == [0]


def test_the_same_voucher_twice_in_a_sale_is_refused_whole() -> None:
    """A voucher named twice in one sale is spent neither twice nor once."""
    one = voucher(terms())
    book = book_of(terms(), one)
    assert outcome(book.use([redeem(one), redeem(one)])) == "voucher_already_spent"
    assert book.vouchers[one.id].closed is None


def test_the_best_of_several_is_used() -> None:
    """The voucher that takes most off is used; of two alike, the one that ends sooner; never an exchange by itself."""
    of = {
        UUID(int=20): terms(face_minor=100),
        UUID(int=21): terms("discount", face_minor=500, percent_bp=2_000),
        UUID(int=22): terms("exchange", face_minor=900),
    }
    late = voucher(of[UUID(int=20)], offer_id=UUID(int=20))
    soon = voucher(of[UUID(int=20)], offer_id=UUID(int=20), valid_until=MONDAY + DAY)
    fifth = voucher(of[UUID(int=21)], offer_id=UUID(int=21))
    tea = voucher(of[UUID(int=22)], offer_id=UUID(int=22))
    vouchers = [late, soon, fifth, tea]
    for basket, chosen in ((1_000, fifth), (400, soon)):
        book = Book(
            {one.id: replace(one) for one in vouchers}, {id_: Offer(id_, FUNDER, one) for id_, one in of.items()}
        )
        answer = book.use((), [redeem(one, basket_minor=basket) for one in vouchers])
        assert isinstance(answer, list)
        assert [each.voucher_id for each in answer] == [chosen.id]


def test_where_no_voucher_applies_the_best_is_none() -> None:
    """Among vouchers that all break a rule, none is used and nothing is said."""
    one = voucher(terms(minimum_minor=5_000))
    book = book_of(terms(minimum_minor=5_000), one)
    assert book.use((), [redeem(one)]) == []
    assert book.changed == set()


# ------------------------------------------------------------------------------------------------ undoing and ending


def past(one: Voucher, **changes: Any) -> PastRedemption:
    """Return the redemption of the whole voucher, as the database tells it."""
    return replace(PastRedemption(UUID(int=9), one.id, MERCHANT, 200, 0, 0, HOLDER, "EUR", MONDAY, None), **changes)


# name: (voucher, when after its end, revived, remaining, state, how long it lives after the reversal)
UNDONE: dict[str, tuple[dict[str, Any], timedelta, bool, int, str | None, timedelta]] = {
    "while it is valid": ({}, -DAY, True, 200, None, DAY),
    "within grace": ({}, 7 * DAY, True, 200, None, 7 * DAY),
    "after grace": ({}, 7 * DAY + timedelta(seconds=1), False, 0, "spent", -7 * DAY - timedelta(seconds=1)),
    "swept, within grace": ({"closed": "expired"}, DAY, True, 200, None, 7 * DAY),
    "taken back": ({"closed": "void"}, -DAY, False, 0, "void", DAY),
}


@pytest.mark.parametrize("name", UNDONE)
def test_a_reversal_revives_in_time(name: str) -> None:
    """In time the voucher lives again with what it took off; too late, its money goes back to the funder."""
    state, after, revived, remaining, closed, lives = UNDONE[name]
    spent: dict[str, Any] = {"closed": "spent", "remaining_minor": 0, "held_minor": 0, "uses": 1, "sequence": 1}
    one = voucher(terms(), **(spent | state))
    book = book_of(terms(), one)
    book.redemptions[UUID(int=9)] = past(one)
    at = one.valid_until + after
    answer = book.reverse(Reverse(UUID(int=10), UUID(int=9), MERCHANT, at, "returned"))
    assert isinstance(answer, Reversed)
    assert (answer.revived, answer.amount_minor, answer.sequence) == (revived, 200, 2)
    assert (one.remaining_minor, one.held_minor, one.closed) == (remaining, remaining, closed)
    assert one.valid_until - at == lives
    again = book.reverse(Reverse(UUID(int=11), UUID(int=9), MERCHANT, at, "again"))
    assert outcome(again) == "redemption_already_reversed"


def test_a_fee_that_was_given_back_is_due_again() -> None:
    """After the reversal of a bundle's first part, the next redemption pays the fee."""
    of = terms("bundle", face_minor=300, fee_minor=7)
    one = voucher(of)
    book = book_of(of, one)
    first = book.use([redeem(one)])
    second = book.use([redeem(one)])
    assert isinstance(first, list)
    assert isinstance(second, list)
    assert (first[0].fee_minor, second[0].fee_minor) == (7, 0)
    book.redemptions[UUID(int=9)] = past(one, amount_minor=100, fee_minor=7)
    book.reverse(Reverse(UUID(int=10), UUID(int=9), MERCHANT, MONDAY, ""))
    third = book.use([redeem(one)])
    assert isinstance(third, list)
    assert third[0].fee_minor == 7
    assert one.held_minor == one.remaining_minor == 100


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"redemption_id": UUID(int=98)}, "redemption_not_found"),
        ({"merchant_id": OTHER}, "redemption_not_found"),
        ({"merchant_id": None}, None),
    ],
)
def test_only_its_redeemer_undoes_a_redemption(changes: dict[str, Any], code: str | None) -> None:
    """Another merchant's redemption and one that never was get the same answer; the operator undoes any."""
    one = voucher(terms(), closed="spent", uses=1)
    book = book_of(terms(), one)
    book.redemptions[UUID(int=9)] = past(one)
    answer = book.reverse(replace(Reverse(UUID(int=10), UUID(int=9), MERCHANT, MONDAY, ""), **changes))
    if code is None:
        assert isinstance(answer, Reversed)
    else:
        assert outcome(answer) == code
        assert book.changed == set()


ENDS: dict[str, tuple[dict[str, Any], str, timedelta, Any]] = {
    "expired when its time is over": ({}, "expired", timedelta(0), 207),
    "not expired before": ({}, "expired", -timedelta(seconds=1), "voucher_still_valid"),
    "taken back at any time": ({}, "void", -DAY, 207),
    "not twice": ({"closed": "expired"}, "void", DAY, "voucher_expired"),
    "not after it was spent": ({"closed": "spent"}, "expired", DAY, "voucher_already_spent"),
}


@pytest.mark.parametrize("name", ENDS)
def test_an_end_gives_back_what_is_left(name: str) -> None:
    """An ended voucher releases value and fee that are still held, once."""
    state, how, after, expected = ENDS[name]
    one = voucher(terms(fee_minor=7), **state)
    book = book_of(terms(fee_minor=7), one)
    close: Any = Close(UUID(int=10), one.id, one.valid_until + after, how)  # type: ignore[arg-type]
    answer = book.close(close)
    if isinstance(expected, int):
        assert not isinstance(answer, RuleBroken)
        assert (answer.released_minor, answer.how) == (expected, how)
        assert (one.held_minor, one.remaining_minor, one.closed) == (0, 0, how)
    else:
        assert outcome(answer) == expected
        assert book.changed == set()


# ------------------------------------------------------------------------------------------------------------- offers

FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "a kind that is not known": ({"kind": "lottery"}, "kind"),
    "worth nothing": ({"face_minor": 0}, "face_minor"),
    "worth too much": ({"face_minor": 2**53}, "face_minor"),
    "a percentage without a cap": ({"kind": "discount", "face_minor": 0}, "face_minor"),
    "a discount without its percentage": ({"kind": "discount", "percent_bp": None}, "percent_bp"),
    "a discount of more than all": ({"kind": "discount", "percent_bp": 10_001}, "percent_bp"),
    "a percentage on cash": ({"percent_bp": 100}, "percent_bp"),
    "an exchange without a cost": ({"kind": "exchange", "face_minor": 0}, "face_minor"),
    "an exchange of nothing": ({"kind": "exchange", "goods": " "}, "goods"),
    "goods for cash": ({"goods": "tea"}, "goods"),
    "a bundle without a cost": ({"kind": "bundle", "face_minor": 0}, "face_minor"),
    "a bundle of one": ({"kind": "bundle", "parts": 1}, "parts"),
    "a bundle of parts worth nothing": ({"kind": "bundle", "parts": 201}, "face_minor"),
    "cash in parts": ({"parts": 2}, "parts"),
    "points without a price": ({"kind": "points", "price_points": 0}, "price_points"),
    "a price in points for cash": ({"price_points": 5}, "price_points"),
    "a fee below zero": ({"fee_minor": -1}, "fee_minor"),
    "a shop twice": ({"shop_ids": (SHOP, SHOP)}, "shop_ids"),
    "a minimum below zero": ({"minimum_minor": -1}, "minimum_minor"),
    "an eighth day": ({"weekdays": (8,)}, "weekdays"),
    "a zeroth day": ({"weekdays": (0,)}, "weekdays"),
    "a day twice": ({"weekdays": (1, 1)}, "weekdays"),
    "hours that begin tomorrow": ({"from_minute": 1_440}, "from_minute"),
    "hours that end tomorrow": ({"until_minute": 1_441}, "until_minute"),
    "hours that never open": ({"from_minute": 60, "until_minute": 60}, "until_minute"),
    "a limit of none": ({"per_member": 0}, "per_member"),
    "a daily limit of none": ({"per_day": 0}, "per_day"),
    "a total of none": ({"in_total": -1}, "in_total"),
    "no end": ({"valid_days": None}, "valid_until"),
    "no days": ({"valid_days": 0}, "valid_days"),
    "a time without its zone": ({"valid_until": datetime(2027, 1, 1)}, "valid_until"),  # noqa: DTZ001
    "over already": ({"valid_until": MONDAY}, "valid_until"),
    "an end before the beginning": (
        {"valid_from": MONDAY + 3 * DAY, "valid_until": MONDAY + 2 * DAY},
        "valid_until",
    ),
    "grace for ever": ({"grace_days": 366}, "grace_days"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_terms_that_make_no_sense(name: str) -> None:
    """The first field that is wrong is named, with a sentence that says why."""
    changes, field = FAULTS[name]
    kind = changes.get("kind", "cash")
    fault = fault_of(terms(**{"kind": kind, **changes}), MONDAY)
    assert fault is not None
    assert fault.facts["field"] == field
    assert str(fault.facts["reason"]).endswith(".")


@pytest.mark.parametrize("kind", KINDS)
def test_terms_of_every_kind_can_make_sense(kind: str) -> None:
    """Each kind with what it needs is accepted, with every condition set."""
    every = terms(
        kind,
        fee_minor=5,
        shop_ids=(SHOP, OTHER_SHOP),
        minimum_minor=500,
        weekdays=(1, 7),
        from_minute=22 * 60,
        until_minute=120,
        per_member=1,
        per_day=10,
        in_total=100,
        valid_from=MONDAY + DAY,
        valid_until=MONDAY + 3 * DAY,
    )
    assert fault_of(every, MONDAY) is None
    assert every.cost_minor == 205


def test_days_count_from_the_beginning() -> None:
    """Validity begins at the grant or later, ends after its days or sooner, and is nothing where it is over."""
    later = terms(valid_from=MONDAY + 2 * DAY, valid_until=MONDAY + 5 * DAY)
    assert validity(terms(), MONDAY) == (MONDAY, MONDAY + 14 * DAY)
    assert validity(later, MONDAY) == (MONDAY + 2 * DAY, MONDAY + 5 * DAY)
    assert validity(later, MONDAY + 3 * DAY) == (MONDAY + 3 * DAY, MONDAY + 5 * DAY)
    assert validity(later, MONDAY + 5 * DAY) is None


def test_a_refused_points_exchange_gives_stock_and_money_back() -> None:
    """Where the points do not suffice, the stock and the money it had taken are there for the next."""
    of = terms("points")
    counter = Counter({OFFER: Offer(OFFER, FUNDER, of)}, stock={OFFER: 1}, funds={(FUNDER, "EUR"): 200})
    counter.points = {HOLDER: 49, OTHER: 50}
    answers = [counter.issue(Grant(offer_id=OFFER, at=MONDAY, subject_id=one)) for one in (HOLDER, OTHER)]
    assert outcome(answers[0]) == "points_insufficient"
    assert not isinstance(answers[1], RuleBroken)
    assert (counter.stock, counter.funds, counter.points) == ({OFFER: 0}, {(FUNDER, "EUR"): 0}, {HOLDER: 49, OTHER: 0})
