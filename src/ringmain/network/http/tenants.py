"""The network's own pool of money, and the lease list of tenants who need none."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import (
    AmountMinor,
    Call,
    Currency,
    Listed,
    Page,
    Reference,
    Request,
    Role,
    Route,
    keys_of,
    listed,
)
from ringmain.network.errors import CurrencyNotOfNetwork, PoolDepositAlreadyMade, TenantsUnreadable
from ringmain.network.pool import fund_pool, pool_balance, pool_deposits
from ringmain.network.store.pool import PoolDeposit
from ringmain.network.tenants import LARGEST_FILE_BYTES, import_tenants

_OPERATOR: frozenset[Role] = frozenset({"operator"})
_ID = "01932c5e-7b41-7c3d-9f21-3b1a8e0c7d42"
_AT = "2026-03-01T09:00:00Z"
_BODY_BYTES = 2 * LARGEST_FILE_BYTES
_Latitude = Annotated[float, Meta(ge=-90, le=90)]
_Longitude = Annotated[float, Meta(ge=-180, le=180)]


class ImportTenants(Request, frozen=True):
    """A lease list as the text of a CSV file; rows without coordinates stand at `latitude`, `longitude`."""

    csv: Annotated[str, Meta(min_length=1, max_length=LARGEST_FILE_BYTES)]
    latitude: _Latitude | None = None
    longitude: _Longitude | None = None
    dry_run: bool = False
    partly: Annotated[bool, Meta(description="Write the good rows although others are rejected.")] = False


class RejectedTenant(Struct, frozen=True):
    """A row that was not taken; its cells are in the file that was sent."""

    line: int
    problem: str
    sentence: str


class TenantsImported(Struct, frozen=True):
    """What became of a lease list, or (`written` false) what would become of it."""

    written: bool
    rows: int
    merchants_new: int
    shops_new: int
    shops_known: int
    rejected: list[RejectedTenant]


class FundPool(Request, frozen=True):
    """A payment of the network itself into its pool."""

    amount_minor: AmountMinor
    currency: Currency
    reference: Reference


class PoolDepositAnswer(Struct, frozen=True):
    """A credited payment; the ledger's transfer has the same id."""

    id: UUID
    amount_minor: int
    currency: str
    reference: str
    made_at: datetime


class PoolAnswer(Struct, frozen=True):
    """What the pool can spend on vouchers, and what is set aside for those that are out."""

    currency: str
    available_minor: int
    held_minor: int


async def _import(uow: UnitOfWork, _: Call, body: ImportTenants) -> TenantsImported:
    place = None if body.latitude is None or body.longitude is None else (body.latitude, body.longitude)
    done = await import_tenants(uow, body.csv.encode(), place=place, dry_run=body.dry_run, partly=body.partly)
    return TenantsImported(
        done.written,
        done.rows,
        done.merchants_new,
        done.shops_new,
        done.shops_known,
        [RejectedTenant(one.line, one.problem, one.sentence) for one in done.rejected],
    )


async def _fund(uow: UnitOfWork, call: Call, body: FundPool) -> PoolDepositAnswer:
    by = call.principal.principal_id
    return _shown(await fund_pool(uow, body.amount_minor, body.currency, body.reference, by))


async def _read(uow: UnitOfWork, _: Call) -> PoolAnswer:
    found = await pool_balance(uow)
    return PoolAnswer(found.currency, found.available_minor, found.held_minor)


async def _list(uow: UnitOfWork, call: Call) -> Listed[PoolDepositAnswer]:
    query: Page = call.query
    before = keys_of(query.after, tuple[UUID])
    rows = await pool_deposits(uow, before and before[0], query.limit + 1)
    return listed([_shown(row) for row in rows], query.limit, lambda one: (one.id,))


def _shown(one: PoolDeposit) -> PoolDepositAnswer:
    return PoolDepositAnswer(one.id, one.amount_minor, one.currency, one.reference, one.made_at)


_DEPOSIT = {
    "id": _ID,
    "amount_minor": 5_000_000,
    "currency": "CNY",
    "reference": "marketing budget 2026-03",
    "made_at": _AT,
}

TENANT_ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/v1/tenant-imports",
        operation="import_tenants",
        summary="Open all merchants and shops of a lease list at once",
        description="Columns: merchant, shop, category, and where known latitude, longitude, hours, owner_email. "
        "Either every row is taken or none, unless `partly`; what is open already stays as it is.",
        tag="merchants",
        roles=_OPERATOR,
        transaction="write",
        handler=_import,
        request=ImportTenants,
        response=TenantsImported,
        status=HTTPStatus.CREATED,
        errors=(TenantsUnreadable,),
        body_limit_bytes=_BODY_BYTES,
        example={
            "csv": "merchant,shop,category,hours\nLotus Tea Ltd,Lotus Tea,tea,Daily 10:00-22:00\n",
            "latitude": 31.23,
            "longitude": 121.47,
        },
        example_response={
            "written": True,
            "rows": 1,
            "merchants_new": 1,
            "shops_new": 1,
            "shops_known": 0,
            "rejected": [],
        },
    ),
    Route(
        method="GET",
        path="/v1/pool",
        operation="read_pool",
        summary="Read what the network itself can spend on vouchers",
        tag="money",
        roles=_OPERATOR,
        handler=_read,
        response=PoolAnswer,
        example_response={"currency": "CNY", "available_minor": 4_800_000, "held_minor": 200_000},
    ),
    Route(
        method="POST",
        path="/v1/pool/deposits",
        operation="fund_pool",
        summary="Credit a payment to the network's own pool",
        description="Offers whose `funder_id` is the network are paid from it, so that tenants need no deposit.",
        tag="money",
        roles=_OPERATOR,
        transaction="write",
        handler=_fund,
        request=FundPool,
        response=PoolDepositAnswer,
        status=HTTPStatus.CREATED,
        errors=(CurrencyNotOfNetwork, PoolDepositAlreadyMade),
        example={"amount_minor": 5_000_000, "currency": "CNY", "reference": "marketing budget 2026-03"},
        example_response=_DEPOSIT,
    ),
    Route(
        method="GET",
        path="/v1/pool/deposits",
        operation="list_pool_deposits",
        summary="List the payments into the network's own pool",
        tag="money",
        roles=_OPERATOR,
        handler=_list,
        query=Page,
        response=Listed[PoolDepositAnswer],
        example_query={"limit": "50"},
        example_response={"items": [_DEPOSIT], "next": None},
    ),
)
