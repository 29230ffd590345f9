"""Mint unassigned codes by the million: all of the money is set aside first, then the codes are made in chunks."""

import os
import time
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from uuid import UUID

import numpy as np
import numpy.typing as npt

from ringmain.kit.db import Database, UnitOfWork
from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.pure.ids import uuid7, uuid7_of
from ringmain.ledger import api as ledger
from ringmain.network.api import MerchantAccount
from ringmain.voucher import store
from ringmain.voucher.codes import CODE_LENGTH, encode_codes
from ringmain.voucher.errors import MintNotFound, TooManyCodes
from ringmain.voucher.grant import SECRET_BYTES, lock_funds, open_counter
from ringmain.voucher.model import Grant, Mint, Offer, validity
from ringmain.voucher.postings import Posting, account_of, transfer_id

MOST_CODES = 10_000_000
_ID_BYTES = 16
_NUMBER_BYTES = 4  # The last bytes of a minted id are its number within the order.
_FIRST_CHUNK = 4_000
_LARGEST_CHUNK = 50_000
# A transaction stays well under 250 ms, so that nobody waits long for the rows it locks.
_CHUNK_SECONDS = 0.12
_CODES_AT_ONCE = 10_000

Progress = Callable[[Mint], None]


async def order(
    uow: UnitOfWork, offer_id: UUID, count: int, *, at: datetime | None = None, id_: UUID | None = None
) -> Mint | RuleBroken:
    """Set aside stock and the greatest possible cost of `count` codes, in one transfer; no code exists yet.

    Returns the order, or the rule that refuses it; a refusal changes nothing. An order whose id exists already is
    returned as it stands.
    """
    at = at or await uow.now()
    if id_ is not None and (known := await store.read_mint(uow, id_)) is not None:
        return known
    if not 0 < count <= MOST_CODES:
        return TooManyCodes(most=MOST_CODES)
    counter = await open_counter(uow, {offer_id})
    refusal = counter.open_to(Grant(offer_id=offer_id, at=at))
    if refusal is not None:
        return refusal
    offer = counter.offers[offer_id]
    await lock_funds(uow, counter, {(offer.funder_id, offer.terms.currency)}, set())
    refusal = counter.take(offer, count)
    if refusal is not None:
        return refusal
    period = validity(offer.terms, at)
    assert period is not None
    mint = Mint(id_ or uuid7(at), offer_id, count, 0, at, *period)
    if offer_id in counter.stock:
        await store.take_stock(uow, {offer_id: count})
    await store.insert_mint(uow, mint)
    await _hold(uow, mint, offer)
    return mint


async def _hold(uow: UnitOfWork, mint: Mint, offer: Offer) -> None:
    currency, amount = offer.terms.currency, offer.terms.cost_minor * mint.wanted
    available = account_of(uow.network_id, offer.funder_id, MerchantAccount.AVAILABLE, currency)
    held = account_of(uow.network_id, offer.funder_id, MerchantAccount.HELD, currency)
    id_ = transfer_id(mint.id, Posting.HOLD, mint.ordered_at)
    transfer = ledger.Transfer(id_, available, held, amount, currency, Posting.HOLD, mint.id, mint.ordered_at)
    await ledger.post(uow, [transfer], {available: -amount})


async def make_chunk(uow: UnitOfWork, mint_id: UUID, most: int) -> Mint:
    """Make the next `most` codes of an order, or as many as it lacks, and return it as it stands then.

    Raises `MintNotFound`.
    """
    mint = await store.lock_mint(uow, mint_id)
    if mint is None:
        raise MintNotFound()
    count = min(most, mint.wanted - mint.minted)
    if count <= 0:
        return mint
    offer = (await store.offers(uow, [mint.offer_id]))[mint.offer_id]
    secrets = np.frombuffer(os.urandom(SECRET_BYTES * count), dtype=f"V{SECRET_BYTES}")
    await store.insert_minted(uow, mint, offer.terms, ids_of(mint, mint.minted, count), secrets)
    if offer.terms.minting_fee_minor:
        await _take_fee(uow, mint, offer, count)
    return Mint(
        mint.id, mint.offer_id, mint.wanted, mint.minted + count, mint.ordered_at, mint.valid_from, mint.valid_until
    )


