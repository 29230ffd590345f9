"""Keep the shops and offers of networks in this process's memory, and see at each use whether they still stand.

Which shops there are, where, and which offers lead to them is exact at every use: the database notes each change
(schema/0023), and one look at an index tells whether there was one. What is left of offers, their stock and their
funders' money, changes with every grant. It is read at every use too, or in a large network once a second; there the
offers of an answer are looked at again before it is given (`nearby`).
"""

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np

from ringmain.kit.db import UnitOfWork
from ringmain.ledger import api as ledger
from ringmain.match import store
from ringmain.match.model import Catalogue, Floats, Left, ListedOffer, MatchedOffer, ShopFacts, Vocabulary, left_of
from ringmain.network import api as network
from ringmain.network.api import Shop
from ringmain.voucher import api as voucher
from ringmain.voucher.api import PublishedOffer

# Where a network has more offers, what is left of them is read once a second.
FEW_OFFERS = 200
_OLDEST_SECONDS = 1.0
# Some change at a time is taken over; after more than so many, everything is read anew.
_MOST_CHANGES = 1_000
# About a kilobyte each, so that a process with many networks keeps some hundred megabytes.
_MOST_SHOPS_KEPT = 200_000
# Offers that ended are left out; a little later, so that clocks which differ do not matter.
_ENDED = timedelta(days=1)
_WEEK = timedelta(days=7)
_KEY = "match.catalogue"


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """A catalogue as a process keeps it, with the moment of the database from which on changes matter.

    It holds the offers that had not ended at `begins`, so an earlier time needs another one.
    """

    catalogue: Catalogue
    vocabulary: Vocabulary
    seen: store.Seen
    begins: datetime


@dataclass(frozen=True, slots=True, eq=False)
class Exposed:
    """How often each shop of a catalogue was shown in a week, as it was read in an hour."""

    catalogue: Catalogue
    hour: datetime
    shown: Floats


