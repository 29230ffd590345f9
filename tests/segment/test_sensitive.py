"""Kinds of shops by which nobody is grouped."""

import pytest

from ringmain.segment.sensitive import is_sensitive


@pytest.mark.parametrize(
    ("category", "sensitive"),
    [
        ("Pharmacy", True),
        ("24h pharmacy & cosmetics", True),
        ("药店", True),
        ("母婴用品", True),
        ("Cigarettes/snacks", True),
        ("ＣＡＳＩＮＯ", True),
        ("noodles", False),
        ("茶馆", False),
        ("Babylon Books", False),
        ("", False),
    ],
)
def test_what_says_too_much_of_a_person_is_sensitive(category: str, *, sensitive: bool) -> None:
    """Table: words of a merchant, in either language, and whether groups may be told by them."""
    assert is_sensitive(category) == sensitive
