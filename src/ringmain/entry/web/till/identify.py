"""Who or what is it: one field takes a member's code, a voucher, typed digits, a phone, or the token of a payment."""

import re
from contextlib import suppress
from uuid import UUID

from msgspec import Struct, structs
from starlette.responses import Response

from ringmain.campaign import api as campaign
from ringmain.entry.web.services import services
from ringmain.entry.web.till.desk import Desk, desk_of, received
from ringmain.entry.web.till.errors import ScanUnknown
from ringmain.entry.web.till.offers import Chosen, Quote, quote, refusal_of
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pages import Visit
from ringmain.kit.pure.errors import RuleBroken
from ringmain.member import api as member
from ringmain.member.errors import MemberUnknown, PhoneInvalid, PhotoUnknown
from ringmain.message import api as message
from ringmain.profile import api as profile
from ringmain.voucher import api as voucher

_PAYMENT = re.compile(r"(card_token|wechat|alipay|tag):(.{4,200})", re.DOTALL)
_DIGITS = re.compile(r"\+?[\d\s().\-]{5,24}")
_TYPED_DIGITS = 12
_CODE_PREFIXES = ("RM1", "RM2")
# A member's code has 58 letters after its prefix, a voucher's 52.
_MEMBER_CODE_LENGTH = 61
_JOIN_TEXT = "till-join-1"


class Identify(Struct, frozen=True, forbid_unknown_fields=True):
    """What was scanned or typed, under the key of this attempt, and the amount that was typed so far."""

    key: str
    scanned: str
    total_minor: int | None = None


class Asked(Struct, frozen=True, forbid_unknown_fields=True):
    """Which vouchers to reckon with; `chosen` None: the best of the guest's."""

    member_id: UUID | None = None
    chosen: list[Chosen] | None = None
    total_minor: int | None = None


class Join(Struct, frozen=True, forbid_unknown_fields=True):
    """The phone that a guest tells, under `challenge_id` where a payment asked for it; `offers`: they want some."""

    key: str
    phone: str
    challenge_id: UUID | None = None
    offers: bool = False
    total_minor: int | None = None


class JoinCode(Struct, frozen=True, forbid_unknown_fields=True):
    """The code that was sent to a phone which is a member's already."""

    challenge_id: UUID
    code: str
    total_minor: int | None = None


class BenefitShown(Struct, frozen=True):
    """What a guest gets beside prices, in the till's language, and the token to tell by that it was given."""

    token: str
    text: str


class GiveBenefit(Struct, frozen=True, forbid_unknown_fields=True):
    """A benefit that the cashier has given, under the key of this press."""

    key: str
    token: str


class BenefitGiven(Struct, frozen=True):
    """That it was written down."""

    given: bool = True


class MemberShown(Struct, frozen=True):
    """A guest, as far as this merchant may see them."""

    member_id: UUID
    initial: str | None
    name: str | None
    phone: str | None
    photo: str | None
    points: int
    habits: list[str]
    benefits: list[BenefitShown] = []


class Answer(Struct, frozen=True):
    """What was found. `kind`: member, voucher, phone (of nobody yet), payment (of nobody yet), code (was sent)."""

    kind: str
    member: MemberShown | None = None
    quote: Quote | None = None
    code: str | None = None
    phone: str | None = None
    challenge_id: UUID | None = None


class _Kept(Struct, frozen=True):
    """What is kept under a key: whose code it was."""

    member_id: UUID


async def identify(visit: Visit) -> Response:
    """Answer who or what was scanned or typed."""
    asked = await received(visit, Identify)
    scanned = asked.scanned.strip()
    if "/" in scanned:
        # A code may come as an address that ends in it.
        scanned = scanned.rstrip("/").rpartition("/")[2]
    if scanned[:3].upper() in _CODE_PREFIXES:
        if len(scanned) == _MEMBER_CODE_LENGTH:
            return visit.json(await _member_code(visit, asked, scanned.upper()))
        try:
            return visit.json(await _voucher_code(visit, scanned.upper(), asked.total_minor))
        except RuleBroken as rule:
            return await refused(visit, rule)
    payment = _PAYMENT.fullmatch(scanned)
    if payment:
        return visit.json(await _payment(visit, payment[1], payment[2], asked.total_minor))
    if _DIGITS.fullmatch(scanned):
        return visit.json(await _digits(visit, scanned, asked.total_minor))
    return visit.json(await _payment(visit, "tag", scanned, asked.total_minor))


async def refused(visit: Visit, rule: RuleBroken) -> Response:
    """Answer with a refusal that says, of a voucher which was used, when and where."""
    async with visit.unit() as uow:
        desk = await desk_of(uow, visit)
        return visit.json(await refusal_of(uow, visit, desk, rule), rule.status)


