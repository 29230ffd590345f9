"""The routes of offers, mints, grants, vouchers, qualifications, validations, leases, codes and points."""

from ringmain.kit.http import Route
from ringmain.voucher.http.grants import GRANT_ROUTES
from ringmain.voucher.http.leases import LEASE_ROUTES
from ringmain.voucher.http.mints import MINT_ROUTES
from ringmain.voucher.http.offers import OFFER_ROUTES
from ringmain.voucher.http.offline import OFFLINE_ROUTES
from ringmain.voucher.http.points import POINT_ROUTES
from ringmain.voucher.http.typed import TYPED_ROUTES
from ringmain.voucher.http.validations import VALIDATION_ROUTES
from ringmain.voucher.http.vouchers import VOUCHER_ROUTES

ROUTES: tuple[Route, ...] = (
    *OFFER_ROUTES,
    *MINT_ROUTES,
    *GRANT_ROUTES,
    *VOUCHER_ROUTES,
    *VALIDATION_ROUTES,
    *LEASE_ROUTES,
    *OFFLINE_ROUTES,
    *TYPED_ROUTES,
    *POINT_ROUTES,
)

__all__ = ["ROUTES"]
