"""The book: pure decisions about the vouchers of one batch, in order of arrival."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hmac import compare_digest
from uuid import UUID

from msgspec.structs import replace

from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.pure.money import share_minor
from ringmain.voucher import errors
from ringmain.voucher.model.data import (
    Close,
    Ended,
    PastRedemption,
    Redeem,
    Redeemed,
    Reverse,
    Reversed,
    Settled,
    Voucher,
    closed_error,
)
from ringmain.voucher.model.lease import Lease
from ringmain.voucher.model.limits import Limit, LimitKey, is_open_at, is_used_up, limit_keys, local_day
from ringmain.voucher.model.terms import Offer, Terms


@dataclass(frozen=True, slots=True)
class _Kept:
    """What a refused sale puts back."""

    vouchers: list[Voucher]
    used: dict[LimitKey, int]
    counted: dict[LimitKey, int]
    changed: set[UUID]


@dataclass(slots=True)
class Book:
    """The state of everything that a batch touches; it decides actions one after the other, in order of arrival.

    A refused action changes nothing. What is left in `changed` and the outcomes is what the stores write.
    """

    vouchers: dict[UUID, Voucher]
    offers: dict[UUID, Offer]
    redemptions: dict[UUID, PastRedemption] = field(default_factory=dict)
    limits: dict[LimitKey, Limit] = field(default_factory=dict)
    leases: dict[UUID, Lease] = field(default_factory=dict)  # those of the vouchers, and those that are claimed
    changed: set[UUID] = field(default_factory=set)
    counted: dict[LimitKey, int] = field(default_factory=dict)

    def use(
        self, all_of: Sequence[Redeem], best_of: Sequence[Redeem] = (), expected_minor: int | None = None
    ) -> list[Redeemed] | RuleBroken:
        """Redeem all of `all_of`, or nothing, and with them the one of `best_of` that takes most off, where one does.

        `expected_minor` is what the tenders of the sale leave for the vouchers to pay, where the till said so.
        """
        several = len(all_of) + len(best_of) > 1 or expected_minor is not None
        kept = self._keep((*all_of, *best_of)) if several else None
        try:
            if not several and not best_of:
                return [self._redeem(action) for action in all_of]
            if len(all_of) > 1:
                self._check_combination(all_of)
            done = self._redeem_each(all_of, 0)
            taken = sum(one.amount_minor for one in done)
            chosen = self._best(best_of, taken, beside=bool(all_of))
            if chosen is not None:
                done += self._redeem_each([chosen], taken)
            redeemed = sum(one.amount_minor for one in done)
            if expected_minor is not None and redeemed != expected_minor:
                raise errors.TendersDiffer(redeemed_minor=redeemed, expected_minor=expected_minor)
            return done
        except RuleBroken as refusal:
            if kept is not None:
                self._put_back(kept)
            return refusal

    def _best(self, candidates: Sequence[Redeem], taken: int, *, beside: bool) -> Redeem | None:
        """Return the voucher that takes most off what is left of the basket; of two alike, the one that ends sooner."""
        worth: list[tuple[int, datetime, int]] = []
        for place, action in enumerate(candidates):
            quoted = self.quote(_less(action, taken))
            # Goods are exchanged when the guest asks for them, never by themselves.
            if isinstance(quoted, RuleBroken) or self._terms(action).kind == "exchange":
                continue
            if self._terms(action).combinable or not beside:
                worth.append((-quoted, self.vouchers[action.voucher_id].valid_until, place))
        return candidates[min(worth)[2]] if worth else None

    def settle(self, actions: Sequence[Redeem]) -> Settled:
        """Redeem what a till took off one sale without a network: what is refused does not hinder the others.

        The basket of each is what those before it left, as the till had reckoned.
        """
        settled = Settled([], [])
        taken, alone = 0, False
        for action in actions:
            assert action.offline is not None
            try:
                if settled.done and (alone or not self._is_combinable(action)):
                    raise errors.NotCombinable(voucher_id=action.voucher_id)
                done = self._redeem(_less(self._as_covered(action), taken))
            except RuleBroken as refusal:
                settled.refused.append((action.voucher_id, refusal))
                taken += action.offline.taken_minor
                continue
            alone = alone or not self._is_combinable(action)
            taken += action.offline.taken_minor or done.amount_minor
            settled.done.append(done)
        return settled

    def _as_covered(self, action: Redeem) -> Redeem:
        """Return an offline redemption at the time by which it is judged: its own inside a lease, else its arrival's.

        Raises `VoucherNeedsNetwork` where no lease covers it and the merchant does not bear such losses.
        """
        offline = action.offline
        assert offline is not None
        lease = self.leases.get(offline.lease_id) if offline.lease_id else None
        if lease is not None and lease.covers(action.voucher_id, action.by.terminal_id, action.at):
            return replace(action, at=min(lease.clamp(action.at), offline.booked_at))
        voucher = self.vouchers.get(action.voucher_id)
        if voucher is not None and voucher.closed is not None and _may_know(action, voucher):
            raise closed_error(voucher)
        if not offline.anyway:
            raise errors.VoucherNeedsNetwork()
        return replace(action, at=offline.booked_at)

    def _is_combinable(self, action: Redeem) -> bool:
        return action.voucher_id not in self.vouchers or self._terms(action).combinable

    def quote(self, action: Redeem) -> int | RuleBroken:
        """Return what a voucher would take off in minor units, or the first rule that speaks against it."""
        try:
            voucher, offer = self._usable(action)
            return self._amount(action, voucher, offer.terms)
        except RuleBroken as refusal:
            return refusal

    def _terms(self, action: Redeem) -> Terms:
        return self.offers[self.vouchers[action.voucher_id].offer_id].terms

    def _redeem_each(self, actions: Sequence[Redeem], taken: int) -> list[Redeemed]:
        done: list[Redeemed] = []
        for action in actions:
            done.append(self._redeem(_less(action, taken)))
            taken += done[-1].amount_minor
        return done

    def _keep(self, actions: Sequence[Redeem]) -> _Kept:
        vouchers = [replace(self.vouchers[one.voucher_id]) for one in actions if one.voucher_id in self.vouchers]
        used = {key: limit.used for key, limit in self.limits.items()}
        return _Kept(vouchers, used, dict(self.counted), set(self.changed))

    def _put_back(self, kept: _Kept) -> None:
        self.vouchers.update((voucher.id, voucher) for voucher in kept.vouchers)
        self.counted, self.changed = kept.counted, kept.changed
        for key, used in kept.used.items():
            self.limits[key].used = used

    def reverse(self, action: Reverse) -> Reversed | RuleBroken:
        """Undo one redemption."""
        past = self.redemptions.get(action.redemption_id)
        if past is None or action.merchant_id not in (None, past.merchant_id):
            return errors.RedemptionNotFound()
        if past.reversed_at is not None:
            return errors.RedemptionAlreadyReversed(reversed_at=past.reversed_at)
        voucher = self.vouchers[past.voucher_id]
        offer = self.offers[voucher.offer_id]
        grace = timedelta(days=offer.terms.grace_days)
        revived = voucher.closed != "void" and action.at <= voucher.valid_until + grace
        if revived:
            self._revive(voucher, past, action.at, grace)
        voucher.sequence += 1
        self.changed.add(voucher.id)
        self.redemptions[past.id] = replace(past, reversed_at=action.at)
        self._count(offer, past.subject_id, None, -1)
        return Reversed(
            id=action.id,
            redemption_id=past.id,
            voucher_id=voucher.id,
            funder_id=offer.funder_id,
            sequence=voucher.sequence,
            merchant_id=past.merchant_id,
            amount_minor=past.amount_minor,
            fee_minor=past.fee_minor,
            revived=revived,
            reason=action.reason,
            currency=past.currency,
            at=action.at,
        )

    def close(self, action: Close) -> Ended | RuleBroken:
        """Expire or void one voucher; what is still set aside for it goes back to the funder."""
        voucher = self.vouchers.get(action.voucher_id)
        if voucher is None:
            return errors.VoucherNotFound()
        if voucher.closed is not None:
            return closed_error(voucher)
        if voucher.lease_free_at is not None and action.at < voucher.lease_free_at:
            # The terminal may have redeemed it already, without a network.
            return self._leased_error(voucher)
        if action.how == "expired" and action.at < voucher.valid_until:
            return errors.VoucherStillValid(valid_until=voucher.valid_until)
        offer = self.offers[voucher.offer_id]
        released = voucher.held_minor
        voucher.held_minor = voucher.remaining_minor = 0
        voucher.closed = action.how
        self.changed.add(voucher.id)
        return Ended(action.id, voucher.id, offer.funder_id, released, offer.terms.currency, action.at, action.how)

    def _check_combination(self, actions: Iterable[Redeem]) -> None:
        for action in actions:
            voucher = self.vouchers.get(action.voucher_id)
            if voucher and not self.offers[voucher.offer_id].terms.combinable:
                raise errors.NotCombinable(voucher_id=voucher.id)

    def _redeem(self, action: Redeem) -> Redeemed:
        voucher, offer = self._usable(action)
        terms = offer.terms
        amount = self._amount(action, voucher, terms)
        # What is set aside beyond the value is a fee still due; a reversal gives it back and makes it due again.
        fee = voucher.held_minor - voucher.remaining_minor
        self._count(offer, action.subject_id or voucher.subject_id, action, 1)
        voucher.uses += 1
        voucher.sequence += 1
        voucher.remaining_minor -= amount
        voucher.held_minor -= amount + fee
        voucher.lock_key = voucher.lock_until = None
        released = 0
        if is_used_up(voucher, terms):
            voucher.closed = "spent"
            released, voucher.held_minor, voucher.remaining_minor = voucher.held_minor, 0, 0
        self.changed.add(voucher.id)
        return Redeemed(
            id=action.id,
            voucher_id=voucher.id,
            offer_id=offer.id,
            funder_id=offer.funder_id,
            sequence=voucher.sequence,
            sale_id=action.sale_id,
            merchant_id=action.by.merchant_id,
            shop_id=action.by.shop_id,
            terminal_id=action.by.terminal_id,
            subject_id=action.subject_id or voucher.subject_id,
            amount_minor=amount,
            fee_minor=fee,
            released_minor=released,
            remaining_minor=voucher.remaining_minor,
            currency=terms.currency,
            at=action.booked_at,
            lease_id=action.offline.lease_id if action.offline else None,
            used_at=action.at if action.offline else None,
        )

    def _leased_error(self, voucher: Voucher) -> RuleBroken:
        assert voucher.lease_id is not None
        lease = self.leases[voucher.lease_id]
        return errors.VoucherLeased(until=lease.leased_until, free_at=voucher.lease_free_at, shop_id=lease.shop_id)

    def _check_lease(self, action: Redeem, voucher: Voucher, lease_id: UUID) -> None:
        """Refuse the voucher to everybody but the terminal that it is lent to, until it is free again."""
        free_at = voucher.lease_free_at
        if not self.leases[lease_id].allows(action) and free_at is not None and action.booked_at < free_at:
            raise self._leased_error(voucher)

    def _usable(self, action: Redeem) -> tuple[Voucher, Offer]:
        """Return the voucher and its offer, or raise the first rule that speaks against its use here and now."""
        voucher = self.vouchers.get(action.voucher_id)
        if voucher is None or not _may_know(action, voucher):
            raise errors.VoucherNotFound()
        offer = self.offers[voucher.offer_id]
        terms = offer.terms
        if voucher.closed is not None:
            raise closed_error(voucher)
        if voucher.lease_id is not None:
            self._check_lease(action, voucher, voucher.lease_id)
        if action.at >= voucher.valid_until:
            raise errors.VoucherExpired(valid_until=voucher.valid_until)
        if action.at < voucher.valid_from:
            raise errors.VoucherNotYetValid(valid_from=voucher.valid_from)
        if voucher.lock_until and _is_held_from(action, voucher):
            raise errors.VoucherLocked(until=voucher.lock_until)
        if terms.shop_ids and action.by.shop_id not in terms.shop_ids:
            raise errors.ShopNotAccepted(shop_ids=[str(id_) for id_ in terms.shop_ids[:10]])
        if terms.holder_only and not _holds(action, voucher):
            raise errors.WrongHolder()
        _check_conditions(action, terms)
        self._check_limits(offer, voucher, action)
        return voucher, offer

    def _amount(self, action: Redeem, voucher: Voucher, terms: Terms) -> int:
        basket = action.basket_minor
        if terms.kind == "gift":
            most = voucher.remaining_minor if basket is None else min(voucher.remaining_minor, basket)
            amount = most if action.amount_minor is None else action.amount_minor
            if amount > most:
                raise errors.AmountExceedsRemaining(left_minor=most)
        else:
            if action.amount_minor is not None:
                raise errors.PartNotAllowed()
            amount = _whole_amount(voucher, terms, basket)
        if amount <= 0:
            raise errors.NoEffect()
        return amount

    def _check_limits(self, offer: Offer, voucher: Voucher, action: Redeem) -> None:
        if not offer.terms.counted:
            return
        subject = action.subject_id or voucher.subject_id
        if offer.terms.per_member is not None and subject is None:
            # What is counted per member needs to know who it is.
            raise errors.WrongHolder()
        day = local_day(action.at, action.by.time_zone)
        for key, maximum in limit_keys(offer.terms, offer.id, subject, day):
            if self.limits[key].used >= maximum:
                raise errors.LimitReached(limit=key[1], maximum=maximum)

    def _count(self, offer: Offer, subject_id: UUID | None, action: Redeem | None, step: int) -> None:
        if not offer.terms.counted:
            return
        day = local_day(action.at, action.by.time_zone) if action else ""
        for key, _ in limit_keys(offer.terms, offer.id, subject_id, day):
            # A reversal gives back the member's and the total count; the day on which it was used stays counted.
            if key in self.limits and (action or key[1] != "day"):
                self.limits[key].used += step
                self.counted[key] = self.counted.get(key, 0) + step

    def _revive(self, voucher: Voucher, past: PastRedemption, at: datetime, grace: timedelta) -> None:
        voucher.uses -= 1
        # What went back to the funder at the redemption stays there: the voucher lives again with what it took off.
        voucher.remaining_minor += past.amount_minor
        voucher.held_minor += past.amount_minor + past.fee_minor
        voucher.closed = None
        if at >= voucher.valid_until:
            voucher.valid_until = at + grace


def _less(action: Redeem, taken_minor: int) -> Redeem:
    """Return the action on what is left of the basket."""
    if not taken_minor or action.basket_minor is None:
        return action
    return replace(action, basket_minor=action.basket_minor - taken_minor)


def _whole_amount(voucher: Voucher, terms: Terms, basket: int | None) -> int:
    """Return what a voucher that is not stored value takes off one basket, in minor units."""
    if terms.kind == "discount":
        if basket is None:
            raise errors.BasketRequired()
        return min(voucher.remaining_minor, share_minor(basket, terms.percent_bp or 0))
    if terms.kind == "exchange":
        return voucher.remaining_minor
    amount = voucher.remaining_minor
    if terms.kind == "bundle":
        # The last part takes what rounding left over.
        parts_left = terms.parts - voucher.uses
        amount = voucher.remaining_minor // parts_left
    return amount if basket is None else min(amount, basket)


def _check_conditions(action: Redeem, terms: Terms) -> None:
    if action.currency is not None and action.currency != terms.currency:
        raise errors.CurrencyDiffers(currency=terms.currency)
    if terms.minimum_minor:
        if action.basket_minor is None:
            raise errors.BasketRequired()
        if action.basket_minor < terms.minimum_minor:
            raise errors.MinimumNotReached(minimum_minor=terms.minimum_minor, currency=terms.currency)
    if not is_open_at(terms, action.at, action.by.time_zone):
        raise errors.OutsideHours()


def _is_held_from(action: Redeem, voucher: Voucher) -> bool:
    """Say whether a validation holds the voucher for somebody else; a leased one is held by its own terminal only."""
    lease_id = action.offline.lease_id if action.offline is not None else None
    if lease_id is not None and lease_id == voucher.lease_id:
        return False
    assert voucher.lock_until is not None
    return action.booked_at < voucher.lock_until and action.lock_key != voucher.lock_key


def _may_know(action: Redeem, voucher: Voucher) -> bool:
    """Say whether the till may know of this voucher: it has scanned the code, or identified the holder."""
    if action.secret is not None:
        return compare_digest(action.secret, voucher.secret)
    return _holds(action, voucher)


def _holds(action: Redeem, voucher: Voucher) -> bool:
    """Say whether the identified buyer holds this voucher, be it through a member merged into them."""
    return voucher.subject_id is not None and voucher.subject_id in (action.subject_id, *action.merged_subject_ids)
