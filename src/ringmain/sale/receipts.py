"""From the rows of a file to sales: each row is held against the rules, rows of one receipt become one sale."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from ringmain.sale import cells
from ringmain.sale.arrow import Table, Texts, pa, pc
from ringmain.sale.cells import Flags, Longs
from ringmain.sale.columns import LineColumns, SaleColumns, id_bytes, order_of, repeats, sale_ids
from ringmain.sale.local_time import to_utc, utc_of
from ringmain.sale.mapping import SHOP_TIME_ZONE, Mapping, is_currency
from ringmain.sale.reading import Rows
from ringmain.sale.row_rules import RowRule

LONGEST_TEXT = 200
_DAY = 86_400 * 1_000_000
_EARLIEST = utc_of(2000)
# Wall clocks are turned into UTC only where Python's calendar reaches; the bounds above are checked after that.
_CALENDAR = (utc_of(1900), utc_of(2200))
_QUANTITY_DIGITS = 3
_ONE = 1000


@dataclass(frozen=True, slots=True)
class ShopBook:
    """The shops that a file may name: by the text of its column, or the only one."""

    ids: Sequence[UUID]
    merchant_ids: Sequence[UUID]
    time_zones: Sequence[str]
    place_of: dict[str, int]
    only: int | None = None


@dataclass(frozen=True, slots=True)
class Buyers:
    """The members that rows name: place of each row's value in `values` (-1 for none)."""

    values: Sequence[str]
    place: Longs


@dataclass(frozen=True, slots=True)
class Prepared:
    """What became of rows: good sales in ascending order of id (equal ones in the file's order), and a rule per row.

    Only the first `taken` rows are decided; the rest belong to a receipt that may go on beyond these rows.
    """

    sales: SaleColumns
    rules: Longs
    taken: int
    buyers: Buyers


@dataclass(slots=True)
class _Sheet:
    """Rows under examination: the first rule that a row breaks stays."""

    rules: Longs

    def refuse(self, rows: Flags, rule: RowRule) -> None:
        self.rules[rows & (self.rules == RowRule.NONE)] = rule

    def refuse_by(self, rules: Longs, *, also: tuple[RowRule, RowRule] | None = None) -> None:
        rules = np.where(rules == also[0], also[1], rules) if also else rules
        self.rules = np.where(self.rules == RowRule.NONE, rules, self.rules)


def prepare(
    rows: Rows, mapping: Mapping, shops: ShopBook, latest: int, member_rule: Callable[[str], RowRule]
) -> Prepared:
    """Hold rows against the rules and make sales of the good ones.

    `latest` is the last microsecond (UTC) that is not in the future; `member_rule` says what is wrong with the
    identifier of a member.
    """
    table = rows.table
    sheet = _Sheet(np.zeros(table.num_rows, np.int64))
    shop = _shops(table, mapping, shops, sheet)
    receipt = cells.joined([cells.texts(table[name]) for name in mapping.receipt.names], "-")
    parts = [cells.texts(table[name]) for name in mapping.receipt.names]
    sheet.refuse(np.logical_or.reduce([cells.empty(part) for part in parts]), RowRule.RECEIPT_MISSING)
    _check_text(receipt, sheet)
    sold_at = _times(table, mapping, shops, shop, sheet, latest)
    currency = _currencies(table, mapping, sheet)
    buyers = _buyers(table, mapping, sheet, member_rule)
    total = _money(table, mapping, mapping.total.column, currency, sheet) if mapping.total else None
    values = _Values(shop, receipt, sold_at, currency, buyers, total)
    if mapping.line is None:
        return _one_row_each(values, sheet, shops)
    lines = _lines(table, mapping, currency, sheet)
    return _grouped(rows, values, lines, sheet, shops)


@dataclass(frozen=True, slots=True)
class _Values:
    """The cells of every row, good or not."""

    shop: Longs
    receipt: Texts
    sold_at: Longs
    currency: Texts | str
    buyers: Buyers
    total: Longs | None


# --------------------------------------------------------------------------------------------------------- the columns


def _check_text(values: Texts, sheet: _Sheet) -> None:
    sheet.refuse(cells.card_rows(values), RowRule.CARD_NUMBER)
    sheet.refuse(cells.longer_than(values, LONGEST_TEXT), RowRule.TEXT_TOO_LONG)


