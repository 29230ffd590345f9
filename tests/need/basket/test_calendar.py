"""The time of baskets is read off goods that come and go."""

import numpy as np

from ringmain.need.basket.calendar import read_calendar
from ringmain.need.basket.histories import basket_histories


def test_a_basket_lies_where_its_goods_were_sold() -> None:
    """Persons with goods of the first weeks only are placed early, whatever the number of their baskets."""
    random = np.random.default_rng(1)
    person, basket, item = [], [], []
    ends = []
    for who in range(200):
        last = int(random.integers(2, 8))
        ends.append(last)
        for number, week in enumerate(range(last + 1)):
            # Ten goods are sold in each week, and in no other.
            goods = week * 10 + random.choice(10, 4, replace=False)
            person += [who] * 4
            basket += [number] * 4
            item += goods.tolist()
    known = basket_histories(np.array(person), np.array(basket), np.array(item), 200, 80)
    calendar = read_calendar(known, 8, 20, 1.0)
    placed = calendar.last @ np.arange(8)
    assert np.corrcoef(placed, ends)[0, 1] > 0.9
    assert np.allclose(calendar.last.sum(axis=1), 1)
    assert (calendar.next @ np.arange(8) >= placed - 1e-9).all()
