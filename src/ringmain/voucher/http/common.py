"""What the routes of this slice share: roles, who the member is, which shop the till stands in, and example values."""

from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import Call, Role
from ringmain.kit.pure.errors import RuleBroken
from ringmain.member import api as member
from ringmain.member.errors import MemberUnknown
from ringmain.network import api as network
from ringmain.network.errors import ShopNotFound
from ringmain.voucher import offers
from ringmain.voucher.errors import OfferNotFound, ShopRequired
from ringmain.voucher.model import PublishedOffer, Redeemer

MANAGERS: frozenset[Role] = frozenset({"operator", "merchant"})
READERS: frozenset[Role] = frozenset({"operator", "merchant", "analyst"})
TILL: frozenset[Role] = frozenset({"terminal", "merchant", "operator"})

ID = "01932c5e-7b41-7c3d-9f21-3b1a8e0c7d42"
AT = "2026-03-01T09:00:00Z"
UNTIL = "2026-03-15T09:00:00Z"

Answer = TypeVar("Answer")


def answered(answer: Answer | RuleBroken) -> Answer:
    """Return an answer, or raise the rule in its place."""
    if isinstance(answer, RuleBroken):
        raise answer
    return answer


async def people(uow: UnitOfWork, member_ids: Sequence[UUID]) -> dict[UUID, member.Known]:
    """Return the members that exist, by id."""
    if not member_ids:
        return {}
    found = await member.subjects(uow, member_ids)
    return {id_: known for id_, known in zip(member_ids, found, strict=True) if known is not None}


async def person(uow: UnitOfWork, member_id: UUID) -> member.Known:
    """Return a member. Raises `MemberUnknown`."""
    found = await people(uow, [member_id])
    if member_id not in found:
        raise MemberUnknown()
    return found[member_id]


async def till_of(uow: UnitOfWork, call: Call, named: UUID | None) -> Redeemer:
    """Return the till that asks: a terminal's own shop, or the shop that everybody else names.

    Raises `ShopRequired`, or `ShopNotFound` where it is another merchant's, or not the terminal's own.
    """
    own = call.principal.shop_id
    if own is not None and named not in (None, own):
        raise ShopNotFound(shop_id=named)
    shop_id = own or named
    if shop_id is None:
        raise ShopRequired()
    shop = await network.shop_of(uow, shop_id, call.merchant_scope())
    return Redeemer(shop.merchant_id, shop.id, call.principal.terminal_id, shop.time_zone)


async def own_offer(uow: UnitOfWork, call: Call) -> PublishedOffer:
    """Return the offer of the path; one that another merchant created does not exist for this one."""
    offer = await offers.read(uow, call.id("offer_id"))
    if call.merchant_scope() not in (None, offer.creator_merchant_id):
        raise OfferNotFound()
    return offer
