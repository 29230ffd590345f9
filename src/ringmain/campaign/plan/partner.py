"""Partnerships: merchants agree that they give each other's vouchers, within a limit, until one of them ends it."""

from collections.abc import Sequence
from uuid import UUID

from ringmain.campaign.errors import CampaignInvalid, PartnershipNotAgreed, PartnershipNotFound
from ringmain.campaign.plan.model import Partnership
from ringmain.campaign.plan.run import release_exchanges
from ringmain.campaign.plan.store import campaigns as campaign_store
from ringmain.campaign.plan.store import partnerships as store
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.ids import uuid7
from ringmain.network import api as network
from ringmain.network.errors import MerchantNotFound

_MOST_PARTIES = 50


async def propose_partnership(
    uow: UnitOfWork, name: str, proposed_by: UUID, partners: Sequence[UUID], limit_minor: int
) -> Partnership:
    """Propose a partnership to other merchants; who proposes it has agreed. Its limit is in the network's currency.

    Raises `CampaignInvalid` with the field, or `MerchantNotFound`. Announces `partnership_changed`.
    """
    parties = tuple(sorted({proposed_by, *partners}))
    if not name.strip():
        raise CampaignInvalid(field="name", reason="A partnership has a name.")
    if not 1 < len(parties) <= _MOST_PARTIES:
        raise CampaignInvalid(field="merchant_ids", reason="Name one to 49 other merchants.")
    known = {one.id for one in await network.merchants(uow, list(parties))}
    for id_ in parties:
        if id_ not in known:
            raise MerchantNotFound(merchant_id=id_)
    if await rivals_among(uow, parties):
        raise CampaignInvalid(field="merchant_ids", reason="Rivals never give each other's vouchers: leave them out.")
    now, here = await uow.now(), await network.network_of(uow)
    one = Partnership(
        id=uuid7(now),
        name=name,
        proposed_by=proposed_by,
        merchant_ids=parties,
        currency=here.currency,
        limit_minor=limit_minor,
        proposed_at=now,
        agreed=(proposed_by,),
        ended_at=None,
    )
    await store.add(uow, one)
    await store.note(uow, one.id, proposed_by, "agreed", now)
    uow.record("partnership_changed", [one.id])
    return one


async def agree_partnership(uow: UnitOfWork, partnership_id: UUID, *, party: UUID) -> Partnership:
    """Agree to a partnership; once more changes nothing.

    Raises `PartnershipNotFound`, or `PartnershipNotAgreed` where it was ended.
    """
    one = await _locked(uow, partnership_id, party)
    if one.ended_at is not None:
        raise PartnershipNotAgreed
    await store.note(uow, one.id, party, "agreed", await uow.now())
    uow.record("partnership_changed", [one.id])
    return await read_partnership(uow, one.id, party=party)


async def end_partnership(uow: UnitOfWork, partnership_id: UUID, *, party: UUID) -> Partnership:
    """End a partnership, or decline one that is proposed; its exchanges end, and what they had bound is free.

    Vouchers that are out stay valid. Once more changes nothing. Raises `PartnershipNotFound`.
    """
    await read_partnership(uow, partnership_id, party=party)
    # Campaigns first: whoever starts one locks it, then the partnership. What starts meanwhile ends within the hour.
    await release_exchanges(uow, partnership_id, by=party)
    one = await _locked(uow, partnership_id, party)
    if one.ended_at is None:
        await store.note(uow, one.id, party, "ended", await uow.now())
        uow.record("partnership_changed", [one.id])
    return await read_partnership(uow, one.id, party=party)


async def read_partnership(uow: UnitOfWork, partnership_id: UUID, *, party: UUID | None) -> Partnership:
    """Return a partnership, to a party (None: the operator). Raises `PartnershipNotFound`."""
    one = await store.partnership(uow, partnership_id)
    if one is None or (party is not None and party not in one.merchant_ids):
        raise PartnershipNotFound
    return one


async def partnerships_of(uow: UnitOfWork, merchant_id: UUID | None) -> list[Partnership]:
    """Return the newest 200 partnerships, of one merchant or of all."""
    return await store.of_merchant(uow, merchant_id)


async def rivals_among(uow: UnitOfWork, merchant_ids: Sequence[UUID]) -> set[tuple[UUID, UUID]]:
    """Return which of these merchants are rivals by a declaration of either, as pairs in both orders."""
    declared = await network.rival_shops(uow)
    owners = {shop.id: shop.merchant_id for shop in await network.shops(uow, [shop_id for _, shop_id in declared])}
    one_way = {(merchant_id, owners[shop_id]) for merchant_id, shop_id in declared if shop_id in owners}
    asked = set(merchant_ids)
    return {pair for one, other in one_way if {one, other} <= asked for pair in ((one, other), (other, one))}


async def bound_minor(uow: UnitOfWork, partnership_ids: Sequence[UUID]) -> dict[tuple[UUID, UUID], int]:
    """Return what parties have bound of their limits, in minor units: by partnership and party, those with any.

    Bound are the budgets of their exchanges that wait for approval, run or pause.
    """
    return await store.committed(uow, partnership_ids) if partnership_ids else {}


async def _locked(uow: UnitOfWork, partnership_id: UUID, party: UUID) -> Partnership:
    await campaign_store.lock(uow, partnership_id)
    return await read_partnership(uow, partnership_id, party=party)
