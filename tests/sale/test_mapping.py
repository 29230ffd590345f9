"""Mapping files: what they may say, and that each mistake is named by its key."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringmain.sale.errors import MappingInvalid
from ringmain.sale.mapping import parse_mapping

GOOD = """
[shop]
column = "s"
ids = { A = "0190f7a0-0000-7000-8000-000000000000" }
[receipt]
columns = ["till", "number"]
[sold_at]
column = "t"
[total]
column = "x"
[currency]
constant = "CNY"
"""

BAD = {
    "unknown table": (GOOD + "[membr]\n", "membr", "did you mean `member`?"),
    "unknown key in a table": (GOOD.replace('column = "s"', 'colum = "s"'), "shop.colum", "did you mean `column`?"),
    "unknown key at the top": ('deliminter = ","\n' + GOOD, "deliminter", "did you mean `delimiter`?"),
    "no TOML": ("[shop", "", "the file is no TOML"),
    "missing table": (GOOD.replace("[receipt]", "").replace('columns = ["till", "number"]', ""), "", "`receipt`"),
    "wrong type": (GOOD.replace('"CNY"', "5"), "currency.constant", "Expected `str | null`, got `int`"),
    "currency in small letters": (GOOD.replace("CNY", "cny"), "currency.constant", "three capital letters"),
    "unknown encoding": ('encoding = "latin-9"\n' + GOOD, "encoding", "Invalid enum value 'latin-9'"),
    "no shop": (GOOD.replace('column = "s"', "").replace("ids = {", "#"), "shop", "either `column` or `id`"),
    "column and columns": (GOOD.replace("[receipt]", '[receipt]\ncolumn = "r"'), "receipt", "either `column`"),
    "shop id that is none": (GOOD.replace("0190f7a0", "x190f7a0"), "shop.ids", "Invalid UUID"),
    "two delimiters": ('delimiter = ",,"\n' + GOOD, "delimiter", "one character"),
    "quotation mark as delimiter": ("delimiter = '\"'\n" + GOOD, "delimiter", "one character"),
    "equal separators": ('thousands_separator = "."\n' + GOOD, "thousands_separator", "must differ"),
    "no such time zone": (
        GOOD.replace('"t"', '"t"\ntime_zone = "Asia/Shangai"'),
        "sold_at.time_zone",
        "no such time zone",
    ),
    "a format without a day": (GOOD.replace('"t"', '"t"\nformat = "%H:%M"'), "sold_at.format", "year, month and day"),
    "neither total nor lines": (GOOD.replace("[total]", "").replace('column = "x"', ""), "total", "without `line`"),
    "two columns with one name": ('header = ["s", "s"]\n' + GOOD, "header", "same name"),
    "an empty column name": (GOOD.replace('"x"', '""'), "total.column", "needs a name"),
}


def test_a_good_mapping_is_read() -> None:
    """A mapping names its columns with the keys under which they stand, in order."""
    mapping = parse_mapping(GOOD)
    assert list(mapping.columns()) == [
        ("receipt.columns", "till"),
        ("receipt.columns", "number"),
        ("sold_at.column", "t"),
        ("shop.column", "s"),
        ("total.column", "x"),
    ]
    assert (mapping.digits("CNY"), mapping.digits("JPY"), mapping.digits("KWD")) == (2, 0, 3)
    assert parse_mapping('amount_unit = "minor"\n' + GOOD).digits("CNY") == 0


@pytest.mark.parametrize("name", BAD)
def test_a_mistake_is_named_by_its_key(name: str) -> None:
    """Every mistake in a mapping is refused with the key where it stands, what is wrong, and a next step."""
    text, key, problem = BAD[name]
    with pytest.raises(MappingInvalid) as refusal:
        parse_mapping(text)
    assert refusal.value.facts["key"].removesuffix("[...]") == key
    assert problem in refusal.value.facts["problem"]
    assert key in str(refusal.value)
    assert "nothing was imported" in refusal.value.next_step


def test_what_a_mapping_means_is_its_identity() -> None:
    """Spaces and comments do not make another import of it; another meaning does."""
    assert parse_mapping(GOOD).identity() == parse_mapping("# a comment\n" + GOOD).identity()
    assert parse_mapping(GOOD).identity() != parse_mapping(GOOD.replace("CNY", "USD")).identity()


@settings(deadline=None)
@given(st.text(alphabet=st.sampled_from('[]{}=",.#abst \n\\"0159:-\x00é'), max_size=60))
def test_any_text_is_a_mapping_or_a_clear_error(noise: str) -> None:
    """Noise in a mapping file gives MappingInvalid and never another error."""
    for text in (noise, GOOD + noise, noise + GOOD):
        with contextlib.suppress(MappingInvalid):
            parse_mapping(text)