async def reckon(visit: Visit) -> Response:
    """Answer what vouchers take off this amount."""
    asked = await received(visit, Asked)
    async with visit.unit() as uow:
        desk = await desk_of(uow, visit)
        known = (await member.subjects(uow, [asked.member_id]))[0] if asked.member_id else None
        return visit.json(await quote(uow, visit, desk, known, asked.chosen, asked.total_minor))


async def join(visit: Visit) -> Response:
    """Make a member of a guest who tells their phone at the payment."""
    asked = await received(visit, Join)

    async def act(uow: UnitOfWork) -> Answer:
        desk = await desk_of(uow, visit)
        phone = member.identifier(member.IdentifierKind.PHONE, asked.phone, desk.region)
        if asked.challenge_id is None:
            known = (await member.enrol(uow, visit.site.keyring, [member.Enrolment(phone)]))[0].known
        else:
            given = await member.give_phone(uow, visit.site.keyring, _sender(visit), asked.challenge_id, phone)
            if given.known is None:
                return Answer("code", challenge_id=asked.challenge_id)
            known = given.known
        await _consents(uow, visit, desk, known, offers=asked.offers)
        return Answer("member", challenge_id=known.member_id)

    # Kept under the key are ids only; what is shown of a person is read again.
    sent = [asked.phone, asked.challenge_id, asked.offers]
    answer = await visit.once("till join", act, Answer, key=asked.key, sent=sent)
    if answer.kind == "code" or answer.challenge_id is None:
        return visit.json(answer)
    async with visit.unit() as uow:
        desk = await desk_of(uow, visit)
        return visit.json(await _shown(uow, visit, desk, await _person(uow, answer.challenge_id), asked.total_minor))


async def join_code(visit: Visit) -> Response:
    """Take the code that a member's phone was sent, and let them be known by what they paid with."""
    asked = await received(visit, JoinCode)
    async with visit.unit() as uow:
        desk = await desk_of(uow, visit)
        joined = await member.join(uow, visit.site.keyring, member.Joining(asked.challenge_id, asked.code))
        if not isinstance(joined, RuleBroken):
            return visit.json(await _shown(uow, visit, desk, joined.known, asked.total_minor))
    # The try counts, so the refusal comes after the commit.
    raise joined


async def photo(visit: Visit) -> Response:
    """Answer with the photo of a member who agreed that tills show it."""
    async with visit.unit() as uow:
        try:
            found = await member.photo_at_till(uow, visit.site.keyring, visit.path_id("member_id"))
        except (MemberUnknown, PhotoUnknown):
            return Response(status_code=404)
    return Response(found.jpeg, media_type=member.PHOTO_TYPE, headers={"cache-control": "no-store"})


async def _member_code(visit: Visit, asked: Identify, code: str) -> Answer:
    async def act(uow: UnitOfWork) -> _Kept:
        found = (await member.use_codes(uow, visit.site.keyring, [code]))[0]
        if isinstance(found, RuleBroken):
            raise found
        return _Kept(found.member_id)

    # The code is good once: under the same key a lost answer is given again.
    kept = await visit.once("till member code", act, _Kept, key=asked.key, sent=code)
    async with visit.unit() as uow:
        desk = await desk_of(uow, visit)
        known = await _person(uow, kept.member_id)
        answer = await _shown(uow, visit, desk, known, asked.total_minor)
        if answer.member is None:
            return answer
        benefits = await _benefits(uow, visit, desk, known)
        return structs.replace(answer, member=structs.replace(answer.member, benefits=benefits))


async def _benefits(uow: UnitOfWork, visit: Visit, desk: Desk, known: member.Known) -> list[BenefitShown]:
    """Return what a guest gets beside prices; only where they have shown their own code, decision 0029."""
    found = await campaign.due_benefits(uow, visit.site.keyring, known, _till(desk))
    language = visit.speech.language
    return [BenefitShown(one.token, campaign.in_language([one.benefit], language)[0]) for one in found]


def _till(desk: Desk) -> campaign.Till:
    return campaign.Till(desk.shop.merchant_id, desk.shop.id, desk.terminal_id)


async def give_benefit(visit: Visit) -> Response:
    """Write down that a guest was given a benefit."""
    asked = await received(visit, GiveBenefit)

    async def act(uow: UnitOfWork) -> BenefitGiven:
        desk = await desk_of(uow, visit)
        await campaign.give_benefit(uow, visit.site.keyring, asked.token, _till(desk))
        return BenefitGiven()

    return visit.json(await visit.once("till benefit", act, BenefitGiven, key=asked.key, sent=asked.token))


async def _voucher_code(visit: Visit, code: str, total_minor: int | None) -> Answer:
    async with visit.unit() as uow:
        desk = await desk_of(uow, visit)
        found = await quote(uow, visit, desk, None, [Chosen(code=code)], total_minor)
    return Answer("voucher", quote=found, code=code)


