"""The way back after a sale: a code for its receipt that leads to one play, once per sale."""

from dataclasses import dataclass
from uuid import UUID

from ringmain.campaign import store
from ringmain.campaign.errors import SaleUnknown
from ringmain.campaign.store import Receipt
from ringmain.kit.db import UnitOfWork
from ringmain.sale import api as sale
from ringmain.scene import api as scene
from ringmain.scene.api import NewScene, SceneKind

_NAME = "Receipt"


@dataclass(frozen=True, slots=True)
class NextVoucher:
    """What the receipt's code shows: `scene.scene_url(public_url, token)` is its address."""

    sale_id: UUID
    scene_id: UUID
    token: str


async def next_voucher(uow: UnitOfWork, sale_id: UUID, *, merchant_id: UUID | None = None) -> NextVoucher:
    """Return the code of a sale's receipt, made the first time; `merchant_id` limits it to one merchant's sales.

    Whoever opens its address first plays, at the shop of the sale; the voucher's origin is the sale. Raises
    `SaleUnknown`.
    """
    place = await sale.sale_place(uow, sale_id)
    if place is None or merchant_id not in (None, place.merchant_id):
        raise SaleUnknown()
    await store.lock_receipt(uow, sale_id)
    receipt = await store.receipt_of_sale(uow, sale_id)
    if receipt is not None:
        known = await scene.scene(uow, receipt.scene_id)
        return NextVoucher(sale_id, known.id, known.token)
    made = (await scene.place_scenes(uow, [NewScene(SceneKind.SHARE, _NAME, place.shop_id)]))[0]
    await store.add_receipt(uow, Receipt(sale_id, made.id, await uow.now()))
    return NextVoucher(sale_id, made.id, made.token)
