"""Record a sale and undo one: the page's two writes, each once under the key that the page made before sending."""

import hashlib
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta, Struct
from starlette.responses import Response

from ringmain.entry.web.services import services
from ringmain.entry.web.till.desk import desk_of, received
from ringmain.entry.web.till.errors import ReasonNeeded
from ringmain.entry.web.till.identify import refused
from ringmain.kit.audit import Actor, Facts, audit
from ringmain.kit.db import UnitOfWork
from ringmain.kit.idempotency import Keyed
from ringmain.kit.pages import Visit
from ringmain.kit.pure.errors import RuleBroken
from ringmain.sale import api as sale
from ringmain.sale.http.handlers import new_sale
from ringmain.sale.http.shapes import Sale

# In the order in which the page shows them; the text is what stands in the record.
REASONS = {
    "amount": "wrong amount",
    "guest": "wrong guest",
    "returned": "goods returned",
    "other": "another reason",
}
_Key = Annotated[str, Meta(min_length=8, max_length=64, pattern=r"^[0-9A-Za-z-]+\Z")]


class SaleSent(Struct, frozen=True, forbid_unknown_fields=True):
    """A sale, and the key under which it counts once."""

    key: _Key
    sale: Sale


class UndoSent(Struct, frozen=True, forbid_unknown_fields=True):
    """Which sale is undone, and why."""

    key: _Key
    sale_id: UUID
    reason: str


class SaleDone(Struct, frozen=True):
    """What became of a sale, as the result shows it."""

    sale_id: UUID
    receipt: str | None
    total_minor: int
    redeemed_minor: int
    to_pay_minor: int
    currency: str
    recognised: bool
    ask_for_phone: bool


class UndoDone(Struct, frozen=True):
    """What went back."""

    sale_id: UUID
    given_back_minor: int
    currency: str
    restored: int
    returned: int


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is kept of an undone sale under its key."""

    sale_id: UUID
    given_back_minor: int
    currency: str
    restored: int
    returned: int


async def record(visit: Visit) -> Response:
    """Record a sale with its vouchers through the till's door, as the API does."""
    asked = await received(visit, SaleSent)
    async with visit.unit() as uow:
        desk = await desk_of(uow, visit)
    new = new_sale(
        asked.sale,
        shop_id=desk.shop.id,
        merchant_id=desk.shop.merchant_id,
        terminal_id=desk.terminal_id,
        staff_id=desk.staff_id,
    )
    keyed = Keyed(desk.terminal_id, asked.key, digest(visit, asked.sale), new)
    answer = await services(visit).door.record(visit.network_id, keyed)
    if isinstance(answer, RuleBroken):
        return await refused(visit, answer)
    return visit.json(done_of(answer, asked.sale.receipt), HTTPStatus.CREATED)


def done_of(answer: sale.Recorded, receipt: str | None) -> SaleDone:
    """Return what became of a sale, as the result shows it."""
    return SaleDone(
        sale_id=answer.sale_id,
        receipt=receipt,
        total_minor=answer.total_minor,
        redeemed_minor=answer.redeemed_minor,
        to_pay_minor=answer.to_pay_minor,
        currency=answer.currency,
        recognised=answer.recognised,
        ask_for_phone=answer.ask_for_phone,
    )


async def undo(visit: Visit) -> Response:
    """Undo a sale: what was paid goes back, its vouchers live again."""
    asked = await received(visit, UndoSent)
    if asked.reason not in REASONS:
        raise ReasonNeeded()

    async def act(uow: UnitOfWork) -> _Kept:
        desk = await desk_of(uow, visit)
        assert desk.staff_id is not None
        done = await sale.undo(
            uow,
            sale.Undo(
                sale_id=asked.sale_id,
                shop_id=desk.shop.id,
                staff_id=desk.staff_id,
                by_manager=desk.is_manager,
                reason=REASONS[asked.reason],
            ),
        )
        about: Facts = {"refund_id": done.refund_id, "amount_minor": done.amount_minor, "reason": asked.reason}
        await audit(uow, Actor("staff", desk.staff_id), "undo_sale", "sale", asked.sale_id, about)
        return _Kept(done.sale_id, done.amount_minor, done.currency, len(done.restored), len(done.returned))

    kept = await visit.once("till undo", act, _Kept, key=asked.key, sent=[asked.sale_id, asked.reason])
    return visit.json(UndoDone(kept.sale_id, kept.given_back_minor, kept.currency, kept.restored, kept.returned))


def digest(visit: Visit, content: Any) -> bytes:
    """Return the keyed hash of what was sent under a key, by whichever way it comes."""
    key = visit.site.keyring.derived("till sale", version=min(visit.site.keyring.versions))
    return hashlib.blake2b(msgspec.json.encode(content), digest_size=16, key=key).digest()
