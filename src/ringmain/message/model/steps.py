"""What becomes of a message: its states, what a provider's report means beside those before it, repeated tries."""

import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

MOST_TRIES = 6
_FIRST_WAIT = timedelta(seconds=10)
_LONGEST_WAIT = timedelta(minutes=10)
# Reasons for which no other message can arrive at the same address either.
ADDRESS_FAULTS = frozenset(
    {
        "address_invalid",
        "address_not_mobile",
        "address_refused",
        "address_unknown",
        "blocked_by_carrier",
        "not_following",
        "stopped_at_provider",
        "subscription_gone",
    }
)
# What people text to our number to be left in peace, in small letters; carriers know the same words.
_STOP_WORDS = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "td", "t", "退订", "退定"})


class State(StrEnum):
    """What became of a message: the last of its deliveries. `SENT`: the provider took it; it tells more later."""

    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    OPENED = "opened"
    COMPLAINED = "complained"
    FAILED = "failed"
    BOUNCED = "bounced"
    REFUSED = "refused"


class Verdict(StrEnum):
    """What a provider's report was: news, told before, told too late to matter, or of no message of ours."""

    NEW = "new"
    REPEATED = "repeated"
    LATE = "late"
    UNKNOWN = "unknown"


def wait_after(tries: int) -> timedelta | None:
    """Return how long to wait after so many tries that failed for a passing reason; None: give up."""
    if tries >= MOST_TRIES:
        return None
    return min(_FIRST_WAIT * (1 << (tries - 1)), _LONGEST_WAIT)


def is_stop_word(text: str) -> bool:
    """Say whether a text message asks for no more; letters of full width and signs around the word do not matter."""
    return unicodedata.normalize("NFKC", text).strip(" \t\r\n.!。！\"'“”").lower() in _STOP_WORDS


# How far a message has come by one try: what is later says nothing of what was before.
_RANKS = {
    State.QUEUED: 0,
    State.SENT: 1,
    State.FAILED: 2,
    State.DELIVERED: 3,
    State.BOUNCED: 4,
    State.OPENED: 5,
    State.COMPLAINED: 6,
}


class Step(Protocol):
    """What became of a message at some moment; `late` ones say nothing of how it stands."""

    @property
    def state(self) -> str:
        """The state."""
        ...

    @property
    def provider_reference(self) -> str | None:
        """What the provider calls this try."""
        ...

    @property
    def happened_at(self) -> datetime:
        """When, by the clock of who tells it."""
        ...

    @property
    def late(self) -> bool:
        """Whether something later was known before."""
        ...


def reference_of(steps: Sequence[Step], reference: str | None) -> str | None:
    """Return to which try a report belongs: the one it names, else the last one."""
    if reference is not None:
        return reference
    return next((one.provider_reference for one in reversed(steps) if one.state == State.SENT), None)


def judge(steps: Sequence[Step], state: State, reference: str | None, happened_at: datetime) -> Verdict:
    """Say whether a report is news, given the steps before it in their order.

    It was told before where the same try has this state already; it is late where more is known of this try, or where
    another try was begun after a failure that is told only now.
    """
    own = reference_of(steps, reference)
    mine = [one for one in steps if one.provider_reference == own]
    if any(one.state == state and one.happened_at == happened_at for one in mine):
        return Verdict.REPEATED
    # One name may stand for several tries: what counts is what was told since the last of them began.
    begins = max((place for place, one in enumerate(mine) if one.state == State.SENT and not one.late), default=0)
    mine = mine[begins:]
    if any(one.state == state for one in mine if state is not State.QUEUED):
        return Verdict.REPEATED
    known = max((_RANKS.get(State(one.state), 0) for one in mine if not one.late), default=0)
    tries = [one.provider_reference for one in steps if one.state == State.SENT]
    another = own in tries and tries[-1] != own
    if _RANKS[state] <= known or (another and state in (State.FAILED, State.BOUNCED)):
        return Verdict.LATE
    return Verdict.NEW
