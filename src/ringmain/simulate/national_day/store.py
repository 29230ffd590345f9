"""What a city's week left in PostgreSQL: read back to resume, and counted from the facts for the report."""

from dataclasses import dataclass
from uuid import UUID

import numpy as np
import numpy.typing as npt

from ringmain.kit.db import UnitOfWork


@dataclass(frozen=True, slots=True)
class _Bytes:
    ids: bytes | None
    numbers: list[int] | None


async def prizes_won(uow: UnitOfWork) -> tuple[npt.NDArray[np.void], npt.NDArray[np.int64]]:
    """Return the vouchers (V16) of all plays, and which prize each of them is."""
    row = await uow.row(
        _Bytes,
        """
        SELECT string_agg(uuid_send(voucher_id), ''::bytea) AS ids, array_agg(place::integer) AS numbers
        FROM play WHERE network_id = %s
        """,
        (uow.network_id,),
    )
    assert row is not None
    return np.frombuffer(row.ids or b"", dtype="V16"), np.array(row.numbers or [], dtype=np.int64)


async def spent_vouchers(uow: UnitOfWork) -> npt.NDArray[np.void]:
    """Return the vouchers (V16) that were redeemed."""
    row = await uow.row(
        _Bytes,
        """
        SELECT string_agg(uuid_send(voucher_id), ''::bytea) AS ids, NULL::integer[] AS numbers
        FROM redemption WHERE network_id = %s
        """,
        (uow.network_id,),
    )
    assert row is not None
    return np.frombuffer(row.ids or b"", dtype="V16")


@dataclass(frozen=True, slots=True)
class Totals:
    """What a city's tables hold, counted; money in minor units.

    `turnover_minor` is of the sales in which a voucher was spent, `other_turnover_minor` of those without one.
    """

    plays: int
    grants: int
    grants_without_play: int
    redemptions: int
    redeemed_minor: int
    paid_by_network_minor: int
    fees_minor: int
    sales: int
    turnover_minor: int
    other_turnover_minor: int
    shops_both: int
    edges: int
    shared_edges: int
    moved: int


_TOTALS = """
    WITH met AS (
        SELECT v.sender_shop_id, r.shop_id, r.subject_id, count(*) AS visits, sum(r.amount_minor)::bigint AS amount,
               coalesce(sum(r.amount_minor) FILTER (WHERE o.funder_id = r.network_id), 0)::bigint AS by_network,
               sum(r.fee_minor)::bigint AS fee
        FROM redemption r JOIN voucher v ON v.network_id = r.network_id AND v.id = r.voucher_id
        JOIN offer o ON o.network_id = v.network_id AND o.id = v.offer_id
        WHERE r.network_id = %(network)s
        GROUP BY v.sender_shop_id, r.shop_id, r.subject_id
    ), way AS MATERIALIZED (
        SELECT sender_shop_id, shop_id, sum(visits)::bigint AS visits, count(subject_id) AS people,
               sum(amount)::bigint AS amount, sum(by_network)::bigint AS by_network, sum(fee)::bigint AS fee
        FROM met GROUP BY sender_shop_id, shop_id
    ), edge AS (
        SELECT * FROM way WHERE sender_shop_id <> shop_id
    ), used AS (
        SELECT coalesce(sum(visits), 0)::bigint AS redemptions, coalesce(sum(amount), 0)::bigint AS amount,
               coalesce(sum(by_network), 0)::bigint AS by_network, coalesce(sum(fee), 0)::bigint AS fee FROM way
    ), sold AS (
        SELECT count(*) AS sales, coalesce(sum(total_minor) FILTER (WHERE redeemed_minor > 0), 0)::bigint AS turnover,
               coalesce(sum(total_minor) FILTER (WHERE redeemed_minor = 0), 0)::bigint AS other
        FROM sale WHERE network_id = %(network)s
    ), played AS (
        SELECT count(*) AS plays FROM play WHERE network_id = %(network)s
    ), given AS (
        SELECT count(*) AS grants, count(*) FILTER (WHERE origin_kind IS DISTINCT FROM 'lot') AS others
        FROM voucher WHERE network_id = %(network)s
    )
    SELECT plays, grants, others AS grants_without_play, redemptions, amount AS redeemed_minor,
           by_network AS paid_by_network_minor, fee AS fees_minor,
           sales, turnover AS turnover_minor, other AS other_turnover_minor,
           (SELECT count(*) FROM (SELECT sender_shop_id FROM edge INTERSECT SELECT shop_id FROM edge) b) AS shops_both,
           (SELECT count(*) FROM edge) AS edges, (SELECT count(*) FROM edge WHERE people > 1) AS shared_edges,
           (SELECT coalesce(sum(visits), 0)::bigint FROM edge) AS moved
    FROM used, sold, played, given
"""


