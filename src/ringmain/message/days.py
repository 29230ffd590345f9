"""A day of messages as operators see it: by channel and kind how many wait, were sent, arrived, failed and why."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ringmain.kit.db import UnitOfWork
from ringmain.message.model import Kind
from ringmain.message.model.steps import State
from ringmain.message.store import days as store
from ringmain.message.texts import Template
from ringmain.network import api as network

_SENT = (State.SENT, State.DELIVERED, State.OPENED, State.COMPLAINED)
_ARRIVED = (State.DELIVERED, State.OPENED, State.COMPLAINED)
_FAILED = (State.FAILED, State.BOUNCED)


@dataclass(frozen=True, slots=True)
class DayLine:
    """Messages of one channel and kind. `to_send` are due, `waiting` not yet: quiet hours, or a pause before a new try.

    `sent` were taken by the provider; `arrived` (where it tells) and `opened` are among them. `refused` were not sent
    because of a rule; by `stopped` of them somebody stopped all messages like them.
    """

    channel: str
    kind: Kind
    to_send: int
    waiting: int
    sent: int
    arrived: int
    opened: int
    failed: int
    refused: int
    stopped: int


@dataclass(frozen=True, slots=True)
class Day:
    """All lines of a day, and why messages failed and were refused."""

    lines: list[DayLine]
    failed: Mapping[str, int] = field(default_factory=dict)
    refused: Mapping[str, int] = field(default_factory=dict)


async def day_of_messages(uow: UnitOfWork, day: date) -> Day:
    """Return what became of the messages that were made on a day of the network."""
    zone, now = ZoneInfo((await network.network_of(uow)).time_zone), await uow.now()
    since, until = (datetime.combine(one, time(), tzinfo=zone) for one in (day, day + timedelta(days=1)))
    counted = await store.count(uow, since, until, now)
    stops = await store.count_stops(uow, since, until)
    keys = sorted({(one.channel, Template(one.template).kind) for one in counted})
    return Day(
        [_line(channel, kind, [*counted, *stops]) for channel, kind in keys],
        _reasons(counted, _FAILED),
        _reasons(counted, (State.REFUSED,)),
    )


def _line(channel: str, kind: Kind, counts: Iterable[store.DayCount]) -> DayLine:
    mine = [one for one in counts if one.channel == channel and Template(one.template).kind is kind]

    def total(*states: str, waits: bool | None = None) -> int:
        return sum(one.messages for one in mine if one.state in states and waits in (None, one.waits))

    return DayLine(
        channel=channel,
        kind=kind,
        to_send=total(State.QUEUED, waits=False),
        waiting=total(State.QUEUED, waits=True),
        sent=total(*_SENT),
        arrived=total(*_ARRIVED),
        opened=total(State.OPENED),
        failed=total(*_FAILED),
        refused=total(State.REFUSED),
        stopped=total("stopped"),
    )


def _reasons(counts: Iterable[store.DayCount], states: tuple[State, ...]) -> dict[str, int]:
    """Return how many stand so by their reason, the most frequent first."""
    found: Counter[str] = Counter()
    for one in counts:
        if one.state in states:
            found[one.reason or ""] += one.messages
    return dict(found.most_common())
