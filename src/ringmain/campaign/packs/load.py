"""The packs that come with the package, read and checked once per process."""

from functools import cache
from pathlib import Path

from ringmain.campaign.errors import PackNotFound
from ringmain.campaign.packs.model import Pack, read_pack
from ringmain.member import api as member

_FOLDER = Path(__file__).parent / "texts"


@cache
def packs() -> tuple[Pack, ...]:
    """Return all packs, by name. Raises `PackUnreadable` with file and line."""
    asked = frozenset(question.key for question in member.QUESTIONS)
    return tuple(read_pack(path.stem, path.read_text("utf-8"), asked) for path in sorted(_FOLDER.glob("*.toml")))


def pack_of(name: str) -> Pack:
    """Return a pack. Raises `PackNotFound`."""
    found = next((one for one in packs() if one.name == name), None)
    if found is None:
        raise PackNotFound(pack=name)
    return found
