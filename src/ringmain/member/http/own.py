"""The routes about what people give of themselves (photo, answers), and about what they ask of their data."""

import asyncio
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import UNSET

from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import Call, Limit, Listed, Reply, Role, Route, keys_of, listed
from ringmain.member import api, errors
from ringmain.member.http import own_shapes as shapes
from ringmain.member.http.handlers import place_of
from ringmain.member.http.shapes import MemberNamed

_OPERATOR: frozenset[Role] = frozenset({"operator"})
_TILLS: frozenset[Role] = frozenset({"operator", "terminal"})
# Base64 of the largest picture, and the rest of the body.
_PHOTO_BODY_BYTES = 7 * 1024 * 1024
# Unpacking a picture costs more than any other request.
_PHOTOS = Limit(20, seconds=60, per="key")


async def _put_photo(uow: UnitOfWork, call: Call, body: shapes.PutPhoto) -> shapes.PhotoKept:
    member_id = call.id("member_id")
    place = place_of(call, body.place, None)
    prepared = await asyncio.to_thread(api.prepare_photo, body.image)
    if body.consent is not None:
        yes = api.Answer(api.Purpose.PHOTO_AT_TILL, True, body.consent.text_version, body.consent.language)
        await api.record_consents(uow, member_id, [yes], place)
    by_person = call.principal.role == "operator" and place.kind == "page"
    known = await api.keep_photo(
        uow, call.keyring, member_id, prepared, call.principal.principal_id, by_person=by_person
    )
    shown = await api.consented(uow, [known.subject_id], api.Purpose.PHOTO_AT_TILL)
    return shapes.PhotoKept(known.member_id, bool(shown))


async def _read_photo(uow: UnitOfWork, call: Call) -> Reply:
    photo = await api.photo_at_till(uow, call.keyring, call.id("member_id"))
    return Reply(photo.jpeg, api.PHOTO_TYPE, ((b"cache-control", b"no-store"),))


async def _delete_photo(uow: UnitOfWork, call: Call, _: None) -> MemberNamed:
    return MemberNamed((await api.forget_photo(uow, call.id("member_id"))).member_id)


async def _change(uow: UnitOfWork, call: Call, body: shapes.ChangeMember) -> MemberNamed:
    shown = await api.show(uow, call.keyring, call.id("member_id"))
    name = shown.name if body.name is UNSET else body.name
    language = shown.language if body.language is UNSET else body.language
    return MemberNamed((await api.describe(uow, call.keyring, shown.member_id, name, language)).member_id)


async def _read_answers(uow: UnitOfWork, call: Call) -> shapes.AnswersShown:
    given = await api.answers(uow, call.keyring, call.id("member_id"))
    question = api.next_question(given)
    following = None if question is None else shapes.question_shown(question)
    return shapes.AnswersShown([shapes.answer_shown(one) for one in given], following)


async def _answer(uow: UnitOfWork, call: Call, body: shapes.GiveAnswer) -> shapes.AnswerKept:
    given = await api.answer_question(uow, call.keyring, call.id("member_id"), call.path["question"], body.value)
    return shapes.AnswerKept(given.question, given.answered_at)


async def _forget_answer(uow: UnitOfWork, call: Call, _: None) -> MemberNamed:
    return MemberNamed((await api.forget_answer(uow, call.id("member_id"), call.path["question"])).member_id)


async def _make_request(uow: UnitOfWork, call: Call, body: shapes.MakeRequest) -> shapes.RequestMade:
    kind, place = api.RequestKind(body.kind), place_of(call, body.place, None)
    return shapes.request_made(await api.make_request(uow, call.keyring, call.id("member_id"), kind, place, body.words))


async def _list_requests(uow: UnitOfWork, call: Call) -> Listed[shapes.RequestShown]:
    query: shapes.Requests = call.query
    if query.answered:
        before = keys_of(query.after, tuple[UUID])
        rows = await api.answered_requests(uow, call.keyring, before=before and before[0], limit=query.limit + 1)
        return listed([shapes.request_shown(row) for row in rows], query.limit, lambda one: (one.id,))
    after = keys_of(query.after, tuple[datetime, UUID])
    rows = await api.list_requests(uow, call.keyring, after=after, limit=query.limit + 1)
    return listed([shapes.request_shown(row) for row in rows], query.limit, lambda one: (one.due_at, one.id))


async def _answer_request(uow: UnitOfWork, call: Call, body: shapes.AnswerRequest) -> shapes.RequestMade:
    by = call.principal.principal_id
    return shapes.request_made(
        await api.answer_request(uow, call.keyring, call.id("request_id"), by, body.outcome, body.words)
    )


_MEMBER = "018f4e3a-7c00-7a10-8000-000000000001"
_REQUEST = "018f4e3a-7c00-7a10-8000-000000000021"
_AT = "2026-03-01T10:00:00Z"
_NAMED = {"member_id": _MEMBER}
_MADE: dict[str, Any] = {
    "id": _REQUEST,
    "member_id": _MEMBER,
    "kind": "correct",
    "made_at": _AT,
    "due_at": "2026-04-01T10:00:00Z",
    "days_left": 31,
    "outcome": None,
    "answered_at": None,
}
_SHOWN = _MADE | {"words": "My name is spelt with a z.", "answer": None}
_DIET = api.QUESTIONS[0]

