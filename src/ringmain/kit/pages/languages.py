"""The languages of pages: catalogues in gettext's format, read as they are written, and the choice among them."""

import gettext
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_time
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal, format_percent, get_currency_precision

from ringmain.kit.pure.errors import RuleBroken

# What people choose from; the name is in the language itself.
LANGUAGES: Mapping[str, str] = {"en": "English", "zh": "中文"}
# Languages that nobody speaks, for tests: each text longer by 40 %, and the same from right to left.
PSEUDO = "qps"
PSEUDO_RTL = "qpr"
_LOCALES = {"en": "en", "zh": "zh_Hans_CN", PSEUDO: "en", PSEUDO_RTL: "en"}
_CATALOGUES = {"zh": "zh_Hans"}
_ACCENTED = str.maketrans("aceinosuyACEINOSUY", "àçéíñõšüýÀÇÉÍÑÕŠÜÝ")
_KILOMETRE = 1_000


class Catalogue(gettext.NullTranslations):
    """Translations read from `.po` files, without a compiled form that could be older than they are."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        super().__init__()
        self.texts = texts

    def gettext(self, message: str) -> str:
        """Return the text in this language, or the English one where nobody has translated it yet."""
        return self.texts.get(message, message)

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        """Return the text for a number: Chinese has one form, kept under the singular."""
        found = self.texts.get(singular)
        return found if found is not None else singular if n == 1 else plural


class _Pseudo(Catalogue):
    """Makes every text 40 % longer and strange, so that a bare or clipped one is seen."""

    def gettext(self, message: str) -> str:
        return _stretched(message)

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        return _stretched(singular if n == 1 else plural)


@dataclass(frozen=True, slots=True)
class Speech:
    """How one page speaks: its language, and the forms of numbers, money and times in it."""

    language: str
    catalogue: Catalogue

    @property
    def tag(self) -> str:
        """The value of the page's `lang`."""
        return {"zh": "zh-Hans", PSEUDO: "en", PSEUDO_RTL: "en"}.get(self.language, self.language)

    @property
    def direction(self) -> str:
        """The value of the page's `dir`."""
        return "rtl" if self.language == PSEUDO_RTL else "ltr"

    @property
    def locale(self) -> Locale:
        """The locale for numbers and dates."""
        return Locale.parse(_LOCALES[self.language])

    def text(self, message: str, **values: object) -> str:
        """Return a text in this language, with its `%(name)s` filled in."""
        text = self.catalogue.gettext(message)
        return text % values if values else text

    def texts(self, singular: str, plural: str, num: int, **values: object) -> str:
        """Return the form of a text for a number; `%(num)s` is that number, written as people write it."""
        return self.catalogue.ngettext(singular, plural, num) % {"num": self.number(num), **values}

    def why(self, rule: RuleBroken) -> str:
        """Return the sentence that says which rule was broken."""
        return self.text((type(rule).__doc__ or rule.code).strip().partition("\n")[0])

    def next_step(self, rule: RuleBroken) -> str:
        """Return the sentence that says what to do next."""
        return self.text(rule.next_step)

    def number(self, value: float) -> str:
        """Return a number with its groups of thousands."""
        return format_decimal(value, locale=self.locale)

    def share(self, value: float, digits: int = 0) -> str:
        """Return a fraction of one as a percentage."""
        return format_percent(value, format="#,##0." + "0" * digits + "%" if digits else None, locale=self.locale)

    def money(self, amount_minor: int, currency: str) -> str:
        """Return an amount as people write it; decimals by the currency (JPY none, KWD three)."""
        return self._money(amount_minor, currency, decimals=True)

    def precision(self, currency: str) -> int:
        """Return how many decimals a currency has: JPY none, KWD three."""
        return get_currency_precision(currency)

    def worth(self, amount_minor: int, currency: str) -> str:
        """Return an amount as a voucher shows it: without decimals where there are none to tell."""
        whole = amount_minor % 10 ** get_currency_precision(currency) == 0
        return self._money(amount_minor, currency, decimals=not whole)

    def _money(self, amount_minor: int, currency: str, *, decimals: bool) -> str:
        exact = Decimal(amount_minor).scaleb(-get_currency_precision(currency))
        form = None if decimals else "¤#,##0;-¤#,##0"
        text = format_currency(exact, currency, form, locale=self.locale, currency_digits=decimals)
        # A network has one currency, so nobody there needs to be told whose yuan these are.
        return text.replace("CN¥", "¥")

    def day(self, value: date | datetime, time_zone: str | None = None, form: str = "medium") -> str:
        """Return a day; a time is brought to the zone first."""
        if isinstance(value, datetime) and time_zone is not None:
            value = value.astimezone(ZoneInfo(time_zone))
        return format_date(value, form, locale=self.locale)

    def clock(self, value: datetime, time_zone: str) -> str:
        """Return the time of day in a zone."""
        return format_time(value, "short", tzinfo=ZoneInfo(time_zone), locale=self.locale)

    def moment(self, value: datetime, time_zone: str, form: str = "medium") -> str:
        """Return day and time in a zone."""
        return format_datetime(value, form, tzinfo=ZoneInfo(time_zone), locale=self.locale)

    def distance(self, metres: float) -> str:
        """Return a distance as people say it: to ten metres, from one kilometre on to a hundred."""
        if metres < _KILOMETRE:
            return self.text("%(metres)s m", metres=self.number(round(metres, -1)))
        return self.text("%(kilometres)s km", kilometres=self.number(round(metres / _KILOMETRE, 1)))


