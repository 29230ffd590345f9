"""The routes of networks, merchants, shops, staff, terminals, keys, accounts and lists of tenants."""

from ringmain.kit.http import Route
from ringmain.network.http.accounts import ACCOUNT_ROUTES
from ringmain.network.http.keys import KEY_ROUTES
from ringmain.network.http.margins import ROUTES as MARGIN_ROUTES
from ringmain.network.http.merchants import MERCHANT_ROUTES
from ringmain.network.http.shops import SHOP_ROUTES
from ringmain.network.http.staff import STAFF_ROUTES
from ringmain.network.http.tenants import TENANT_ROUTES
from ringmain.network.http.terminals import TERMINAL_ROUTES

ROUTES: tuple[Route, ...] = (
    *MERCHANT_ROUTES,
    *MARGIN_ROUTES,
    *SHOP_ROUTES,
    *STAFF_ROUTES,
    *TERMINAL_ROUTES,
    *KEY_ROUTES,
    *ACCOUNT_ROUTES,
    *TENANT_ROUTES,
)

__all__ = ["ROUTES"]
