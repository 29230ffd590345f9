"""No code that decides who gets what knows how made-up people behave."""

from pathlib import Path

import ringmain

SOURCE = Path(ringmain.__file__).parent


def _speaks_of_it(text: str) -> bool:
    return "simulate.world" in text or "simulate/world" in text


def test_nothing_below_names_the_behaviour_of_made_up_people() -> None:
    """The floors forbid imports; names in texts, by which modules could be loaded, are looked for here."""
    below = [path for path in SOURCE.rglob("*.py") if path.relative_to(SOURCE).parts[0] not in ("simulate", "entry")]

    assert len(below) > 200
    assert [path.name for path in below if _speaks_of_it(path.read_text())] == []
    assert _speaks_of_it('import_module("ringmain.simulate.world.families.rhythm")')
