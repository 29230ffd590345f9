"""What carries a scene's address into the street: QR codes, NFC tags, sheets of posters to print."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import ndef
import segno
from jinja2 import Environment, PackageLoader, StrictUndefined

# A quiet zone of four modules on each side is what ISO/IEC 18004 asks for; without it phones do not find the code.
_QUIET_MODULES = 4
_POSTERS_PER_PAGE = 4
_TEMPLATES = Environment(
    loader=PackageLoader("ringmain.scene", "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)


@dataclass(frozen=True, slots=True)
class Poster:
    """One poster: whose it is, and where its code leads."""

    shop_name: str
    scene_name: str
    url: str


def qr(url: str) -> segno.QRCode:
    """Return the QR code of an address: at least a quarter of it may be scratched or dirty (level Q)."""
    return segno.make_qr(url, error="q")


def qr_svg(url: str, scale: int) -> bytes:
    """Return the code as SVG, black on white, `scale` units per module."""
    out = io.BytesIO()
    qr(url).save(out, kind="svg", scale=scale, border=_QUIET_MODULES, dark="#000", light="#fff")
    return out.getvalue()


def qr_png(url: str, scale: int) -> bytes:
    """Return the code as PNG, black on white, `scale` pixels per module."""
    out = io.BytesIO()
    qr(url).save(out, kind="png", scale=scale, border=_QUIET_MODULES, dark="#000", light="#fff")
    return out.getvalue()


def ndef_message(url: str) -> bytes:
    """Return the bytes to write on an NFC tag: an NDEF message of one URI record."""
    return b"".join(ndef.message_encoder([ndef.UriRecord(url)]))


def print_sheet(posters: Sequence[Poster]) -> str:
    """Return HTML that prints as pages of A4 with four posters (A6) each, to be cut along the lines."""
    drawn = [
        {"poster": poster, "svg": qr(poster.url).svg_inline(border=_QUIET_MODULES, omitsize=True, light="#fff")}
        for poster in posters
    ]
    pages = [drawn[first : first + _POSTERS_PER_PAGE] for first in range(0, len(drawn), _POSTERS_PER_PAGE)]
    return _TEMPLATES.get_template("print_sheet.html").render(pages=pages)
