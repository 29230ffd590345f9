"""Blocks: a person says "not for me" of a shop or an offer, until they take that back."""

from collections.abc import Sequence
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.ids import uuid7
from ringmain.match import store
from ringmain.match.errors import BlockTarget
from ringmain.match.model import Block
from ringmain.network import api as network
from ringmain.voucher import api as voucher
from ringmain.voucher.errors import OfferNotFound


async def block(
    uow: UnitOfWork, subject_ids: Sequence[UUID], *, shop_id: UUID | None = None, offer_id: UUID | None = None
) -> Block:
    """Keep a shop, or an offer, away from a person from now on; once more changes nothing.

    `subject_ids` are the person's subject and those merged into it, the present one first. Raises `BlockTarget`.
    Announces `match_block`.
    """
    await _check(uow, shop_id, offer_id)
    standing = _same(await store.in_force(uow, subject_ids), shop_id, offer_id)
    if standing is not None:
        return standing
    now = await uow.now()
    new = Block(uuid7(now), shop_id, offer_id, now)
    await store.add(uow, new, subject_ids[0], withdrawn=False, at=now)
    uow.record("match_block", [new.id])
    return new


async def unblock(
    uow: UnitOfWork, subject_ids: Sequence[UUID], *, shop_id: UUID | None = None, offer_id: UUID | None = None
) -> None:
    """Let a shop, or an offer, be shown to a person again; where it was not blocked, nothing changes.

    Raises `BlockTarget`. Announces `match_block`.
    """
    if (shop_id is None) == (offer_id is None):
        raise BlockTarget()
    if _same(await store.in_force(uow, subject_ids), shop_id, offer_id) is None:
        return
    now = await uow.now()
    withdrawal = Block(uuid7(now), shop_id, offer_id, now)
    await store.add(uow, withdrawal, subject_ids[0], withdrawn=True, at=now)
    uow.record("match_block", [withdrawal.id])


async def blocks(uow: UnitOfWork, subject_ids: Sequence[UUID]) -> list[Block]:
    """Return what a person does not want to see now, the oldest first."""
    return await store.in_force(uow, subject_ids) if subject_ids else []


def _same(blocks: Sequence[Block], shop_id: UUID | None, offer_id: UUID | None) -> Block | None:
    return next((one for one in blocks if (one.shop_id, one.offer_id) == (shop_id, offer_id)), None)


async def _check(uow: UnitOfWork, shop_id: UUID | None, offer_id: UUID | None) -> None:
    if (shop_id is None) == (offer_id is None):
        raise BlockTarget()
    if shop_id is not None and not await network.shops(uow, [shop_id]):
        raise BlockTarget(shop_id=shop_id)
    if offer_id is not None:
        try:
            await voucher.read_offer(uow, offer_id)
        except OfferNotFound as error:
            raise BlockTarget(offer_id=offer_id) from error
