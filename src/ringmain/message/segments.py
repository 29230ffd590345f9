"""In how many parts a text message is sent: letters of GSM 03.38 are packed, all others are sent as UTF-16."""

from dataclasses import dataclass

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_ESCAPED = frozenset("^{}\\[~]|€")
# Of a message in one part, and of each part of a longer one, whose head takes the room of some letters.
_GSM_ONE, _GSM_PART = 160, 153
_UTF16_ONE, _UTF16_PART = 70, 67
# Letters beyond it take two units of UTF-16.
_ONE_UNIT = 0xFFFF


@dataclass(frozen=True, slots=True)
class Segments:
    """The parts of a text message; `units` are the letters that count, `wide` where each takes 16 bits."""

    parts: int
    units: int
    wide: bool


def segments(text: str) -> Segments:
    """Return in how many parts a text is sent; no letter is cut in two."""
    wide = not all(letter in _BASIC or letter in _ESCAPED for letter in text)
    if wide:
        sizes = [2 if ord(letter) > _ONE_UNIT else 1 for letter in text]
    else:
        sizes = [2 if letter in _ESCAPED else 1 for letter in text]
    one, part = (_UTF16_ONE, _UTF16_PART) if wide else (_GSM_ONE, _GSM_PART)
    units = sum(sizes)
    if units <= one:
        return Segments(1, units, wide)
    parts, filled = 1, 0
    for size in sizes:
        if filled + size > part:
            parts, filled = parts + 1, 0
        filled += size
    return Segments(parts, units, wide)
