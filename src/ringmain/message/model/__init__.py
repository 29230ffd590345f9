"""Who may be sent what, and when: consent, caps, channels, quiet hours and pauses as pure decisions."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from enum import StrEnum

from ringmain.message.errors import MessageRulesInvalid, PauseInvalid, PreferencesInvalid

DAY_MINUTES = 24 * 60
LONGEST_PAUSE = timedelta(days=366)
MOST_PER_WEEK = 50
_WEEK_DAYS = 7
# Two spans that leave any minute of a day free are left after three steps, and one more where clocks change.
_MOST_STEPS = 6
_LONGEST_EMAIL = 254
# One address without a name, comments or line ends: what a header of a mail can hold without being read as more.
_EMAIL = re.compile(r"[!#-'*+/-9=?A-Z^-~-]+(?:\.[!#-'*+/-9=?A-Z^-~-]+)*@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}")


class Channel(StrEnum):
    """The way a message takes; `NONE`: there is none."""

    PUSH = "push"
    WECHAT = "wechat"
    SMS = "sms"
    EMAIL = "email"
    PAPER = "paper"
    NONE = "none"


# In which order people are tried who never chose one.
DEFAULT_ORDER = (Channel.PUSH, Channel.WECHAT, Channel.SMS, Channel.EMAIL, Channel.PAPER)


class Purpose(StrEnum):
    """What a message is for: belonging to something the person did, or an attempt to sell."""

    TRANSACTIONAL = "transactional"
    MARKETING = "marketing"


class Kind(StrEnum):
    """What a message is about, as people choose; service messages (codes, confirmations, tests) cannot be stopped."""

    OFFERS = "offers"
    REMINDERS = "reminders"
    WINNINGS = "winnings"
    RECEIPTS = "receipts"
    SERVICE = "service"

    @property
    def purpose(self) -> Purpose:
        """A reminder to spend is an attempt to sell, and so is what nobody asked for."""
        return Purpose.MARKETING if self in (Kind.OFFERS, Kind.REMINDERS) else Purpose.TRANSACTIONAL


# What can stand at the end of a receipt.
ON_PAPER = frozenset({Kind.OFFERS, Kind.REMINDERS, Kind.WINNINGS})
STOPPABLE = tuple(kind for kind in Kind if kind is not Kind.SERVICE)


class Refusal(StrEnum):
    """The rules of people and networks that keep a message from being sent."""

    PERSON_UNKNOWN = "person_unknown"
    NETWORK_SIMULATED = "network_simulated"
    CHANNEL_NONE = "channel_none"
    NO_ADDRESS = "no_address"
    CHANNEL_NOT_SET_UP = "channel_not_set_up"
    CHANNEL_STOPPED = "channel_stopped"
    ADDRESS_UNPROVEN = "address_unproven"
    NO_CONSENT = "no_consent"
    PAUSED = "paused"
    KIND_STOPPED = "kind_stopped"
    NO_HOUR = "no_hour"
    CAP_DAY = "cap_day"
    CAP_WEEK = "cap_week"
    OWN_CAP_WEEK = "own_cap_week"


@dataclass(frozen=True, slots=True)
class Rules:
    """How much marketing a network may send one person, from all its merchants together, and when (local minutes)."""

    marketing_per_day: int = 1
    marketing_per_week: int = 3
    quiet_from: int = 21 * 60
    quiet_until: int = 9 * 60


@dataclass(frozen=True, slots=True)
class Quiet:
    """Minutes of the local day between which nothing is sent; it may pass midnight, and equal ends are never quiet."""

    begins: int
    ends: int


@dataclass(frozen=True, slots=True)
class Preferences:
    """How a person wants to be reached: by which channels, tried in this order; none: not at all, but for codes.

    A pause stops marketing only. Quiet hours are the person's own, for all kinds, in `time_zone` (None: the network's);
    they and `per_week` come on top of what the network allows.
    """

    order: tuple[Channel, ...] = DEFAULT_ORDER
    paused_until: datetime | None = None
    quiet: Quiet | None = None
    time_zone: str | None = None
    per_week: int | None = None
    stopped: frozenset[Kind] = frozenset()


@dataclass(frozen=True, slots=True)
class Address:
    """Where a person can be reached; unproven: it may be somebody else's; stopped: messages cannot arrive there."""

    channel: Channel
    proven: bool = True
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class Recipient:
    """What the rules ask of a person: `marketing_at` is when they got marketing, `own_zone` where their hours count.

    `reads_paper`: a till has printed them a receipt of late.
    """

    addresses: tuple[Address, ...]
    consented: bool
    preferences: Preferences
    marketing_at: tuple[datetime, ...] = ()
    own_zone: tzinfo | None = None
    reads_paper: bool = False

    def suited(self, kind: Kind) -> list[Address]:
        """Return the addresses that were chosen for messages, and can take one of this kind."""
        order = self.preferences.order
        # Whoever is printed a receipt needs no second one.
        fits = (one for one in self.addresses if one.channel is not Channel.PAPER or kind in ON_PAPER)
        return [one for one in fits if one.channel in order]

    def ways(self, kind: Kind) -> tuple[Channel, ...]:
        """Return the channels by which this person can be sent something, in the order in which they are tried."""
        live = [one for one in self.suited(kind) if not one.stopped]
        usable = {one.channel for one in live if one.proven or kind.purpose is not Purpose.MARKETING}
        return tuple(channel for channel in self.preferences.order if channel in usable)


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


