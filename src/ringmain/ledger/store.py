"""The ledger's rows in PostgreSQL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import Pending, UnitOfWork, pack_int8, pack_optional_uuids, pack_texts, pack_timestamps, pack_uuids
from ringmain.kit.pure.clock import microseconds
from ringmain.ledger.model import Account, Balance, CurrencySum, Transfer, TransferState


@dataclass(frozen=True, slots=True)
class GuardRow:
    """A guarded account's spendable money, read under its lock."""

    account_id: UUID
    available_minor: int
    credit_limit_minor: int


@dataclass(frozen=True, slots=True)
class PendingRow:
    """A pending transfer, and whether another one has resolved it."""

    id: UUID
    debit_account_id: UUID
    credit_account_id: UUID
    amount_minor: int
    currency: str
    code: int
    reference_id: UUID
    resolved: bool


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One line of an account's history; `amount_minor` is positive for a credit."""

    id: UUID
    other_account_id: UUID
    amount_minor: int
    currency: str
    code: int
    state: int
    reference_id: UUID
    posted_at: datetime


_INSERT_ACCOUNTS = """
    INSERT INTO ledger_account (network_id, id, holder_id, code, currency)
    SELECT %(network)s, * FROM unnest(%(ids)s, %(holders)s, %(codes)s, %(currencies)s) ON CONFLICT DO NOTHING
"""
_INSERT_GUARDS = """
    INSERT INTO ledger_guard (network_id, account_id, credit_limit_minor)
    SELECT %(network)s, * FROM unnest(%(ids)s, %(limits)s) ON CONFLICT DO NOTHING
"""


async def insert_accounts(uow: UnitOfWork, ids: Sequence[UUID], accounts: Sequence[Account]) -> None:
    """Open accounts; those that are open already stay as they are."""
    await uow.execute(
        _INSERT_ACCOUNTS,
        {
            "network": uow.network_id,
            "ids": pack_uuids(ids),
            "holders": pack_uuids([account.holder_id for account in accounts]),
            "codes": pack_int8(account.code for account in accounts),
            "currencies": pack_texts(account.currency for account in accounts),
        },
    )
    guarded = [(id_, account) for id_, account in zip(ids, accounts, strict=True) if account.guarded]
    if guarded:
        await uow.execute(
            _INSERT_GUARDS,
            {
                "network": uow.network_id,
                "ids": pack_uuids([id_ for id_, _ in guarded]),
                "limits": pack_int8(account.credit_limit_minor for _, account in guarded),
            },
        )


_INSERT_TRANSFERS = """
    INSERT INTO ledger_transfer (network_id, id, debit_account_id, credit_account_id, amount_minor, currency, code,
                                 state, reference_id, pending_id, posted_at)
    SELECT %(network)s, id, debit, credit, amount, currency, code, state, reference, pending, posted
    FROM unnest(%(ids)s, %(debits)s, %(credits)s, %(amounts)s, %(currencies)s, %(codes)s,
                %(states)s, %(references)s, %(pendings)s, %(posted)s)
         AS t (id, debit, credit, amount, currency, code, state, reference, pending, posted)
"""


async def insert_transfers(uow: UnitOfWork, transfers: Sequence[Transfer]) -> None:
    """Append transfers; foreign keys refuse accounts that were never opened in the transfer's currency."""
    await uow.execute(
        _INSERT_TRANSFERS,
        {
            "network": uow.network_id,
            "ids": pack_uuids([transfer.id for transfer in transfers]),
            "debits": pack_uuids([transfer.debit_account_id for transfer in transfers]),
            "credits": pack_uuids([transfer.credit_account_id for transfer in transfers]),
            "amounts": pack_int8(transfer.amount_minor for transfer in transfers),
            "currencies": pack_texts(transfer.currency for transfer in transfers),
            "codes": pack_int8(transfer.code for transfer in transfers),
            "states": pack_int8(transfer.state for transfer in transfers),
            "references": pack_uuids([transfer.reference_id for transfer in transfers]),
            "pendings": pack_optional_uuids(transfer.pending_id for transfer in transfers),
            "posted": pack_timestamps(microseconds(transfer.posted_at) for transfer in transfers),
        },
    )


_LOCK_GUARDS = """
    SELECT account_id, available_minor, credit_limit_minor FROM ledger_guard
    WHERE network_id = %(network)s AND account_id = ANY(%(ids)s)
    ORDER BY account_id FOR NO KEY UPDATE
"""


