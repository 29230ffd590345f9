"""The next basket of persons whose habits are known."""

import numpy as np

from ringmain.need.api import BasketHistories, basket_histories, simple_basket_scores, train_baskets
from ringmain.need.basket.linear import item_weights
from ringmain.need.basket.neighbours import nearest, personal_vectors


def _town(persons: int = 90, baskets: int = 6) -> BasketHistories:
    """Return persons who each buy their own two staples always, and one of 30 other goods by chance."""
    random = np.random.default_rng(7)
    rows = []
    for who in range(persons):
        staples = (who % 10, 10 + who % 7)
        for number in range(baskets):
            rows += [(who, number, good) for good in (*staples, int(20 + random.integers(30)))]
    person, basket, item = np.array(rows).T
    return basket_histories(person, basket, item, persons, 50)


def test_staples_are_ranked_first() -> None:
    """A model puts the two goods that are in each basket of a person on its first two places."""
    model = train_baskets(_town(), seed=0, threads=1, progress=lambda _: None)
    ranked = model.rank(np.arange(90), 10)
    wanted = [{who % 10, 10 + who % 7} for who in range(90)]
    assert np.mean([set(best[:2].tolist()) == goods for best, goods in zip(ranked, wanted, strict=True)]) > 0.95


def test_the_same_seed_gives_the_same_ranking() -> None:
    """Training twice by one seed ranks alike."""
    first, second = (
        train_baskets(_town(40), seed=3, threads=1, progress=lambda _: None).rank(np.arange(40), 10) for _ in range(2)
    )
    assert np.array_equal(first, second)


def test_histories_number_baskets_without_gaps_and_drop_doubles() -> None:
    """Basket numbers 4, 9 of one person become 0, 1; an item counts once per basket; the last basket can be cut off."""
    known = basket_histories(np.array([1, 1, 1, 0]), np.array([9, 4, 9, 2]), np.array([5, 3, 5, 1]), 3, 6)
    assert known.person.tolist() == [0, 1, 1]
    assert known.basket.tolist() == [0, 0, 1]
    assert known.item.tolist() == [1, 3, 5]
    assert known.baskets_of.tolist() == [1, 2, 0]
    before, after = known.without_last()
    assert before.item.tolist() == [3]
    assert after.toarray().nonzero()[1].tolist() == [1, 5]


def test_a_personal_vector_decays_within_and_over_groups() -> None:
    """Of eight baskets the oldest lies in a group of its own: 0.7 / 2 for it, 1 / 7 / 2 for the newest."""
    known = basket_histories(np.zeros(8, dtype=np.int64), np.arange(8), np.arange(8), 1, 8)
    vector = personal_vectors(known).toarray()[0]
    assert np.isclose(vector[0], 0.7 / 2)
    assert np.isclose(vector[7], 1 / 7 / 2)
    assert np.isclose(vector[6], 0.9 / 7 / 2)


def test_neighbours_hold_the_same_goods_and_not_oneself() -> None:
    """The nearest of a person is the other one with the same goods, by a cosine of one."""
    known = basket_histories(np.array([0, 1, 2]), np.zeros(3, dtype=np.int64), np.array([0, 0, 1]), 3, 2)
    near = nearest(personal_vectors(known), 1).toarray()
    assert np.allclose(near, [[0, 1, 0], [1, 0, 0], [0, 0, 0]])


def test_item_weights_solve_the_ridge_regression_of_each_item_on_the_others() -> None:
    """Each column equals the ridge regression that leaves the item itself out."""
    known = _town(40)
    table = known.matrix(np.ones(len(known.person)))
    weights = item_weights(table, 5.0)
    dense = table.toarray()
    others = np.delete(dense, 3, axis=1)
    expected = np.linalg.solve(others.T @ others + 5 * np.eye(49), others.T @ dense[:, 3])
    assert np.allclose(np.delete(weights[:, 3], 3), expected, atol=1e-3)
    assert weights[3, 3] == 0


def test_simple_scores_fill_ties_by_popularity() -> None:
    """Filled personal frequency keeps the order of own counts, and orders what was never bought by all."""
    known = _town(40)
    scores = simple_basket_scores(known)
    own = scores["personal frequency"](np.array([5]))[0]
    filled = scores["personal, filled by global"](np.array([5]))[0]
    overall = scores["global frequency"](np.array([5]))[0]
    assert (np.floor(filled) == own).all()
    assert np.array_equal(np.argsort(filled[own == 0]), np.argsort(overall[own == 0]))
