"""The routes about people."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from ringmain.kit.http import Audited, Limit, Role, Route
from ringmain.member import errors
from ringmain.member.http import handlers, shapes
from ringmain.member.http.own import OWN_ROUTES
from ringmain.network.errors import ShopNotFound

_OPERATOR: frozenset[Role] = frozenset({"operator"})
_TILLS: frozenset[Role] = frozenset({"operator", "terminal"})
_READERS: frozenset[Role] = frozenset({"operator", "merchant"})

_MEMBER = "018f4e3a-7c00-7a10-8000-000000000001"
_OTHER = "018f4e3a-7c00-7a10-8000-000000000002"
_CHALLENGE = "018f4e3a-7c00-7a10-8000-000000000003"
_MERGE = "018f4e3a-7c00-7a10-8000-000000000004"
_IDENTIFIER = "018f4e3a-7c00-7a10-8000-000000000005"
_CONSENT = "018f4e3a-7c00-7a10-8000-000000000006"
_MERCHANT = "018f4e3a-7c00-7a10-8000-000000000007"
_AT = "2026-03-01T10:00:00Z"
_OPEN = {"challenge_id": _CHALLENGE, "expires_at": "2026-03-01T10:05:00Z"}
_GIVEN = {
    "purpose": "share_with_merchant",
    "granted": True,
    "text_version": "2026-01",
    "language": "zh",
    "recipient_merchant_id": _MERCHANT,
}
_CONSENT_SHOWN = {"id": _CONSENT, **_GIVEN, "place": "till", "shop_id": None, "recorded_at": _AT}
_MERGED = {"merge_id": _MERGE, "from_member_id": _OTHER, "into_member_id": _MEMBER}
_SHOWN: dict[str, Any] = {
    "member_id": _MEMBER,
    "merged_member_ids": [],
    "joined_at": _AT,
    "name": "Anna",
    "language": "zh",
    "identifiers": [
        {"id": _IDENTIFIER, "kind": "phone", "value": "+*********8000", "attached_at": _AT, "verified_at": _AT}
    ],
    "consents": [_CONSENT_SHOWN],
    "merges": [],
}
_EXPORT = {
    "format": "ringmain-member/1",
    "exported_at": _AT,
    "member": _SHOWN,
    "consent_history": [_CONSENT_SHOWN],
    "answers": {"spice": "mild"},
    "photo_jpeg": None,
}

# The phone, card tokens and codes of people can be guessed; a till asks for one member at a time.
_GUESSABLE = Limit(120, seconds=60, per="key")
_PHONE_RULES = (errors.PhoneInvalid, errors.TooManyCodes, errors.OneTimeCodesNotConfigured)
_CODE_RULES = (errors.ChallengeUnknown, errors.OneTimeCodeWrong)
_CONSENT_RULES = (errors.ConsentRecipient, ShopNotFound)

# Where nothing sends messages, codes are kept in development and refused otherwise.
_KEPT = handlers.Sending(handlers.kept_codes)

_JOINING: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/v1/members/one-time-codes",
        operation="send_one_time_code",
        summary="Send a one-time code to a phone",
        description="Six digits, for five minutes and five tries; at most five unused codes an hour for a phone.",
        tag="members",
        roles=_TILLS,
        handler=_KEPT.ask_for_code,
        unaudited_because="it is a person's own step on the way to joining",
        request=shapes.AskForCode,
        response=shapes.OpenChallenge,
        status=201,
        transaction="write",
        errors=_PHONE_RULES,
        limit=_GUESSABLE,
        example={"phone": "+8613800138000"},
        example_response=_OPEN,
    ),
    Route(
        method="GET",
        path="/v1/members/one-time-codes/{challenge_id}",
        operation="read_development_code",
        summary="Read a code that was not sent (development mode only)",
        tag="members",
        roles=_OPERATOR,
        handler=handlers.read_development_code,
        response=shapes.DevelopmentCode,
        example_response={"challenge_id": _CHALLENGE, "code": "123456"},
    ),
    Route(
        method="POST",
        path="/v1/members",
        operation="join_network",
        summary="Join the network by the code sent to a phone",
        description="A phone that is a member's already gives that member. Where the challenge began at a payment, "
        "what the person paid with is theirs from now on.",
        tag="members",
        roles=_TILLS,
        handler=handlers.join,
        request=shapes.JoinNetwork,
        response=shapes.MemberJoined,
        transaction="write",
        errors=(*_CODE_RULES, errors.NameInvalid, *_CONSENT_RULES),
        limit=_GUESSABLE,
        example={"challenge_id": _CHALLENGE, "code": "123456", "name": "Anna", "language": "zh", "consents": [_GIVEN]},
        example_response={"member_id": _MEMBER, "new": True},
    ),
    Route(
        method="POST",
        path="/v1/members/recognitions",
        operation="recognise_payment",
        summary="Say who pays with these tokens, or ask for a phone",
        description="The first payment with an unknown token answers `ask_for_phone`; once the phone is given, every "
        "shop of the network recognises the person by the token.",
        tag="members",
        roles=_TILLS,
        handler=handlers.recognise,
        unaudited_because="it is a step of a payment",
        request=shapes.RecognisePayment,
        response=shapes.PaymentRecognised,
        transaction="write",
        errors=(errors.IdentifierInvalid,),
        example={"tokens": [{"kind": "card_token", "value": "tok_8fG2kLq9"}]},
        example_response={"member_id": None, "ask_for_phone": _OPEN},
    ),
    Route(
        method="POST",
        path="/v1/members/recognitions/{challenge_id}/phone",
        operation="give_phone",
        summary="Give the phone of whoever paid",
        description="A phone that nobody has makes a member at once. A phone that a member has is sent a code first: "
        "join with it under the same challenge.",
        tag="members",
        roles=_TILLS,
        handler=_KEPT.give_phone,
        unaudited_because="it is a step of a payment",
        request=shapes.GivePhone,
        response=shapes.PhoneAnswered,
        transaction="write",
        errors=(*_PHONE_RULES, errors.ChallengeUnknown),
        limit=_GUESSABLE,
        example={"phone": "+8613800138000"},
        example_response={"member_id": _MEMBER, "confirm_by_code": None},
    ),
)

_READING: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/v1/members/lookups",
        operation="look_up_member",
        summary="Find a member by what they show or say, before the payment",
        description="A rotating code that is looked up stays unused; it is used by the redemption.",
        tag="members",
        roles=_TILLS,
        handler=handlers.look_up,
        request=shapes.LookUpMember,
        response=shapes.MemberFound,
        errors=(errors.PhoneInvalid, errors.IdentifierInvalid, errors.MemberCodeInvalid, errors.MemberCodeUsed),
        limit=_GUESSABLE,
        example={"kind": "phone", "value": "+8613800138000"},
        example_response={"member": {"member_id": _MEMBER, "initial": "A", "masked_phone": "+*********8000"}},
    ),
    Route(
        method="GET",
        path="/v1/members/{member_id}",
        operation="read_member",
        summary="Read a member",
        description="A merchant reads members who agreed to share with it: name, phone and that consent.",
        tag="members",
        roles=_READERS,
        handler=handlers.show,
        response=shapes.MemberShown,
        reads_as="network",
        errors=(errors.MemberUnknown,),
        example_response=_SHOWN,
    ),
    Route(
        method="GET",
        path="/v1/members/{member_id}/export",
        operation="export_member",
        summary="Give a person their own data",
        tag="members",
        roles=_OPERATOR,
        handler=handlers.export,
        audited=Audited(),
        response=shapes.MemberExport,
        errors=(errors.MemberUnknown,),
        example_response=_EXPORT,
    ),
    Route(
        method="GET",
        path="/v1/members/{member_id}/consents",
        operation="read_consents",
        summary="Read what a member agrees to, and how it came about",
        tag="members",
        roles=_OPERATOR,
        handler=handlers.read_consents,
        response=shapes.ConsentsShown,
        errors=(errors.MemberUnknown,),
        example_response={"in_force": [_CONSENT_SHOWN], "history": [_CONSENT_SHOWN]},
    ),
    Route(
        method="POST",
        path="/v1/members/{member_id}/code",
        operation="show_member_code",
        summary="Give the rotating code that the member's phone shows now",
        description="New every 30 seconds, good for one redemption, accepted one step early or late.",
        tag="members",
        roles=_OPERATOR,
        handler=handlers.show_code,
        response=shapes.RotatingCodeShown,
        errors=(errors.MemberUnknown,),
        example_response={"code": "RM1" + "A" * 58, "replaced_at": "2026-03-01T10:00:30Z"},
    ),
)

_CHANGING: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/v1/members/{member_id}/identifiers",
        operation="attach_identifier",
        summary="Let a member be known by one more identifier",
        tag="members",
        roles=_OPERATOR,
        handler=handlers.attach,
        request=shapes.AttachIdentifier,
        response=shapes.MemberNamed,
        transaction="write",
        errors=(
            errors.MemberUnknown,
            errors.IdentifierTaken,
            errors.IdentifierInvalid,
            errors.PhoneNeedsCode,
            *_CODE_RULES,
        ),
        limit=_GUESSABLE,
        example={"kind": "tag", "value": "04A2B9C1D2E3F0"},
        example_response={"member_id": _MEMBER},
    ),
    Route(
        method="DELETE",
        path="/v1/members/{member_id}/identifiers/{identifier_id}",
        operation="detach_identifier",
        summary="Take an identifier away from a member",
        tag="members",
        roles=_OPERATOR,
        handler=handlers.detach,
        response=shapes.MemberNamed,
        transaction="write",
        errors=(errors.MemberUnknown, errors.IdentifierUnknown),
        example_response={"member_id": _MEMBER},
    ),
    Route(
        method="POST",
        path="/v1/members/{member_id}/consents",
        operation="record_consents",
        summary="Record what a member agrees to or withdraws",
        description="Sharing with a merchant needs a consent of its own for each merchant; a till records those for "
        "its own merchant only.",
        tag="members",
        roles=_TILLS,
        handler=handlers.record_consents,
        request=shapes.RecordConsents,
        response=shapes.ConsentsRecorded,
        status=201,
        transaction="write",
        errors=(errors.MemberUnknown, *_CONSENT_RULES),
        example={"consents": [_GIVEN], "place": "till"},
        example_response={"consent_ids": [_CONSENT]},
    ),
    Route(
        method="POST",
        path="/v1/members/merges",
        operation="merge_members",
        summary="Merge two members who are one person",
        tag="members",
        roles=_OPERATOR,
        handler=handlers.merge,
        audited=Audited(object_kind="member", object_from="into_member_id", facts=("merge_id",)),
        request=shapes.MergeMembers,
        response=shapes.MembersMerged,
        status=201,
        transaction="write",
        errors=(errors.MemberUnknown, errors.MergeWithItself),
        example={"from_member_id": _OTHER, "into_member_id": _MEMBER},
        example_response=_MERGED,
    ),
    Route(
        method="POST",
        path="/v1/members/merges/{merge_id}/reversal",
        operation="reverse_merge",
        summary="Undo a merge",
        tag="members",
        roles=_OPERATOR,
        handler=handlers.unmerge,
        response=shapes.MembersMerged,
        transaction="write",
        errors=(errors.MergeUnknown, errors.MergeAlreadyReversed, errors.MemberErased),
        example_response=_MERGED,
    ),
    Route(
        method="DELETE",
        path="/v1/members/{member_id}",
        operation="erase_member",
        summary="Erase a person",
        description="Destroys the key of their data, their identifiers, and the way from them to facts; there is no "
        "way back.",
        tag="members",
        roles=_OPERATOR,
        handler=handlers.erase,
        response=shapes.MembersErased,
        transaction="write",
        errors=(errors.MemberUnknown, errors.MemberErased),
        example_response={"member_ids": [_MEMBER]},
    ),
)

ROUTES: tuple[Route, ...] = _JOINING + _READING + _CHANGING + OWN_ROUTES


def routes(codes: handlers.CodeSender) -> tuple[Route, ...]:
    """Return the routes about people; `codes` says by which way the codes that a call asks for are sent."""
    sending = handlers.Sending(codes)
    own: dict[str, Callable[..., Awaitable[Any]]] = {
        "send_one_time_code": sending.ask_for_code,
        "give_phone": sending.give_phone,
    }
    return tuple(replace(route, handler=own.get(route.operation, route.handler)) for route in ROUTES)
