"""Budgets in PostgreSQL: rows that are locked while a voucher is granted, and what was taken from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import UnitOfWork, pack_uuids


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What its owner (a merchant, or the network) will set aside in a period.

    `taken_minor` was set aside for vouchers, of which `returned_minor` came back by the last count.
    """

    id: UUID
    owner_id: UUID
    name: str
    currency: str
    limit_minor: int
    begins_at: datetime
    ends_at: datetime
    taken_minor: int = 0
    returned_minor: int = 0

    @property
    def spent_minor(self) -> int:
        """What is set aside or spent."""
        return self.taken_minor - self.returned_minor

    @property
    def left_minor(self) -> int:
        """What may still be set aside."""
        return self.limit_minor - self.spent_minor

    def open_at(self, at: datetime) -> bool:
        """Say whether its period runs."""
        return self.begins_at <= at < self.ends_at


_COLUMNS = "id, owner_id, name, currency, limit_minor, begins_at, ends_at, taken_minor, returned_minor"
_ADD = """
    INSERT INTO budget (network_id, id, owner_id, name, currency, limit_minor, begins_at, ends_at, made_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_ADD_OFFERS = """
    INSERT INTO budget_offer (network_id, offer_id, budget_id, cost_minor)
    SELECT %s, t.offer, %s, t.cost FROM unnest(%s, %s::bigint[]) AS t (offer, cost)
"""


async def add_budget(uow: UnitOfWork, budget: Budget, offers: Sequence[tuple[UUID, int]], at: datetime) -> None:
    """Write a new budget with the offers that draw on it, each with the cost of a voucher."""
    whose = (budget.owner_id, budget.name, budget.currency, budget.limit_minor, budget.begins_at, budget.ends_at)
    await uow.execute(_ADD, (uow.network_id, budget.id, *whose, at))
    ids, costs = pack_uuids([id_ for id_, _ in offers]), [cost for _, cost in offers]
    await uow.execute(_ADD_OFFERS, (uow.network_id, budget.id, ids, costs))


async def change_limit(uow: UnitOfWork, budget_id: UUID, limit_minor: int) -> None:
    """Change how much may be set aside; the row is locked already."""
    query = "UPDATE budget SET limit_minor = %s WHERE network_id = %s AND id = %s"
    await uow.execute(query, (limit_minor, uow.network_id, budget_id))


async def end_budget(uow: UnitOfWork, budget_id: UUID, at: datetime) -> None:
    """End a budget early: from now on nothing draws on it, and it hinders no other one of its offers."""
    await uow.execute(
        "UPDATE budget SET ends_at = greatest(%(at)s, begins_at + interval '1 microsecond')"
        " WHERE network_id = %(network)s AND id = %(id)s AND ends_at > %(at)s",
        {"at": at, "network": uow.network_id, "id": budget_id},
    )


async def lock_budgets(uow: UnitOfWork, budget_ids: Sequence[UUID]) -> list[Budget]:
    """Lock budgets in the order of their ids, and return them as they stand under the lock."""
    query = f"SELECT {_COLUMNS} FROM budget WHERE network_id = %s AND id = ANY(%s) ORDER BY id"
    params = (uow.network_id, pack_uuids(budget_ids))
    await uow.rows(Budget, f"{query} FOR NO KEY UPDATE", params)
    # Read again: a later statement sees what others have committed while this one waited.
    return await uow.rows(Budget, query, params)


@dataclass(frozen=True, slots=True)
class _Id:
    id: UUID


async def budgets_of_offer(uow: UnitOfWork, offer_id: UUID) -> list[UUID]:
    """Return the budgets that an offer draws on."""
    query = "SELECT budget_id AS id FROM budget_offer WHERE network_id = %s AND offer_id = %s ORDER BY budget_id"
    return [row.id for row in await uow.rows(_Id, query, (uow.network_id, offer_id))]


async def draws_of(uow: UnitOfWork, offer_ids: Sequence[UUID]) -> list["Draws"]:
    """Return which budgets these offers draw on."""
    query = "SELECT offer_id, budget_id FROM budget_offer WHERE network_id = %s AND offer_id = ANY(%s)"
    return await uow.rows(Draws, query, (uow.network_id, pack_uuids(offer_ids)))


_TAKE = """
    UPDATE budget b SET taken_minor = b.taken_minor + t.amount
    FROM (SELECT budget, sum(amount)::bigint AS amount FROM unnest(%s, %s::bigint[]) AS u (budget, amount) GROUP BY 1) t
    WHERE b.network_id = %s AND b.id = t.budget
