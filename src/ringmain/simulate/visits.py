"""Rows of the Complete Journey as sales, coupons and their keys: pure translation, in simulated time."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from uuid import UUID

from ringmain.kit.idempotency import Keyed
from ringmain.kit.pure.ids import derived_id, uuid7_of
from ringmain.sale import api as sale
from ringmain.simulate import town
from ringmain.simulate.complete_journey import ZONE
from ringmain.simulate.journey import Journey
from ringmain.voucher import api as voucher

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# A key's payload never changes in a replay: the row it stands for is the same each time.
_PAYLOAD_HASH = b"replayed basket\x00"


@dataclass(frozen=True, slots=True)
class Visit:
    """One basket with what belongs to it; `declared` redeems the coupons that no price of the basket could carry."""

    row: int
    household: int
    store: int
    at: datetime
    subject_id: UUID
    sold: Keyed[sale.NewSale]
    declared: Keyed[sale.NewSale] | None
    grants: tuple[voucher.Grant, ...]
    coupons: int


class Visits:
    """Translates rows; what does not depend on the row is prepared once."""

    def __init__(self, journey: Journey) -> None:
        self._journey = journey
        stores = [int(store) for store in journey.store_id]
        self._shops = [town.shop_id(store) for store in stores]
        self._merchants = [town.merchant_id(store) for store in stores]
        self._offers = [town.ring_offer_id(store) for store in stores]
        self._households = [int(household) for household in journey.households.household_id]
        self._subjects = [derived_id(town.NAME, "subject", str(household)) for household in self._households]
        self._products = [str(product) for product in journey.products.product_id.tolist()]
        self._coupons: dict[int, list[int]] = defaultdict(list)
        for place, basket in enumerate(journey.redemptions.basket.tolist()):
            self._coupons[basket].append(place)

    def unmatched(self) -> Iterator[tuple[voucher.Grant, Keyed[sale.NewSale]]]:
        """Yield the redemptions of the data that no basket fits, each with a declared sale at noon of its day.

        The data names no shop for them: the shop is the one that the household visits first.
        """
        for place in self._coupons.get(-1, []):
            household = int(self._journey.redemptions.household[place])
            rows = (self._journey.baskets.household == household).nonzero()[0]
            shop = int(self._journey.baskets.store[rows[0]]) if len(rows) else 0
            day = date.fromisoformat(str(self._journey.redemptions.local_day[place]))
            at = datetime.combine(day, clock_time(12), tzinfo=ZONE).astimezone(UTC)
            grant = self._coupon_grant(place, household, at)
            new = sale.NewSale(
                id=uuid7_of(at, town.NAME, "unmatched", str(place)),
                shop_id=self._shops[shop],
                merchant_id=self._merchants[shop],
                payment=sale.Payment("card_token", town.card_token(self._households[household])),
                sold_at=at,
                vouchers=_uses([grant]),
                decided_at=at,
            )
            yield grant, Keyed(self._merchants[shop], f"unmatched-{place}", _PAYLOAD_HASH, new)

    def read(self, rows: slice) -> Iterator[Visit]:
        """Yield the visits of a run of rows."""
        baskets = self._journey.baskets
        columns = (
            baskets.basket_id[rows].tolist(),
            baskets.household[rows].tolist(),
            baskets.store[rows].tolist(),
            baskets.sold_at_us[rows].tolist(),
            baskets.amount_minor[rows].tolist(),
        )
        for row, (basket_id, household, store, at_us, amount) in enumerate(zip(*columns, strict=True), rows.start):
            yield self._visit(row, str(basket_id), household, store, _EPOCH + timedelta(microseconds=at_us), amount)

    def ring_grant(self, visit: Visit, store: int) -> voucher.Grant:
        """Return the voucher of another store that a visit earns."""
        return voucher.Grant(
            offer_id=self._offers[store],
            at=visit.at,
            subject_id=visit.subject_id,
            sender_shop_id=self._shops[visit.store],
            origin_kind="sale",
            origin_id=visit.sold.item.id,
            id=uuid7_of(visit.at, visit.sold.item.id, "ring"),
        )

    def _visit(self, row: int, basket_id: str, household: int, store: int, at: datetime, amount: int) -> Visit:
        sale_id = uuid7_of(at, town.NAME, basket_id)
        grants = [self._coupon_grant(place, household, at) for place in self._coupons.get(row, ())]
        # Each coupon takes 1.00 off, or what is left of the price; those that find nothing left need a declared sale.
        carried = grants[: max(0, -(-amount // town.COUPON_FACE_MINOR))]
        beyond = grants[len(carried) :]
        subject = self._subjects[household]
        new = sale.NewSale(
            id=sale_id,
            shop_id=self._shops[store],
            merchant_id=self._merchants[store],
            payment=sale.Payment("card_token", town.card_token(self._households[household])),
            receipt=basket_id,
            sold_at=at,
            total_minor=amount,
            currency=town.CURRENCY,
            lines=self._lines(row),
            vouchers=_uses(carried),
            apply_best=True,
            decided_at=at,
        )
        declared = self._declared(new, beyond, subject) if beyond else None
        keyed = Keyed(self._merchants[store], f"basket-{basket_id}", _PAYLOAD_HASH, new)
        return Visit(row, household, store, at, subject, keyed, declared, tuple(grants), len(grants))

    def _declared(self, new: sale.NewSale, grants: list[voucher.Grant], subject: UUID) -> Keyed[sale.NewSale]:
        assert new.merchant_id is not None
        assert new.sold_at is not None
        declared = sale.NewSale(
            id=uuid7_of(new.sold_at, new.id, "declared"),
            shop_id=new.shop_id,
            merchant_id=new.merchant_id,
            payment=new.payment,
            sold_at=new.sold_at,
            vouchers=_uses(grants),
            decided_at=new.decided_at,
        )
        return Keyed(new.merchant_id, f"declared-{new.receipt}", _PAYLOAD_HASH, declared)

    def _coupon_grant(self, place: int, household: int, at: datetime) -> voucher.Grant:
        journey = self._journey
        coupon = int(journey.redemptions.coupon[place])
        campaign = int(journey.campaigns.campaign_id[journey.coupons.campaign[coupon]])
        return voucher.Grant(
            offer_id=town.coupon_offer_id(int(journey.coupons.upc[coupon]), campaign),
            at=at,
            subject_id=self._subjects[household],
            id=uuid7_of(at, town.NAME, "redemption", str(place)),
        )

    def _lines(self, row: int) -> tuple[sale.Line, ...]:
        journey = self._journey
        run = slice(int(journey.baskets.line_offsets[row]), int(journey.baskets.line_offsets[row + 1]))
        products, category = self._products, journey.products.category
        columns = (
            journey.lines.product[run].tolist(),
            journey.lines.quantity[run].tolist(),
            journey.lines.amount_minor[run].tolist(),
        )
        return tuple(
            sale.Line(products[product], quantity * 1_000, amount, category[product])
            for product, quantity, amount in zip(*columns, strict=True)
        )


def _uses(grants: list[voucher.Grant]) -> tuple[sale.VoucherUse, ...]:
    return tuple(sale.VoucherUse(grant.id) for grant in grants if grant.id)
