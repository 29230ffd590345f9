"""Which vouchers of an identified holder may be worth using here: found without locks, so that few rows are locked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.voucher import store


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody at a till: the holder's subjects, the shop, the purchase in minor units, and when."""

    subject_ids: tuple[UUID, ...]
    shop_id: UUID
    basket_minor: int | None
    at: datetime


async def candidates(uow: UnitOfWork, visits: Sequence[Visit]) -> list[list[UUID]]:
    """Return for each visit the vouchers of its holder whose shops and minimum fit; `apply` decides under lock.

    A wallet may hold dozens of vouchers of other shops: locking them all would make every visit of a busy member write
    to rows that it does not change.
    """
    subjects = sorted({subject for visit in visits for subject in visit.subject_ids})
    if not subjects:
        return [[] for _ in visits]
    held: dict[UUID, list[store.HeldVoucher]] = {}
    for row in await store.open_vouchers_of(uow, subjects, min(visit.at for visit in visits)):
        held.setdefault(row.subject_id, []).append(row)
    offers = await store.offers(uow, {row.offer_id for rows in held.values() for row in rows})
    found: list[list[UUID]] = []
    for visit in visits:
        fitting: list[UUID] = []
        for row in (row for subject in visit.subject_ids for row in held.get(subject, ())):
            terms = offers[row.offer_id].terms
            here = not terms.shop_ids or visit.shop_id in terms.shop_ids
            if here and (not terms.minimum_minor or (visit.basket_minor or 0) >= terms.minimum_minor):
                fitting.append(row.id)
        found.append(fitting)
    return found
