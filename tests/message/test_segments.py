"""Tests of the parts of text messages."""

import pytest

from ringmain.message.segments import Segments, segments


@pytest.mark.parametrize(
    ("text", "parts", "units", "wide"),
    [
        ("", 1, 0, False),
        ("a" * 160, 1, 160, False),
        ("a" * 161, 2, 161, False),
        ("a" * 306, 2, 306, False),
        ("a" * 307, 3, 307, False),
        ("¥5 off", 1, 6, False),
        ("€" * 80, 1, 160, False),
        # An escaped letter is not cut in two: 152 and one euro do not fit into 153.
        ("a" * 152 + "€" + "a" * 152, 3, 306, False),
        ("券" * 70, 1, 70, True),
        ("券" * 71, 2, 71, True),
        ("券" * 134, 2, 134, True),
        ("😀" * 35, 1, 70, True),
        ("券" * 66 + "😀" + "券" * 66, 3, 134, True),
        ("a" * 69 + "ł", 1, 70, True),
    ],
)
def test_a_text_is_counted_as_networks_send_it(text: str, parts: int, units: int, wide: bool) -> None:
    """Letters of GSM are packed, escaped ones count twice, and one other letter makes all of them wide."""
    assert segments(text) == Segments(parts, units, wide)
