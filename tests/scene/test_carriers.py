"""Tests of what carries a scene's address: the drawn codes are the codes, tags and sheets hold the address."""

import re
import struct
import xml.etree.ElementTree as ET
import zlib

import ndef
import pytest
import segno

from ringmain.scene.api import Poster, ndef_message, print_sheet, qr_png, qr_svg, scene_url

URL = "https://ring.example/s/Jm3xC0q0QZy8v1o5H2b7Ng"
QUIET = 4


def _expected(url: str) -> list[list[bool]]:
    """The modules of the code of an address, dark as True, within the quiet zone."""
    modules = [[bool(module) for module in row] for row in segno.make_qr(url, error="q").matrix]
    width = len(modules) + 2 * QUIET
    side = [[False] * QUIET + row + [False] * QUIET for row in modules]
    return [[False] * width] * QUIET + side + [[False] * width] * QUIET


def _read_png(data: bytes, scale: int) -> list[list[bool]]:
    """The middle pixel of every module of a grey one-bit PNG."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width, height, depth, colour = struct.unpack(">IIBB", data[16:26])
    assert (depth, colour) == (1, 0)
    packed, place = b"", 8
    while place < len(data):
        (length,) = struct.unpack(">I", data[place : place + 4])
        if data[place + 4 : place + 8] == b"IDAT":
            packed += data[place + 8 : place + 8 + length]
        place += length + 12
    raw, stride = zlib.decompress(packed), (width + 7) // 8 + 1
    rows: list[bytes] = []
    for first in range(0, height * stride, stride):
        # Filters of PNG lines: 0 says the bytes as they are, 2 says the difference to the line above.
        kind, line = raw[first], raw[first + 1 : first + stride]
        assert kind in {0, 2}
        rows.append(line if kind == 0 else bytes((one + up) % 256 for one, up in zip(line, rows[-1], strict=True)))
    middle = range(scale // 2, width, scale)
    return [[not rows[y][x // 8] >> (7 - x % 8) & 1 for x in middle] for y in middle]


def _read_svg(data: bytes, scale: int) -> list[list[bool]]:
    """The modules that the stroked lines of an SVG cover."""
    root = ET.fromstring(data)  # noqa: S314 (our own document)
    width = round(float(root.attrib["width"]) / scale)
    rows = [[False] * width for _ in range(width)]
    path = next(one for one in root.iter("{http://www.w3.org/2000/svg}path") if "stroke" in one.attrib)
    x, y = 0, 0.0
    for command, numbers in re.findall(r"([Mmh])([-\d. ]+)", path.attrib["d"]):
        values = [float(number) for number in re.findall(r"-?[\d.]+", numbers)]
        if command == "h":
            for column in range(x, x + int(values[0])):
                rows[int(y)][column] = True
            x += int(values[0])
        else:
            x, y = (int(values[0]), values[1]) if command == "M" else (x + int(values[0]), y + values[1])
    return rows


@pytest.mark.parametrize("scale", [1, 4, 9])
def test_a_drawn_code_is_the_code_of_the_address(scale: int) -> None:
    """PNG and SVG show the modules of the code, dark on light, with a quiet zone of four modules; another's differ."""
    expected = _expected(URL)
    assert _read_png(qr_png(URL, scale), scale) == expected
    assert _read_svg(qr_svg(URL, scale), scale) == expected
    # The control: one letter more is another picture.
    assert _read_png(qr_png(URL + "x", scale), scale) != expected


def test_a_tag_holds_the_address_as_one_uri_record() -> None:
    """The bytes are those of the NFC Forum's URI record, https:// being one byte, and are read again."""
    data = ndef_message(URL)
    assert data == bytes([0xD1, 0x01, len(URL) - 8 + 1]) + b"U\x04" + URL.removeprefix("https://").encode()
    (record,) = ndef.message_decoder(data)
    assert record.uri == URL


def test_a_sheet_has_four_posters_on_each_page() -> None:
    """Nine posters are three pages; each has its shop, its code, its address and both calls to action."""
    posters = [Poster(f"Shop {n}", f"Door {n}", f"{URL}{n}") for n in range(9)]
    html = print_sheet(posters)
    assert html.count('<section class="page">') == 3
    assert html.count("<svg") == html.count("Scan and win") == html.count("扫一扫") == 9
    for poster in posters:
        assert poster.url in html
        svg = segno.make_qr(poster.url, error="q").svg_inline(border=QUIET, omitsize=True, light="#fff")
        assert svg in html


def test_a_name_cannot_bring_markup_onto_the_sheet() -> None:
    """What a merchant calls a shop or scene is text, whatever it holds."""
    html = print_sheet([Poster("<script>alert(1)</script>", '"><b>', URL)])
    assert "<script>" not in html
    assert "<b>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


@pytest.mark.parametrize("base", ["https://ring.example", "https://ring.example/"])
def test_an_address_has_one_slash(base: str) -> None:
    """A public URL with and without a slash at its end gives the same address."""
    assert scene_url(base, "abc") == "https://ring.example/s/abc"
