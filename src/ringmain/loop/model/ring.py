"""What many campaigns did together, and what one sharing brought: figures with intervals, or too early to say."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Literal

from ringmain.loop.model.lift import Comparison, Interval, Reading, State, sequence

# Fewer people than so many seen, or led by sharing, say nothing of how many the next hundred bring.
_FEWEST_ACTIVE, _FEWEST_LED = 100, 5
_WIDE = 1.96

Side = Literal["injected", "received", "sent", "came"]


@dataclass(frozen=True, slots=True)
class Given:
    """What a merchant gives to others or gets from them; None of what is of too few people to be told."""

    side: Side
    vouchers: int | None
    people: int | None
    amount_minor: int | None


@dataclass(frozen=True, slots=True)
class Sharing:
    """New members of `days` and those first seen at a shared link; `factor`: these for each member who was active.

    None with its interval where too few were seen. It counts; it does not say that they would not have come anyway.
    `sent` invitations of `senders` people led to `joined` new members, of whom `came` bought something at a shop.
    """

    days: int
    active: int
    new: int
    by_sharing: int
    factor: float | None
    interval: Interval | None
    senders: int = 0
    sent: int = 0
    joined: int = 0
    came: int = 0

    @property
    def sent_each(self) -> float | None:
        """Invitations per active person; times `conversion` that is what sharing brings for each (k)."""
        return self.sent / self.active if self.active else None

    @property
    def conversion(self) -> float | None:
        """New members per invitation."""
        return self.joined / self.sent if self.sent else None


@dataclass(frozen=True, slots=True)
class Stages:
    """People, each stage within the one before: won a voucher that has ended, came, spent it, came back in full."""

    won: int
    came: int
    spent: int
    back: int


def pooled(compared: Sequence[Comparison]) -> Reading:
    """Return what campaigns brought together to the people who could get their offers, looked at whenever one likes.

    Each campaign dealt its own people by chance, so their effects are added, and the squares of the ranges of their
    95 % sequences as well. Campaigns with too few people in one of the groups say nothing and are left out.
    """
    enough = [one for one in compared if one.enough]
    treated, others = sum(one.treated for one in enough), sum(one.others for one in enough)
    if not enough:
        return Reading(State.TOO_EARLY, sum(one.treated for one in compared), sum(one.others for one in compared))
    total = sum(one.effect * one.treated for one in enough)
    ranges = [(one, sequence(one)) for one in enough]
    low = sqrt(sum(((one.effect - found.low) * one.treated) ** 2 for one, found in ranges))
    high = sqrt(sum(((found.high - one.effect) * one.treated) ** 2 for one, found in ranges))
    interval = Interval(total - low, total + high)
    state = State.EFFECT if interval.shows_effect else State.TOO_EARLY
    return Reading(state, treated, others, total, interval, total / treated)


def sharing_of(days: int, active: int, new: int, by_sharing: int, **sent: int) -> Sharing:
    """Return the factor of sharing with Wilson's 95 % interval (JASA 22, 1927); `sent`: of invitations."""
    if active < _FEWEST_ACTIVE or by_sharing < _FEWEST_LED:
        return Sharing(days, active, new, by_sharing, None, None, **sent)
    share = min(1.0, by_sharing / active)
    middle = (share + _WIDE**2 / (2 * active)) / (1 + _WIDE**2 / active)
    half = _WIDE * sqrt(share * (1 - share) / active + _WIDE**2 / (4 * active**2)) / (1 + _WIDE**2 / active)
    return Sharing(days, active, new, by_sharing, by_sharing / active, Interval(middle - half, middle + half), **sent)
