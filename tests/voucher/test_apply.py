"""The value of vouchers changes through one use case, under locks, with every unit of money in the ledger."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.pure.ids import uuid7
from ringmain.voucher import store
from ringmain.voucher.apply import Answer, Use
from ringmain.voucher.model import Close, Ended, Grant, Granted, Redeemed, Reversed
from tests.voucher.ring import DAY, DEPOSIT_MINOR, NOW, Money, Ring


def _codes(answers: list[Answer]) -> list[str]:
    return [answer.code if isinstance(answer, RuleBroken) else type(answer).__name__ for answer in answers]


async def test_a_redemption_pays_the_redeemer_and_the_fee(ring: Ring) -> None:
    """What was held goes to the redeemer and, for the fee, to the network; the row, the fact and the lock follow."""
    granted = await ring.grant(await ring.publish(fee_minor=7))
    redeemed = await ring.spend(granted)
    assert (redeemed.amount_minor, redeemed.fee_minor, redeemed.sequence) == (200, 7, 1)
    assert await ring.money(ring.bakery) == Money(DEPOSIT_MINOR - 207, 0, 0)
    assert await ring.money(ring.cafe) == Money(DEPOSIT_MINOR, 0, 200)
    assert await ring.fees() == 7
    assert await ring.value("SELECT closed FROM voucher WHERE id = %s", granted.voucher_id) == "spent"
    assert await ring.value("SELECT ids FROM outbox WHERE kind = 'redemption'") == [redeemed.id]


async def test_what_is_not_needed_goes_back(ring: Ring) -> None:
    """The part of a voucher that the basket did not need is the funder's again."""
    redeemed = await ring.spend(await ring.grant(await ring.publish()), basket_minor=150)
    assert (redeemed.amount_minor, redeemed.released_minor) == (150, 50)
    assert await ring.money(ring.bakery) == Money(DEPOSIT_MINOR - 150, 0, 0)


async def test_stored_value_is_spent_in_parts(ring: Ring) -> None:
    """A gift keeps what was not spent, in the row and in the ledger, until it is empty."""
    granted = await ring.grant(await ring.publish(kind="gift", face_minor=1_000))
    first = await ring.spend(granted, amount_minor=300)
    assert (first.remaining_minor, (await ring.money(ring.bakery)).held_minor) == (700, 700)
    await ring.check()
    second = await ring.spend(granted, basket_minor=900)
    assert (second.amount_minor, second.sequence) == (700, 2)
    assert (await ring.money(ring.cafe)).payable_minor == 1_000


async def test_a_bundle_is_spent_visit_by_visit(ring: Ring) -> None:
    """Parts of a bundle round down, and the last one takes the rest."""
    granted = await ring.grant(await ring.publish(kind="bundle", parts=3))
    assert [(await ring.spend(granted)).amount_minor for _ in range(3)] == [66, 67, 67]
    assert (await ring.money(ring.cafe)).payable_minor == 200


async def test_a_reversal_within_grace_revives(ring: Ring) -> None:
    """Undone in time, even after its end, the voucher lives again and its money is held again; fee included."""
    granted = await ring.grant(await ring.publish(fee_minor=7))
    redeemed = await ring.spend(granted)
    late = granted.valid_until + DAY
    answer = (await ring.apply([ring.reverse(redeemed, late)], late))[0]
    assert isinstance(answer, Reversed)
    assert answer.revived
    assert await ring.money(ring.bakery) == Money(DEPOSIT_MINOR - 207, 207, 0)
    assert await ring.money(ring.cafe) == Money(DEPOSIT_MINOR, 0, 0)
    assert await ring.fees() == 0
    assert await ring.value("SELECT valid_until FROM voucher WHERE id = %s", granted.voucher_id) == late + 7 * DAY
    assert (await ring.spend(granted, late)).sequence == 3


async def test_a_reversal_after_grace_pays_the_funder_back(ring: Ring) -> None:
    """Undone too late, the voucher stays spent, and value and fee are the funder's to spend again."""
    granted = await ring.grant(await ring.publish(fee_minor=7))
    redeemed = await ring.spend(granted)
    late = granted.valid_until + 8 * DAY
    answer = (await ring.apply([ring.reverse(redeemed, late)], late))[0]
    assert isinstance(answer, Reversed)
    assert not answer.revived
    assert await ring.money(ring.bakery) == Money(DEPOSIT_MINOR, 0, 0)
    assert await ring.value("SELECT closed FROM voucher WHERE id = %s", granted.voucher_id) == "spent"


