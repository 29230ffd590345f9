"""Webhooks: who is told what, how it does, each delivery, and telling again."""

from uuid import UUID

from starlette.responses import Response

from ringmain.entry.web import webhooks
from ringmain.entry.web.audiences import OPERATOR
from ringmain.entry.web.operator.common import names
from ringmain.kit import webhooks as use
from ringmain.kit.pages import PageRoute, Visit
from ringmain.kit.webhooks.errors import WebhookNotFound

_ROOT = "/operator/webhooks"


async def show(visit: Visit) -> Response:
    """Show the webhooks, and the form for a new one."""
    return await _all(visit, "")


async def _all(visit: Visit, secret: str) -> Response:
    async with visit.unit() as uow:
        known = await names(uow)
        found = await use.endpoints(uow)
    kinds = webhooks.kinds()
    return visit.page("operator/webhooks.html", names=known, hooks=found, kinds=kinds, secret=secret, root=_ROOT)


async def make(visit: Visit) -> Response:
    """Make a webhook and show its secret, here only."""
    return await _all(visit, await webhooks.make(visit, None))


async def one(visit: Visit) -> Response:
    """Show one webhook with its deliveries."""
    return await _one(visit, visit.path_id("webhook_id"), "")


async def _one(visit: Visit, webhook_id: UUID, secret: str) -> Response:
    state = webhooks.asked_state(visit)
    async with visit.unit() as uow:
        known = await names(uow)
        endpoint = await use.endpoint(uow, webhook_id)
        if endpoint is None:
            raise WebhookNotFound(webhook_id=webhook_id)
        rows = await use.deliveries(uow, webhook_id, None, webhooks.MOST_DELIVERIES, state=state)
    return visit.page(
        "operator/webhook.html",
        names=known,
        zone=known.network.time_zone,
        hook=endpoint,
        deliveries=rows,
        state=state,
        states=webhooks.STATES,
        secret=secret,
        root=_ROOT,
    )


async def change(visit: Visit) -> Response:
    """Do what a button of the page says; a new secret is shown, here only."""
    webhook_id = visit.path_id("webhook_id")
    if secret := await webhooks.press(visit, webhook_id, None):
        return await _one(visit, webhook_id, secret)
    return visit.go(_ROOT if visit.form.text("do") == "delete" else f"{_ROOT}/{webhook_id}")


PAGES: tuple[PageRoute, ...] = (
    PageRoute(path=_ROOT, audience=OPERATOR, get=show, post=make),
    PageRoute(path=_ROOT + "/{webhook_id:uuid}", audience=OPERATOR, get=one, post=change),
)
