"""What a cashier may see of a guest: what they did at this merchant, and nothing of elsewhere."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.profile import store
from ringmain.profile.image import person
from ringmain.profile.model import FEWEST_FACTS, WINDOW
from ringmain.sale import api as sale
from ringmain.voucher import api as voucher


@dataclass(frozen=True, slots=True)
class Habits:
    """A guest of one merchant. `usual_product` was part of `usual_visits` of the `recent_visits`.

    Those are the visits of 180 days, the newest 60 at most. The product is None where there were fewer than three, or
    it was part of only one. `points` are those of the network.
    """

    visits: int
    last_visit_at: datetime | None
    recent_visits: int
    usual_product: str | None
    usual_visits: int
    points: int


async def habits_for_merchant(uow: UnitOfWork, member_id: UUID, merchant_id: UUID) -> Habits:
    """Return what one merchant may see of a guest, from its own sales only. Raises `MemberUnknown`.

    Sales of which the guest said "this was not me" are left out. Four short queries, for the till's card of a member.
    """
    known = await person(uow, member_id)
    disputed = await store.disputed_sales(uow, known.subject_ids)
    since = await uow.now() - WINDOW
    row = await sale.regular(uow, known.subject_ids, merchant_id, since, sorted(disputed))
    usual = row.recent_visits >= FEWEST_FACTS and row.usual_visits > 1
    return Habits(
        visits=row.visits,
        last_visit_at=row.last_at,
        recent_visits=row.recent_visits,
        usual_product=row.usual_product if usual else None,
        usual_visits=row.usual_visits if usual else 0,
        points=await voucher.points_of(uow, known.subject_id),
    )
