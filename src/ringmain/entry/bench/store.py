"""What a bench asks of the database itself: it acts as the superuser, so that no limit pays for row-level security."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from uuid import UUID

import psycopg
from psycopg import sql

TABLES = ("voucher", "redemption", "sale", "sale_line", "ledger_transfer", "ledger_guard", "idempotency_key", "outbox")
CURRENCY = "EUR"
FACE_MINOR = 200
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


def script(name: str) -> str:
    """Return the text of one of the committed SQL files."""
    return files("ringmain.entry.bench").joinpath("sql", name).read_text()


def prepare(url: str) -> None:
    """Make what the limits need beside the tables of the application."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(script("prepare.sql").encode())


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
    chunk = 200_000
    with psycopg.connect(url) as connection:
        for start in range(first, first + count, chunk):
            params = {"first": start, "count": min(chunk, first + count - start), "merchants": merchants}
            connection.execute(_VOUCHERS, {**params, "face": FACE_MINOR})
            connection.commit()
        amount = {"amount": count // merchants * FACE_MINOR, "merchants": merchants}
        connection.execute(_HOLDS, {**amount, "currency": CURRENCY, "code": _HOLD})


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


def wal_bytes(url: str) -> int:
    """Return how many bytes of log have been written since the server was made."""
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint").fetchone()
    assert row is not None
    return int(row[0])


def settings(url: str, names: Sequence[str]) -> dict[str, str]:
    """Return server settings as a person would write them."""
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT name, current_setting(name) FROM pg_settings WHERE name = ANY(%s)", [names])
        return dict(rows.fetchall())


def drop_database(superuser_url: str, name: str) -> None:
    """Remove a database with everything in it."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


