"""Which offers could be granted now: open, in stock, not over, and their cost covered; read without locks."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import Pending, UnitOfWork
from ringmain.ledger import api as ledger
from ringmain.network.api import MerchantAccount
from ringmain.voucher import store
from ringmain.voucher.model import PublishedOffer, validity
from ringmain.voucher.postings import account_of


async def grantable(uow: UnitOfWork, at: datetime, offer_ids: Sequence[UUID]) -> list[PublishedOffer]:
    """Return those of these offers of which a voucher could be granted, the newest first.

    It shows what is worth offering; `grant` decides, under lock.
    """
    offers = await store.open_offers(uow, at, offer_ids)
    purses = {offer.id: purse_of(uow.network_id, offer) for offer in offers}
    funds = await ledger.spendable(uow, list(purses.values())) if purses else {}
    return [
        offer
        for offer in offers
        if funds.get(purses[offer.id], 0) >= offer.terms.cost_minor and validity(offer.terms, at) is not None
    ]


async def standing_offers(uow: UnitOfWork, at: datetime, most: int = 100_000) -> list[PublishedOffer]:
    """Return the offers that are neither paused nor over, the newest first, used up or without cover as they may be."""
    return await store.standing_offers(uow, at, most)


async def ask_stocks(uow: UnitOfWork, offer_ids: Sequence[UUID]) -> Pending[store.StocksRow]:
    """Ask how many vouchers are left of each of these offers, in their order; -1 where there is no limit.

    The answer can be awaited after other questions were asked.
    """
    return await store.stocks(uow, offer_ids)


async def released(uow: UnitOfWork, voucher_ids: Sequence[UUID]) -> int:
    """Return what of the money set aside for vouchers went back to their funders, in minor units."""
    return await store.released(uow, voucher_ids)


def purse_of(network_id: UUID, offer: PublishedOffer) -> UUID:
    """Return the id of the account from which the vouchers of an offer are covered."""
    return account_of(network_id, offer.funder_id, MerchantAccount.AVAILABLE, offer.terms.currency)
