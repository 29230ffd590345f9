"""The one use case through which the value of a voucher changes: redeemed, reversed, expired, void, in any mixture."""

from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from uuid import UUID

from msgspec import Struct

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.errors import RuleBroken
from ringmain.ledger import api as ledger
from ringmain.voucher import store
from ringmain.voucher.errors import VoucherAlreadySpent
from ringmain.voucher.model import (
    Book,
    Close,
    Ended,
    Lease,
    LimitKey,
    Outcome,
    Redeem,
    Redeemed,
    Reverse,
    Reversed,
    Settled,
    Voucher,
    limit_keys,
    local_day,
)
from ringmain.voucher.postings import transfers_of


class Use(Struct, frozen=True):
    """What one sale wants of vouchers: all of `all_of`, or nothing; and the one of `best_of` that takes most off.

    `expected_minor` is what the tenders of the sale leave for vouchers to pay, where the till said so.
    """

    all_of: tuple[Redeem, ...] = ()
    best_of: tuple[Redeem, ...] = ()
    expected_minor: int | None = None


class Settle(Struct, frozen=True):
    """What a till took off one sale without a network: each redemption is `offline`, and is decided for itself."""

    actions: tuple[Redeem, ...]


Request = Use | Settle | Reverse | Close
Answer = list[Redeemed] | Settled | Reversed | Ended | RuleBroken


async def apply(uow: UnitOfWork, requests: Sequence[Request]) -> list[Answer]:
    """Decide requests in order of arrival and write what they change; one answer each, never a commit.

    A refused request changes nothing and does not hinder the others. Locks are taken in one global order: vouchers,
    then counted limits, then guarded accounts, each by its key.
    """
    book = await _read(uow, requests)
    answers: list[Answer] = []
    for request in requests:
        if isinstance(request, Use):
            answers.append(book.use(request.all_of, request.best_of, request.expected_minor))
        elif isinstance(request, Settle):
            answers.append(book.settle(request.actions))
        elif isinstance(request, Reverse):
            answers.append(book.reverse(request))
        else:
            answers.append(book.close(request))
    await _write(uow, book, answers)
    return await _with_last_uses(uow, answers)


async def _with_last_uses(uow: UnitOfWork, answers: Sequence[Answer]) -> list[Answer]:
    """Tell whoever finds a voucher spent when and where that was, be it by this very batch."""
    refusals = [answer for answer in answers if isinstance(answer, VoucherAlreadySpent)]
    for answer in answers:
        if isinstance(answer, Settled):
            refusals += [rule for _, rule in answer.refused if isinstance(rule, VoucherAlreadySpent)]
    if not refusals:
        return list(answers)
    uses = await store.last_uses(uow, sorted({UUID(rule.facts["voucher_id"]) for rule in refusals}))

    def told(answer: Answer) -> Answer:
        if isinstance(answer, Settled):
            return Settled(answer.done, [(id_, _told(rule, uses)) for id_, rule in answer.refused])
        return _told(answer, uses) if isinstance(answer, RuleBroken) else answer

    return [told(answer) for answer in answers]


def _told(rule: RuleBroken, uses: Mapping[UUID, store.LastUse]) -> RuleBroken:
    use = uses.get(UUID(rule.facts["voucher_id"])) if isinstance(rule, VoucherAlreadySpent) else None
    if use is None:
        return rule
    return VoucherAlreadySpent(voucher_id=str(use.voucher_id), redeemed_at=use.redeemed_at, shop_id=use.shop_id)


async def _read(uow: UnitOfWork, requests: Sequence[Request]) -> Book:
    redeems = [redeem for one in requests if isinstance(one, Use) for redeem in (*one.all_of, *one.best_of)]
    redeems += [redeem for one in requests if isinstance(one, Settle) for redeem in one.actions]
    reversals = [one for one in requests if isinstance(one, Reverse)]
    ids = {redeem.voucher_id for redeem in redeems} | {one.voucher_id for one in requests if isinstance(one, Close)}
    redemption_ids = [one.redemption_id for one in reversals]
    if not ids and not redemption_ids:
        return Book({}, {})
    locking = await store.lock_vouchers(uow, ids, redemption_ids)
    past_rows = await store.past_redemptions(uow, redemption_ids) if redemption_ids else None
    vouchers = {voucher.id: voucher for voucher in await locking.all()}
    past = {row.id: row for row in await past_rows.all()} if past_rows else {}
    offers = await store.offers(uow, {voucher.offer_id for voucher in vouchers.values()})
    book = Book(vouchers, offers, past, leases=await leases_of(uow, vouchers.values(), redeems))
    maxima = limits_to_count(book, redeems, reversals)
    if maxima:
        book.limits = await store.lock_limits(uow, maxima)
    return book


