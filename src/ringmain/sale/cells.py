"""The cells of a file as numbers, times and texts, a column at once; what cannot be one is told by a rule per cell."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ringmain.kit.http.cards import text_holds_card_number
from ringmain.sale.arrow import Column, Texts, pa, pc
from ringmain.sale.row_rules import RowRule

Longs = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

LARGEST_AMOUNT = 10**12
_LARGEST_DIGITS = 15
_MICROSECONDS = 1_000_000
_DAY = 86_400 * _MICROSECONDS
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - a time of a wall clock, whose zone is not known here.
_SHORTEST_CARD = 13
_ZERO = ord("0")
# What may be a card number at first sight: digits of any script with up to two other signs between them.
_CARD_LIKE = r"[0-9](?:[\s.\-]?[0-9]){12,}"
_ISO = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d")
_WIDTHS = {"Y": 4, "m": 2, "d": 2, "H": 2, "M": 2, "S": 2}


def texts(column: Column) -> Texts:
    """Return a column as texts without outer space; empty where the file says nothing."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if not pa.types.is_string(array.type):
        array = pc.cast(array, pa.string())
    if array.null_count:
        array = pc.fill_null(array, "")
    return pc.utf8_trim_whitespace(array)


def joined(columns: Sequence[Texts], by: str) -> Texts:
    """Return the texts of several columns as one."""
    return columns[0] if len(columns) == 1 else pc.binary_join_element_wise(*columns, by)


def flags(values: Texts) -> Flags:
    """Return booleans without nulls as numpy knows them."""
    result: Flags = values.to_numpy(zero_copy_only=False)
    return result


def empty(values: Texts) -> Flags:
    """Say which texts are empty."""
    return flags(pc.equal(pc.binary_length(values), 0))


def longer_than(values: Texts, most: int) -> Flags:
    """Say which texts have more letters than `most`."""
    return flags(pc.greater(pc.utf8_length(values), most))


def differs_from_previous(values: Texts) -> Flags:
    """Say which texts are not the one before; the first is not."""
    changed = np.ones(len(values), bool)
    if len(values) > 1:
        changed[1:] = flags(pc.not_equal(values.slice(1), values.slice(0, len(values) - 1)))
    return changed


# ------------------------------------------------------------------------------------------------------------- amounts


def amounts(column: Column, digits: int, decimal: str = ".", thousands: str = "") -> tuple[Longs, Longs]:
    """Return amounts in units of 10**-digits, and the rule that each breaks (`RowRule`, 0 for none).

    Numbers of Parquet may be integers, decimals, or floats that are whole in that unit; texts have the separators.
    """
    if pa.types.is_floating(column.type):
        return _of_floats(column, digits)
    if pa.types.is_string(column.type):
        written = texts(column)
        if thousands:
            written = pc.replace_substring(written, thousands, "")
        if decimal != ".":
            # A point where a comma is agreed must not pass for one.
            written = pc.replace_substring(pc.replace_substring(written, ".", "?"), decimal, ".")
    else:
        written = texts(column)
    return _of_texts(written, digits)


def _of_texts(written: Texts, digits: int) -> tuple[Longs, Longs]:
    rules = np.zeros(len(written), np.int64)
    # Zeros beyond the digits of the unit mean nothing: decimals of Parquet often carry them.
    form = rf"^[+-]?[0-9]{{1,30}}(\.[0-9]{{0,{digits}}}0*)?$"
    valid = flags(pc.match_substring_regex(written, form))
    rules[~valid] = RowRule.AMOUNT_INVALID
    large = valid & flags(pc.match_substring_regex(written, rf"^[+-]?0*[1-9][0-9]{{{_LARGEST_DIGITS}}}"))
    rules[large] = RowRule.AMOUNT_TOO_LARGE
    fine = pc.if_else(pa.array(rules == 0), written, "0")
    short = pc.replace_substring_regex(fine, rf"(\.[0-9]{{{digits}}})0+$", r"\1") if digits else fine
    short = pc.replace_substring_regex(short, r"\.0*$", "") if not digits else short
    # 10**(15 + 3) is less than 2**63, so the lower half of the 128 bits holds the number.
    scaled = pc.cast(short, pa.decimal128(38, digits))
    data = np.frombuffer(scaled.buffers()[1], np.int64)[0 : 2 * len(scaled) : 2].copy()
    rules[(np.abs(data) > LARGEST_AMOUNT) & (rules == 0)] = RowRule.AMOUNT_TOO_LARGE
    return data, rules


