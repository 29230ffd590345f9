"""Cursors and pages."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from ringmain.kit.http import cursor_of, keys_of, listed
from ringmain.kit.http.problem import CursorInvalid

AT = datetime(2026, 3, 1, 9, 0, 0, 123456, tzinfo=UTC)


def test_a_cursor_comes_back_as_its_keys() -> None:
    """Ids, times, integers and text survive, to the microsecond."""
    id_ = uuid4()
    cursor = cursor_of(AT, id_, 7, "x")
    assert keys_of(cursor, tuple[datetime, UUID, int, str]) == (AT, id_, 7, "x")
    assert keys_of(None, tuple[UUID]) is None
    assert set(cursor) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@pytest.mark.parametrize("cursor", ["", "x", "ä", "W10", "WyJhIl0", "=", "\x00", cursor_of(1)])
def test_a_cursor_of_another_list_is_refused(cursor: str) -> None:
    """Text that this list never gave out is refused, whatever it is."""
    with pytest.raises(CursorInvalid):
        keys_of(cursor, tuple[UUID])


def test_the_row_beyond_says_whether_there_is_more() -> None:
    """A page carries a cursor only where a further row exists."""
    assert listed([1, 2, 3], 2, lambda row: (row,)).next == cursor_of(2)
    assert listed([1, 2, 3], 2, lambda row: (row,)).items == [1, 2]
    assert listed([1, 2], 2, lambda row: (row,)).next is None
    assert listed([], 2, lambda row: (row,)).items == []
