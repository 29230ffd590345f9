"""Granting sets the greatest possible cost aside, in one batch of few statements, or refuses and does nothing."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.pure.ids import uuid7
from ringmain.ledger import api as ledger
from ringmain.network.api import MerchantAccount
from ringmain.voucher import errors, offers
from ringmain.voucher import grant as granting
from ringmain.voucher.model import Grant, Granted
from ringmain.voucher.postings import Posting, transfer_id
from tests.voucher.ring import DAY, DEPOSIT_MINOR, NOW, Money, Ring


def _codes(answers: list[Granted | RuleBroken]) -> list[str]:
    return [answer.code if isinstance(answer, RuleBroken) else "granted" for answer in answers]


async def test_a_grant_sets_value_and_fee_aside(ring: Ring) -> None:
    """A granted voucher moves its face value and its fee from the funder's purse to what is set aside."""
    offer = await ring.publish(face_minor=200, fee_minor=7)
    granted = await ring.grant(offer)
    assert granted == Granted(granted.voucher_id, offer.id, ring.member, 200, "EUR", NOW, NOW + 14 * DAY)
    assert await ring.money(ring.bakery) == Money(DEPOSIT_MINOR - 207, 207, 0)
    assert await ring.value("SELECT held_minor FROM voucher WHERE id = %s", granted.voucher_id) == 207
    hold = transfer_id(granted.voucher_id, Posting.HOLD, NOW)
    assert await ring.value("SELECT amount_minor FROM ledger_transfer WHERE id = %s", hold) == 207


async def test_a_fee_at_minting_is_paid_with_the_grant(ring: Ring) -> None:
    """Where the offer says so, the fee is paid when the voucher is issued, and only the value stays held."""
    granted = await ring.grant(await ring.publish(fee_minor=7, fee_at="minting"))
    assert await ring.money(ring.bakery) == Money(DEPOSIT_MINOR - 207, 200, 0)
    assert await ring.fees() == 7
    assert await ring.value("SELECT held_minor FROM voucher WHERE id = %s", granted.voucher_id) == 200


async def test_lineage_is_kept(ring: Ring) -> None:
    """A voucher remembers who sent it and what led to it, and the grant is announced as a fact."""
    offer = await ring.publish()
    touch = uuid7(NOW)
    wanted = Grant(
        offer_id=offer.id,
        at=NOW,
        subject_id=ring.member,
        sender_shop_id=ring.cafe_shop,
        origin_kind="touch",
        origin_id=touch,
    )
    granted = (await ring.grant_all([wanted]))[0]
    assert isinstance(granted, Granted)
    row = await ring.value(
        "SELECT ARRAY[subject_id::text, sender_shop_id::text, origin_kind, origin_id::text] FROM voucher WHERE id = %s",
        granted.voucher_id,
    )
    assert row == [str(ring.member), str(ring.cafe_shop), "touch", str(touch)]
    assert await ring.value("SELECT ids FROM outbox WHERE kind = 'grant'") == [granted.voucher_id]


async def test_funds_are_given_in_order_of_arrival(ring: Ring) -> None:
    """The funder's money goes to the first that ask; the others are refused, and a cheaper one still fits."""
    dear = await ring.publish(face_minor=40_000)
    cheap = await ring.publish(face_minor=20_000)
    wants = [dear, dear, dear, cheap, cheap]
    answers = await ring.grant_all([Grant(offer_id=one.id, at=NOW, subject_id=ring.member) for one in wants])
    refused = "funds_insufficient"
    assert _codes(answers) == ["granted", "granted", refused, "granted", refused]
    assert isinstance(answers[2], RuleBroken)
    assert answers[2].facts == {"needed_minor": 40_000, "available_minor": 20_000, "currency": "EUR"}
    assert await ring.money(ring.bakery) == Money(0, 100_000, 0)