async def read_guards(uow: UnitOfWork, account_ids: Sequence[UUID]) -> dict[UUID, GuardRow]:
    """Return guarded accounts as they stand, without locking them."""
    query = """
        SELECT account_id, available_minor, credit_limit_minor FROM ledger_guard
        WHERE network_id = %s AND account_id = ANY(%s)
    """
    rows = await uow.rows(GuardRow, query, (uow.network_id, pack_uuids(account_ids)))
    return {row.account_id: row for row in rows}


@dataclass(frozen=True, slots=True)
class SpendableRow:
    """What accounts can spend, in the order in which they were asked for."""

    amounts: list[int]


async def spendable_in_order(uow: UnitOfWork, account_ids: Sequence[UUID]) -> Pending[SpendableRow]:
    """Ask what guarded accounts can spend; one array, so that thousands cost no object each."""
    query = """
        SELECT coalesce(array_agg(coalesce(available_minor + credit_limit_minor, 0) ORDER BY place), '{}') AS amounts
        FROM unnest(%s) WITH ORDINALITY AS a (id, place) LEFT JOIN ledger_guard ON network_id = %s AND account_id = id
    """
    return await uow.start(SpendableRow, query, (pack_uuids(account_ids), uow.network_id))


async def lock_guards(uow: UnitOfWork, account_ids: Sequence[UUID]) -> dict[UUID, GuardRow]:
    """Lock guarded accounts in the order of their ids and return what can be spent from each."""
    params = {"network": uow.network_id, "ids": pack_uuids(account_ids)}
    return {row.account_id: row for row in await uow.rows(GuardRow, _LOCK_GUARDS, params)}


_MOVE_GUARDS = """
    UPDATE ledger_guard AS g SET available_minor = g.available_minor + c.change
    FROM unnest(%(ids)s, %(changes)s) AS c (account_id, change)
    WHERE g.network_id = %(network)s AND g.account_id = c.account_id
"""


async def move_guards(uow: UnitOfWork, changes: Mapping[UUID, int]) -> None:
    """Add to the spendable balances, one row per account and batch; a CHECK refuses an overdraft."""
    params = {"network": uow.network_id, "ids": pack_uuids(list(changes)), "changes": pack_int8(changes.values())}
    await uow.execute(_MOVE_GUARDS, params)


async def set_credit_limit(uow: UnitOfWork, account_id: UUID, credit_limit_minor: int) -> None:
    """Set how far below zero a guarded account may go."""
    await uow.execute(
        "UPDATE ledger_guard SET credit_limit_minor = %s WHERE network_id = %s AND account_id = %s",
        (credit_limit_minor, uow.network_id, account_id),
    )


_PENDING = """
    SELECT t.id, t.debit_account_id, t.credit_account_id, t.amount_minor, t.currency, t.code, t.reference_id,
           EXISTS (SELECT FROM ledger_transfer r WHERE r.network_id = t.network_id AND r.pending_id = t.id) AS resolved
    FROM ledger_transfer t
    WHERE t.network_id = %(network)s AND t.id = %(id)s AND t.state = 1
"""


async def pending(uow: UnitOfWork, id_: UUID) -> PendingRow | None:
    """Return a pending transfer."""
    return await uow.row(PendingRow, _PENDING, {"network": uow.network_id, "id": id_})


# A posting transfer carries the accounts and the amount of the pending one, so that sums never need a join.
_BALANCES = """
    SELECT a.id AS account_id,
           coalesce(d.posted, 0)::bigint AS debits_minor, coalesce(c.posted, 0)::bigint AS credits_minor,
           coalesce(d.pending, 0)::bigint AS pending_debits_minor,
           coalesce(c.pending, 0)::bigint AS pending_credits_minor
    FROM unnest(%(ids)s) AS a (id)
    LEFT JOIN LATERAL (
        SELECT sum(amount_minor) FILTER (WHERE state IN (0, 2)) AS posted,
               sum(CASE state WHEN 1 THEN amount_minor WHEN 0 THEN 0 ELSE -amount_minor END) AS pending
        FROM ledger_transfer t WHERE t.network_id = %(network)s AND t.debit_account_id = a.id) d ON true
    LEFT JOIN LATERAL (
        SELECT sum(amount_minor) FILTER (WHERE state IN (0, 2)) AS posted,
               sum(CASE state WHEN 1 THEN amount_minor WHEN 0 THEN 0 ELSE -amount_minor END) AS pending
        FROM ledger_transfer t WHERE t.network_id = %(network)s AND t.credit_account_id = a.id) c ON true
"""


async def balances(uow: UnitOfWork, account_ids: Sequence[UUID]) -> list[Balance]:
    """Return the sums of accounts, counted from their transfers."""
    return await uow.rows(Balance, _BALANCES, {"network": uow.network_id, "ids": pack_uuids(account_ids)})


