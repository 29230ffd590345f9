"""When to try again, when to give up, and what an answer means."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from uuid import UUID

from ringmain.kit.pure.ids import uuid7_of


@dataclass(frozen=True, slots=True)
class Schedule:
    """Pauses double from `first` to `longest`, each spread by up to a fifth, until `give_up` after the fact."""

    first: timedelta = timedelta(seconds=5)
    longest: timedelta = timedelta(hours=6)
    give_up: timedelta = timedelta(days=3)

    def pause(self, attempts: int, spread: float) -> timedelta:
        """Return how long to wait after so many attempts (1 or more); `spread` is 0 to 1, by chance."""
        doubled: timedelta = self.first * float(2 ** min(attempts - 1, 20))
        return min(doubled, self.longest) * (0.9 + 0.2 * spread)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt: an HTTP status, or the reason why there is none."""

    status: int | None
    error: str = ""

    @property
    def delivered(self) -> bool:
        """Whether the receiver said that it has it."""
        return self.status is not None and HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def gone(self) -> bool:
        """Whether the receiver asked never to be called again."""
        return self.status == HTTPStatus.GONE


def event_id(network_id: UUID, kind: str, fact_id: UUID, recorded_at: datetime) -> UUID:
    """Return the id of the event that tells a fact: the same however often the fact is read."""
    return uuid7_of(recorded_at, "webhook event", network_id, kind, fact_id)


def message_id(event: UUID) -> str:
    """Return an event's id as receivers see it, in the header `webhook-id` and as the CloudEvent's id."""
    return f"evt_{event.hex}"
