"""How far the vouchers by message of a day are, for whoever runs the network; and the way to stop them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from ringmain.campaign.messages import store
from ringmain.campaign.model import play_day
from ringmain.kit.db import UnitOfWork
from ringmain.network import api as network


@dataclass(frozen=True, slots=True)
class RoundStanding:
    """A day's round: `people` could be sent something, `kept_back` could not, by rule.

    Of the `chosen`, `compared` get nothing, `given` have their voucher, `waiting` get it in the next minutes, and
    `refused` do not, by rule.
    """

    day: date
    planned_at: datetime | None
    people: int = 0
    chosen: int = 0
    compared: int = 0
    given: int = 0
    waiting: int = 0
    kept_back: Mapping[str, int] = field(default_factory=dict)
    refused: Mapping[str, int] = field(default_factory=dict)


async def round_standing(uow: UnitOfWork, day: date) -> RoundStanding:
    """Return how the round of a day stands; not planned: nothing was chosen on that day (yet)."""
    planned = await store.round_of(uow, day)
    if planned is None:
        return RoundStanding(day, None)
    counted = await store.of_day(uow, day)
    mine = [one for one in counted if one.treated]
    return RoundStanding(
        day=day,
        planned_at=planned.planned_at,
        people=planned.people,
        chosen=sum(one.people for one in counted),
        compared=sum(one.people for one in counted if not one.treated),
        given=sum(one.people for one in mine if not one.waits and one.refusal is None),
        waiting=sum(one.people for one in mine if one.waits),
        kept_back=planned.kept_back,
        refused={one.refusal: one.people for one in mine if one.refusal is not None},
    )


async def stop_round(uow: UnitOfWork) -> int:
    """Give nothing more of today's round, and return to how many people; what was given stays theirs.

    Announces `message_outcome`.
    """
    now = await uow.now()
    await store.lock_rounds(uow)
    left = await store.stop_day(uow, play_day(now, (await network.network_of(uow)).time_zone), now)
    if left:
        uow.record("message_outcome", left)
    return len(left)
