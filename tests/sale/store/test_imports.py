"""Columns on their way to the database: packed by numpy as they are packed one by one."""

from hypothesis import given, settings
from hypothesis import strategies as st

from ringmain.kit.db import pack_texts
from ringmain.sale.arrow import pa
from ringmain.sale.store.imports import pack_arrow_texts

TEXTS = st.lists(st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=9), max_size=20)


@settings(deadline=None)
@given(TEXTS, st.integers(0, 5), st.integers(0, 20))
def test_texts_are_packed_as_one_by_one(texts: list[str | None], begin: int, count: int) -> None:
    """Any texts, nulls among them, and any slice of an array give the bytes that `pack_texts` gives."""
    sliced = pa.array(texts, pa.string()).slice(begin, count)
    assert pack_arrow_texts(sliced) == pack_texts(texts[begin : begin + count])
