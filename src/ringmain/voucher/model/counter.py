"""The counter: pure decisions about which vouchers of one batch can be issued, in order of arrival."""

from dataclasses import dataclass, field
from uuid import UUID

from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.pure.ids import uuid7
from ringmain.voucher import errors
from ringmain.voucher.model.data import Grant, Granted
from ringmain.voucher.model.terms import Offer, Terms, validity

Funds = tuple[UUID, str]  # funder, currency


@dataclass(slots=True)
class Counter:
    """Stock, money and points as they stand while a batch is decided; a refused grant takes none of them.

    `stock` knows offers with a stock only; `funds` is what each funder can spend, credit included; `points` is what
    each member has. What a grant takes is subtracted in place.
    """

    offers: dict[UUID, Offer]
    paused: set[UUID] = field(default_factory=set)
    stock: dict[UUID, int] = field(default_factory=dict)
    funds: dict[Funds, int] = field(default_factory=dict)
    points: dict[UUID, int] = field(default_factory=dict)

    def open_to(self, grant: Grant) -> RuleBroken | None:
        """Return the rule that speaks against a grant before stock and money are looked at."""
        offer = self.offers.get(grant.offer_id)
        if offer is None:
            return errors.OfferNotFound()
        if offer.id in self.paused:
            return errors.OfferPaused()
        if offer.terms.needs_holder and grant.subject_id is None:
            return errors.HolderRequired()
        if validity(offer.terms, grant.at) is None:
            return errors.OfferEnded(valid_until=offer.terms.valid_until)
        return None

    def issue(self, grant: Grant) -> Granted | RuleBroken:
        """Issue one voucher, or say why not."""
        refusal = self.open_to(grant)
        if refusal is not None:
            return refusal
        offer = self.offers[grant.offer_id]
        refusal = self.take(offer, 1)
        if refusal is None and offer.terms.price_points:
            refusal = self._pay_points(grant, offer.terms)
            if refusal is not None:
                self._put_back(offer)
        if refusal is not None:
            return refusal
        period = validity(offer.terms, grant.at)
        assert period is not None
        id_ = grant.id or uuid7(grant.at)
        terms = offer.terms
        return Granted(id_, offer.id, grant.subject_id, terms.face_minor, terms.currency, *period)

    def take(self, offer: Offer, count: int) -> RuleBroken | None:
        """Take stock and money for `count` vouchers, or return the rule that says no and take nothing."""
        if self.stock.get(offer.id, count) < count:
            return errors.OutOfStock(left=self.stock[offer.id])
        funds = (offer.funder_id, offer.terms.currency)
        cost = offer.terms.cost_minor * count
        left = self.funds.get(funds, 0)
        if left < cost:
            return errors.FundsInsufficient(needed_minor=cost, available_minor=max(left, 0), currency=funds[1])
        self.funds[funds] = left - cost
        if offer.id in self.stock:
            self.stock[offer.id] -= count
        return None

    def _put_back(self, offer: Offer) -> None:
        self.funds[offer.funder_id, offer.terms.currency] += offer.terms.cost_minor
        if offer.id in self.stock:
            self.stock[offer.id] += 1

    def _pay_points(self, grant: Grant, terms: Terms) -> RuleBroken | None:
        assert grant.subject_id is not None
        left = self.points.get(grant.subject_id, 0)
        if left < terms.price_points:
            return errors.PointsInsufficient(needed=terms.price_points, available=max(left, 0))
        self.points[grant.subject_id] = left - terms.price_points
        return None