_HISTORY = """
    SELECT * FROM (
        SELECT id, credit_account_id AS other_account_id, -amount_minor AS amount_minor, currency, code, state,
               reference_id, posted_at
        FROM ledger_transfer WHERE network_id = %(network)s AND debit_account_id = %(account)s AND id < %(before)s
        UNION ALL
        SELECT id, debit_account_id, amount_minor, currency, code, state, reference_id, posted_at
        FROM ledger_transfer WHERE network_id = %(network)s AND credit_account_id = %(account)s AND id < %(before)s
    ) AS h ORDER BY id DESC LIMIT %(limit)s
"""


async def history(uow: UnitOfWork, account_id: UUID, before: UUID, limit: int) -> list[HistoryRow]:
    """Return an account's transfers, newest first."""
    params = {"network": uow.network_id, "account": account_id, "before": before, "limit": limit}
    return await uow.rows(HistoryRow, _HISTORY, params)


_TRANSFERS = """
    SELECT id, debit_account_id, credit_account_id, amount_minor, currency, code, reference_id, posted_at
    FROM ledger_transfer WHERE network_id = %(network)s AND id = ANY(%(ids)s) AND state = 0 ORDER BY id
"""


async def transfers(uow: UnitOfWork, ids: Sequence[UUID]) -> list[Transfer]:
    """Return those of these posted transfers that exist, in the order of their ids."""
    return await uow.rows(Transfer, _TRANSFERS, {"network": uow.network_id, "ids": pack_uuids(ids)})


# Transfers are read once: pairs of accounts are few, and are then taken apart into debits and credits.
_SUMS = """
    WITH pair AS MATERIALIZED (
        SELECT debit_account_id, credit_account_id, sum(amount_minor) AS amount, count(*) AS transfers
        FROM ledger_transfer WHERE network_id = %(network)s AND state IN (0, 2) GROUP BY 1, 2
    ), entry AS (
        SELECT debit_account_id AS account_id, -amount AS amount, 0 AS transfers FROM pair
        UNION ALL SELECT credit_account_id, amount, transfers FROM pair
    ), balance AS (
        SELECT account_id, sum(amount) AS amount, sum(transfers) AS transfers FROM entry GROUP BY account_id
    )
    SELECT a.currency, count(*) AS accounts, coalesce(sum(b.transfers), 0)::bigint AS transfers,
           coalesce(sum(b.amount), 0)::bigint AS sum_minor
    FROM ledger_account a LEFT JOIN balance b ON b.account_id = a.id
    WHERE a.network_id = %(network)s GROUP BY a.currency ORDER BY a.currency
"""


async def sums(uow: UnitOfWork) -> list[CurrencySum]:
    """Return what all posted balances add up to, per currency: a full scan, for `verify` and tests."""
    return await uow.rows(CurrencySum, _SUMS, {"network": uow.network_id})


_GUARD_DIFFERENCES = """
    WITH pair AS MATERIALIZED (
        SELECT debit_account_id, credit_account_id, state, sum(amount_minor) AS amount
        FROM ledger_transfer WHERE network_id = %(network)s GROUP BY debit_account_id, credit_account_id, state
    )
    SELECT g.account_id, g.available_minor - coalesce(s.total, 0)::bigint AS available_minor,
           0::bigint AS credit_limit_minor
    FROM ledger_guard g
    LEFT JOIN (
        SELECT account_id, sum(amount) AS total FROM (
            SELECT debit_account_id AS account_id,
                   CASE state WHEN 2 THEN 0 WHEN 3 THEN amount ELSE -amount END AS amount FROM pair
            UNION ALL SELECT credit_account_id, CASE WHEN state IN (0, 2) THEN amount ELSE 0 END FROM pair) AS e
        GROUP BY account_id) AS s USING (account_id)
    WHERE g.network_id = %(network)s AND g.available_minor <> coalesce(s.total, 0)
"""


async def guard_differences(uow: UnitOfWork) -> list[GuardRow]:
    """Return the guarded accounts whose row differs from the sum of their transfers: none, or the ledger is broken."""
    return await uow.rows(GuardRow, _GUARD_DIFFERENCES, {"network": uow.network_id})


@dataclass(frozen=True, slots=True)
class _Count:
    count: int


async def count_guards(uow: UnitOfWork) -> int:
    """Return how many guarded accounts there are."""
    query = "SELECT count(*) AS count FROM ledger_guard WHERE network_id = %s"
    row = await uow.row(_Count, query, (uow.network_id,))
    return row.count if row else 0


