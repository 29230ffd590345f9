"""Texts: whatever a page or a rule says is said in every language, and no catalogue holds what nothing says."""

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
