"""What a campaign is, which of its states may follow which, and whether it is open to somebody here and now."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from math import asin, cos, radians, sin, sqrt
from typing import Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

LEAST_COMPARED_BP, MOST_COMPARED_BP, USUAL_COMPARED_BP = 500, 1_000, 1_000
DAY_MINUTES = 1_440
# Without a purchase for so many days a guest has stayed away, where nothing else is said.
LAPSED_DAYS, LEAST_LAPSED, MOST_LAPSED = 60, 7, 730
_EARTH_M = 6_371_000.0

Goal = Literal["new", "lapsed", "quiet_hours", "exchange"]
Channel = Literal["scene", "search", "message"]
AudienceKind = Literal["everyone", "tribe", "segment", "need", "area"]


class State(StrEnum):
    """Where a campaign stands."""

    DRAFT = "draft"
    AWAITING_APPROVAL = "awaiting_approval"
    RUNNING = "running"
    PAUSED = "paused"
    ENDED = "ended"


# What may follow what; everything else is refused.
MOVES: Final[dict[State, frozenset[State]]] = {
    State.DRAFT: frozenset({State.AWAITING_APPROVAL, State.RUNNING, State.ENDED}),
    State.AWAITING_APPROVAL: frozenset({State.DRAFT, State.RUNNING, State.ENDED}),
    State.RUNNING: frozenset({State.PAUSED, State.ENDED}),
    State.PAUSED: frozenset({State.RUNNING, State.ENDED}),
    State.ENDED: frozenset(),
}


_NEEDED: Final[dict[AudienceKind, frozenset[str]]] = {
    "everyone": frozenset(),
    "tribe": frozenset({"tribe_id"}),
    "segment": frozenset({"segment_id"}),
    "need": frozenset({"category"}),
    "area": frozenset({"latitude", "longitude", "metres"}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Who may get the offer: everyone in reach, a tribe, a segment, an area, or who needs a category.

    `category`: of shops, one of which the person probably visits within a week. Area: who stands at a shop of it.
    """

    kind: AudienceKind = "everyone"
    tribe_id: UUID | None = None
    segment_id: UUID | None = None
    category: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    metres: int | None = None

    @property
    def fault(self) -> str | None:
        """The field that is missing, or too much, for its kind; None where all is well."""
        needed = _NEEDED[self.kind]
        names = ("tribe_id", "segment_id", "category", "latitude", "longitude", "metres")
        return next((name for name in names if (getattr(self, name) is not None) != (name in needed)), None)

    def takes_in(
        self,
        tribe_id: UUID | None,
        segment_ids: frozenset[UUID],
        place: tuple[float, float] | None,
        wanted: frozenset[str] = frozenset(),
    ) -> bool:
        """Say whether it takes in a person of a tribe and of segments who wants categories, at a place."""
        if self.kind == "need":
            return self.category in wanted
        if self.kind == "tribe":
            return tribe_id is not None and tribe_id == self.tribe_id
        if self.kind == "segment":
            return self.segment_id in segment_ids
        if self.kind == "area":
            if place is None or self.latitude is None or self.longitude is None or self.metres is None:
                return False
            return _metres((self.latitude, self.longitude), place) <= self.metres
        return True


def _metres(here: tuple[float, float], there: tuple[float, float]) -> float:
    """Return the great-circle distance (haversine)."""
    (lat, lon), (lat_to, lon_to) = ([radians(value) for value in place] for place in (here, there))
    half = sin((lat_to - lat) / 2) ** 2 + cos(lat) * cos(lat_to) * sin((lon_to - lon) / 2) ** 2
    return 2 * _EARTH_M * asin(sqrt(half))


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When the offer is given: between two moments, on some weekdays, within some minutes of the network's day."""

    starts_at: datetime
    ends_at: datetime
    weekdays: tuple[int, ...] = ()
    from_minute: int = 0
    until_minute: int = DAY_MINUTES

    def open_at(self, at: datetime, time_zone: str) -> bool:
        """Say whether it is open at a moment."""
        if not self.starts_at <= at < self.ends_at:
            return False
        local = at.astimezone(ZoneInfo(time_zone))
        minute = local.hour * 60 + local.minute
        return self.open_on(at, time_zone) and self.from_minute <= minute < self.until_minute

    def open_on(self, at: datetime, time_zone: str) -> bool:
        """Say whether it is open at some hour of this day: who gets a message comes later."""
        if not self.starts_at <= at < self.ends_at:
            return False
        return not self.weekdays or at.astimezone(ZoneInfo(time_zone)).isoweekday() in self.weekdays


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCampaign:
    """A campaign as somebody thinks of it. `comparison_bp`: 500 to 1,000 of 10,000 people are compared with.

    Its goal narrows whom it is for: `new` who never bought at its merchant's shops, `lapsed` who did, and not for
    `lapsed_days`, as far as the network may tell.
    """

    merchant_id: UUID
    name: str
    goal: Goal
    offer_id: UUID
    budget_minor: int
    schedule: Schedule
    audience: Audience = field(default_factory=Audience)
    channels: tuple[Channel, ...] = ("scene", "search")
    comparison_bp: int = USUAL_COMPARED_BP
    turn_hours: int | None = None
    partnership_id: UUID | None = None
    copied_from: UUID | None = None
    lapsed_days: int = LAPSED_DAYS

    @property
    def narrows(self) -> bool:
        """Whether what people bought at its merchant's shops decides whom it is for."""
        return self.goal in ("new", "lapsed")

    def is_for(self, last_at: datetime | None, at: datetime) -> bool:
        """Say whether its goal is about somebody who bought there last then (None: never, as far as is known)."""
        if self.goal == "new":
            return last_at is None
        if self.goal == "lapsed":
            return last_at is not None and last_at <= at - timedelta(days=self.lapsed_days)
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """A campaign as it stands."""

    id: UUID
    said: NewCampaign
    currency: str
    salt: bytes
    state: State
    changed_at: datetime
    made_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Partnership:
    """Merchants that give each other's vouchers; `agreed` said yes. It holds while nobody has ended it."""

    id: UUID
    name: str
    proposed_by: UUID
    merchant_ids: tuple[UUID, ...]
    currency: str
    limit_minor: int
    proposed_at: datetime
    agreed: tuple[UUID, ...]
    ended_at: datetime | None
    ended_by: UUID | None = None

    @property
    def state(self) -> Literal["proposed", "agreed", "ended"]:
        """Where it stands."""
        if self.ended_at is not None:
            return "ended"
        return "agreed" if set(self.merchant_ids) <= set(self.agreed) else "proposed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchOff:
    """Days in which no campaign gives anything in areas drawn by chance; `share_bp` of 10,000 areas are off."""

    id: UUID
    salt: bytes
    share_bp: int
    starts_at: datetime
    ends_at: datetime
    planned_at: datetime
    stopped_at: datetime | None

    @property
    def over_at(self) -> datetime:
        """When it ends, or has ended."""
        return self.ends_at if self.stopped_at is None else min(self.stopped_at, self.ends_at)
