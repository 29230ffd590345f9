"""Columns of sales: ids made by numpy are those of the kit, and picking sales takes their lines along."""

import uuid
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ringmain.kit.pure.ids import uuid7_of
from ringmain.sale.arrow import pa
from ringmain.sale.columns import LineColumns, id_bytes, order_of, repeats, sale_ids

SHOPS = [uuid.UUID(int=number * 0x1234567890ABCDEF) for number in range(1, 4)]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECONDS = st.integers(946_684_800_000_000, 4_102_444_800_000_000)


@settings(deadline=None)
@given(st.lists(st.tuples(MICROSECONDS, st.integers(0, 2), st.text(max_size=20)), min_size=1, max_size=50))
def test_ids_are_those_of_the_kit(sales: list[tuple[int, int, str]]) -> None:
    """An id is what `uuid7_of` derives from time, shop and receipt, to the last bit, fractions of milliseconds too."""
    receipts = [receipt.replace("\ud800", "") for _, _, receipt in sales]
    made = sale_ids(np.array([at for at, _, _ in sales]), np.array([shop for _, shop, _ in sales]), SHOPS, receipts)
    expected = [
        uuid7_of(EPOCH + timedelta(microseconds=at), SHOPS[shop], receipt)
        for (at, shop, _), receipt in zip(sales, receipts, strict=True)
    ]
    assert [UUID(bytes=one.tobytes()) for one in made] == expected


@settings(deadline=None)
@given(st.lists(st.integers(0, 2**128 - 1).map(lambda number: UUID(int=number)), min_size=1, max_size=30))
def test_ids_are_sorted_as_the_database_sorts(some: list[UUID]) -> None:
    """The order is that of the bytes; equal ids keep theirs and are told as repeats."""
    twice = [*some, some[0]]
    order = order_of(id_bytes(twice))
    assert [twice[place] for place in order] == sorted(twice)
    again = repeats(id_bytes(twice)[order])
    assert again.sum() == len(twice) - len(set(twice))
    assert list(order).index(0) < list(order).index(len(some))


def test_lines_follow_their_sales() -> None:
    """Picking sales in another order renumbers the sale of each line and leaves out the lines of the others."""
    ones = np.array([1, 1, 1, 1])
    lines = LineColumns(np.array([0, 1, 1, 2]), ones, pa.array(["a", "b", "c", "d"]), None, ones, ones)
    picked = lines.of(np.array([2, 1]), 3)
    assert list(zip(picked.sale.tolist(), picked.product.to_pylist(), strict=True)) == [(1, "b"), (1, "c"), (0, "d")]
