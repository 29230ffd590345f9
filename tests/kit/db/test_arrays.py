"""Tests of packed arrays: PostgreSQL reads what was packed, element by element."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringmain.kit.db import (
    Packed,
    pack_booleans,
    pack_bytes,
    pack_int8,
    pack_optional_timestamps,
    pack_optional_uuids,
    pack_texts,
    pack_timestamps,
    pack_uuids,
)
from ringmain.kit.migrate import Urls
from ringmain.kit.pure.clock import microseconds

INT8 = st.integers(min_value=-(2**63), max_value=2**63 - 1)
# PostgreSQL's text holds every Unicode character but NUL, and no lone surrogates.
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=40)
TIMES = st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001


@pytest.fixture(scope="module")
def connection(database_urls: Urls) -> Iterator[psycopg.Connection[Any]]:
    """One connection for all round trips."""
    with psycopg.connect(database_urls.migration_url, autocommit=True) as connection:
        yield connection


def read_back(connection: psycopg.Connection[Any], packed: Packed, element: str) -> list[Any]:
    """Return the elements as PostgreSQL sees them, through its own functions and not as the array that was sent."""
    query = (
        "SELECT e, pg_typeof(%(a)s)::text, cardinality(%(a)s) FROM unnest(%(a)s) WITH ORDINALITY AS t (e, n) ORDER BY n"
    )
    rows = connection.execute(query, {"a": packed}).fetchall()
    assert {row[1:] for row in rows} <= {(f"{element}[]", len(rows))}
    return [row[0] for row in rows]


@given(st.lists(st.uuids(), max_size=50))
def test_uuids_come_back(connection: psycopg.Connection[Any], ids: list[UUID]) -> None:
    """A list of UUIDs is uuid[], and so are the same bytes in numpy."""
    assert read_back(connection, pack_uuids(ids), "uuid") == ids
    packed = np.frombuffer(b"".join(id_.bytes for id_ in ids), dtype="V16")
    assert read_back(connection, pack_uuids(packed), "uuid") == ids


@given(st.lists(st.none() | st.uuids(), max_size=50))
def test_optional_uuids_come_back(connection: psycopg.Connection[Any], ids: list[UUID | None]) -> None:
    """None is NULL, at any place, alone and among others."""
    assert read_back(connection, pack_optional_uuids(ids), "uuid") == ids


@given(st.lists(INT8, max_size=50))
def test_integers_come_back(connection: psycopg.Connection[Any], numbers: list[int]) -> None:
    """Every 64-bit integer is bigint[], from Python and from numpy."""
    assert read_back(connection, pack_int8(numbers), "bigint") == numbers
    assert read_back(connection, pack_int8(np.array(numbers, dtype=np.int64)), "bigint") == numbers


@given(st.lists(st.none() | TEXT, max_size=30))
def test_texts_come_back(connection: psycopg.Connection[Any], texts: list[str | None]) -> None:
    """Texts of any script are text[]; an empty text is not NULL."""
    assert read_back(connection, pack_texts(texts), "text") == texts


@given(st.lists(st.booleans(), max_size=30))
def test_truth_values_come_back(connection: psycopg.Connection[Any], values: list[bool]) -> None:
    """Truth values are boolean[]."""
    assert read_back(connection, pack_booleans(values), "boolean") == values


@given(st.lists(st.none() | TIMES, max_size=30))
def test_optional_times_come_back(connection: psycopg.Connection[Any], times: list[datetime | None]) -> None:
    """Times before and after 2000, to the microsecond, and None among them, are timestamptz[]."""
    assert read_back(connection, pack_optional_timestamps(times), "timestamp with time zone") == times


@given(st.lists(st.none() | st.binary(max_size=40), max_size=30))
def test_bytes_come_back(connection: psycopg.Connection[Any], values: list[bytes | None]) -> None:
    """Byte strings of any length and content, NUL and the mark of NULL included, are bytea[]; None is NULL."""
    assert read_back(connection, pack_bytes(values), "bytea") == values


@given(st.lists(st.binary(min_size=16, max_size=16), max_size=30))
def test_bytes_of_one_length_come_back_from_numpy(connection: psycopg.Connection[Any], values: list[bytes]) -> None:
    """A numpy array of strings of one length is bytea[]."""
    packed = np.frombuffer(b"".join(values), dtype="V16")
    assert read_back(connection, pack_bytes(packed), "bytea") == values


@given(st.lists(TIMES, max_size=30))
def test_times_come_back(connection: psycopg.Connection[Any], times: list[datetime]) -> None:
    """Times are timestamptz[], exact to the microsecond, before and after 1970 and 2000."""
    packed = pack_timestamps(microseconds(at) for at in times)
    assert read_back(connection, packed, "timestamp with time zone") == times
    assert connection.execute(
        "SELECT array_agg(e ORDER BY n) FROM unnest(%s) WITH ORDINALITY AS t (e, n)", (packed,)
    ).fetchone() == (times or None,)


@pytest.mark.parametrize("value", [b"\xff\xff\xff\xff", b"", b"\x00"])
def test_a_value_that_looks_like_null_is_none(connection: psycopg.Connection[Any], value: bytes) -> None:
    """The four bytes that mean NULL are an ordinary value where they are content."""
    assert read_back(connection, pack_bytes([value]), "bytea") == [value]


def test_a_nul_character_is_refused_by_the_server(connection: psycopg.Connection[Any]) -> None:
    """No text can hold a NUL character, and nothing is cut off silently."""
    with pytest.raises(psycopg.errors.CharacterNotInRepertoire):
        read_back(connection, pack_texts(["a\x00b"]), "text")


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**30])
def test_a_number_beyond_64_bits_is_refused(number: int) -> None:
    """A number that bigint cannot hold is an error, never another number."""
    with pytest.raises(OverflowError):
        pack_int8([1, number])


@pytest.mark.parametrize("values", [[1.5], ["1"], [None], np.array([1.5]), np.array([True, False])])
def test_what_is_no_integer_is_refused(values: Sequence[Any]) -> None:
    """Fractions, texts and None never become integers on the way."""
    with pytest.raises((TypeError, ValueError)):
        pack_int8(values)


def test_control_one_flipped_byte_is_noticed(connection: psycopg.Connection[Any]) -> None:
    """A packed array with one byte changed does not read back as what was packed."""
    numbers = [1, 2, 3]
    packed = pack_int8(numbers)
    broken = Packed(packed.data[:-1] + bytes([packed.data[-1] ^ 1]), packed.array_oid)
    assert read_back(connection, broken, "bigint") == [1, 2, 2]


def test_a_million_ids_take_no_object_each(connection: psycopg.Connection[Any]) -> None:
    """A large array in numpy is packed as a block and arrives whole."""
    ids = np.random.default_rng(7).bytes(16 * 100_000)
    packed = pack_uuids(np.frombuffer(ids, dtype="V16"))
    row = connection.execute("SELECT count(*), count(DISTINCT e) FROM unnest(%s) AS t (e)", (packed,)).fetchone()
    assert row == (100_000, 100_000)


def test_numbers_of_numpy_of_another_width_are_whole(connection: psycopg.Connection[Any]) -> None:
    """Arrays of 32-bit and of big-endian numbers keep their values."""
    for dtype in (np.int32, ">i8", np.int16):
        values: Any = np.array([1, -2, 300], dtype=dtype)
        assert read_back(connection, pack_int8(values), "bigint") == [1, -2, 300]


def test_a_time_is_not_moved_by_the_time_zone_of_the_session(connection: psycopg.Connection[Any]) -> None:
    """The microseconds are UTC, wherever the session thinks it is."""
    at = datetime(2026, 7, 1, 12, 0, 0, 1, tzinfo=UTC)
    connection.execute("SET TIME ZONE 'Asia/Shanghai'")
    try:
        (read,) = read_back(connection, pack_timestamps([microseconds(at)]), "timestamp with time zone")
    finally:
        connection.execute("SET TIME ZONE 'UTC'")
    assert read == at
    assert read.utcoffset() == timedelta(hours=8)
