"""The person's own page about messages: what they agree to, how, when and of what they are told, and what was sent."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import msgspec
from starlette.responses import Response

from ringmain.entry.web.audiences import MEMBER
from ringmain.entry.web.me.texts import PURPOSES, TEXT_VERSION, language_of
from ringmain.entry.web.services import services
from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import Limit, NotFound
from ringmain.kit.pages import PageRoute, Speech, Visit
from ringmain.kit.webhooks import Guard
from ringmain.member import api as member
from ringmain.member.errors import MemberUnknown
from ringmain.message import api as message
from ringmain.message.errors import PreferencesInvalid
from ringmain.network import api as network

_PAUSE = timedelta(days=30)
_SHOWN = 20
_MOST_CHOICES = 10
_BROWSERS = Limit(30, seconds=3_600, per="address")
_MAILS = Limit(6, seconds=3_600, per="address")


class Changed(msgspec.Struct, frozen=True):
    """What was chosen, for a form that is sent twice."""

    choice: str


class Browser(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a browser takes messages, its public key, and its secret."""

    endpoint: str
    p256dh: str
    auth: str


@dataclass(frozen=True, slots=True)
class Way:
    """A channel on the page: to which address, whether it is on, is tried first, or is stopped by failures."""

    channel: str
    address: str
    on: bool
    first: bool
    stopped: bool


async def show(visit: Visit) -> Response:
    """Show what is agreed to, and the last messages with their reasons."""
    keyring = visit.site.keyring
    async with visit.unit() as uow:
        shown = await member.show(uow, keyring, visit.holder_id)
        known = await _known(uow, visit)
        home = await network.network_of(uow)
        now = await uow.now()
        chosen = await message.preferences(uow, visit.holder_id)
        rules = await message.rules(uow)
        stopped = await message.stopped_channels(uow, keyring, known.subject_id)
        received = await message.received(uow, keyring, visit.holder_id, _SHOWN)
        addresses = (await message.addresses_of(uow, keyring, {known.subject_id: known.subject_ids})).get(
            known.subject_id, []
        )
    agrees = any(one.granted and one.purpose == member.Purpose.MARKETING for one in shown.consents)
    return visit.page(
        "messages/preferences.html",
        home=home,
        agrees=agrees,
        asked=visit.speech.text(PURPOSES[member.Purpose.MARKETING].text),
        ways=_ways(visit.speech, shown, addresses, chosen, stopped),
        waiting=[message.mask_email(one.text) for one in addresses if one.proven_at is None],
        push_key=message.public_key(keyring) if message.Channel.PUSH in _channels(visit) else "",
        mails=message.Channel.EMAIL in _channels(visit),
        chosen=chosen,
        kinds=message.STOPPABLE,
        week_choices=_week_choices(visit, rules, chosen),
        paused_until=_pause(chosen, now),
        rules=rules,
        quiet=(_clock(rules.quiet_from), _clock(rules.quiet_until)) if rules.quiet_from != rules.quiet_until else None,
        own_quiet=None if chosen.quiet is None else (_clock(chosen.quiet.begins), _clock(chosen.quiet.ends)),
        received=received,
    )


async def change(visit: Visit) -> Response:
    """Do what one of the buttons says, once per press."""
    choice = visit.form.text("choice")

    async def act(uow: UnitOfWork) -> Changed:
        if choice in ("agree", "withdraw"):
            await _answer(uow, visit, granted=choice == "agree")
        else:
            await _choose(uow, visit, choice)
        return Changed(choice)

    await visit.once("change message preferences", act, Changed)
    return visit.go("/me/messages")


async def add_email(visit: Visit) -> Response:
    """Take an e-mail address, and ask there whether it is theirs."""
    if message.Channel.EMAIL not in _channels(visit):
        raise NotFound

    async def act(uow: UnitOfWork) -> Changed:
        known, text = await _known(uow, visit), visit.form.text("email")
        language = language_of(visit.speech)
        await message.add_email(uow, visit.site.keyring, known, text, language, visit.base_url)
        return Changed("email")

    await visit.once("add e-mail address", act, Changed)
    return visit.go("/me/messages")


async def add_browser(visit: Visit) -> Response:
    """Take the address for messages of this browser, after its owner has allowed them; once more changes nothing."""
    if message.Channel.PUSH not in _channels(visit):
        raise NotFound
    keyring, sent = visit.site.keyring, await visit.sent(Browser)
    guard = Guard(development=visit.site.settings.development)
    browser = message.checked(message.Subscription(sent.endpoint, sent.p256dh, sent.auth, keyring.newest), guard)
    async with visit.unit() as uow:
        await message.add_browser(uow, keyring, await _known(uow, visit), browser)
    return visit.json({"go": "/me/messages"})


async def _answer(uow: UnitOfWork, visit: Visit, *, granted: bool) -> None:
    answer = member.Answer(member.Purpose.MARKETING, granted, TEXT_VERSION, language_of(visit.speech))
    await member.record_consents(uow, visit.holder_id, [answer], member.Place("page", visit.holder_id))


