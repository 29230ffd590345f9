"""Many sales as columns: what an import makes of a file's rows, and what the store writes at once."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
import numpy.typing as npt

from ringmain.sale.arrow import Texts, pa

Longs = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Ids = npt.NDArray[np.void]

_DIGEST = np.dtype([("high", ">u2"), ("low", ">u8")])
_UUID_HALVES = np.dtype([("high", ">u8"), ("low", ">u8")])
_LOW_62 = np.uint64((1 << 62) - 1)
_VARIANT = np.uint64(0b10 << 62)
_LOW_12 = np.uint64((1 << 12) - 1)
_VERSION_7 = np.uint64(0x7 << 12)


@dataclass(frozen=True, slots=True)
class LineColumns:
    """The lines of sales: `sale` is the place of the sale, `quantity` thousandths, `amount` minor units."""

    sale: Longs
    number: Longs
    product: Texts
    category: Texts | None
    quantity: Longs
    amount: Longs

    def of(self, places: Longs, count: int) -> "LineColumns":
        """Return the lines of these sales, whose places are counted anew; `count` is that of all sales."""
        renumbered = np.full(count, -1, np.int64)
        renumbered[places] = np.arange(len(places))
        lines = np.flatnonzero(renumbered[self.sale] >= 0)
        taken = pa.array(lines)
        return LineColumns(
            sale=renumbered[self.sale[lines]],
            number=self.number[lines],
            product=self.product.take(taken),
            category=None if self.category is None else self.category.take(taken),
            quantity=self.quantity[lines],
            amount=self.amount[lines],
        )


@dataclass(frozen=True, slots=True)
class SaleColumns:
    """Sales without vouchers. `ids`, `merchants` and `shops` hold UUIDs as V16, `sold_at` UTC microseconds.

    `buyer` is a place in some list of identifiers, -1 for none; `currency` is one for all, or a column. `row` is the
    first row of the sale in the file's piece, `rows` how many it has.
    """

    ids: Ids
    merchants: Ids
    shops: Ids
    receipt: Texts
    total: Longs
    currency: Texts | str
    sold_at: Longs
    buyer: Longs
    row: Longs
    rows: Longs
    lines: LineColumns | None

    def __len__(self) -> int:
        return len(self.ids)

    def of(self, places: Longs) -> "SaleColumns":
        """Return the sales at these places, in this order."""
        if len(places) == len(self) and np.array_equal(places, np.arange(len(self))):
            return self
        taken = pa.array(places)
        return SaleColumns(
            ids=self.ids[places],
            merchants=self.merchants[places],
            shops=self.shops[places],
            receipt=self.receipt.take(taken),
            total=self.total[places],
            currency=self.currency if isinstance(self.currency, str) else self.currency.take(taken),
            sold_at=self.sold_at[places],
            buyer=self.buyer[places],
            row=self.row[places],
            rows=self.rows[places],
            lines=None if self.lines is None else self.lines.of(places, len(self)),
        )


def id_bytes(ids: Sequence[UUID]) -> Ids:
    """Return UUIDs as an array of V16."""
    return np.frombuffer(b"".join([id_.bytes for id_ in ids]), "V16")


def sale_ids(sold_at: Longs, shop: Longs, shop_ids: Sequence[UUID], receipts: Sequence[str]) -> Ids:
    """Return `ids.uuid7_of(sold_at, shop_id, receipt)` of each sale; `shop` is the place in `shop_ids`.

    A microsecond a sale instead of ten: the digest of the shop is made once, and the rest of the id by numpy.
    """
    hashers = [hashlib.blake2b(_framed(id_.bytes), digest_size=10) for id_ in shop_ids]
    digests: list[bytes] = []
    for place, receipt in zip(shop.tolist(), receipts, strict=True):
        hasher = hashers[place].copy()
        hasher.update(_framed(receipt.encode()))
        digests.append(hasher.digest())
    digest = np.frombuffer(b"".join(digests), _DIGEST)
    high, low = digest["high"].astype(np.uint64), digest["low"].astype(np.uint64)
    # The same floats, rounded the same way, as `datetime.timestamp()` gives to `uuid7_of`.
    milliseconds = np.rint(sold_at / 1_000_000 * 1000).astype(np.uint64)
    random_a = ((high << np.uint64(2)) | (low >> np.uint64(62))) & _LOW_12
    halves = np.empty(len(digest), _UUID_HALVES)
    halves["high"] = (milliseconds << np.uint64(16)) | _VERSION_7 | random_a
    halves["low"] = _VARIANT | (low & _LOW_62)
    return halves.view("V16")


def order_of(ids: Ids) -> Longs:
    """Return the places of ids in ascending order; equal ones stay in the order of the file."""
    halves = np.ascontiguousarray(ids).view(_UUID_HALVES)
    return np.lexsort((halves["low"], halves["high"]))


def repeats(ids: Ids) -> Flags:
    """Say which of sorted ids are the same as the one before."""
    again = np.zeros(len(ids), bool)
    halves = np.ascontiguousarray(ids).view(_UUID_HALVES)
    again[1:] = (halves["high"][1:] == halves["high"][:-1]) & (halves["low"][1:] == halves["low"][:-1])
    return again


def _framed(part: bytes) -> bytes:
    return len(part).to_bytes(4) + part
