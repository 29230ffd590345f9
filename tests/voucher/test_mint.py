"""Minting sets all of the money aside before the first code exists, then makes the codes in chunks."""

import asyncio
from typing import Any

import pytest

from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.pure.ids import time_of, uuid7
from ringmain.voucher import codes, errors, mint
from ringmain.voucher.apply import Use
from ringmain.voucher.model import Mint, PublishedOffer, Redeem
from tests.voucher.ring import DAY, DEPOSIT_MINOR, NOW, Money, Ring


async def _order(ring: Ring, offer: PublishedOffer, count: int, **more: Any) -> Mint | RuleBroken:
    async with ring.unit() as uow:
        return await mint.order(uow, offer.id, count, **more)


async def _ordered(ring: Ring, offer: PublishedOffer, count: int) -> Mint:
    answer = await _order(ring, offer, count)
    assert isinstance(answer, Mint), answer
    return answer


async def _codes(ring: Ring, order: Mint, first: int = 0, most: int | None = None) -> list[str]:
    async with ring.unit() as uow:
        text = b"".join([piece async for piece in mint.codes(uow, order, first, most)])
    return text.decode().splitlines()


async def test_the_money_is_set_aside_before_the_first_code(ring: Ring) -> None:
    """An order holds count times cost in one transfer and takes the stock; then no code exists yet."""
    offer = await ring.publish(fee_minor=10, stock=500)
    order = await _ordered(ring, offer, 300)
    assert await ring.money(ring.bakery) == Money(DEPOSIT_MINOR - 300 * 210, 300 * 210, 0)
    assert await ring.value("SELECT count(*) FROM ledger_transfer WHERE reference_id = %s", order.id) == 1
    assert await ring.value("SELECT stock FROM offer WHERE id = %s", offer.id) == 200
    assert await ring.value("SELECT count(*) FROM voucher") == 0
    assert (order.wanted, order.minted, order.valid_until) == (300, 0, NOW + 14 * DAY)


@pytest.mark.parametrize(
    ("terms", "count", "code"),
    [
        ({"face_minor": 1_000}, 101, "funds_insufficient"),
        ({"stock": 9}, 10, "out_of_stock"),
        ({"holder_only": True}, 10, "holder_required"),
        ({"kind": "points", "price_points": 5}, 10, "holder_required"),
        ({}, 0, "too_many_codes"),
        ({}, mint.MOST_CODES + 1, "too_many_codes"),
    ],
)
async def test_a_refused_order_changes_nothing(ring: Ring, terms: dict[str, Any], count: int, code: str) -> None:
    """An order that money, stock or terms do not cover is refused whole."""
    offer = await ring.publish(**terms)
    before = await ring.snapshot()
    answer = await _order(ring, offer, count)
    assert isinstance(answer, RuleBroken)
    assert answer.code == code
    assert await ring.snapshot() == before


