"""What a dry run remembers: the same answers as a plain dictionary gives."""

import uuid

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ringmain.sale.arrow import pa
from ringmain.sale.columns import SaleColumns, id_bytes, order_of
from ringmain.sale.import_memory import SeenSales

SALES = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 2)), max_size=20)


@settings(deadline=None)
@given(st.lists(SALES, max_size=10))
def test_what_was_met_is_remembered(pieces: list[list[tuple[int, int]]]) -> None:
    """Each sale is told as met before or new, and as saying the same as at first or something else."""
    seen, said = SeenSales(), dict[int, int]()
    for piece in pieces:
        sales = _sales(piece)
        earlier, other = seen.meet(sales)
        for place, one in enumerate(sales.ids):
            number, total = uuid.UUID(bytes=one.tobytes()).int, int(sales.total[place])
            assert bool(earlier[place]) == (number in said)
            assert bool(other[place]) == (said.setdefault(number, total) != total)


def _sales(piece: list[tuple[int, int]]) -> SaleColumns:
    ids = id_bytes([uuid.UUID(int=number) for number, _ in piece])
    count = np.zeros(len(piece), np.int64)
    total = np.array([total for _, total in piece], np.int64)
    receipt = pa.array([""] * len(piece), pa.string())
    sales = SaleColumns(ids, ids, ids, receipt, total, "CNY", count, count, count, count, None)
    return sales.of(order_of(ids))
