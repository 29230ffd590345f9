"""Whose touch and whose shop it is, for callers that belong to one merchant."""

from uuid import UUID

from ringmain.campaign.errors import TouchUnknown
from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import Call
from ringmain.network import api as network
from ringmain.network.errors import ShopNotFound
from ringmain.scene import api as scene


async def own_touch(uow: UnitOfWork, call: Call, touch_id: UUID) -> None:
    """Raise `TouchUnknown` where there is no such touch, or it happened at another merchant's shop."""
    touches = await scene.touches(uow, [touch_id])
    if not touches:
        raise TouchUnknown()
    try:
        await own_shop(uow, call, touches[0].shop_id)
    except ShopNotFound as error:
        raise TouchUnknown() from error


async def own_shop(uow: UnitOfWork, call: Call, shop_id: UUID | None) -> None:
    """Raise `ShopNotFound` where it happened at another merchant's shop; scenes of the network are everybody's."""
    if shop_id is not None and call.merchant_scope() is not None:
        await network.shop_of(uow, shop_id, call.merchant_scope())
