"""Leases and what tills may do without a network: routes that translate and decide nothing."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import (
    Call,
    Listed,
    Outcome,
    Page,
    Request,
    Role,
    Route,
    keys_of,
    listed,
    problem_of,
)
from ringmain.kit.pure.errors import RuleBroken
from ringmain.member.errors import MemberUnknown
from ringmain.voucher import errors
from ringmain.voucher.codes import Code, parse
from ringmain.voucher.http.common import AT, ID, TILL, UNTIL, person, till_of
from ringmain.voucher.lease import (
    lease,
    leased_vouchers,
    offline_rule,
    open_leases,
    release_lease,
)
from ringmain.voucher.model import (
    LONGEST_LEASE,
    AskLease,
    Lease,
    Offer,
    Redeemer,
    Voucher,
)

_TAG = "offline"
_TERMINAL: frozenset[Role] = frozenset({"terminal"})
_MINUTE = timedelta(minutes=1)
_Code = Annotated[str, Meta(min_length=4, max_length=400, description="What the scanner read from the voucher.")]
_LeaseMinutes = Annotated[int, Meta(ge=1, le=LONGEST_LEASE // _MINUTE)]


class LeaseAsked(Request, frozen=True):
    """One voucher: by its code, or by `voucher_id` where `member_id` is its holder."""

    code: _Code | None = None
    voucher_id: UUID | None = None


class AskLeases(Request, frozen=True):
    """Vouchers to lease or to keep for longer; `prepared` adds those that their holders mean to use at this shop."""

    vouchers: Annotated[tuple[LeaseAsked, ...], Meta(max_length=100)] = ()
    member_id: UUID | None = None
    prepared: bool = False
    lasting_minutes: _LeaseMinutes | None = None


class LeaseAnswer(Struct, frozen=True):
    """One lease, with what a till needs to decide without a network.

    Until `leased_until` the terminal may redeem; until `free_at` nobody else may. `code_hash` is the SHA-256, in
    hexadecimal digits, of the voucher's plain code: a scanned code is the voucher's where their hashes are equal.
    """

    lease_id: UUID
    voucher_id: UUID
    number: int
    terminal_id: UUID
    shop_id: UUID
    leased_from: datetime
    leased_until: datetime
    free_at: datetime
    code_hash: str | None
    offer_id: UUID
    kind: str
    currency: str
    remaining_minor: int
    percent_bp: int | None
    parts_left: int
    minimum_minor: int
    goods: str | None
    combinable: bool
    holder_only: bool
    weekdays: list[int]
    from_minute: int
    until_minute: int
    valid_from: datetime
    valid_until: datetime


class LeasesAnswer(Struct, frozen=True):
    """One outcome per voucher asked for, then the leases of prepared ones; `server_time` sets the till's clock."""

    items: list[Outcome[LeaseAnswer]]
    server_time: datetime
    accept_anyway: bool


class LeaseReleased(Struct, frozen=True):
    """A lease that was taken back; the voucher is free."""

    lease_id: UUID
    voucher_id: UUID


async def _lease(uow: UnitOfWork, call: Call, body: AskLeases) -> LeasesAnswer:
    by = await till_of(uow, call, None)
    asks = asks_of(body, by, (await person(uow, body.member_id)).subject_ids if body.member_id else ())
    lasting = body.lasting_minutes * _MINUTE if body.lasting_minutes is not None else None
    answers = await lease(uow, by, asks, lasting=lasting, prepared=body.prepared)
    known = await leased_vouchers(uow, [one for one in answers if isinstance(one, Lease)])
    rule = await offline_rule(uow, by.merchant_id)
    return LeasesAnswer([_outcome(call, one, known) for one in answers], await uow.now(), rule.accept_anyway)


def asks_of(body: AskLeases, by: Redeemer, subject_ids: Sequence[UUID]) -> list[AskLease]:
    """Return what a till asks for; `subject_ids` are of the guest it has identified. Raises `CodeMalformed`."""
    return [_ask(one, by, subject_ids) for one in body.vouchers]


def _ask(one: LeaseAsked, by: Redeemer, subjects: Sequence[UUID]) -> AskLease:
    if one.code is not None:
        code = parse(one.code)
        return AskLease(code.voucher_id, by, code.secret)
    if one.voucher_id is None:
        raise errors.CodeMalformed()
    return AskLease(one.voucher_id, by, None, tuple(subjects))


