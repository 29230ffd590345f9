"""Joining by phone and one-time code, and finding oneself again: the same two steps, in other words."""

from contextlib import suppress
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

from babel.core import get_global
from msgspec import Struct
from starlette.responses import Response

from ringmain.campaign import api as campaign
from ringmain.entry.web.me.texts import PURPOSES, TEXT_VERSION, language_of
from ringmain.entry.web.person import games, packets, phone, taking
from ringmain.entry.web.person.scene import chosen, take
from ringmain.entry.web.services import services
from ringmain.entry.web.styles import local_path
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pages import Visit
from ringmain.kit.pure.errors import RuleBroken
from ringmain.member import api as member
from ringmain.member.api import Answer, IdentifierKind, Joining, OneTimeCodes, Place, Purpose
from ringmain.member.errors import (
    IdentifierInvalid,
    OneTimeCodesNotConfigured,
    PhoneInvalid,
    TooManyCodes,
)
from ringmain.message.api import code_sender
from ringmain.network import api as network
from ringmain.scene import api as scene
from ringmain.scene.api import NewTouch
from ringmain.scene.errors import SceneRetired, SceneUnknown

# Who joins later than that after they met a scene has not come by it.
_RECENTLY = timedelta(hours=3)
_PURPOSES = (Purpose.PERSONALISATION, Purpose.MARKETING)


class _Asked(Struct, frozen=True):
    challenge_id: UUID
    expires_at: datetime


class _Tried(Struct, frozen=True):
    """What became of a code: a member, or the rule that it broke. A wrong code is an answer: its try has to be kept."""

    member_id: UUID | None
    broken: str | None = None
    tries_left: int | None = None


async def welcome_back(visit: Visit) -> Response:
    """Ask who comes back: for phones that were lost, changed or cleared."""
    return await _ask(visit, back=True)


async def ask_phone(visit: Visit) -> Response:
    """Ask for the phone; a prize that was chosen stands above."""
    return await _ask(visit, back=False)


async def _ask(visit: Visit, *, back: bool) -> Response:
    if visit.session is not None and visit.session.holder_id is not None:
        return visit.go(local_path(visit.query("next"), "/wallet"))
    network_id = await phone.home(visit)
    if network_id is None:
        return visit.page("person/scan_first.html")
    await phone.enter(visit, network_id)
    going_on = local_path(visit.query("next"), "")
    async with visit.unit() as uow:
        await phone.remember(visit, uow, next=going_on or None)
    return await _phone_form(visit, back=back)


async def _phone_form(visit: Visit, *, back: bool, error: str = "", status: int = 200) -> Response:
    # What was typed is sent back to who typed it, and to nobody else.
    typed = visit.form.text("phone") if error else ""
    prize = None if back else await taking.wanted(visit) or await chosen(visit)
    game = not back and bool((visit.session.facts if visit.session is not None else {}).get("game"))
    packet = not back and bool((visit.session.facts if visit.session is not None else {}).get("packet"))
    values = {"back": back, "prize": prize, "game": game, "packet": packet, "error": error, "typed": typed}
    return visit.page("person/join.html", status, **values)


async def send_code(visit: Visit) -> Response:
    """Send a code to the phone."""
    back = visit.form.ticked("back")
    if visit.session is None:
        return visit.go("/welcome-back" if back else "/join")
    if visit.known.holder_id is not None:
        return visit.go("/wallet")

    async def act(uow: UnitOfWork) -> _Asked:
        region = await _region(uow)
        number = member.identifier(IdentifierKind.PHONE, visit.form.text("phone"), region)
        sent = await member.send_code(uow, visit.site.keyring, _sender(visit), number)
        return _Asked(sent.challenge_id, sent.expires_at)

    try:
        asked = await visit.once("person_send_code", act, _Asked)
    except (PhoneInvalid, IdentifierInvalid, TooManyCodes, OneTimeCodesNotConfigured) as rule:
        return await _phone_form(visit, back=back, error=_refused(visit, rule), status=HTTPStatus.UNPROCESSABLE_ENTITY)
    async with visit.unit() as uow:
        await phone.remember(visit, uow, challenge=str(asked.challenge_id))
    return visit.go("/join/code?back=1" if back else "/join/code")


async def ask_code(visit: Visit) -> Response:
    """Ask for the code that was sent, and for consents, which nobody has to give."""
    if visit.session is None or "challenge" not in visit.known.facts:
        return visit.go("/join")
    if visit.known.holder_id is not None:
        return visit.go("/wallet")
    return await _code_form(visit)