"""
_ADD_TAKES = """
    INSERT INTO budget_take (network_id, budget_id, voucher_id, amount_minor, taken_at)
    SELECT %s, t.budget, t.voucher, t.amount, %s FROM unnest(%s, %s, %s::bigint[]) AS t (budget, voucher, amount)
"""


async def take_from(uow: UnitOfWork, taken: Sequence[tuple[UUID, UUID, int]], at: datetime) -> None:
    """Take (budget, voucher, amount) from budgets whose rows are locked."""
    budgets, vouchers = pack_uuids([id_ for id_, _, _ in taken]), pack_uuids([id_ for _, id_, _ in taken])
    amounts = [amount for _, _, amount in taken]
    await uow.execute(_TAKE, (budgets, amounts, uow.network_id))
    await uow.execute(_ADD_TAKES, (uow.network_id, at, budgets, vouchers, amounts))


async def budgets(uow: UnitOfWork, owner_id: UUID | None = None, ends_after: datetime | None = None) -> list[Budget]:
    """Return the newest budgets, of one owner where that is named, and of those that end later than a moment."""
    query = f"""
        SELECT {_COLUMNS} FROM budget
        WHERE network_id = %(network)s AND (%(owner)s::uuid IS NULL OR owner_id = %(owner)s)
          AND (%(after)s::timestamptz IS NULL OR ends_at > %(after)s) ORDER BY id DESC LIMIT 2000
    """
    return await uow.rows(Budget, query, {"network": uow.network_id, "owner": owner_id, "after": ends_after})


@dataclass(frozen=True, slots=True)
class Draws:
    """An offer that draws on a budget."""

    offer_id: UUID
    budget_id: UUID


async def draws(uow: UnitOfWork, ends_after: datetime) -> list[Draws]:
    """Return which offers draw on which of the budgets that end later than a moment."""
    query = """
        SELECT o.offer_id, o.budget_id FROM budget_offer o
        JOIN budget b ON b.network_id = o.network_id AND b.id = o.budget_id
        WHERE o.network_id = %s AND b.ends_at > %s ORDER BY o.offer_id, o.budget_id
    """
    return await uow.rows(Draws, query, (uow.network_id, ends_after))


_SHUT = """
    SELECT o.offer_id AS id FROM budget_offer o
    JOIN budget b ON b.network_id = o.network_id AND b.id = o.budget_id
    WHERE o.network_id = %(network)s GROUP BY o.offer_id
    HAVING NOT bool_or(b.begins_at <= %(at)s AND b.ends_at > %(at)s)
        OR bool_or(b.begins_at <= %(at)s AND b.ends_at > %(at)s
                   AND b.limit_minor - b.taken_minor + b.returned_minor < o.cost_minor)
"""


async def shut_offers(uow: UnitOfWork, at: datetime) -> set[UUID]:
    """Return the offers of which a running budget bears no more voucher, or none of whose budgets runs; no locks."""
    return {row.id for row in await uow.rows(_Id, _SHUT, {"network": uow.network_id, "at": at})}


@dataclass(frozen=True, slots=True)
class Take:
    """A voucher that took from a budget."""

    budget_id: UUID
    voucher_id: UUID


async def takes(uow: UnitOfWork, budget_id: UUID) -> list[Take]:
    """Return which vouchers took from a budget."""
    query = "SELECT budget_id, voucher_id FROM budget_take WHERE network_id = %s AND budget_id = %s"
    return await uow.rows(Take, query, (uow.network_id, budget_id))


async def set_returned(uow: UnitOfWork, budget_id: UUID, returned_minor: int) -> None:
    """Write what came back of a budget by a new count."""
    query = "UPDATE budget SET returned_minor = %s WHERE network_id = %s AND id = %s"
    await uow.execute(query, (returned_minor, uow.network_id, budget_id))
