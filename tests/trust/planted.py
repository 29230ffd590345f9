"""Bugs to plant in the engine, one at a time: each is a plausible slip, and a test that misses it proves nothing."""

import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from ringmain.voucher import apply as apply_module
from ringmain.voucher import postings, store
from ringmain.voucher.model import book
from ringmain.voucher.model.book import Book
from ringmain.voucher.model.counter import Counter
from ringmain.voucher.model.terms import Terms

Plant = Callable[[pytest.MonkeyPatch], None]
NEVER = datetime(9999, 1, 1, tzinfo=UTC)


def wrap(owner: Any, name: str, around: Callable[..., Any]) -> Plant:
    """Replace a function by one that gets it as its first argument."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        inner = getattr(owner, name)
        patch.setattr(owner, name, lambda *args, **kwargs: around(inner, *args, **kwargs))

    return plant


def instead(owner: Any, name: str, result: Any = None) -> Plant:
    """Replace a function by one that does nothing and returns a constant."""
    return lambda patch: patch.setattr(owner, name, lambda *_, **__: result)


async def _nothing(*_: Any, **__: Any) -> None:
    return None


def _value_stays(inner: Any, self: Book, action: Any) -> Any:
    done = inner(self, action)
    voucher = self.vouchers[action.voucher_id]
    voucher.remaining_minor += done.amount_minor
    voucher.held_minor += done.amount_minor
    return done


def _value_stays_if_used_up(inner: Any, self: Book, action: Any) -> Any:
    done = inner(self, action)
    self.vouchers[action.voucher_id].closed = None
    return done


def _ends_are_ignored(inner: Any, self: Book, action: Any) -> Any:
    voucher = self.vouchers.get(action.voucher_id)
    if voucher is None:
        return inner(self, action)
    ends, voucher.valid_until = voucher.valid_until, NEVER
    try:
        return inner(self, action)
    finally:
        voucher.valid_until = ends


def _grace_is_long(inner: Any, self: Book, action: Any) -> Any:
    self.offers = {
        id_: dataclasses.replace(one, terms=dataclasses.replace(one.terms, grace_days=300))
        for id_, one in self.offers.items()
    }
    return inner(self, action)


def _void_lives_again(inner: Any, self: Book, action: Any) -> Any:
    past = self.redemptions.get(action.redemption_id)
    if past is not None and self.vouchers[past.voucher_id].closed == "void":
        self.vouchers[past.voucher_id].closed = "spent"
    return inner(self, action)


def _undone_again(inner: Any, self: Book, action: Any) -> Any:
    past = self.redemptions.get(action.redemption_id)
    if past is not None:
        self.redemptions[past.id] = replace(past, reversed_at=None)
    return inner(self, action)


def _released_twice(inner: Any, journal: Any, one: Any) -> Any:
    inner(journal, replace(one, released_minor=one.released_minor * 2))


def _day_of_utc(patch: pytest.MonkeyPatch) -> None:
    for module in (book, apply_module):
        patch.setattr(module, "local_day", lambda at, _: at.astimezone(UTC).date().isoformat())


def _fee_stays_behind(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Terms, "set_aside_minor", property(lambda self: self.cost_minor))


async def _no_answers(*_: Any) -> list[Any]:
    return []


# The first ten are planted in every test run.
PLANTED: dict[str, Plant] = {
    "the value of a voucher is not decreased": wrap(Book, "_redeem", _value_stays),
    "what is not needed is not released in the ledger": wrap(
        postings,
        "_redeemed",
        lambda inner, journal, network, one: inner(journal, network, replace(one, released_minor=0)),
    ),
    "the fee is forgotten": wrap(
        postings, "_redeemed", lambda inner, journal, network, one: inner(journal, network, replace(one, fee_minor=0))
    ),
    "guarded balances are not moved": instead(postings._Journal, "guard"),
    "limits are not counted": instead(Book, "_count"),
    "a redemption is undone twice": wrap(Book, "reverse", _undone_again),
    "expiry is ignored": wrap(Book, "_usable", _ends_are_ignored),
    "conditions are not checked": instead(book, "_check_conditions"),
    "a refused sale keeps its first voucher": instead(Book, "_put_back"),
    "a retry is a new request": lambda patch: patch.setattr("ringmain.kit.idempotency.find_answers", _no_answers),
    "a used-up voucher stays open": wrap(Book, "_redeem", _value_stays_if_used_up),
    "the fee is not given back": wrap(
        postings, "_reversed", lambda inner, journal, network, one: inner(journal, network, replace(one, fee_minor=0))
    ),
    "limits are not checked": instead(Book, "_check_limits"),
    "anybody may undo": wrap(Book, "reverse", lambda inner, self, one: inner(self, replace(one, merchant_id=None))),
    "grace is not looked at": wrap(Book, "reverse", _grace_is_long),
    "a void voucher lives again": wrap(Book, "reverse", _void_lives_again),
    "combination is not checked": instead(Book, "_check_combination"),
    "percentages are cut off": lambda patch: patch.setattr(
        book, "share_minor", lambda amount, bp: amount * bp // 10_000
    ),
    "days are those of UTC": _day_of_utc,
    "tenders are not checked": wrap(
        Book, "use", lambda inner, self, all_of, best_of, _=None: inner(self, all_of, best_of)
    ),
    "the best voucher is the first one": wrap(
        Book, "_best", lambda inner, self, found, taken, **more: inner(self, found[:1], taken, **more)
    ),
    "any secret opens": instead(book, "compare_digest", result=True),
    "funds are not counted": wrap(Counter, "take", lambda inner, self, offer, _: inner(self, offer, 0)),
    "stock is not taken": lambda patch: patch.setattr(store, "take_stock", _nothing),
    "a fee paid at minting stays behind the voucher": _fee_stays_behind,
    "vouchers are not extended by grace": wrap(
        Book, "_revive", lambda inner, self, voucher, past, at, _: inner(self, voucher, past, at, timedelta(0))
    ),
    "money goes back twice at the end": wrap(postings, "_ended", _released_twice),
}