async def _code_form(visit: Visit, error: str = "", status: int = 200, **ticked: Any) -> Response:
    back = bool(visit.query("back"))
    prize = None if back else await taking.wanted(visit) or await chosen(visit)
    return visit.page(
        "person/code_sent.html", status, back=back, prize=prize, error=error, ticked=ticked, consents=_consents(visit)
    )


def _consents(visit: Visit) -> list[tuple[str, str, str]]:
    """Return name, title and words of each consent that is asked for."""
    text = visit.speech.text
    return [(one.value, text(PURPOSES[one].title), text(PURPOSES[one].text)) for one in _PURPOSES]


async def join(visit: Visit) -> Response:
    """Make a member of who has the code, or find them again; then take the prize that they have chosen."""
    if visit.session is None or "challenge" not in visit.known.facts:
        return visit.go("/join")
    if visit.known.holder_id is not None:
        return await _go_on(visit)
    challenge_id = UUID(visit.known.facts["challenge"])
    code = "".join(letter for letter in visit.form.text("code") if letter.isdecimal())

    async def act(uow: UnitOfWork) -> _Tried:
        joining = Joining(challenge_id, code, language="zh" if visit.speech.language == "zh" else "en")
        joined = await member.join(uow, visit.site.keyring, joining)
        if isinstance(joined, RuleBroken):
            return _Tried(None, joined.code, joined.facts.get("tries_left"))
        await _consent(visit, uow, joined)
        await _by_invitation(visit, uow, joined)
        return _Tried(joined.known.member_id)

    tried = await visit.once("person_join", act, _Tried)
    if tried.member_id is None:
        ticked = {purpose.value: visit.form.ticked(purpose.value) for purpose in _PURPOSES}
        return await _code_form(visit, _code_error(visit, tried), HTTPStatus.UNPROCESSABLE_ENTITY, **ticked)
    await phone.sign_in(visit, tried.member_id)
    return await _go_on(visit)


async def _go_on(visit: Visit) -> Response:
    facts = visit.known.facts
    if facts.get("take"):
        return await taking.take_now(visit, UUID(facts["take"]))
    if facts.get("packet") and facts.get("touch"):
        return await packets.open_now(visit)
    if facts.get("game") and facts.get("touch"):
        return await games.play_now(visit, facts["game"])
    if facts.get("choice") and facts.get("touch"):
        return await take(visit, UUID(facts["choice"]))
    return visit.go(local_path(str(facts.get("next") or ""), "/wallet"))


async def _consent(visit: Visit, uow: UnitOfWork, joined: member.Enrolled) -> None:
    """Record what was said to each question; who was a member before only says yes here, and takes back elsewhere."""
    shop = visit.known.facts.get("shop")
    answers = [
        Answer(purpose, visit.form.ticked(purpose.value), TEXT_VERSION, language_of(visit.speech))
        for purpose in _PURPOSES
        if joined.new or visit.form.ticked(purpose.value)
    ]
    if answers:
        member_id = joined.known.member_id
        await member.record_consents(uow, member_id, answers, Place("page", member_id, UUID(shop) if shop else None))


async def _by_invitation(visit: Visit, uow: UnitOfWork, joined: member.Enrolled) -> None:
    """Note by which scene somebody new has come: their first sign of life, and the invitation, where it was one."""
    token, now = visit.known.facts.get("scene"), await uow.now()
    if not joined.new or not token or now - datetime.fromisoformat(visit.known.facts["touched_at"]) > _RECENTLY:
        return
    with suppress(SceneUnknown, SceneRetired):
        await scene.touch(uow, [NewTouch(token, joined.known.subject_id)])
        await campaign.join_by(uow, visit.site.keyring, token, joined.known, phone.device(visit))


def _sender(visit: Visit) -> OneTimeCodes:
    """Return the way in which codes reach phones; in a network that is made up they go into the sink."""
    made_up = visit.network_id == services(visit).demo_network
    language = "zh" if visit.speech.language == "zh" else "en"
    return code_sender(visit.site.settings, visit.site.keyring, language, kept=made_up)


async def _region(uow: UnitOfWork) -> str | None:
    """Return the country whose numbers may be typed without their prefix: that of the network's time zone."""
    zone = (await network.network_of(uow)).time_zone
    region: str | None = get_global("zone_territories").get(zone)
    return region


def _code_error(visit: Visit, tried: _Tried) -> str:
    rule = RuleBroken.by_code[tried.broken or ""]()
    if not tried.tries_left:
        return _refused(visit, rule)
    left = tried.tries_left
    again = visit.speech.texts("You can try it %(num)s more time.", "You can try it %(num)s more times.", left)
    return f"{visit.speech.why(rule)} {again}"


def _refused(visit: Visit, rule: RuleBroken) -> str:
    return f"{visit.speech.why(rule)} {visit.speech.next_step(rule)}"
