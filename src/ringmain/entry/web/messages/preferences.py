"""The person's own page about messages: what they agree to, how they are reached, what was sent and why."""

from datetime import timedelta

import msgspec
from starlette.responses import Response

from ringmain.entry.web.audiences import MEMBER
from ringmain.entry.web.me.texts import PURPOSES, TEXT_VERSION, language_of
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pages import PageRoute, Visit
from ringmain.member import api as member
from ringmain.message import api as message
from ringmain.network import api as network

_PAUSE = timedelta(days=30)
_SHOWN = 20


class Changed(msgspec.Struct, frozen=True):
    """What was chosen, for a form that is sent twice."""

    choice: str


async def show(visit: Visit) -> Response:
    """Show what is agreed to, and the last messages with their reasons."""
    async with visit.unit() as uow:
        shown = await member.show(uow, visit.site.keyring, visit.holder_id)
        home = await network.network_of(uow)
        now = await uow.now()
        chosen = await message.preferences(uow, visit.holder_id)
        rules = await message.rules(uow)
        received = await message.received(uow, visit.site.keyring, visit.holder_id, _SHOWN)
    agrees = any(one.granted and one.purpose == member.Purpose.MARKETING for one in shown.consents)
    phone = next((one.value for one in shown.identifiers if one.kind == member.IdentifierKind.PHONE.word), None)
    return visit.page(
        "messages/preferences.html",
        home=home,
        agrees=agrees,
        asked=visit.speech.text(PURPOSES[member.Purpose.MARKETING].text),
        phone=phone,
        reached=chosen.channel is not message.Channel.NONE,
        paused_until=chosen.paused_until if chosen.paused_until and chosen.paused_until > now else None,
        rules=rules,
        quiet=(_clock(rules.quiet_from), _clock(rules.quiet_until)) if rules.quiet_from != rules.quiet_until else None,
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


async def _answer(uow: UnitOfWork, visit: Visit, *, granted: bool) -> None:
    answer = member.Answer(member.Purpose.MARKETING, granted, TEXT_VERSION, language_of(visit.speech))
    await member.record_consents(uow, visit.holder_id, [answer], member.Place("page", visit.holder_id))


async def _choose(uow: UnitOfWork, visit: Visit, choice: str) -> None:
    now = await uow.now()
    old = await message.preferences(uow, visit.holder_id)
    # An old pause that is over cannot be kept again.
    paused_until = old.paused_until if old.paused_until and old.paused_until > now else None
    chosen = {
        "sms": message.Preferences(message.Channel.SMS, paused_until),
        "none": message.Preferences(message.Channel.NONE, paused_until),
        "pause": message.Preferences(old.channel, now + _PAUSE),
        "resume": message.Preferences(old.channel, None),
    }.get(choice)
    if chosen is not None:
        await message.set_preferences(uow, visit.holder_id, chosen)


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


PAGES: tuple[PageRoute, ...] = (PageRoute(path="/me/messages", audience=MEMBER, get=show, post=change),)
