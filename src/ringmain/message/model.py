"""Who may be sent what, and when: consent, caps, quiet hours, pauses and repeated tries as pure decisions."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from enum import StrEnum

from ringmain.message.errors import MessageRulesInvalid, PauseInvalid

DAY_MINUTES = 24 * 60
MOST_TRIES = 6
LONGEST_PAUSE = timedelta(days=366)
_WEEK_DAYS = 7
_FIRST_WAIT = timedelta(seconds=10)
_LONGEST_WAIT = timedelta(minutes=10)
_LONGEST_EMAIL = 254
# One address without a name, comments or line ends: what a header of a mail can hold without being read as more.
_EMAIL = re.compile(r"[!#-'*+/-9=?A-Z^-~-]+(?:\.[!#-'*+/-9=?A-Z^-~-]+)*@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}")


class Channel(StrEnum):
    """The way a message takes; `NONE`: the person does not want to be reached."""

    SMS = "sms"
    EMAIL = "email"
    NONE = "none"


class Purpose(StrEnum):
    """What a message is for: belonging to something the person did, or an attempt to sell."""

    TRANSACTIONAL = "transactional"
    MARKETING = "marketing"


class State(StrEnum):
    """What became of a message: the last of its deliveries."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"
    REFUSED = "refused"


class Refusal(StrEnum):
    """The rules of people and networks that keep a message from being sent."""

    PERSON_UNKNOWN = "person_unknown"
    NETWORK_SIMULATED = "network_simulated"
    CHANNEL_NONE = "channel_none"
    NO_ADDRESS = "no_address"
    ADDRESS_UNPROVEN = "address_unproven"
    NO_CONSENT = "no_consent"
    PAUSED = "paused"
    CAP_DAY = "cap_day"
    CAP_WEEK = "cap_week"


@dataclass(frozen=True, slots=True)
class Rules:
    """How much marketing a network may send one person, from all its merchants together, and when (local minutes)."""

    marketing_per_day: int = 1
    marketing_per_week: int = 3
    quiet_from: int = 21 * 60
    quiet_until: int = 9 * 60


