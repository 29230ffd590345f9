"""Orders of codes that nobody holds yet, their progress, and the codes as CSV."""

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct

from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import Audited, Call, Reply, Request, Route, payload_hash, persist
from ringmain.kit.http.auditing import note
from ringmain.kit.idempotency import Keyed, KeyReusedWithOtherPayload, answer_once
from ringmain.kit.pure.errors import RuleBroken
from ringmain.voucher import errors, mint
from ringmain.voucher.http.common import AT, ID, MANAGERS, UNTIL, answered, own_offer
from ringmain.voucher.model import Mint

_TAG = "mints"
# So many codes are made before the answer; the worker makes the rest.
_AT_ONCE = 20_000


class OrderCodes(Request, frozen=True):
    """How many codes to mint."""

    count: Annotated[int, Meta(ge=1, le=mint.MOST_CODES)]


class MintOrdered(Struct, frozen=True):
    """An order of codes: its money is set aside. Read its progress where it says how many exist already."""

    id: UUID
    offer_id: UUID
    wanted: int
    ordered_at: datetime
    valid_from: datetime
    valid_until: datetime


class MintAnswer(Struct, frozen=True):
    """An order of codes and how many of them exist already."""

    id: UUID
    offer_id: UUID
    wanted: int
    minted: int
    ordered_at: datetime
    valid_from: datetime
    valid_until: datetime


class Codes(Request, frozen=True):
    """Which codes: `limit` of them from number `first` on."""

    first: Annotated[int, Meta(ge=0, le=mint.MOST_CODES)] = 0
    limit: Annotated[int, Meta(ge=1, le=100_000)] = 10_000


async def _order(call: Call, body: OrderCodes) -> MintOrdered:
    """Keep the answer with the order in one transaction; then make the first codes in further ones."""
    principal = call.principal
    assert call.idempotency_key is not None
    keyed = Keyed(principal.principal_id, call.idempotency_key, payload_hash(call, body), body)

    async def decide(uow: UnitOfWork, items: Sequence[OrderCodes]) -> list[Any]:
        try:
            offer = await own_offer(uow, call)
        except RuleBroken as rule:
            return [rule]
        ordered = await mint.order(uow, offer.id, items[0].count)
        if not isinstance(ordered, Mint):
            return [ordered]
        answer = _ordered(ordered)
        await note(uow, call, items[0], answer)
        return [answer]

    async def attempt() -> Any:
        async with call.database.unit(principal.network_id) as uow:
            return (await answer_once(uow, call.route.number, [keyed], decide, MintOrdered))[0]

    ordered: MintOrdered = answered(await persist(attempt))
    await mint.complete(call.database, principal.network_id, ordered.id, at_most=_AT_ONCE)
    return ordered


async def _read(uow: UnitOfWork, call: Call) -> MintAnswer:
    found = await _own_mint(uow, call)
    return MintAnswer(
        found.id,
        found.offer_id,
        found.wanted,
        found.minted,
        found.ordered_at,
        found.valid_from,
        found.valid_until,
    )


async def _codes(uow: UnitOfWork, call: Call) -> Reply:
    found = await _own_mint(uow, call)
    query: Codes = call.query
    pieces = [piece async for piece in mint.codes(uow, found, query.first, query.limit)]
    return Reply(b"".join([b"number,code\r\n", *pieces]), "text/csv; charset=utf-8")


async def _own_mint(uow: UnitOfWork, call: Call) -> Mint:
    offer = await own_offer(uow, call)
    return await mint.read(uow, offer.id, call.id("mint_id"))


def _ordered(order: Mint) -> MintOrdered:
    return MintOrdered(order.id, order.offer_id, order.wanted, order.ordered_at, order.valid_from, order.valid_until)


_ORDERED = {
    "id": ID,
    "offer_id": ID,
    "wanted": 5000,
    "ordered_at": AT,
    "valid_from": AT,
    "valid_until": UNTIL,
}

MINT_ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/v1/offers/{offer_id}/mints",
        operation="order_codes",
        summary="Mint codes that nobody holds yet",
        description="All of the money is set aside, or nothing happens. Large orders are completed by the worker.",
        tag=_TAG,
        roles=MANAGERS,
        handler=_order,
        request=OrderCodes,
        response=MintOrdered,
        status=HTTPStatus.CREATED,
        transaction="own",
        audited=Audited(object_kind="mint", object_from="id"),
        errors=(
            KeyReusedWithOtherPayload,
            errors.OfferNotFound,
            errors.OfferPaused,
            errors.OfferEnded,
            errors.OutOfStock,
            errors.FundsInsufficient,
            errors.HolderRequired,
            errors.TooManyCodes,
        ),
        example={"count": 5000},
        example_response=_ORDERED,
    ),
    Route(
        method="GET",
        path="/v1/offers/{offer_id}/mints/{mint_id}",
        operation="read_mint",
        summary="Read how many codes of an order exist",
        tag=_TAG,
        roles=MANAGERS,
        reads_as="network",
        handler=_read,
        response=MintAnswer,
        errors=(errors.OfferNotFound, errors.MintNotFound),
        example_response=_ORDERED | {"minted": 5000},
    ),
    Route(
        method="GET",
        path="/v1/offers/{offer_id}/mints/{mint_id}/codes",
        operation="read_codes",
        summary="Read the codes of an order as CSV",
        description="One line `number,code` per code. Whoever has a code can spend it: keep the file safe.",
        tag=_TAG,
        roles=MANAGERS,
        reads_as="network",
        handler=_codes,
        query=Codes,
        response=bytes,
        produces=("text/csv; charset=utf-8",),
        errors=(errors.OfferNotFound, errors.MintNotFound),
        example_query={"first": "0", "limit": "2"},
        example_response="number,code\r\n0,RM1AGJSYXT3IF6D3HZBHMNI4DD5IIUUOJRBSPPD2W2IBLJ5XQ4Y4UVTI\r\n",
    ),
)
