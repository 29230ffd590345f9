"""Webhooks: who is told what, how it does, each delivery, and telling again."""

from datetime import timedelta
from uuid import UUID

from msgspec import Struct
from starlette.responses import Response

from ringmain.entry.web.audiences import OPERATOR
from ringmain.entry.web.operator.common import MOST_ROWS, names
from ringmain.entry.webhook_events import sources
from ringmain.kit import webhooks as use
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pages import PageRoute, Visit
from ringmain.kit.webhooks.errors import WebhookNotFound

_OVERLAP = timedelta(days=1)
_ROOT = "/operator/webhooks"
_STATES = ("waiting", "delivered", "failed")


class Secret(Struct, frozen=True):
    """An endpoint by what its secret is derived from."""

    webhook_id: UUID
    version: int
    master_version: int


class Done(Struct, frozen=True):
    """The endpoint, and how many events it was about."""

    webhook_id: UUID
    count: int


async def show(visit: Visit) -> Response:
    """Show the webhooks, and the form for a new one."""
    return await _all(visit, "")


async def _all(visit: Visit, secret: str) -> Response:
    async with visit.unit() as uow:
        known = await names(uow)
        found = await use.endpoints(uow)
    kinds = sorted(one.kind for one in sources())
    return visit.page("operator/webhooks.html", names=known, hooks=found, kinds=kinds, secret=secret, root=_ROOT)


async def make(visit: Visit) -> Response:
    """Make a webhook and show its secret, here only."""

    async def act(uow: UnitOfWork) -> Secret:
        guard = use.Guard(development=visit.site.settings.development)
        kinds = [one.kind for one in sources()]
        new = use.NewEndpoint(visit.form.text("url"), visit.form.all("kinds"))
        return _secret(await use.make_endpoint(uow, visit.site.keyring, guard, kinds, new))

    return await _all(visit, _text(visit, await visit.once("page_make_webhook", act, Secret)))


async def one(visit: Visit) -> Response:
    """Show one webhook with its deliveries."""
    return await _one(visit, "")


async def _one(visit: Visit, secret: str) -> Response:
    webhook_id = visit.path_id("webhook_id")
    state = visit.query("state") if visit.query("state") in _STATES else None
    async with visit.unit() as uow:
        known = await names(uow)
        endpoint = await use.endpoint(uow, webhook_id)
        if endpoint is None:
            raise WebhookNotFound(webhook_id=webhook_id)
        rows = await use.deliveries(uow, webhook_id, None, MOST_ROWS, state=state)
    return visit.page(
        "operator/webhook.html",
        names=known,
        zone=known.network.time_zone,
        hook=endpoint,
        deliveries=rows,
        state=state,
        states=_STATES,
        secret=secret,
        root=_ROOT,
    )


async def change(visit: Visit) -> Response:
    """Do what a button of the page says: try it, rotate its secret, switch it on, send again, delete it."""
    webhook_id, do = visit.path_id("webhook_id"), visit.form.text("do")
    if do == "rotate":

        async def rotate(uow: UnitOfWork) -> Secret:
            return _secret(await use.rotate_secret(uow, visit.site.keyring, webhook_id, _OVERLAP))

        return await _one(visit, _text(visit, await visit.once("page_rotate_webhook", rotate, Secret)))

    async def act(uow: UnitOfWork) -> Done:
        count = 1
        event = visit.form.id("event")
        if do == "delete":
            await use.remove_endpoint(uow, webhook_id)
        elif do == "enable":
            await use.enable(uow, webhook_id)
        elif do == "resend_failed":
            count = await use.resend_failed(uow, webhook_id, None)
        elif event is not None:
            await use.resend(uow, webhook_id, event)
        else:
            await use.send_test(uow, webhook_id)
        return Done(webhook_id, count)

    await visit.once("page_change_webhook", act, Done)
    return visit.go("/operator/webhooks" if do == "delete" else f"/operator/webhooks/{webhook_id}")


def _secret(endpoint: use.Endpoint) -> Secret:
    return Secret(endpoint.id, endpoint.secret_version, endpoint.master_version)


def _text(visit: Visit, made: Secret) -> str:
    return use.secret_text(visit.site.keyring, made.webhook_id, made.version, made.master_version) or ""


PAGES: tuple[PageRoute, ...] = (
    PageRoute(path="/operator/webhooks", audience=OPERATOR, get=show, post=make),
    PageRoute(path="/operator/webhooks/{webhook_id:uuid}", audience=OPERATOR, get=one, post=change),
)
