"""The mapping file of an import: a TOML text that says which column of a file means what."""

import difflib
import re
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from ringmain.sale.errors import MappingInvalid

SHOP_TIME_ZONE = "shop"
_DEFAULT_DIGITS = 2
# ISO 4217: currencies whose minor unit is not a hundredth.
_DIGITS = {
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI"), 0),
    **dict.fromkeys(("VND", "VUV", "XAF", "XOF", "XPF"), 0),
}
_CURRENCY = re.compile(r"[A-Z]{3}")
_NAMED_KEY = re.compile(r"`\$\.?([^`]*)`$")
_UNKNOWN_KEY = re.compile(r"unknown field `([^`]*)`")
_LONGEST_DELIMITER = 1
_FORMATS = ("iso", "unix_seconds", "unix_milliseconds")
_SOME_TIME = datetime(2024, 2, 29, 13, 14, 15, tzinfo=UTC)


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the mapping file; keys that nobody knows are refused."""


class ShopMapping(_Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where the shop stands: in a column, or one shop for the whole file (`id`).

    `ids` translates what the column says into shop ids; without it the column holds the ids themselves.
    """

    column: str | None = None
    id: UUID | None = None
    ids: dict[str, UUID] | None = None


class TextMapping(_Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A text in one column, or in several that are joined by `-`, such as till and running number."""

    column: str | None = None
    columns: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The columns, in order."""
        return self.columns or ((self.column,) if self.column else ())


class TimeMapping(TextMapping, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When the sale was: one column, or several that are joined by a blank, such as date and time.

    `format` is `iso`, `unix_seconds`, `unix_milliseconds` or a pattern of strptime. A time without an offset is one of
    `time_zone`, which is the shop's own unless another is named. When clocks are put back, an hour comes twice:
    `ambiguous` says which of the two is meant; `refuse` refuses such rows. A time that clocks skip is always refused.
    """

    format: str = "iso"
    time_zone: str = SHOP_TIME_ZONE
    ambiguous: Literal["refuse", "earlier", "later"] = "refuse"


class AmountMapping(_Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An amount of money; negative for a return."""

    column: str


class CurrencyMapping(_Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The currency (ISO 4217): in a column, or one for the whole file."""

    column: str | None = None
    constant: str | None = None


class LineMapping(_Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The columns of a line: one row per line then, and the rows of a receipt stand together."""

    product: str
    amount: str
    quantity: str | None = None
    category: str | None = None


class MemberMapping(_Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who bought. A sale whose buyer nobody knows is imported without one, unless they are to be enrolled.

    `region` (ISO 3166, such as CN) says where a phone without + belongs.
    """

    column: str
    kind: Literal["phone", "card_token", "wechat", "alipay", "tag"]
    region: str | None = None
    unknown_members: Literal["leave", "enrol"] = "leave"


class Mapping(_Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A whole mapping file. `header` names the columns of a CSV file that has no line of names itself."""

    shop: ShopMapping
    receipt: TextMapping
    sold_at: TimeMapping
    currency: CurrencyMapping
    total: AmountMapping | None = None
    line: LineMapping | None = None
    member: MemberMapping | None = None
    format: Literal["csv", "parquet"] | None = None
    encoding: Literal["utf-8", "gb18030", "cp1252"] = "utf-8"
    delimiter: str = ","
    breaks_in_values: bool = False
    header: tuple[str, ...] = ()
    decimal_separator: Literal[".", ","] = "."
    thousands_separator: Literal["", ".", ",", " ", "'"] = ""
    amount_unit: Literal["major", "minor"] = "major"

    def digits(self, currency: str) -> int:
        """Return how many digits after the decimal separator amounts of a currency have in this file."""
        return 0 if self.amount_unit == "minor" else _DIGITS.get(currency, _DEFAULT_DIGITS)

    def columns(self) -> Iterator[tuple[str, str]]:
        """Yield each key of the mapping that names a column, with the column."""
        for key, text in (("receipt", self.receipt), ("sold_at", self.sold_at)):
            yield from ((f"{key}.column" if text.column else f"{key}.columns", name) for name in text.names)
        single = {
            "shop.column": self.shop.column,
            "currency.column": self.currency.column,
            "total.column": self.total.column if self.total else None,
            "member.column": self.member.column if self.member else None,
        }
        if self.line:
            for part in self.line.__struct_fields__:
                single[f"line.{part}"] = getattr(self.line, part)
        yield from ((key, name) for key, name in single.items() if name is not None)

    def identity(self) -> bytes:
        """Return bytes that are the same for mappings that mean the same."""
        return msgspec.json.encode(self, order="deterministic")


def is_currency(text: str) -> bool:
    """Say whether a text has the form of a currency code (ISO 4217)."""
    return _CURRENCY.fullmatch(text) is not None


def parse_mapping(text: str) -> Mapping:
    """Return the mapping that a TOML text describes.

    Raises `MappingInvalid`, whose facts name the key and what is wrong with it.
    """
    try:
        mapping = msgspec.convert(tomllib.loads(text), Mapping)
    except tomllib.TOMLDecodeError as error:
        raise MappingInvalid(key="", problem=f"the file is no TOML: {error}") from None
    except RecursionError:
        raise MappingInvalid(key="", problem="tables are nested too deeply") from None
    except msgspec.ValidationError as error:
        raise _named(str(error)) from None
    for key, problem in _problems(mapping):
        raise MappingInvalid(key=key, problem=problem)
    return mapping


def _named(message: str) -> MappingInvalid:
    """Turn a message of msgspec into one that names the key as the file writes it."""
    place = _NAMED_KEY.search(message)
    key = place[1] if place else ""
    problem = message[: place.start()].removesuffix(" - at ") if place else message
    unknown = _UNKNOWN_KEY.search(message)
    if unknown:
        key = f"{key}.{unknown[1]}" if key else unknown[1]
        known = {name for table in _Table.__subclasses__() for name in table.__struct_fields__}
        known |= set(TimeMapping.__struct_fields__)
        near = difflib.get_close_matches(unknown[1], sorted(known), 1)
        problem = f"there is no such key; did you mean `{near[0]}`?" if near else "there is no such key"
    return MappingInvalid(key=key, problem=problem.replace("Object ", "").replace("field", "key"))


def _problems(mapping: Mapping) -> Iterator[tuple[str, str]]:
    yield from _problems_of_columns(mapping)
    if mapping.line is None and mapping.total is None:
        yield "total", "without `line` a column with the total of each sale is needed"
    constant = mapping.currency.constant
    if constant is not None and not is_currency(constant):
        yield "currency.constant", "a currency has three capital letters, such as CNY"
    if mapping.sold_at.time_zone not in (SHOP_TIME_ZONE, "UTC") and not _is_time_zone(mapping.sold_at.time_zone):
        yield "sold_at.time_zone", "there is no such time zone; give one such as Asia/Shanghai, or `shop`"
    if mapping.sold_at.format not in _FORMATS and not _tells_day(mapping.sold_at.format):
        yield "sold_at.format", "a pattern such as %d/%m/%Y %H:%M:%S needs year, month and day; or give `iso`"
    if len(mapping.delimiter) != _LONGEST_DELIMITER or mapping.delimiter in '"\r\n' or not mapping.delimiter.isascii():
        yield "delimiter", 'a delimiter is one character of ASCII, such as "," or "\\t"'
    if mapping.thousands_separator == mapping.decimal_separator:
        yield "thousands_separator", "it must differ from `decimal_separator`"
    if len(set(mapping.header)) != len(mapping.header):
        yield "header", "two columns have the same name"
    if mapping.shop.ids is not None and not mapping.shop.column:
        yield "shop.ids", "it translates what `shop.column` says, which is missing"


def _problems_of_columns(mapping: Mapping) -> Iterator[tuple[str, str]]:
    for key, text in (("receipt", mapping.receipt), ("sold_at", mapping.sold_at)):
        if (text.column is None) == (not text.columns):
            yield key, "give either `column` or `columns`"
    for key, one, other in (
        ("shop", mapping.shop.column, mapping.shop.id),
        ("currency", mapping.currency.column, mapping.currency.constant),
    ):
        if (one is None) == (other is None):
            yield key, f"give either `column` or `{'id' if key == 'shop' else 'constant'}`"
    for key, name in mapping.columns():
        if not name:
            yield key, "a column needs a name"


def _is_time_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _tells_day(form: str) -> bool:
    """Say whether times written by a pattern of strptime can be read back to their day."""
    try:
        return datetime.strptime(_SOME_TIME.strftime(form), form).date() == _SOME_TIME.date()  # noqa: DTZ007
    except (ValueError, OverflowError, re.error):
        return False
