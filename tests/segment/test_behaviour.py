"""The matrix of what people do: which categories stand in it by name."""

import numpy as np

from ringmain.segment.behaviour import OTHER, Side, behaviour
from ringmain.segment.tribes import FEWEST


def test_what_few_know_or_nobody_is_told_of_stands_together() -> None:
    """Noodles are named from ten people on; fewer, or a pharmacy, belong to the rest, and no visit is lost."""
    people = [f"p{number}" for number in range(FEWEST)]
    names = ["category:noodles", "category:pharmacy", "category:toys"]
    everybody, fewer = np.arange(FEWEST), np.arange(FEWEST - 1)
    person = np.concatenate([everybody, everybody, fewer])
    column = np.repeat([0, 1, 2], [FEWEST, FEWEST, FEWEST - 1])
    found = behaviour(people, names, person, column, np.ones(len(person), dtype=np.int64))
    categories = {
        one.key: found.counts[:, place].sum() for place, one in enumerate(found.columns) if one.side is Side.CATEGORY
    }
    assert categories == {OTHER: 2 * FEWEST - 1, "noodles": FEWEST}
