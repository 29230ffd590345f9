"""The routes of statements: read only."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import Call, Listed, Page, Request, Role, Route, keys_of, listed
from ringmain.network.errors import MerchantNotFound
from ringmain.settlement.errors import MonthInvalid
from ringmain.settlement.statement import Statement, StatementLine, statement, statement_lines

_MANAGERS: frozenset[Role] = frozenset({"operator", "merchant"})
_ID = "01932c5e-7b41-7c3d-9f21-3b1a8e0c7d42"
_AT = "2026-03-01T09:00:00Z"
Month = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}\Z", description="A month of the network's clock, such as 2026-03.")]


class StatementQuery(Request, frozen=True):
    """Which month; the present one where nothing is said."""

    month: Month | None = None


class LinesQuery(Page, frozen=True):
    """Which month, and which page of its transfers."""

    month: Month | None = None


async def _statement(uow: UnitOfWork, call: Call) -> Statement:
    query: StatementQuery = call.query
    return await statement(uow, _merchant_id(call), query.month)


async def _lines(uow: UnitOfWork, call: Call) -> Listed[StatementLine]:
    query: LinesQuery = call.query
    after = keys_of(query.after, tuple[UUID])
    rows = await statement_lines(uow, _merchant_id(call), query.month, after=after and after[0], limit=query.limit + 1)
    return listed(rows, query.limit, lambda line: (line.id,))


def _merchant_id(call: Call) -> UUID:
    """Return the merchant of the path; another's does not exist for a merchant's key."""
    id_ = call.id("merchant_id")
    if call.merchant_scope() not in (None, id_):
        raise MerchantNotFound(merchant_id=id_)
    return id_


def _section(account: str, opening: int, lines: list[tuple[str, int, int]]) -> dict[str, object]:
    return {
        "account": account,
        "opening_minor": opening,
        "lines": [{"kind": kind, "amount_minor": minor, "transfers": count} for kind, minor, count in lines],
        "closing_minor": opening + sum(minor for _, minor, _ in lines),
        "difference_minor": 0,
    }


_ERRORS = (MerchantNotFound, MonthInvalid)

ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/merchants/{merchant_id}/statement",
        operation="read_statement",
        summary="Read a merchant's statement of a month so far",
        description="Three accounts: what can be spent on vouchers, what is held for vouchers that are out, and what "
        "the merchant is owed for vouchers it took. Openings and closings are sums of all transfers, so the lines must "
        "add up; `difference_minor` is zero, or the books are wrong.",
        tag="statements",
        roles=_MANAGERS,
        handler=_statement,
        query=StatementQuery,
        response=Statement,
        errors=_ERRORS,
        example_query={"month": "2026-03"},
        example_response={
            "merchant_id": _ID,
            "currency": "CNY",
            "first_day": "2026-03-01",
            "last_day": "2026-03-31",
            "complete": True,
            "available": _section("available", 0, [("deposit", 100_000, 1), ("hold", -8_600, 43)]),
            "held": _section("held", 0, [("hold", 8_600, 43), ("paid_to_others", -2_000, 10)]),
            "owed": _section("owed", 0, [("owed_by_others", 1_200, 6)]),
        },
    ),
    Route(
        method="GET",
        path="/v1/merchants/{merchant_id}/statement/lines",
        operation="list_statement_lines",
        summary="List the transfers behind a merchant's statement",
        tag="statements",
        roles=_MANAGERS,
        handler=_lines,
        query=LinesQuery,
        response=Listed[StatementLine],
        errors=_ERRORS,
        example_query={"month": "2026-03", "limit": "50"},
        example_response={
            "items": [
                {
                    "id": _ID,
                    "at": _AT,
                    "kind": "deposit",
                    "from_account": None,
                    "to_account": "available",
                    "amount_minor": 100_000,
                    "currency": "CNY",
                    "reference_id": _ID,
                }
            ],
            "next": None,
        },
    ),
)
