"""The routes of the loop: flow of the whole network, what campaigns brought, and the figures of one merchant."""

from ringmain.kit.http import Route
from ringmain.loop.http.flow import ROUTES as FLOW_ROUTES
from ringmain.loop.http.forecast import ROUTES as FORECAST_ROUTES
from ringmain.loop.http.lift import ROUTES as LIFT_ROUTES
from ringmain.loop.http.merchant import ROUTES as MERCHANT_ROUTES
from ringmain.loop.http.notes import ROUTES as NOTE_ROUTES
from ringmain.loop.http.recruiting import ROUTES as RECRUITING_ROUTES
from ringmain.loop.http.ring import ROUTES as RING_ROUTES
from ringmain.loop.http.scene_tribes import ROUTES as SCENE_TRIBE_ROUTES
from ringmain.loop.http.served import ROUTES as SERVED_ROUTES
from ringmain.loop.http.switch_off import ROUTES as SWITCH_OFF_ROUTES
from ringmain.loop.http.top_ups import ROUTES as TOP_UP_ROUTES

__all__ = ["ROUTES"]

ROUTES: tuple[Route, ...] = (
    *FLOW_ROUTES,
    *FORECAST_ROUTES,
    *LIFT_ROUTES,
    *MERCHANT_ROUTES,
    *RING_ROUTES,
    *SCENE_TRIBE_ROUTES,
    *SERVED_ROUTES,
    *RECRUITING_ROUTES,
    *NOTE_ROUTES,
    *TOP_UP_ROUTES,
    *SWITCH_OFF_ROUTES,
)
