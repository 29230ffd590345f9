"""Whether a coupon is taken is learnt from other answers of the same person, and never from the answer itself."""

import numpy as np
import pytest

from ringmain.kit.learn.metrics import auc, calibration_error
from ringmain.match.acceptance import Offers, accept, encodings

PERSONS, CONTEXTS, KINDS = 120, 12, 3


def _answers(seed: int = 1, *, own: float = 2.0) -> tuple[Offers, np.ndarray]:
    """Return every context shown to every person; `own` is how far persons differ."""
    random = np.random.default_rng(seed)
    person, context = (part.ravel() for part in np.meshgrid(np.arange(PERSONS), np.arange(CONTEXTS), indexing="ij"))
    odds = own * random.normal(size=PERSONS)[person] + random.normal(size=CONTEXTS)[context]
    taken = random.random(len(person)) < 1 / (1 + np.exp(-odds))
    features = np.column_stack([context.astype(float), random.random(len(person))])
    return Offers(features, (0,), person, context, context % KINDS), taken


def test_encodings_are_drawn_to_the_mean_by_few_answers() -> None:
    """The rate of a context, a person's lead over it, and the lead with this kind, each with its invented answers."""
    known = Offers(np.zeros((4, 1)), (), np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]), np.array([0, 1, 0, 1]))
    asked = Offers(np.zeros((2, 1)), (), np.array([0, 2]), np.array([0, 2]), np.array([0, 1]))

    found = encodings(known, np.array([True, True, True, False]), asked)

    # Of four answers three are yes. Context 0: two of two, drawn by three invented ones of 3/4.
    first, second = (2 + 3 * 0.75) / 5, (1 + 3 * 0.75) / 5
    lead = ((1 - first) + (1 - second)) / (2 + 3)
    assert found[0] == pytest.approx([first, lead, (1 - first) / (1 + 2)])
    # Of an unknown context the rate of all, of an unknown person no lead.
    assert found[1] == pytest.approx([0.75, 0, 0])


def test_known_persons_are_told_apart_and_probabilities_hold() -> None:
    """The features hold no trace of the person, but other answers do; calibrated on the way."""
    offers, taken = _answers()
    rows = np.random.default_rng(2).permutation(len(taken))
    known, asked = rows[:1_100], rows[1_100:]

    chance = accept(offers.of(known), taken[known], offers.of(asked), seed=0)

    assert auc(chance, taken[asked]) > 0.75
    assert calibration_error(chance, taken[asked], bins=4) < 0.1
    assert ((chance > 0) & (chance < 1)).all()


def test_where_persons_are_alike_their_answers_are_not_read_back() -> None:
    """Control against leaks: with answers that nothing explains, unseen rows cannot be told apart."""
    offers, _ = _answers()
    taken = np.random.default_rng(5).random(PERSONS * CONTEXTS) < 0.5
    rows = np.random.default_rng(3).permutation(len(taken))
    known, asked = rows[:1_000], rows[1_000:]

    chance = accept(offers.of(known), taken[known], offers.of(asked), seed=0)

    assert 0.40 < auc(chance, taken[asked]) < 0.60
    # Calibration has learnt that there is nothing to know.
    assert chance.std() < 0.1


def test_the_same_seed_gives_the_same_probabilities() -> None:
    """What is drawn is drawn from the seed alone."""
    offers, taken = _answers()
    known, asked = np.arange(0, 700), np.arange(700, 1_000)

    first, again = (accept(offers.of(known), taken[known], offers.of(asked), seed=4) for _ in range(2))

    assert np.array_equal(first, again)
