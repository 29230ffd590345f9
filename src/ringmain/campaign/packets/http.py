"""Requests, answers and routes of red packets, for apps with an operator's key; phones come through the pages."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from ringmain.campaign import errors
from ringmain.campaign.packets import share
from ringmain.campaign.packets.model import FEWEST_PARTS, MOST_PARTS
from ringmain.campaign.packets.share import Shared
from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import Call, Count, Request, Role, Route
from ringmain.member.errors import MemberUnknown
from ringmain.scene import api as scene
from ringmain.voucher import errors as vouchers

_TAG = "red packets"
_OPERATOR: frozenset[Role] = frozenset({"operator"})


class MakePacket(Request, frozen=True):
    """Whose voucher is shared, in how many parts, and how small a part may be (left out: a fifth of an equal share)."""

    voucher_id: UUID
    member_id: UUID
    parts: Annotated[int, Meta(ge=FEWEST_PARTS, le=MOST_PARTS)]
    least_minor: Count | None = None


class WhoShares(Request, frozen=True):
    """Which member opens it, or (its maker only) takes back what is left."""

    member_id: UUID


class OpeningShown(Struct, frozen=True):
    """A part that somebody has opened: a voucher of their own."""

    number: int
    voucher_id: UUID
    amount_minor: int
    opened_at: datetime


class PacketShown(Struct, frozen=True, kw_only=True):
    """A red packet. Parts that are not opened are known to the server only; `commitment` is the SHA-256 of the seed.

    `seed` is shown (hexadecimal) when it has ended: whoever has it can work all parts out again.
    """

    id: UUID
    voucher_id: UUID
    offer_id: UUID
    url: str
    parts: int
    left: int
    amount_minor: int
    opened_minor: int
    least_minor: int
    made_at: datetime
    ends_at: datetime
    ended_at: datetime | None
    commitment: str
    seed: str | None
    openings: list[OpeningShown]


class OpenedShown(Struct, frozen=True):
    """The part that was opened; `again` where this member had opened it before."""

    voucher_id: UUID
    amount_minor: int
    again: bool


async def _make(uow: UnitOfWork, call: Call, body: MakePacket) -> PacketShown:
    made = await share.make_packet(uow, body.member_id, body.voucher_id, body.parts, body.least_minor)
    return await _shown(uow, call, await share.read_packet(uow, made.id))


async def _read(uow: UnitOfWork, call: Call) -> PacketShown:
    return await _shown(uow, call, await share.read_packet(uow, call.id("packet_id")))


async def _open(uow: UnitOfWork, call: Call, body: WhoShares) -> OpenedShown:
    opened = await share.open_packet(uow, call.id("packet_id"), body.member_id)
    return OpenedShown(opened.opening.voucher_id, opened.opening.amount_minor, opened.again)


async def _end(uow: UnitOfWork, call: Call, body: WhoShares) -> PacketShown:
    return await _shown(uow, call, await share.end_packet(uow, call.id("packet_id"), body.member_id))


async def _shown(uow: UnitOfWork, call: Call, found: Shared) -> PacketShown:
    packet = found.packet
    base = call.settings.public_url or f"http://{call.settings.host}:{call.settings.port}"
    return PacketShown(
        id=packet.id,
        voucher_id=packet.voucher_id,
        offer_id=packet.offer_id,
        url=scene.scene_url(base, (await scene.scene(uow, packet.scene_id)).token),
        parts=packet.parts,
        left=found.left,
        amount_minor=packet.amount_minor,
        opened_minor=found.opened_minor,
        least_minor=packet.least_minor,
        made_at=packet.made_at,
        ends_at=packet.ends_at,
        ended_at=packet.ended_at,
        commitment=packet.commitment,
        seed=packet.seed.hex() if packet.over(await uow.now()) else None,
        openings=[OpeningShown(one.number, one.voucher_id, one.amount_minor, one.opened_at) for one in found.openings],
    )


_ID = "018f4e3a-7c00-7a10-8000-000000000031"
_AT = "2026-03-01T10:00:00Z"
_PACKET = {
    "id": _ID,
    "voucher_id": _ID,
    "offer_id": _ID,
    "url": "https://ring.example/s/8yXq2m0vQk2b1YpQm3c9Aw",
    "parts": 4,
    "left": 3,
    "amount_minor": 2_000,
    "opened_minor": 640,
    "least_minor": 100,
    "made_at": _AT,
    "ends_at": "2026-03-02T10:00:00Z",
    "ended_at": None,
    "commitment": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "seed": None,
    "openings": [{"number": 1, "voucher_id": _ID, "amount_minor": 640, "opened_at": _AT}],
}
_MEMBER = {"member_id": _ID}

ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/v1/red-packets",
        operation="make_red_packet",
        summary="Share a member's voucher in parts by chance",
        description="What is left of the voucher is divided into 2 to 10 parts, by chance, exactly. Friends open them "
        "by the link, each once; a part is a voucher of the same terms. What nobody opens within a day is the maker's.",
        tag=_TAG,
        roles=_OPERATOR,
        handler=_make,
        request=MakePacket,
        response=PacketShown,
        status=HTTPStatus.CREATED,
        transaction="write",
        errors=(
            errors.PacketInvalid,
            errors.PacketWaits,
            MemberUnknown,
            vouchers.VoucherNotFound,
            vouchers.VoucherNotSplittable,
            vouchers.VoucherAlreadySpent,
            vouchers.VoucherExpired,
            vouchers.VoucherVoid,
            vouchers.VoucherGivenAway,
            vouchers.VoucherLeased,
            vouchers.VoucherLocked,
        ),
        example={"voucher_id": _ID, "member_id": _ID, "parts": 4, "least_minor": 100},
        example_response=_PACKET | {"left": 4, "opened_minor": 0, "openings": []},
    ),
    Route(
        method="GET",
        path="/v1/red-packets/{packet_id}",
        operation="read_red_packet",
        summary="Read a red packet with what was opened",
        tag=_TAG,
        roles=_OPERATOR,
        handler=_read,
        response=PacketShown,
        errors=(errors.PacketUnknown,),
        example_response=_PACKET,
    ),
    Route(
        method="POST",
        path="/v1/red-packets/{packet_id}/openings",
        operation="open_red_packet",
        summary="Open a part of a red packet for a member",
        description="Once per person: asked again, the first answer. Nobody opens their own.",
        tag=_TAG,
        roles=_OPERATOR,
        handler=_open,
        unaudited_because="an opening is a grant, which is a fact of its own",
        request=WhoShares,
        response=OpenedShown,
        status=HTTPStatus.CREATED,
        transaction="write",
        errors=(
            errors.PacketUnknown,
            errors.PacketOwn,
            errors.PacketOver,
            errors.PacketEmpty,
            errors.PacketWaits,
            errors.CapReached,
            MemberUnknown,
        ),
        example=_MEMBER,
        example_response={"voucher_id": _ID, "amount_minor": 640, "again": False},
    ),
    Route(
        method="POST",
        path="/v1/red-packets/{packet_id}/end",
        operation="end_red_packet",
        summary="Give the maker of a red packet back what nobody has opened",
        description="Before its time is over. Twice changes nothing.",
        tag=_TAG,
        roles=_OPERATOR,
        handler=_end,
        request=WhoShares,
        response=PacketShown,
        transaction="write",
        errors=(errors.PacketUnknown,),
        example=_MEMBER,
        example_response=_PACKET | {"ended_at": _AT, "seed": "3f" * 16},
    ),
)
