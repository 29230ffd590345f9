"""Languages: the choice among them, and how numbers, money, days and distances are written in each."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ringmain.kit.pages import Languages

NOON = datetime(2026, 11, 28, 4, 5, tzinfo=UTC)
_CATALOGUE = """
msgid "Wallet"
msgstr "券包"

msgid "%(name)s won"
msgstr "%(name)s 赢了"

msgid "%(num)s voucher"
msgid_plural "%(num)s vouchers"
msgstr[0] "%(num)s 张券"

#, fuzzy
msgid "Nearby"
msgstr "远处"
"""


@pytest.fixture
def languages(tmp_path: Path) -> Languages:
    """Give English, Chinese from one small catalogue, and the two that nobody speaks."""
    folder = tmp_path / "zh_Hans"
    folder.mkdir()
    (folder / "some.po").write_text(_CATALOGUE, encoding="utf-8")
    return Languages(tmp_path, pseudo=True)


@pytest.mark.parametrize(
    ("chosen", "accepted", "language"),
    [
        (None, "", "en"),
        (None, "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        (None, "fr,de;q=0.5", "en"),
        (None, "fr,zh-TW;q=0.5,en;q=0.1", "zh"),
        ("en", "zh-CN", "en"),
        ("zh", "en", "zh"),
        ("klingon", "zh", "zh"),
        ("qps", "zh", "qps"),
    ],
)
def test_a_language_is_the_chosen_one_or_the_first_accepted(
    languages: Languages, chosen: str | None, accepted: str, language: str
) -> None:
    """What was chosen wins, then the order of the browser, then English."""
    assert languages.speech(chosen, accepted).language == language


def test_pseudo_languages_are_for_development_only(tmp_path: Path) -> None:
    """Without `pseudo` nobody can choose one."""
    assert Languages(tmp_path).speech("qps").language == "en"


def test_texts_are_translated_filled_in_and_counted(languages: Languages) -> None:
    """Placeholders keep their values; Chinese has one form; what is fuzzy or missing stays English."""
    english, chinese = languages.speech("en"), languages.speech("zh")
    assert chinese.text("Wallet") == "券包"
    assert chinese.text("%(name)s won", name="Lin") == "Lin 赢了"
    assert [chinese.texts("%(num)s voucher", "%(num)s vouchers", num=n) for n in (1, 2)] == ["1 张券", "2 张券"]
    assert english.texts("%(num)s voucher", "%(num)s vouchers", num=1) == "1 voucher"
    assert english.texts("%(num)s voucher", "%(num)s vouchers", num=1_200) == "1,200 vouchers"
    assert chinese.text("Nearby") == "Nearby"


def test_the_pseudo_language_is_longer_and_keeps_placeholders(languages: Languages) -> None:
    """Every text grows by two fifths and still takes its values; the mirrored one runs from right to left."""
    speech = languages.speech("qps")
    assert speech.text("%(name)s won", name="Lin") == "[Lin wõñ~~~~]"
    assert speech.text("A " * 20).endswith("À ~~~~~~~~~~~~ ~~~~]")
    assert len(speech.text("A wallet")) >= 1.4 * len("A wallet")
    assert (speech.direction, languages.speech("qpr").direction) == ("ltr", "rtl")


@pytest.mark.parametrize(
    ("language", "amount", "currency", "money", "worth"),
    [
        ("en", 800, "CNY", "¥8.00", "¥8"),
        ("zh", 800, "CNY", "¥8.00", "¥8"),
        ("en", 850, "EUR", "€8.50", "€8.50"),
        ("en", 123_456_700, "USD", "$1,234,567.00", "$1,234,567"),
        ("en", 800, "JPY", "¥800", "¥800"),
        ("en", 8_005, "KWD", "KWD8.005", "KWD8.005"),
        ("en", -1_900, "EUR", "-€19.00", "-€19"),
    ],
)
def test_money_is_written_by_language_and_currency(
    languages: Languages, language: str, amount: int, currency: str, money: str, worth: str
) -> None:
    """The currency says how many decimals there are; a voucher leaves them out where they are none."""
    speech = languages.speech(language)
    assert (speech.money(amount, currency), speech.worth(amount, currency)) == (money, worth)


def test_days_times_and_distances_are_written_as_people_say_them(languages: Languages) -> None:
    """Times are brought to the shop's zone first; distances are rounded as people say them."""
    english, chinese = languages.speech("en"), languages.speech("zh")
    assert english.day(NOON, "Asia/Shanghai") == "Nov 28, 2026"
    assert chinese.day(NOON, "Asia/Shanghai") == "2026年11月28日"
    assert chinese.clock(NOON, "Asia/Shanghai") == "12:05"
    assert [english.distance(metres) for metres in (4, 304, 999, 1_240)] == ["0 m", "300 m", "1,000 m", "1.2 km"]
