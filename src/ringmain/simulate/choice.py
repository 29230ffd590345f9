"""Which shop's voucher a visit earns: the interface, and the simple rule that stands until a better one is trained."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ringmain.simulate.journey import Int64s

ABSENT_US = 30 * 86_400 * 1_000_000


class Choice(Protocol):
    """Chooses from the visits seen so far; visits are seen in the order of time."""

    @property
    def name(self) -> str:
        """What the rule is called: a replay that was begun by one rule goes on by no other."""
        ...

    def see(self, household: int, store: int, at_us: int) -> None:
        """Learn one visit (row numbers of household and store, UTC microseconds)."""
        ...

    def choose(self, household: int, store: int, at_us: int) -> int:
        """Return the store whose voucher this visit earns, never the one visited, or -1 where there is none."""
        ...


class MostFollowed:
    """The store that others most often went to next after this one, and that is new to this member.

    New means never visited; where others went to no such store, it means not visited for 30 days. "Others": the
    member's own walks are not counted. Of two stores with the same count, the one with the lower row number.
    """

    name = "most-followed"

    def __init__(self, households: int, stores: int) -> None:
        self._followed = np.zeros((stores, stores), dtype=np.int32)
        self._own: dict[tuple[int, int], dict[int, int]] = {}
        self._last_us = np.full((households, stores), -1, dtype=np.int64)
        self._at = np.full(households, -1, dtype=np.int32)

    def see(self, household: int, store: int, at_us: int) -> None:
        """Learn one visit; two visits to one store in a row are no walk."""
        before = int(self._at[household])
        if before not in (-1, store):
            self._followed[before, store] += 1
            own = self._own.setdefault((household, before), {})
            own[store] = own.get(store, 0) + 1
        self._at[household] = store
        self._last_us[household, store] = at_us

    def choose(self, household: int, store: int, at_us: int) -> int:
        """Return the store whose voucher this visit earns, or -1."""
        others = self._others(household, store)
        last: Int64s = self._last_us[household]
        for new in (last < 0, last <= at_us - ABSENT_US):
            scores = np.where(new, others, 0)
            best = int(scores.argmax())
            if scores[best] > 0:
                return best
        return -1

    def _others(self, household: int, store: int) -> NDArray[np.int32]:
        """Return how often others went from a store to each store."""
        others: NDArray[np.int32] = self._followed[store].copy()
        for following, count in self._own.get((household, store), {}).items():
            others[following] -= count
        others[store] = 0
        return others