async def _choose(uow: UnitOfWork, visit: Visit, choice: str) -> None:
    now = await uow.now()
    old = await message.preferences(uow, visit.holder_id)
    # An old pause that is over cannot be kept again.
    old = replace(old, paused_until=_pause(old, now))
    what, _, word = choice.partition(":")
    if what == "forget":
        await _forget(uow, visit, word)
        return
    if what in ("on", "off", "first"):
        new = replace(old, order=_ordered(old.order, what, word))
    elif what == "kinds":
        wanted = set(visit.form.all("kind"))
        new = replace(old, stopped=frozenset(kind for kind in message.STOPPABLE if kind.value not in wanted))
    elif what == "times":
        new = _times(visit, old)
    else:
        changes = {
            "any": replace(old, order=message.DEFAULT_ORDER),
            "none": replace(old, order=()),
            "pause": replace(old, paused_until=now + _PAUSE),
            "resume": replace(old, paused_until=None),
        }
        new = changes.get(what, old)
    await message.set_preferences(uow, visit.holder_id, new)


async def _forget(uow: UnitOfWork, visit: Visit, word: str) -> None:
    """Delete the addresses of a channel."""
    try:
        channel = message.Channel(word)
    except ValueError:
        raise PreferencesInvalid(reason="channels") from None
    await message.forget_channel(uow, await _known(uow, visit), channel)


def _ordered(order: tuple[message.Channel, ...], what: str, word: str) -> tuple[message.Channel, ...]:
    try:
        channel = message.Channel(word)
    except ValueError:
        raise PreferencesInvalid(reason="channels") from None
    others = tuple(one for one in order if one is not channel)
    return {"on": (*others, channel), "off": others, "first": (channel, *others)}[what]


def _times(visit: Visit, old: message.Preferences) -> message.Preferences:
    begins, ends = _minute(visit.form.text("quiet_from")), _minute(visit.form.text("quiet_until"))
    if (begins is None) != (ends is None):
        raise PreferencesInvalid(reason="quiet_hours")
    quiet = None if begins is None or ends is None else message.Quiet(begins, ends)
    return replace(
        old, quiet=quiet, time_zone=visit.form.text("time_zone") or None, per_week=visit.form.whole("per_week")
    )


async def _known(uow: UnitOfWork, visit: Visit) -> member.Known:
    known = (await member.subjects(uow, [visit.holder_id]))[0]
    if known is None:
        raise MemberUnknown
    return known


def _channels(visit: Visit) -> frozenset[message.Channel]:
    """Return the channels of this installation; the made-up street keeps what it would send by any of them."""
    if visit.network_id == services(visit).demo_network:
        return frozenset(message.DEFAULT_ORDER)
    return message.configured(visit.site.settings)


def _ways(
    speech: Speech,
    shown: member.Shown,
    addresses: list[message.KnownAddress],
    chosen: message.Preferences,
    stopped: frozenset[message.Channel],
) -> list[Way]:
    phone = next((one.value for one in shown.identifiers if one.kind == member.IdentifierKind.PHONE.word), None)
    known = {} if phone is None else {message.Channel.SMS: phone}
    proven = [one for one in addresses if one.proven_at is not None]
    known |= {one.channel: message.mask_email(one.text) for one in proven if one.channel is message.Channel.EMAIL}
    known |= {one.channel: message.mask_openid(one.text) for one in proven if one.channel is message.Channel.WECHAT}
    browsers = sum(one.channel is message.Channel.PUSH for one in proven)
    if browsers:
        known[message.Channel.PUSH] = speech.texts("%(num)s browser", "%(num)s browsers", browsers)
    known[message.Channel.PAPER] = speech.text("At the end of the next receipt that a till prints for you")
    on = [channel for channel in chosen.order if channel in known]
    off = [channel for channel in message.DEFAULT_ORDER if channel in known and channel not in on]
    return [Way(one.value, known[one], one in on, on[:1] == [one], one in stopped) for one in (*on, *off)]


def _week_choices(visit: Visit, rules: message.Rules, chosen: message.Preferences) -> list[tuple[str, str]]:
    """Return the caps that mean something: below the network's, and the one that was chosen when that was higher."""
    numbers = sorted({*range(min(rules.marketing_per_week, _MOST_CHOICES)), *({chosen.per_week} - {None})})
    speech = visit.speech
    return [
        (str(one), speech.text("At most %(number)s", number=speech.number(one))) for one in numbers if one is not None
    ]


def _pause(chosen: message.Preferences, now: datetime) -> datetime | None:
    return chosen.paused_until if chosen.paused_until and chosen.paused_until > now else None


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _minute(clock: str) -> int | None:
    """Return the minute of the day that a field of a form says; None where it is empty. Raises `PreferencesInvalid`."""
    if not clock:
        return None
    try:
        at = datetime.strptime(clock, "%H:%M")  # noqa: DTZ007 (a time of any day)
    except ValueError:
        raise PreferencesInvalid(reason="quiet_hours") from None
    return at.hour * 60 + at.minute


PAGES: tuple[PageRoute, ...] = (
    PageRoute(path="/me/messages", audience=MEMBER, get=show, post=change),
    PageRoute(path="/me/messages/push", audience=MEMBER, post=add_browser, json=True, limit=(_BROWSERS,)),
    PageRoute(path="/me/messages/email", audience=MEMBER, post=add_email, limit=(_MAILS,)),
)
