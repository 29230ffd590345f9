"""Cells of a file: numbers, times and texts are read exactly, or refused by a rule."""

from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringmain.sale.arrow import pa
from ringmain.sale.cells import LARGEST_AMOUNT, amounts, card_rows, times
from ringmain.sale.row_rules import RowRule

AMOUNTS = [
    ("12.5", 1250, RowRule.NONE),
    ("-3", -300, RowRule.NONE),
    ("+0.01", 1, RowRule.NONE),
    ("7.", 700, RowRule.NONE),
    (" 8.10 ", 810, RowRule.NONE),
    ("5.1000", 510, RowRule.NONE),
    ("10000000000.00", LARGEST_AMOUNT, RowRule.NONE),
    ("10000000000.01", None, RowRule.AMOUNT_TOO_LARGE),
    ("-99999999999999999999", None, RowRule.AMOUNT_TOO_LARGE),
    ("1.005", None, RowRule.AMOUNT_INVALID),
    ("1e3", None, RowRule.AMOUNT_INVALID),
    ("1,50", None, RowRule.AMOUNT_INVALID),
    ("", None, RowRule.AMOUNT_INVALID),
    ("-", None, RowRule.AMOUNT_INVALID),
    (".5", None, RowRule.AMOUNT_INVALID),
    ("NaN", None, RowRule.AMOUNT_INVALID),
    ("0x10", None, RowRule.AMOUNT_INVALID),
    ("１２", None, RowRule.AMOUNT_INVALID),
    ("9" * 31, None, RowRule.AMOUNT_INVALID),
]

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - a wall clock's time.


def column(values: list[object], kind: object = None) -> object:
    """Return values as a column of a table."""
    return pa.chunked_array([pa.array(values, kind or pa.string())])


@pytest.mark.parametrize(("text", "minor", "rule"), AMOUNTS)
def test_amounts(text: str, minor: int | None, rule: RowRule) -> None:
    """An amount is exact in minor units, or refused; its neighbour is not touched."""
    values, rules = amounts(column([text, "1.00"]), 2)
    assert rules.tolist() == [rule, RowRule.NONE]
    assert values[1] == 100
    if minor is not None:
        assert values[0] == minor


def test_amounts_with_other_separators() -> None:
    """With a comma for the decimals a point is an error, unless it parts the thousands."""
    values, rules = amounts(column(["1.234,5", "1.50"]), 2, ",", ".")
    assert (values[0], rules.tolist()) == (123450, [0, 0])
    assert values[1] == 15000
    values, rules = amounts(column(["12,50", "1.50"]), 2, ",")
    assert (values[0], rules.tolist()) == (1250, [0, RowRule.AMOUNT_INVALID])


def test_amounts_of_parquet() -> None:
    """Integers, decimals and floats that are whole cents are taken; a float with a fraction of a cent is not."""
    assert amounts(column([7], pa.int32()), 2)[0].tolist() == [700]
    assert amounts(column([Decimal("7.1000")], pa.decimal128(10, 4)), 2)[0].tolist() == [710]
    values, rules = amounts(column([0.1 + 0.2, 19.99, 0.125, float("nan"), float("inf"), None], pa.float64()), 2)
    assert values[:2].tolist() == [30, 1999]
    assert rules.tolist() == [0, 0, *[RowRule.AMOUNT_INVALID] * 4]


@settings(deadline=None)
@given(st.decimals(-(10**9), 10**9, places=3), st.sampled_from([0, 2, 3]))
def test_amounts_are_those_of_decimal(number: Decimal, digits: int) -> None:
    """Every decimal number is read as Python's Decimal reads it, or refused where it has too many digits."""
    values, rules = amounts(column([str(number)]), digits)
    scaled = number.scaleb(digits)
    assert (rules[0] == RowRule.NONE) == (scaled == scaled.to_integral_value() and abs(scaled) <= LARGEST_AMOUNT)
    assert rules[0] or values[0] == int(scaled)


TIMES = [
    ("2024-02-29 23:59:59", "iso", "2024-02-29T23:59:59", False),
    ("2024-02-29T23:59", "iso", "2024-02-29T23:59:00", False),
    ("2024-02-29", "iso", "2024-02-29T00:00:00", False),
    ("2024-02-29T23:59:59.25", "iso", "2024-02-29T23:59:59.250", False),
    ("2024-02-29T23:59:59Z", "iso", "2024-02-29T23:59:59", True),
    ("2024-02-29T23:59:59+08:00", "iso", "2024-02-29T15:59:59", True),
    ("2023-02-29 00:00:00", "iso", None, False),
    ("2024-13-01 00:00:00", "iso", None, False),
    ("2024-00-01 00:00:00", "iso", None, False),
    ("2024-01-00 00:00:00", "iso", None, False),
    ("2024-01-01 24:00:00", "iso", None, False),
    ("2024-01-01 00:60:00", "iso", None, False),
    ("2024-01-01x00:00:0a", "iso", None, False),
    ("", "iso", None, False),
    ("29/02/2024 08:05", "%d/%m/%Y %H:%M", "2024-02-29T08:05:00", False),
    ("9/2/2024 8:05", "%d/%m/%Y %H:%M", "2024-02-09T08:05:00", False),
    ("30/02/2024 08:05", "%d/%m/%Y %H:%M", None, False),
    ("20240229080500", "%Y%m%d%H%M%S", "2024-02-29T08:05:00", False),
    ("Feb 29 2024 8PM", "%b %d %Y %I%p", "2024-02-29T20:00:00", False),
    ("2024-02-29 +0800", "%Y-%m-%d %z", "2024-02-28T16:00:00", True),
    ("1709164800", "unix_seconds", "2024-02-29T00:00:00", True),
    ("1709164800123", "unix_milliseconds", "2024-02-29T00:00:00.123", True),
    ("-1", "unix_seconds", None, False),
    ("1.5", "unix_seconds", None, False),
]


@pytest.mark.parametrize(("text", "form", "expected", "is_utc"), TIMES)
def test_times(text: str, form: str, expected: str | None, is_utc: bool) -> None:
    """A time is read by its format to the microsecond; a day or hour that does not exist is refused."""
    at, utc, valid = times(column([text]), form)
    assert bool(valid[0]) == (expected is not None)
    if expected is not None:
        assert at[0] == (datetime.fromisoformat(expected) - EPOCH).total_seconds() * 1_000_000
        assert bool(utc[0]) == is_utc


@settings(deadline=None)
@given(st.lists(st.text(alphabet="0123456789-: T", max_size=20), max_size=20))
def test_times_are_those_of_python(some: list[str]) -> None:
    """Of any texts exactly those are times that Python takes for one, with the same value."""
    at, _, valid = times(column([*some]), "%Y-%m-%d %H:%M:%S")
    for text, micros, good in zip(some, at.tolist(), valid.tolist(), strict=True):
        try:
            expected = datetime.strptime(text.strip(), "%Y-%m-%d %H:%M:%S") - EPOCH  # noqa: DTZ007
        except ValueError:
            assert not good
        else:
            assert good
            assert micros == expected.total_seconds() * 1_000_000


def test_card_numbers_are_found() -> None:
    """A card number is found in digits of any script and with gaps; trade numbers and receipts are let through."""
    some = ["4111111111111111", "4111 1111 1111 1111", "４１１１１１１１１１１１１１１１", "x 5500-0000-0000-0004 y"]
    fine = ["", "4006381333931", "2024-01-02 03:04:05", "R-1234567890123", "tok_4111"]
    assert card_rows(pa.array([*some, *fine])).tolist() == [True] * len(some) + [False] * len(fine)
