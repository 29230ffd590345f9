"""The handlers of the routes about people: they translate, call one use case, and translate back."""

from collections.abc import Callable
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import Call, NotFound
from ringmain.kit.pure.errors import RuleBroken
from ringmain.member import api
from ringmain.member.errors import ConsentRecipient, IdentifierInvalid, PhoneNeedsCode
from ringmain.member.http import shapes

CodeSender = Callable[[Call], api.OneTimeCodes]


def kept_codes(call: Call) -> api.OneTimeCodes:
    """Return the way of codes where nothing sends messages: kept in development, else refused."""
    return api.DevelopmentCodes() if call.settings.development else api.CodesNotConfigured()


def _phone(phone: str, region: str | None) -> api.Identifier:
    return api.identifier(api.IdentifierKind.PHONE, phone, region)


class Sending:
    """The handlers that send codes, by a way that whoever wires the routes has chosen."""

    def __init__(self, codes: CodeSender) -> None:
        self._codes = codes

    async def ask_for_code(self, uow: UnitOfWork, call: Call, body: shapes.AskForCode) -> shapes.OpenChallenge:
        """Send a code."""
        sent = await api.send_code(uow, call.keyring, self._codes(call), _phone(body.phone, body.region))
        return shapes.OpenChallenge(sent.challenge_id, sent.expires_at)

    async def give_phone(self, uow: UnitOfWork, call: Call, body: shapes.GivePhone) -> shapes.PhoneAnswered:
        """Take the phone of whoever paid."""
        challenge_id = call.id("challenge_id")
        given = await api.give_phone(
            uow, call.keyring, self._codes(call), challenge_id, _phone(body.phone, body.region)
        )
        if given.known is not None:
            return shapes.PhoneAnswered(given.known.member_id, None)
        assert given.expires_at is not None
        return shapes.PhoneAnswered(None, shapes.OpenChallenge(challenge_id, given.expires_at))


async def read_development_code(uow: UnitOfWork, call: Call) -> shapes.DevelopmentCode:
    """Show a code that was not sent."""
    challenge_id = call.id("challenge_id")
    code = await api.development_code(uow, challenge_id) if call.settings.development else None
    if code is None:
        raise NotFound
    return shapes.DevelopmentCode(challenge_id, code)


async def join(uow: UnitOfWork, call: Call, body: shapes.JoinNetwork) -> shapes.MemberJoined | RuleBroken:
    """Make a member, with the consents given on the way."""
    joined = await api.join(uow, call.keyring, api.Joining(body.challenge_id, body.code, body.name, body.language))
    if isinstance(joined, RuleBroken):
        return joined
    member_id = joined.known.member_id
    if body.consents:
        place = place_of(call, None, body.shop_id)
        await api.record_consents(uow, member_id, _answers(call, body.consents), place)
    return shapes.MemberJoined(member_id, joined.new)


async def look_up(uow: UnitOfWork, call: Call) -> shapes.MemberFound:
    """Find a member for a till."""
    body: shapes.LookUpMember = call.body
    known: api.Known | RuleBroken | None
    if body.kind == "code":
        known = (await api.read_codes(uow, call.keyring, [body.value]))[0]
        if isinstance(known, RuleBroken):
            raise known
    else:
        one = api.identifier(api.IdentifierKind[body.kind.upper()], body.value, body.region)
        known = (await api.identify_all(uow, call.keyring, [one]))[0]
    if known is None:
        return shapes.MemberFound(None)
    glimpse = (await api.glimpses(uow, call.keyring, [known]))[known.member_id]
    return shapes.MemberFound(shapes.MemberGlimpse(glimpse.member_id, glimpse.initial, glimpse.masked_phone))


async def show(uow: UnitOfWork, call: Call) -> shapes.MemberShown:
    """Show a member to the operator, or to a merchant with whom they agreed to share."""
    member_id, merchant_id = call.id("member_id"), call.merchant_scope()
    if merchant_id is None:
        return shapes.member_shown(await api.show(uow, call.keyring, member_id))
    return shapes.member_shown(await api.show_to_merchant(uow, call.keyring, member_id, merchant_id))


async def export(uow: UnitOfWork, call: Call) -> shapes.MemberExport:
    """Give a person's own copy."""
    shown = await api.show(uow, call.keyring, call.id("member_id"), masked=False)
    history = [shapes.consent_shown(record) for record in shown.all_consents]
    photo = await api.own_photo(uow, call.keyring, shown.member_id)
    return shapes.MemberExport(
        format="ringmain-member/1",
        exported_at=await uow.now(),
        member=shapes.member_shown(shown),
        consent_history=history,
        answers={one.question: one.value for one in await api.answers(uow, call.keyring, shown.member_id)},
        photo_jpeg=None if photo is None else photo.jpeg,
    )


