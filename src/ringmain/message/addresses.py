"""Where people can be reached besides their phone: an e-mail address counts once its owner has opened a link in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure import ids
from ringmain.kit.secrets import DataKey, Keyring, SealBroken
from ringmain.kit.tokens import make_token, read_token
from ringmain.member import api as member
from ringmain.member.errors import MemberUnknown
from ringmain.message.direct import Addressed, send_to_addresses
from ringmain.message.errors import AddressLinkInvalid
from ringmain.message.model import Channel, email_address
from ringmain.message.model.browser import Subscription
from ringmain.message.store import addresses as store
from ringmain.message.texts import Template
from ringmain.network.errors import EmailInvalid

SEALED_FOR = "message addresses"
_PURPOSE = "confirm address"
_UUID_BYTES = 16
_MOST_BROWSERS = 5
_CONFIRMED_WITHIN = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Known:
    """An address of a person, in clear; `proven`: its owner has confirmed it."""

    id: UUID
    channel: Channel
    text: str = field(repr=False)
    proven_at: datetime | None


async def addresses_of(
    uow: UnitOfWork, keyring: Keyring, people: Mapping[UUID, Sequence[UUID]]
) -> dict[UUID, list[Known]]:
    """Return the addresses of people, each given with all their subjects, by the key given; the last confirmed is last.

    What nobody can read any more is left out.
    """
    asked = {id_: key for key, subject_ids in people.items() for id_ in subject_ids}
    rows = await store.of_subjects(uow, asked)
    keys = await member.sealing_keys(uow, keyring, {row.subject_id for row in rows}, SEALED_FOR)
    found: dict[UUID, list[Known]] = {}
    for row in rows:
        if row.subject_id in keys:
            one = Known(row.id, Channel(row.channel), _open(keys[row.subject_id], row), row.proven_at)
            found.setdefault(asked[row.subject_id], []).append(one)
    return found


async def add_email(
    uow: UnitOfWork, keyring: Keyring, known: member.Known, address: str, language: str, public_base: str
) -> UUID:
    """Keep an e-mail address and ask there whether it is theirs; one that waited for its answer is replaced.

    Raises `EmailInvalid`, `MemberUnknown`.
    """
    text = email_address(address)
    if text is None:
        raise EmailInvalid
    own = (await addresses_of(uow, keyring, {known.subject_id: known.subject_ids})).get(known.subject_id, [])
    await store.forget(uow, [one.id for one in own if one.channel is Channel.EMAIL and one.proven_at is None])
    id_ = await keep(uow, keyring, known, Channel.EMAIL, text, proven=False)
    token = make_token(keyring, _PURPOSE, uow.network_id.bytes + id_.bytes)
    question = Addressed(
        channel=Channel.EMAIL,
        address=text,
        template=Template.CONFIRM_ADDRESS,
        parameters={"link": f"{public_base}/m/{token}"},
        language=language,
        reference_id=id_,
    )
    await send_to_addresses(uow, keyring, [question])
    return id_


async def add_follower(uow: UnitOfWork, keyring: Keyring, known: member.Known, openid: str, agreed_text: str) -> UUID:
    """Keep who a person is at the WeChat account, instead of who they were; told by who knows that it is them.

    Raises `MemberUnknown`.
    """
    await forget_channel(uow, known, Channel.WECHAT)
    return await keep(uow, keyring, known, Channel.WECHAT, openid, proven=True, agreed_text=agreed_text)


async def keep(
    uow: UnitOfWork,
    keyring: Keyring,
    known: member.Known,
    channel: Channel,
    text: str,
    *,
    proven: bool,
    agreed_text: str | None = None,
) -> UUID:
    """Keep an address of a person. Raises `MemberUnknown`."""
    key = (await member.sealing_keys(uow, keyring, [known.subject_id], SEALED_FOR)).get(known.subject_id)
    if key is None:
        raise MemberUnknown
    now = await uow.now()
    id_ = ids.uuid7(now)
    sealed = key.seal(f"address/{id_}", text)
    row = store.AddressRow(id_, known.subject_id, channel.value, sealed, now, now if proven else None)
    await store.add(uow, row, agreed_text)
    return id_


async def add_browser(uow: UnitOfWork, keyring: Keyring, known: member.Known, browser: Subscription) -> UUID:
    """Keep a browser that a person has asked to tell them; the same one again is kept once. Raises `MemberUnknown`.

    Of many browsers the one that was added first is forgotten.
    """
    own = (await addresses_of(uow, keyring, {known.subject_id: known.subject_ids})).get(known.subject_id, [])
    mine = [one for one in own if one.channel is Channel.PUSH]
    same = [one.id for one in mine if msgspec.json.decode(one.text, type=Subscription).endpoint == browser.endpoint]
    others = [one.id for one in mine if one.id not in same]
    await store.forget(uow, [*same, *others[: max(0, len(others) + 1 - _MOST_BROWSERS)]])
    return await keep(uow, keyring, known, Channel.PUSH, msgspec.json.encode(browser).decode(), proven=True)


def read_address_token(keyring: Keyring, token: str) -> tuple[UUID, UUID]:
    """Return network and address that the token of a link names. Raises `AddressLinkInvalid`."""
    try:
        data = read_token(keyring, _PURPOSE, token)
    except SealBroken:
        raise AddressLinkInvalid from None
    return UUID(bytes=data[:_UUID_BYTES]), UUID(bytes=data[_UUID_BYTES:])


async def confirm_address(uow: UnitOfWork, address_id: UUID) -> None:
    """Note that the owner of an address has opened the link there; another address of this channel is forgotten.

    Once more changes nothing. Raises `AddressLinkInvalid` where the link is too old or was replaced.
    """
    row, now = await store.one(uow, address_id), await uow.now()
    if row is None or (row.proven_at is None and now - row.added_at > _CONFIRMED_WITHIN):
        raise AddressLinkInvalid
    known = (await member.people_of(uow, [row.subject_id])).get(row.subject_id)
    if known is None:
        raise AddressLinkInvalid
    if row.proven_at is None:
        await store.prove(uow, address_id, now)
        own = await store.of_subjects(uow, known.subject_ids)
        await store.forget(uow, [one.id for one in own if one.channel == row.channel and one.id != address_id])


async def forget_channel(uow: UnitOfWork, known: member.Known, channel: Channel) -> bool:
    """Delete all addresses of a person on a channel, and say whether there were any."""
    own = [row.id for row in await store.of_subjects(uow, known.subject_ids) if row.channel == channel]
    await store.forget(uow, own)
    return bool(own)


async def forget_address(uow: UnitOfWork, known: member.Known, address_id: UUID) -> bool:
    """Delete an address of a person, and say whether it was theirs."""
    own = {row.id for row in await store.of_subjects(uow, known.subject_ids)}
    if address_id not in own:
        return False
    await store.forget(uow, [address_id])
    return True


def _open(key: DataKey, row: store.AddressRow) -> str:
    return key.open(f"address/{row.id}", row.sealed)
