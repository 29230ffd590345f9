"""The merchant's own webhooks: what its systems are told, each delivery, and telling again; as an operator's."""

from typing import Any
from uuid import UUID

from starlette.responses import Response

from ringmain.entry.web import webhooks
from ringmain.entry.web.audiences import MERCHANT
from ringmain.entry.web.merchant.common import console_of, merchant_id, reading, shown
from ringmain.kit import webhooks as use
from ringmain.kit.pages import PageRoute, Visit
from ringmain.kit.webhooks.errors import WebhookNotFound

_ROOT = "/merchant/webhooks"


async def show(visit: Visit) -> Response:
    """Show the merchant's webhooks, and the form for a new one."""
    return await _all(visit, "")


async def _all(visit: Visit, secret: str) -> Response:
    async with visit.unit() as uow:
        console = await console_of(uow, visit)
    async with reading(visit) as uow:
        found = await use.endpoints(uow, merchant_id(visit))
    return shown(visit, "webhooks.html", _ROOT, console, hooks=found, kinds=webhooks.kinds(), secret=secret, root=_ROOT)


async def make(visit: Visit) -> Response:
    """Make a webhook that hears of this merchant's facts only, and show its secret, here only."""
    return await _all(visit, await webhooks.make(visit, merchant_id(visit)))


async def one(visit: Visit) -> Response:
    """Show one webhook with its deliveries; another merchant's does not exist here."""
    return await _one(visit, visit.path_id("webhook_id"), "")


async def _one(visit: Visit, webhook_id: UUID, secret: str) -> Response:
    async with reading(visit) as uow:
        endpoint = await use.endpoint(uow, webhook_id)
    if endpoint is None or endpoint.merchant_id != merchant_id(visit):
        raise WebhookNotFound(webhook_id=webhook_id)
    state = webhooks.asked_state(visit)
    async with visit.unit() as uow:
        console = await console_of(uow, visit)
        rows = await use.deliveries(uow, webhook_id, None, webhooks.MOST_DELIVERIES, state=state)
    about: dict[str, Any] = {"hook": endpoint, "deliveries": rows, "state": state, "secret": secret}
    zone = console.network.time_zone
    return shown(visit, "webhook.html", _ROOT, console, zone=zone, root=_ROOT, states=webhooks.STATES, **about)


async def change(visit: Visit) -> Response:
    """Do what a button of the page says; a new secret is shown, here only."""
    webhook_id = visit.path_id("webhook_id")
    if secret := await webhooks.press(visit, webhook_id, merchant_id(visit)):
        return await _one(visit, webhook_id, secret)
    return visit.go(_ROOT if visit.form.text("do") == "delete" else f"{_ROOT}/{webhook_id}")


PAGES: tuple[PageRoute, ...] = (
    PageRoute(path=_ROOT, audience=MERCHANT, get=show, post=make),
    PageRoute(path=_ROOT + "/{webhook_id:uuid}", audience=MERCHANT, get=one, post=change),
)