async def test_a_late_reversal_of_a_part_leaves_the_rest_alone(ring: Ring) -> None:
    """A gift that ended, unswept, gives an undone part back to its funder and still holds what was never spent."""
    granted = await ring.grant(await ring.publish(kind="gift"))
    redeemed = await ring.spend(granted, amount_minor=50)
    late = granted.valid_until + 8 * DAY
    await ring.apply([ring.reverse(redeemed, late)], late)
    assert await ring.money(ring.bakery) == Money(DEPOSIT_MINOR - 150, 150, 0)


async def test_a_refused_request_hinders_no_other_and_changes_nothing(ring: Ring) -> None:
    """In one batch, spends, a reversal, an end and refusals are each decided in order of arrival."""
    offer = await ring.publish()
    one, two, three, old = [await ring.grant(offer) for _ in range(4)]
    redeemed = await ring.spend(old)
    requests: list[Any] = [
        Use(all_of=(ring.redeem(one),)),
        Use(all_of=(ring.redeem(one),)),
        ring.reverse(redeemed),
        Use(all_of=(ring.redeem(old),)),
        Use(all_of=(ring.redeem(two), ring.redeem(three, secret=bytes(16)))),
        Close(uuid7(NOW), two.voucher_id, NOW),
        Close(uuid7(NOW), three.voucher_id, NOW, how="void"),
        Use(all_of=(ring.redeem(two), ring.redeem(three))),
    ]
    assert _codes(await ring.apply(requests)) == [
        "list",
        "voucher_already_spent",
        "Reversed",
        "list",
        "voucher_not_found",
        "voucher_still_valid",
        "Ended",
        "voucher_void",
    ]
    assert await ring.value("SELECT count(*) FROM redemption") == 3
    assert await ring.value("SELECT remaining_minor FROM voucher WHERE id = %s", two.voucher_id) == 200
    assert await ring.money(ring.cafe) == Money(DEPOSIT_MINOR, 0, 400)


REFUSED: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "another shop": ({"shop_ids": "bakery"}, {}, "shop_not_accepted"),
    "below its minimum": ({"minimum_minor": 1_001}, {}, "minimum_not_reached"),
    "on another day": ({"weekdays": (3,)}, {}, "outside_hours"),
    "a limit of the day": ({"per_day": 1}, {}, "limit_reached"),
    "a limit of the member": ({"per_member": 1}, {}, "limit_reached"),
    "a limit in total": ({"in_total": 1}, {}, "limit_reached"),
    "another currency": ({}, {"currency": "USD"}, "currency_differs"),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_a_refusal_leaves_every_table_as_it_was(ring: Ring, name: str) -> None:
    """Nothing is written for a refused redemption: no row, no transfer, no count, no fact."""
    terms, tried, code = REFUSED[name]
    if "shop_ids" in terms:
        terms = {"shop_ids": (ring.bakery_shop,)}
    offer = await ring.publish(**terms)
    granted = await ring.grant(offer)
    if code == "limit_reached":
        await ring.spend(await ring.grant(offer))
    before = await ring.snapshot()
    assert _codes(await ring.apply([Use(all_of=(ring.redeem(granted, **tried),))])) == [code]
    assert await ring.snapshot() == before


async def test_a_limit_of_the_day_opens_again_tomorrow(ring: Ring) -> None:
    """Days are the shop's: a limit that is used up at 23:30 in Berlin is fresh at 00:30."""
    offer = await ring.publish(per_day=1)
    vouchers = [await ring.grant(offer) for _ in range(3)]
    night = NOW.replace(hour=22, minute=30)
    await ring.spend(vouchers[0], night)
    assert _codes(await ring.apply([Use(all_of=(ring.redeem(vouchers[1], night),))], night)) == ["limit_reached"]
    await ring.spend(vouchers[2], night + timedelta(hours=1))


async def test_a_reversal_frees_the_members_limit(ring: Ring) -> None:
    """After undoing, the member may use another voucher of the offer; the counted rows say so."""
    offer = await ring.publish(per_member=1)
    first, second = await ring.grant(offer), await ring.grant(offer)
    redeemed = await ring.spend(first)
    await ring.apply([ring.reverse(redeemed)])
    assert await ring.value("SELECT used FROM voucher_limit WHERE scope = 'member'") == 0
    await ring.spend(second)


async def test_a_reversal_counts_for_who_stood_there(ring: Ring) -> None:
    """Spent by another member with its code, a voucher counts for that member, and undoing gives it back to them."""
    offer = await ring.publish(per_member=1)
    granted = await ring.grant(offer)
    secret = await ring.value("SELECT secret FROM voucher WHERE id = %s", granted.voucher_id)
    redeemed = await ring.spend(granted, secret=secret, subject_id=ring.other_member)
    assert redeemed.subject_id == ring.other_member
    await ring.apply([ring.reverse(redeemed)])
    assert await ring.value("SELECT array_agg(used) FROM voucher_limit WHERE scope = 'member'") == [0]