def _shops(table: Table, mapping: Mapping, shops: ShopBook, sheet: _Sheet) -> Longs:
    """Return the place of each row's shop in the book; 0 for those that name none of them."""
    if mapping.shop.column is None:
        assert shops.only is not None
        return np.full(table.num_rows, shops.only, np.int64)
    coded = cells.texts(table[mapping.shop.column]).dictionary_encode()
    names = coded.dictionary.to_pylist()
    if mapping.shop.ids is None:
        # Ids may be written in capital letters.
        names = [name.lower() for name in names]
    places = np.array([shops.place_of.get(name, -1) for name in names], np.int64)
    if not names:
        return np.zeros(0, np.int64)
    place: Longs = places[coded.indices.to_numpy()]
    sheet.refuse(cells.card_rows(coded.dictionary)[coded.indices.to_numpy()], RowRule.CARD_NUMBER)
    sheet.refuse(place < 0, RowRule.SHOP_UNKNOWN)
    place[place < 0] = 0
    return place


def _times(table: Table, mapping: Mapping, shops: ShopBook, shop: Longs, sheet: _Sheet, latest: int) -> Longs:
    """Return when each row's sale was, in UTC microseconds."""
    wanted = mapping.sold_at
    named = [table[name] for name in wanted.names]
    column = named[0] if len(named) == 1 else cells.joined([cells.texts(one) for one in named], " ")
    at, is_utc, valid = cells.times(column, wanted.format)
    sheet.refuse(~valid, RowRule.TIME_INVALID)
    valid = valid & (at >= _CALENDAR[0]) & (at < _CALENDAR[1])
    sheet.refuse(~valid, RowRule.TIME_OUT_OF_RANGE)
    at = np.where(valid, at, _EARLIEST)
    local = valid & ~is_utc & (wanted.time_zone != "UTC")
    if local.any():
        zone_of_shop = [zone if wanted.time_zone == SHOP_TIME_ZONE else wanted.time_zone for zone in shops.time_zones]
        zones = sorted(set(zone_of_shop))
        zone = np.array([zones.index(one) for one in zone_of_shop], np.int64)[shop]
        for place, name in enumerate(zones):
            rows = np.flatnonzero(local & (zone == place))
            at[rows], twice, never = to_utc(at[rows], name, later=wanted.ambiguous == "later")
            if wanted.ambiguous == "refuse":
                sheet.refuse(_among(rows[twice], len(at)), RowRule.TIME_AMBIGUOUS)
            sheet.refuse(_among(rows[never], len(at)), RowRule.TIME_SKIPPED)
    sheet.refuse((at < _EARLIEST) | (at > latest), RowRule.TIME_OUT_OF_RANGE)
    return at


def _among(rows: Longs, count: int) -> Flags:
    chosen = np.zeros(count, bool)
    chosen[rows] = True
    return chosen


def _currencies(table: Table, mapping: Mapping, sheet: _Sheet) -> Texts | str:
    if mapping.currency.constant is not None:
        return mapping.currency.constant
    assert mapping.currency.column is not None
    currency = cells.texts(table[mapping.currency.column])
    wrong = [text for text in pc.unique(currency).to_pylist() if not is_currency(text)]
    sheet.refuse(cells.card_rows(currency), RowRule.CARD_NUMBER)
    sheet.refuse(cells.flags(pc.is_in(currency, value_set=pa.array(wrong, pa.string()))), RowRule.CURRENCY_INVALID)
    return currency


def _buyers(table: Table, mapping: Mapping, sheet: _Sheet, member_rule: Callable[[str], RowRule]) -> Buyers:
    if mapping.member is None or not table.num_rows:
        return Buyers((), np.full(table.num_rows, -1, np.int64))
    coded = cells.texts(table[mapping.member.column]).dictionary_encode()
    values = coded.dictionary.to_pylist()
    place: Longs = coded.indices.to_numpy().astype(np.int64)
    rules = np.array([member_rule(value) if value else RowRule.NONE for value in values], np.int64)
    sheet.refuse_by(rules[place])
    nobody = np.array([not value for value in values], bool)
    return Buyers(values, np.where(nobody[place], -1, place))