async def totals(uow: UnitOfWork) -> Totals:
    """Count a city: full scans, for the report."""
    await uow.plan_for_whole()
    row = await uow.row(Totals, _TOTALS, {"network": uow.network_id})
    assert row is not None
    return row


@dataclass(frozen=True, slots=True)
class _Visitors:
    ids: bytes | None
    visits: list[int] | None
    spent: list[int] | None


@dataclass(frozen=True, slots=True)
class Visitors:
    """Who came, how often, and what they spent in minor units: the sales of each subject (V16)."""

    subject_ids: npt.NDArray[np.void]
    visits: npt.NDArray[np.int64]
    spent_minor: npt.NDArray[np.int64]


async def visitors(uow: UnitOfWork) -> Visitors:
    """Return the visits of everybody who was recognised."""
    await uow.plan_for_whole()
    row = await uow.row(
        _Visitors,
        """
        SELECT string_agg(uuid_send(subject_id), ''::bytea ORDER BY subject_id) AS ids,
               array_agg(visits::integer ORDER BY subject_id) AS visits, array_agg(spent ORDER BY subject_id) AS spent
        FROM (SELECT subject_id, count(*) AS visits, sum(total_minor)::bigint AS spent FROM sale
              WHERE network_id = %s AND subject_id IS NOT NULL GROUP BY subject_id) s
        """,
        (uow.network_id,),
    )
    assert row is not None
    return Visitors(
        np.frombuffer(row.ids or b"", dtype="V16"),
        np.array(row.visits or [], dtype=np.int64),
        np.array(row.spent or [], dtype=np.int64),
    )


@dataclass(frozen=True, slots=True)
class Disk:
    """What the database takes on disk, and how much of its log was written since the server was made, in bytes."""

    database_bytes: int
    log_bytes: int


async def disk(uow: UnitOfWork) -> Disk:
    """Return how large the database is now."""
    row = await uow.row(
        Disk,
        """
        SELECT (SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r')::bigint AS database_bytes,
               pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint AS log_bytes
        """,
    )
    assert row is not None
    return row


@dataclass(frozen=True, slots=True)
class _Backend:
    pid: int


async def backend(uow: UnitOfWork) -> int:
    """Return the process id of the server's process for this connection."""
    row = await uow.row(_Backend, "SELECT pg_backend_pid() AS pid")
    assert row is not None
    return row.pid


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its indexes, in bytes."""

    name: str
    heap_bytes: int
    index_bytes: int


async def tables(uow: UnitOfWork) -> list[Table]:
    """Return the largest tables."""
    query = """
        SELECT relname::text AS name, pg_table_size(oid) AS heap_bytes, pg_indexes_size(oid) AS index_bytes
        FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
        ORDER BY pg_total_relation_size(oid) DESC LIMIT 12
    """
    return await uow.rows(Table, query)


@dataclass(frozen=True, slots=True)
class Alarm:
    """The operator was told: `kind` will not last, with so many left for so many expected."""

    kind: str
    left_over: int
    expected: int


async def first_alarms(uow: UnitOfWork, game_id: UUID) -> list[Alarm]:
    """Return the first alarm of each kind of a game."""
    query = """
        SELECT DISTINCT ON (kind) kind, left_over, expected FROM game_alarm
        WHERE network_id = %s AND game_id = %s ORDER BY kind, told_at
    """
    return await uow.rows(Alarm, query, (uow.network_id, game_id))
