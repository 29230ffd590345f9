"""Closure of granted vouchers, leaks, and second visits: who came, and where they had been before."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Int64s = NDArray[np.int64]
Bools = NDArray[np.bool_]

# Stands for a time that never was, and for a member whom nobody identified.
NONE = -1
HISTORY_DAYS = 26 * 7
_MICROSECONDS_PER_DAY = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Grants:
    """Granted vouchers as arrays of one length; times are microseconds since 1970, `NONE` where there is none.

    - `redeemed_at`: the first redemption that was not reversed. `came_at`: the holder's first visit to a shop where the
      voucher could be spent, while it could be spent.
    - `history_from`: the holder's first visit in the data.
    - `has_visited`, `has_unvisited`: of the shops where it could be spent, the holder had been to one, or not to one,
      before the grant. `redeemed_where_visited`: the shop of `redeemed_at` had been visited before the grant.
    """

    member: Int64s
    granted_at: Int64s
    valid_until: Int64s
    redeemed_at: Int64s
    came_at: Int64s
    history_from: Int64s
    has_visited: Bools
    has_unvisited: Bools
    redeemed_where_visited: Bools


@dataclass(frozen=True, slots=True)
class Rate:
    """How many of how many closed; `per_member` is the mean of the members' own rates, so that heavy users do not rule.

    The rates are None where nothing was counted. Vouchers of nobody known count per voucher only.
    """

    vouchers: int
    closed: int
    members: int
    per_voucher: float | None
    per_member: float | None


@dataclass(frozen=True, slots=True)
class ClosureWithin:
    """What closed within so many days of the grant, of the vouchers granted at least so long before the data end.

    `habit`: spent where the holder had been before, of the vouchers that could be. `discovery`: spent where the holder
    had never been, of the vouchers that could be. The two are never added up: a voucher for several shops may stand in
    both. `unknown`: vouchers whose holder's history does not reach back far enough to tell; they are in neither.
    """

    days: int
    every: Rate
    habit: Rate
    discovery: Rate
    unknown: Rate


@dataclass(frozen=True, slots=True)
class Closure:
    """Closure of granted vouchers: a voucher closes when it is redeemed and that is not reversed."""

    history_days: int
    within: tuple[ClosureWithin, ...]


@dataclass(frozen=True, slots=True)
class Leaks:
    """Where vouchers that have ended, and whose holder is known, were lost.

    `granted` >= `came` (to a shop that takes it, in time) >= `redeemed`. `running` have not ended yet, and of
    `unidentified` nobody knows whether their holder came; both are left out.
    """

    granted: int
    came: int
    redeemed: int
    running: int
    unidentified: int
    never_came: float | None
    came_and_kept: float | None


@dataclass(frozen=True, slots=True)
class Redemptions:
    """Redemptions that stand, of known members, as arrays; times as in `Grants`.

    `next_at` is the member's next visit to the same shop, `next_paid_with_voucher` whether one was spent there again.
    `is_known` tells whether the member's history reaches back far enough to say `is_habit`: there before the grant.
    """

    member: Int64s
    redeemed_at: Int64s
    next_at: Int64s
    next_paid_with_voucher: Bools
    is_known: Bools
    is_habit: Bools


@dataclass(frozen=True, slots=True)
class SecondVisits:
    """Redemptions after which the member came back to the shop within so many days and spent no voucher there.

    Only redemptions at least so long before the data end are counted. In the rates, `closed` are those that came back.
    """

    days: int
    every: Rate
    habit: Rate
    discovery: Rate
    unknown: Rate


def closure(grants: Grants, until: int, days: tuple[int, ...] = (7, 14), history_days: int = HISTORY_DAYS) -> Closure:
    """Return closure within each number of days; `until` (microseconds) is where the data end."""
    known = (grants.member != NONE) & known_from(grants.history_from, grants.granted_at, history_days)
    return Closure(history_days, tuple(_closure_within(grants, known, until, one) for one in days))


def known_from(history_from: Int64s, granted_at: Int64s, history_days: int = HISTORY_DAYS) -> Bools:
    """Return whose history in the data reaches back so many days before the grant: else nobody can tell habit."""
    begins = granted_at - history_days * _MICROSECONDS_PER_DAY
    known: Bools = (history_from != NONE) & (history_from <= begins)
    return known


def leaks(grants: Grants, until: int) -> Leaks:
    """Return where vouchers that ended by `until` were lost."""
    identified = grants.member != NONE
    has_ended = grants.valid_until <= until
    counted = identified & has_ended
    redeemed = counted & (grants.redeemed_at != NONE)
    # Who redeemed was there, whether the till knew the person or not.
    came = redeemed | (counted & (grants.came_at != NONE))
    granted, came_count, redeemed_count = int(counted.sum()), int(came.sum()), int(redeemed.sum())
    return Leaks(
        granted=granted,
        came=came_count,
        redeemed=redeemed_count,
        running=int((identified & ~has_ended).sum()),
        unidentified=int((~identified).sum()),
        never_came=1 - came_count / granted if granted else None,
        came_and_kept=1 - redeemed_count / came_count if came_count else None,
    )


def second_visits(redemptions: Redemptions, until: int, days: int = 28) -> SecondVisits:
    """Return how many came back within `days` without spending a voucher; `until` is where the data end."""
    length = days * _MICROSECONDS_PER_DAY
    ripe = redemptions.redeemed_at + length <= until
    came = (redemptions.next_at != NONE) & (redemptions.next_at <= redemptions.redeemed_at + length)
    back = came & ~redemptions.next_paid_with_voucher
    known = ripe & redemptions.is_known
    return SecondVisits(
        days,
        every=_rate(redemptions.member, ripe, back),
        habit=_rate(redemptions.member, known & redemptions.is_habit, back),
        discovery=_rate(redemptions.member, known & ~redemptions.is_habit, back),
        unknown=_rate(redemptions.member, ripe & ~redemptions.is_known, back),
    )


def _closure_within(grants: Grants, known: Bools, until: int, days: int) -> ClosureWithin:
    length = days * _MICROSECONDS_PER_DAY
    ripe = grants.granted_at + length <= until
    closed = (grants.redeemed_at != NONE) & (grants.redeemed_at <= grants.granted_at + length)
    by_habit = closed & grants.redeemed_where_visited
    by_discovery = closed & ~grants.redeemed_where_visited
    # What closed in a class could do so, whatever the offer says of its shops now.
    return ClosureWithin(
        days,
        every=_rate(grants.member, ripe, closed),
        habit=_rate(grants.member, ripe & known & (grants.has_visited | by_habit), by_habit),
        discovery=_rate(grants.member, ripe & known & (grants.has_unvisited | by_discovery), by_discovery),
        unknown=_rate(grants.member, ripe & ~known, closed),
    )


def _rate(member: Int64s, counted: Bools, closed: Bools) -> Rate:
    vouchers, closed_count = int(counted.sum()), int((counted & closed).sum())
    of_members = counted & (member != NONE)
    granted = np.bincount(member[of_members])
    closed_of = np.bincount(member[of_members & closed], minlength=len(granted))
    took_part = granted > 0
    members = int(took_part.sum())
    return Rate(
        vouchers=vouchers,
        closed=closed_count,
        members=members,
        per_voucher=closed_count / vouchers if vouchers else None,
        per_member=float((closed_of[took_part] / granted[took_part]).mean()) if members else None,
    )
