"""Tests of reading campaigns whose effect is known: cover, false alarms, and the peeking that the sequence is for."""

import json
import sys
from pathlib import Path

import pytest

from ringmain.entry.cli import main
from ringmain.simulate.campaigns import judge

# The words are those of sys.argv on purpose: the whole way of a command is what is tested.
pytestmark = pytest.mark.filterwarnings("ignore:Cyclopts application invoked without tokens:UserWarning")


def test_sixty_campaigns_are_read_rightly() -> None:
    """The quick version: of 60 campaigns at most 8 are outside, the sequence holds, and few alarms are false."""
    judged = judge(60, seed=4)
    assert judged.total.campaigns == 60
    assert judged.total.read >= 57
    assert judged.total.read - judged.total.fixed_holds <= 8
    assert judged.total.sequence_always_holds >= 57
    assert judged.aa_alarms_sequence <= 3
    assert judged.aa_alarms_naive > judged.aa_alarms_sequence
    assert judge(10, seed=4) == judge(10, seed=4)


@pytest.mark.long
def test_a_thousand_campaigns_are_read_rightly() -> None:
    """The fixed interval holds in 93 to 97 of 100, the sequence always in 95, and at most 5 of 100 alarms are false.

    The control: whoever looks at the fixed interval every day raises a false alarm far more often than 5 in 100.
    """
    figures = judge(1_000, seed=1).figures
    assert 0.93 <= figures["fixed_cover"] <= 0.97
    assert figures["sequence_cover_of_all_looks"] >= 0.95
    assert figures["aa_false_alarms"] <= 0.05
    assert figures["aa_false_alarms_of_naive_peeking"] > 0.10
    assert figures["read"] >= 0.95


def test_the_command_writes_what_it_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`ringmain simulate lift` prints a row for each kind of campaign and writes the figures as JSON."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["ringmain", "simulate", "lift", "--campaigns", "10", "--json", "lift.json"])
    with pytest.raises(SystemExit) as end:
        main()
    assert not end.value.code
    assert "rare visits +40 %" in capsys.readouterr().out
    written = json.loads((tmp_path / "lift.json").read_text())
    assert written["total"]["campaigns"] == 10
    assert set(written["figures"]) >= {"fixed_cover", "aa_false_alarms"}
