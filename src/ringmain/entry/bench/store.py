"""What a bench asks of the database itself: it acts as the superuser, so that no limit pays for row-level security."""

import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from ringmain.entry.bench.errors import BenchFailed

# The committed SQL of the limits, and the load.
SCRIPTS = Path(__file__).parent / "sql"
CURRENCY = "EUR"
FACE_MINOR = 200
_CHUNK = 200_000
_HOLD = 10  # voucher.postings.Posting.HOLD


@dataclass(frozen=True, slots=True)
class Till:
    """A terminal with the accounts between which its redemptions move money; its vouchers are its merchant's own."""

    client: int
    network_id: UUID
    merchant_id: UUID
    shop_id: UUID
    terminal_id: UUID
    held_id: UUID
    payable_id: UUID
    spendable_id: UUID
    offer_id: UUID


@dataclass(frozen=True, slots=True)
class Footprint:
    """What was written up to a moment: bytes of the log, and rows inserted and updated by table."""

    wal_bytes: int
    inserted: dict[str, int]
    updated: dict[str, int]

    def since(self, before: "Footprint") -> dict[str, int]:
        """Return the rows written since an earlier moment: inserted by table, updated as `<table> updated`."""
        rows = {name: count - before.inserted.get(name, 0) for name, count in self.inserted.items()}
        rows |= {f"{name} updated": count - before.updated.get(name, 0) for name, count in self.updated.items()}
        return {name: count for name, count in sorted(rows.items()) if count}


def prepare(url: str) -> None:
    """Make what the limits need beside the tables of the application."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute((SCRIPTS / "prepare.sql").read_bytes())


def place_tills(url: str, tills: Sequence[Till]) -> None:
    """Tell the limits which client stands at which till."""
    with psycopg.connect(url) as connection:
        connection.execute("TRUNCATE bench.till")
        with connection.cursor().copy("COPY bench.till FROM STDIN") as copy:
            for till in tills:
                copy.write_row(
                    (
                        till.client,
                        till.network_id,
                        till.merchant_id,
                        till.shop_id,
                        till.terminal_id,
                        till.held_id,
                        till.payable_id,
                        till.spendable_id,
                        till.offer_id,
                    )
                )


_VOUCHERS = """
    INSERT INTO voucher (network_id, id, offer_id, secret, face_minor, remaining_minor, held_minor, granted_at,
                         valid_from, valid_until)
    SELECT t.network_id, bench.voucher_id(n), t.offer_id, bench.voucher_secret(n), %(face)s, %(face)s, %(face)s,
           now(), now() - interval '1 hour', now() + interval '30 days'
    FROM generate_series(%(first)s::bigint, %(first)s::bigint + %(count)s - 1) AS n
    JOIN bench.till t ON t.client = n %% %(merchants)s
"""
# The money of all of them is set aside as a mint does it: one transfer per funder, and its spendable balance moved.
_HOLDS = """
    WITH held AS (
        INSERT INTO ledger_transfer (network_id, id, debit_account_id, credit_account_id, amount_minor, currency, code,
                                     reference_id, posted_at)
        SELECT network_id, bench.uuid7(), spendable_id, held_id, %(amount)s, %(currency)s, %(code)s, offer_id, now()
        FROM bench.till WHERE client < %(merchants)s
        RETURNING network_id, debit_account_id, amount_minor)
    UPDATE ledger_guard g SET available_minor = g.available_minor - held.amount_minor
    FROM held WHERE g.network_id = held.network_id AND g.account_id = held.debit_account_id
