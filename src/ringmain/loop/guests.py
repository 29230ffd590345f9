"""A merchant's guests: those who agreed to be known, and counts of all."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.kit.secrets import Keyring
from ringmain.loop.store import guests as store
from ringmain.member import api as member
from ringmain.network import api as network

WINDOW_DAYS = 28
# Of what happens elsewhere a merchant sees only groups: so many people, over so many other merchants.
LEAST_PEOPLE = 10
LEAST_MERCHANTS = 3


@dataclass(frozen=True, slots=True)
class Guest:
    """A person who agreed to share with this merchant; the phone is masked. All counts are of this merchant only."""

    member_id: UUID
    name: str | None
    phone: str | None
    visits: int
    visits_with_voucher: int
    last_visit_at: datetime | None


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """How many of the guests also bought in a category of other merchants."""

    category: str
    people: int


@dataclass(frozen=True, slots=True)
class GuestCounts:
    """All recognised guests of the last 28 days; `elsewhere` is empty where the groups are too small to show."""

    days: int
    guests: int
    elsewhere: list[Elsewhere]


async def guests(
    uow: UnitOfWork, keyring: Keyring, merchant_id: UUID, *, after: UUID | None = None, limit: int = 50
) -> list[Guest]:
    """Return the people who share with a merchant, in the order of their ids; everybody else is only counted."""
    ids = await member.sharing_with(uow, merchant_id, after, limit)
    known = [one for one in await member.subjects(uow, ids) if one is not None]
    subjects = [id_ for one in known for id_ in one.subject_ids]
    visits = {row.subject_id: row for row in await store.visits(uow, merchant_id, subjects)} if subjects else {}
    found = []
    for one in known:
        shown = await member.show_to_merchant(uow, keyring, one.member_id, merchant_id)
        rows = [visits[id_] for id_ in one.subject_ids]
        found.append(
            Guest(
                one.member_id,
                shown.name,
                next((identifier.value for identifier in shown.identifiers), None),
                sum(row.visits for row in rows),
                sum(row.with_vouchers for row in rows),
                max((row.last_at for row in rows if row.last_at), default=None),
            )
        )
    return found


async def guest_counts(uow: UnitOfWork, merchant_id: UUID) -> GuestCounts:
    """Return how many guests a merchant had, and what groups of them do elsewhere.

    Needs the rows of others, so the unit of work is the network's; what it returns is safe for the merchant.
    """
    await network.merchant_of(uow, merchant_id)
    shops = [shop.id for shop in await network.shops_of(uow, merchant_id)]
    since = await uow.now() - timedelta(days=WINDOW_DAYS)
    counted = await store.guest_count(uow, shops, since)
    asked = await store.elsewhere(uow, merchant_id, shops, since, LEAST_PEOPLE, LEAST_MERCHANTS)
    count = await counted.one()
    groups = [Elsewhere(row.category, row.people) for row in await asked.all()]
    return GuestCounts(WINDOW_DAYS, count.count if count else 0, groups)
