"""The living style page at /styles: every part that pages are made of, as it looks now; and the choice of language."""

from urllib.parse import urlsplit

from starlette.responses import Response

from ringmain.entry.web.audiences import ANYBODY
from ringmain.kit.pages import LANGUAGES, PageRoute, Visit

_COLOURS = (
    ("paper", "ink"),
    ("sheet", "ink"),
    ("sunk", "ink-soft"),
    ("teal", "on-teal"),
    ("teal-wash", "teal"),
    ("brass-wash", "brass"),
    ("red", "on-red"),
    ("red-wash", "red"),
)


async def show(visit: Visit) -> Response:
    """Show the parts."""
    return visit.page("styles.html", colours=_COLOURS)


def local_path(text: str, otherwise: str = "/") -> str:
    """Return a path of this installation that a form or an address names, or another one where it leads elsewhere."""
    parts = urlsplit(text)
    ours = text.startswith("/") and not text.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    return text if ours else otherwise


async def choose_language(visit: Visit) -> Response:
    """Remember the language and lead back; a form without a press, since it changes nothing but a cookie."""
    language = visit.form.text("language")
    if language in LANGUAGES:
        visit.speak(language)
    return visit.go(local_path(visit.form.text("next")))


PAGES: tuple[PageRoute, ...] = (
    PageRoute(path="/styles", audience=ANYBODY, get=show),
    PageRoute(path="/language", audience=ANYBODY, post=choose_language, harmless=True),
)