async def test_an_order_is_completed_in_chunks(ring: Ring, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunk after chunk makes exactly the codes that were ordered, and progress is told."""
    monkeypatch.setattr(mint, "_FIRST_CHUNK", 64)
    order = await _ordered(ring, await ring.publish(), 300)
    seen: list[int] = []
    done = await mint.complete(ring.database, ring.network_id, order.id, progress=lambda one: seen.append(one.minted))
    assert (done.minted, done.done) == (300, True)
    assert seen[0] == 64
    assert seen[-1] == 300
    assert len(seen) > 1
    assert await ring.value("SELECT count(DISTINCT secret) FROM voucher") == 300
    assert await ring.value("SELECT sum(held_minor)::bigint FROM voucher WHERE origin_id = %s", order.id) == 60_000
    assert await ring.value("SELECT count(*) FROM voucher WHERE subject_id IS NOT NULL OR origin_kind <> 'mint'") == 0


async def test_an_interrupted_order_is_resumed_by_many(ring: Ring) -> None:
    """What one process began, five others finish together: every number exists once."""
    order = await _ordered(ring, await ring.publish(face_minor=1), 5_000)
    begun = await mint.complete(ring.database, ring.network_id, order.id, at_most=700)
    assert begun.minted == 700
    await ring.check()
    await asyncio.gather(*(mint.complete(ring.database, ring.network_id, order.id) for _ in range(5)))
    assert await ring.value("SELECT count(*) FROM voucher") == 5_000
    assert await mint.complete_all(ring.database, ring.network_id) == 0


async def test_the_worker_finishes_what_was_left(ring: Ring) -> None:
    """`complete_all` finishes every unfinished order of the network."""
    offer = await ring.publish(face_minor=1)
    for count in (10, 20):
        await _ordered(ring, offer, count)
    assert await mint.complete_all(ring.database, ring.network_id) == 2
    assert await ring.value("SELECT sum(minted)::bigint FROM mint") == 30


async def test_an_order_under_the_same_id_is_made_once(ring: Ring) -> None:
    """Ordering again under the id of an earlier order returns that one and holds no more money."""
    offer = await ring.publish()
    id_ = uuid7(NOW)
    first = await _order(ring, offer, 10, id_=id_)
    before = await ring.snapshot()
    assert await _order(ring, offer, 10, id_=id_) == first
    assert await ring.snapshot() == before


async def test_a_fee_at_minting_is_paid_by_chunk(ring: Ring) -> None:
    """The fee goes to the network with the codes that exist, never for codes that do not."""
    order = await _ordered(ring, await ring.publish(fee_minor=3, fee_at="minting"), 100)
    assert await ring.fees() == 0
    await mint.complete(ring.database, ring.network_id, order.id, at_most=40)
    assert await ring.fees() == 120
    await ring.check()
    await mint.complete(ring.database, ring.network_id, order.id)
    assert await ring.fees() == 300
    assert await ring.money(ring.bakery) == Money(DEPOSIT_MINOR - 100 * 203, 100 * 200, 0)


async def test_ids_are_made_without_a_loop_and_carry_their_time(ring: Ring) -> None:
    """Ids of an order are UUIDv7 of its time, distinct and in the order of their numbers."""
    order = await _ordered(ring, await ring.publish(), 50)
    await mint.complete(ring.database, ring.network_id, order.id)
    ids = await ring.value("SELECT array_agg(id ORDER BY id) FROM voucher")
    assert [id_.bytes for id_ in ids] == [bytes(one) for one in mint.ids_of(order, 0, 50)]
    assert {(id_.version, id_.variant) for id_ in ids} == {(7, "specified in RFC 4122")}
    assert {time_of(id_) for id_ in ids} == {NOW}


async def test_codes_are_listed_and_work(ring: Ring) -> None:
    """The list of codes has one line per number; whoever carries a code may spend it, once."""
    order = await _ordered(ring, await ring.publish(), 25)
    await mint.complete(ring.database, ring.network_id, order.id)
    lines = await _codes(ring, await _read(ring, order))
    assert [line.split(",")[0] for line in lines] == [str(number) for number in range(25)]
    assert await _codes(ring, await _read(ring, order), 20, 3) == lines[20:23]
    code = codes.parse(lines[7].split(",")[1])
    redeem = Redeem(uuid7(NOW), code.voucher_id, uuid7(NOW), ring.till(), NOW, secret=code.secret, basket_minor=900)
    first, second = await ring.apply([Use(all_of=(redeem,)), Use(all_of=(redeem,))])
    assert isinstance(first, list)
    assert first[0].amount_minor == 200
    assert isinstance(second, errors.VoucherAlreadySpent)


async def test_a_number_without_its_secret_opens_nothing(ring: Ring) -> None:
    """Ids of minted codes follow each other; without the secret, or with a wrong one, a voucher cannot be used."""
    order = await _ordered(ring, await ring.publish(), 2)
    await mint.complete(ring.database, ring.network_id, order.id)
    lines = await _codes(ring, await _read(ring, order))
    first, second = (codes.parse(line.split(",")[1]) for line in lines)
    before = await ring.snapshot()
    for secret in (None, first.secret):
        redeem = Redeem(uuid7(NOW), second.voucher_id, uuid7(NOW), ring.till(), NOW, secret=secret, basket_minor=900)
        assert [type(one) for one in await ring.apply([Use(all_of=(redeem,))])] == [errors.VoucherNotFound]
    assert await ring.snapshot() == before


async def _read(ring: Ring, order: Mint) -> Mint:
    async with ring.unit() as uow:
        return await mint.read(uow, order.offer_id, order.id)


async def test_an_unknown_order_is_named(ring: Ring) -> None:
    """An order that does not exist, or belongs to another offer, is not found."""
    order = await _ordered(ring, await ring.publish(), 2)
    async with ring.unit() as uow:
        with pytest.raises(errors.MintNotFound):
            await mint.read(uow, uuid7(NOW), order.id)
    with pytest.raises(errors.MintNotFound):
        await mint.complete(ring.database, ring.network_id, uuid7(NOW))
