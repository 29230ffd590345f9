"""Standing top-ups in PostgreSQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.ids import first_id
from ringmain.loop.model.top_ups import StandingOrder, TopUp

_SET = """
    INSERT INTO top_up_order
        (network_id, merchant_id, below_minor, below_days, add_minor, month_minor, paused, changed_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (network_id, merchant_id) DO UPDATE
    SET below_minor = excluded.below_minor, below_days = excluded.below_days, add_minor = excluded.add_minor,
        month_minor = excluded.month_minor, paused = excluded.paused, changed_at = excluded.changed_at
"""
_ORDER = """
    SELECT merchant_id, below_minor, below_days, add_minor, month_minor, paused, changed_at
    FROM top_up_order WHERE network_id = %s AND merchant_id = %s
"""
_MERCHANTS = "SELECT merchant_id AS id FROM top_up_order WHERE network_id = %s ORDER BY merchant_id"
_TOP_UPS = """
    SELECT id, merchant_id, amount_minor, state, announced_at, due_at, decided_at
    FROM top_up WHERE network_id = %s AND merchant_id = %s ORDER BY id DESC LIMIT %s
"""
_MADE = """
    SELECT coalesce(sum(amount_minor), 0)::bigint AS minor FROM top_up
    WHERE network_id = %s AND merchant_id = %s AND state IN ('made', 'announced') AND announced_at >= %s
"""
_ADD = """
    INSERT INTO top_up (network_id, id, merchant_id, amount_minor, state, announced_at, due_at, decided_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""
_DECIDE = "UPDATE top_up SET state = %s, decided_at = %s WHERE network_id = %s AND id = %s AND state = 'announced'"


@dataclass(frozen=True, slots=True)
class _Id:
    id: UUID


@dataclass(frozen=True, slots=True)
class _Minor:
    minor: int


async def set_order(uow: UnitOfWork, one: StandingOrder) -> None:
    """Write a merchant's order in place of the one before."""
    params = (one.below_minor, one.below_days, one.add_minor, one.month_minor, one.paused, one.changed_at)
    await uow.execute(_SET, (uow.network_id, one.merchant_id, *params))


async def order(uow: UnitOfWork, merchant_id: UUID, *, lock: bool = False) -> StandingOrder | None:
    """Return a merchant's order, under its lock where it is to be acted on."""
    query = _ORDER + (" FOR UPDATE" if lock else "")
    return await uow.row(StandingOrder, query, (uow.network_id, merchant_id))


async def merchants(uow: UnitOfWork) -> list[UUID]:
    """Return the merchants with an order."""
    return [one.id for one in await uow.rows(_Id, _MERCHANTS, (uow.network_id,))]


async def active(uow: UnitOfWork) -> list[UUID]:
    """Return the merchants whose order is not paused."""
    query = "SELECT merchant_id AS id FROM top_up_order WHERE network_id = %s AND NOT paused ORDER BY merchant_id"
    return [one.id for one in await uow.rows(_Id, query, (uow.network_id,))]


async def top_ups(uow: UnitOfWork, merchant_id: UUID, limit: int) -> list[TopUp]:
    """Return the newest top-ups of a merchant."""
    return await uow.rows(TopUp, _TOP_UPS, (uow.network_id, merchant_id, limit))


async def made_since(uow: UnitOfWork, merchant_id: UUID, since: datetime) -> int:
    """Return what was added, or is announced to be, since a time."""
    row = await uow.row(_Minor, _MADE, (uow.network_id, merchant_id, since))
    return row.minor if row else 0


async def add(uow: UnitOfWork, one: TopUp) -> None:
    """Write a top-up."""
    params = (one.id, one.merchant_id, one.amount_minor, one.state, one.announced_at, one.due_at, one.decided_at)
    await uow.execute(_ADD, (uow.network_id, *params))


async def decide(uow: UnitOfWork, top_up_id: UUID, state: str, at: datetime) -> None:
    """Note what became of an announced top-up."""
    await uow.execute(_DECIDE, (state, at, uow.network_id, top_up_id))


@dataclass(frozen=True, slots=True)
class RingMoneyRow:
    """All that can be spent in a network, and how it moved: set aside, come back, holds, and since when."""

    available_minor: int
    credit_minor: int
    held_minor: int
    returned_minor: int
    holds: int
    first_at: datetime | None


_RING = """
    WITH purse AS (
        SELECT a.id FROM ledger_account a
        WHERE a.network_id = %(network)s AND a.code = %(code)s AND a.currency = %(currency)s
    ), moved AS (
        SELECT t.code, t.amount_minor, t.posted_at, t.debit_account_id IN (SELECT id FROM purse) AS taken
        FROM ledger_transfer t
        WHERE t.network_id = %(network)s AND t.id >= %(since)s AND t.code = ANY(%(codes)s)
          AND (t.debit_account_id IN (SELECT id FROM purse) OR t.credit_account_id IN (SELECT id FROM purse))
    )
    SELECT (SELECT coalesce(sum(g.available_minor), 0)::bigint FROM ledger_guard g
            WHERE g.network_id = %(network)s AND g.account_id IN (SELECT id FROM purse)) AS available_minor,
           (SELECT coalesce(sum(g.credit_limit_minor), 0)::bigint FROM ledger_guard g
            WHERE g.network_id = %(network)s AND g.account_id IN (SELECT id FROM purse)) AS credit_minor,
           coalesce(sum(amount_minor) FILTER (WHERE taken), 0)::bigint AS held_minor,
           coalesce(sum(amount_minor) FILTER (WHERE NOT taken), 0)::bigint AS returned_minor,
           count(*) FILTER (WHERE taken) AS holds,
           min(posted_at) FILTER (WHERE taken) AS first_at
    FROM moved
"""


async def ring_money(
    uow: UnitOfWork, code: int, currency: str, hold: int, returns: Sequence[int], since: datetime
) -> RingMoneyRow:
    """Return the money of all purses of a network, and how it moved since a time."""
    params = {
        "network": uow.network_id,
        "code": code,
        "currency": currency,
        "codes": [hold, *returns],
        "since": first_id(since),
    }
    return await uow.row(RingMoneyRow, _RING, params) or RingMoneyRow(0, 0, 0, 0, 0, None)