"""


def make_vouchers(url: str, first: int, count: int, merchants: int) -> None:
    """Make `count` vouchers by their numbers from `first` on, each merchant's in turn, with the money set aside."""
    _insert_vouchers(url, first, count, merchants)
    with psycopg.connect(url) as connection:
        amount = {"amount": count // merchants * FACE_MINOR, "merchants": merchants}
        connection.execute(_HOLDS, {**amount, "currency": CURRENCY, "code": _HOLD})


def make_many_vouchers(url: str, count: int, merchants: int) -> None:
    """Make a large table of vouchers quickly, in several sessions; their money is not set aside."""
    parts = min(os.cpu_count() or 1, 4)
    size = -(-count // parts // merchants) * merchants
    with ThreadPoolExecutor(parts) as pool:
        starts = range(0, count, size)
        list(pool.map(lambda start: _insert_vouchers(url, start, min(size, count - start), merchants), starts))
    with psycopg.connect(url, autocommit=True) as connection:
        # Rows are frozen now, so that no redemption later pays for setting their hints.
        connection.execute("VACUUM (FREEZE, ANALYZE) voucher")
        connection.execute("CHECKPOINT")


def _insert_vouchers(url: str, first: int, count: int, merchants: int) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        # The offers are there: checking each row's would take longer than writing it.
        connection.execute("SET session_replication_role = replica")
        for start in range(first, first + count, _CHUNK):
            params = {"first": start, "count": min(_CHUNK, first + count - start), "merchants": merchants}
            connection.execute(_VOUCHERS, {**params, "face": FACE_MINOR})


def make_members(url: str, network_id: UUID, count: int) -> None:
    """Make members of a network by their numbers from 0 on, who want personal answers."""
    with psycopg.connect(url, autocommit=True, cursor_factory=psycopg.ClientCursor) as connection:
        connection.execute("SET session_replication_role = replica")
        for first in range(0, count, _CHUNK):
            params = {"network": network_id, "first": first, "last": min(first + _CHUNK, count) - 1}
            connection.execute((SCRIPTS / "members.sql").read_bytes(), params)
        connection.execute("VACUUM (FREEZE, ANALYZE) member, member_key, consent_record")


def make_consents(url: str, network_id: UUID, member_ids: Sequence[UUID], purposes: Sequence[str]) -> None:
    """Let members agree to purposes."""
    with psycopg.connect(url, autocommit=True, cursor_factory=psycopg.ClientCursor) as connection:
        params = {"network": network_id, "members": list(member_ids), "purposes": list(purposes)}
        connection.execute((SCRIPTS / "consents.sql").read_bytes(), params)
        connection.execute("VACUUM (FREEZE, ANALYZE) member, member_key, member_identifier, consent_record")


def make_visits(
    url: str, network_id: UUID, subject_ids: Sequence[UUID], places: Sequence[tuple[UUID, UUID]], each: int
) -> None:
    """Make so many visits of each subject; `places` are (shop, merchant)."""
    with psycopg.connect(url, autocommit=True, cursor_factory=psycopg.ClientCursor) as connection:
        params = {
            "network": network_id,
            "subjects": list(subject_ids),
            "shops": [shop_id for shop_id, _ in places],
            "merchants": [merchant_id for _, merchant_id in places],
            "currency": CURRENCY,
            "each": each,
        }
        connection.execute((SCRIPTS / "visits.sql").read_bytes(), params)
        connection.execute("VACUUM (FREEZE, ANALYZE) sale")


def make_needs(url: str, network_id: UUID, subject_ids: Sequence[UUID]) -> None:
    """Expect of each subject that they come again to where they have been."""
    with psycopg.connect(url, autocommit=True, cursor_factory=psycopg.ClientCursor) as connection:
        params = {"network": network_id, "subjects": list(subject_ids)}
        connection.execute((SCRIPTS / "needs.sql").read_bytes(), params)
        connection.execute("VACUUM (FREEZE, ANALYZE) need")


def make_toys(url: str, count: int) -> None:
    """Make the vouchers of the toy anchor."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO bench.toy_voucher SELECT n, 200 FROM generate_series(0, %s - 1) n ON CONFLICT DO NOTHING",
            (count,),
        )
        connection.execute("VACUUM (ANALYZE) bench.toy_voucher")


def place_batches(url: str, batches: Sequence[tuple[int, Sequence[int]]]) -> None:
    """Tell the limits which client redeems which vouchers, by their numbers, in which batch."""
    with psycopg.connect(url) as connection:
        connection.execute("TRUNCATE bench.batch")
        for number, (client, numbers) in enumerate(batches):
            connection.execute(
                "INSERT INTO bench.batch SELECT %s, %s, array_agg(bench.voucher_id(n)) FROM unnest(%s::bigint[]) n",
                (number, client, list(numbers)),
            )


def settle(url: str) -> None:
    """Bring the tables to rest: statistics, visibility, and a checkpoint, so that no run pays for the one before."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE) voucher")
        connection.execute("CHECKPOINT")


def checkpoint(url: str) -> None:
    """Write all pages out, so that the next run begins as the others do."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CHECKPOINT")


_ROWS = """
    SELECT coalesce(parent.relname, c.relname)::text, sum(n_tup_ins)::bigint, sum(n_tup_upd)::bigint
    FROM pg_stat_user_tables s
    JOIN pg_class c ON c.oid = s.relid
    LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
    LEFT JOIN pg_class parent ON parent.oid = i.inhparent
    WHERE s.schemaname = 'public' GROUP BY 1
"""


def footprint(url: str) -> Footprint:
    """Return what was written until now; counters of other sessions arrive within a second."""
    with psycopg.connect(url, autocommit=True) as connection:
        rows = connection.execute(_ROWS).fetchall()
    return Footprint(wal_bytes(url), {name: ins for name, ins, _ in rows}, {name: upd for name, _, upd in rows})


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment to count from: rows written later have larger ids, and larger transactions in the outbox."""

    first_id: UUID
    first_transaction: int
    keys: int


_MARK = """
    SELECT first_uuid7(clock_timestamp()), pg_snapshot_xmax(pg_current_snapshot())::text::bigint,
           (SELECT count(*) FROM idempotency_key)
"""
_SINCE = """
    SELECT (SELECT count(*) FROM idempotency_key) - %(keys)s AS idempotency_key,
           (SELECT count(*) FROM ledger_transfer WHERE network_id = %(network)s AND id >= %(id)s) AS ledger_transfer,
           (SELECT count(*) FROM outbox WHERE network_id = %(network)s AND txid >= %(transaction)s::text::xid8)
               AS outbox,
           (SELECT count(*) FROM redemption WHERE network_id = %(network)s AND id >= %(id)s) AS redemption,
           (SELECT count(*) FROM sale WHERE network_id = %(network)s AND id >= %(id)s) AS sale,
           (SELECT count(*) FROM redemption r JOIN voucher v USING (network_id)
            WHERE r.network_id = %(network)s AND r.id >= %(id)s AND v.id = r.voucher_id AND v.sequence = r.sequence
              AND v.closed IS NOT NULL) AS "voucher updated"
"""


_ACTIVE = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND state <> 'idle'
      AND pid <> pg_backend_pid()
"""
_QUIET_LOOKS = 5
_LOOK_SECONDS = 0.05


def wait_until_quiet(url: str) -> None:
    """Wait until nobody works in the database: requests that a load left behind are still being answered."""
    quiet = 0
    with psycopg.connect(url, autocommit=True) as connection:
        while quiet < _QUIET_LOOKS:
            row = connection.execute(_ACTIVE).fetchone()
            quiet = quiet + 1 if row == (0,) else 0
            time.sleep(_LOOK_SECONDS)


def mark(url: str) -> Mark:
    """Return this moment."""
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(_MARK).fetchone()
    assert row is not None
    return Mark(*row)


def rows_since(url: str, network_id: UUID, begun: Mark) -> dict[str, int]:
    """Count the rows of redemptions written since a moment, by table.

    Counted and not read from PostgreSQL's statistics, which sessions that live on report seconds later.
    """
    params = {"network": network_id, "id": begun.first_id, "transaction": begun.first_transaction, "keys": begun.keys}
    with psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection:
        row = connection.execute(_SINCE, params).fetchone()
    assert row is not None
    return {name: count for name, count in row.items() if count}


def wal_bytes(url: str) -> int:
    """Return how many bytes of log have been written since the server was made."""
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint").fetchone()
    assert row is not None
    return int(row[0])


def settings(url: str, names: Sequence[str]) -> dict[str, str]:
    """Return server settings as a person would write them."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT name, current_setting(name) FROM pg_settings WHERE name = ANY(%s)", [list(names)]
        )
        return dict(rows.fetchall())


