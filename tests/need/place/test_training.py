"""A model is judged where it has not learnt, and serves only where it is better than all that it stands beside."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ringmain.kit.learn.boosting import from_text
from ringmain.need.errors import HistoryTooShort, ModelUnreadable
from ringmain.need.place import learn as learning
from ringmain.need.place import training
from ringmain.need.place.forecaster import Calibration, calibrated, from_bytes, shares, to_bytes
from ringmain.need.place.learn import Judged
from ringmain.need.place.moment import answers, at_moment, came
from ringmain.need.place.table import Table
from ringmain.need.place.training import LEAST_PERSONS, Verdict, lead, origins, require_history, train, verdict
from tests.need.place.walks import DAY_S, MONDAY_S, journal
from tests.need.town import SHOPS, end_of, learnt, rounds

OTHERS = ("own visits", "popular", "after last", "serving")


def judged(model: float, *others: float, persons: int = LEAST_PERSONS, seconds: tuple[int, int] = (100, 200)) -> Judged:
    """Two questions of each person, one at each second; every ranking has one reciprocal rank for all of them."""
    many = 2 * persons
    ranks = {name: np.full(many, rank) for name, rank in zip(("model", *OTHERS), (model, *others), strict=False)}
    person, second = np.arange(many) // 2, np.tile(np.array(seconds), persons)
    return Judged(person, np.zeros(many, dtype=bool), second, ranks, ranks, ranks)


def decided(given: Judged, serving_until: int | None) -> Verdict:
    """What is decided of that."""
    return verdict(given, lead(given, serving_until, 0), serving_until)


def test_what_is_above_every_baseline_serves() -> None:
    """The whole interval has to lie above zero; being as good as one of them is not enough."""
    assert decided(judged(0.6, 0.5, 0.4, 0.3), None) == Verdict(promoted=True)
    assert decided(judged(0.5, 0.5, 0.4, 0.6), None) == Verdict(
        promoted=False, reasons=("not_above_own_visits", "not_above_after_last")
    )
    lucky = judged(0.5, 0.5, 0.4, 0.3)
    lucky.reciprocal["model"][0] = 1.0
    assert decided(lucky, None).reasons == ("not_above_own_visits",)


def test_what_is_below_the_serving_model_is_refused() -> None:
    """Only questions from after the serving model's data count, since it knows the answers of the earlier ones."""
    given = judged(0.6, 0.5, 0.4, 0.3, 0.7)
    assert decided(given, 150).reasons == ("below_serving",)
    given.reciprocal["serving"][given.second >= 150] = 0.6
    assert decided(given, 150) == Verdict(promoted=True)
    assert decided(given, 100).reasons == ("below_serving",)


def test_a_serving_model_stays_until_enough_was_asked_since() -> None:
    """Nobody, or too few, asked since its data ended: there is nothing to compare by."""
    given = judged(0.9, 0.5, 0.4, 0.3, 0.1)
    assert decided(given, 201).reasons == ("serving_too_young",)
    assert decided(judged(0.9, 0.5, 0.4, 0.3, 0.1, persons=LEAST_PERSONS - 1), 200).reasons == ("serving_too_young",)
    assert decided(given, 200) == Verdict(promoted=True)


def test_a_town_with_habits_is_learnt() -> None:
    """Where people go from one shop to the next in order, the model is ahead of every counter, and calibrated."""
    found = learnt()
    assert found.verdict == Verdict(promoted=True)
    assert found.figures["mrr"].value > 0.9
    assert found.baselines["own visits"]["mrr"].value < 0.75
    assert {name: one.low > 0 for name, one in found.ahead.items() if one.low is not None} == dict.fromkeys(
        OTHERS[:3], True
    )
    assert found.figures["next.calibration_error"].value < 0.05
    assert found.figures["week.calibration_error"].value < 0.05


def test_the_same_journal_gives_the_same_bytes() -> None:
    """A model can be made again."""
    walk = journal(rounds(), places=SHOPS)
    assert train(walk, end_of(walk), None, 0, lambda _: None).artefact == learnt().artefact


def test_a_town_without_habits_is_refused() -> None:
    """Control: where people go anywhere by chance no model is better than counting."""
    walk = journal(rounds(by_chance=True), places=SHOPS)
    found = train(walk, end_of(walk), None, 0, lambda _: None)
    assert not found.verdict.promoted
    assert "not_above_own_visits" in found.verdict.reasons


