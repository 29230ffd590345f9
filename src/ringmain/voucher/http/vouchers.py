"""One voucher: its story, taking it back, and the keys with which signed codes are checked."""

import base64
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import EVERYBODY, Call, Route
from ringmain.ledger.api import Transfer
from ringmain.voucher import codes, errors, expire
from ringmain.voucher.http.common import AT, ID, MANAGERS, READERS, UNTIL, answered
from ringmain.voucher.postings import Posting
from ringmain.voucher.show import Event, Story, show
from ringmain.voucher.store import Lineage

_TAG = "vouchers"


class TransferAnswer(Struct, frozen=True):
    """One transfer in the ledger."""

    id: UUID
    posting: str
    debit_account_id: UUID
    credit_account_id: UUID
    amount_minor: int
    currency: str
    posted_at: datetime


class EventAnswer(Struct, frozen=True):
    """One thing that happened: a redemption, a reversal, a part given away (`split`, `id`: its voucher), or the end."""

    kind: str
    id: UUID
    at: datetime
    amount_minor: int
    released_minor: int
    merchant_id: UUID | None
    shop_id: UUID | None
    sale_id: UUID | None
    redemption_id: UUID | None
    detail: str | None
    transfers: list[TransferAnswer]


class HopAnswer(Struct, frozen=True):
    """A voucher that led to the next one, and what led to it."""

    voucher_id: UUID
    offer_id: UUID
    sender_shop_id: UUID | None
    origin_kind: str | None
    origin_id: UUID | None
    granted_at: datetime


class VoucherAnswer(Struct, frozen=True, kw_only=True):
    """A voucher and all that happened to it. `lineage` begins with the voucher itself and goes back, hop by hop.

    `code` and `signed_code` are shown to its creator and to operators only: whoever has them can spend it. Hops before
    the voucher's own are shown to operators and analysts only.
    """

    id: UUID
    offer_id: UUID
    creator_id: UUID
    funder_id: UUID
    subject_id: UUID | None
    state: str
    face_minor: int
    remaining_minor: int
    held_minor: int
    currency: str
    uses: int
    valid_from: datetime
    valid_until: datetime
    locked_until: datetime | None
    code: str | None
    signed_code: str | None
    lineage: list[HopAnswer]
    issue: list[TransferAnswer]
    events: list[EventAnswer]


class EndedAnswer(Struct, frozen=True):
    """A voucher that was taken back, and what went back to its funder."""

    voucher_id: UUID
    released_minor: int
    currency: str
    ended_at: datetime


class PublicKey(Struct, frozen=True):
    """An Ed25519 public key, base64, under the version that signed codes name."""

    version: int
    public_key: str


class SigningKeys(Struct, frozen=True):
    """All that a till needs to check signed codes without a network; the newest key comes first.

    A signature proves that a code is genuine, never that it is unspent.
    """

    network_digest: str
    keys: list[PublicKey]


async def _read(uow: UnitOfWork, call: Call) -> VoucherAnswer:
    own = call.merchant_scope()
    story = await show(uow, call.id("voucher_id"), own)
    creates = own == story.offer.creator_merchant_id or call.principal.role == "operator"
    voucher, offer = story.voucher, story.offer
    lineage = story.lineage if own is None else story.lineage[:1]
    return VoucherAnswer(
        id=voucher.id,
        offer_id=offer.id,
        creator_id=offer.creator_merchant_id,
        funder_id=offer.funder_id,
        subject_id=voucher.subject_id,
        state=voucher.closed or "open",
        face_minor=voucher.face_minor,
        remaining_minor=voucher.remaining_minor,
        held_minor=voucher.held_minor,
        currency=offer.terms.currency,
        uses=voucher.uses,
        valid_from=voucher.valid_from,
        valid_until=voucher.valid_until,
        locked_until=voucher.lock_until,
        code=codes.Code(voucher.id, voucher.secret).text() if creates else None,
        signed_code=codes.sign(call.keyring, uow.network_id, voucher, offer) if creates else None,
        lineage=[_hop(one) for one in lineage],
        issue=[_transfer(one) for one in story.issue_transfers],
        events=[_event(one) for one in _visible(story, own)],
    )


def _visible(story: Story, own: UUID | None) -> list[Event]:
    """Return the events a merchant may see: all of those it created or paid for, else its own redemptions."""
    if own in (None, story.offer.creator_merchant_id, story.offer.funder_id):
        return story.events
    return [event for event in story.events if event.row.merchant_id == own]