def _of_floats(column: Column, digits: int) -> tuple[Longs, Longs]:
    numbers = pc.cast(column, pa.float64()).to_numpy().astype(np.float64) * 10.0**digits
    rules = np.zeros(len(numbers), np.int64)
    with np.errstate(invalid="ignore"):
        rules[~(np.abs(numbers) <= LARGEST_AMOUNT)] = RowRule.AMOUNT_TOO_LARGE
        rules[~np.isfinite(numbers)] = RowRule.AMOUNT_INVALID
        whole = np.rint(numbers)
        # A float holds at most 16 decimal digits: what is off by more than its error was no whole number of units.
        off = np.abs(numbers - whole) > np.maximum(1e-6, np.abs(numbers) * 1e-12)
    rules[off & (rules == 0)] = RowRule.AMOUNT_INVALID
    return np.where(rules == 0, whole, 0).astype(np.int64), rules


# --------------------------------------------------------------------------------------------------------------- times


def times(column: Column, form: str) -> tuple[Longs, Flags, Flags]:
    """Return times in microseconds since 1970, which of them are UTC (the others: a wall clock's), and which valid.

    `form` is that of the mapping file; timestamps and dates of Parquet need none.
    """
    kind = column.type
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        utc = pa.types.is_timestamp(kind) and kind.tz is not None
        array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        valid = flags(pc.is_valid(array))
        # An instant beyond what microseconds can say becomes null, not an error for the whole column.
        micros = pc.cast(pc.cast(array, pa.timestamp("us", kind.tz if utc else None), safe=False), pa.int64())
        return pc.fill_null(micros, 0).to_numpy(), np.full(len(valid), utc), valid
    written = texts(column)
    if form in ("unix_seconds", "unix_milliseconds"):
        valid = flags(pc.match_substring_regex(written, r"^[0-9]{1,14}$"))
        numbers = pc.cast(pc.if_else(pa.array(valid), written, "0"), pa.int64()).to_numpy()
        factor = _MICROSECONDS if form == "unix_seconds" else 1000
        # Fourteen digits of seconds would overflow; the largest number that does not is out of range as well.
        return np.minimum(numbers, 2**62 // factor) * factor, np.ones(len(valid), bool), valid
    return _of_patterns(written, _ISO if form == "iso" else (form,), form)


def _of_patterns(written: Texts, patterns: Sequence[str], form: str) -> tuple[Longs, Flags, Flags]:
    count = len(written)
    micros, utc, done = np.zeros(count, np.int64), np.zeros(count, bool), np.zeros(count, bool)
    lengths = pc.binary_length(written).to_numpy()
    for pattern in patterns:
        cells = _cells_of(pattern)
        rows = np.flatnonzero((lengths == sum(width for _, width in cells)) & ~done) if cells else ()
        if len(rows):
            values, valid = _fixed(written.take(pa.array(rows)), cells)
            micros[rows[valid]] = values[valid]
            done[rows[valid]] = True
    for row in np.flatnonzero(~done):
        found = _slow(written[row].as_py(), form)
        if found is not None:
            micros[row], utc[row] = found
            done[row] = True
    return micros, utc, done


@lru_cache
def _cells_of(pattern: str) -> tuple[tuple[str, int], ...]:
    """Return the parts of a pattern whose texts all have one width, as (letter or sign, width); else nothing."""
    parts = re.findall(r"%(.)|([ -~])", pattern)
    cells = tuple((code, _WIDTHS.get(code, 0)) if code else (sign, 1) for code, sign in parts)
    codes = [code for code, _ in parts if code]
    if len("".join(code + sign for code, sign in parts)) + len(codes) != len(pattern):
        return ()
    fixed = all(width for _, width in cells) and len(set(codes)) == len(codes) and {"Y", "m", "d"} <= set(codes)
    # A literal letter could be taken for a part by its name; such patterns go the slow way, as do rare ones.
    return cells if fixed and not any(sign in _WIDTHS for _, sign in parts) else ()


def _fixed(written: Texts, cells: Sequence[tuple[str, int]]) -> tuple[Longs, Flags]:
    """Read texts that all have the width of the pattern; invalid ones may still be valid the slow way."""
    width = sum(size for _, size in cells)
    start = int(np.frombuffer(written.buffers()[1], np.int32)[written.offset])
    matrix = np.frombuffer(written.buffers()[2], np.uint8)[start : start + width * len(written)].reshape(-1, width)
    valid = np.ones(len(written), bool)
    parts = {name: np.full(len(written), 0, np.int64) for name in "HMS"}
    at = 0
    for name, size in cells:
        cell = matrix[:, at : at + size]
        if name in _WIDTHS:
            digits = cell.astype(np.int64) - _ZERO
            valid &= ((digits >= 0) & (digits <= 9)).all(axis=1)  # noqa: PLR2004 - the decimal digits.
            parts[name] = digits @ (10 ** np.arange(size - 1, -1, -1))
        else:
            valid &= cell[:, 0] == ord(name)
        at += size
    valid &= (parts["H"] < 24) & (parts["M"] < 60) & (parts["S"] < 60)  # noqa: PLR2004 - the hands of a clock.
    valid &= (parts["m"] >= 1) & (parts["m"] <= 12) & (parts["d"] >= 1) & (parts["Y"] >= 1)  # noqa: PLR2004
    months = ((parts["Y"] - 1970) * 12 + parts["m"] - 1).astype("M8[M]")
    days = months.astype("M8[D]") + (parts["d"] - 1).astype("m8[D]")
    valid &= days.astype("M8[M]") == months
    seconds = parts["H"] * 3600 + parts["M"] * 60 + parts["S"]
    return days.astype(np.int64) * _DAY + seconds * _MICROSECONDS, valid


def _slow(text: str, form: str) -> tuple[int, bool] | None:
    """Return microseconds and whether they are UTC's, of a time in any form that Python reads."""
    try:
        at = datetime.fromisoformat(text) if form == "iso" else datetime.strptime(text, form)  # noqa: DTZ007
        if at.tzinfo is not None:
            at = at.astimezone(UTC).replace(tzinfo=None)
            return (at - _EPOCH) // (datetime.resolution), True
        return (at - _EPOCH) // (datetime.resolution), False
    except (ValueError, OverflowError):
        return None


# --------------------------------------------------------------------------------------------------------------- cards


def card_rows(values: Texts) -> Flags:
    """Say which texts hold the number of a payment card (the rule of `kit.http.cards`)."""
    none = np.zeros(len(values), bool)
    if not len(values) or pc.max(pc.binary_length(values)).as_py() < _SHORTEST_CARD:
        return none
    unique = pc.unique(values)
    ascii_only = pc.string_is_ascii(unique)
    # Digits may be those of another script, which Arrow's pattern does not know.
    suspects = unique.filter(pc.or_(pc.match_substring_regex(unique, _CARD_LIKE), pc.invert(ascii_only)))
    guilty = [text for text in suspects.to_pylist() if _holds_card(text)]
    if not guilty:
        return none
    return flags(pc.is_in(values, value_set=pa.array(guilty, pa.string())))


@lru_cache(maxsize=50_000)
def _holds_card(text: str) -> bool:
    return text_holds_card_number(text)
