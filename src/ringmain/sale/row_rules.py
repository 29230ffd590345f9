"""The rules that a row of an imported file can break: each has a code and a sentence that says what to do."""

from enum import IntEnum


class RowRule(IntEnum):
    """Why a row was refused; the numbers live in memory only, the lower-case names are the codes of the report."""

    NONE = 0
    NUL_BYTE = 1
    WRONG_ENCODING = 2
    BROKEN_QUOTES = 3
    BROKEN_LINE_END = 4
    ROW_TOO_LONG = 5
    WRONG_COLUMNS = 6
    CARD_NUMBER = 7
    SHOP_UNKNOWN = 8
    RECEIPT_MISSING = 9
    TEXT_TOO_LONG = 10
    TIME_INVALID = 11
    TIME_AMBIGUOUS = 12
    TIME_SKIPPED = 13
    TIME_OUT_OF_RANGE = 14
    AMOUNT_INVALID = 15
    AMOUNT_TOO_LARGE = 16
    CURRENCY_INVALID = 17
    QUANTITY_INVALID = 18
    PRODUCT_MISSING = 19
    MEMBER_INVALID = 20
    ROWS_DISAGREE = 21
    LINES_DIFFER = 22
    RECEIPT_REFUSED = 23
    BESIDE_BROKEN_ROW = 24
    DIFFERS = 25

    @property
    def code(self) -> str:
        """The name of the rule in reports: stable."""
        return self.name.lower()

    @property
    def sentence(self) -> str:
        """What is wrong, and what to do about it."""
        return _SENTENCES[self]


_SENTENCES = {
    RowRule.NONE: "Nothing is wrong.",
    RowRule.NUL_BYTE: "The row holds a NUL byte; remove it.",
    RowRule.WRONG_ENCODING: "The row is not in the encoding of the mapping file; set `encoding` or mend the row.",
    RowRule.BROKEN_QUOTES: "A quotation mark is opened and never closed; close it, or double it inside a value.",
    RowRule.BROKEN_LINE_END: "The row holds a carriage return that ends no line; remove it.",
    RowRule.ROW_TOO_LONG: "The row is longer than 64 KiB; check that the lines of the file end properly.",
    RowRule.WRONG_COLUMNS: "The row has more or fewer values than there are columns; check delimiter and quotes.",
    RowRule.CARD_NUMBER: "The row holds the number of a payment card; give the provider's token instead.",
    RowRule.SHOP_UNKNOWN: "The shop is not one of yours; add it to `shop.ids` of the mapping file or mend the row.",
    RowRule.RECEIPT_MISSING: "The receipt number is empty; without it running twice would make doubles.",
    RowRule.TEXT_TOO_LONG: "A text is longer than 200 characters; shorten it.",
    RowRule.TIME_INVALID: "The time does not have the format of `sold_at.format`, or there is no such day.",
    RowRule.TIME_AMBIGUOUS: "The clocks were put back and showed this time twice; set `sold_at.ambiguous`.",
    RowRule.TIME_SKIPPED: "The clocks were put forward and never showed this time; mend it, or `sold_at.time_zone`.",
    RowRule.TIME_OUT_OF_RANGE: "The time is before the year 2000 or in the future; mend it, or `sold_at.format`.",
    RowRule.AMOUNT_INVALID: "An amount is no number of this currency; check `decimal_separator` and the digits.",
    RowRule.AMOUNT_TOO_LARGE: "An amount is beyond ten thousand million; check `amount_unit` and separators.",
    RowRule.CURRENCY_INVALID: "The currency is no code of three capital letters, such as CNY.",
    RowRule.QUANTITY_INVALID: "The quantity is no number with up to three digits after the decimal separator.",
    RowRule.PRODUCT_MISSING: "The product of the line is empty; name it.",
    RowRule.MEMBER_INVALID: "The phone or token of the member is none; mend it, empty it, or set `member.region`.",
    RowRule.ROWS_DISAGREE: "The rows of this receipt disagree on time, total, currency or member; mend them.",
    RowRule.LINES_DIFFER: "The lines of this receipt do not add up to its total; mend them, or leave out `total`.",
    RowRule.RECEIPT_REFUSED: "Nothing is wrong with this row, but another row of the same receipt was refused.",
    RowRule.BESIDE_BROKEN_ROW: "A row beside this receipt cannot be read and may belong to it; mend that row.",
    RowRule.DIFFERS: "A sale with this shop, time and receipt is known with other content; sales are never edited: "
    "record a refund, or give the receipt another number.",
}
