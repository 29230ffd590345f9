"""Points: given to members by a merchant or the network that owes them, and paid for vouchers by points exchange."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.ledger import api as ledger
from ringmain.network.api import MerchantAccount
from ringmain.voucher.postings import POINTS, Posting, account_of, transfer_id


@dataclass(frozen=True, slots=True)
class PointsGiven:
    """Points for one member; `id` names the gift, `issuer_id` is the merchant or network that owes them."""

    id: UUID
    subject_id: UUID
    issuer_id: UUID
    points: int
    at: datetime


async def give(uow: UnitOfWork, gifts: Sequence[PointsGiven]) -> None:
    """Give points, one transfer per gift, from accounts of issuers that go below zero: what they owe.

    The same gift twice fails the transaction. Points are more than zero.
    """
    if not gifts:
        return
    issuers = sorted({gift.issuer_id for gift in gifts})
    members = sorted({gift.subject_id for gift in gifts})
    await ledger.open_accounts(
        uow,
        [ledger.Account(id_, MerchantAccount.POINTS, POINTS) for id_ in issuers]
        + [ledger.Account(id_, MerchantAccount.POINTS, POINTS, guarded=True) for id_ in members],
    )
    transfers: list[ledger.Transfer] = []
    changes: dict[UUID, int] = {}
    for gift in gifts:
        member = _account(uow, gift.subject_id)
        id_ = transfer_id(gift.id, Posting.POINTS_GIVEN, gift.at)
        transfers.append(
            ledger.Transfer(
                id_,
                _account(uow, gift.issuer_id),
                member,
                gift.points,
                POINTS,
                Posting.POINTS_GIVEN,
                gift.id,
                gift.at,
            )
        )
        changes[member] = changes.get(member, 0) + gift.points
    await ledger.available(uow, list(changes))
    await ledger.post(uow, transfers, changes)


async def balance(uow: UnitOfWork, subject_id: UUID) -> int:
    """Return how many points a member has."""
    return (await ledger.balances(uow, [_account(uow, subject_id)]))[0].balance_minor


def _account(uow: UnitOfWork, holder_id: UUID) -> UUID:
    return account_of(uow.network_id, holder_id, MerchantAccount.POINTS, POINTS)
