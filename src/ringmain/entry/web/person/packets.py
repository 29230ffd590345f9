"""Red packets on the phone: share a voucher in parts, open a friend's, see who had luck, take back what is left."""

from typing import Any
from uuid import UUID

from msgspec import Struct
from starlette.responses import Response

from ringmain.campaign import api as campaign
from ringmain.campaign.api import Shared
from ringmain.campaign.errors import (
    CapReached,
    PacketEmpty,
    PacketInvalid,
    PacketOver,
    PacketOwn,
    PacketUnknown,
    PacketWaits,
)
from ringmain.entry.web.person import phone, words
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pages import Visit
from ringmain.kit.pure.errors import RuleBroken
from ringmain.member import api as member
from ringmain.member.api import Glimpse, Known
from ringmain.member.errors import MemberUnknown
from ringmain.network import api as network
from ringmain.scene import api as scene
from ringmain.scene.errors import SceneUnknown
from ringmain.voucher import api as voucher
from ringmain.voucher.api import Held, PublishedOffer

_FEWEST = 2
_USUAL = 4
_LAST_DIGITS = 2


class _Made(Struct, frozen=True):
    packet_id: UUID


async def ask(visit: Visit) -> Response:
    """Show the red packet of a voucher, or ask into how many parts it shall be divided."""
    return await _asked(visit, None)


async def _asked(visit: Visit, rule: RuleBroken | None) -> Response:
    async with visit.unit() as uow:
        known, held = await _held(visit, uow)
        found = await campaign.packet_of(uow, held.voucher.id, known.subject_ids)
        now, zone = await uow.now(), (await network.network_of(uow)).time_zone
        values: dict[str, Any] = {
            "id": held.voucher.id,
            "worth": words.worth(visit.speech, held.offer.terms, held.voucher.remaining_minor or None),
            "leads_to": await _leads_to(uow, held.offer),
            "rule": rule,
            "zone": zone,
        }
        if found is not None:
            values |= await _told(visit, uow, found, held.offer, known)
            link = (await scene.scene(uow, found.packet.scene_id)).token
            values |= {"link": scene.scene_url(visit.base_url, link), "ends_at": found.packet.ends_at}
    over = found is None or found.packet.over(now) or not found.left
    most = min(campaign.MOST_PACKET_PARTS, held.voucher.remaining_minor)
    can = held.state in ("open", "later") and voucher.unsplittable(held.offer.terms, is_part=held.part) is None
    return visit.page(
        "person/packet_own.html",
        200 if rule is None else int(rule.status),
        **values,
        found=found,
        over=over,
        can=over and can and most >= _FEWEST,
        choices=[(str(one), str(one)) for one in range(_FEWEST, most + 1)],
        usual=str(_USUAL),
    )


async def make(visit: Visit) -> Response:
    """Make a red packet of a voucher, or end it; once, however often it is pressed."""
    voucher_id, parts = visit.path_id("voucher_id"), visit.form.whole("parts")

    async def act(uow: UnitOfWork) -> _Made:
        known, held = await _held(visit, uow)
        if visit.form.text("end"):
            found = await campaign.packet_of(uow, held.voucher.id, known.subject_ids)
            if found is None:
                raise PacketUnknown()
            return _Made((await campaign.end_packet(uow, found.packet.id, known.member_id)).packet.id)
        made = await campaign.make_packet(
            uow,
            known.member_id,
            voucher_id,
            parts or 0,
            keyring=visit.site.keyring,
            device=phone.device(visit),
        )
        return _Made(made.id)

    try:
        await visit.once("person_packet", act, _Made)
    except (PacketInvalid, PacketWaits) as rule:
        return await _asked(visit, rule)
    return visit.go(f"/wallet/{voucher_id}/packet")


