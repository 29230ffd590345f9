"""Stopping marketing with one tap: a link that needs no login, made for one person and readable only here."""

from dataclasses import dataclass, replace
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.kit.secrets import Keyring, SealBroken
from ringmain.kit.tokens import make_token, read_token
from ringmain.member import api as member
from ringmain.member.errors import PhoneInvalid
from ringmain.message.direct import Addressed, send_to_addresses
from ringmain.message.errors import UnsubscribeLinkInvalid
from ringmain.message.model import Channel, language_of_phone
from ringmain.message.preferences import preferences
from ringmain.message.store import wishes
from ringmain.message.texts import Template

_PURPOSE = "unsubscribe"
_UUID_BYTES = 16
TEXT_VERSION = "unsubscribe-1"


@dataclass(frozen=True, slots=True)
class Unsubscriber:
    """Who a link was made for, in which network, and in which message it stood; old links do not say that."""

    network_id: UUID
    subject_id: UUID
    message_id: UUID | None = None


def stop_link(
    keyring: Keyring, public_base: str, network_id: UUID, subject_id: UUID, message_id: UUID | None = None
) -> str:
    """Return the link under which a person stops marketing; it tells nothing to whoever else reads it."""
    told = b"" if message_id is None else message_id.bytes
    return f"{public_base}/u/{make_token(keyring, _PURPOSE, network_id.bytes + subject_id.bytes + told)}"


def read_stop_token(keyring: Keyring, token: str) -> Unsubscriber:
    """Return whom the token of a link names. Raises `UnsubscribeLinkInvalid`."""
    try:
        data = read_token(keyring, _PURPOSE, token)
    except SealBroken:
        raise UnsubscribeLinkInvalid from None
    ids = [UUID(bytes=data[begin : begin + _UUID_BYTES]) for begin in range(0, len(data), _UUID_BYTES)]
    return Unsubscriber(*ids)


async def gets_marketing(uow: UnitOfWork, subject_id: UUID) -> bool:
    """Say whether the person agrees to marketing now; a person who was erased does not."""
    return subject_id in await member.consented(uow, [subject_id], member.Purpose.MARKETING)


async def unsubscribe(
    uow: UnitOfWork, who: Unsubscriber, language: str, *, everything: bool = False, place: str = "page"
) -> bool:
    """Withdraw a person's consent to marketing, and say whether anything changed: once more changes nothing.

    What waits to be sent is refused when it is due. With `everything` they are sent nothing more that they did not ask
    for: no receipts and no news of vouchers either.
    """
    known = (await member.people_of(uow, [who.subject_id])).get(who.subject_id)
    if known is None:
        return False
    now, changed = await uow.now(), False
    if await gets_marketing(uow, who.subject_id):
        answer = member.Answer(member.Purpose.MARKETING, granted=False, text_version=TEXT_VERSION, language=language)
        await member.record_consents(uow, known.member_id, [answer], member.Place(place, known.member_id))
        changed = True
    old = await preferences(uow, known.member_id)
    if everything and old.order:
        await wishes.set_preferences(uow, known.subject_id, replace(old, order=()), now)
        changed = True
    if changed and who.message_id is not None:
        await wishes.note_stop(uow, who.message_id, known.subject_id, now, everything=everything)
    return changed


async def still_reached(uow: UnitOfWork, subject_id: UUID) -> bool:
    """Say whether a person is sent anything at all that they do not ask for."""
    known = (await member.people_of(uow, [subject_id])).get(subject_id)
    return known is not None and bool((await preferences(uow, known.member_id)).order)


async def stop_by_text(uow: UnitOfWork, keyring: Keyring, phone: str) -> bool:
    """End marketing to who texted STOP from a phone, and answer there; once more changes nothing, and is not answered.

    A number of nobody we know gets no marketing anyhow. Says whether anything changed.
    """
    try:
        identifier = member.identifier(member.IdentifierKind.PHONE, phone)
    except PhoneInvalid:
        return False
    known = (await member.identify_all(uow, keyring, [identifier]))[0]
    if known is None:
        return False
    language = language_of_phone(identifier.value)
    if not await unsubscribe(uow, Unsubscriber(uow.network_id, known.subject_id), language, place="message"):
        return False
    answer = Addressed(
        channel=Channel.SMS,
        address=identifier.value,
        template=Template.STOPPED,
        parameters={},
        language=language,
        reference_id=known.subject_id,
    )
    await send_to_addresses(uow, keyring, [answer])
    return True
