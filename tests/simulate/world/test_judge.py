"""Rules are judged by the truth, and where nothing works the report says so and gives nothing."""

import json
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest

from ringmain.kit.learn.intervals import Estimate
from ringmain.simulate.errors import FamilyKeptApart
from ringmain.simulate.world import judge as judging
from ringmain.simulate.world.allocate import Outcome
from ringmain.simulate.world.judge import FOR_ALL, FOR_CHOSEN, NO_EFFECT, Judged, judge
from ringmain.simulate.world.parameters import FamilyName, Parameters, World
from ringmain.simulate.world.returns import RULES, returns, write_rows

SMALL = Parameters(people=700, shops=60, districts=3, seed=5)


@pytest.fixture(autouse=True)
def few_weeks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the first period, here and where rows are written."""
    monkeypatch.setattr(judging, "BEFORE_WEEKS", 4)
    monkeypatch.setattr(judging, "TRIAL_WEEKS", 6)


def _judged(family: FamilyName, world: World, effect: float = 1.0) -> Judged:
    return judge(msgspec.structs.replace(SMALL, family=family, world=world, effect=effect))


@pytest.mark.parametrize("family", ["choice", "rhythm"])
def test_the_oracle_is_best_and_ours_is_better_than_not_knowing(family: FamilyName) -> None:
    """In the order that knowledge gives, all at the same spend."""
    found = _judged(family, "positive", 2.0)

    rules = found.rules["20%"]
    assert found.verdict == FOR_ALL
    assert found.true_total > 0.02
    assert rules["oracle"].effect == max(one.effect for one in rules.values())
    assert rules["ours"].effect > 1.5 * rules["random"].effect
    assert rules["ours"].effect > rules["redemption"].effect
    assert len({round(one.spent, 6) for one in rules.values()}) == 1


@pytest.mark.parametrize("world", ["zero", "negative"])
@pytest.mark.parametrize("family", ["choice", "rhythm"])
def test_where_vouchers_do_nothing_or_harm_nothing_is_given(family: FamilyName, world: World) -> None:
    """The report says not to pay; control: a rule by redemption goes on giving, and harms where it can."""
    found = _judged(family, world, 2.0)

    assert found.verdict == NO_EFFECT
    assert all(one["ours"] == Outcome(0.0, 0.0, 0.0) for one in found.rules.values())
    assert found.rules["40%"]["redemption"].vouchers > 0
    assert found.rules["40%"]["redemption"].effect <= 0.0
    assert (found.true_total < 0) == (world == "negative")


def test_an_effect_for_some_is_told_from_one_for_all() -> None:
    """By the intervals alone."""
    shown, not_shown = Estimate(0.02, 0.01, 0.03), Estimate(0.0, -0.01, 0.01)

    assert judging._verdict(shown, not_shown) == FOR_ALL
    assert judging._verdict(not_shown, shown) == FOR_CHOSEN
    assert judging._verdict(not_shown, not_shown) == NO_EFFECT


def test_the_same_seeds_give_the_same_report() -> None:
    """Of worlds one after the other, with figures beside the oracle's; the JSON has them by name."""
    first, again = (returns(SMALL, 2, lambda number: None) for _ in range(2))

    assert msgspec.json.encode(first.judged) == msgspec.json.encode(again.judged)
    assert [one.seed for one in first.judged] == [5, 6]
    read = json.loads(first.as_json())
    assert set(read["budgets"]) == {"10%", "20%", "40%"}
    spent = read["budgets"]["10%"]
    assert set(spent["returns"]) == set(RULES)
    ours, oracle = (sum(one.rules["10%"][rule].effect for one in first.judged) for rule in ("ours", "oracle"))
    assert spent["of_oracle"]["ours"]["value"] == pytest.approx(ours / oracle)
    assert read["parameters"]["people"] == 700


def test_a_report_of_nothing_says_so() -> None:
    """No share of an oracle that cannot win anything, and a sentence."""
    found = returns(msgspec.structs.replace(SMALL, world="zero"), 1, lambda number: None)

    assert all(one.of_oracle == {} for one in found.budgets.values())
    assert found.unpaid == 1
    assert found.sentences()[-1] == "no effect shown; do not pay: said of 1 of 1 worlds, where ours gave nothing."


def test_rows_for_learning_are_written_of_one_family_only(tmp_path: Path) -> None:
    """Of the other nothing is written."""
    count = write_rows(SMALL, tmp_path / "choice.parquet")

    rows = pq.read_table(tmp_path / "choice.parquet")
    assert len(rows) == count == 700 * 6
    assert 0.4 < rows["treated"].to_numpy().mean() < 0.6
    with pytest.raises(FamilyKeptApart):
        write_rows(msgspec.structs.replace(SMALL, family="rhythm"), tmp_path / "rhythm.parquet")
    assert not (tmp_path / "rhythm.parquet").exists()
