"""What one person may win in a game: caps and comparison groups of campaigns, docs/decisions/0027."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringmain.campaign import caps, store
from ringmain.campaign.games.model import Prize
from ringmain.campaign.model import play_day
from ringmain.campaign.plan.deal import dealing, record_opportunities
from ringmain.campaign.store import Given
from ringmain.kit.db import UnitOfWork
from ringmain.member.api import Known
from ringmain.network import api as network
from ringmain.voucher import api as voucher


async def not_for(
    uow: UnitOfWork, known: Known, prizes: Sequence[Prize], shop_id: UUID | None, at: datetime
) -> frozenset[UUID]:
    """Return the offers that a person does not win here now: others of the game take their place.

    Those of campaigns that the person is compared with or that are closed to them, and those of merchants whose caps
    are full; never what stands in. Whoever plays where a campaign's offer is a prize is recorded, in both groups alike.
    Raises `CapReached` where a person may be given nothing more today: then they have not played. The game is locked.
    """
    await store.lock_person(uow, known.subject_id)
    day = play_day(at, (await network.network_of(uow)).time_zone)
    await caps.check_person(uow, known, "scene", day)
    drawn = [prize.offer_id for prize in prizes if not prize.stand_in]
    offers = await voucher.read_offers(uow, drawn)
    said = await caps.rules(uow)
    for owner_id in sorted({offer.creator_merchant_id for offer in offers.values()}):
        # Counted in every game and draw at once: who reads it after this lock sees what stands.
        if said.of("merchant", owner_id) is not None:
            await store.lock_owner(uow, owner_id)
    # Budgets do not count here: the whole game was paid for when it was opened.
    full = (await caps.shut(uow, known, day, at)).owner_ids
    dealt = await dealing(uow, known.subject_id, drawn, at, channel="scene", at_shop_id=shop_id)
    await record_opportunities(uow, dealt, drawn)
    return dealt.shut | {id_ for id_, offer in offers.items() if offer.creator_merchant_id in full}


@dataclass(frozen=True, slots=True)
class Win:
    """A voucher that somebody has won in a game at a scene of a shop (None: the network's own)."""

    voucher_id: UUID
    offer_id: UUID
    subject_id: UUID
    shop_id: UUID | None
    at: datetime


async def count_wins(uow: UnitOfWork, wins: Sequence[Win]) -> None:
    """Count what was won in games, so that caps of people, merchants and channels count it wherever they look."""
    offers = await voucher.read_offers(uow, sorted({win.offer_id for win in wins}))
    led_to = {id_: offer.terms.shop_ids[0] for id_, offer in offers.items() if len(offer.terms.shop_ids) == 1}
    ids = sorted({*led_to.values(), *(win.shop_id for win in wins if win.shop_id)})
    merchants = {shop.id: shop.merchant_id for shop in await network.shops(uow, ids)} if ids else {}
    zone = (await network.network_of(uow)).time_zone
    given = [
        Given(
            voucher_id=win.voucher_id,
            offer_id=win.offer_id,
            owner_id=offers[win.offer_id].creator_merchant_id,
            sender_id=merchants.get(win.shop_id) if win.shop_id else None,
            receiver_id=merchants.get(led_to[win.offer_id]) if win.offer_id in led_to else None,
            subject_id=win.subject_id,
            channel="scene",
            day=play_day(win.at, zone),
            cost_minor=offers[win.offer_id].terms.cost_minor,
        )
        for win in wins
    ]
    await store.add_given(uow, given)
