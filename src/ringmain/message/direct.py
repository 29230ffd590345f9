"""Sending to an address of nobody the network knows (yet): one-time codes, accounts of staff, alarms of operators."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import msgspec

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure import ids
from ringmain.kit.secrets import DataKey, Keyring
from ringmain.member import api as member
from ringmain.message.model import Channel, Purpose, mask_email
from ringmain.message.model.browser import place_of
from ringmain.message.model.follower import mask_openid
from ringmain.message.model.steps import State
from ringmain.message.store import messages as store
from ringmain.message.store import waiting
from ringmain.message.texts import Template, check_parameters

_USEFUL = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Addressed:
    """What to tell an address (a phone in E.164, or an e-mail address); never marketing."""

    channel: Channel
    address: str = field(repr=False)
    template: Template
    parameters: Mapping[str, str] = field(repr=False)
    language: str
    reference_id: UUID
    reason: str = ""
    useful_for: timedelta = _USEFUL


class Sealed(msgspec.Struct, frozen=True):
    """What waits, sealed, until it was sent."""

    address: str
    parameters: dict[str, str]


async def send_to_addresses(uow: UnitOfWork, keyring: Keyring, items: Sequence[Addressed]) -> list[UUID]:
    """Queue messages to addresses and return their ids; address and words are deleted as soon as they were sent.

    Raises `MessageParameters`. Announces `message` and `message_delivery`.
    """
    rows = await record(uow, items)
    queued = [
        waiting.Waiting(
            message_id=row.id,
            due_at=row.due_at,
            useful_until=row.due_at + item.useful_for,
            master_version=keyring.newest,
            sealed=_seal(keyring, uow.network_id, row.id, Sealed(item.address, dict(item.parameters))),
        )
        for row, item in zip(rows, items, strict=True)
    ]
    await waiting.add(uow, queued)
    return [row.id for row in rows]


async def record(uow: UnitOfWork, items: Sequence[Addressed], state: State = State.QUEUED) -> list[store.Message]:
    """Record messages to addresses, in a first state."""
    now = await uow.now()
    rows = []
    for item in items:
        if item.template.purpose is not Purpose.TRANSACTIONAL:
            raise ValueError("marketing goes to members only, who can agree to it and stop it")
        check_parameters(item.template, item.parameters)
        rows.append(
            store.Message(
                id=ids.uuid7(now),
                subject_id=None,
                channel=item.channel.value,
                purpose=item.template.purpose.value,
                template=item.template.value,
                language=item.language,
                reason=item.reason or item.template.value,
                reference_id=item.reference_id,
                merchant_id=None,
                parameters=None,
                made_at=now,
                due_at=now,
                useful_until=None,
                ends_at=None,
            )
        )
    await store.add(uow, rows)
    await store.add_deliveries(uow, [store.Delivery(ids.uuid7(now), row.id, state.value, None, now) for row in rows])
    return rows


def open_sealed(keyring: Keyring, network_id: UUID, row: waiting.Claimed) -> Sealed:
    """Return address and parameters of a message without a member."""
    assert row.sealed is not None
    assert row.master_version is not None
    key = _key(keyring, network_id, row.message_id, row.master_version)
    return msgspec.json.decode(key.open("waiting", row.sealed), type=Sealed)


def masked(channel: Channel, address: str) -> str:
    """Return as much of an address as tells its owner which it is."""
    if channel is Channel.WECHAT:
        return mask_openid(address)
    if channel is Channel.PUSH:
        return place_of(address)
    return mask_email(address) if channel is Channel.EMAIL else member.mask_phone(address)


def _seal(keyring: Keyring, network_id: UUID, message_id: UUID, content: Sealed) -> bytes:
    key = _key(keyring, network_id, message_id, keyring.newest)
    return key.seal("waiting", msgspec.json.encode(content).decode())


def _key(keyring: Keyring, network_id: UUID, message_id: UUID, version: int) -> DataKey:
    return DataKey(keyring.derived("message", network_id, version=version), (network_id, message_id))