async def _take_fee(uow: UnitOfWork, mint: Mint, offer: Offer, count: int) -> None:
    currency, amount, now = offer.terms.currency, offer.terms.minting_fee_minor * count, await uow.now()
    held = account_of(uow.network_id, offer.funder_id, MerchantAccount.HELD, currency)
    fees = account_of(uow.network_id, uow.network_id, MerchantAccount.FEES, currency)
    # The first number of the chunk is part of the id: each chunk pays once.
    id_ = uuid7_of(mint.ordered_at, mint.id, Posting.FEE.to_bytes(1), mint.minted.to_bytes(_NUMBER_BYTES))
    await ledger.post(uow, [ledger.Transfer(id_, held, fees, amount, currency, Posting.FEE, mint.id, now)])


async def complete(
    database: Database,
    network_id: UUID,
    mint_id: UUID,
    *,
    at_most: int | None = None,
    progress: Progress | None = None,
) -> Mint:
    """Make the codes of an order, chunk by chunk, each in its own short transaction; returns the order as it stands.

    It may be interrupted at any time and called again, by several processes at once too. `at_most` bounds how many
    codes this call makes. Raises `MintNotFound`.
    """
    size, made = _FIRST_CHUNK, 0
    while True:
        if at_most is not None:
            size = min(size, at_most - made)
        started = time.monotonic()
        async with database.unit(network_id) as uow:
            before = await store.read_mint(uow, mint_id)
            mint = await make_chunk(uow, mint_id, size)
        made += mint.minted - (before.minted if before else 0)
        if progress is not None:
            progress(mint)
        if mint.done or (at_most is not None and made >= at_most):
            return mint
        pace = _CHUNK_SECONDS / max(time.monotonic() - started, 0.001)
        size = min(_LARGEST_CHUNK, max(_FIRST_CHUNK // 4, int(size * min(pace, 2.0))))


async def complete_all(database: Database, network_id: UUID) -> int:
    """Finish every order of a network that was interrupted; returns how many there were. For the worker."""
    async with database.unit(network_id) as uow:
        unfinished = await store.unfinished_mints(uow)
    for mint in unfinished:
        await complete(database, network_id, mint.id)
    return len(unfinished)


async def read(uow: UnitOfWork, offer_id: UUID, mint_id: UUID) -> Mint:
    """Return an order of codes. Raises `MintNotFound`, also where it belongs to another offer."""
    mint = await store.read_mint(uow, mint_id)
    if mint is None or mint.offer_id != offer_id:
        raise MintNotFound()
    return mint


async def codes(uow: UnitOfWork, mint: Mint, first: int = 0, most: int | None = None) -> AsyncIterator[bytes]:
    """Yield lines `number,code` of the codes of an order that exist, from number `first` on, in pieces."""
    end = mint.minted if most is None else min(mint.minted, first + most)
    for start in range(first, end, _CODES_AT_ONCE):
        until = min(end, start + _CODES_AT_ONCE)
        data = await store.code_bytes(uow, _id_of(mint, start), _id_of(mint, until))
        texts = encode_codes(data)
        lines = [b"%d,%s\r\n" % (start + place, texts[at : at + CODE_LENGTH]) for place, at in _places(len(texts))]
        yield b"".join(lines)


def _places(length: int) -> enumerate[int]:
    return enumerate(range(0, length, CODE_LENGTH))


def ids_of(mint: Mint, first: int, count: int) -> npt.NDArray[np.void]:
    """Return the ids of `count` codes of an order, from number `first` on, as an array of 16 bytes each.

    They are UUIDv7 of the time of the order; 42 bits are derived from its id, and the last 32 are the number. So they
    lie side by side in the index, and are made without a loop. What makes a code unguessable is its secret.
    """
    ids = np.empty(count, dtype=[("head", f"V{_ID_BYTES - _NUMBER_BYTES}"), ("number", f">u{_NUMBER_BYTES}")])
    ids["head"] = np.void(uuid7_of(mint.ordered_at, mint.id).bytes[: _ID_BYTES - _NUMBER_BYTES])
    ids["number"] = np.arange(first, first + count)
    return ids.view(f"V{_ID_BYTES}")


def _id_of(mint: Mint, number: int) -> UUID:
    return UUID(bytes=uuid7_of(mint.ordered_at, mint.id).bytes[: _ID_BYTES - _NUMBER_BYTES] + number.to_bytes(4))
