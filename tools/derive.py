"""Derives redemptions again from raw facts, in plain SQL and arithmetic: none of the engine's code is used here.

    python -m tools.derive postgresql://postgres@localhost/ringmain --sample 10000
    python -m tools.derive --home ~/.local/share/ringmain --sample 10000

The second form finds the embedded server of a home folder, which has to be running: while `ringmain simulate
national-day --hold` waits, or under `ringmain up`.

For each redemption of a random sample: what its voucher, offer, sale and shop say must come off, who pays it and to
whom it is credited, which fee is due, what goes back to the funder, whether shop and time were allowed, and that the
voucher was not spent before. Prints every difference, and ends with exit status 1 where there is one. It reads the rows
of all networks, so it needs the login that migrates, not the application's.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from psycopg.rows import namedtuple_row

# The numbers that the ledger's rows carry, as ARCHITECTURE.md's tables say: accounts, and reasons of transfers.
_AVAILABLE, _HELD, _PAYABLE, _FEES = 1, 2, 3, 4
_HOLD, _RELEASE, _REDEEM, _FEE = 10, 11, 12, 13

_FACTS = """
    SELECT r.id, r.network_id, r.voucher_id, r.sequence, r.merchant_id, r.shop_id, r.subject_id, r.amount_minor,
           r.fee_minor, r.released_minor, r.redeemed_at,
           v.subject_id AS holder_id, v.face_minor, v.remaining_minor, v.closed, v.valid_from, v.valid_until,
           v.granted_at, v.origin_kind, v.origin_id, v.sender_shop_id,
           o.id AS offer_id, o.funder_id, o.currency, o.terms::text AS terms,
           s.id AS sale_id, s.total_minor, s.redeemed_minor, s.shop_id AS sale_shop_id, s.subject_id AS buyer_id,
           s.sold_at, h.merchant_id AS shop_merchant_id,
           (SELECT count(*) FROM redemption a
            WHERE a.network_id = r.network_id AND a.voucher_id = r.voucher_id) AS uses,
           (SELECT coalesce(sum(a.amount_minor), 0) FROM redemption a
            WHERE a.network_id = r.network_id AND a.sale_id = r.sale_id) AS in_sale,
           (SELECT count(*) FROM reversal b WHERE b.network_id = r.network_id AND b.redemption_id = r.id) AS undone
    FROM redemption r
    LEFT JOIN voucher v ON v.network_id = r.network_id AND v.id = r.voucher_id
    LEFT JOIN offer o ON o.network_id = v.network_id AND o.id = v.offer_id
    LEFT JOIN sale s ON s.network_id = r.network_id AND s.id = r.sale_id
    LEFT JOIN shop h ON h.network_id = r.network_id AND h.id = r.shop_id
    WHERE r.id = ANY(%s)
"""
_POSTED = """
    SELECT t.reference_id, t.code, t.amount_minor, t.currency, t.posted_at,
           d.holder_id AS debit_holder, d.code AS debit_code, c.holder_id AS credit_holder, c.code AS credit_code
    FROM ledger_transfer t
    JOIN ledger_account d ON d.network_id = t.network_id AND d.id = t.debit_account_id
    JOIN ledger_account c ON c.network_id = t.network_id AND c.id = t.credit_account_id
    WHERE t.reference_id = ANY(%s)
