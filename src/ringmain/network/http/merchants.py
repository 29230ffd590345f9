"""The network itself, its merchants, and the money they bring in."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import (
    EVERYBODY,
    AmountMinor,
    Audited,
    Call,
    Currency,
    Listed,
    Name,
    Page,
    Reference,
    Request,
    Role,
    Route,
    keys_of,
    listed,
)
from ringmain.network.deposit import make_deposit, merchant_balance
from ringmain.network.errors import CurrencyNotOfNetwork, DepositAlreadyMade, MerchantNotFound
from ringmain.network.model import Merchant, NewMerchant
from ringmain.network.open import merchant_of, network_of, open_merchants, rename_merchant
from ringmain.network.store import places

_OPERATOR: frozenset[Role] = frozenset({"operator"})
_READERS: frozenset[Role] = frozenset({"operator", "analyst", "merchant"})
_ID = "01932c5e-7b41-7c3d-9f21-3b1a8e0c7d42"
_AT = "2026-03-01T09:00:00Z"


class NetworkAnswer(Struct, frozen=True):
    """A network."""

    id: UUID
    name: str
    currency: str
    time_zone: str
    opened_at: datetime


class Me(Struct, frozen=True):
    """Whom an API key stands for."""

    network_id: UUID
    principal_id: UUID
    role: Role
    merchant_id: UUID | None
    shop_id: UUID | None
    terminal_id: UUID | None


class OpenMerchant(Request, frozen=True):
    """A merchant to open."""

    legal_name: Name


class RenameMerchant(Request, frozen=True):
    """What to change of a merchant."""

    legal_name: Name


class MerchantAnswer(Struct, frozen=True):
    """A merchant."""

    id: UUID
    legal_name: str
    opened_at: datetime


class Deposit(Request, frozen=True):
    """A payment that a merchant made into its account of the network."""

    amount_minor: AmountMinor
    currency: Currency
    reference: Reference


class DepositAnswer(Struct, frozen=True):
    """A credited payment; the ledger's transfer has the same id."""

    id: UUID
    merchant_id: UUID
    amount_minor: int
    currency: str
    reference: str
    made_at: datetime


class BalanceAnswer(Struct, frozen=True):
    """What a merchant can spend, what is set aside for vouchers that are out, and what it is owed."""

    merchant_id: UUID
    currency: str
    available_minor: int
    held_minor: int
    payable_minor: int


async def _read_network(uow: UnitOfWork, _: Call) -> NetworkAnswer:
    network = await network_of(uow)
    return NetworkAnswer(network.id, network.name, network.currency, network.time_zone, network.opened_at)


async def _who_am_i(call: Call, _: Any) -> Me:
    me = call.principal
    return Me(me.network_id, me.principal_id, me.role, me.merchant_id, me.shop_id, me.terminal_id)


async def _open(uow: UnitOfWork, _: Call, body: OpenMerchant) -> MerchantAnswer:
    (merchant,) = await open_merchants(uow, [NewMerchant(body.legal_name)])
    return _shown(merchant)


async def _list(uow: UnitOfWork, call: Call) -> Listed[MerchantAnswer]:
    query: Page = call.query
    after = keys_of(query.after, tuple[UUID])
    rows = await places.list_merchants(uow, after and after[0], query.limit + 1, call.merchant_scope())
    return listed([_shown(row) for row in rows], query.limit, lambda merchant: (merchant.id,))


async def _read(uow: UnitOfWork, call: Call) -> MerchantAnswer:
    return _shown(await merchant_of(uow, _merchant_id(call)))


async def _rename(uow: UnitOfWork, call: Call, body: RenameMerchant) -> MerchantAnswer:
    return _shown(await rename_merchant(uow, _merchant_id(call), body.legal_name))


async def _deposit(uow: UnitOfWork, call: Call, body: Deposit) -> DepositAnswer:
    made = await make_deposit(uow, _merchant_id(call), body.amount_minor, body.currency, body.reference)
    return DepositAnswer(made.id, made.merchant_id, made.amount_minor, made.currency, made.reference, made.made_at)


async def _balance(uow: UnitOfWork, call: Call) -> BalanceAnswer:
    found = await merchant_balance(uow, _merchant_id(call))
    return BalanceAnswer(
        found.merchant_id, found.currency, found.available_minor, found.held_minor, found.payable_minor
    )


