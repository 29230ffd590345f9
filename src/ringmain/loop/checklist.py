"""What a merchant has set up and what comes next, from an empty account to the first voucher that was spent."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.ledger import api as ledger
from ringmain.loop.store import checklist as store
from ringmain.network import api as network
from ringmain.network.api import MerchantAccount

Step = Literal[
    "shop_with_hours",
    "terminal_paired",
    "staff_with_pin",
    "money",
    "offer",
    "poster",
    "voucher_won",
    "voucher_redeemed",
]

# Where each step is done in the console. Money comes from outside, and the last two happen in the shop.
_PLACES: dict[Step, str] = {
    "shop_with_hours": "/merchant/shops",
    "terminal_paired": "/merchant/terminals",
    "staff_with_pin": "/merchant/staff",
    "money": "/merchant/statements",
    "offer": "/merchant/offers/new",
    "poster": "/merchant/print",
    "voucher_won": "/merchant/print",
    "voucher_redeemed": "/merchant/terminals",
}


@dataclass(frozen=True, slots=True)
class ChecklistStep:
    """One step: whether it is done, and the page of the console where it is."""

    step: Step
    done: bool
    page: str


@dataclass(frozen=True, slots=True)
class Checklist:
    """The steps in their order; `next` is the first that is not done, None when all are."""

    steps: list[ChecklistStep]
    next: Step | None


async def checklist(uow: UnitOfWork, merchant_id: UUID) -> Checklist:
    """Return what a merchant has set up. Raises `MerchantNotFound`."""
    await network.merchant_of(uow, merchant_id)
    currency = (await network.network_of(uow)).currency
    purse = ledger.account_id(uow.network_id, merchant_id, MerchantAccount.AVAILABLE, currency)
    found = await store.set_up(uow, merchant_id, purse)
    steps = [ChecklistStep(step, getattr(found, step), page) for step, page in _PLACES.items()]
    return Checklist(steps, next((one.step for one in steps if not one.done), None))
