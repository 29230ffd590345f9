"""One voucher with all that happened to it: every coin can be followed from its funder to where it was spent."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.ids import time_of
from ringmain.ledger import api as ledger
from ringmain.voucher import store
from ringmain.voucher.errors import VoucherNotFound
from ringmain.voucher.model import PublishedOffer, Voucher
from ringmain.voucher.postings import Posting, transfer_id
from ringmain.voucher.store import Lineage, StoryRow

MOST_HOPS = 20
_POSTINGS_OF = {
    "redemption": (Posting.REDEEM, Posting.FEE, Posting.RELEASE),
    "reversal": (Posting.REVERSE, Posting.FEE_REVERSED),
    "expired": (Posting.EXPIRE,),
    "void": (Posting.EXPIRE,),
    # The money stays where it is: what was set aside for a voucher is set aside for its parts.
    "split": (),
}


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to a voucher, and the transfers in the ledger that it led to."""

    row: StoryRow
    transfers: tuple[ledger.Transfer, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """A voucher as it stands, where it came from, how it was paid for, and what happened to it since."""

    voucher: Voucher
    offer: PublishedOffer
    lineage: list[Lineage]
    issue_transfers: tuple[ledger.Transfer, ...]
    events: list[Event]


async def show(uow: UnitOfWork, voucher_id: UUID, merchant_id: UUID | None = None) -> Story:
    """Return the story of a voucher.

    With `merchant_id`, only for its creator, its funder, and who redeemed it. Raises `VoucherNotFound` for others.
    """
    found = await store.read_vouchers(uow, [voucher_id])
    if not found:
        raise VoucherNotFound()
    offer = (await store.published_offers(uow, [found[0].offer_id]))[found[0].offer_id]
    rows = await store.story(uow, voucher_id)
    parties = {offer.creator_merchant_id, offer.funder_id} | {row.merchant_id for row in rows}
    if merchant_id is not None and merchant_id not in parties:
        raise VoucherNotFound()
    way = await store.lineage(uow, voucher_id, MOST_HOPS)
    # A part was paid for when the voucher was issued that it was split off.
    issue = _transfers_of_issue(next((one for one in way if one.origin_kind != "split"), way[-1]))
    by_row = {row.id: [transfer_id(row.id, posting, row.at) for posting in _POSTINGS_OF[row.kind]] for row in rows}
    ids = [*issue, *(id_ for of_row in by_row.values() for id_ in of_row)]
    posted = {transfer.id: transfer for transfer in await ledger.transfers(uow, ids)}
    return Story(
        found[0], offer, way, _found(posted, issue), [Event(row, _found(posted, by_row[row.id])) for row in rows]
    )


def _transfers_of_issue(first: Lineage) -> list[UUID]:
    """Return the ids of the transfers that paid for a voucher: its own, or those of the order or lot it came from."""
    if first.origin_kind == "lot" and first.origin_id is not None:
        return [transfer_id(first.origin_id, Posting.HOLD, time_of(first.origin_id))]
    cause = first.origin_id if first.origin_kind == "mint" and first.origin_id else first.voucher_id
    return [
        transfer_id(cause, posting, first.granted_at) for posting in (Posting.HOLD, Posting.FEE, Posting.POINTS_PAID)
    ]


def _found(posted: dict[UUID, ledger.Transfer], ids: Sequence[UUID]) -> tuple[ledger.Transfer, ...]:
    return tuple(posted[id_] for id_ in ids if id_ in posted)