def check_preferences(chosen: Preferences, rules: Rules, moment: Moment, own_zone: tzinfo | None) -> Preferences:
    """Return what a person chose. Raises `PauseInvalid` or `PreferencesInvalid`.

    Quiet hours that leave, with those of the network, no minute of the day are no way to say "nothing at all".
    """
    check_pause(chosen.paused_until, moment.now)
    quiet, per_week = chosen.quiet, chosen.per_week
    minutes = () if quiet is None else (quiet.begins, quiet.ends)
    if len(set(chosen.order)) != len(chosen.order) or Channel.NONE in chosen.order:
        raise PreferencesInvalid(reason="channels")
    if not chosen.stopped <= set(STOPPABLE):
        raise PreferencesInvalid(reason="kinds")
    if per_week is not None and not 0 <= per_week <= MOST_PER_WEEK:
        raise PreferencesInvalid(reason="per_week")
    if not all(0 <= minute < DAY_MINUTES for minute in minutes):
        raise PreferencesInvalid(reason="quiet_hours")
    if (
        due(Purpose.MARKETING, rules, moment, Recipient((), consented=True, preferences=chosen, own_zone=own_zone))
        is None
    ):
        raise PreferencesInvalid(reason="no_hour_left")
    return chosen


def decide(kind: Kind, recipient: Recipient | None, rules: Rules, moment: Moment) -> Decision:
    """Say whether a message may go to a person, by which channel first, and when; None is nobody known (any more)."""
    refusal = still_refused(kind, recipient, moment)
    if recipient is None:
        return Decision(Channel.NONE, moment.now, refusal)
    due_at = due(kind.purpose, rules, moment, recipient)
    if refusal is None and due_at is None:
        refusal = Refusal.NO_HOUR
    due_at = due_at or moment.now
    if refusal is None and kind.purpose is Purpose.MARKETING:
        refusal = _over_cap(recipient, due_at, rules, moment.zone)
    return Decision(next(iter(recipient.ways(kind)), Channel.NONE), due_at, refusal)


def still_refused(kind: Kind, recipient: Recipient | None, moment: Moment) -> Refusal | None:
    """Say which rule refuses a message, now and at the moment of sending: consent may have been withdrawn overnight."""
    if moment.simulated:
        return Refusal.NETWORK_SIMULATED
    if recipient is None:
        return Refusal.PERSON_UNKNOWN
    wishes = recipient.preferences
    selling = kind.purpose is Purpose.MARKETING
    paused = wishes.paused_until is not None and moment.now < wishes.paused_until
    suited = recipient.suited(kind)
    rules = (
        (not wishes.order, Refusal.CHANNEL_NONE),
        (not suited, Refusal.NO_ADDRESS),
        (all(one.stopped for one in suited), Refusal.CHANNEL_STOPPED),
        (selling and not recipient.consented, Refusal.NO_CONSENT),
        # A number that somebody mistyped at a till belongs to a stranger, who agreed to nothing.
        (not recipient.ways(kind), Refusal.ADDRESS_UNPROVEN),
        (selling and paused, Refusal.PAUSED),
        (kind in wishes.stopped, Refusal.KIND_STOPPED),
    )
    return next((refusal for holds, refusal in rules if holds), None)


