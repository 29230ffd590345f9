"""A town's parameters come from outside, and what they cannot be is refused by name."""

from pathlib import Path

import pytest

from ringmain.simulate.errors import WorldParametersWrong
from ringmain.simulate.world.parameters import Parameters, load


def test_without_a_file_a_town_has_its_defaults() -> None:
    """Nothing has to be named."""
    assert load(None) == Parameters()


@pytest.mark.parametrize(
    ("name", "text"),
    [("town.toml", "people = 70\n[rhythm]\nlure = 0.5\n"), ("town.json", '{"people": 70, "rhythm": {"lure": 0.5}}')],
)
def test_a_file_and_then_options_change_them(tmp_path: Path, name: str, text: str) -> None:
    """TOML and JSON say the same; an option that is named goes before the file, one that is not changes nothing."""
    (tmp_path / name).write_text(text)

    found = load(tmp_path / name, seed=9, family=None)

    assert (found.people, found.seed, found.family, found.rhythm.lure) == (70, 9, "choice", 0.5)
    assert found.rhythm.threshold == Parameters().rhythm.threshold


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("poeple = 70", "poeple"),
        ("people = 0", "$.people"),
        ("[choice]\nlure = 1.0", "lure"),
        ('world = "merry"', "$.world"),
        ("effect = -1.0", "$.effect"),
        ("people = ", "Invalid value"),
    ],
)
def test_what_a_town_cannot_be_is_refused(tmp_path: Path, text: str, said: str) -> None:
    """The error names the field, or the line of a file that is none."""
    (tmp_path / "town.toml").write_text(text)

    with pytest.raises(WorldParametersWrong) as refused:
        load(tmp_path / "town.toml")

    assert said in refused.value.facts["why"]
    assert refused.value.facts["file"] == str(tmp_path / "town.toml")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """Its name is told."""
    with pytest.raises(WorldParametersWrong) as refused:
        load(tmp_path / "nowhere.toml")

    assert "nowhere.toml" in refused.value.facts["file"]


def test_in_a_world_of_no_effect_every_effect_is_multiplied_by_nothing() -> None:
    """Whatever scale is asked for."""
    assert Parameters(world="zero", effect=5.0).strength == 0.0
    assert Parameters(world="mixed", effect=2.0).strength == 2.0
