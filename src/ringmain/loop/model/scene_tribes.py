"""What a row of a scene and a tribe suggests: one action, by what was measured there."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ringmain.loop.model.lift import TUNED_FOR, Interval, State

# A plan whose interval still holds nought after so many people has not shown that it is worth keeping a tenth apart.
LONG_ENOUGH: Final = TUNED_FOR


class Action(StrEnum):
    """What to do about a tribe at a scene."""

    MAKE_PLAN = "make_plan"  # nothing is tried there
    WAIT = "wait"  # a plan runs, and it is too early to say
    EXTEND_PLAN = "extend_plan"  # it works: the tribe is met elsewhere, too, where it has none
    KEEP_PLAN = "keep_plan"  # it works, and is wherever the tribe is met
    END_HARMFUL = "end_harmful"  # it costs visits
    END_USELESS = "end_useless"  # no effect after many people
    REPEAT = "repeat"  # nothing runs, and what ran before worked


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured of a plan or a campaign, per person; `people` were followed. None: nothing may be said."""

    state: State
    more: float | None
    interval: Interval | None
    people: int

    @property
    def works(self) -> bool:
        """Whether its interval lies above nought."""
        return self.state is State.EFFECT and self.interval is not None and self.interval.low > 0

    @property
    def harms(self) -> bool:
        """Whether its interval lies below nought."""
        return self.state is State.EFFECT and self.interval is not None and self.interval.high < 0


def advise(running: Measured | None, before: Measured | None, *, free_scenes: int) -> Action:
    """Return one action: `running` is the plan there now, `before` the best of what has run for this tribe there.

    `free_scenes`: at how many other kinds of scenes the tribe is met and has no plan.
    """
    if running is None:
        return Action.REPEAT if before is not None and before.works else Action.MAKE_PLAN
    if running.works:
        return Action.EXTEND_PLAN if free_scenes else Action.KEEP_PLAN
    if running.harms:
        return Action.END_HARMFUL
    if running.people >= LONG_ENOUGH and running.interval is not None:
        return Action.END_USELESS
    return Action.WAIT
