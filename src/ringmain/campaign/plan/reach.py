"""How many people an audience holds, as far as its merchant may know: ten and more, in fives."""

from datetime import datetime
from uuid import UUID

from ringmain.campaign.plan.model import Audience
from ringmain.kit.db import UnitOfWork
from ringmain.kit.secrets import Keyring
from ringmain.need import api as need
from ringmain.network import api as network
from ringmain.segment import api as segment

# Of visits elsewhere a merchant sees groups over so many other merchants only.
_FEWEST_OTHERS = 3


async def audience_size(
    uow: UnitOfWork, keyring: Keyring, audience: Audience, merchant_id: UUID, at: datetime
) -> int | None:
    """Return about how many people an audience holds; None where nobody can say, or a merchant may not know.

    Of a tribe: its own guests of four weeks. Of a need: everybody who is expected to want the category, if shops of
    three other merchants and more are of it, moved and rounded as counts of tribes are. Raises `SegmentUnknown`.
    """
    if audience.kind == "tribe":
        found = await segment.tribes_of_merchant(uow, merchant_id)
        return next((one.people for one in found.tribes if one.tribe_id == audience.tribe_id), None)
    if audience.segment_id is not None:
        return (await segment.segment_of(uow, audience.segment_id, merchant_id)).people.number
    if audience.category is not None and not segment.is_sensitive(audience.category):
        shops = [shop for shop in await network.all_shops(uow) if shop.category == audience.category]
        if len({shop.merchant_id for shop in shops} - {merchant_id}) < _FEWEST_OTHERS:
            return None
        people = await need.wanting(uow, [shop.id for shop in shops], at)
        return segment.rounded([str(one) for one in people], keyring.derived("needs told to merchants"))
    return None