class _Network:
    """What is kept of one network; the lock lets one reader fetch what many wait for."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.kept: Kept | None = None
        self.left: Left | None = None
        self.left_at = 0.0
        self.exposed: Exposed | None = None


async def catalogue_of(uow: UnitOfWork, at: datetime) -> Kept:
    """Return the shops and offers of the network as this transaction sees them."""
    one = _network(uow)
    kept = one.kept
    if kept is not None:
        seen, changes = await store.look(uow, kept.seen)
        if not changes and _serves(kept, seen, at):
            return kept
    async with one.lock:
        # Looked at again: somebody else may have read meanwhile what is new.
        kept = one.kept
        seen, changes = await store.look(uow, None if kept is None else kept.seen)
        if kept is None or not _serves(kept, seen, at) or len(changes) > _MOST_CHANGES:
            kept = await _read(uow, seen, at)
        elif changes:
            kept = await _changed(uow, kept, changes, seen)
        # What this transaction itself has changed is nobody else's yet, and may be rolled back.
        if kept is not one.kept and not seen.own:
            one.kept, one.left = kept, None
            _forget(uow)
        return kept


def _serves(kept: Kept, seen: store.Seen, at: datetime) -> bool:
    return kept.seen.server == seen.server and at >= kept.begins


async def left(uow: UnitOfWork, kept: Kept, *, fresh: bool = False) -> tuple[Left, bool]:
    """Return what is left of the offers, and whether that was read just now."""
    one = _network(uow)
    few = len(kept.catalogue.offers) <= FEW_OFFERS
    shared = kept is one.kept
    if not (fresh or few) and shared and one.left and time.monotonic() - one.left_at < _OLDEST_SECONDS:
        return one.left, False
    began = time.monotonic()
    stocks, funds = await stocks_and_funds(uow, list(kept.catalogue.offer_place), kept.catalogue.purses)
    found = left_of(kept.catalogue, stocks, funds)
    if shared and kept is one.kept:
        one.left, one.left_at = found, began
    return found, True


async def exposures(uow: UnitOfWork, kept: Kept, at: datetime) -> Floats:
    """Return how often each shop of a catalogue was shown in the seven UTC days before this one; read once an hour.

    Of nobody in particular, and of whole days only: no answer changes the next one.
    """
    one = _network(uow)
    hour = at.replace(minute=0, second=0, microsecond=0)
    exposed = one.exposed
    if exposed is None or exposed.hour != hour or exposed.catalogue is not kept.catalogue:
        today = at.astimezone(UTC).date()
        shown = np.zeros(len(kept.catalogue.shops))
        for row in await store.exposures(uow, today - _WEEK, today):
            place = kept.catalogue.place_of.get(row.shop_id)
            if place is not None:
                shown[place] = row.shown
        one.exposed = exposed = Exposed(kept.catalogue, hour, shown)
    return exposed.shown


async def stocks_and_funds(
    uow: UnitOfWork, offer_ids: Sequence[UUID], purse_ids: Sequence[UUID]
) -> tuple[list[int], list[int]]:
    """Return what is left of offers (-1: no limit) and of accounts in minor units, in their order; one round trip."""
    stocks = await voucher.ask_stocks(uow, offer_ids)
    funds = await (await ledger.ask_spendable(uow, purse_ids)).one()
    left_of_offers = await stocks.one()
    assert left_of_offers is not None
    assert funds is not None
    return left_of_offers.stocks, funds.amounts


def _network(uow: UnitOfWork) -> _Network:
    networks: dict[UUID, _Network] = uow.kept.setdefault(_KEY, {})
    # The one that was used last stands at the end.
    one = networks.pop(uow.network_id, None) or _Network()
    networks[uow.network_id] = one
    return one


def _forget(uow: UnitOfWork) -> None:
    """Keep no more shops than there is memory for: the networks that were used last."""
    networks: dict[UUID, _Network] = uow.kept[_KEY]
    shops = 0
    for id_, one in reversed(list(networks.items())):
        shops += len(one.kept.catalogue.shops) if one.kept is not None else 0
        if shops > _MOST_SHOPS_KEPT and id_ != uow.network_id and not one.lock.locked():
            del networks[id_]


async def _read(uow: UnitOfWork, seen: store.Seen, at: datetime) -> Kept:
    begins, network_id = at - _ENDED, uow.network_id
    shops = await network.all_shops(uow)
    offers = await voucher.standing_offers(uow, begins)
    # Lazily, so that all of it is made in that thread: ten thousand shops take half a second, in which others are
    # answered. Whoever asks for this network waits, as nothing else would be right.
    facts = (_facts(shop) for shop in shops)
    return await asyncio.to_thread(_kept, facts, (_listed(network_id, one) for one in offers), seen, begins)


async def _changed(uow: UnitOfWork, kept: Kept, changes: Sequence[store.Change], seen: store.Seen) -> Kept:
    shop_ids = [one.id for one in changes if one.kind == "shop"]
    offer_ids = [one.id for one in changes if one.kind == "offer"]
    shops = await network.shops(uow, shop_ids) if shop_ids else []
    offers = await voucher.read_offers(uow, offer_ids) if offer_ids else {}
    facts = [_facts(shop) for shop in shops]
    listed = {id_: None if one.paused else _listed(uow.network_id, one) for id_, one in offers.items()}
    return await asyncio.to_thread(_with, kept, facts, dict.fromkeys(offer_ids) | listed, seen)


def _with(kept: Kept, shops: Iterable[ShopFacts], offers: Mapping[UUID, ListedOffer | None], seen: store.Seen) -> Kept:
    """Return a catalogue with other shops and offers; an offer of None is to be left out."""
    all_shops = {shop.id: shop for shop in (*kept.catalogue.shops, *shops)}
    unchanged = [one for one in kept.catalogue.offers if one.offer.id not in offers]
    standing = [*unchanged, *(one for one in offers.values() if one is not None)]
    standing.sort(key=lambda one: one.offer.id, reverse=True)
    return _kept(all_shops.values(), standing, seen, kept.begins)


def _kept(shops: Iterable[ShopFacts], offers: Iterable[ListedOffer], seen: store.Seen, begins: datetime) -> Kept:
    catalogue = Catalogue(shops, offers)
    return Kept(catalogue, Vocabulary(catalogue), seen, begins)


def _facts(shop: Shop) -> ShopFacts:
    return ShopFacts(
        id=shop.id,
        merchant_id=shop.merchant_id,
        name=shop.name,
        category=shop.category,
        latitude=shop.latitude,
        longitude=shop.longitude,
        time_zone=shop.time_zone,
        hours=shop.hours,
    )


def _listed(network_id: UUID, offer: PublishedOffer) -> ListedOffer:
    """Return an offer with where it leads.

    To the shops that it names; one that names none, to its creator's own shops, and where the network itself is its
    creator, to every shop.
    """
    terms = offer.terms
    matched = MatchedOffer(
        id=offer.id,
        name=offer.name,
        kind=terms.kind,
        currency=terms.currency,
        face_minor=terms.face_minor,
        percent_bp=terms.percent_bp,
        minimum_minor=terms.minimum_minor,
        parts=terms.parts,
        goods=terms.goods,
        price_points=terms.price_points,
        stock=None,
        valid_days=terms.valid_days,
        ends_at=terms.valid_until,
    )
    return ListedOffer(
        matched,
        shop_ids=terms.shop_ids,
        merchant_id=None if offer.creator_merchant_id == network_id else offer.creator_merchant_id,
        purse_id=voucher.purse_of(network_id, offer),
        cost_minor=terms.cost_minor,
        begins_at=terms.valid_from,
    )