async def test_credit_counts_as_money(ring: Ring) -> None:
    """A funder with a credit limit grants below zero, down to the limit and not further."""
    async with ring.unit() as uow:
        account = ledger.account_id(ring.network_id, ring.bakery, MerchantAccount.AVAILABLE, "EUR")
        await ledger.set_credit_limit(uow, account, 200)
    offer = await ring.publish(face_minor=50_000)
    small = await ring.publish(face_minor=200)
    wants = [offer, offer, small, small]
    answers = await ring.grant_all([Grant(offer_id=one.id, at=NOW, subject_id=ring.member) for one in wants])
    assert _codes(answers) == ["granted", "granted", "granted", "funds_insufficient"]
    assert await ring.money(ring.bakery) == Money(-200, 100_200, 0)


async def test_stock_is_taken_in_order_of_arrival(ring: Ring) -> None:
    """The last piece of a stock goes to one, and a refused item takes none."""
    offer = await ring.publish(stock=2)
    answers = await ring.grant_all([Grant(offer_id=offer.id, at=NOW, subject_id=ring.member)] * 3)
    assert _codes(answers) == ["granted", "granted", "out_of_stock"]
    assert await ring.value("SELECT stock FROM offer WHERE id = %s", offer.id) == 0
    assert await ring.money(ring.bakery) == Money(DEPOSIT_MINOR - 400, 400, 0)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no such offer": ({"offer_id": UUID(int=1)}, "offer_not_found"),
    "paused": ({}, "offer_paused"),
    "nobody to hold it": ({"subject_id": None}, "holder_required"),
    "ended": ({"at": NOW + 20 * DAY}, "offer_ended"),
    "too dear": ({}, "funds_insufficient"),
    "no points": ({}, "points_insufficient"),
    "sold out": ({}, "out_of_stock"),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_a_refused_grant_changes_nothing(ring: Ring, name: str) -> None:
    """Each rule that speaks against a grant is named, and neither stock, money nor points move."""
    changes, code = REFUSED[name]
    terms: dict[str, dict[str, Any]] = {
        "nobody to hold it": {"holder_only": True},
        "ended": {"valid_until": NOW + 10 * DAY},
        "too dear": {"face_minor": DEPOSIT_MINOR + 1, "stock": 3},
        "no points": {"kind": "points", "price_points": 50, "stock": 3},
        "sold out": {"stock": 1},
    }
    offer = await ring.publish(**terms.get(name, {}))
    if name == "sold out":
        await ring.grant(offer)
    if name == "paused":
        async with ring.unit() as uow:
            await offers.set_paused(uow, offer.id, paused=True)
    before = await ring.snapshot()
    grant = replace(Grant(offer_id=offer.id, at=NOW, subject_id=ring.member), **changes)
    assert _codes(await ring.grant_all([grant])) == [code]
    assert await ring.snapshot() == before


async def test_points_are_exchanged_for_a_voucher(ring: Ring) -> None:
    """A points exchange takes the price from the member and gives it to the funder, as long as there is enough."""
    await ring.give_points(ring.member, 80)
    offer = await ring.publish(kind="points", price_points=50)
    answers = await ring.grant_all([Grant(offer_id=offer.id, at=NOW, subject_id=ring.member)] * 2)
    assert _codes(answers) == ["granted", "points_insufficient"]
    assert isinstance(answers[1], RuleBroken)
    assert answers[1].facts == {"needed": 50, "available": 30}
    assert await ring.balance(ring.member, MerchantAccount.POINTS, "POINTS") == 30
    assert await ring.balance(ring.bakery, MerchantAccount.POINTS, "POINTS") == -30
    assert await ring.money(ring.bakery) == Money(DEPOSIT_MINOR - 200, 200, 0)


