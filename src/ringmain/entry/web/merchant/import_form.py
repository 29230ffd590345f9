"""Which column of an uploaded file is what: choices of a form, guessed at first, become a mapping."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from ringmain.entry.web.merchant.common import N_, Console
from ringmain.kit.pages import Speech
from ringmain.sale import api as sale

# What the columns of a file may mean; the currency and the guest may be left out.
MEANINGS: Mapping[str, tuple[str, str]] = {
    "receipt": (N_("Receipt number"), N_("The till's own number: with it, the same file twice makes no doubles.")),
    "sold_at": (N_("Date and time"), N_("When it was paid, by the clock of the shop.")),
    "total": (N_("Amount"), N_("What the goods cost, before vouchers.")),
    "shop": (N_("Shop"), N_("The name of the shop as you call it here.")),
    "currency": (N_("Currency"), N_("Three letters, such as CNY.")),
    "member": (N_("Guest's phone"), N_("Finds guests that the network knows already; nobody else is stored.")),
}
TIMES: Mapping[str, str] = {
    "iso": "2026-03-31 18:05:00",
    "%Y/%m/%d %H:%M:%S": "2026/03/31 18:05:00",
    "%Y/%m/%d %H:%M": "2026/03/31 18:05",
    "%d/%m/%Y %H:%M": "31/03/2026 18:05",
    "%m/%d/%Y %H:%M": "03/31/2026 18:05",
    "%d.%m.%Y %H:%M": "31.03.2026 18:05",
    "unix_seconds": "1774951500",
}
_REGIONS = {"CNY": "CN", "HKD": "HK", "TWD": "TW", "EUR": "DE", "GBP": "GB", "USD": "US", "JPY": "JP", "SGD": "SG"}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the file: its name, what it becomes (empty: nothing), and its first values."""

    name: str
    becomes: str
    values: tuple[str, ...]


def first_fields(console: Console, peek: sale.Peek) -> dict[str, str]:
    """Return the choices that are proposed for a file."""
    fields = {meaning: peek.guesses.get(meaning, "") for meaning in MEANINGS}
    return {
        **fields,
        "one_shop": "" if fields["shop"] or not console.shops else str(console.shops[0].id),
        "time": "iso",
        "decimal": ".",
        "unit": "major",
        "region": _REGIONS.get(console.currency, ""),
    }


def mapping_text(console: Console, peek: sale.Peek, fields: Mapping[str, str]) -> str:
    """Return the mapping as the TOML text that the import reads."""

    def chosen(meaning: str) -> str:
        return fields.get(meaning, "")

    lines = [f"format = {_text(peek.format)}"]
    if peek.format == "csv":
        lines += [f"encoding = {_text(peek.encoding)}", f"delimiter = {_text(peek.delimiter)}"]
        lines += [f"decimal_separator = {_text(chosen('decimal') or '.')}"]
        lines += [f"thousands_separator = {_text('.' if chosen('decimal') == ',' else ',')}"]
    lines += [f"amount_unit = {_text(chosen('unit') or 'major')}"]
    lines += ["[receipt]", f"column = {_text(chosen('receipt'))}"]
    lines += ["[sold_at]", f"column = {_text(chosen('sold_at'))}", f"format = {_text(chosen('time') or 'iso')}"]
    lines += ["[total]", f"column = {_text(chosen('total'))}", "[currency]"]
    lines += [
        f"column = {_text(chosen('currency'))}" if chosen("currency") else f"constant = {_text(console.currency)}"
    ]
    lines += ["[shop]"]
    if chosen("one_shop"):
        lines += [f"id = {_text(chosen('one_shop'))}"]
    else:
        lines += [f"column = {_text(chosen('shop'))}", "[shop.ids]"]
        names = {name: str(shop.id) for shop in console.shops for name in (shop.name, str(shop.id))}
        lines += [f"{_text(name)} = {_text(id_)}" for name, id_ in names.items()]
    if chosen("member"):
        lines += ["[member]", f"column = {_text(chosen('member'))}", 'kind = "phone"']
        if chosen("region"):
            lines += [f"region = {_text(chosen('region').upper())}"]
    return "\n".join(lines) + "\n"


def columns_of(speech: Speech, peek: sale.Peek, fields: Mapping[str, str]) -> list[Column]:
    """Return the columns of a file with what each becomes."""
    becomes: dict[str, list[str]] = {}
    for meaning, (label, _) in MEANINGS.items():
        if fields.get(meaning) and not (meaning == "shop" and fields.get("one_shop")):
            becomes.setdefault(fields[meaning], []).append(speech.text(label))
    return [
        Column(
            name, ", ".join(becomes.get(name, ())), tuple(row[place] if place < len(row) else "" for row in peek.rows)
        )
        for place, name in enumerate(peek.columns)
    ]


def _text(value: str) -> str:
    """Return a TOML string: JSON's form is one."""
    return json.dumps(value, ensure_ascii=False)
