"""Stopping marketing with one tap: a link that needs no login, made for one person and readable only here."""

from dataclasses import dataclass
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.kit.secrets import Keyring, SealBroken
from ringmain.kit.tokens import make_token, read_token
from ringmain.member import api as member
from ringmain.message.errors import UnsubscribeLinkInvalid

_PURPOSE = "unsubscribe"
_UUID_BYTES = 16
TEXT_VERSION = "unsubscribe-1"


@dataclass(frozen=True, slots=True)
class Unsubscriber:
    """Who a link was made for, and in which network."""

    network_id: UUID
    subject_id: UUID


def stop_link(keyring: Keyring, public_base: str, network_id: UUID, subject_id: UUID) -> str:
    """Return the link under which a person stops marketing; it tells nothing to whoever else reads it."""
    return f"{public_base}/u/{make_token(keyring, _PURPOSE, network_id.bytes + subject_id.bytes)}"


def read_stop_token(keyring: Keyring, token: str) -> Unsubscriber:
    """Return whom the token of a link names. Raises `UnsubscribeLinkInvalid`."""
    try:
        data = read_token(keyring, _PURPOSE, token)
    except SealBroken:
        raise UnsubscribeLinkInvalid from None
    return Unsubscriber(UUID(bytes=data[:_UUID_BYTES]), UUID(bytes=data[_UUID_BYTES:]))


async def gets_marketing(uow: UnitOfWork, subject_id: UUID) -> bool:
    """Say whether the person agrees to marketing now; a person who was erased does not."""
    return subject_id in await member.consented(uow, [subject_id], member.Purpose.MARKETING)


async def unsubscribe(uow: UnitOfWork, subject_id: UUID, language: str) -> bool:
    """Withdraw a person's consent to marketing, and say whether there was one: once more changes nothing."""
    known = (await member.people_of(uow, [subject_id])).get(subject_id)
    if known is None or not await gets_marketing(uow, subject_id):
        return False
    answer = member.Answer(member.Purpose.MARKETING, granted=False, text_version=TEXT_VERSION, language=language)
    await member.record_consents(uow, known.member_id, [answer], member.Place("page", known.member_id))
    return True