def _money(table: Table, mapping: Mapping, column: str, currency: Texts | str, sheet: _Sheet) -> Longs:
    """Return amounts in minor units; how many digits those have depends on the currency."""
    separators = (mapping.decimal_separator, mapping.thousands_separator)
    if isinstance(currency, str):
        amounts, rules = cells.amounts(table[column], mapping.digits(currency), *separators)
        sheet.refuse_by(rules)
        return amounts
    amounts, rules = np.zeros(len(currency), np.int64), np.zeros(len(currency), np.int64)
    digits_of = {text: mapping.digits(text) for text in pc.unique(currency).to_pylist()}
    for digits in sorted(set(digits_of.values())):
        ones = pa.array([text for text, own in digits_of.items() if own == digits], pa.string())
        rows = np.flatnonzero(cells.flags(pc.is_in(currency, value_set=ones)))
        amounts[rows], rules[rows] = cells.amounts(table[column].take(pa.array(rows)), digits, *separators)
    sheet.refuse_by(rules)
    return amounts


@dataclass(frozen=True, slots=True)
class _LineValues:
    product: Texts
    category: Texts | None
    quantity: Longs
    amount: Longs


def _lines(table: Table, mapping: Mapping, currency: Texts | str, sheet: _Sheet) -> _LineValues:
    wanted = mapping.line
    assert wanted is not None
    product = cells.texts(table[wanted.product])
    sheet.refuse(cells.empty(product), RowRule.PRODUCT_MISSING)
    _check_text(product, sheet)
    category = None
    if wanted.category is not None:
        category = cells.texts(table[wanted.category])
        _check_text(category, sheet)
        category = pc.if_else(pc.equal(pc.binary_length(category), 0), pa.scalar(None, pa.string()), category)
    quantity = np.full(table.num_rows, _ONE, np.int64)
    if wanted.quantity is not None:
        separators = (mapping.decimal_separator, mapping.thousands_separator)
        quantity, rules = cells.amounts(table[wanted.quantity], _QUANTITY_DIGITS, *separators)
        sheet.refuse_by(rules, also=(RowRule.AMOUNT_INVALID, RowRule.QUANTITY_INVALID))
    return _LineValues(product, category, quantity, _money(table, mapping, wanted.amount, currency, sheet))


# ----------------------------------------------------------------------------------------------------------- the sales


def _one_row_each(values: _Values, sheet: _Sheet, shops: ShopBook) -> Prepared:
    assert values.total is not None
    good = np.flatnonzero(sheet.rules == RowRule.NONE)
    sales = _sales(values, good, np.ones(len(good), np.int64), values.total[good], None, shops)
    return Prepared(_sorted(sales), sheet.rules, len(sheet.rules), values.buyers)


def _grouped(rows: Rows, values: _Values, lines: _LineValues, sheet: _Sheet, shops: ShopBook) -> Prepared:
    """Make one sale of the neighbouring rows with the same shop, receipt and day; all of them are good, or none.

    Tills begin their numbers anew each day, so that the day belongs to the name of a receipt.
    """
    count = len(sheet.rules)
    begins = _begins(values, sheet.rules)
    starts = np.flatnonzero(begins)
    # The last receipt may go on beyond these rows, and the next read begins with it.
    taken = count if rows.at_end or not count else int(starts[-1])
    starts = starts[starts < taken]
    rules = sheet.rules[:taken]
    if not len(starts):
        return Prepared(_sales(values, starts, starts, starts, None, shops), rules, taken, values.buyers)
    sizes = np.diff(np.append(starts, taken))
    receipt_of = np.repeat(np.arange(len(starts)), sizes)
    sheet = _Sheet(rules)
    sheet.refuse(_any_of(_disagreeing(values, begins)[:taken], starts)[receipt_of], RowRule.ROWS_DISAGREE)
    # The broken row may belong to the receipt before it or to the one behind it.
    beside = _any_of(rows.after_broken[:taken], starts)
    behind = np.append(starts[1:], taken)
    next_broken = np.append(rows.after_broken, rows.end.after_broken)[behind]
    sheet.refuse((beside | next_broken)[receipt_of], RowRule.BESIDE_BROKEN_ROW)
    sums = np.add.reduceat(lines.amount[:taken], starts)
    totals = sums if values.total is None else values.total[starts]
    unsound = _any_of(sheet.rules != RowRule.NONE, starts)
    sheet.refuse((~unsound & (sums != totals))[receipt_of], RowRule.LINES_DIFFER)
    unsound = _any_of(sheet.rules != RowRule.NONE, starts)
    sheet.refuse(unsound[receipt_of], RowRule.RECEIPT_REFUSED)
    good = np.flatnonzero(~unsound)
    columns = _line_columns(lines, starts, receipt_of, good)
    sales = _sales(values, starts[good], sizes[good], totals[good], columns, shops)
    return Prepared(_sorted(sales), sheet.rules, taken, values.buyers)


