"""The till's offline side: its queue arrives, leases are lent and given back, and a worker keeps its shell."""

import hashlib
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta, Struct
from starlette.responses import Response

from ringmain.entry.web.services import services
from ringmain.entry.web.till.desk import Desk, received
from ringmain.entry.web.till.offers import Refusal, refusal_of
from ringmain.entry.web.till.sales import SaleDone, digest, done_of
from ringmain.kit.db import UnitOfWork
from ringmain.kit.idempotency import Keyed
from ringmain.kit.pages import Visit
from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.pure.ids import uuid7
from ringmain.member import api as member
from ringmain.network import api as network
from ringmain.sale import api as sale
from ringmain.sale.http.handlers import new_sale
from ringmain.sale.http.shapes import Sale
from ringmain.voucher import api as voucher
from ringmain.voucher.errors import LeaseNotFound
from ringmain.voucher.http.leases import AskLeases, LeaseAnswer, asks_of, shown

MOST_ITEMS = 100
MOST_BYTES = 2_000_000
_Key = Annotated[str, Meta(min_length=8, max_length=80, pattern=r"^[0-9A-Za-z-]+\Z")]
# The parts of the shell beside the till's own: what its layout and its modules load.
_SHELL = ("tokens.css", "ui.css", "ui.js", "mark.svg", "vendor/idb.js")


class QueuedSale(Struct, frozen=True, forbid_unknown_fields=True):
    """One sale of the queue under its key. `staff_id` was at the till; `give_back`: its guest paid in full."""

    key: _Key
    sale: Sale
    staff_id: UUID | None = None
    give_back: bool = False


class QueueSent(Struct, frozen=True, forbid_unknown_fields=True):
    """What waited on a device."""

    items: Annotated[list[QueuedSale], Meta(min_length=1, max_length=MOST_ITEMS)]


class NotPaid(Struct, frozen=True):
    """A voucher that was taken off without a network, and that nobody pays for: why, and when and where it was used."""

    voucher_id: UUID
    loss_minor: int
    refusal: Refusal


class Arrived(Struct, frozen=True):
    """What became of one sale: recorded, with the vouchers that nobody pays for, or why not."""

    key: str
    done: SaleDone | None = None
    not_paid: list[NotPaid] = []
    problem: Refusal | None = None


class QueueAnswer(Struct, frozen=True):
    """One answer per sale, in their order; `server_time` sets the till's clock."""

    items: list[Arrived]
    server_time: datetime


class LeaseOutcome(Struct, frozen=True):
    """One lease, or why there is none."""

    answer: LeaseAnswer | None = None
    refusal: Refusal | None = None


class LeasesGiven(Struct, frozen=True):
    """One outcome per voucher asked for, then the leases of prepared ones."""

    items: list[LeaseOutcome]
    accept_anyway: bool
    server_time: datetime


class Release(Struct, frozen=True, forbid_unknown_fields=True):
    """Which lease is given back."""

    lease_id: UUID


async def queue(visit: Visit) -> Response:
    """Record what waited on this device, each sale once under the key that was made before its first attempt."""
    asked = await received(visit, QueueSent)
    async with visit.unit() as uow:
        desk = await _desk(uow, visit)
        staff = await _staff(uow, desk, asked.items)
    items = [
        Keyed(
            desk.terminal_id,
            one.key,
            digest(visit, one.sale),
            new_sale(
                one.sale,
                shop_id=desk.shop.id,
                merchant_id=desk.shop.merchant_id,
                terminal_id=desk.terminal_id,
                staff_id=one.staff_id if one.staff_id in staff else None,
            ),
        )
        for one in asked.items
    ]
    answers = await services(visit).door.record_batch(visit.network_id, items)
    for one, answer in zip(asked.items, answers, strict=True):
        if one.give_back and isinstance(answer, sale.Recorded):
            await _give_back(visit, desk, one.key, answer)
    async with visit.unit() as uow:
        arrived = [
            await _arrived(uow, visit, desk, one, answer) for one, answer in zip(asked.items, answers, strict=True)
        ]
        return visit.json(QueueAnswer(arrived, await uow.now()))


async def _desk(uow: UnitOfWork, visit: Visit) -> Desk:
    """Return the till, whoever is at it: what waits is sent by a locked till, too."""
    shop = await network.shop_of(uow, UUID(visit.known.facts["shop_id"]))
    return Desk(await network.network_of(uow), shop, visit.holder_id, None, "", "")


