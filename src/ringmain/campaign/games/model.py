"""What a game is, how its prizes are decided, and when they will not last: pure, for thousands of plays at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import numpy as np
import numpy.typing as npt

GameKind = Literal["scratch", "wheel", "catch"]
Period = Literal["day", "game"]
AlarmKind = Literal["prizes", "stand_ins"]

NO_PRIZE = -1
_HOUR = timedelta(hours=1)
# The rate of plays is that of the last day: its hours are as unequal as those that come.
_WATCHED = timedelta(hours=24)
_DAY_US = 86_400_000_000
_RANDOM_BITS = 62
_FLOAT_BITS = 53

Floats = npt.NDArray[np.float64]
Int64s = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class NewPrize:
    """A prize to be put into a game: `stock` vouchers of an offer, drawn in proportion to `odds`.

    Odds of 0 make it a stand-in, given when no other prize of the game is left; the network itself pays for it.
    """

    offer_id: UUID
    odds: int
    stock: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewGame:
    """A game to be opened at scenes; winners are shown `choices` prizes (1 to 3), of which they choose one."""

    kind: GameKind
    name: str
    starts_at: datetime
    ends_at: datetime
    scene_ids: tuple[UUID, ...]
    prizes: tuple[NewPrize, ...]
    period: Period = "day"
    choices: int = 1
    id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Prize:
    """A prize as it is published: its odds among those that are left, and how many of `stock` are left."""

    place: int
    offer_id: UUID
    lot_id: UUID
    odds: int
    stock: int

    @property
    def stand_in(self) -> bool:
        """Whether it is given only when nothing else is left."""
        return self.odds == 0


@dataclass(frozen=True, slots=True)
class GameScene:
    """A scene at which a game is played; `shop_id` None: the network's own."""

    scene_id: UUID
    game_id: UUID
    shop_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Game:
    """A game as it stands, without its prizes."""

    id: UUID
    kind: GameKind
    name: str
    period: Period
    starts_at: datetime
    ends_at: datetime
    opened_at: datetime
    closed_at: datetime | None = None
    choices: int = 1


@dataclass(frozen=True, slots=True)
class PrizeShops:
    """Where a prize leads: its shops, each with its merchant; none of them: to every shop of the network."""

    shops: tuple[tuple[UUID, UUID], ...]  # (merchant, shop)


def allowed(
    scene_shop: tuple[UUID, UUID] | None,
    prize: PrizeShops,
    rivals: frozenset[tuple[UUID, UUID]] | set[tuple[UUID, UUID]],
) -> bool:
    """Say whether a prize may be won at a scene: never a voucher of the shop itself, nor of a rival, either way.

    Shops are (merchant, shop); rivals are declarations (merchant, rival shop).
    """
    if scene_shop is None:
        return True
    merchant, shop = scene_shop
    return all(
        other != shop and (merchant, other) not in rivals and (owner, shop) not in rivals
        for owner, other in prize.shops
    )


def chance_of(ids: npt.NDArray[np.void]) -> Floats:
    """Return a number in [0, 1) per UUID (V16), from its last 62 bits: random in a UUIDv7 that the server made.

    So who knows a play, the odds and what was left at the time can work out its prize again.
    """
    last = ids.view(">u8").reshape(-1, 2)[:, 1].astype(np.uint64)
    kept = (last & np.uint64(2**_RANDOM_BITS - 1)) >> np.uint64(_RANDOM_BITS - _FLOAT_BITS)
    numbers: Floats = kept.astype(np.float64) / 2.0**_FLOAT_BITS
    return numbers