"""
_LOTS = "SELECT id, offer_id, issued FROM lot WHERE id = ANY(%s)"
_SAMPLE = "SELECT id FROM redemption ORDER BY md5(id::text || %s), id LIMIT %s"


class Transfer(NamedTuple):
    """One transfer as it has to be: its reason, from which account to which, and how much."""

    code: int
    debit: tuple[UUID, int]
    credit: tuple[UUID, int]
    amount_minor: int


def taken_off(terms: dict[str, Any], face_minor: int, total_minor: int) -> int | None:
    """Return what a voucher of these terms takes off a purchase; None for kinds that this does not derive."""
    if terms["kind"] == "cash":
        return min(face_minor, total_minor)
    return None


def due(row: Any, terms: dict[str, Any], amount: int) -> list[Transfer]:
    """Return the transfers that a redemption has to lead to."""
    fee = terms.get("fee_minor", 0) if terms.get("fee_at", "redemption") == "redemption" and row.sequence == 1 else 0
    back = row.face_minor - amount
    held, wanted = (row.funder_id, _HELD), []
    wanted.append(Transfer(_REDEEM, held, (row.shop_merchant_id, _PAYABLE), amount))
    if fee:
        wanted.append(Transfer(_FEE, held, (row.network_id, _FEES), fee))
    if back:
        wanted.append(Transfer(_RELEASE, held, (row.funder_id, _AVAILABLE), back))
    return wanted


def differences(row: Any, posted: Sequence[Any], lots: dict[UUID, Any]) -> Iterator[str]:
    """Yield in what a redemption differs from what its facts lead to."""
    if None in (row.offer_id, row.sale_id, row.shop_merchant_id):
        yield "its voucher, offer, sale or shop is missing"
        return
    terms = json.loads(row.terms)
    amount = taken_off(terms, row.face_minor, row.total_minor)
    if amount is None:
        return
    fee = sum(one.amount_minor for one in due(row, terms, amount) if one.code == _FEE)
    shops = [UUID(one) for one in terms.get("shop_ids", [])]
    told = {
        "it takes off another amount": row.amount_minor == amount,
        "it charges another fee": row.fee_minor == fee,
        "it gives another amount back": row.released_minor == row.face_minor - amount,
        "its voucher is worth something else": row.face_minor == terms["face_minor"],
        "its purchase is below the minimum": row.total_minor >= terms.get("minimum_minor", 0),
        "its shop may not take the voucher": not shops or row.shop_id in shops,
        "its shop is another one than the sale's": row.shop_id == row.sale_shop_id,
        "its redeemer is not whose shop it is": row.merchant_id == row.shop_merchant_id,
        "it is not within the voucher's time": row.valid_from <= row.redeemed_at < row.valid_until,
        "its sale is of another time": row.sold_at == row.redeemed_at,
        "somebody else spent it": row.holder_id is None or row.holder_id == row.subject_id == row.buyer_id,
        "its voucher was spent more than once": row.uses == 1 and row.sequence == 1,
        "its voucher is not closed as spent": row.closed == "spent" and row.remaining_minor == 0,
        "its sale counts another sum of vouchers": row.redeemed_minor == row.in_sale,
        "it was spent where it was won": row.sender_shop_id is None or row.sender_shop_id != row.shop_id,
    }
    if row.origin_kind == "lot":
        lot = lots.get(row.origin_id)
        told["it comes from a lot of another offer"] = lot is not None and lot.offer_id == row.offer_id
    yield from (sentence for sentence, holds in told.items() if not holds)
    yield from _transfers_that_differ(row, due(row, terms, amount), posted)


def _transfers_that_differ(row: Any, wanted: Sequence[Transfer], posted: Sequence[Any]) -> Iterator[str]:
    found = sorted(
        Transfer(
            one.code,
            (one.debit_holder, one.debit_code),
            (one.credit_holder, one.credit_code),
            one.amount_minor,
        )
        for one in posted
        if one.currency == row.currency and one.posted_at == row.redeemed_at
    )
    if found != sorted(wanted) or len(found) != len(posted):
        yield f"the ledger has {found}, and not {sorted(wanted)}"


def derive(connection: psycopg.Connection[Any], sample: int, seed: str) -> tuple[int, list[str]]:
    """Return how many redemptions were derived again, and every difference."""
    # The rows' columns are those of the queries above.
    cursor: Any = connection.cursor(row_factory=namedtuple_row)
    ids = [row.id for row in cursor.execute(_SAMPLE, (seed, sample))]
    rows = cursor.execute(_FACTS, (ids,)).fetchall()
    posted: dict[UUID, list[Any]] = {}
    for transfer in cursor.execute(_POSTED, (ids,)):
        posted.setdefault(transfer.reference_id, []).append(transfer)
    origins = sorted({row.origin_id for row in rows if row.origin_kind == "lot"})
    lots = {lot.id: lot for lot in cursor.execute(_LOTS, (origins,))}
    looked_at = [row for row in rows if not row.undone]
    faults = [f"{row.id}: {what}" for row in looked_at for what in differences(row, posted.get(row.id, []), lots)]
    return len(looked_at), faults


def _of_home(home: Path) -> str:
    """Return how to reach the embedded server of a home folder, as the login that migrates."""
    where = json.loads((home / "connection.json").read_text())
    password = json.loads((home / "passwords.json").read_text())["superuser"]
    return psycopg.conninfo.make_conninfo(
        host=where["socket_folder"], port=where["port"], user="postgres", password=password, dbname="ringmain"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Derive a sample again, say what was found, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    place = parser.add_mutually_exclusive_group(required=True)
    place.add_argument("url", nargs="?", help="the database, by a login that sees the rows of every network")
    place.add_argument("--home", type=Path, help="the home folder of an installation whose own server is running")
    parser.add_argument("--sample", type=int, default=10_000, help="how many redemptions")
    parser.add_argument("--seed", default="0", help="which ones: the same seed takes the same")
    chosen = parser.parse_args(arguments)
    with psycopg.connect(_of_home(chosen.home.expanduser()) if chosen.home else chosen.url) as connection:
        started = datetime.now().astimezone()
        looked_at, faults = derive(connection, chosen.sample, chosen.seed)
        seconds = (datetime.now().astimezone() - started).total_seconds()
    for fault in faults:
        print(fault)
    print(f"{looked_at:,} redemptions derived again in {seconds:.1f} s: {len(faults)} differences")
    return 1 if faults or not looked_at else 0


if __name__ == "__main__":
    sys.exit(main())
