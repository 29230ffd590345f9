"""Effects are found where chance decided who is treated, and buying is not taken for being moved."""

from collections.abc import Callable

import numpy as np
import pytest

from ringmain.campaign.uplift import (
    LEARNERS,
    Chances,
    Effects,
    Experiment,
    Known,
    both_chances,
    cross_fitted,
    effects,
    shown_effects,
    two_logistic,
)
from ringmain.kit.learn.effects import qini, qini_p


def _experiment(rows: int, seed: int = 1, *, moved: float = 0.25) -> tuple[Experiment, np.ndarray]:
    """Return persons of whom the first column says who buys anyway, the second who is moved, and the true effects."""
    random = np.random.default_rng(seed)
    columns = random.random((rows, 3))
    treated = random.random(rows) < 0.5
    effect = moved * (columns[:, 1] > 0.5)
    outcome = random.random(rows) < 0.05 + 0.4 * columns[:, 0] + effect * treated
    return Experiment(Known(columns, columns), treated, outcome.astype(float)), effect


@pytest.mark.parametrize("learner", [*LEARNERS, effects])
def test_a_learner_finds_who_is_moved(learner: Callable[[Experiment, int], Effects]) -> None:
    """On persons it has not seen the effect follows who is moved, and hardly who buys anyway."""
    experiment, _ = _experiment(4_000)
    unseen, effect = _experiment(2_000, seed=2)

    found = learner(experiment, 0)(unseen.known)

    assert np.corrcoef(found, effect)[0, 1] > 0.6
    assert abs(np.corrcoef(found, unseen.known.raw[:, 0])[0, 1]) < 0.4
    assert found.mean() == pytest.approx(effect.mean(), abs=0.05)


def test_without_an_effect_nothing_is_found() -> None:
    """Control: cross-fitted, an experiment in which nobody is moved looks like one."""
    experiment, _ = _experiment(4_000, moved=0.0)

    found = cross_fitted(experiment, two_logistic, folds=5, repeats=2, seed=0)

    assert qini_p(found, experiment.treated, experiment.outcome, seed=0, times=100) > 0.05


def test_rows_are_judged_by_models_that_have_not_seen_them() -> None:
    """A learner that remembers outcomes gains nothing by it; control: shown its own rows, it would."""
    experiment, _ = _experiment(2_000, moved=0.0)

    def remembering(seen: Experiment, seed: int) -> Effects:  # noqa: ARG001 - a learner takes one.
        signed = np.where(seen.treated, seen.outcome, -seen.outcome)
        memory = dict(zip(seen.known.raw[:, 2].tolist(), signed.tolist(), strict=True))
        return lambda known: np.array([memory.get(key, 0.0) for key in known.raw[:, 2].tolist()])

    found = cross_fitted(experiment, remembering, folds=5, repeats=2, seed=0)

    assert not found.any()
    cheated = remembering(experiment, 0)(experiment.known)
    assert qini(cheated, experiment.treated, experiment.outcome) > 0.05


def test_the_same_seed_gives_the_same_effects() -> None:
    """What is drawn is drawn from the seed alone."""
    experiment, _ = _experiment(800)

    first, again, other = (cross_fitted(experiment, effects, folds=2, repeats=1, seed=seed) for seed in (1, 1, 2))

    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_column_that_never_changes_does_no_harm() -> None:
    """A constant tells nothing, and divides nothing by zero."""
    experiment, _ = _experiment(500)
    constant = np.column_stack([experiment.known.raw, np.ones(500)])
    with_constant = Experiment(Known(constant, constant), experiment.treated, experiment.outcome)

    found = two_logistic(with_constant, 0)(with_constant.known)

    assert found == pytest.approx(two_logistic(experiment, 0)(experiment.known), abs=1e-6)


def test_one_model_of_both_groups_tells_chances_and_effects() -> None:
    """Both chances fit together: their difference follows who is moved, and the first who buys anyway."""
    experiment, _ = _experiment(6_000)
    unseen, effect = _experiment(2_000, seed=2)

    found = both_chances(experiment, 0)(unseen.known)

    assert np.corrcoef(found.effect, effect)[0, 1] > 0.6
    assert np.abs(found.without - 0.05 - 0.4 * unseen.known.raw[:, 0]).mean() < 0.05
    assert found.effect.mean() == pytest.approx(effect.mean(), abs=0.03)


def test_where_data_are_thin_everybody_has_the_average_effect() -> None:
    """Of 200 rows hardly more than one shift of the odds is learnt; control: of 6,000 who is moved is told apart."""
    unseen, effect = _experiment(2_000, seed=2)
    apart = []
    for rows in (200, 6_000):
        shift = both_chances(_experiment(rows)[0], 0)(unseen.known)
        odds = [np.log(one / (1 - one)) for one in (shift.without, shift.treated)]
        moved = odds[1] - odds[0]
        apart.append(moved[effect > 0].mean() - moved[effect == 0].mean())

    assert abs(apart[0]) < 0.3
    assert apart[1] > 0.6


def test_shown_effects_are_right_on_average_whatever_was_foretold() -> None:
    """With the truth foretold, and with nonsense; the truth makes them less noisy."""
    experiment, effect = _experiment(40_000)
    base = 0.05 + 0.4 * experiment.known.raw[:, 0]
    true, wrong = Chances(base, base + effect), Chances(np.full(40_000, 0.9), experiment.known.raw[:, 2])

    figures = [shown_effects(experiment, foretold, 0.5) for foretold in (true, wrong)]

    moved = effect > 0
    for one in figures:
        assert one[moved].mean() == pytest.approx(0.25, abs=0.03)
        assert one[~moved].mean() == pytest.approx(0.0, abs=0.03)
    assert figures[0].std() < 0.75 * figures[1].std()
