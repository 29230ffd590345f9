"""Verify a network: the ledger sums to zero, vouchers agree with their facts, every lineage leads somewhere."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
import numpy.typing as npt

from ringmain.campaign import api as campaign
from ringmain.kit.db import Database, UnitOfWork
from ringmain.ledger import api as ledger
from ringmain.sale import api as sale
from ringmain.scene import api as scene
from ringmain.voucher import api as voucher


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold; `faults` says where it does not, at most the first twenty."""

    name: str
    looked_at: int
    faults: Sequence[str]

    @property
    def ok(self) -> bool:
        """Whether it holds everywhere."""
        return not self.faults


async def verify(database: Database, network_id: UUID) -> list[Check]:
    """Return every check of one network, in one snapshot each; full scans, meant for the night and after replays."""
    checks: list[Callable[[UnitOfWork], Awaitable[Check]]] = [
        _ledger_sums,
        _guards,
        *(_of_slice(name, look) for name, look in voucher.AUDITS),
        _of_slice(
            "a choice is one play of what was shown, or kept in its lot",
            campaign.choices_unlike_their_plays,
        ),
        _of_slice("every play won one voucher, of the prize that it drew", campaign.plays_unlike_their_vouchers),
        _of_slice("red packets give what they were made of, and no more", campaign.packets_unlike_their_parts),
        _redemptions_have_sales,
        _lineage,
    ]
    results: list[Check] = []
    for check in checks:
        async with database.unit(network_id) as uow:
            await uow.plan_for_whole()
            results.append(await check(uow))
    return results


async def _ledger_sums(uow: UnitOfWork) -> Check:
    sums = await ledger.sums(uow)
    faults = [f"{one.currency} sums to {one.sum_minor}" for one in sums if one.sum_minor]
    return Check("ledger sums to zero per currency", sum(one.transfers for one in sums), faults)


async def _guards(uow: UnitOfWork) -> Check:
    differing = await ledger.guard_differences(uow)
    faults = [f"account {one.account_id} differs by {one.available_minor}" for one in differing]
    return Check("guarded balances equal their transfers", await ledger.count_guards(uow), faults[:20])


async def _redemptions_have_sales(uow: UnitOfWork) -> Check:
    ids = await voucher.sales_redeemed_in(uow)
    missing = await sale.missing_sales(uow, ids)
    return Check("every redemption belongs to a sale", len(ids), [f"sale {id_} is missing" for id_ in missing[:20]])


async def _lineage(uow: UnitOfWork) -> Check:
    looked_at, faults = 0, []
    known = {
        "sale": sale.missing_sales,
        "touch": _missing_touches,
        "voucher": voucher.missing_vouchers,
        "split": voucher.missing_vouchers,
    }
    named = await voucher.origin_ids(uow, list(known))
    for kind, missing_of in known.items():
        if (ids := named.get(kind)) is not None:
            looked_at += len(ids)
            faults += [f"{kind} {id_} is missing" for id_ in await missing_of(uow, ids)]
    return Check("every lineage leads to the touch, sale or voucher it names", looked_at, faults[:20])


async def _missing_touches(uow: UnitOfWork, packed: npt.NDArray[np.void]) -> list[UUID]:
    ids = [UUID(bytes=id_) for id_ in packed.tolist()]
    found = {touch.id for touch in await scene.touches(uow, ids)}
    return [id_ for id_ in ids if id_ not in found]


def _of_slice(
    name: str, look: Callable[[UnitOfWork], Awaitable[tuple[int, Sequence[str]]]]
) -> Callable[[UnitOfWork], Awaitable[Check]]:
    async def check(uow: UnitOfWork) -> Check:
        looked_at, faults = await look(uow)
        return Check(name, looked_at, faults)

    return check