def _hop(one: Lineage) -> HopAnswer:
    return HopAnswer(one.voucher_id, one.offer_id, one.sender_shop_id, one.origin_kind, one.origin_id, one.granted_at)


def _event(event: Event) -> EventAnswer:
    row = event.row
    return EventAnswer(
        row.kind,
        row.id,
        row.at,
        row.amount_minor,
        row.released_minor,
        row.merchant_id,
        row.shop_id,
        row.sale_id,
        row.redemption_id,
        row.detail,
        [_transfer(one) for one in event.transfers],
    )


def _transfer(one: Transfer) -> TransferAnswer:
    return TransferAnswer(
        one.id,
        Posting(one.code).name.lower(),
        one.debit_account_id,
        one.credit_account_id,
        one.amount_minor,
        one.currency,
        one.posted_at,
    )


async def _void(uow: UnitOfWork, call: Call, _: None) -> EndedAnswer:
    ended = answered((await expire.void(uow, [call.id("voucher_id")], creator=call.merchant_scope()))[0])
    return EndedAnswer(ended.voucher_id, ended.released_minor, ended.currency, ended.at)


async def _signing_keys(call: Call, _: None) -> SigningKeys:
    network_id = call.principal.network_id
    keys = call.keyring.public_keys(codes.PURPOSE, network_id)
    shown = [PublicKey(version, base64.b64encode(keys[version]).decode()) for version in sorted(keys, reverse=True)]
    return SigningKeys(codes.network_digest(network_id).hex(), shown)


_TRANSFER = {
    "id": ID,
    "posting": "hold",
    "debit_account_id": ID,
    "credit_account_id": ID,
    "amount_minor": 200,
    "currency": "CNY",
    "posted_at": AT,
}
_VOUCHER = {
    "id": ID,
    "offer_id": ID,
    "creator_id": ID,
    "funder_id": ID,
    "subject_id": ID,
    "state": "spent",
    "face_minor": 200,
    "remaining_minor": 0,
    "held_minor": 0,
    "currency": "CNY",
    "uses": 1,
    "valid_from": AT,
    "valid_until": UNTIL,
    "locked_until": None,
    "code": None,
    "signed_code": None,
    "lineage": [
        {
            "voucher_id": ID,
            "offer_id": ID,
            "sender_shop_id": ID,
            "origin_kind": "sale",
            "origin_id": ID,
            "granted_at": AT,
        }
    ],
    "issue": [_TRANSFER],
    "events": [
        {
            "kind": "redemption",
            "id": ID,
            "at": AT,
            "amount_minor": 200,
            "released_minor": 0,
            "merchant_id": ID,
            "shop_id": ID,
            "sale_id": ID,
            "redemption_id": None,
            "detail": None,
            "transfers": [_TRANSFER | {"posting": "redeem"}],
        }
    ],
}

VOUCHER_ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/vouchers/{voucher_id}",
        operation="read_voucher",
        summary="Follow a voucher from its funder to where it was spent",
        tag=_TAG,
        roles=READERS,
        reads_as="network",
        handler=_read,
        response=VoucherAnswer,
        errors=(errors.VoucherNotFound,),
        example_response=_VOUCHER,
    ),
    Route(
        method="POST",
        path="/v1/vouchers/{voucher_id}/void",
        operation="void_voucher",
        summary="Take a voucher back; what is left of it returns to its funder",
        tag=_TAG,
        roles=MANAGERS,
        handler=_void,
        response=EndedAnswer,
        transaction="write",
        errors=(
            errors.VoucherLeased,
            errors.VoucherNotFound,
            errors.VoucherAlreadySpent,
            errors.VoucherExpired,
            errors.VoucherVoid,
        ),
        example_response={"voucher_id": ID, "released_minor": 200, "currency": "CNY", "ended_at": AT},
    ),
    Route(
        method="GET",
        path="/v1/signing-key",
        operation="read_signing_keys",
        summary="Read the public keys that signed codes are checked with",
        tag=_TAG,
        roles=EVERYBODY,
        transaction="own",
        handler=_signing_keys,
        response=SigningKeys,
        example_response={
            "network_digest": "8d0f6a1c2b3e4f50",
            "keys": [{"version": 1, "public_key": "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="}],
        },
    ),
)