async def look(visit: Visit, uow: UnitOfWork, scene_id: UUID) -> Response | None:
    """Show the red packet that a link leads to; None where it leads to none, or who came too late plays instead."""
    found = await campaign.packet_at(uow, scene_id)
    if found is None:
        return None
    known = await phone.holder(visit, uow)
    if known is not None and found.packet.subject_id in known.subject_ids:
        return visit.go(f"/wallet/{found.packet.voucher_id}/packet")
    subject_ids = known.subject_ids if known is not None else ()
    mine = next((one for one in found.openings if one.subject_id in subject_ids), None)
    gone = mine is None and (not found.left or found.packet.over(await uow.now()))
    if gone and visit.query("instead"):
        return None
    offer = (await voucher.read_offers(uow, [found.packet.offer_id]))[found.packet.offer_id]
    values = await _told(visit, uow, found, offer, known) if mine is not None else {}
    return visit.page(
        "person/packet.html",
        **values,
        token=visit.path_text("token"),
        whole=words.worth(visit.speech, offer.terms, found.packet.amount_minor),
        worth=None if mine is None else words.worth(visit.speech, offer.terms, mine.amount_minor),
        conditions=words.conditions(visit.speech, offer.terms),
        leads_to=await _leads_to(uow, offer),
        found=found,
        mine=mine,
        gone=gone,
        empty=not found.left,
        ends_at=found.packet.ends_at,
        zone=(await network.network_of(uow)).time_zone,
    )


async def open_(visit: Visit) -> Response:
    """Open a part, once, however often it is pressed; who has not joined does that first."""
    token = visit.path_text("token")
    if visit.session is None or visit.known.facts.get("scene") != token:
        return visit.go(f"/s/{token}")
    if visit.known.holder_id is None:
        async with visit.unit() as uow:
            await phone.remember(visit, uow, packet="open", game=None, choice=None, take=None)
        return visit.go("/join")
    return await open_now(visit)


async def open_now(visit: Visit) -> Response:
    """Open a part of the red packet whose link this phone has met last, and show what was in it."""
    token = visit.known.facts.get("scene", "")
    async with visit.unit() as uow:
        await phone.remember(visit, uow, packet=None)
    try:
        async with visit.unit() as uow:
            found = await campaign.packet_at(uow, (await scene.find_scene(uow, token)).id)
            if found is not None:
                await campaign.open_packet(uow, found.packet.id, visit.holder_id)
    except (PacketEmpty, PacketOver, PacketOwn, SceneUnknown):
        # The page of the link says what there is instead.
        return visit.go(f"/s/{token}")
    except (CapReached, PacketWaits) as rule:
        return visit.page("person/scene_closed.html", int(rule.status), why="receipt", rule=rule)
    return visit.go(f"/s/{token}?now=1")


async def _told(
    visit: Visit, uow: UnitOfWork, found: Shared, offer: PublishedOffer, known: Known | None
) -> dict[str, Any]:
    """Return who opened how much, as those see it who share the packet: names are hidden but for a letter."""
    people = await member.people_of(uow, [one.subject_id for one in found.openings])
    seen = await member.glimpses(uow, visit.site.keyring, list(people.values()))
    own = known.subject_ids if known is not None else ()
    luckiest = max((one.amount_minor for one in found.openings), default=0)
    rows = []
    for one in found.openings:
        person = people.get(one.subject_id)
        rows.append(
            {
                "name": _masked(visit, seen.get(person.member_id) if person is not None else None),
                "own": one.subject_id in own,
                "worth": words.worth(visit.speech, offer.terms, one.amount_minor),
                "luckiest": not found.left and one.amount_minor == luckiest,
                "at": one.opened_at,
            }
        )
    return {"openings": rows, "left_worth": _money(visit, offer, found.packet.amount_minor - found.opened_minor)}


def _masked(visit: Visit, glimpse: Glimpse | None) -> str:
    if glimpse is not None and glimpse.initial:
        return f"{glimpse.initial}**"
    if glimpse is not None and glimpse.masked_phone:
        return f"**{glimpse.masked_phone[-_LAST_DIGITS:]}"
    return visit.speech.text("Somebody")


def _money(visit: Visit, offer: PublishedOffer, amount_minor: int) -> str:
    return visit.speech.money(amount_minor, offer.terms.currency)


async def _leads_to(uow: UnitOfWork, offer: PublishedOffer) -> str:
    shops = await network.shops(uow, offer.terms.shop_ids) if offer.terms.shop_ids else []
    return shops[0].name if len(shops) == 1 else offer.name


async def _held(visit: Visit, uow: UnitOfWork) -> tuple[Known, Held]:
    known = await phone.holder(visit, uow)
    if known is None:
        raise MemberUnknown()
    return known, await voucher.held(uow, known.subject_ids, visit.path_id("voucher_id"))