_GIVEN: tuple[Route, ...] = (
    Route(
        method="PUT",
        path="/v1/members/{member_id}/photo",
        operation="put_member_photo",
        summary="Keep a photo of a member",
        description="It is encoded again as a JPEG of 256 pixels without metadata, and sealed with the member's key. "
        "A till needs the member's consent to `photo_at_till`: in force already, or sent along.",
        tag="members",
        roles=_TILLS,
        handler=_put_photo,
        request=shapes.PutPhoto,
        response=shapes.PhotoKept,
        transaction="write",
        errors=(errors.MemberUnknown, errors.PhotoInvalid, errors.PhotoNeedsConsent),
        limit=_PHOTOS,
        body_limit_bytes=_PHOTO_BODY_BYTES,
        example={"image": "/9j/4AAQSkZJRgABAQ==", "consent": {"text_version": "2026-01", "language": "zh"}},
        example_response=_NAMED | {"shown_at_tills": True},
    ),
    Route(
        method="GET",
        path="/v1/members/{member_id}/photo",
        operation="read_member_photo",
        summary="Show a member's photo at a till",
        description="Only where the member agrees to `photo_at_till`; the answer is the same where there is none.",
        tag="members",
        roles=frozenset({"terminal"}),
        handler=_read_photo,
        response=bytes,
        produces=(api.PHOTO_TYPE,),
        errors=(errors.MemberUnknown, errors.PhotoUnknown),
    ),
    Route(
        method="DELETE",
        path="/v1/members/{member_id}/photo",
        operation="delete_member_photo",
        summary="Delete a member's photo",
        tag="members",
        roles=_TILLS,
        handler=_delete_photo,
        response=MemberNamed,
        transaction="write",
        errors=(errors.MemberUnknown,),
        example_response=_NAMED,
    ),
    Route(
        method="PATCH",
        path="/v1/members/{member_id}",
        operation="change_member",
        summary="Change a member's name or language",
        tag="members",
        roles=_OPERATOR,
        handler=_change,
        request=shapes.ChangeMember,
        response=MemberNamed,
        transaction="write",
        errors=(errors.MemberUnknown, errors.NameInvalid),
        example={"name": "Anna Zhang"},
        example_response=_NAMED,
    ),
    Route(
        method="GET",
        path="/v1/members/{member_id}/answers",
        operation="read_answers",
        summary="Read what a member told about themselves, and the question to ask next",
        tag="members",
        roles=_OPERATOR,
        handler=_read_answers,
        response=shapes.AnswersShown,
        errors=(errors.MemberUnknown,),
        example_response={
            "answers": [{"question": "spice", "value": "mild", "answered_at": _AT}],
            "next": {
                "question": _DIET.key,
                "words": _DIET.words,
                "use": _DIET.use,
                "choices": [{"value": one.value, "words": one.words} for one in _DIET.choices],
            },
        },
    ),
    Route(
        method="PUT",
        path="/v1/members/{member_id}/answers/{question}",
        operation="answer_question",
        summary="Keep what a member answers to a question",
        tag="members",
        roles=_OPERATOR,
        handler=_answer,
        request=shapes.GiveAnswer,
        response=shapes.AnswerKept,
        transaction="write",
        errors=(errors.MemberUnknown, errors.QuestionUnknown, errors.AnswerNotOffered),
        example={"value": "mild"},
        example_path={"question": "spice"},
        example_response={"question": "spice", "answered_at": _AT},
    ),
    Route(
        method="DELETE",
        path="/v1/members/{member_id}/answers/{question}",
        operation="forget_answer",
        summary="Forget what a member answered to a question",
        tag="members",
        roles=_OPERATOR,
        handler=_forget_answer,
        response=MemberNamed,
        transaction="write",
        errors=(errors.MemberUnknown, errors.QuestionUnknown),
        example_path={"question": "spice"},
        example_response=_NAMED,
    ),
)

_ASKED: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/v1/members/{member_id}/privacy-requests",
        operation="make_privacy_request",
        summary="Record what a member asks of their data",
        description="`export` and `erase` are carried out at once and recorded as done; `correct` and `object` wait "
        "for an operator, for one month at most.",
        tag="privacy",
        roles=_OPERATOR,
        handler=_make_request,
        request=shapes.MakeRequest,
        response=shapes.RequestMade,
        status=201,
        transaction="write",
        errors=(errors.MemberUnknown, errors.WordsNeeded),
        example={"kind": "correct", "words": "My name is spelt with a z.", "place": "paper"},
        example_response=_MADE,
    ),
    Route(
        method="GET",
        path="/v1/privacy-requests",
        operation="list_privacy_requests",
        summary="List what members ask of their data: overdue first, then by the days that are left",
        tag="privacy",
        roles=_OPERATOR,
        handler=_list_requests,
        query=shapes.Requests,
        response=Listed[shapes.RequestShown],
        example_query={"limit": "50"},
        example_response={"items": [_SHOWN], "next": None},
    ),
    Route(
        method="POST",
        path="/v1/privacy-requests/{request_id}/answer",
        operation="answer_privacy_request",
        summary="Answer a request",
        tag="privacy",
        roles=_OPERATOR,
        handler=_answer_request,
        request=shapes.AnswerRequest,
        response=shapes.RequestMade,
        transaction="write",
        errors=(
            errors.MemberUnknown,
            errors.RequestUnknown,
            errors.RequestAlreadyAnswered,
            errors.WordsNeeded,
        ),
        example={"outcome": "done"},
        example_response=_MADE | {"days_left": None, "outcome": "done", "answered_at": _AT},
    ),
)

OWN_ROUTES: tuple[Route, ...] = _GIVEN + _ASKED