def _outcome(
    call: Call, answer: Lease | RuleBroken, known: Mapping[UUID, tuple[Voucher, Offer]]
) -> Outcome[LeaseAnswer]:
    if isinstance(answer, RuleBroken):
        return Outcome(status=int(answer.status), problem=problem_of(answer, call.request_id))
    return Outcome(status=HTTPStatus.OK, answer=shown(answer, *known[answer.voucher_id]))


def shown(one: Lease, voucher: Voucher, offer: Offer) -> LeaseAnswer:
    """Return a lease as its till sees it."""
    terms = offer.terms
    code = Code(voucher.id, voucher.secret).text()
    return LeaseAnswer(
        lease_id=one.id,
        voucher_id=one.voucher_id,
        number=one.number,
        terminal_id=one.terminal_id,
        shop_id=one.shop_id,
        leased_from=one.leased_from,
        leased_until=one.leased_until,
        free_at=one.free_at,
        code_hash=hashlib.sha256(code.encode()).hexdigest(),
        offer_id=offer.id,
        kind=terms.kind,
        currency=terms.currency,
        remaining_minor=voucher.remaining_minor,
        percent_bp=terms.percent_bp,
        parts_left=terms.parts - voucher.uses,
        minimum_minor=terms.minimum_minor,
        goods=terms.goods,
        combinable=terms.combinable,
        holder_only=terms.needs_holder,
        weekdays=list(terms.weekdays),
        from_minute=terms.from_minute,
        until_minute=terms.until_minute,
        valid_from=voucher.valid_from,
        valid_until=voucher.valid_until,
    )


async def _list(uow: UnitOfWork, call: Call) -> Listed[LeaseAnswer]:
    page: Page = call.query
    after = keys_of(page.after, tuple[UUID])
    rows = await open_leases(
        uow,
        terminal_id=call.principal.terminal_id,
        merchant_id=call.merchant_scope(),
        after=after[0] if after else None,
        limit=page.limit + 1,
    )
    known = await leased_vouchers(uow, rows)
    found = listed(rows, page.limit, lambda one: (one.id,))
    return Listed([shown(one, *known[one.voucher_id]) for one in found.items], found.next)


async def _release(uow: UnitOfWork, call: Call, _: None) -> LeaseReleased:
    ended = await release_lease(
        uow, call.id("lease_id"), terminal_id=call.principal.terminal_id, merchant_id=call.merchant_scope()
    )
    return LeaseReleased(ended.id, ended.voucher_id)


_LEASE = {
    "lease_id": ID,
    "voucher_id": ID,
    "number": 1,
    "terminal_id": ID,
    "shop_id": ID,
    "leased_from": AT,
    "leased_until": UNTIL,
    "free_at": UNTIL,
    "code_hash": "5e" * 32,
    "offer_id": ID,
    "kind": "cash",
    "currency": "CNY",
    "remaining_minor": 200,
    "percent_bp": None,
    "parts_left": 1,
    "minimum_minor": 0,
    "goods": None,
    "combinable": True,
    "holder_only": False,
    "weekdays": [],
    "from_minute": 0,
    "until_minute": 1440,
    "valid_from": AT,
    "valid_until": UNTIL,
}
LEASE_ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/v1/leases",
        operation="lease_vouchers",
        summary="Lend vouchers to this terminal, which may then redeem them without a network",
        tag=_TAG,
        roles=_TERMINAL,
        handler=_lease,
        request=AskLeases,
        response=LeasesAnswer,
        status=HTTPStatus.CREATED,
        transaction="write",
        errors=(errors.CodeMalformed, errors.TerminalRequired, MemberUnknown),
        example={"vouchers": [{"voucher_id": ID}], "member_id": ID},
        example_response={
            "items": [{"status": 200, "answer": _LEASE}],
            "server_time": AT,
            "accept_anyway": False,
        },
    ),
    Route(
        method="GET",
        path="/v1/leases",
        operation="list_leases",
        summary="List the leases that are out: of this terminal, of this merchant, or all",
        tag=_TAG,
        roles=TILL,
        reads_as="network",
        handler=_list,
        query=Page,
        response=Listed[LeaseAnswer],
        example_response={"items": [_LEASE], "next": None},
    ),
    Route(
        method="DELETE",
        path="/v1/leases/{lease_id}",
        operation="release_lease",
        summary="Take a lease back; the voucher is free at once",
        tag=_TAG,
        roles=TILL,
        handler=_release,
        response=LeaseReleased,
        transaction="write",
        errors=(errors.LeaseNotFound,),
        example_response={"lease_id": ID, "voucher_id": ID},
    ),
)
