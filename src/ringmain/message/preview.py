"""What a message will say, before anybody is sent it: in every language, with the parts of its text message."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo

from ringmain.message.model import Purpose
from ringmain.message.segments import Segments, segments
from ringmain.message.texts import Template, Text, Value, render

LANGUAGES = ("en", "zh")
# As long as the token of a real link: it counts as many letters, and opens nothing.
_TOKEN_LETTERS = 87


@dataclass(frozen=True, slots=True)
class Preview:
    """A message in one language, and the parts that its text message is sent in."""

    language: str
    text: Text
    segments: Segments


def previews(
    template: Template, parameters: Mapping[str, Value], network: str, public_base: str, zone: tzinfo
) -> list[Preview]:
    """Return what a template says with these values, in every language; the link that stops it leads nowhere."""
    stop = f"{public_base}/u/{'x' * _TOKEN_LETTERS}" if template.purpose is Purpose.MARKETING else None
    found = []
    for language in LANGUAGES:
        text = render(template, language, network, parameters, stop, zone)
        found.append(Preview(language, text, segments(text.body)))
    return found