async def attach(uow: UnitOfWork, call: Call, body: shapes.AttachIdentifier) -> shapes.MemberNamed | RuleBroken:
    """Attach a token, or a phone by its code."""
    member_id = call.id("member_id")
    known: api.Known | RuleBroken
    if body.kind == "phone":
        if body.challenge_id is None or body.code is None or body.value is not None:
            raise PhoneNeedsCode
        known = await api.prove_phone(uow, call.keyring, member_id, body.challenge_id, body.code)
    else:
        if body.value is None or body.challenge_id is not None or body.code is not None:
            raise IdentifierInvalid(kind=body.kind)
        token = api.identifier(api.IdentifierKind[body.kind.upper()], body.value)
        known = await api.attach(uow, call.keyring, member_id, [token], verified=True)
    return known if isinstance(known, RuleBroken) else shapes.MemberNamed(known.member_id)


async def detach(uow: UnitOfWork, call: Call, _: None) -> shapes.MemberNamed:
    """Take an identifier away."""
    known = await api.detach(uow, call.id("member_id"), call.id("identifier_id"))
    return shapes.MemberNamed(known.member_id)


async def read_consents(uow: UnitOfWork, call: Call) -> shapes.ConsentsShown:
    """Show what a person agrees to."""
    now, history = await api.consents(uow, call.id("member_id"))
    return shapes.ConsentsShown(
        [shapes.consent_shown(record) for record in now], [shapes.consent_shown(record) for record in history]
    )


async def record_consents(uow: UnitOfWork, call: Call, body: shapes.RecordConsents) -> shapes.ConsentsRecorded:
    """Append answers of a person."""
    place = place_of(call, body.place, body.shop_id)
    records = await api.record_consents(uow, call.id("member_id"), _answers(call, body.consents), place)
    return shapes.ConsentsRecorded([record.id for record in records])


async def merge(uow: UnitOfWork, call: Call, body: shapes.MergeMembers) -> shapes.MembersMerged:
    """Merge two members."""
    return _merged(await api.merge(uow, body.from_member_id, body.into_member_id, call.principal.principal_id))


async def unmerge(uow: UnitOfWork, call: Call, _: None) -> shapes.MembersMerged:
    """Undo a merge."""
    return _merged(await api.unmerge(uow, call.id("merge_id"), call.principal.principal_id))


async def erase(uow: UnitOfWork, call: Call, _: None) -> shapes.MembersErased:
    """Erase a person."""
    return shapes.MembersErased(await api.erase(uow, call.id("member_id"), call.principal.principal_id))


async def recognise(uow: UnitOfWork, call: Call, body: shapes.RecognisePayment) -> shapes.PaymentRecognised:
    """Say who pays, or open the question for their phone."""
    payment = tuple(api.identifier(api.IdentifierKind[token.kind.upper()], token.value) for token in body.tokens)
    answer = (await api.recognise(uow, call.keyring, [payment]))[0]
    if isinstance(answer, api.AskForPhone):
        return shapes.PaymentRecognised(None, shapes.OpenChallenge(answer.challenge_id, answer.expires_at))
    return shapes.PaymentRecognised(answer.member_id, None)


async def show_code(uow: UnitOfWork, call: Call) -> shapes.RotatingCodeShown:
    """Give the code of this moment."""
    shown = await api.show_code(uow, call.keyring, call.id("member_id"))
    return shapes.RotatingCodeShown(shown.code, shown.replaced_at)


def _answers(call: Call, given: list[shapes.ConsentGiven]) -> list[api.Answer]:
    """Translate consents; a till takes consents to share with its own merchant only."""
    own = call.merchant_scope()
    if own is not None and any(one.recipient_merchant_id not in (None, own) for one in given):
        raise ConsentRecipient
    return [
        api.Answer(api.Purpose(one.purpose), one.granted, one.text_version, one.language, one.recipient_merchant_id)
        for one in given
    ]


def place_of(call: Call, kind: str | None, shop_id: UUID | None) -> api.Place:
    """Return where and by whom something was said."""
    principal = call.principal
    default = "till" if principal.role == "terminal" else "operator"
    return api.Place(kind or default, principal.principal_id, principal.shop_id or shop_id)


def _merged(merged: api.Merged) -> shapes.MembersMerged:
    return shapes.MembersMerged(merged.merge_id, merged.from_member_id, merged.into_member_id)
