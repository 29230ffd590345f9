"""Which offers could be granted now: open, in stock, not over, and their cost covered; read without locks."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.ledger import api as ledger
from ringmain.network.api import MerchantAccount
from ringmain.voucher import store
from ringmain.voucher.model import PublishedOffer, validity
from ringmain.voucher.postings import account_of


async def grantable(
    uow: UnitOfWork, at: datetime, *, offer_ids: Sequence[UUID] | None = None, most: int = 5_000
) -> list[PublishedOffer]:
    """Return the offers of which a voucher could be granted, the newest first; of `offer_ids` where they are given.

    It shows what is worth offering; `grant` decides, under lock.
    """
    offers = await store.open_offers(uow, at, offer_ids, most)
    purses = {
        offer.id: account_of(uow.network_id, offer.funder_id, MerchantAccount.AVAILABLE, offer.terms.currency)
        for offer in offers
    }
    funds = await ledger.spendable(uow, list(purses.values())) if purses else {}
    return [
        offer
        for offer in offers
        if funds.get(purses[offer.id], 0) >= offer.terms.cost_minor and validity(offer.terms, at) is not None
    ]
