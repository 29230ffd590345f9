"""Requests, answers and routes of messages."""

from ringmain.kit.http import Route
from ringmain.message.http import deliveries, followers, messages, wishes

ROUTES: tuple[Route, ...] = (*messages.ROUTES, *wishes.ROUTES, *deliveries.ROUTES, *followers.ROUTES)