def drop_database(superuser_url: str, name: str) -> None:
    """Remove a database with everything in it."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


# The limits copy what the use cases have just written, under ids that differ in 12 bits: same values, same order.
_OTHER_ID = sql.SQL(
    "overlay(id::text PLACING lpad(to_hex((('x' || substr(id::text, 16, 3))::bit(12)::int + 1) % 4096), 3, '0')"
    " FROM 16)::uuid"
)
_PIECE = 1 << 20


def rows_of_mint(url: str, mint: tuple[UUID, UUID], count: int) -> bytes:
    """Return the newest `count` vouchers of an offer, (network, offer), in COPY's binary form and under other ids."""
    condition = sql.SQL("network_id = {} AND offer_id = {} ORDER BY id DESC LIMIT {}")
    chosen = condition.format(sql.Literal(mint[0]), sql.Literal(mint[1]), sql.Literal(count))
    return _copied_out(url, "voucher", sql.SQL("(SELECT * FROM voucher WHERE {})").format(chosen))


def rows_of_sales(url: str, network_id: UUID, label: str) -> bytes:
    """Return the sales whose receipts begin with a label in COPY's binary form and under other ids."""
    condition = sql.SQL("(SELECT * FROM sale WHERE network_id = {} AND starts_with(receipt, {}))")
    return _copied_out(url, "sale", condition.format(sql.Literal(network_id), sql.Literal(label)))


