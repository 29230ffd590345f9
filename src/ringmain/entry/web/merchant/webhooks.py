"""The merchant's own webhooks: what its systems are told, each delivery, and telling again; as an operator's."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from msgspec import Struct
from starlette.responses import Response

from ringmain.entry.web.audiences import MERCHANT
from ringmain.entry.web.merchant.common import console_of, merchant_id, reading, shown
from ringmain.entry.webhook_events import sources
from ringmain.kit import webhooks as use
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pages import PageRoute, Visit
from ringmain.kit.webhooks.errors import WebhookNotFound

_ROOT = "/merchant/webhooks"
_OVERLAP = timedelta(days=1)
_STATES = ("waiting", "delivered", "failed")
_MOST = 50


class _Secret(Struct, frozen=True):
    """An endpoint by what its secret is derived from."""

    webhook_id: UUID
    version: int
    master_version: int


class _Done(Struct, frozen=True):
    webhook_id: UUID
    count: int


async def show(visit: Visit) -> Response:
    """Show the merchant's webhooks, and the form for a new one."""
    return await _all(visit, "")


async def _all(visit: Visit, secret: str) -> Response:
    async with visit.unit() as uow:
        console = await console_of(uow, visit)
    async with reading(visit) as uow:
        found = await use.endpoints(uow, merchant_id(visit))
    kinds = sorted(one.kind for one in sources())
    return shown(visit, "webhooks.html", _ROOT, console, hooks=found, kinds=kinds, secret=secret, root=_ROOT)


async def make(visit: Visit) -> Response:
    """Make a webhook that hears of this merchant's facts only, and show its secret, here only."""

    async def act(uow: UnitOfWork) -> _Secret:
        guard = use.Guard(development=visit.site.settings.development)
        kinds = [one.kind for one in sources()]
        new = use.NewEndpoint(visit.form.text("url"), visit.form.all("kinds"), merchant_id(visit))
        return _secret(await use.make_endpoint(uow, visit.site.keyring, guard, kinds, new))

    return await _all(visit, _text(visit, await visit.once("page_make_own_webhook", act, _Secret)))


async def one(visit: Visit) -> Response:
    """Show one webhook with its deliveries; another merchant's does not exist here."""
    return await _one(visit, "")


async def _one(visit: Visit, secret: str) -> Response:
    webhook_id = visit.path_id("webhook_id")
    state = visit.query("state") if visit.query("state") in _STATES else None
    async with reading(visit) as uow:
        endpoint = await use.endpoint(uow, webhook_id)
    if endpoint is None or endpoint.merchant_id != merchant_id(visit):
        raise WebhookNotFound(webhook_id=webhook_id)
    async with visit.unit() as uow:
        console = await console_of(uow, visit)
        rows = await use.deliveries(uow, webhook_id, None, _MOST, state=state)
    about: dict[str, Any] = {"hook": endpoint, "deliveries": rows, "state": state, "states": _STATES, "secret": secret}
    return shown(visit, "webhook.html", _ROOT, console, zone=console.network.time_zone, root=_ROOT, **about)


async def change(visit: Visit) -> Response:
    """Do what a button of the page says: try it, rotate its secret, switch it on, send again, delete it."""
    webhook_id, do, owner = visit.path_id("webhook_id"), visit.form.text("do"), merchant_id(visit)
    if do == "rotate":

        async def rotate(uow: UnitOfWork) -> _Secret:
            return _secret(await use.rotate_secret(uow, visit.site.keyring, webhook_id, _OVERLAP, owner))

        return await _one(visit, _text(visit, await visit.once("page_rotate_own_webhook", rotate, _Secret)))

    async def act(uow: UnitOfWork) -> _Done:
        count = 1
        event = visit.form.id("event")
        if do == "delete":
            await use.remove_endpoint(uow, webhook_id, owner)
        elif do == "enable":
            await use.enable(uow, webhook_id, owner)
        elif do == "resend_failed":
            count = await use.resend_failed(uow, webhook_id, None, owner)
        elif event is not None:
            await use.resend(uow, webhook_id, event, owner)
        else:
            await use.send_test(uow, webhook_id, owner)
        return _Done(webhook_id, count)

    await visit.once("page_change_own_webhook", act, _Done)
    return visit.go(_ROOT if do == "delete" else f"{_ROOT}/{webhook_id}")


def _secret(endpoint: use.Endpoint) -> _Secret:
    return _Secret(endpoint.id, endpoint.secret_version, endpoint.master_version)


def _text(visit: Visit, made: _Secret) -> str:
    return use.secret_text(visit.site.keyring, made.webhook_id, made.version, made.master_version) or ""


PAGES: tuple[PageRoute, ...] = (
    PageRoute(path=_ROOT, audience=MERCHANT, get=show, post=make),
    PageRoute(path=_ROOT + "/{webhook_id:uuid}", audience=MERCHANT, get=one, post=change),
)
