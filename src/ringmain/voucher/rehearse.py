"""Rehearsals: the book as it stands, read without locks, so that what would happen is decided by what will decide."""

from collections.abc import Iterable, Sequence

from ringmain.kit.db import UnitOfWork
from ringmain.voucher import store
from ringmain.voucher.apply import leases_of, limits_to_count
from ringmain.voucher.model import Book, Redeem, Voucher


async def open_book(uow: UnitOfWork, redeems: Sequence[Redeem], vouchers: Iterable[Voucher] | None = None) -> Book:
    """Return a book for the vouchers of `redeems`, whose outcomes are never written.

    `vouchers` are given where the caller has read, and perhaps locked, them already.
    """
    if vouchers is None:
        vouchers = await store.read_vouchers(uow, {redeem.voucher_id for redeem in redeems}) if redeems else []
    known = {voucher.id: voucher for voucher in vouchers}
    book = Book(known, await store.offers(uow, {voucher.offer_id for voucher in known.values()}))
    book.leases = await leases_of(uow, known.values(), redeems)
    maxima = limits_to_count(book, redeems)
    if maxima:
        book.limits = await store.read_limits(uow, maxima)
    return book