def _merchant_id(call: Call) -> UUID:
    """Return the merchant of the path; another's does not exist for keys of merchants and terminals."""
    id_ = call.id("merchant_id")
    if call.merchant_scope() not in (None, id_):
        raise MerchantNotFound(merchant_id=id_)
    return id_


def _shown(merchant: Merchant) -> MerchantAnswer:
    return MerchantAnswer(merchant.id, merchant.legal_name, merchant.opened_at)


_MERCHANT = {"id": _ID, "legal_name": "Lotus Tea House Ltd", "opened_at": _AT}

MERCHANT_ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/network",
        operation="read_network",
        summary="Read the network of this key",
        tag="network",
        roles=EVERYBODY,
        reads_as="network",
        handler=_read_network,
        response=NetworkAnswer,
        example_response={
            "id": _ID,
            "name": "Old Town",
            "currency": "CNY",
            "time_zone": "Asia/Shanghai",
            "opened_at": _AT,
        },
    ),
    Route(
        method="GET",
        path="/v1/me",
        operation="who_am_i",
        summary="Whom this key stands for",
        tag="network",
        roles=EVERYBODY,
        transaction="own",
        handler=_who_am_i,
        response=Me,
        example_response={
            "network_id": _ID,
            "principal_id": _ID,
            "role": "operator",
            "merchant_id": None,
            "shop_id": None,
            "terminal_id": None,
        },
    ),
    Route(
        method="POST",
        path="/v1/merchants",
        operation="open_merchant",
        summary="Open a merchant with its accounts in the ledger",
        tag="merchants",
        roles=_OPERATOR,
        transaction="write",
        handler=_open,
        request=OpenMerchant,
        response=MerchantAnswer,
        status=201,
        example={"legal_name": "Lotus Tea House Ltd"},
        example_response=_MERCHANT,
    ),
    Route(
        method="GET",
        path="/v1/merchants",
        operation="list_merchants",
        summary="List merchants; a merchant's key sees its own",
        tag="merchants",
        roles=_READERS,
        handler=_list,
        query=Page,
        response=Listed[MerchantAnswer],
        example_query={"limit": "50"},
        example_response={"items": [_MERCHANT], "next": None},
    ),
    Route(
        method="GET",
        path="/v1/merchants/{merchant_id}",
        operation="read_merchant",
        summary="Read a merchant",
        tag="merchants",
        roles=EVERYBODY,
        handler=_read,
        response=MerchantAnswer,
        errors=(MerchantNotFound,),
        example_response=_MERCHANT,
    ),
    Route(
        method="PATCH",
        path="/v1/merchants/{merchant_id}",
        operation="rename_merchant",
        summary="Change a merchant's legal name",
        tag="merchants",
        roles=_OPERATOR,
        transaction="write",
        handler=_rename,
        request=RenameMerchant,
        response=MerchantAnswer,
        errors=(MerchantNotFound,),
        example={"legal_name": "Lotus Tea Houses Ltd"},
        example_response=_MERCHANT | {"legal_name": "Lotus Tea Houses Ltd"},
    ),
    Route(
        method="POST",
        path="/v1/merchants/{merchant_id}/deposits",
        operation="make_deposit",
        summary="Credit a payment that came from a merchant",
        description="Moves the amount from the network's account for outside money to what the merchant can spend.",
        tag="money",
        roles=_OPERATOR,
        transaction="write",
        handler=_deposit,
        audited=Audited(object_kind="deposit", object_from="id"),
        request=Deposit,
        response=DepositAnswer,
        status=201,
        errors=(MerchantNotFound, CurrencyNotOfNetwork, DepositAlreadyMade),
        example={"amount_minor": 500_000, "currency": "CNY", "reference": "bank transfer 2026-03-01/17"},
        example_response={
            "id": _ID,
            "merchant_id": _ID,
            "amount_minor": 500_000,
            "currency": "CNY",
            "reference": "bank transfer 2026-03-01/17",
            "made_at": _AT,
        },
    ),
    Route(
        method="GET",
        path="/v1/merchants/{merchant_id}/balance",
        operation="read_balance",
        summary="Read what a merchant can spend, has set aside and is owed",
        tag="money",
        roles=frozenset({"operator", "merchant"}),
        reads_as="network",
        handler=_balance,
        response=BalanceAnswer,
        errors=(MerchantNotFound,),
        example_response={
            "merchant_id": _ID,
            "currency": "CNY",
            "available_minor": 480_000,
            "held_minor": 20_000,
            "payable_minor": 1_500,
        },
    ),
)
