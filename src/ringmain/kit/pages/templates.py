"""Jinja templates, one environment per language, strict about what is missing."""

from collections import defaultdict
from collections.abc import Iterable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from types import CodeType
from typing import Any

import segno
from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup

from ringmain.kit.pages.languages import LANGUAGES, Languages, Speech
from ringmain.kit.pages.static_files import StaticFiles


class _Compiled(BytecodeCache):
    """What templates were compiled to in this process; sites that are made one after the other compile them once.

    Compiling takes longer than rendering. There is one per language, because a filter that is applied to a constant is
    applied when the template is compiled.
    """

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give the code of this name and source, where it is known."""
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep the code of this name and source."""
        if bucket.code is not None:
            self._codes[bucket.key, bucket.checksum] = bucket.code


_COMPILED: defaultdict[str, _Compiled] = defaultdict(_Compiled)


class Templates:
    """Renders the templates of the given folders; the first folder that has a name wins."""

    def __init__(self, folders: Iterable[Path], languages: Languages, files: StaticFiles) -> None:
        loader = FileSystemLoader(list(folders))
        self._environments = {speech.language: _environment(loader, speech, files) for speech in languages.all}

    def render(self, template: str, speech: Speech, **values: Any) -> str:
        """Return a template filled in. Raises where it names a value that is missing."""
        return self._environments[speech.language].get_template(template).render(**values)


def _environment(loader: FileSystemLoader, speech: Speech, files: StaticFiles) -> Environment:
    environment = Environment(
        loader=loader,
        bytecode_cache=_COMPILED[speech.language],
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    # New style: placeholders are filled in by gettext itself, and what is filled in is escaped.
    environment.install_gettext_translations(speech.catalogue, newstyle=True)  # type: ignore[attr-defined]
    environment.globals.update(
        file=files.address, version=version("ringmain"), speech=speech, languages=LANGUAGES, qr=qr_svg
    )
    environment.filters.update(
        number=speech.number,
        share=speech.share,
        money=speech.money,
        worth=speech.worth,
        day=speech.day,
        clock=speech.clock,
        moment=speech.moment,
        distance=speech.distance,
        breaking=_breaking,
        coded=_coded,
    )
    return environment


def qr_svg(text: str, label: str) -> Markup:
    """Return a QR code as an SVG element that fills its place; dark on light in every theme, or scanners fail."""
    code = segno.make(text, error="m", boost_error=False)
    draw = partial(code.svg_inline, border=4, dark="#000", light="#fff", omitsize=True, svgclass="qr", lineclass=None)
    svg = draw().replace("<svg ", f'<svg role="img" aria-label="{Markup.escape(label)}" ', 1)
    return Markup(svg)  # noqa: S704 (segno's own drawing, and a label that is escaped)


def _breaking(code: str) -> Markup:
    """Return a code that may be broken after each underscore, where a narrow screen needs it."""
    return Markup("_<wbr>").join(code.split("_"))


def _coded(text: str) -> Markup:
    """Return a text in which what stands between backticks is code."""
    parts = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else part for place, part in enumerate(parts)
    )
