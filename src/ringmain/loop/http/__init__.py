"""The routes of the loop: flow of the whole network, and the figures of one merchant."""

from ringmain.kit.http import Route
from ringmain.loop.http.flow import ROUTES as FLOW_ROUTES
from ringmain.loop.http.merchant import ROUTES as MERCHANT_ROUTES

__all__ = ["ROUTES"]

ROUTES: tuple[Route, ...] = (*FLOW_ROUTES, *MERCHANT_ROUTES)
