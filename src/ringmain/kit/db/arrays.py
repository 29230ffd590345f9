"""PostgreSQL arrays in their binary form, packed by numpy: a million ids cost no Python object each."""

import struct
import sys
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt
import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format

from ringmain.kit.pure.clock import microseconds

_UUID, _UUID_ARRAY = 2950, 2951
_TEXT, _TEXT_ARRAY = 25, 1009
_BYTEA, _BYTEA_ARRAY = 17, 1001
_INT8, _INT8_ARRAY = 20, 1016
_BOOLEAN, _BOOLEAN_ARRAY = 16, 1000
_TIMESTAMPTZ, _TIMESTAMPTZ_ARRAY = 1184, 1185
# PostgreSQL counts microseconds from 2000-01-01, Unix from 1970-01-01.
_EPOCH_SHIFT_MICROSECONDS = 946_684_800_000_000
_NULL = b"\xff\xff\xff\xff"
_UUID_LENGTH = b"\x00\x00\x00\x10"
_INT8_LENGTH = b"\x00\x00\x00\x08"
_TRUE, _FALSE = b"\x00\x00\x00\x01\x01", b"\x00\x00\x00\x01\x00"
# Up to so many elements, joining bytes is faster than what numpy needs to get going.
_FEW = 40
_HEADER = struct.Struct(">5i")
_EMPTY_HEADER = struct.Struct(">3i")


@dataclass(frozen=True, slots=True)
class Packed:
    """A one-dimensional PostgreSQL array in the binary form of array_send()."""

    data: bytes
    array_oid: int


def pack_uuids(ids: Sequence[UUID] | npt.NDArray[np.void]) -> Packed:
    """Pack UUIDs, or a numpy array of dtype V16 holding their bytes, as uuid[]."""
    if isinstance(ids, np.ndarray):
        return _pack(ids, "V16", _UUID, _UUID_ARRAY)
    # The property `bytes` would cost as much again as the conversion that it is.
    return _pack_alike([id_.int.to_bytes(16, "big") for id_ in ids], _UUID_LENGTH, _UUID, _UUID_ARRAY)


def pack_int8(numbers: Iterable[int] | npt.NDArray[np.int64]) -> Packed:
    """Pack integers as bigint[]."""
    return _pack_int64(numbers, _INT8, _INT8_ARRAY)


def pack_timestamps(unix_microseconds: Iterable[int] | npt.NDArray[np.int64]) -> Packed:
    """Pack UTC microseconds since 1970 as timestamptz[]."""
    if isinstance(unix_microseconds, np.ndarray):
        shifted: Any = _checked(unix_microseconds) - _EPOCH_SHIFT_MICROSECONDS
    else:
        shifted = [microseconds - _EPOCH_SHIFT_MICROSECONDS for microseconds in unix_microseconds]
    return _pack_int64(shifted, _TIMESTAMPTZ, _TIMESTAMPTZ_ARRAY)


def pack_optional_timestamps(times: Iterable[datetime | None]) -> Packed:
    """Pack times, some of them None, as timestamptz[]."""
    cells = [
        _NULL
        if time is None
        else _INT8_LENGTH + (microseconds(time) - _EPOCH_SHIFT_MICROSECONDS).to_bytes(8, "big", signed=True)
        for time in times
    ]
    return _pack_cells(cells, _TIMESTAMPTZ, _TIMESTAMPTZ_ARRAY)


def pack_booleans(values: Iterable[bool]) -> Packed:
    """Pack truth values as boolean[]."""
    return _pack_cells([_TRUE if value else _FALSE for value in values], _BOOLEAN, _BOOLEAN_ARRAY)


def pack_optional_uuids(ids: Iterable[UUID | None]) -> Packed:
    """Pack UUIDs, some of them None, as uuid[]."""
    cells = [_NULL if id_ is None else _UUID_LENGTH + id_.int.to_bytes(16, "big") for id_ in ids]
    return _pack_cells(cells, _UUID, _UUID_ARRAY)


def pack_texts(texts: Iterable[str | None]) -> Packed:
    """Pack texts, some of them None, as text[]; a NUL character is refused by the server, as in any text."""
    cells = [_NULL if text is None else len(data := text.encode()).to_bytes(4, "big") + data for text in texts]
    return _pack_cells(cells, _TEXT, _TEXT_ARRAY)


def pack_bytes(values: Iterable[bytes | None] | npt.NDArray[np.void]) -> Packed:
    """Pack byte strings, some of them None, or a numpy array of dtype V<n> (strings of one length), as bytea[]."""
    if isinstance(values, np.ndarray):
        return _pack(values, values.dtype.str, _BYTEA, _BYTEA_ARRAY)
    cells = [_NULL if value is None else len(value).to_bytes(4, "big") + value for value in values]
    return _pack_cells(cells, _BYTEA, _BYTEA_ARRAY)


def _pack_cells(cells: list[bytes], element_oid: int, array_oid: int) -> Packed:
    has_null = int(_NULL in cells)
    return Packed(_header(len(cells), element_oid, has_null) + b"".join(cells), array_oid)


def _pack_alike(cells: list[bytes], length: bytes, element_oid: int, array_oid: int) -> Packed:
    """Pack cells of one length, which comes in front of each."""
    body = length + length.join(cells) if cells else b""
    return Packed(_header(len(cells), element_oid) + body, array_oid)


def _pack_int64(numbers: Iterable[int] | npt.NDArray[np.int64], element_oid: int, array_oid: int) -> Packed:
    """Pack 64-bit integers; a fraction or a text raises, where numpy by itself would cut it off silently."""
    if isinstance(numbers, np.ndarray):
        return _pack(_checked(numbers), ">i8", element_oid, array_oid)
    values = array("q", numbers)
    if len(values) > _FEW:
        return _pack(np.frombuffer(values, dtype=np.int64), ">i8", element_oid, array_oid)
    if sys.byteorder == "little":
        values.byteswap()
    data = values.tobytes()
    cells = [data[place : place + 8] for place in range(0, len(data), 8)]
    return _pack_alike(cells, _INT8_LENGTH, element_oid, array_oid)


def _header(count: int, element_oid: int, has_null: int = 0) -> bytes:
    """Dimensions, whether there are NULLs, element type; then length and lower bound of the only dimension."""
    if not count:
        return _EMPTY_HEADER.pack(0, 0, element_oid)
    return _HEADER.pack(1, has_null, element_oid, count, 1)


def _checked(numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    if numbers.dtype.kind not in "iu":
        raise TypeError(f"integers are needed, not {numbers.dtype}")
    return numbers


def _pack(values: npt.NDArray[Any], element: str, element_oid: int, array_oid: int) -> Packed:
    cells = np.empty(len(values), dtype=[("length", ">i4"), ("value", element)])
    cells["length"] = np.dtype(element).itemsize
    cells["value"] = values
    return Packed(_header(len(values), element_oid) + cells.tobytes(), array_oid)


class _PackedDumper(Dumper):
    """Sends the bytes of a Packed as they are, under the array type that it names."""

    format = Format.BINARY

    def get_key(self, obj: Packed, format: Any) -> Any:  # noqa: A002 (the parent's name)
        return (self.cls, obj.array_oid)

    def upgrade(self, obj: Packed, format: Any) -> Dumper:  # noqa: A002 (the parent's name)
        dumper = type(self)(self.cls)
        dumper.oid = obj.array_oid
        return dumper

    def dump(self, obj: Packed) -> bytes:
        return obj.data


psycopg.adapters.register_dumper(Packed, _PackedDumper)
