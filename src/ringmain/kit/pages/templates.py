"""Jinja templates, one environment per language, strict about what is missing."""

from collections.abc import Iterable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import segno
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ringmain.kit.pages.languages import LANGUAGES, Languages, Speech
from ringmain.kit.pages.static_files import StaticFiles


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