class Languages:
    """All catalogues below a folder: `<folder>/zh_Hans/*.po`, several files so that each group of pages has its own."""

    def __init__(self, folder: Path, *, pseudo: bool = False) -> None:
        self._speeches = {"en": Speech("en", Catalogue({}))}
        for language, name in _CATALOGUES.items():
            self._speeches[language] = Speech(language, Catalogue(_read(sorted((folder / name).glob("*.po")))))
        if pseudo:
            self._speeches.update({one: Speech(one, _Pseudo({})) for one in (PSEUDO, PSEUDO_RTL)})

    @property
    def all(self) -> tuple[Speech, ...]:
        """Every language that pages can be rendered in."""
        return tuple(self._speeches.values())

    def speech(self, chosen: str | None, accepted: str = "") -> Speech:
        """Return the language that was chosen, else the first that the browser accepts, else English."""
        if chosen in self._speeches:
            return self._speeches[chosen]
        for tag in accepted.split(","):
            language = tag.split(";")[0].split("-")[0].strip().lower()
            if language in LANGUAGES:
                return self._speeches[language]
        return self._speeches["en"]


def _read(paths: Iterable[Path]) -> dict[str, str]:
    texts: dict[str, str] = {}
    for path in paths:
        state = path.stat()
        texts.update(_texts(path, state.st_mtime_ns, state.st_size))
    return texts


@cache
def _texts(path: Path, changed_ns: int, size: int) -> dict[str, str]:  # noqa: ARG001 (they tell its versions apart)
    """Return the translations of a file, which is read once per process and version: it is most of making a site."""
    texts: dict[str, str] = {}
    with path.open("rb") as file:
        for message in read_po(file):
            if not message.id or message.fuzzy:
                continue
            text = _first(message.string)
            if text:
                texts[_first(message.id)] = text
    return texts


def _first(text: str | Sequence[str] | None) -> str:
    """Return a text, or the first form of one that has several."""
    return text if isinstance(text, str) else text[0] if text else ""


# More letters than most words of the languages that are longer than English.
_LONG_WORD = 12


def _stretched(message: str) -> str:
    """Return a text with accents and two fifths more letters, in words; what stands in `%(...)s` stays as it is."""
    parts = message.split("%(")
    done = [parts[0].translate(_ACCENTED)]
    for part in parts[1:]:
        name, bracket, rest = part.partition(")s")
        done.append(f"%({name}{bracket}{rest.translate(_ACCENTED)}")
    more = "~" * (len(message) * 2 // 5)
    words = (more[begin : begin + _LONG_WORD] for begin in range(0, len(more), _LONG_WORD))
    return f"[{''.join(done)}{' '.join(words)}]"
