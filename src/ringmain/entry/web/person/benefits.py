"""What a person gets beside prices, as their pages say it: of service plans for the group they are in."""

from collections.abc import Sequence
from uuid import UUID

from ringmain.campaign import api as campaign
from ringmain.entry.web.person import phone
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pages import Visit
from ringmain.member.api import Known


async def here(visit: Visit, uow: UnitOfWork, merchant_ids: Sequence[UUID]) -> list[str]:
    """Return what whoever holds this phone gets at shops of these merchants."""
    known = await phone.holder(visit, uow)
    return [] if known is None else await of(visit, uow, known, merchant_ids)


async def of(visit: Visit, uow: UnitOfWork, known: Known, merchant_ids: Sequence[UUID]) -> list[str]:
    """Return what a person gets at shops of these merchants, in the page's language, each with whose it is."""
    found = await campaign.benefits_of(uow, known, merchant_ids)
    names = await campaign.owners_named(uow, found)
    lines = []
    for owner, benefits in found:
        for line in campaign.in_language(benefits, visit.speech.language):
            # The network's own need no name.
            shop = names.get(owner)
            lines.append(line if shop is None else visit.speech.text("%(shop)s: %(benefit)s", shop=shop, benefit=line))
    return lines
