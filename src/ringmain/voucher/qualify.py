"""What somebody is entitled to at a shop: every open voucher with what it would take off, or what speaks against it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.errors import RuleBroken
from ringmain.voucher import store
from ringmain.voucher.model import Offer, Redeem, Redeemer, Voucher
from ringmain.voucher.rehearse import open_book


@dataclass(frozen=True, slots=True)
class Qualified:
    """One voucher at one shop: `amount_minor` is what it would take off, or `refusal` says why it would not."""

    voucher: Voucher
    offer: Offer
    amount_minor: int
    refusal: RuleBroken | None


async def qualify(
    uow: UnitOfWork,
    subject_ids: Sequence[UUID],
    by: Redeemer,
    *,
    basket_minor: int | None = None,
    currency: str | None = None,
    at: datetime | None = None,
    most: int = 100,
) -> list[Qualified]:
    """Return the open vouchers of a person, best first: usable ones by what they take off, then by how soon they end.

    `subject_ids` are the person's subject and those merged into it, the present one first. Nothing is written and
    nothing is locked.
    """
    at = at or await uow.now()
    held = await store.open_vouchers_of(uow, list(subject_ids), at)
    redeems = [
        # The ids of redemption and sale are never written: the voucher's own stands for both.
        Redeem(
            id=row.id,
            voucher_id=row.id,
            sale_id=row.id,
            by=by,
            at=at,
            subject_id=subject_ids[0],
            merged_subject_ids=tuple(subject_ids[1:]),
            basket_minor=basket_minor,
            currency=currency,
        )
        for row in held
    ]
    book = await open_book(uow, redeems)
    found: list[Qualified] = []
    for redeem in redeems:
        voucher = book.vouchers[redeem.voucher_id]
        quoted = book.quote(redeem)
        offer = book.offers[voucher.offer_id]
        if isinstance(quoted, RuleBroken):
            found.append(Qualified(voucher, offer, 0, quoted))
        else:
            found.append(Qualified(voucher, offer, quoted, None))
    found.sort(key=lambda one: (one.refusal is not None, -one.amount_minor, one.voucher.valid_until, one.voucher.id))
    return found[:most]
