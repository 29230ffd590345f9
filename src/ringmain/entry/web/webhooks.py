"""What the webhook pages of operators and of merchants do: `owner` is the merchant whose webhooks they are.

Where `owner` is None, an operator acts: on any webhook of the network.
"""

from datetime import timedelta
from uuid import UUID

from msgspec import Struct

from ringmain.entry.webhook_events import sources
from ringmain.kit import webhooks as use
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pages import Visit

STATES = ("waiting", "delivered", "failed")
MOST_DELIVERIES = 50
# So long both secrets are good, after one was rotated.
_OVERLAP = timedelta(days=1)


class _Secret(Struct, frozen=True):
    """An endpoint by what its secret is derived from."""

    webhook_id: UUID
    version: int
    master_version: int


class _Done(Struct, frozen=True):
    """The endpoint, and how many events it was about."""

    webhook_id: UUID
    count: int


def kinds() -> list[str]:
    """Return the kinds of facts that can be told, in the order of the alphabet."""
    return sorted(one.kind for one in sources())


def asked_state(visit: Visit) -> str | None:
    """Return the state by which deliveries are to be filtered."""
    return visit.query("state") if visit.query("state") in STATES else None


async def make(visit: Visit, owner: UUID | None) -> str:
    """Make the webhook that the form describes, and return its secret, which is shown this once."""

    async def act(uow: UnitOfWork) -> _Secret:
        guard = use.Guard(development=visit.site.settings.development)
        new = use.NewEndpoint(visit.form.text("url"), visit.form.all("kinds"), owner)
        return _secret(await use.make_endpoint(uow, visit.site.keyring, guard, kinds(), new))

    return _text(visit, await visit.once("page_make_webhook", act, _Secret))


async def press(visit: Visit, webhook_id: UUID, owner: UUID | None) -> str:
    """Do what a button of the page says: try it, rotate its secret, switch it on, send again, delete it.

    Returns the new secret where one was made, and else nothing.
    """
    if visit.form.text("do") == "rotate":

        async def rotate(uow: UnitOfWork) -> _Secret:
            return _secret(await use.rotate_secret(uow, visit.site.keyring, webhook_id, _OVERLAP, owner))

        return _text(visit, await visit.once("page_rotate_webhook", rotate, _Secret))

    async def act(uow: UnitOfWork) -> _Done:
        return _Done(webhook_id, await _act(visit, uow, webhook_id, owner))

    await visit.once("page_change_webhook", act, _Done)
    return ""


async def _act(visit: Visit, uow: UnitOfWork, webhook_id: UUID, owner: UUID | None) -> int:
    do, event = visit.form.text("do"), visit.form.id("event")
    if do == "resend_failed":
        return await use.resend_failed(uow, webhook_id, None, owner)
    if do == "delete":
        await use.remove_endpoint(uow, webhook_id, owner)
    elif do == "enable":
        await use.enable(uow, webhook_id, owner)
    elif event is not None:
        await use.resend(uow, webhook_id, event, owner)
    else:
        await use.send_test(uow, webhook_id, owner)
    return 1


def _secret(endpoint: use.Endpoint) -> _Secret:
    return _Secret(endpoint.id, endpoint.secret_version, endpoint.master_version)


def _text(visit: Visit, made: _Secret) -> str:
    return use.secret_text(visit.site.keyring, made.webhook_id, made.version, made.master_version) or ""