def decide(odds: Floats, row: Int64s, left: Int64s, chance: Floats) -> Int64s:
    """Return the column of each play's prize, in order of arrival; `NO_PRIZE` where nothing is left for it.

    `odds` has a row per scene and a column per prize, 0 where it may not be won there; a play at scene `row` with
    `chance` takes one of `left`. Where a prize runs out, whoever came too late draws again among the others with the
    same odds; their chance within the interval that they had drawn is as random as before.
    """
    odds = np.where(left > 0, odds, 0.0)
    drawn = np.full(len(row), NO_PRIZE, dtype=np.int64)
    open_ = np.arange(len(row))
    chance = chance.copy()
    while len(open_):
        total = odds.sum(axis=1)
        open_ = open_[total[row[open_]] > 0]
        drawn[open_] = _draw(odds, total, row[open_], chance, open_)
        over = _too_late(drawn, left)
        drawn[over] = NO_PRIZE
        odds = np.where(np.bincount(drawn[drawn >= 0], minlength=len(left)) >= left, 0.0, odds)
        open_ = over
    return drawn


def _draw(odds: Floats, total: Floats, row: Int64s, chance: Floats, places: Int64s) -> Int64s:
    """Draw for the plays at `places`, and put in the place of their chance where in its interval it lay."""
    ends = np.cumsum(odds, axis=1)
    point = chance[places] * total[row]
    column = (point[:, None] >= ends[row]).sum(axis=1)
    # Rounding may carry a point to the very end: then it is the last prize that has odds.
    last = odds.shape[1] - 1 - np.argmax(odds[:, ::-1] > 0, axis=1)
    column = np.minimum(column, last[row])
    width = odds[row, column]
    chance[places] = np.clip((point - (ends[row, column] - width)) / width, 0.0, np.nextafter(1.0, 0.0))
    drawn: Int64s = column
    return drawn


def _too_late(drawn: Int64s, left: Int64s) -> Int64s:
    """Return the places of those for whom nothing is left of what they drew, in order of arrival."""
    counts = np.bincount(drawn[drawn >= 0], minlength=len(left))
    late = [np.flatnonzero(drawn == column)[left[column] :] for column in np.flatnonzero(counts > left)]
    return np.sort(np.concatenate(late)) if late else np.empty(0, dtype=np.int64)


def stand_in(stand_ins: npt.NDArray[np.bool_], row: Int64s, drawn: Int64s, left: Int64s) -> Int64s:
    """Give whoever drew nothing the first stand-in that is left and may be won there; in order of arrival.

    `stand_ins` has a row per scene and a column per prize. Returns the columns, `drawn` where one was drawn.
    """
    given = drawn.copy()
    left = left - np.bincount(drawn[drawn >= 0], minlength=len(left))
    for place in np.flatnonzero(drawn == NO_PRIZE):
        fitting = np.flatnonzero(stand_ins[row[place]] & (left > 0))
        if len(fitting):
            given[place] = fitting[0]
            left[fitting[0]] -= 1
    return given


def expected_plays(before: Mapping[datetime, int], total: int, now: datetime, ends_at: datetime) -> int:
    """Return how many plays are still to come until the end, at the rate of the last 24 hours.

    `before` has how many had played when each hour began, by its beginning; `total` have played until now. A game of
    less than an hour counts as one of an hour.
    """
    watched = [hour for hour in before if hour > now - _WATCHED - _HOUR]
    if not watched or ends_at <= now:
        return 0
    first = min(watched)
    seen = max(min(now - first, _WATCHED), _HOUR)
    return round((total - before[first]) * ((ends_at - now) / seen))


def alarms(expected: int, prizes_left: int, stand_ins_left: int) -> list[AlarmKind]:
    """Return what the operator has to be told: prizes will not last, or not even with those that stand in."""
    told: list[AlarmKind] = []
    if prizes_left < expected:
        told.append("prizes")
    if prizes_left + stand_ins_left < expected:
        told.append("stand_ins")
    return told


def days_of(at_us: Int64s, offsets_us: Int64s) -> Int64s:
    """Return the local day since 1970 of UTC microseconds, given the offset of local time from UTC at each."""
    days: Int64s = (at_us + offsets_us) // _DAY_US
    return days


def packed(ids: Sequence[UUID]) -> npt.NDArray[np.void]:
    """Return UUIDs as V16."""
    return np.frombuffer(b"".join([id_.bytes for id_ in ids]), dtype="V16")
