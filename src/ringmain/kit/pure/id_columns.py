"""UUIDv7 ids as columns: thousands at once, without an object for each."""

from typing import Any

import numpy as np
import numpy.typing as npt

RANDOM_BYTES = 10
_ID_BYTES = 16


def uuid7s(at_us: npt.NDArray[np.int64], random: bytes) -> npt.NDArray[np.void]:
    """Return a UUIDv7 (V16) per time in UTC microseconds; of ten bytes of `random` for each, 74 bits are used."""
    ids = np.empty((len(at_us), 16), dtype=np.uint8)
    ids[:, :6] = (at_us // 1_000).astype(">u8").view(np.uint8).reshape(-1, 8)[:, 2:]
    ids[:, 6:] = np.frombuffer(random, dtype=np.uint8).reshape(-1, RANDOM_BYTES)
    ids[:, 6] = ids[:, 6] & 0x0F | 0x70
    ids[:, 8] = ids[:, 8] & 0x3F | 0x80
    return ids.view("V16").reshape(-1)


def order_by(*columns: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Return in which order rows are sorted by columns of ids (V16) or integers, the first column first.

    Rows that are written or looked for in the order of an index find its pages where they have just been: in the
    processor's cache.
    """
    keys: list[npt.NDArray[Any]] = []
    for column in columns:
        if column.dtype.itemsize == _ID_BYTES:
            halves = np.ascontiguousarray(column).view(">u8").reshape(-1, 2)
            keys += [halves[:, 0], halves[:, 1]]
        else:
            keys.append(column)
    return np.lexsort(keys[::-1])
