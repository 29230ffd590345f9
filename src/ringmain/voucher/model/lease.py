"""Leases: a voucher lent to one terminal for a time; pure decisions about who gets one, and what it covers."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hmac import compare_digest
from uuid import UUID

from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.pure.ids import uuid7
from ringmain.voucher import errors
from ringmain.voucher.model.data import Redeem, Redeemer, Voucher, closed_error
from ringmain.voucher.model.terms import Offer

# A till's clock is corrected at each contact; what it drifts meanwhile stays below this.
CLOCK_SLACK = timedelta(minutes=10)
# A sale that takes longer than this to arrive was not waited for: its till may have lent the voucher meanwhile.
_AT_ONCE = timedelta(minutes=1)
LONGEST_LEASE = timedelta(hours=24)
LONGEST_GRACE = timedelta(hours=72)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfflineRule:
    """What the tills of one merchant may do without a network; counts and values are per terminal, in minor units.

    `grace` is how long after its end a lease still keeps others off, for what was redeemed to arrive.
    `accept_anyway` lets tills take vouchers that are not leased, at the merchant's own loss.
    """

    most_leases: int = 50
    most_value_minor: int = 100_000
    lease: timedelta = timedelta(hours=12)
    grace: timedelta = timedelta(hours=24)
    accept_anyway: bool = False


@dataclass(frozen=True, slots=True)
class Lease:
    """One lease. `number` counts the leases of its voucher: a higher one fences a lower one off."""

    id: UUID
    voucher_id: UUID
    number: int
    terminal_id: UUID
    merchant_id: UUID
    shop_id: UUID
    value_minor: int
    currency: str
    leased_from: datetime
    leased_until: datetime
    free_at: datetime
    ended_at: datetime | None = None

    def covers(self, voucher_id: UUID, terminal_id: UUID | None, at: datetime) -> bool:
        """Say whether a redemption by a terminal, at a time of its clock, lies inside this lease."""
        begins, ends = self.leased_from - CLOCK_SLACK, self.leased_until + CLOCK_SLACK
        return self.voucher_id == voucher_id and self.terminal_id == terminal_id and begins <= at <= ends

    def allows(self, action: Redeem) -> bool:
        """Say whether a redemption by the terminal that this is lent to leaves alone what it may have taken off by it.

        A sale that names no lease and did not come at once must not use the voucher up: the discount that was given by
        the lease, and that may be under way, is the one that was promised.
        """
        if action.by.terminal_id != self.terminal_id:
            return False
        if action.offline is not None:
            return action.offline.lease_id is not None
        came_at_once = action.made_at is None or action.at - action.made_at <= _AT_ONCE
        return came_at_once or action.lease_id is not None

    def clamp(self, at: datetime) -> datetime:
        """Return the moment of the lease that is nearest to a time."""
        return min(max(at, self.leased_from), self.leased_until)


@dataclass(frozen=True, slots=True)
class AskLease:
    """A terminal asks for one voucher: by its secret (a scanned code), for its holder, or as one prepared for the shop.

    `until` is when the lease shall end; the merchant's rule and the voucher's own end cut it short.
    """

    voucher_id: UUID
    by: Redeemer
    secret: bytes | None = None
    subject_ids: tuple[UUID, ...] = ()
    prepared: bool = False


@dataclass(slots=True)
class LeaseDesk:
    """The vouchers asked for, and the terminal's open leases, as they stand while one request is decided.

    `open` are the open leases of the terminal, by voucher; `others` the open leases of the vouchers asked for, whoever
    has them; `numbers` the highest number so far, by voucher. A refused one changes nothing.
    """

    vouchers: Mapping[UUID, Voucher]
    offers: Mapping[UUID, Offer]
    rule: OfflineRule
    now: datetime
    open: dict[UUID, Lease]
    others: Mapping[UUID, Lease] = field(default_factory=dict)
    numbers: Mapping[UUID, int] = field(default_factory=dict)

    def lease(self, ask: AskLease, lasting: timedelta | None = None) -> Lease | RuleBroken:
        """Lend one voucher, or move the end of the lease that the terminal has; else say why not."""
        voucher = self.vouchers.get(ask.voucher_id)
        if voucher is None or not _may_ask(ask, voucher):
            return errors.VoucherNotFound()
        refusal = self._refusal(ask, voucher)
        if refusal is not None:
            return refusal
        own = self.open.get(voucher.id)
        until = min(self.now + self._lasting(lasting), voucher.valid_until)
        if own is not None:
            until = max(until, own.leased_until)
            lease = replace(own, leased_until=until, free_at=max(own.free_at, until + self.rule.grace))
        else:
            lease = self._new(ask, voucher, until)
            refusal = self._cap(lease)
            if refusal is not None:
                return refusal
        self.open[voucher.id] = lease
        return lease

    def _lasting(self, asked: timedelta | None) -> timedelta:
        return min(asked or self.rule.lease, self.rule.lease, LONGEST_LEASE)

    def _refusal(self, ask: AskLease, voucher: Voucher) -> RuleBroken | None:
        offer = self.offers[voucher.offer_id]
        if voucher.closed is not None:
            return closed_error(voucher)
        if self.now >= voucher.valid_until:
            return errors.VoucherExpired(valid_until=voucher.valid_until)
        return self._offer_refusal(ask, offer) or self._taken(ask, voucher)

    def _offer_refusal(self, ask: AskLease, offer: Offer) -> RuleBroken | None:
        if offer.terms.shop_ids and ask.by.shop_id not in offer.terms.shop_ids:
            return errors.ShopNotAccepted(shop_ids=[str(id_) for id_ in offer.terms.shop_ids[:10]])
        if offer.terms.counted:
            # Its limit may be used up elsewhere while the terminal has no network.
            return errors.NotLeasable()
        return None

    def _taken(self, ask: AskLease, voucher: Voucher) -> RuleBroken | None:
        """Return the rule that a voucher breaks which somebody else has, by a lease or a validation."""
        other = self.others.get(voucher.id)
        if other is not None and other.terminal_id != ask.by.terminal_id and self.now < other.free_at:
            return errors.VoucherLeased(until=other.leased_until, free_at=other.free_at, shop_id=other.shop_id)
        if voucher.lock_until is not None and self.now < voucher.lock_until and voucher.id not in self.open:
            return errors.VoucherLocked(until=voucher.lock_until)
        return None

    def _cap(self, lease: Lease) -> RuleBroken | None:
        if len(self.open) >= self.rule.most_leases:
            return errors.LeaseCapReached(cap="count", maximum=self.rule.most_leases)
        worth = sum(one.value_minor for one in self.open.values())
        if worth + lease.value_minor > self.rule.most_value_minor:
            return errors.LeaseCapReached(cap="value", maximum=self.rule.most_value_minor)
        return None

    def _new(self, ask: AskLease, voucher: Voucher, until: datetime) -> Lease:
        assert ask.by.terminal_id is not None
        return Lease(
            id=uuid7(self.now),
            voucher_id=voucher.id,
            number=self.numbers.get(voucher.id, 0) + 1,
            terminal_id=ask.by.terminal_id,
            merchant_id=ask.by.merchant_id,
            shop_id=ask.by.shop_id,
            value_minor=voucher.remaining_minor,
            currency=self.offers[voucher.offer_id].terms.currency,
            leased_from=self.now,
            leased_until=until,
            free_at=until + self.rule.grace,
        )


def _may_ask(ask: AskLease, voucher: Voucher) -> bool:
    """Say whether the terminal may know of this voucher: by its code, by its holder, or because it was prepared."""
    if ask.secret is not None:
        return compare_digest(ask.secret, voucher.secret)
    return ask.prepared or (voucher.subject_id is not None and voucher.subject_id in ask.subject_ids)