@dataclass(frozen=True, slots=True)
class Preferences:
    """How a person wants to be reached; a pause stops marketing only."""

    channel: Channel = Channel.SMS
    paused_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Recipient:
    """What the rules ask of a person. `marketing_days`: the local days of the marketing they got or will get."""

    has_phone: bool
    phone_proven: bool
    consented: bool
    preferences: Preferences
    marketing_at: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a message may be sent: by which channel and when, or which rule refuses it."""

    channel: Channel
    due_at: datetime
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """The time of a decision, where it is made, and whether the network lives in the present at all."""

    now: datetime
    zone: tzinfo
    simulated: bool = False


def check_rules(rules: Rules) -> Rules:
    """Return the rules. Raises `MessageRulesInvalid` where they contradict themselves."""
    counts_fit = 0 <= rules.marketing_per_day <= rules.marketing_per_week
    if not counts_fit or not all(0 <= minute < DAY_MINUTES for minute in (rules.quiet_from, rules.quiet_until)):
        raise MessageRulesInvalid
    return rules


def check_pause(paused_until: datetime | None, now: datetime) -> datetime | None:
    """Return the end of a pause. Raises `PauseInvalid` where it is over already, or further away than a year."""
    if paused_until is not None and not now < paused_until <= now + LONGEST_PAUSE:
        raise PauseInvalid
    return paused_until


def decide(purpose: Purpose, recipient: Recipient | None, rules: Rules, moment: Moment) -> Decision:
    """Say whether a message may go to a person, and when; None is a person who is not known (any more)."""
    due_at = due(purpose, rules, moment)
    channel = Channel.NONE if recipient is None else recipient.preferences.channel
    refusal = _refusal(purpose, recipient, moment)
    if refusal is None and purpose is Purpose.MARKETING:
        assert recipient is not None
        refusal = _over_cap(recipient.marketing_at, due_at, rules, moment.zone)
    return Decision(Channel.NONE if refusal is Refusal.NO_ADDRESS else channel, due_at, refusal)


def still_refused(purpose: Purpose, recipient: Recipient | None, moment: Moment) -> Refusal | None:
    """Say which rule refuses a message at the moment of sending: consent may have been withdrawn overnight."""
    return _refusal(purpose, recipient, moment)


def _refusal(purpose: Purpose, recipient: Recipient | None, moment: Moment) -> Refusal | None:
    if moment.simulated:
        return Refusal.NETWORK_SIMULATED
    if recipient is None:
        return Refusal.PERSON_UNKNOWN
    if recipient.preferences.channel is Channel.NONE:
        return Refusal.CHANNEL_NONE
    if not recipient.has_phone:
        return Refusal.NO_ADDRESS
    return _marketing_refusal(recipient, moment.now) if purpose is Purpose.MARKETING else None


def _marketing_refusal(recipient: Recipient, now: datetime) -> Refusal | None:
    if not recipient.consented:
        return Refusal.NO_CONSENT
    # A number that somebody mistyped at a till belongs to a stranger, who agreed to nothing.
    if not recipient.phone_proven:
        return Refusal.ADDRESS_UNPROVEN
    paused_until = recipient.preferences.paused_until
    return Refusal.PAUSED if paused_until is not None and now < paused_until else None


def _over_cap(marketing_at: Collection[datetime], due_at: datetime, rules: Rules, zone: tzinfo) -> Refusal | None:
    """Count local days: a week is the day of the message and the six before it."""
    day = due_at.astimezone(zone).date()
    ages = [(day - at.astimezone(zone).date()).days for at in marketing_at]
    if sum(age == 0 for age in ages) >= rules.marketing_per_day:
        return Refusal.CAP_DAY
    if sum(0 <= age < _WEEK_DAYS for age in ages) >= rules.marketing_per_week:
        return Refusal.CAP_WEEK
    return None


def due(purpose: Purpose, rules: Rules, moment: Moment) -> datetime:
    """Return when a message may be sent: now, or for marketing within quiet hours at their end, in local time."""
    local = moment.now.astimezone(moment.zone)
    if purpose is not Purpose.MARKETING or not is_quiet(rules, local.hour * 60 + local.minute):
        return moment.now
    ends = time(*divmod(rules.quiet_until, 60))
    tomorrow = local.time() >= ends
    day = local.date() + timedelta(days=1) if tomorrow else local.date()
    return datetime.combine(day, ends, tzinfo=moment.zone).astimezone(UTC)


def is_quiet(rules: Rules, minute: int) -> bool:
    """Say whether a minute of the local day is within quiet hours, which may pass midnight; equal ends: never quiet."""
    if rules.quiet_from <= rules.quiet_until:
        return rules.quiet_from <= minute < rules.quiet_until
    return minute >= rules.quiet_from or minute < rules.quiet_until


def wait_after(tries: int) -> timedelta | None:
    """Return how long to wait after so many tries that failed for a passing reason; None: give up."""
    if tries >= MOST_TRIES:
        return None
    return min(_FIRST_WAIT * (1 << (tries - 1)), _LONGEST_WAIT)


def email_address(text: str) -> str | None:
    """Return an e-mail address, its domain in small letters; None where the text is not exactly one."""
    text = text.strip()
    if len(text) > _LONGEST_EMAIL or not _EMAIL.fullmatch(text):
        return None
    local, _, domain = text.rpartition("@")
    return f"{local}@{domain.lower()}"


def mask_email(address: str) -> str:
    """Return as much of an address as tells its owner which it is: `a***@example.org`."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}***@{domain}"


def language_of_phone(e164: str) -> str:
    """Return the language in which somebody is addressed of whom only the phone is known."""
    return "zh" if e164.startswith("+86") else "en"