async def leases_of(uow: UnitOfWork, vouchers: Iterable[Voucher], redeems: Sequence[Redeem]) -> dict[UUID, Lease]:
    """Return the leases of vouchers, and those that offline redemptions claim; where there are none, ask for none."""
    ids = {voucher.lease_id for voucher in vouchers if voucher.lease_id is not None}
    ids |= {one.offline.lease_id for one in redeems if one.offline is not None and one.offline.lease_id is not None}
    return await store.read_leases(uow, ids) if ids else {}


def limits_to_count(book: Book, redeems: Sequence[Redeem], reversals: Sequence[Reverse] = ()) -> dict[LimitKey, int]:
    """Return the limits, each with its maximum, that redemptions and reversals of the book's vouchers count against."""
    maxima: dict[LimitKey, int] = {}
    for redeem in redeems:
        voucher = book.vouchers.get(redeem.voucher_id)
        if voucher and book.offers[voucher.offer_id].terms.counted:
            subject = redeem.subject_id or voucher.subject_id
            for at in {redeem.at, redeem.booked_at}:
                day = local_day(at, redeem.by.time_zone)
                maxima.update(limit_keys(book.offers[voucher.offer_id].terms, voucher.offer_id, subject, day))
    for reverse in reversals:
        past = book.redemptions.get(reverse.redemption_id)
        if past and (offer := book.offers[book.vouchers[past.voucher_id].offer_id]).terms.counted:
            keys = limit_keys(offer.terms, offer.id, past.subject_id, "")
            maxima.update((key, maximum) for key, maximum in keys if key[1] != "day")
    return maxima


async def _write(uow: UnitOfWork, book: Book, answers: Sequence[Answer]) -> None:
    outcomes: list[Outcome] = []
    for answer in answers:
        if isinstance(answer, list):
            outcomes.extend(answer)
        elif isinstance(answer, Settled):
            outcomes.extend(answer.done)
        elif not isinstance(answer, RuleBroken):
            outcomes.append(answer)
    if not outcomes:
        return
    redeemed = [one for one in outcomes if isinstance(one, Redeemed)]
    reversed_ = [one for one in outcomes if isinstance(one, Reversed)]
    ended = [one for one in outcomes if isinstance(one, Ended)]
    # In the order of ids; compared as numbers, which takes a twelfth of the time.
    changed = [book.vouchers[id_] for id_ in sorted(book.changed, key=attrgetter("int"))]
    extended = [book.vouchers[one.voucher_id] for one in reversed_ if one.revived]
    await store.update_vouchers(uow, changed, extended)
    if redeemed:
        await store.insert_redemptions(uow, redeemed)
    if reversed_:
        await store.insert_reversals(uow, reversed_)
    if book.counted:
        await store.count_limits(uow, book.counted)
    if book.leases:
        await _end_leases(uow, changed)
    await _post(uow, outcomes)
    if ended:
        await store.insert_ends(uow, ended)
    uow.record("redemption", [one.id for one in redeemed])
    uow.record("reversal", [one.id for one in reversed_])
    uow.record("voucher_closed", [one.voucher_id for one in ended])


async def _end_leases(uow: UnitOfWork, changed: Sequence[Voucher]) -> None:
    """End the leases of vouchers that are closed now: there is nothing left to lend."""
    leases = {one.lease_id: one.id for one in changed if one.closed is not None and one.lease_id is not None}
    if leases:
        await store.end_leases(uow, leases, await uow.now(), "spent")


async def _post(uow: UnitOfWork, outcomes: Sequence[Outcome]) -> None:
    transfers, changes = transfers_of(uow.network_id, outcomes)
    if changes:
        await ledger.available(uow, list(changes))
    await ledger.post(uow, transfers, changes)
