"""Columns of ids: made from times and random bytes, and put into the order of an index."""

from uuid import UUID

import numpy as np

from ringmain.kit.pure.id_columns import RANDOM_BYTES, order_by, uuid7s


def test_ids_are_what_the_standard_asks_for() -> None:
    """Each id is a UUIDv7 of its own millisecond."""
    at_us = np.array([1_700_000_000_123_456, 1_700_000_000_999_999])
    ids = [UUID(bytes=one.tobytes()) for one in uuid7s(at_us, bytes(range(2 * RANDOM_BYTES)))]
    assert [(one.version, one.int >> 80) for one in ids] == [(7, 1_700_000_000_123), (7, 1_700_000_000_999)]


def test_rows_are_sorted_by_one_column_after_the_other() -> None:
    """Ids are compared as PostgreSQL compares them, byte by byte, and numbers as numbers."""
    random = np.random.default_rng(1)
    ids = np.frombuffer(random.bytes(16 * 20), dtype="V16")[random.integers(0, 20, 300)]
    numbers = random.integers(-3, 3, 300)
    order = order_by(ids, numbers)
    rows = [(ids[place].tobytes(), int(numbers[place])) for place in order]
    assert rows == sorted(rows)
    assert sorted(order.tolist()) == list(range(300))