async def _staff(uow: UnitOfWork, desk: Desk, items: list[QueuedSale]) -> set[UUID]:
    """Return those of the people named who work at this shop."""
    named = {one.staff_id for one in items if one.staff_id is not None}
    return {id_ for id_ in named if await network.staff_at(uow, id_, desk.shop.id, desk.shop.merchant_id) is not None}


async def _give_back(visit: Visit, desk: Desk, key: str, answer: sale.Recorded) -> None:
    """Undo the redemptions of a sale whose guest did not wait for the answer and paid in full."""
    for place, one in enumerate(answer.redemptions):
        now = datetime.now(tz=UTC)
        undone = voucher.Reverse(uuid7(now), one.redemption_id, desk.shop.merchant_id, now, "no answer, paid in full")
        keyed = Keyed(desk.terminal_id, f"{key}-b{place}", digest(visit, one.redemption_id), undone)
        await services(visit).door.reverse(visit.network_id, keyed)


async def _arrived(
    uow: UnitOfWork, visit: Visit, desk: Desk, one: QueuedSale, answer: sale.Recorded | RuleBroken
) -> Arrived:
    if isinstance(answer, RuleBroken):
        return Arrived(one.key, problem=await refusal_of(uow, visit, desk, answer))
    not_paid = [await _not_paid(uow, visit, desk, refused) for refused in answer.refused]
    return Arrived(one.key, done_of(answer, one.sale.receipt), not_paid)


async def _not_paid(uow: UnitOfWork, visit: Visit, desk: Desk, refused: sale.RefusedVoucher) -> NotPaid:
    """Return a refused voucher in the cashier's words."""
    facts: dict[str, Any] = {"redeemed_at": refused.used_at, "shop_id": refused.used_shop_id}
    rule = RuleBroken.by_code[refused.rule](**facts)
    return NotPaid(refused.voucher_id, refused.loss_minor, await refusal_of(uow, visit, desk, rule))


async def lease(visit: Visit) -> Response:
    """Lend vouchers to this till, so that it may redeem them without a network."""
    asked = await received(visit, AskLeases)
    async with visit.unit() as uow:
        desk = await _desk(uow, visit)
        known = (await member.subjects(uow, [asked.member_id]))[0] if asked.member_id else None
        asks = asks_of(asked, desk.redeemer, known.subject_ids if known else ())
        lasting = timedelta(minutes=asked.lasting_minutes) if asked.lasting_minutes is not None else None
        answers = await voucher.lease(uow, desk.redeemer, asks, lasting=lasting, prepared=asked.prepared)
        found = await voucher.leased_vouchers(uow, [one for one in answers if isinstance(one, voucher.Lease)])
        items = [
            LeaseOutcome(answer=shown(one, *found[one.voucher_id]))
            if isinstance(one, voucher.Lease)
            else LeaseOutcome(refusal=await refusal_of(uow, visit, desk, one))
            for one in answers
        ]
        rule = await voucher.offline_rule(uow, desk.shop.merchant_id)
        return visit.json(LeasesGiven(items, rule.accept_anyway, await uow.now()), HTTPStatus.CREATED)


async def release(visit: Visit) -> Response:
    """Give a lease back: the voucher is everybody's at once. One that has ended is given back already."""
    asked = await received(visit, Release)
    async with visit.unit() as uow:
        try:
            await voucher.release_lease(uow, asked.lease_id, terminal_id=visit.holder_id)
        except LeaseNotFound:
            return visit.json({"released": False})
    return visit.json({"released": True})


async def show_queue(visit: Visit) -> Response:
    """Show what waits on this device and what became of the last sales; the page's module fills it in."""
    async with visit.unit() as uow:
        desk = await _desk(uow, visit)
    facts = {"currency": desk.currency, "precision": desk.precision, "language": visit.speech.tag}
    return visit.page("till/queue.html", desk=desk, facts=facts)


async def worker(visit: Visit) -> Response:
    """Answer with the service worker: its program, behind the list of what it keeps, which changes with every part."""
    files = visit.site.files
    names = [name for name in files.names if name.startswith("till/") and name != "till/sw.js"] + list(_SHELL)
    addresses = [address for name in names for address in (f"/static/{name}", files.address(name))]
    version = hashlib.blake2b(repr(sorted(addresses)).encode(), digest_size=6).hexdigest()
    listed = msgspec.json.encode(addresses).decode()
    head = f"const VERSION = {msgspec.json.encode(version).decode()};\nconst FILES = {listed};\n"
    program = files.content("till/sw.js")
    headers = {"service-worker-allowed": "/till", "cache-control": "no-cache"}
    return Response(head + program, media_type="text/javascript; charset=utf-8", headers=headers)
