"""Lots as plain data: how many vouchers of an offer are paid for, and what is issued from them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np
import numpy.typing as npt

from ringmain.kit.pure.clock import microseconds
from ringmain.voucher.model.terms import Terms

_DAY_US = 86_400_000_000
NEVER_US = 2**62


@dataclass(frozen=True, slots=True)
class Lot:
    """Vouchers of one offer whose cost is set aside: `ordered` in all, of which `issued` exist.

    `kept` are won by people who may still choose another prize instead: neither left nor issued.
    """

    id: UUID
    offer_id: UUID
    ordered: int
    issued: int = 0
    closed_at: datetime | None = None
    kept: int = 0

    @property
    def left(self) -> int:
        """How many can still be issued."""
        return 0 if self.closed_at is not None else self.ordered - self.issued - self.kept


@dataclass(frozen=True, slots=True)
class Issue:
    """Vouchers to be issued, one element each: ids are UUIDs as V16, times are UTC microseconds since 1970.

    `lot` is the place of each voucher's lot among those that are handed in with it. `sender_shop_ids` are zeros where
    it was won at no shop.
    """

    ids: npt.NDArray[np.void]
    subject_ids: npt.NDArray[np.void]
    sender_shop_ids: npt.NDArray[np.void]
    lot: npt.NDArray[np.int64]
    at_us: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Period:
    """When vouchers of some terms may be valid, in UTC microseconds; `days_us` counts from the grant."""

    from_us: int
    until_us: int
    days_us: int


def period_of(terms: Terms) -> Period:
    """Return the period of terms in numbers."""
    return Period(
        0 if terms.valid_from is None else microseconds(terms.valid_from),
        NEVER_US if terms.valid_until is None else microseconds(terms.valid_until),
        NEVER_US if terms.valid_days is None else terms.valid_days * _DAY_US,
    )


def unfit_for_lots(terms: Terms) -> str | None:
    """Return why vouchers of these terms cannot be issued from a lot; None where they can."""
    if terms.minting_fee_minor:
        return "Its fee is due when a voucher is issued; let it be due at redemption."
    if terms.price_points:
        return "It has a price in points; a prize costs nothing."
    return None
