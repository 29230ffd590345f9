"""What merchants say that they keep of their turnover: optional, and told to nobody but them and the operator."""

from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.network.open import merchant_of
from ringmain.network.store import margins as store


async def state_margin(uow: UnitOfWork, merchant_id: UUID, margin_bp: int | None) -> int | None:
    """State a gross margin, in 1 of 10,000 (0 to 10,000), or take it back (None). Raises `MerchantNotFound`."""
    await merchant_of(uow, merchant_id)
    if margin_bp is None:
        await store.take_back(uow, merchant_id)
    else:
        await store.state(uow, store.Margin(merchant_id, margin_bp), await uow.now())
    return margin_bp


async def margin_of(uow: UnitOfWork, merchant_id: UUID) -> int | None:
    """Return what a merchant has stated. Raises `MerchantNotFound`."""
    await merchant_of(uow, merchant_id)
    return (await stated_margins(uow, merchant_id)).get(merchant_id)


async def stated_margins(uow: UnitOfWork, merchant_id: UUID | None = None) -> dict[UUID, int]:
    """Return the stated margin of a merchant, or of all that have stated one, by merchant."""
    return {one.merchant_id: one.margin_bp for one in await store.margins(uow, merchant_id)}