async def test_a_thousand_mixed_grants_take_few_statements(ring: Ring, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch of 1,000 grants of four offers costs a constant number of statements."""
    kinds = [
        await ring.publish(face_minor=10),
        await ring.publish(face_minor=10, stock=100),
        await ring.publish(face_minor=20, funder=ring.cafe),
        await ring.publish(face_minor=5, fee_minor=1, fee_at="minting"),
    ]
    wants = [Grant(offer_id=kinds[number % 4].id, at=NOW, subject_id=uuid7(NOW)) for number in range(1_000)]
    sent: list[str] = []
    execute, start = UnitOfWork.execute, UnitOfWork.start

    async def counted_execute(uow: UnitOfWork, query: Any, params: Any = None) -> None:
        sent.append(query)
        await execute(uow, query, params)

    async def counted_start(uow: UnitOfWork, into: Any, query: Any, params: Any = None, **how: Any) -> Any:
        sent.append(query)
        return await start(uow, into, query, params, **how)

    monkeypatch.setattr(UnitOfWork, "execute", counted_execute)
    monkeypatch.setattr(UnitOfWork, "start", counted_start)
    async with ring.unit() as uow:
        answers = await granting.grant(uow, wants)
    assert Counter(_codes(answers)) == {"granted": 850, "out_of_stock": 150}
    assert len(sent) <= 10
    assert (await ring.money(ring.cafe)).held_minor == 250 * 20
    assert await ring.fees() == 250


async def test_the_same_id_is_granted_once(ring: Ring) -> None:
    """A replay that grants under an id it has used gets the first voucher again, in another batch and in the same."""
    offer = await ring.publish()
    wanted = Grant(offer_id=offer.id, at=NOW, subject_id=ring.member, id=uuid7(NOW))
    first = await ring.grant_all([wanted, wanted])
    assert first[0] == first[1]
    before = await ring.snapshot()
    assert await ring.grant_all([wanted], NOW + DAY) == [first[0]]
    assert await ring.snapshot() == before
    assert (await ring.money(ring.bakery)).held_minor == 200


async def test_the_last_money_goes_to_one_of_many(ring: Ring) -> None:
    """Of fifty transactions at once that want the last money of a funder, exactly one gets it."""
    offer = await ring.publish(face_minor=DEPOSIT_MINOR)
    wanted = [Grant(offer_id=offer.id, at=NOW, subject_id=ring.member)]
    answers = await asyncio.gather(*(ring.grant_all(wanted) for _ in range(50)))
    assert Counter(_codes([one for answer in answers for one in answer])) == {"granted": 1, "funds_insufficient": 49}


async def test_the_last_piece_goes_to_one_of_many(ring: Ring) -> None:
    """Of fifty transactions at once that want the last piece of a stock, exactly one gets it."""
    offer = await ring.publish(stock=1)
    wanted = [Grant(offer_id=offer.id, at=NOW, subject_id=ring.member)]
    answers = await asyncio.gather(*(ring.grant_all(wanted) for _ in range(50)))
    assert Counter(_codes([one for answer in answers for one in answer])) == {"granted": 1, "out_of_stock": 49}


async def test_without_the_lock_the_database_still_refuses(ring: Ring, monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: with funds from thin air, the CHECK of the guard fails the transaction and nothing is written."""
    offer = await ring.publish(face_minor=DEPOSIT_MINOR + 1)
    before = await ring.snapshot()

    async def thin_air(_: Any, counter: Any, funds: Any, __: Any) -> None:
        counter.funds = dict.fromkeys(funds, 10**9)

    monkeypatch.setattr(granting, "lock_funds", thin_air)
    with pytest.raises(Exception, match="ledger_guard_not_overdrawn"):
        await ring.grant(offer)
    assert await ring.snapshot() == before


async def test_validity_follows_the_offer(ring: Ring) -> None:
    """Days count from the later of grant and beginning, and an end of the offer cuts them short."""
    begins = NOW + 3 * DAY
    later = await ring.grant(await ring.publish(valid_from=begins, valid_days=5))
    assert (later.valid_from, later.valid_until) == (begins, begins + 5 * DAY)
    cut = await ring.grant(await ring.publish(valid_until=NOW + timedelta(hours=5), valid_days=5))
    assert (cut.valid_from, cut.valid_until) == (NOW, NOW + timedelta(hours=5))


def test_every_rule_of_granting_is_tested() -> None:
    """The table above names every rule that the counter knows."""
    rules = {errors.OfferNotFound, errors.OfferPaused, errors.HolderRequired, errors.OfferEnded, errors.OutOfStock}
    rules |= {errors.FundsInsufficient, errors.PointsInsufficient}
    assert {rule.code for rule in rules} == {code for _, code in REFUSED.values()}