def out_of_reach(kind: Kind, recipient: Recipient, channels: Collection[Channel]) -> Refusal | None:
    """Say why somebody would hear nothing by any of these channels, which are set up here; None: they would.

    Paper counts where a till prints for them: else a message would wait for a receipt that never comes.
    """
    ways = recipient.ways(kind)
    if any(recipient.reads_paper if way is Channel.PAPER else way in channels for way in ways):
        return None
    if any(way is not Channel.PAPER for way in ways):
        return Refusal.CHANNEL_NOT_SET_UP
    return Refusal.CHANNEL_STOPPED if any(one.stopped for one in recipient.suited(kind)) else Refusal.NO_ADDRESS


def _over_cap(recipient: Recipient, due_at: datetime, rules: Rules, zone: tzinfo) -> Refusal | None:
    """Count local days: a week is the day of the message and the six before it. The narrower cap holds."""
    day, own = due_at.astimezone(zone).date(), recipient.preferences.per_week
    ages = [(day - at.astimezone(zone).date()).days for at in recipient.marketing_at]
    of_week = sum(0 <= age < _WEEK_DAYS for age in ages)
    if sum(age == 0 for age in ages) >= rules.marketing_per_day:
        return Refusal.CAP_DAY
    if of_week >= rules.marketing_per_week:
        return Refusal.CAP_WEEK
    return Refusal.OWN_CAP_WEEK if own is not None and of_week >= own else None


def due(purpose: Purpose, rules: Rules, moment: Moment, recipient: Recipient | None = None) -> datetime | None:
    """Return when a message may be sent: now, or after the quiet hours; None where they leave no minute of a day.

    The network's hours hold for marketing, the person's own for everything, each in its own local time.
    """
    spans: list[tuple[Quiet, tzinfo]] = []
    if purpose is Purpose.MARKETING:
        spans.append((Quiet(rules.quiet_from, rules.quiet_until), moment.zone))
    own = None if recipient is None else recipient.preferences.quiet
    if recipient is not None and own is not None:
        spans.append((own, recipient.own_zone or moment.zone))
    at = moment.now
    for _ in range(_MOST_STEPS):
        later = max((_after(quiet, zone, at) for quiet, zone in spans), default=at)
        if later == at:
            return at
        at = later
    return None


def _after(quiet: Quiet, zone: tzinfo, at: datetime) -> datetime:
    """Return the end of the quiet hours in which a moment lies, else the moment itself."""
    local = at.astimezone(zone)
    if not _within(quiet, local.hour * 60 + local.minute):
        return at
    ends = time(*divmod(quiet.ends, 60))
    day = local.date() + timedelta(days=1) if local.time() >= ends else local.date()
    # Where clocks go back there are two such times: the first one that is still to come.
    both = (datetime.combine(day, ends.replace(fold=fold), tzinfo=zone).astimezone(UTC) for fold in (0, 1))
    return min((one for one in both if one > at), default=at + timedelta(hours=1))


def is_quiet(rules: Rules, minute: int) -> bool:
    """Say whether a minute of the local day is within the quiet hours of a network."""
    return _within(Quiet(rules.quiet_from, rules.quiet_until), minute)


def _within(quiet: Quiet, minute: int) -> bool:
    if quiet.begins <= quiet.ends:
        return quiet.begins <= minute < quiet.ends
    return minute >= quiet.begins or minute < quiet.ends


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


def next_way(ways: Sequence[Channel], tried: Collection[Channel]) -> Channel | None:
    """Return the channel that comes after those by which a message failed."""
    return next((one for one in ways if one not in tried), None)
