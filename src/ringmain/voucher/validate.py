"""Would these vouchers work in this sale? A rehearsal that writes nothing, or holds them for a time for one till."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.pure.ids import uuid7
from ringmain.voucher import store
from ringmain.voucher.errors import ValidationNotFound
from ringmain.voucher.model import Redeem, Redeemed, Redeemer
from ringmain.voucher.rehearse import open_book

HOLD = timedelta(minutes=5)
LONGEST_HOLD = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Validated:
    """What vouchers would take off now; where they are held, `lock_key` goes with the redemption until `held_until`."""

    redemptions: tuple[Redeemed, ...]
    lock_key: UUID | None = None
    held_until: datetime | None = None


async def validate(
    uow: UnitOfWork,
    by: Redeemer,
    redeems: Sequence[Redeem],
    *,
    expected_minor: int | None = None,
    hold: timedelta | None = None,
) -> Validated | RuleBroken:
    """Rehearse the redemption of several vouchers in one sale; the first rule that speaks against it is the answer.

    With `hold`, the vouchers are held for the till `by` for that long, 24 hours at most: others are told that they are
    locked. A refusal holds nothing.
    """
    vouchers = None
    if hold is not None:
        vouchers = await (await store.lock_vouchers(uow, {redeem.voucher_id for redeem in redeems}, ())).all()
    book = await open_book(uow, redeems, vouchers)
    outcome = book.use(redeems, expected_minor=expected_minor)
    if isinstance(outcome, RuleBroken) or hold is None:
        return outcome if isinstance(outcome, RuleBroken) else Validated(tuple(outcome))
    now = await uow.now()
    until = now + min(hold, LONGEST_HOLD)
    ids = sorted({redeem.voucher_id for redeem in redeems})
    kept = store.Hold(uuid7(now), by.merchant_id, by.shop_id, ids, until)
    await store.insert_hold(uow, kept)
    return Validated(tuple(outcome), kept.id, until)


async def release(uow: UnitOfWork, lock_key: UUID, merchant_id: UUID | None) -> None:
    """Let go of what a validation holds; of `merchant_id` only where one is given.

    Raises `ValidationNotFound`, also for another merchant's and for one that was released before.
    """
    hold = await store.read_hold(uow, lock_key)
    if hold is None or merchant_id not in (None, hold.merchant_id):
        raise ValidationNotFound()
    await store.release_hold(uow, hold)
