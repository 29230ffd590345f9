"""Telling who follows the WeChat account: by the system in which people bind theirs, with what they agreed to."""

from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import Call, Request, Role, Route
from ringmain.member import api as member
from ringmain.member.errors import MemberUnknown
from ringmain.message import api
from ringmain.message.errors import FollowerUnknown

Openid = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{16,64}\Z", description="Of the person at our official account.")]


class TellFollower(Request, frozen=True):
    """Who a person is at WeChat, and to which words they agreed when they bound their account.

    `marketing`: they agreed to reminders and offers, too; false leaves what they said to that before.
    """

    openid: Openid
    text_version: Annotated[str, Meta(min_length=1, max_length=50, description="Which text the person agreed to.")]
    language: Literal["en", "zh"]
    marketing: bool = False


class FollowerTold(Struct, frozen=True):
    """The address that is kept; what it says is not given back."""

    member_id: UUID
    address_id: UUID


class FollowerForgotten(Struct, frozen=True):
    """Whose address was forgotten."""

    member_id: UUID


async def _tell(uow: UnitOfWork, call: Call, body: TellFollower) -> FollowerTold:
    known = await _person(uow, call.id("member_id"))
    address_id = await api.add_follower(uow, call.keyring, known, body.openid, body.text_version)
    if body.marketing:
        said = member.Answer(
            member.Purpose.MARKETING, granted=True, text_version=body.text_version, language=body.language
        )
        place = member.Place("operator", call.principal.principal_id)
        await member.record_consents(uow, known.member_id, [said], place)
    return FollowerTold(known.member_id, address_id)


async def _forget(uow: UnitOfWork, call: Call, _: None) -> FollowerForgotten:
    known = await _person(uow, call.id("member_id"))
    if not await api.forget_channel(uow, known, api.Channel.WECHAT):
        raise FollowerUnknown
    return FollowerForgotten(known.member_id)


async def _person(uow: UnitOfWork, member_id: UUID) -> member.Known:
    known = (await member.subjects(uow, [member_id]))[0]
    if known is None:
        raise MemberUnknown
    return known


# Whoever may tell an address may have a person's messages sent to themselves: the operator's system alone.
_OPERATOR: frozenset[Role] = frozenset({"operator"})
_MEMBER = "018f4e3a-7c00-7a10-8000-000000000001"
_PATH = "/v1/members/{member_id}/wechat-follower"

ROUTES: tuple[Route, ...] = (
    Route(
        method="PUT",
        path=_PATH,
        operation="set_wechat_follower",
        summary="Tell who a member is at the WeChat official account",
        description="After the member has bound their WeChat account in a system of yours. The openid is encrypted "
        "with the member's key; another one replaces it, and told again it is used again after WeChat refused it.",
        tag="messages",
        roles=_OPERATOR,
        handler=_tell,
        request=TellFollower,
        response=FollowerTold,
        transaction="write",
        errors=(MemberUnknown,),
        example={
            "openid": "oA1b2C3d4E5f6G7h8I9j0KlMnOpQ",
            "text_version": "wechat-1",
            "language": "zh",
            "marketing": True,
        },
        example_response={"member_id": _MEMBER, "address_id": "018f4e3a-7c00-7a10-8000-000000000024"},
    ),
    Route(
        method="DELETE",
        path=_PATH,
        operation="forget_wechat_follower",
        summary="Forget who a member is at the WeChat official account",
        tag="messages",
        roles=_OPERATOR,
        handler=_forget,
        response=FollowerForgotten,
        transaction="write",
        errors=(MemberUnknown, FollowerUnknown),
        example_response={"member_id": _MEMBER},
    ),
)
