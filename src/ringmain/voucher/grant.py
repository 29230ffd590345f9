"""Grant vouchers: each is issued together with its greatest possible cost being set aside, or not at all."""

import os
from collections import Counter as Count
from collections.abc import Sequence
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.errors import RuleBroken
from ringmain.ledger import api as ledger
from ringmain.network.api import MerchantAccount
from ringmain.voucher import store
from ringmain.voucher.model import Counter, Funds, Grant, Granted
from ringmain.voucher.postings import POINTS, Issued, account_of, transfers_of_issue
from ringmain.voucher.store import NewVoucher

SECRET_BYTES = 16


async def grant(uow: UnitOfWork, items: Sequence[Grant]) -> list[Granted | RuleBroken]:
    """Issue vouchers in order of arrival; one answer each. A refused item takes nothing and hinders no other.

    A constant number of statements per batch. Locks are taken in the global order: stocks of offers, then guarded
    accounts, each by its key. An item whose id was granted before gets that voucher as its answer.
    """
    if not items:
        return []
    before = await store.granted(uow, [item.id for item in items if item.id]) if any(i.id for i in items) else {}
    new = [item for item in items if item.id is None or item.id not in before]
    counter = await open_counter(uow, {item.offer_id for item in new})
    await _read_funds(uow, counter, [item for item in new if counter.open_to(item) is None])
    answers: list[Granted | RuleBroken] = []
    issued: list[tuple[Grant, Granted]] = []
    for item in items:
        if item.id is not None and item.id in before:
            answers.append(before[item.id])
            continue
        answer = counter.issue(item)
        answers.append(answer)
        if isinstance(answer, Granted):
            issued.append((item, answer))
            # The same id twice in one batch is one voucher.
            before[answer.voucher_id] = answer
    await _write(uow, counter, issued)
    return answers


async def open_counter(uow: UnitOfWork, offer_ids: set[UUID]) -> Counter:
    """Lock the stocks of offers and read what grants of them need, except the money."""
    if not offer_ids:
        return Counter({})
    # Locked first and read afterwards: what the later statements see is as fresh as the locks.
    ids = sorted(offer_ids)
    locking = await store.lock_stock(uow, ids)
    pausing = await store.paused_offers(uow, ids)
    stock = {row.id: row.stock for row in await locking.all()}
    paused = {row.id for row in await pausing.all()}
    return Counter(await store.offers(uow, ids), paused, stock)


async def lock_funds(uow: UnitOfWork, counter: Counter, funds: set[Funds], subjects: set[UUID]) -> None:
    """Lock the purses of funders and the points of members, in one order, and put what they hold on the counter."""
    network_id = uow.network_id
    purses = {key: account_of(network_id, key[0], MerchantAccount.AVAILABLE, key[1]) for key in funds}
    points = {subject: account_of(network_id, subject, MerchantAccount.POINTS, POINTS) for subject in subjects}
    found = await ledger.available(uow, [*purses.values(), *points.values()])
    counter.funds = {key: found.get(account, 0) for key, account in purses.items()}
    counter.points = {subject: found.get(account, 0) for subject, account in points.items()}


async def _read_funds(uow: UnitOfWork, counter: Counter, items: Sequence[Grant]) -> None:
    funds: set[Funds] = set()
    subjects: set[UUID] = set()
    for item in items:
        offer = counter.offers[item.offer_id]
        funds.add((offer.funder_id, offer.terms.currency))
        if offer.terms.price_points and item.subject_id is not None:
            subjects.add(item.subject_id)
    if funds:
        await lock_funds(uow, counter, funds, subjects)


async def _write(uow: UnitOfWork, counter: Counter, issued: Sequence[tuple[Grant, Granted]]) -> None:
    if not issued:
        return
    secrets = os.urandom(SECRET_BYTES * len(issued))
    vouchers: list[NewVoucher] = []
    postings: list[Issued] = []
    for place, (item, granted) in enumerate(issued):
        offer = counter.offers[item.offer_id]
        secret = secrets[place * SECRET_BYTES : (place + 1) * SECRET_BYTES]
        vouchers.append(NewVoucher(item, granted, secret, offer.terms.set_aside_minor))
        postings.append(Issued(granted.voucher_id, offer.funder_id, item.subject_id, offer.terms, item.at))
    taken = Count(item.offer_id for item, _ in issued if item.offer_id in counter.stock)
    if taken:
        await store.take_stock(uow, taken)
    await store.insert_vouchers(uow, vouchers)
    await ledger.post(uow, *transfers_of_issue(uow.network_id, postings))
    uow.record("grant", [granted.voucher_id for _, granted in issued])