def resolving(row: PendingRow, id_: UUID, state: TransferState, at: datetime) -> Transfer:
    """Return the transfer that posts or voids a pending one."""
    return Transfer(
        id=id_,
        debit_account_id=row.debit_account_id,
        credit_account_id=row.credit_account_id,
        amount_minor=row.amount_minor,
        currency=row.currency,
        code=row.code,
        reference_id=row.reference_id,
        posted_at=at,
        state=state,
        pending_id=row.id,
    )


@dataclass(frozen=True, slots=True)
class BalanceAtRow:
    """What an account came to just before a transfer id, which carries its time."""

    account_id: UUID
    before: UUID
    balance_minor: int


_BALANCES_AT = """
    SELECT a.id AS account_id, b.before,
           (SELECT coalesce(sum(t.amount_minor), 0)::bigint FROM ledger_transfer t
            WHERE t.network_id = %(network)s AND t.credit_account_id = a.id AND t.id < b.before AND t.state IN (0, 2))
           - (SELECT coalesce(sum(t.amount_minor), 0)::bigint FROM ledger_transfer t
              WHERE t.network_id = %(network)s AND t.debit_account_id = a.id AND t.id < b.before AND t.state IN (0, 2))
           AS balance_minor
    FROM unnest(%(ids)s) AS a (id) CROSS JOIN unnest(%(befores)s) AS b (before)
"""


async def balances_at(uow: UnitOfWork, account_ids: Sequence[UUID], befores: Sequence[UUID]) -> list[BalanceAtRow]:
    """Return the balance of each account before each of these ids, counted from its transfers."""
    params = {"network": uow.network_id, "ids": pack_uuids(account_ids), "befores": pack_uuids(befores)}
    return await uow.rows(BalanceAtRow, _BALANCES_AT, params)


@dataclass(frozen=True, slots=True)
class MovementRow:
    """The transfers of one reason on one account within a range: what they add to it, and how many they are.

    `among` says whether the account at the other end is one of those that were asked for.
    """

    account_id: UUID
    code: int
    among: bool
    amount_minor: int
    transfers: int


_MOVEMENTS = """
    SELECT a.id AS account_id, t.code, t.other = ANY (%(ids)s) AS among, sum(t.amount)::bigint AS amount_minor,
           count(*) AS transfers
    FROM unnest(%(ids)s) AS a (id)
    CROSS JOIN LATERAL (
        SELECT d.code, d.credit_account_id AS other, -d.amount_minor AS amount FROM ledger_transfer d
        WHERE d.network_id = %(network)s AND d.debit_account_id = a.id AND d.id >= %(from)s AND d.id < %(until)s
          AND d.state IN (0, 2)
        UNION ALL
        SELECT c.code, c.debit_account_id, c.amount_minor FROM ledger_transfer c
        WHERE c.network_id = %(network)s AND c.credit_account_id = a.id AND c.id >= %(from)s AND c.id < %(until)s
          AND c.state IN (0, 2)
    ) AS t
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""


async def movements(uow: UnitOfWork, account_ids: Sequence[UUID], from_id: UUID, until_id: UUID) -> list[MovementRow]:
    """Return by how much each reason moved each account within a range of transfer ids."""
    params = {"network": uow.network_id, "ids": pack_uuids(account_ids), "from": from_id, "until": until_id}
    return await uow.rows(MovementRow, _MOVEMENTS, params)


_TRANSFERS_BETWEEN = """
    SELECT id, debit_account_id, credit_account_id, amount_minor, currency, code, reference_id, posted_at FROM (
        (SELECT * FROM ledger_transfer
         WHERE network_id = %(network)s AND debit_account_id = ANY (%(ids)s) AND id > %(after)s AND id < %(until)s
           AND state IN (0, 2) ORDER BY id LIMIT %(limit)s)
        UNION
        (SELECT * FROM ledger_transfer
         WHERE network_id = %(network)s AND credit_account_id = ANY (%(ids)s) AND id > %(after)s AND id < %(until)s
           AND state IN (0, 2) ORDER BY id LIMIT %(limit)s)
    ) AS t ORDER BY id LIMIT %(limit)s
"""


async def transfers_between(
    uow: UnitOfWork, account_ids: Sequence[UUID], after: UUID, until: UUID, limit: int
) -> list[Transfer]:
    """Return the transfers that touch one of the accounts, in the order of their ids, each once."""
    params = {
        "network": uow.network_id,
        "ids": pack_uuids(account_ids),
        "after": after,
        "until": until,
        "limit": limit,
    }
    return await uow.rows(Transfer, _TRANSFERS_BETWEEN, params)
