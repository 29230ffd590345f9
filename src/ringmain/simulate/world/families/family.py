"""What a family of behaviour answers: how likely a visit is with and without a voucher, and what people do in a day."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ringmain.simulate.world.shops import Floats, Int64s
from ringmain.simulate.world.world import World

# How much more or less people go out on each weekday, Monday first, in every family; day 0 is a Monday.
WEEKDAYS = np.array([0.93, 0.95, 0.97, 1.0, 1.08, 1.12, 0.95])


@dataclass(slots=True, eq=False)
class Held:
    """The vouchers that people hold this week, (people,): `slot` of the shop within reach, -1 for none, and its face.

    Nobody holds two at once. A redeemed voucher is taken out.
    """

    slot: Int64s
    face: Floats

    @classmethod
    def none(cls, people: int) -> "Held":
        """Return nobody's vouchers."""
        return cls(np.full(people, -1, dtype=np.int64), np.zeros(people))


class Family(Protocol):
    """People's behaviour; what they remember is kept inside, and changes at the end of a week only.

    So chance is independent between persons within a week, and the probabilities are exact.
    """

    @property
    def world(self) -> World:
        """Return whose behaviour it is."""

    def chance(self, person: Int64s, slot: Int64s, face: Floats, first_day: int, days: int) -> Floats:
        """Return the probability of at least one visit to the shop from `first_day` on, one entry per row.

        The row's voucher of that shop has `face` (minor units; 0: no voucher). The person holds no other.
        """

    def day(self, day: int, held: Held) -> tuple[Int64s, Int64s]:
        """Draw the visits of one day: persons (ascending) and slots. At most one visit per person and shop."""

    def settle(self, day: int, person: Int64s, slot: Int64s, given: Held) -> None:
        """End a week before `day`: remember its visits, tell friends, and what was given at its beginning."""


def told_friends(world: World, person: Int64s, slot: Int64s, random: np.random.Generator) -> tuple[Int64s, Int64s]:
    """Let each visit be told to one friend; return who heard, and the slot, where that friend has the shop in reach."""
    people = world.people
    size = np.diff(people.friend_offsets)[person]
    speaks = size > 0
    person, slot, size = person[speaks], slot[speaks], size[speaks]
    chosen = people.friend_offsets[person] + (random.random(len(person)) * size).astype(np.int64)
    friend = people.friends[chosen].astype(np.int64)
    heard = world.slot_of(friend, world.reach[person, slot].astype(np.int64))
    return friend[heard >= 0], heard[heard >= 0]
