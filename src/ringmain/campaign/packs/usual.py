"""What a usual purchase costs at a merchant, of which the offers of packs are percent: from what it really sells."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from ringmain.kit.db import UnitOfWork
from ringmain.network import api as network
from ringmain.network.api import Shop
from ringmain.sale import api as sale

# Of fewer sales the middle one is a matter of chance: then the merchant says it.
FEWEST_SALES: Final = 30
WEEKS: Final = 8


@dataclass(frozen=True, slots=True)
class Usual:
    """What a usual purchase costs, in minor units: the median of so many `sales`; None where they are too few."""

    minor: int | None
    sales: int


async def usual_purchase(uow: UnitOfWork, shops: Sequence[Shop]) -> Usual:
    """Return the median of what was sold at a merchant's shops in the last eight weeks, in the network's currency."""
    if not shops:
        return Usual(None, 0)
    here, since = await network.network_of(uow), await uow.now() - timedelta(weeks=WEEKS)
    found = await sale.usual_basket(uow, [shop.id for shop in shops], since, here.currency)
    return Usual(found.median_minor if found.sales >= FEWEST_SALES else None, found.sales)
