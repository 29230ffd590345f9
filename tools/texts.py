"""Write what pages say into the catalogues: new texts are added empty, those that nothing says any more are removed.

Each group of pages has a catalogue of its own, named after its folder; `common` holds the rest, and `rules` the
sentences of refusals.
"""

import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

import ringmain
from ringmain.kit.pure.errors import RuleBroken

ENTRY = Path(__file__).resolve().parents[1] / "src" / "ringmain" / "entry"
LANGUAGES = ("zh_Hans",)
_METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
_OPTIONS = {"**/templates/**.html": {"newstyle_gettext": "true", "trim_blocks": "true", "lstrip_blocks": "true"}}
# `speech.text(...)` and `speech.texts(...)` in Python, `_(...)` and `ngettext(...)` in templates.
_KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "text": None, "texts": (1, 2), "N_": None}
_WIDTH = 110
_PLACE = re.compile(r"%\((\w+)\)s")
_BARE = re.compile(r"%(?![(%])")


@cache
def said() -> dict[str, dict[str, str | tuple[str, ...]]]:
    """Return, by catalogue, every text that pages say: by its English form, what Babel found (a pair has a plural)."""
    found: dict[str, dict[str, str | tuple[str, ...]]] = {}
    seen: set[str] = set()
    for path, _, message, _, _ in sorted(
        extract_from_dir(ENTRY, _METHODS, _OPTIONS, _KEYWORDS), key=lambda one: (one[0], one[1])
    ):
        id_ = message if isinstance(message, str) else message[0]
        # `form.text("name")` reads a field; what people read has a space or begins with a capital letter or a sign.
        if not id_ or (path.endswith(".py") and id_.islower() and id_.isidentifier()) or id_ in seen:
            continue
        seen.add(id_)
        found.setdefault(_catalogue(path), {})[id_] = message
    rules = found.setdefault("rules", {})
    for text in _rules():
        if text not in seen:
            seen.add(text)
            rules[text] = text
    return found


def missing(language: str) -> list[str]:
    """Return the texts that a language lacks, each with its catalogue, and those that nothing says any more."""
    faults = []
    wanted = said()
    for name in sorted({*wanted, *(path.stem for path in _folder(language).glob("*.po"))}):
        texts, kept = wanted.get(name, {}), _kept(language, name)
        faults += [f"{name}: not translated: {text}" for text in texts if not kept.get(text)]
        faults += [f"{name}: nothing says: {text}" for text in kept if text not in texts]
    return faults


def unlike(language: str) -> list[str]:
    """Return the translations that fill in what their text does not give, or hold a `%` where it holds none.

    A text with a bare `%` cannot be filled in, which templates do with every text.
    """
    faults = []
    for name, texts in said().items():
        kept = _kept(language, name)
        for id_, message in texts.items():
            given = " ".join(message) if isinstance(message, tuple) else message
            if unknown := set(_PLACE.findall(kept.get(id_, ""))) - set(_PLACE.findall(given)):
                faults.append(f"{name}: nothing fills in {', '.join(sorted(unknown))}: {kept[id_]}")
            if _BARE.search(kept.get(id_, "")) and not _BARE.search(given):
                faults.append(f"{name}: a bare %: {kept[id_]}")
    return faults


def write(language: str) -> int:
    """Write the catalogues of a language again, keep its translations, and return how many texts lack one."""
    lacking = 0
    wanted = said()
    everywhere = {text: translated for name in wanted for text, translated in _kept(language, name).items()}
    for path in _folder(language).glob("*.po"):
        if path.stem not in wanted:
            path.unlink()
    for name, texts in wanted.items():
        catalogue = Catalog(locale=language, fuzzy=False, header_comment=f"# {name}")
        for id_, message in texts.items():
            translated = everywhere.get(id_, "")
            lacking += not translated
            catalogue.add(message, translated if isinstance(message, str) else (translated,))
        path = _folder(language) / f"{name}.po"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            write_po(file, catalogue, width=_WIDTH, omit_header=True, sort_output=True)
    return lacking


def _rules() -> Iterator[str]:
    """Give the sentences of every rule of the package, whatever has been imported so far."""
    for module in pkgutil.walk_packages(ringmain.__path__, "ringmain."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    ours = (rule for rule in RuleBroken.by_code.values() if rule.__module__.startswith("ringmain."))
    for rule in sorted(ours, key=lambda one: one.code):
        yield (inspect.getdoc(rule) or rule.code).partition("\n")[0]
        yield rule.next_step


def _catalogue(path: str) -> str:
    """Return the folder below `templates` or `web` in which a text stands."""
    kind, _, inside = path.partition("/")
    folder, slash, _ = inside.partition("/")
    return folder if kind in ("templates", "web") and slash and folder != "layouts" else "common"


def _folder(language: str) -> Path:
    return ENTRY / "locale" / language


def _kept(language: str, name: str) -> dict[str, str]:
    path = _folder(language) / f"{name}.po"
    if not path.is_file():
        return {}
    with path.open("rb") as file:
        catalogue = read_po(file)
    texts: dict[str, str] = {}
    for message in catalogue:
        if message.id:
            id_ = message.id if isinstance(message.id, str) else message.id[0]
            string = message.string if isinstance(message.string, str) else (message.string or ("",))[0]
            texts[id_] = string
    return texts


if __name__ == "__main__":
    for language in LANGUAGES:
        count = write(language)
        print(f"{language}: {count} texts are not translated yet" if count else f"{language}: everything is translated")
    sys.exit(0)