def copy_mint(url: str, till: Till, rows: bytes, count: int) -> float:
    """Copy vouchers in and set their money aside, in one transaction; returns its seconds."""
    with psycopg.connect(url) as connection:
        began = time.perf_counter()
        params = {"till": till.client, "amount": count * FACE_MINOR, "currency": CURRENCY, "code": _HOLD}
        connection.execute(_HOLD_OF_MINT, {**params, "count": count})
        _copy_in(connection, "voucher", rows, count)
        connection.commit()
        return time.perf_counter() - began


def copy_sales(url: str, rows: bytes, count: int) -> float:
    """Copy sales in, in one transaction; returns its seconds."""
    with psycopg.connect(url) as connection:
        began = time.perf_counter()
        _copy_in(connection, "sale", rows, count)
        connection.commit()
        return time.perf_counter() - began


_HOLD_OF_MINT = """
    WITH till AS (SELECT * FROM bench.till WHERE client = %(till)s
    ), ordered AS (
        INSERT INTO mint (network_id, id, offer_id, wanted, minted, ordered_at, valid_from, valid_until)
        SELECT network_id, bench.uuid7(), offer_id, %(count)s, %(count)s, now(), now(), now() + interval '30 days'
        FROM till
    ), held AS (
        INSERT INTO ledger_transfer (network_id, id, debit_account_id, credit_account_id, amount_minor, currency, code,
                                     reference_id, posted_at)
        SELECT network_id, bench.uuid7(), spendable_id, held_id, %(amount)s, %(currency)s, %(code)s, offer_id, now()
        FROM till)
    UPDATE ledger_guard g SET available_minor = g.available_minor - %(amount)s
    FROM till WHERE g.network_id = till.network_id AND g.account_id = till.spendable_id
"""


_COLUMNS = """
    SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""


def _copied_out(url: str, table: str, source: sql.Composable) -> bytes:
    with psycopg.connect(url) as connection:
        names = [name for (name,) in connection.execute(_COLUMNS, (table,)).fetchall()]
        columns = [_OTHER_ID if name == "id" else sql.Identifier(name) for name in names]
        statement = sql.SQL("COPY (SELECT {} FROM {} AS t ORDER BY t.id) TO STDOUT (FORMAT binary)")
        with connection.cursor().copy(statement.format(sql.SQL(", ").join(columns), source)) as copy:
            return b"".join(bytes(piece) for piece in copy)


def _copy_in(connection: "psycopg.Connection[tuple[object, ...]]", table: str, rows: bytes, count: int) -> None:
    cursor = connection.cursor()
    statement = sql.SQL("COPY {} FROM STDIN (FORMAT binary)").format(sql.Identifier(table))
    with cursor.copy(statement) as copy:
        for place in range(0, len(rows), _PIECE):
            copy.write(rows[place : place + _PIECE])
    if cursor.rowcount != count:
        raise BenchFailed(f"COPY wrote {cursor.rowcount} rows into {table}, not {count}.")
