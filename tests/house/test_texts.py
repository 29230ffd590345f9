"""Texts: whatever a page or a rule says is said in every language, and no catalogue holds what nothing says."""

import ast
from pathlib import Path

import pytest

from tools import texts


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_everything_is_translated(language: str) -> None:
    """Run `make texts`, then translate what it has added."""
    assert texts.missing(language) == []


def test_a_missing_and_a_useless_translation_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: a text that a catalogue lacks, and one that nothing says, are each named."""
    folder = tmp_path / "locale" / "zh_Hans"
    folder.mkdir(parents=True)
    (folder / "common.po").write_text('msgid "Nobody says this"\nmsgstr "没人说"\n', encoding="utf-8")
    monkeypatch.setattr(texts, "_folder", lambda language: folder)
    found = texts.missing("zh_Hans")
    assert "common: nothing says: Nobody says this" in found
    assert "common: not translated: Wallet" in found


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_translations_are_filled_in_like_their_texts(language: str) -> None:
    """None asks for what its text does not give, and none holds a `%` that would stop the page."""
    assert texts.unlike(language) == []


def test_a_translation_that_cannot_be_filled_in_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: another name in a translation, and a bare `%`, are each named."""
    folder = tmp_path / "locale" / "zh_Hans"
    folder.mkdir(parents=True)
    (folder / "common.po").write_text(
        'msgid "%(amount)s off"\nmsgstr "减 %(sum)s"\n\nmsgid "Wallet"\nmsgstr "100 % 券包"\n', encoding="utf-8"
    )
    monkeypatch.setattr(texts, "_folder", lambda language: folder)
    found = texts.unlike("zh_Hans")
    assert "common: nothing fills in sum: 减 %(sum)s" in found
    assert "common: a bare %: 100 % 券包" in found


def _within_f_strings(code: str) -> list[str]:
    """Return the texts that are asked for inside an f-string, where the tool that collects texts does not look."""
    return [
        call.args[0].value
        for joined in ast.walk(ast.parse(code))
        if isinstance(joined, ast.JoinedStr)
        for call in ast.walk(joined)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "text"
        if call.args and isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str)
    ]


def test_no_text_hides_inside_an_f_string() -> None:
    """Ask for the text before, and put the answer into the f-string."""
    pages = Path(texts.__file__).parent.parent / "src" / "ringmain" / "entry" / "web"
    found = {str(file): _within_f_strings(file.read_text(encoding="utf-8")) for file in pages.rglob("*.py")}
    assert len(found) > 50
    assert {file: hidden for file, hidden in found.items() if hidden} == {}


def test_a_text_inside_an_f_string_is_found() -> None:
    """Control: it is named; a text that was asked for before is not."""
    assert _within_f_strings("f\"{what}: {speech.text('went back')}\"") == ["went back"]
    assert _within_f_strings("back = speech.text('went back')\nf'{what}: {back}'") == []