async def _payment(visit: Visit, kind: str, token: str, total_minor: int | None) -> Answer:
    one = member.identifier(member.IdentifierKind[kind.upper()], token)
    async with visit.unit() as uow:
        desk = await desk_of(uow, visit)
        if one.kind is member.IdentifierKind.TAG:
            known = (await member.identify_all(uow, visit.site.keyring, [one]))[0]
            if known is None:
                raise ScanUnknown()
            return await _shown(uow, visit, desk, known, total_minor)
        found = (await member.recognise(uow, visit.site.keyring, [(one,)]))[0]
        if isinstance(found, member.AskForPhone):
            return Answer("payment", challenge_id=found.challenge_id)
        return await _shown(uow, visit, desk, found, total_minor)


async def _digits(visit: Visit, digits: str, total_minor: int | None) -> Answer:
    """Take digits for a phone where they can be one, and twelve of them for the typed code of a voucher otherwise."""
    async with visit.unit() as uow:
        desk = await desk_of(uow, visit)
        phone: member.Identifier | None = None
        try:
            phone = member.identifier(member.IdentifierKind.PHONE, digits, desk.region)
        except PhoneInvalid:
            if len(digits) != _TYPED_DIGITS:
                raise
        else:
            known = (await member.identify_all(uow, visit.site.keyring, [phone]))[0]
            if known is not None:
                return await _shown(uow, visit, desk, known, total_minor)
        if len(digits) != _TYPED_DIGITS or not digits.isdecimal():
            return Answer("phone", phone=digits)
        code = await voucher.resolve_typed_code(uow, visit.site.keyring, desk.terminal_id, desk.shop.id, digits)
    # A wrong code is counted, so the refusal comes after the commit.
    if not isinstance(code, RuleBroken):
        return await _voucher_code(visit, code.text(), total_minor)
    if phone is not None:
        return Answer("phone", phone=digits)
    raise code


async def _shown(uow: UnitOfWork, visit: Visit, desk: Desk, known: member.Known, total_minor: int | None) -> Answer:
    glimpse = (await member.glimpses(uow, visit.site.keyring, [known]))[known.member_id]
    name = None
    # Only who agreed to share with this merchant is shown by name.
    with suppress(MemberUnknown):
        shared = await member.show_to_merchant(uow, visit.site.keyring, known.member_id, desk.shop.merchant_id)
        name = shared.name
    habits = await profile.habits_for_merchant(uow, known.member_id, desk.shop.merchant_id)
    shown = MemberShown(
        member_id=known.member_id,
        initial=glimpse.initial,
        name=name,
        phone=glimpse.masked_phone and glimpse.masked_phone[-4:],
        photo=await _photo_address(uow, visit, known),
        points=habits.points,
        habits=_in_words(visit, desk, habits),
    )
    return Answer("member", member=shown, quote=await quote(uow, visit, desk, known, None, total_minor))


def _in_words(visit: Visit, desk: Desk, habits: profile.Habits) -> list[str]:
    """Return what a guest did at this merchant as a cashier reads it; of elsewhere nothing is known here."""
    speech = visit.speech
    if habits.last_visit_at is None:
        return [speech.text("Here for the first time")]
    day = speech.day(habits.last_visit_at, desk.shop.time_zone, "short")
    lines = [speech.texts("%(num)s visit, on %(day)s", "%(num)s visits, last on %(day)s", habits.visits, day=day)]
    if habits.usual_product is not None:
        lines.append(
            speech.text(
                "Often %(product)s (%(times)s of %(visits)s)",
                product=habits.usual_product,
                times=speech.number(habits.usual_visits),
                visits=speech.number(habits.recent_visits),
            )
        )
    return lines


async def _photo_address(uow: UnitOfWork, visit: Visit, known: member.Known) -> str | None:
    try:
        await member.photo_at_till(uow, visit.site.keyring, known.member_id)
    except PhotoUnknown:
        return None
    return f"/till/photo/{known.member_id}"


async def _person(uow: UnitOfWork, member_id: UUID) -> member.Known:
    known = (await member.subjects(uow, [member_id]))[0]
    if known is None:
        raise MemberUnknown
    return known


async def _consents(uow: UnitOfWork, visit: Visit, desk: Desk, known: member.Known, *, offers: bool) -> None:
    if not offers:
        return
    purposes = (member.Purpose.PERSONALISATION, member.Purpose.MARKETING)
    answers = [member.Answer(one, True, _JOIN_TEXT, visit.speech.language) for one in purposes]
    place = member.Place("till", desk.terminal_id, desk.shop.id)
    await member.record_consents(uow, known.member_id, answers, place)


def _sender(visit: Visit) -> member.OneTimeCodes:
    kept = visit.network_id == services(visit).demo_network
    return message.code_sender(visit.site.settings, visit.site.keyring, visit.speech.language, kept=kept)
