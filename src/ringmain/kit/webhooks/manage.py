"""Endpoints: made, given new secrets, switched on again, tried, and told again what they missed."""

import base64
import hmac
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.ids import uuid7
from ringmain.kit.secrets import Keyring, KeyVersionUnknown
from ringmain.kit.webhooks import store
from ringmain.kit.webhooks.errors import (
    TooManyWebhooks,
    WebhookDeliveryNotFound,
    WebhookDisabled,
    WebhookKindUnknown,
    WebhookNotFound,
)
from ringmain.kit.webhooks.events import TEST
from ringmain.kit.webhooks.guard import Guard
from ringmain.kit.webhooks.model import Schedule, event_id

MOST_ENDPOINTS = 100
_LONG_AGO = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class NewEndpoint:
    """An endpoint to make; `merchant_id` None: the operator's."""

    url: str
    kinds: Sequence[str]
    merchant_id: UUID | None = None


async def make_endpoint(
    uow: UnitOfWork, keyring: Keyring, guard: Guard, known: Collection[str], new: NewEndpoint
) -> store.Endpoint:
    """Make an endpoint that hears of facts from now on.

    Raises `WebhookAddressRefused`, `WebhookKindUnknown` with the kinds there are, or `TooManyWebhooks`.
    """
    guard.check(new.url)
    kinds = sorted(set(new.kinds))
    if not kinds or not set(kinds) <= set(known):
        raise WebhookKindUnknown(kinds=sorted(known))
    if len(await store.endpoints(uow)) >= MOST_ENDPOINTS:
        raise TooManyWebhooks(most=MOST_ENDPOINTS)
    now = await uow.now()
    made = store.Endpoint(
        id=uuid7(now),
        merchant_id=new.merchant_id,
        url=new.url,
        kinds=kinds,
        secret_version=1,
        master_version=keyring.newest,
        old_secret_version=None,
        old_master_version=None,
        old_valid_until=None,
        made_at=now,
        disabled_at=None,
        disabled_because=None,
        failing_since=None,
        failures=0,
        quiet_until=None,
    )
    await store.insert_endpoint(uow, made)
    return made


async def owned(uow: UnitOfWork, id_: UUID, merchant_id: UUID | None, *, lock: bool = False) -> store.Endpoint:
    """Return an endpoint of the network, or of this merchant. Raises `WebhookNotFound`."""
    found = await store.endpoint(uow, id_, lock=lock)
    if found is None or merchant_id not in (None, found.merchant_id):
        raise WebhookNotFound(webhook_id=id_)
    return found


async def rotate_secret(
    uow: UnitOfWork, keyring: Keyring, id_: UUID, overlap: timedelta, merchant_id: UUID | None = None
) -> store.Endpoint:
    """Give an endpoint a new secret; for the overlap everything is signed with both. Raises `WebhookNotFound`."""
    old = await owned(uow, id_, merchant_id, lock=True)
    until = await uow.now() + overlap
    await store.replace_secret(uow, id_, keyring.newest, until)
    return replace(
        old,
        secret_version=old.secret_version + 1,
        master_version=keyring.newest,
        old_secret_version=old.secret_version,
        old_master_version=old.master_version,
        old_valid_until=until,
    )


async def remove_endpoint(uow: UnitOfWork, id_: UUID, merchant_id: UUID | None = None) -> None:
    """Tell an endpoint nothing more, and forget what it was told. Raises `WebhookNotFound`."""
    await owned(uow, id_, merchant_id, lock=True)
    await store.delete_endpoint(uow, id_)


async def enable(uow: UnitOfWork, id_: UUID, merchant_id: UUID | None = None) -> None:
    """Switch an endpoint on again; what it missed is sent only when somebody asks for it. Raises `WebhookNotFound`."""
    await owned(uow, id_, merchant_id, lock=True)
    await store.set_disabled(uow, id_, None, None)


async def send_test(uow: UnitOfWork, id_: UUID, merchant_id: UUID | None = None) -> UUID:
    """Let a test event be sent; return its id. Raises `WebhookNotFound`, `WebhookDisabled`."""
    endpoint = await owned(uow, id_, merchant_id)
    if endpoint.disabled_at is not None:
        raise WebhookDisabled(webhook_id=id_)
    now = await uow.now()
    fact_id = uuid7(now)
    made = store.Event(event_id(uow.network_id, TEST, fact_id, now), TEST, fact_id, {"webhook_id": str(id_)}, now)
    await store.insert_events(uow, [made], [(id_, made.id, now)], now + Schedule().give_up)
    return made.id


async def resend(uow: UnitOfWork, id_: UUID, event: UUID, merchant_id: UUID | None = None) -> None:
    """Let one event be sent again, under the id it always had.

    Raises `WebhookNotFound`, `WebhookDisabled`, `WebhookDeliveryNotFound`.
    """
    if not await _send_again(uow, id_, merchant_id, event, None):
        raise WebhookDeliveryNotFound(webhook_id=id_, event_id=event)


async def resend_failed(uow: UnitOfWork, id_: UUID, since: datetime | None, merchant_id: UUID | None = None) -> int:
    """Let everything be sent again that failed or was missed since a time (None: thirty days); return how many."""
    return await _send_again(uow, id_, merchant_id, None, since)


async def _send_again(
    uow: UnitOfWork, id_: UUID, merchant_id: UUID | None, event: UUID | None, since: datetime | None
) -> int:
    endpoint = await owned(uow, id_, merchant_id)
    if endpoint.disabled_at is not None:
        raise WebhookDisabled(webhook_id=id_)
    now = await uow.now()
    return await store.send_again(uow, id_, now, now + Schedule().give_up, event, since or now - _LONG_AGO)


def secret_text(keyring: Keyring, endpoint_id: UUID, version: int, master_version: int) -> str | None:
    """Return a secret as Standard Webhooks writes it, or None where the master key that made it was forgotten."""
    try:
        master = keyring.derived("webhook_secret", version=master_version)
    except KeyVersionUnknown:
        return None
    secret = hmac.digest(master, endpoint_id.bytes + version.to_bytes(4), "sha256")
    return "whsec_" + base64.b64encode(secret).decode()
