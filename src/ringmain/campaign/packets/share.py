"""Make a red packet of a voucher, open a part of one, and end it: what nobody opened is its maker's again."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from ringmain.campaign import caps, store
from ringmain.campaign.errors import PacketEmpty, PacketInvalid, PacketOver, PacketOwn, PacketUnknown, PacketWaits
from ringmain.campaign.model import play_day
from ringmain.campaign.packets import store as packet_store
from ringmain.campaign.packets.model import (
    FEWEST_PARTS,
    LASTS,
    MOST_PARTS,
    Opening,
    Packet,
    Part,
    divide,
    usual_least,
)
from ringmain.campaign.plan.deal import in_campaigns
from ringmain.campaign.referrals.invite import invite
from ringmain.campaign.store import Given
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.ids import uuid7
from ringmain.kit.secrets import Keyring
from ringmain.member import api as member
from ringmain.member.api import Known
from ringmain.member.errors import MemberUnknown
from ringmain.network import api as network
from ringmain.scene import api as scene
from ringmain.scene.api import NewScene, SceneKind
from ringmain.voucher import api as voucher
from ringmain.voucher.errors import VoucherNotFound

_NAME = "Red packet"
_SEED_BYTES = 16


@dataclass(frozen=True, slots=True)
class Shared:
    """A packet with who has opened it."""

    packet: Packet
    openings: tuple[Opening, ...]

    @property
    def left(self) -> int:
        """How many parts nobody has opened."""
        return self.packet.parts - len(self.openings)

    @property
    def opened_minor(self) -> int:
        """How much was opened."""
        return sum(one.amount_minor for one in self.openings)


@dataclass(frozen=True, slots=True)
class Opened:
    """A part that somebody opened, now or (`again`) before."""

    opening: Opening
    again: bool


async def make_packet(
    uow: UnitOfWork,
    member_id: UUID,
    voucher_id: UUID,
    parts: int,
    least_minor: int | None = None,
    *,
    keyring: Keyring | None = None,
    device: str = "",
) -> Packet:
    """Make a red packet of what is left of a member's voucher, in 2 to 10 parts by chance, for a day at most.

    Until it ends, the voucher can be opened in parts and not be spent. Its link is an invitation, made on the phone
    that is known by `device`. Raises `PacketInvalid`, `PacketWaits`,
    `MemberUnknown`, or the rule by which the voucher cannot be put aside; then nothing has changed. Announces
    `red_packet` and `invitation`.
    """
    if not FEWEST_PARTS <= parts <= MOST_PARTS:
        raise PacketInvalid(field="parts", reason=f"A red packet has {FEWEST_PARTS} to {MOST_PARTS} parts.")
    known = (await member.subjects(uow, [member_id]))[0]
    if known is None:
        raise MemberUnknown()
    held, now = await voucher.held(uow, known.subject_ids, voucher_id), await uow.now()
    if await in_campaigns(uow, [held.offer.id]):
        raise PacketWaits()
    packet_id = uuid7(now)
    aside = await voucher.put_aside(uow, known.subject_ids, voucher_id, packet_id, now + LASTS)
    least = usual_least(aside.amount_minor, parts) if least_minor is None else least_minor
    if least < 1 or least * parts > aside.amount_minor:
        raise PacketInvalid(field="least_minor", reason="So many parts of at least that much are more than there is.")
    place = (await scene.place_scenes(uow, [NewScene(SceneKind.SHARE, _NAME, aside.sender_shop_id)]))[0]
    new = Packet(
        id=packet_id,
        voucher_id=voucher_id,
        offer_id=aside.offer.id,
        subject_id=known.subject_id,
        scene_id=place.id,
        parts=parts,
        amount_minor=aside.amount_minor,
        least_minor=least,
        # Made here, and by nobody who shares or opens: what each part will be is known from now on, to the server.
        seed=os.urandom(_SEED_BYTES),
        made_at=now,
        ends_at=min(now + LASTS, aside.valid_until),
        ended_at=None,
    )
    drawn = divide(new.seed, new.amount_minor, aside.fee_minor, parts, least)
    await packet_store.add_packet(uow, new, drawn)
    await invite(uow, place.id, known.subject_id, "red_packet", keyring, device)
    uow.record("red_packet", [new.id])
    return new


async def open_packet(uow: UnitOfWork, packet_id: UUID, member_id: UUID) -> Opened:
    """Open the next part of a packet: a voucher of the member's own, once per person; asked again, the first answer.

    Raises `PacketUnknown`, `MemberUnknown`, `PacketOwn`, `PacketOver`, `PacketEmpty`, `PacketWaits` or `CapReached`;
    then nothing was opened. Announces `grant` and `red_packet_opened`.
    """
    known = (await member.subjects(uow, [member_id]))[0]
    if known is None:
        raise MemberUnknown()
    # One at a time: what is read from here on is what stands.
    packet = await packet_store.lock_packet(uow, packet_id)
    if packet is None:
        raise PacketUnknown()
    before = await packet_store.openings(uow, packet_id)
    mine = next((one for one in before if one.subject_id in known.subject_ids), None)
    if mine is not None:
        return Opened(mine, again=True)
    if packet.subject_id in known.subject_ids:
        raise PacketOwn()
    if len(before) == packet.parts:
        raise PacketEmpty()
    now = await uow.now()
    if packet.over(now):
        raise PacketOver(ended_at=packet.ended_at or packet.ends_at)
    part = await packet_store.part_of(uow, packet_id, len(before) + 1)
    opening = await _open(uow, packet, part, known)
    if part.number == packet.parts:
        await packet_store.end_packet(uow, packet_id, now)
    return Opened(opening, again=False)


async def _open(uow: UnitOfWork, packet: Packet, part: Part, known: Known) -> Opening:
    """Make a part the voucher of a person, within the caps that bind every other way to a voucher."""
    now = await uow.now()
    day = play_day(now, (await network.network_of(uow)).time_zone)
    if await in_campaigns(uow, [packet.offer_id]):
        raise PacketWaits()
    offer = (await voucher.read_offers(uow, [packet.offer_id]))[packet.offer_id]
    await store.lock_person(uow, known.subject_id)
    await caps.check_person(uow, known, "share", day)
    await caps.check_owner(uow, known, offer.creator_merchant_id, day)
    try:
        granted = await voucher.split_off(
            uow, packet.voucher_id, packet.id, part.amount_minor, part.fee_minor, known.subject_id
        )
    except VoucherNotFound as gone:
        raise PacketOver(ended_at=packet.ends_at) from gone
    opening = Opening(part.number, known.subject_id, granted.voucher_id, now, part.amount_minor)
    await packet_store.add_opening(uow, packet.id, opening)
    given = Given(
        voucher_id=granted.voucher_id,
        offer_id=offer.id,
        owner_id=offer.creator_merchant_id,
        sender_id=None,
        receiver_id=None,
        subject_id=known.subject_id,
        channel="share",
        day=day,
        # What it costs was counted when the whole voucher was given.
        cost_minor=0,
    )
    await store.add_given(uow, [given])
    uow.record("red_packet_opened", [granted.voucher_id])
    return opening


async def end_packet(uow: UnitOfWork, packet_id: UUID, member_id: UUID) -> Shared:
    """Let the maker of a packet take back what nobody has opened, before its time is over; twice changes nothing.

    Raises `PacketUnknown`, also where it is somebody else's. Announces `red_packet_ended`.
    """
    known = (await member.subjects(uow, [member_id]))[0]
    packet = await packet_store.lock_packet(uow, packet_id)
    if packet is None or known is None or packet.subject_id not in known.subject_ids:
        raise PacketUnknown()
    await _end(uow, packet)
    return await read_packet(uow, packet_id)


async def _end(uow: UnitOfWork, packet: Packet) -> None:
    if packet.ended_at is not None:
        return
    await voucher.take_back(uow, packet.voucher_id, packet.id)
    await packet_store.end_packet(uow, packet.id, await uow.now())
    uow.record("red_packet_ended", [packet.id])


async def end_due_packet(uow: UnitOfWork) -> bool:
    """End one of the packets whose time is over; False where there is none.

    One in a transaction: each has its own voucher, which a till locks together with others in the order of their ids.
    """
    packet_id = await packet_store.due(uow, await uow.now())
    packet = None if packet_id is None else await packet_store.lock_packet(uow, packet_id)
    if packet is None:
        return False
    await _end(uow, packet)
    return True


async def read_packet(uow: UnitOfWork, packet_id: UUID) -> Shared:
    """Return a packet with who has opened it. Raises `PacketUnknown`."""
    packet = await packet_store.read_packet(uow, packet_id)
    if packet is None:
        raise PacketUnknown()
    return Shared(packet, tuple(await packet_store.openings(uow, packet_id)))


async def packet_at(uow: UnitOfWork, scene_id: UUID) -> Shared | None:
    """Return the packet that a link leads to; None where the scene is none of a packet."""
    packet = await packet_store.packet_of_scene(uow, scene_id)
    return None if packet is None else await read_packet(uow, packet.id)


async def packet_of(uow: UnitOfWork, voucher_id: UUID, subject_ids: Sequence[UUID]) -> Shared | None:
    """Return the last packet that a person has made of a voucher."""
    packet = await packet_store.newest_of_voucher(uow, voucher_id, subject_ids)
    return None if packet is None else await read_packet(uow, packet.id)
