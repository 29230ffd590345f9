"""What is known of visits beside time, place and amount: goods, vouchers, and what others pay there."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.profile import store
from ringmain.profile.model import Visit
from ringmain.sale import api as sale
from ringmain.voucher import api as voucher


async def with_details(uow: UnitOfWork, visits: Sequence[Visit], uses: Sequence[voucher.SaleUse]) -> list[Visit]:
    """Return the visits with their goods, with whether a voucher took something off, and with what others pay there.

    `uses` are the vouchers of these visits, at least; one whose use was reversed took nothing off. Goods of a negative
    quantity were brought back. Two queries.
    """
    if not visits:
        return []
    ids = [one.sale_id for one in visits]
    products: dict[UUID, list[str]] = {}
    for line in await sale.lines_of(uow, ids):
        if line.quantity > 0:
            products.setdefault(line.sale_id, []).append(line.product)
    spent = {use.sale_id for use in uses if not use.reversed}
    usual = {one.shop_id: one for one in await store.shop_baskets(uow, {one.shop_id for one in visits})}
    return [
        replace(
            one,
            products=tuple(products.get(one.sale_id, ())),
            with_voucher=one.sale_id in spent,
            others_minor=_usual(usual.get(one.shop_id), one.currency),
        )
        for one in visits
    ]


def _usual(basket: store.ShopBasket | None, currency: str) -> int | None:
    return basket.usual_minor if basket is not None and basket.currency == currency else None