def _any_of(rows: Flags, starts: Longs) -> Flags:
    """Say of each receipt whether any of its rows is marked."""
    result: Flags = np.logical_or.reduceat(rows, starts)
    return result


def _begins(values: _Values, rules: Longs) -> Flags:
    """Say which rows begin a receipt; a row without a readable time counts to the day of the row before it."""
    begins = cells.differs_from_previous(values.receipt)
    untimed = np.isin(rules, (RowRule.TIME_INVALID, RowRule.TIME_OUT_OF_RANGE, RowRule.TIME_SKIPPED))
    last_timed = np.maximum.accumulate(np.where(untimed, -1, np.arange(len(rules))))
    day = np.where(last_timed < 0, -1, values.sold_at[last_timed] // _DAY)
    begins[1:] |= (values.shop[1:] != values.shop[:-1]) | ((day[1:] != day[:-1]) & (day[:-1] >= 0))
    return begins


def _disagreeing(values: _Values, begins: Flags) -> Flags:
    """Say which rows say something else of their sale than the row before them."""
    changed = np.zeros(len(begins), bool)
    numbers = [values.sold_at, values.buyers.place]
    if values.total is not None:
        numbers.append(values.total)
    for column in numbers:
        changed[1:] |= column[1:] != column[:-1]
    if not isinstance(values.currency, str):
        changed |= cells.differs_from_previous(values.currency)
    return changed & ~begins


def _line_columns(lines: _LineValues, starts: Longs, receipt_of: Longs, good: Longs) -> LineColumns:
    place = np.full(len(starts), -1, np.int64)
    place[good] = np.arange(len(good))
    chosen = np.flatnonzero(place[receipt_of] >= 0)
    taken = pa.array(chosen)
    return LineColumns(
        sale=place[receipt_of[chosen]],
        number=chosen - starts[receipt_of[chosen]] + 1,
        product=lines.product.take(taken),
        category=None if lines.category is None else lines.category.take(taken),
        quantity=lines.quantity[chosen],
        amount=lines.amount[chosen],
    )


def _sales(
    values: _Values, first: Longs, rows: Longs, total: Longs, lines: LineColumns | None, shops: ShopBook
) -> SaleColumns:
    """Return the sales whose first rows are given."""
    receipt = values.receipt.take(pa.array(first, pa.int64()))
    shop, sold_at = values.shop[first], values.sold_at[first]
    currency = values.currency
    return SaleColumns(
        ids=sale_ids(sold_at, shop, shops.ids, receipt.to_pylist()),
        merchants=id_bytes(shops.merchant_ids)[shop],
        shops=id_bytes(shops.ids)[shop],
        receipt=receipt,
        total=total,
        currency=currency if isinstance(currency, str) else currency.take(pa.array(first, pa.int64())),
        sold_at=sold_at,
        buyer=values.buyers.place[first],
        row=first,
        rows=rows,
        lines=lines,
    )


def _sorted(sales: SaleColumns) -> SaleColumns:
    # One order in every import: two that meet the same sales wait for each other and never deadlock.
    return sales.of(order_of(sales.ids))


def firsts_and_repeats(sales: SaleColumns) -> tuple[Longs, Longs]:
    """Return the places of sales whose id comes first, and of those that have the id of an earlier one."""
    again = repeats(sales.ids)
    return np.flatnonzero(~again), np.flatnonzero(again)