async def test_one_of_many_wins_a_voucher(ring: Ring) -> None:
    """Of many that spend the same voucher at once, mixed with its reversal and end, one wins each time."""
    offer = await ring.publish()
    granted = await ring.grant(offer)
    uses = [Use(all_of=(ring.redeem(granted),)) for _ in range(50)]
    answers = await asyncio.gather(*(ring.apply([use]) for use in uses))
    assert Counter(_codes([one for answer in answers for one in answer])) == {"list": 1, "voucher_already_spent": 49}
    won = next(one for answer in answers for one in answer if isinstance(one, list))[0]
    mixed: list[Any] = [ring.reverse(won) for _ in range(10)]
    mixed += [Close(uuid7(NOW), granted.voucher_id, NOW, how="void") for _ in range(10)]
    mixed += [Use(all_of=(ring.redeem(granted),)) for _ in range(10)]
    got = Counter(_codes([one for each in await asyncio.gather(*(ring.apply([r]) for r in mixed)) for one in each]))
    assert got["Reversed"] == 1
    assert got["redemption_already_reversed"] == 9
    # Revived once, the voucher was then spent again or taken back, never both.
    assert got["list"] + got["Ended"] == 1


async def test_the_last_of_a_limit_goes_to_one_of_many(ring: Ring) -> None:
    """Of twenty members who spend at once under a total of one, exactly one wins."""
    offer = await ring.publish(in_total=1)
    vouchers = [await ring.grant(offer, uuid7(NOW)) for _ in range(20)]
    answers = await asyncio.gather(*(ring.apply([Use(all_of=(ring.redeem(one),))]) for one in vouchers))
    assert Counter(_codes([one for answer in answers for one in answer])) == {"list": 1, "limit_reached": 19}


async def test_without_the_lock_the_sequence_number_still_refuses(ring: Ring, monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: with vouchers read unlocked, two racing spends meet the unique sequence number, and one fails whole."""
    granted = await ring.grant(await ring.publish())
    both_have_read = asyncio.Barrier(2)

    class Unlocked:
        def __init__(self, rows: list[Any]) -> None:
            self._rows = rows

        async def all(self) -> list[Any]:
            await both_have_read.wait()
            return self._rows

    async def read(uow: Any, ids: Any, _: Any) -> Unlocked:
        return Unlocked(await store.read_vouchers(uow, ids))

    monkeypatch.setattr(store, "lock_vouchers", read)
    spends = [ring.apply([Use(all_of=(ring.redeem(granted),))]) for _ in range(2)]
    answers = await asyncio.gather(*spends, return_exceptions=True)
    assert sorted(isinstance(answer, Exception) for answer in answers) == [False, True]
    assert await ring.value("SELECT count(*) FROM redemption") == 1


async def test_a_mixed_batch_of_a_thousand(ring: Ring) -> None:
    """A thousand requests of many vouchers are decided in one transaction, and the books agree afterwards."""
    offer = await ring.publish(face_minor=10)
    grants = await ring.grant_all([Grant(offer_id=offer.id, at=NOW, subject_id=uuid7(NOW)) for _ in range(500)])
    vouchers = [one for one in grants if isinstance(one, Granted)]
    requests: list[Any] = [Use(all_of=(ring.redeem(one),)) for one in vouchers[:400]]
    requests += [Use(all_of=(ring.redeem(one),)) for one in vouchers[:400]]
    requests += [Close(uuid7(NOW), one.voucher_id, NOW, how="void") for one in vouchers[300:]]
    answers = await ring.apply(requests)
    assert Counter(_codes(answers)) == {"list": 400, "voucher_already_spent": 500, "Ended": 100}
    assert await ring.money(ring.bakery) == Money(DEPOSIT_MINOR - 4_000, 0, 0)
    ended = [one for one in answers if isinstance(one, Ended)]
    assert await ring.value("SELECT count(*) FROM voucher_end") == len(ended)
    assert sum(len(one) for one in answers if isinstance(one, list) and isinstance(one[0], Redeemed)) == 400


async def test_a_spent_voucher_says_when_and_where_it_was_used(ring: Ring) -> None:
    """Whoever comes second is told the time and the shop, in the same batch and later."""
    granted = await ring.grant(await ring.publish())
    twice = [Use(all_of=(ring.redeem(granted),)), Use(all_of=(ring.redeem(granted),))]

    _, at_once = await ring.apply(twice)
    (later,) = await ring.apply([twice[0]], NOW + DAY)

    for refusal in (at_once, later):
        assert isinstance(refusal, RuleBroken)
        assert refusal.facts == {
            "voucher_id": str(granted.voucher_id),
            "redeemed_at": NOW,
            "shop_id": ring.cafe_shop,
        }