def test_a_model_that_was_learnt_wrongly_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: beside a good model that serves, one that ranks the wrong way round is below everything."""
    walk = journal(rounds(), places=SHOPS)
    right = learning.learn

    class _Reversed:
        def __init__(self, trees: Any) -> None:
            self.trees = trees

        def predict(self, data: Any, /, **options: Any) -> Any:
            return -self.trees.predict(data, **options)

        def model_to_string(self) -> str:
            return str(self.trees.model_to_string())

    def wrong(*given: object, **named: object) -> object:
        found = right(*given, **named)  # type: ignore[arg-type]
        return replace(found, next_trees=_Reversed(found.next_trees))

    monkeypatch.setattr(training, "learn", wrong)
    serving = training.Serving(learnt().artefact, origins(end_of(walk))[0])
    found = train(walk, end_of(walk), serving, 0, lambda _: None)
    assert found.verdict.reasons == (
        "not_above_own_visits",
        "not_above_popular",
        "not_above_after_last",
        "below_serving",
    )


def test_too_little_history_says_how_much_is_needed() -> None:
    """Nothing is learnt from six weeks less a day, or of too few people."""
    walk = journal(rounds(), places=SHOPS)
    require_history(walk, end_of(walk))
    short = journal([visit for visit in rounds() if visit[2] < 40], places=SHOPS)
    with pytest.raises(HistoryTooShort) as refusal:
        require_history(short, end_of(short))
    assert (refusal.value.facts["days"], refusal.value.facts["needed_days"]) == (39, 42)
    few = journal(rounds(people=20), places=SHOPS)
    with pytest.raises(HistoryTooShort) as refusal:
        require_history(few, end_of(few))
    assert (refusal.value.facts["persons"], refusal.value.facts["needed_persons"]) == (20, 30)


def test_a_kept_model_foretells_the_same_to_the_last_digit() -> None:
    """What is read back from its bytes gives the same chances; another form is not read."""
    walk = journal(rounds(), places=SHOPS)
    model = from_bytes(learnt().artefact)
    assert to_bytes(model) == learnt().artefact
    asked = at_moment(walk, end_of(walk), seen_within_days=60)
    (one,) = model.foretell(Table(walk), asked)
    assert len(np.unique(one.rows.query)) == 40
    sums = np.bincount(one.rows.query, weights=shares(one.rows.query, one.next))
    np.testing.assert_allclose(sums, 1)
    assert ((one.next >= 0) & (one.next <= 1) & (one.week >= 0) & (one.week <= 1)).all()
    for wrong in (b"", b"{}", learnt().artefact.replace(b"ringmain-need-place/1", b"ringmain-need-place/0")):
        with pytest.raises(ModelUnreadable):
            from_bytes(wrong)
    with pytest.raises(ValueError, match="no trees"):
        from_text("nothing")


def test_questions_of_a_moment_know_nothing_from_it_on() -> None:
    """Asked are those who were seen lately; the next visit answers, where it comes within a week."""
    walk = journal([(0, 1, 0), (1, 2, 5), (0, 2, 9), (1, 3, 10), (2, 0, 10), (0, 3, 12), (1, 1, 20)], places=4)
    asked = at_moment(walk, MONDAY_S + 10 * DAY_S, seen_within_days=6)
    assert asked.person.tolist() == [0, 1]
    assert asked.upto.tolist() == [3, 3]
    assert asked.last.tolist() == [2, 1]
    assert answers(walk, asked, 7).tolist() == [5, 3]
    assert answers(walk, asked, 1).tolist() == [-1, 3]
    pairs = came(walk, asked, np.array([0, 0, 1, 1]), np.array([3, 2, 3, 1]), 7)
    assert pairs.tolist() == [True, False, True, False]


def test_chances_are_corrected_by_what_happened() -> None:
    """Twice as sure as right: the correction brings the mean back; with one outcome only nothing is corrected."""
    said = np.tile(np.array([0.2, 0.8]), 500)
    happened = np.arange(1_000) % 5 == 0
    corrected = calibrated(said, happened).apply(said)
    assert corrected.mean() == pytest.approx(0.2, abs=0.005)
    assert calibrated(said, np.zeros(1_000, dtype=bool)) == Calibration()
