"""Offers are published once, with terms that make sense and a funder who may pay; later they are paused or resumed."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.pure.ids import uuid7
from ringmain.ledger import api as ledger
from ringmain.network import api as network
from ringmain.network.api import MerchantAccount
from ringmain.network.errors import MerchantNotFound
from ringmain.voucher import store
from ringmain.voucher.errors import FunderNotAllowed, InvalidOffer, OfferNotFound
from ringmain.voucher.model import NewOffer, PublishedOffer, fault_of
from ringmain.voucher.postings import POINTS, account_of


async def publish(
    uow: UnitOfWork, offers: Sequence[NewOffer], *, by_operator: bool = False
) -> list[PublishedOffer | RuleBroken]:
    """Publish offers; one answer each. Only an operator lets another merchant, or the network, pay for an offer.

    Guarantees that a published offer's terms are valid, that its shops exist, and that its funder has accounts in its
    currency. An offer given under the id of an earlier one leaves that as it is.
    """
    now = await uow.now()
    shop_ids = sorted({id_ for offer in offers for id_ in offer.terms.shop_ids})
    shops = {shop.id for shop in await network.shops(uow, shop_ids)} if shop_ids else set()
    parties = {id_ for offer in offers for id_ in (offer.creator_merchant_id, offer.funder_id)}
    known = {merchant.id for merchant in await network.merchants(uow, sorted(parties))} | {uow.network_id}
    purses = {_purse(uow, offer) for offer in offers}
    open_purses = set(await ledger.available(uow, sorted(purses)))
    answers: list[PublishedOffer | RuleBroken] = []
    for offer in offers:
        rule = _stranger(offer, known) or _refusal(offer, now, shops, by_operator=by_operator)
        if rule is None and _purse(uow, offer) not in open_purses:
            rule = InvalidOffer(field="currency", reason="The funder has no account in this currency.")
        answers.append(rule or _published(offer, now))
    await _write(uow, [answer for answer in answers if isinstance(answer, PublishedOffer)])
    return answers


def _purse(uow: UnitOfWork, offer: NewOffer) -> UUID:
    return account_of(uow.network_id, offer.funder_id, MerchantAccount.AVAILABLE, offer.terms.currency)


def _stranger(offer: NewOffer, known: set[UUID]) -> RuleBroken | None:
    for id_ in (offer.creator_merchant_id, offer.funder_id):
        if id_ not in known:
            return MerchantNotFound(merchant_id=id_)
    return None


def _refusal(offer: NewOffer, now: datetime, shops: set[UUID], *, by_operator: bool) -> RuleBroken | None:
    if offer.funder_id != offer.creator_merchant_id and not by_operator:
        return FunderNotAllowed()
    fault = fault_of(offer.terms, now)
    if fault is not None:
        return fault
    if not offer.name.strip():
        return InvalidOffer(field="name", reason="An offer has a name.")
    if offer.stock is not None and offer.stock < 1:
        return InvalidOffer(
            field="stock", reason="A stock is at least 1; leave it out for as many as there is money for."
        )
    if not set(offer.terms.shop_ids) <= shops:
        return InvalidOffer(field="shop_ids", reason="One of the shops is not known to the network.")
    return None


def _published(offer: NewOffer, now: datetime) -> PublishedOffer:
    return PublishedOffer(
        id=offer.id or uuid7(now),
        creator_merchant_id=offer.creator_merchant_id,
        funder_id=offer.funder_id,
        name=offer.name,
        terms=offer.terms,
        stock=offer.stock,
        paused=False,
        created_at=now,
    )


async def _write(uow: UnitOfWork, offers: Sequence[PublishedOffer]) -> None:
    if not offers:
        return
    funders = sorted({offer.funder_id for offer in offers if offer.terms.price_points})
    if funders:
        # What members pay in points is owed by nobody: the funder's account of points is not guarded.
        await ledger.open_accounts(uow, [ledger.Account(id_, MerchantAccount.POINTS, POINTS) for id_ in funders])
    await store.insert_offers(uow, offers)
    uow.record("offer_published", [offer.id for offer in offers])


async def read(uow: UnitOfWork, offer_id: UUID) -> PublishedOffer:
    """Return an offer as it stands. Raises `OfferNotFound`."""
    offer = (await store.published_offers(uow, [offer_id])).get(offer_id)
    if offer is None:
        raise OfferNotFound()
    return offer


async def read_many(uow: UnitOfWork, offer_ids: Sequence[UUID]) -> dict[UUID, PublishedOffer]:
    """Return those of these offers that exist, as they stand, by id."""
    return await store.published_offers(uow, offer_ids)


async def newest(
    uow: UnitOfWork, *, creator_merchant_id: UUID | None = None, before: UUID | None = None, limit: int = 50
) -> list[PublishedOffer]:
    """Return the newest offers, of one creator or of all; `before` is the last id of the page before."""
    return await store.list_offers(uow, creator_merchant_id, before, limit)


async def set_paused(uow: UnitOfWork, offer_id: UUID, *, paused: bool, creator: UUID | None = None) -> PublishedOffer:
    """Pause or resume an offer, of `creator` only where one is given. Vouchers that are out stay valid.

    Raises `OfferNotFound`, also for another creator's offer.
    """
    offer = await read(uow, offer_id)
    if creator not in (None, offer.creator_merchant_id):
        raise OfferNotFound()
    await store.set_paused(uow, offer_id, paused=paused)
    return await read(uow, offer_id)
