"""A person's own copy of everything: nothing masked, in a form that machines read and people understand."""

from base64 import b64encode
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.kit.secrets import Keyring
from ringmain.member import api as member
from ringmain.message import api as message
from ringmain.profile.image import image as draw
from ringmain.profile.image import person, visits
from ringmain.profile.model import FieldFact
from ringmain.sale import api as sale
from ringmain.voucher import api as voucher

_PAGE = 500
# More than anybody has; the newest are copied.
_MOST_VOUCHERS = 10_000
_MOST_MESSAGES = 10_000


@dataclass(frozen=True, slots=True)
class BoughtLine:
    """One line of a visit; `quantity` is in thousandths."""

    product: str
    quantity: int
    amount_minor: int
    category: str | None


@dataclass(frozen=True, slots=True)
class CopiedVisit:
    """One visit with its lines."""

    visit: dict[str, Any]
    lines: list[BoughtLine]


@dataclass(frozen=True, slots=True)
class OwnCopy:
    """Everything that the network holds of a person; it can be encoded as JSON."""

    format: str
    copied_at: datetime
    member: dict[str, Any]
    answers: dict[str, str | None]
    photo_jpeg: str | None
    personalised: bool
    image: tuple[FieldFact, ...]
    hidden_fields: list[str]
    visits: list[CopiedVisit]
    vouchers: list[dict[str, Any]]
    messages: list[dict[str, Any]]
    message_wishes: dict[str, Any]
    privacy_requests: list[dict[str, Any]]


async def own_copy(uow: UnitOfWork, keyring: Keyring, member_id: UUID) -> OwnCopy:
    """Return the copy. Raises `MemberUnknown`."""
    known = await person(uow, member_id)
    shown = await member.show(uow, keyring, known.member_id, masked=False)
    drawn = await draw(uow, keyring, known.member_id)
    photo = await member.own_photo(uow, keyring, known.member_id)
    record = asdict(shown)
    for answer in record["consents"] + record["all_consents"]:
        # Who typed it in is somebody else's data.
        del answer["recorded_by"]
    return OwnCopy(
        format="ringmain-own-copy/1",
        copied_at=await uow.now(),
        member=record,
        answers={one.question: one.value for one in drawn.answers},
        photo_jpeg=None if photo is None else b64encode(photo.jpeg).decode(),
        personalised=drawn.personalised,
        image=drawn.fields,
        hidden_fields=sorted(drawn.hidden),
        visits=await _visits(uow, known.member_id),
        vouchers=[_voucher(one) for one in await voucher.wallet(uow, known.subject_ids, most=_MOST_VOUCHERS)],
        messages=[_message(one) for one in await message.received(uow, keyring, known.member_id, _MOST_MESSAGES)],
        message_wishes=await _wishes(uow, keyring, known),
        privacy_requests=[_request(one) for one in await member.requests_of(uow, keyring, known.member_id)],
    )


async def _visits(uow: UnitOfWork, member_id: UUID) -> list[CopiedVisit]:
    copied: list[CopiedVisit] = []
    before: UUID | None = None
    while True:
        page = await visits(uow, member_id, before=before, limit=_PAGE)
        lines: dict[UUID, list[BoughtLine]] = {}
        for row in await sale.lines_of(uow, [one.sale_id for one in page]):
            line = BoughtLine(row.product, row.quantity, row.amount_minor, row.category)
            lines.setdefault(row.sale_id, []).append(line)
        copied += [CopiedVisit(asdict(one), lines.get(one.sale_id, [])) for one in page]
        if len(page) < _PAGE:
            return copied
        before = page[-1].sale_id


def _voucher(one: voucher.Held) -> dict[str, Any]:
    """Return a voucher without its secret: whoever has this file could spend it."""
    held, terms = one.voucher, one.offer.terms
    return {
        "voucher_id": held.id,
        "offer": one.offer.name,
        "kind": terms.kind,
        "face_minor": terms.face_minor,
        "remaining_minor": held.remaining_minor,
        "currency": terms.currency,
        "shop_ids": terms.shop_ids,
        "state": one.state,
        "granted_at": one.granted_at,
        "valid_from": held.valid_from,
        "valid_until": held.valid_until,
        "won_at_shop_id": one.sender_shop_id,
        "last_used_at": one.used_at,
        "last_used_at_shop_id": one.used_shop_id,
    }


def _message(one: message.Received) -> dict[str, Any]:
    sent = one.message
    return {
        "message_id": sent.id,
        "made_at": sent.made_at,
        "channel": sent.channel,
        "purpose": sent.purpose,
        "why": sent.reason,
        "state": sent.state,
        "merchant": one.merchant_name,
        "title": None if one.text is None else one.text.title,
        "body": None if one.text is None else one.text.body,
    }


async def _wishes(uow: UnitOfWork, keyring: Keyring, known: member.Known) -> dict[str, Any]:
    chosen = await message.preferences(uow, known.member_id)
    own = await message.addresses_of(uow, keyring, {known.subject_id: known.subject_ids})
    return {
        **asdict(chosen),
        "stopped": sorted(chosen.stopped),
        "addresses": [
            {"channel": one.channel, "address": one.text, "confirmed_at": one.proven_at}
            for one in own.get(known.subject_id, [])
        ],
    }


def _request(one: member.PrivacyRequest) -> dict[str, Any]:
    shown = asdict(one)
    del shown["answered_by"]
    return shown
