"""Which transfers in the ledger follow from what happened to vouchers: the posting table of ARCHITECTURE.md."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from functools import lru_cache
from uuid import UUID

from ringmain.kit.pure.ids import uuid7_of
from ringmain.ledger import api as ledger
from ringmain.network.api import MerchantAccount
from ringmain.voucher.model import Ended, Outcome, Redeemed, Reversed, Terms

POINTS = "POINTS"  # The currency of a network's points in the ledger.


class Posting(IntEnum):
    """The reason of a transfer, stored as its code."""

    HOLD = 10
    RELEASE = 11
    REDEEM = 12
    FEE = 13
    REVERSE = 14
    FEE_REVERSED = 15
    EXPIRE = 16
    POINTS_PAID = 17
    POINTS_GIVEN = 18


class _Journal:
    """Collects the transfers of one batch, and by how much they move guarded accounts."""

    def __init__(self, network_id: UUID) -> None:
        self._network_id = network_id
        self.transfers: list[ledger.Transfer] = []
        self.guarded: dict[UUID, int] = {}

    def account(self, holder_id: UUID, code: MerchantAccount, currency: str) -> UUID:
        return _account(self._network_id, holder_id, code, currency)

    def move(
        self, debit: UUID, credit: UUID, amount_minor: int, currency: str, posting: Posting, cause: UUID, at: datetime
    ) -> None:
        if amount_minor:
            # Derived from its cause: the same fact can never be posted twice under two ids.
            id_ = transfer_id(cause, posting, at)
            self.transfers.append(ledger.Transfer(id_, debit, credit, amount_minor, currency, posting, cause, at))

    def guard(self, account_id: UUID, change: int) -> None:
        if change:
            self.guarded[account_id] = self.guarded.get(account_id, 0) + change


# Accounts are few and their ids are derived by hashing: worth remembering on the hot path.
@lru_cache(maxsize=65_536)
def _account(network_id: UUID, holder_id: UUID, code: MerchantAccount, currency: str) -> UUID:
    return ledger.account_id(network_id, holder_id, code, currency)


@lru_cache(maxsize=65_536)
def _accounts_of_redemption(
    network_id: UUID, funder_id: UUID, merchant_id: UUID, currency: str
) -> tuple[UUID, UUID, UUID]:
    """Return where the money of a redemption is held, to whom it goes, and where its fee goes."""
    return (
        _account(network_id, funder_id, MerchantAccount.HELD, currency),
        _account(network_id, merchant_id, MerchantAccount.PAYABLE, currency),
        _account(network_id, network_id, MerchantAccount.FEES, currency),
    )


def transfers_of(network_id: UUID, outcomes: Sequence[Outcome]) -> tuple[list[ledger.Transfer], dict[UUID, int]]:
    """Return the transfers of a batch, and the changes of guarded accounts in minor units by account."""
    journal = _Journal(network_id)
    for outcome in outcomes:
        if isinstance(outcome, Redeemed):
            _redeemed(journal, network_id, outcome)
        elif isinstance(outcome, Reversed):
            _reversed(journal, network_id, outcome)
        else:
            _ended(journal, outcome)
    return journal.transfers, journal.guarded


def _redeemed(journal: _Journal, network_id: UUID, one: Redeemed) -> None:
    held, payable, fees = _accounts_of_redemption(network_id, one.funder_id, one.merchant_id, one.currency)
    journal.move(held, payable, one.amount_minor, one.currency, Posting.REDEEM, one.id, one.at)
    if one.fee_minor:
        journal.move(held, fees, one.fee_minor, one.currency, Posting.FEE, one.id, one.at)
    if one.released_minor:
        available = journal.account(one.funder_id, MerchantAccount.AVAILABLE, one.currency)
        journal.move(held, available, one.released_minor, one.currency, Posting.RELEASE, one.id, one.at)
        journal.guard(available, one.released_minor)


def _reversed(journal: _Journal, network_id: UUID, one: Reversed) -> None:
    payable = journal.account(one.merchant_id, MerchantAccount.PAYABLE, one.currency)
    fees = journal.account(network_id, MerchantAccount.FEES, one.currency)
    code = MerchantAccount.HELD if one.revived else MerchantAccount.AVAILABLE
    back = journal.account(one.funder_id, code, one.currency)
    journal.move(payable, back, one.amount_minor, one.currency, Posting.REVERSE, one.id, one.at)
    journal.move(fees, back, one.fee_minor, one.currency, Posting.FEE_REVERSED, one.id, one.at)
    if not one.revived:
        journal.guard(back, one.amount_minor + one.fee_minor)


def _ended(journal: _Journal, one: Ended) -> None:
    if one.released_minor:
        held = journal.account(one.funder_id, MerchantAccount.HELD, one.currency)
        available = journal.account(one.funder_id, MerchantAccount.AVAILABLE, one.currency)
        journal.move(held, available, one.released_minor, one.currency, Posting.EXPIRE, one.id, one.at)
        journal.guard(available, one.released_minor)


def account_of(network_id: UUID, holder_id: UUID, code: MerchantAccount, currency: str) -> UUID:
    """Return the id of a holder's ledger account."""
    return _account(network_id, holder_id, code, currency)


@dataclass(frozen=True, slots=True)
class Issued:
    """One issued voucher as the ledger sees it."""

    cause: UUID  # the voucher
    funder_id: UUID
    subject_id: UUID | None
    terms: Terms
    at: datetime


def transfers_of_issue(network_id: UUID, issued: Sequence[Issued]) -> tuple[list[ledger.Transfer], dict[UUID, int]]:
    """Return the transfers of issued vouchers, one hold each, and the changes of guarded accounts by account."""
    journal = _Journal(network_id)
    for one in issued:
        terms = one.terms
        available = journal.account(one.funder_id, MerchantAccount.AVAILABLE, terms.currency)
        held = journal.account(one.funder_id, MerchantAccount.HELD, terms.currency)
        journal.move(available, held, terms.cost_minor, terms.currency, Posting.HOLD, one.cause, one.at)
        journal.guard(available, -terms.cost_minor)
        if terms.minting_fee_minor:
            fees = journal.account(network_id, MerchantAccount.FEES, terms.currency)
            journal.move(held, fees, terms.minting_fee_minor, terms.currency, Posting.FEE, one.cause, one.at)
        if terms.price_points and one.subject_id is not None:
            member = journal.account(one.subject_id, MerchantAccount.POINTS, POINTS)
            funder = journal.account(one.funder_id, MerchantAccount.POINTS, POINTS)
            journal.move(member, funder, terms.price_points, POINTS, Posting.POINTS_PAID, one.cause, one.at)
            journal.guard(member, -terms.price_points)
    return journal.transfers, journal.guarded


def transfer_id(cause: UUID, posting: Posting, at: datetime) -> UUID:
    """Return the id of the transfer that a cause led to: derived, so that its way can be followed without a search."""
    return uuid7_of(at, cause, posting.to_bytes(1))
